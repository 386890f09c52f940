//! The C API's layout: where its functions stand, and the structs of their arguments, as of version
//! 0.106.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// What the API gives out.
pub(crate) type Handle = *mut c_void;

/// Byte offsets of functions in `PJRT_Api`.
pub(crate) mod at {
    pub(crate) const ERROR_DESTROY: usize = 40;
    pub(crate) const ERROR_MESSAGE: usize = 48;
    pub(crate) const ERROR_CODE: usize = 56;
    pub(crate) const PLUGIN_INITIALIZE: usize = 64;
    pub(crate) const EVENT_DESTROY: usize = 80;
    pub(crate) const EVENT_AWAIT: usize = 104;
    pub(crate) const CLIENT_CREATE: usize = 120;
    pub(crate) const CLIENT_DESTROY: usize = 128;
    pub(crate) const CLIENT_PLATFORM_NAME: usize = 136;
    pub(crate) const CLIENT_ADDRESSABLE_DEVICES: usize = 168;
    pub(crate) const CLIENT_COMPILE: usize = 200;
    pub(crate) const CLIENT_BUFFER_FROM_HOST: usize = 216;
    pub(crate) const EXECUTABLE_DESTROY: usize = 360;
    pub(crate) const EXECUTABLE_NUM_OUTPUTS: usize = 392;
    pub(crate) const LOADED_DESTROY: usize = 440;
    pub(crate) const LOADED_GET_EXECUTABLE: usize = 448;
    pub(crate) const EXECUTE: usize = 480;
    pub(crate) const BUFFER_DESTROY: usize = 504;
    pub(crate) const BUFFER_ELEMENT_TYPE: usize = 512;
    pub(crate) const BUFFER_DIMENSIONS: usize = 520;
    pub(crate) const BUFFER_TO_HOST: usize = 600;
    /// The size of a table that has all of them.
    pub(crate) const END: usize = 608;
}

/// What every struct of arguments begins with.
#[repr(C)]
pub(crate) struct Head {
    pub(crate) size: usize,
    pub(crate) extension: Handle,
}

impl Head {
    pub(crate) fn of<T>() -> Self {
        Head { size: size_of::<T>(), extension: null_mut() }
    }
}

#[repr(C)]
pub(crate) struct One {
    pub(crate) head: Head,
    pub(crate) it: Handle,
}

#[repr(C)]
pub(crate) struct OneAndNumber {
    pub(crate) head: Head,
    pub(crate) it: Handle,
    pub(crate) number: usize,
}

#[repr(C)]
pub(crate) struct OneAndList {
    pub(crate) head: Head,
    pub(crate) it: Handle,
    pub(crate) list: *const c_void,
    pub(crate) len: usize,
}

#[repr(C)]
pub(crate) struct NamedValue {
    pub(crate) head: Head,
    pub(crate) name: *const u8,
    pub(crate) name_len: usize,
    pub(crate) kind: c_int,
    pub(crate) number: i64,
    pub(crate) len: usize,
}

#[repr(C)]
pub(crate) struct ClientCreate {
    pub(crate) head: Head,
    pub(crate) options: *const NamedValue,
    pub(crate) len: usize,
    pub(crate) callbacks: [Handle; 4],
    pub(crate) client: Handle,
    pub(crate) more_callbacks: [Handle; 2],
}

#[repr(C)]
pub(crate) struct Program {
    pub(crate) head: Head,
    pub(crate) code: *const u8,
    pub(crate) code_len: usize,
    pub(crate) format: *const u8,
    pub(crate) format_len: usize,
}

#[repr(C)]
pub(crate) struct Compile {
    pub(crate) head: Head,
    pub(crate) client: Handle,
    pub(crate) program: *const Program,
    pub(crate) options: *const u8,
    pub(crate) options_len: usize,
    pub(crate) executable: Handle,
}

#[repr(C)]
pub(crate) struct FromHost {
    pub(crate) head: Head,
    pub(crate) client: Handle,
    pub(crate) data: *const c_void,
    pub(crate) kind: c_int,
    pub(crate) dims: *const i64,
    pub(crate) rank: usize,
    pub(crate) strides: Handle,
    pub(crate) strides_len: usize,
    pub(crate) semantics: c_int,
    pub(crate) device: Handle,
    pub(crate) memory: Handle,
    pub(crate) layout: Handle,
    pub(crate) done: Handle,
    pub(crate) buffer: Handle,
}

#[repr(C)]
pub(crate) struct ExecuteOptions {
    pub(crate) head: Head,
    pub(crate) send: Handle,
    pub(crate) receive: Handle,
    pub(crate) send_len: usize,
    pub(crate) receive_len: usize,
    pub(crate) launch: c_int,
    pub(crate) kept: *const i64,
    pub(crate) kept_len: usize,
    pub(crate) context: Handle,
    pub(crate) call_location: Handle,
    pub(crate) tasks_len: usize,
    pub(crate) tasks: Handle,
    pub(crate) incarnations: Handle,
}

#[repr(C)]
pub(crate) struct Execute {
    pub(crate) head: Head,
    pub(crate) executable: Handle,
    pub(crate) options: *mut ExecuteOptions,
    pub(crate) arguments: *const *const Handle,
    pub(crate) devices: usize,
    pub(crate) arguments_len: usize,
    pub(crate) outputs: *const *mut Handle,
    pub(crate) events: *mut Handle,
    pub(crate) device: Handle,
}

#[repr(C)]
pub(crate) struct ToHost {
    pub(crate) head: Head,
    pub(crate) source: Handle,
    pub(crate) layout: Handle,
    pub(crate) to: *mut c_void,
    pub(crate) size: usize,
    pub(crate) event: Handle,
}
