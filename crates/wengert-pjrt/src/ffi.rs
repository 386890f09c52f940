//! The C API: calls of its functions, and values that own what it gives out.
//!
//! The one place with `unsafe`. What makes it sound: a plugin is a library that exports
//! `GetPjrtApi`, as the caller of [`Api::load`] says by naming it; the table of functions that it
//! returns lives as long as the library, which [`Api`] keeps loaded. Fields are only ever appended to
//! the table and to structs of arguments, within a major version, so an offset holds for all later
//! minor versions, and every struct says its size. A handle is used only while the value that owns it
//! lives: a buffer and an executable keep their client alive, and a client the library. Numbers are
//! read and written through slices whose length was compared with the shape.

#![allow(
    unsafe_code,
    reason = "calls of a library by its C interface: see the module's documentation"
)]

use std::ffi::{c_int, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::rc::Rc;

use crate::arguments::{
    ClientCreate, Compile, Execute, ExecuteOptions, FromHost, Handle, Head, NamedValue, One,
    OneAndList, OneAndNumber, Program, ToHost, at,
};
use crate::error::Error;
use crate::options::compile_options;

type Function = unsafe extern "C" fn(*mut c_void) -> Handle;

/// A loaded plugin.
pub(crate) struct Api {
    table: *const u8,
    version: (i32, i32),
    // Last: the table is the library's.
    _library: libloading::Library,
}

impl Api {
    pub(crate) fn load(path: &Path) -> Result<Rc<Self>, Error> {
        let fault = |reason: String| Error::Load { path: path.to_owned(), reason };
        // SAFETY: the caller names a plugin, whose initialisers may run.
        let library =
            unsafe { libloading::Library::new(path) }.map_err(|e| fault(e.to_string()))?;
        // SAFETY: that is this function's type in every plugin.
        let entry = unsafe { library.get::<unsafe extern "C" fn() -> *const u8>(b"GetPjrtApi") };
        let table = match entry {
            // SAFETY: it takes nothing and returns the table.
            Ok(entry) => unsafe { entry() },
            Err(error) => return Err(fault(error.to_string())),
        };
        if table.is_null() {
            return Err(fault("GetPjrtApi returned no table".to_owned()));
        }
        // SAFETY: every table begins with its size, an extension, and a struct with the version.
        let (size, major, minor) = unsafe {
            (*table.cast::<usize>(), *table.add(32).cast::<i32>(), *table.add(36).cast::<i32>())
        };
        if major != 0 || minor < 40 || size < at::END {
            return Err(Error::Version { major, minor });
        }
        let api = Rc::new(Api { table, version: (major, minor), _library: library });
        api.call("initialise the plugin", at::PLUGIN_INITIALIZE, &mut Head::of::<Head>())?;
        Ok(api)
    }

    pub(crate) fn version(&self) -> (i32, i32) {
        self.version
    }

    fn function(&self, offset: usize) -> Function {
        // SAFETY: the table has a function of this type at the offset; its size was compared.
        unsafe { *self.table.add(offset).cast::<Function>() }
    }

    fn call<T>(&self, doing: &'static str, offset: usize, arguments: &mut T) -> Result<(), Error> {
        // SAFETY: `T` is the struct of arguments of that function, and says its size.
        let error = unsafe { self.function(offset)((&raw mut *arguments).cast()) };
        if error.is_null() { Ok(()) } else { Err(self.error(doing, error)) }
    }

    /// What an error says; it is destroyed.
    fn error(&self, doing: &'static str, error: Handle) -> Error {
        let mut message =
            OneAndList { head: Head::of::<OneAndList>(), it: error, list: null(), len: 0 };
        let mut code = OneAndNumber { head: Head::of::<OneAndNumber>(), it: error, number: 0 };
        let mut gone = One { head: Head::of::<One>(), it: error };
        // SAFETY: these take an error; the message lives as long as it does.
        let text = unsafe {
            self.function(at::ERROR_MESSAGE)((&raw mut message).cast());
            let failed = self.function(at::ERROR_CODE)((&raw mut code).cast());
            debug_assert!(failed.is_null(), "an error has a code");
            let bytes = match message.list.is_null() {
                true => &[],
                false => std::slice::from_raw_parts(message.list.cast::<u8>(), message.len),
            };
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.function(at::ERROR_DESTROY)((&raw mut gone).cast());
            text
        };
        Error::Plugin { doing, code: code.number as u32 as i32, message: text }
    }

    /// Waits for an event, and destroys it.
    fn wait(&self, doing: &'static str, event: Handle) -> Result<(), Error> {
        if event.is_null() {
            return Ok(());
        }
        let mut one = One { head: Head::of::<One>(), it: event };
        let result = self.call(doing, at::EVENT_AWAIT, &mut one);
        self.destroy(at::EVENT_DESTROY, event);
        result
    }

    fn destroy(&self, offset: usize, it: Handle) {
        if !it.is_null() {
            // What cannot be destroyed stays: there is nothing to do about it.
            let _ = self.call("destroy", offset, &mut One { head: Head::of::<One>(), it });
        }
    }
}

/// A client of a plugin, and its devices.
pub(crate) struct Client {
    api: Rc<Api>,
    it: Handle,
    devices: Vec<Handle>,
}

impl Client {
    pub(crate) fn new(api: Rc<Api>, options: &[(&str, i64)]) -> Result<Rc<Self>, Error> {
        const INT64: c_int = 1;
        let named: Vec<NamedValue> = options
            .iter()
            .map(|&(name, number)| NamedValue {
                head: Head::of::<NamedValue>(),
                name: name.as_ptr(),
                name_len: name.len(),
                kind: INT64,
                number,
                len: 1,
            })
            .collect();
        let mut create = ClientCreate {
            head: Head::of::<ClientCreate>(),
            options: named.as_ptr(),
            len: named.len(),
            callbacks: [null_mut(); 4],
            client: null_mut(),
            more_callbacks: [null_mut(); 2],
        };
        api.call("make a client", at::CLIENT_CREATE, &mut create)?;
        let mut client = Client { api, it: create.client, devices: Vec::new() };
        let mut list =
            OneAndList { head: Head::of::<OneAndList>(), it: client.it, list: null(), len: 0 };
        client.api.call("list the devices", at::CLIENT_ADDRESSABLE_DEVICES, &mut list)?;
        if list.len > 0 {
            // SAFETY: the list is the client's, of so many handles.
            let devices = unsafe { std::slice::from_raw_parts(list.list.cast(), list.len) };
            client.devices = devices.to_vec();
        }
        Ok(Rc::new(client))
    }

    pub(crate) fn devices(&self) -> usize {
        self.devices.len()
    }

    pub(crate) fn platform(&self) -> Result<String, Error> {
        let mut name =
            OneAndList { head: Head::of::<OneAndList>(), it: self.it, list: null(), len: 0 };
        self.api.call("name the platform", at::CLIENT_PLATFORM_NAME, &mut name)?;
        if name.list.is_null() {
            return Ok(String::new());
        }
        // SAFETY: the name is the client's, of so many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(name.list.cast::<u8>(), name.len) };
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    pub(crate) fn compile(
        self: &Rc<Self>,
        text: &str,
        devices: usize,
    ) -> Result<Executable, Error> {
        let format = b"mlir";
        let program = Program {
            head: Head::of::<Program>(),
            code: text.as_ptr(),
            code_len: text.len(),
            format: format.as_ptr(),
            format_len: format.len(),
        };
        let options = compile_options(devices);
        let mut compile = Compile {
            head: Head::of::<Compile>(),
            client: self.it,
            program: &program,
            options: options.as_ptr(),
            options_len: options.len(),
            executable: null_mut(),
        };
        self.api.call("compile", at::CLIENT_COMPILE, &mut compile)?;
        let (client, it) = (Rc::clone(self), compile.executable);
        let mut executable = Executable { client, it, devices, outputs: 0 };
        let api = &self.api;
        let mut inner = OneAndNumber { head: Head::of::<OneAndNumber>(), it, number: 0 };
        api.call("compile", at::LOADED_GET_EXECUTABLE, &mut inner)?;
        let inner = inner.number as Handle;
        let mut outputs = OneAndNumber { head: Head::of::<OneAndNumber>(), it: inner, number: 0 };
        let counted = api.call("compile", at::EXECUTABLE_NUM_OUTPUTS, &mut outputs);
        api.destroy(at::EXECUTABLE_DESTROY, inner);
        counted?;
        executable.outputs = outputs.number;
        Ok(executable)
    }

    /// Numbers of a kind, copied to a device. `data` has as many as `dims` say.
    pub(crate) fn put<T>(
        self: &Rc<Self>,
        device: usize,
        kind: i32,
        data: &[T],
        dims: &[i64],
    ) -> Result<Buffer, Error> {
        let mut put = FromHost {
            head: Head::of::<FromHost>(),
            client: self.it,
            data: data.as_ptr().cast(),
            kind,
            dims: dims.as_ptr(),
            rank: dims.len(),
            strides: null_mut(),
            strides_len: 0,
            // The numbers do not change during the call, and are not read after it.
            semantics: 0,
            device: self.devices[device],
            memory: null_mut(),
            layout: null_mut(),
            done: null_mut(),
            buffer: null_mut(),
        };
        self.api.call("put", at::CLIENT_BUFFER_FROM_HOST, &mut put)?;
        let buffer = Buffer { client: Rc::clone(self), it: put.buffer };
        self.api.wait("put", put.done)?;
        Ok(buffer)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.api.destroy(at::CLIENT_DESTROY, self.it);
    }
}

/// A compiled program.
pub(crate) struct Executable {
    client: Rc<Client>,
    it: Handle,
    devices: usize,
    outputs: usize,
}

impl Executable {
    pub(crate) fn devices(&self) -> usize {
        self.devices
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether a buffer is of the same client.
    pub(crate) fn owns(&self, buffer: &Buffer) -> bool {
        Rc::ptr_eq(&self.client, &buffer.client)
    }

    /// The results on each device, of arguments on each; `kept` are those whose memory is not given
    /// away.
    pub(crate) fn run(
        &self,
        arguments: &[Vec<&Buffer>],
        kept: &[i64],
    ) -> Result<Vec<Vec<Buffer>>, Error> {
        let api = &self.client.api;
        let handles: Vec<Vec<Handle>> =
            arguments.iter().map(|list| list.iter().map(|buffer| buffer.it).collect()).collect();
        let lists: Vec<*const Handle> = handles.iter().map(|list| list.as_ptr()).collect();
        let mut results = vec![vec![null_mut(); self.outputs]; arguments.len()];
        let places: Vec<*mut Handle> = results.iter_mut().map(|list| list.as_mut_ptr()).collect();
        let mut events = vec![null_mut(); arguments.len()];
        let mut options = ExecuteOptions {
            head: Head::of::<ExecuteOptions>(),
            send: null_mut(),
            receive: null_mut(),
            send_len: 0,
            receive_len: 0,
            launch: 0,
            kept: kept.as_ptr(),
            kept_len: kept.len(),
            context: null_mut(),
            call_location: null_mut(),
            tasks_len: 0,
            tasks: null_mut(),
            incarnations: null_mut(),
        };
        let mut execute = Execute {
            head: Head::of::<Execute>(),
            executable: self.it,
            options: &raw mut options,
            arguments: lists.as_ptr(),
            devices: arguments.len(),
            arguments_len: arguments.first().map_or(0, Vec::len),
            outputs: places.as_ptr(),
            events: events.as_mut_ptr(),
            device: null_mut(),
        };
        api.call("run", at::EXECUTE, &mut execute)?;
        // Whatever the events say, the results are owned from here on.
        let own = |it: Handle| Buffer { client: Rc::clone(&self.client), it };
        let results = results.into_iter().map(|list| list.into_iter().map(own).collect()).collect();
        let waited: Vec<Result<(), Error>> =
            events.into_iter().map(|event| api.wait("run", event)).collect();
        waited.into_iter().collect::<Result<(), Error>>()?;
        Ok(results)
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        self.client.api.destroy(at::LOADED_DESTROY, self.it);
    }
}

/// Numbers on a device.
pub(crate) struct Buffer {
    client: Rc<Client>,
    it: Handle,
}

impl Buffer {
    pub(crate) fn kind(&self) -> Result<i32, Error> {
        let mut kind = OneAndNumber { head: Head::of::<OneAndNumber>(), it: self.it, number: 0 };
        self.client.api.call("ask for the type", at::BUFFER_ELEMENT_TYPE, &mut kind)?;
        Ok(kind.number as u32 as i32)
    }

    pub(crate) fn dims(&self) -> Result<Vec<usize>, Error> {
        let mut dims =
            OneAndList { head: Head::of::<OneAndList>(), it: self.it, list: null(), len: 0 };
        self.client.api.call("ask for the shape", at::BUFFER_DIMENSIONS, &mut dims)?;
        if dims.len == 0 {
            return Ok(Vec::new());
        }
        // SAFETY: the extents are the buffer's, so many of them.
        let list = unsafe { std::slice::from_raw_parts(dims.list.cast::<i64>(), dims.len) };
        Ok(list.iter().map(|&extent| extent as usize).collect())
    }

    /// Copies the numbers, of which there are as many as `to` has room for.
    pub(crate) fn get<T>(&self, to: &mut [T]) -> Result<(), Error> {
        let mut get = ToHost {
            head: Head::of::<ToHost>(),
            source: self.it,
            layout: null_mut(),
            to: to.as_mut_ptr().cast(),
            size: size_of_val(to),
            event: null_mut(),
        };
        let api = &self.client.api;
        api.call("get", at::BUFFER_TO_HOST, &mut get)?;
        api.wait("get", get.event)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.client.api.destroy(at::BUFFER_DESTROY, self.it);
    }
}
