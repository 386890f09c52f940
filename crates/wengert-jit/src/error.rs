//! Why there is no machine code.

use std::fmt;

/// Why a program was not made machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JitError {
    /// There is no code generator for this processor or system.
    Platform {
        /// What the code generator says.
        reason: String,
    },
    /// The code generator, or the system's memory, refused.
    Generator {
        /// What it says.
        reason: String,
    },
}

impl fmt::Display for JitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JitError::Platform { reason } => write!(
                f,
                "there is no machine code for this platform ({reason}): run the program itself, \
                 which computes the same"
            ),
            JitError::Generator { reason } => write!(
                f,
                "machine code could not be made ({reason}): run the program itself, which computes \
                 the same"
            ),
        }
    }
}

impl std::error::Error for JitError {}
