//! What can go wrong.

use std::fmt;
use std::path::PathBuf;

/// A plugin that cannot be used, or what a plugin refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No plugin was named: `PJRT_PLUGIN` is not set.
    NoPlugin,
    /// The file is no plugin that can be loaded.
    Load {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The plugin speaks another version of the API.
    Version {
        /// Its version.
        major: i32,
        /// Its version.
        minor: i32,
    },
    /// What the plugin says.
    Plugin {
        /// What was asked of it.
        doing: &'static str,
        /// A code of absl: 3 for a wrong argument, 12 for what is not implemented.
        code: i32,
        /// Its message.
        message: String,
    },
    /// Something that the plugin was not asked for, as it does not fit.
    Fit {
        /// What was to be done.
        doing: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoPlugin => f.write_str(
                "no plugin: set PJRT_PLUGIN to the file of one, such as pjrt_c_api_cpu_plugin.so",
            ),
            Error::Load { path, reason } => {
                write!(f, "{} cannot be loaded as a PJRT plugin: {reason}", path.display())
            }
            Error::Version { major, minor } => {
                write!(
                    f,
                    "the plugin has PJRT's C API {major}.{minor}, and 0.40 or later is needed"
                )
            }
            Error::Plugin { doing, code, message } => write!(f, "{doing} (code {code}): {message}"),
            Error::Fit { doing, reason } => write!(f, "{doing}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
