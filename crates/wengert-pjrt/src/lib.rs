//! Runs StableHLO by a PJRT plugin: XLA's for processors, NVIDIA's and AMD's cards, Google's tensor
//! units. A plugin is one file that is loaded when the program runs; nothing is linked.
//!
//! ```no_run
//! use wengert_pjrt::{Argument, Plugin};
//!
//! let plugin = Plugin::from_env()?; // the file that PJRT_PLUGIN names
//! let client = plugin.client(&[])?;
//! let text = "func.func public @main(%x: tensor<2xf64>) -> tensor<2xf64> {
//!     %y = stablehlo.add %x, %x : tensor<2xf64>
//!     return %y : tensor<2xf64>
//! }";
//! let program = client.compile(text, 1)?;
//! let x = client.put(0, &[1.0, 2.5], &[2])?;
//! let results = program.run(vec![Argument::Keep(&x)])?;
//! assert_eq!(results[0].get::<f64>()?, [2.0, 5.0]);
//! # Ok::<(), wengert_pjrt::Error>(())
//! ```
//!
//! | to | take |
//! |---|---|
//! | load a plugin | [`Plugin::load`], [`Plugin::from_env`] |
//! | compile, put numbers on a device | [`Client::compile`], [`Client::put`] |
//! | run on one device | [`Program::run`] |
//! | run on several | [`Program::run_sharded`], of a module with a mesh |
//! | keep a training loop on the device | [`Argument::Give`], for arguments that have an update |
//! | read results | [`Buffer::get`] |
//! | have a `Trainer` of `wengert-layers` step by it | `training::Xla`, with the feature `training` |

// A module uses only modules listed above it.
mod error;
mod options;
mod arguments;
mod ffi;
#[cfg(feature = "training")]
pub mod training;

use std::fmt;
use std::path::Path;
use std::rc::Rc;

pub use error::Error;

mod sealed {
    pub trait Sealed: Copy {}
}

/// The numbers that go to and from a device: `f64` and `f32`.
pub trait Number: sealed::Sealed {
    /// PJRT's number of the type.
    #[doc(hidden)]
    const KIND: i32;
    /// Zero.
    #[doc(hidden)]
    const ZERO: Self;
}

impl sealed::Sealed for f32 {}
impl sealed::Sealed for f64 {}

impl Number for f32 {
    const KIND: i32 = 11;
    const ZERO: f32 = 0.0;
}

impl Number for f64 {
    const KIND: i32 = 12;
    const ZERO: f64 = 0.0;
}

/// A loaded plugin.
pub struct Plugin {
    api: Rc<ffi::Api>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.version();
        write!(f, "Plugin of PJRT {major}.{minor}")
    }
}

impl Plugin {
    /// Loads the plugin in a file. It must be one: a file that exports another `GetPjrtApi` than
    /// PJRT's may do anything.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if it cannot be loaded or exports no `GetPjrtApi`, [`Error::Version`],
    /// [`Error::Plugin`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Plugin { api: ffi::Api::load(path.as_ref())? })
    }

    /// Loads the plugin that the environment variable `PJRT_PLUGIN` names.
    ///
    /// # Errors
    ///
    /// [`Error::NoPlugin`] if it is not set; as [`load`](Plugin::load).
    pub fn from_env() -> Result<Self, Error> {
        Plugin::load(std::env::var_os("PJRT_PLUGIN").ok_or(Error::NoPlugin)?)
    }

    /// The version of the C API that it has.
    #[must_use]
    pub fn version(&self) -> (i32, i32) {
        self.api.version()
    }

    /// A client, with options that the plugin knows: `("cpu_device_count", 4)` simulates four devices
    /// on XLA's processor.
    ///
    /// # Errors
    ///
    /// [`Error::Plugin`]: there is no such card, or no such option.
    pub fn client(&self, options: &[(&str, i64)]) -> Result<Client, Error> {
        Ok(Client { it: ffi::Client::new(Rc::clone(&self.api), options)? })
    }
}

/// A client: its devices, and what is compiled for them.
pub struct Client {
    it: Rc<ffi::Client>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client of {} devices", self.devices())
    }
}

impl Client {
    /// How many devices this process can use.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.it.devices()
    }

    /// What the devices are: `cpu`, `cuda`.
    ///
    /// # Errors
    ///
    /// [`Error::Plugin`].
    pub fn platform(&self) -> Result<String, Error> {
        self.it.platform()
    }

    /// Compiles the text of a StableHLO module for so many devices; a module for more than one has a
    /// mesh of as many.
    ///
    /// # Errors
    ///
    /// [`Error::Plugin`] with the compiler's message, lines and columns in it; [`Error::Fit`] for no
    /// device or more than there are.
    pub fn compile(&self, text: &str, devices: usize) -> Result<Program, Error> {
        if devices == 0 || devices > self.devices() {
            let reason = format!("for {devices} devices, and there are {}", self.devices());
            return Err(Error::Fit { doing: "compile", reason });
        }
        Ok(Program { it: self.it.compile(text, devices)? })
    }

    /// Copies numbers, row-major, to a device.
    ///
    /// # Errors
    ///
    /// [`Error::Fit`] if there is no such device, or the shape has another number of elements;
    /// [`Error::Plugin`].
    pub fn put<T: Number>(
        &self,
        device: usize,
        data: &[T],
        dims: &[usize],
    ) -> Result<Buffer, Error> {
        let fault = |reason: String| Err(Error::Fit { doing: "put", reason });
        if device >= self.devices() {
            return fault(format!("on device {device}, and there are {}", self.devices()));
        }
        let len = dims.iter().fold(1_usize, |len, &extent| len.saturating_mul(extent));
        if len != data.len() {
            return fault(format!("{} numbers for shape {dims:?}", data.len()));
        }
        let dims: Vec<i64> = dims.iter().map(|&extent| extent as i64).collect();
        Ok(Buffer { it: self.it.put(device, T::KIND, data, &dims)? })
    }
}

/// An argument of a run.
#[derive(Debug)]
pub enum Argument<'a> {
    /// The buffer stays as it is.
    Keep(&'a Buffer),
    /// The buffer may be overwritten by the result that updates it; it is gone after the run.
    Give(Buffer),
}

/// A compiled program, loaded on its devices.
pub struct Program {
    it: ffi::Executable,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program for {} devices, {} results", self.devices(), self.results())
    }
}

impl Program {
    /// The number of devices that it runs on.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.it.devices()
    }

    /// The number of its results.
    #[must_use]
    pub fn results(&self) -> usize {
        self.it.outputs()
    }

    /// Runs it on its one device.
    ///
    /// # Errors
    ///
    /// As [`run_sharded`](Program::run_sharded).
    pub fn run(&self, arguments: Vec<Argument<'_>>) -> Result<Vec<Buffer>, Error> {
        let mut results = self.run_sharded(vec![arguments])?;
        Ok(results.swap_remove(0))
    }

    /// Runs it on its devices, each with its own arguments: its part of what is split, and all of the
    /// rest. Returns each device's results.
    ///
    /// # Errors
    ///
    /// [`Error::Fit`] for another number of lists than of devices, lists of different lengths, an
    /// argument that one device keeps and another gives, or buffers of another client;
    /// [`Error::Plugin`] for arguments of another number, type or shape.
    pub fn run_sharded(
        &self,
        arguments: Vec<Vec<Argument<'_>>>,
    ) -> Result<Vec<Vec<Buffer>>, Error> {
        let fault = |reason: String| Err(Error::Fit { doing: "run", reason });
        if arguments.len() != self.devices() {
            return fault(format!("{} lists for {} devices", arguments.len(), self.devices()));
        }
        let count = arguments[0].len();
        if arguments.iter().any(|list| list.len() != count) {
            return fault("devices have different numbers of arguments".to_owned());
        }
        let kept = |list: &[Argument<'_>]| -> Vec<i64> {
            let kept = list.iter().enumerate().filter(|(_, a)| matches!(a, Argument::Keep(_)));
            kept.map(|(i, _)| i as i64).collect()
        };
        let keeps = kept(&arguments[0]);
        if arguments.iter().any(|list| kept(list) != keeps) {
            return fault("one device keeps an argument that another gives".to_owned());
        }
        let own = |argument: &Argument<'_>| match argument {
            Argument::Keep(buffer) => self.it.owns(&buffer.it),
            Argument::Give(buffer) => self.it.owns(&buffer.it),
        };
        if !arguments.iter().all(|list| list.iter().all(own)) {
            return fault("a buffer is of another client".to_owned());
        }
        let buffers: Vec<Vec<&ffi::Buffer>> = arguments
            .iter()
            .map(|list| {
                let each = list.iter().map(|argument| match argument {
                    Argument::Keep(buffer) => &buffer.it,
                    Argument::Give(buffer) => &buffer.it,
                });
                each.collect()
            })
            .collect();
        let results = self.it.run(&buffers, &keeps)?;
        let own = |list: Vec<ffi::Buffer>| list.into_iter().map(|it| Buffer { it }).collect();
        Ok(results.into_iter().map(own).collect())
    }
}

/// Numbers on a device.
pub struct Buffer {
    it: ffi::Buffer,
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.it.dims() {
            Ok(dims) => write!(f, "Buffer of shape {dims:?}"),
            Err(error) => write!(f, "Buffer ({error})"),
        }
    }
}

impl Buffer {
    /// Its extents.
    ///
    /// # Errors
    ///
    /// [`Error::Plugin`].
    pub fn shape(&self) -> Result<Vec<usize>, Error> {
        self.it.dims()
    }

    /// A copy of its numbers, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Fit`] if they are of another type; [`Error::Plugin`].
    pub fn get<T: Number>(&self) -> Result<Vec<T>, Error> {
        let kind = self.it.kind()?;
        if kind != T::KIND {
            let reason = format!("PJRT's type {kind}, and {} was asked for", T::KIND);
            return Err(Error::Fit { doing: "get", reason });
        }
        let mut numbers = vec![T::ZERO; self.it.dims()?.iter().product()];
        self.it.get(&mut numbers)?;
        Ok(numbers)
    }
}
