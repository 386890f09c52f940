//! The levels of SIMD that a processor may have, and how one body is compiled for each of them.
//!
//! A [`Kernel`] is written once, generic over [`Isa`], as plain loops. [`compiled`] gives the copy
//! of it that the compiler vectorised for a level, as a pointer that is chosen once and called many
//! times. So a published binary is fast without target flags. Everything that a body calls must be
//! `#[inline(always)]`: what is not inlined into the copy is compiled for the baseline.
//!
//! The one place with `unsafe` for SIMD: calling a function whose target features are enabled
//! beyond the baseline. What makes it sound: a [`Compiled`] is made for a level only after
//! [`Level::detected`] has seen that the processor has all features of that level, and a processor
//! does not lose them.

#![allow(
    unsafe_code,
    reason = "calls of functions with target features: see the module's documentation"
)]

use std::fmt;
use std::sync::OnceLock;

/// A set of instructions that kernels are compiled for, the lower first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the target has anyway: SSE2 on x86-64, NEON on aarch64.
    Portable,
    /// x86-64-v3: AVX2, FMA, BMI.
    #[cfg(target_arch = "x86_64")]
    V3,
    /// x86-64-v4: v3 and AVX-512 F, BW, CD, DQ, VL.
    #[cfg(target_arch = "x86_64")]
    V4,
}

impl Level {
    #[cfg(test)]
    const ALL: &'static [Level] = &[
        Level::Portable,
        #[cfg(target_arch = "x86_64")]
        Level::V3,
        #[cfg(target_arch = "x86_64")]
        Level::V4,
    ];

    /// The highest level that this processor has. Asked of the processor once.
    ///
    /// With `WENGERT_SIMD=portable` in the environment it is the portable one: to test what other
    /// processors compute.
    pub fn detected() -> Level {
        static DETECTED: OnceLock<Level> = OnceLock::new();
        *DETECTED.get_or_init(|| match std::env::var_os("WENGERT_SIMD") {
            Some(level) if level == "portable" => Level::Portable,
            _ => Self::detect(),
        })
    }

    #[cfg(target_arch = "x86_64")]
    fn detect() -> Level {
        macro_rules! has {
            ($($feature:tt)*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
        }
        if !has!("avx" "avx2" "fma" "bmi1" "bmi2" "f16c" "lzcnt" "movbe" "popcnt") {
            Level::Portable
        } else if !has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl") {
            Level::V3
        } else {
            Level::V4
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> Level {
        Level::Portable
    }

    /// Whether a multiplication and an addition are one instruction, rounded once.
    #[must_use]
    pub fn has_fma(self) -> bool {
        match self {
            Level::Portable => Portable::FMA,
            #[cfg(target_arch = "x86_64")]
            Level::V3 | Level::V4 => true,
        }
    }

    /// Every level that this processor has, [`Level::Portable`] first.
    #[cfg(test)]
    pub(crate) fn available() -> impl Iterator<Item = Level> {
        Self::ALL.iter().copied().filter(|&level| level <= Self::detected())
    }
}

/// A level as a type: what a kernel's body is generic over.
pub trait Isa: Copy + Send + Sync + 'static {
    /// The same as a value.
    const LEVEL: Level;
    /// Whether a multiplication and an addition are one instruction; where they are not, `mul_add`
    /// is a call.
    const FMA: bool;
    /// The size of a register.
    const BYTES: usize;
}

/// [`Level::Portable`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Isa for Portable {
    const LEVEL: Level = Level::Portable;
    const FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    const BYTES: usize = 16;
}

/// The type of a kernel's arguments, apart from how long they are borrowed.
pub trait Arguments: 'static {
    /// The arguments themselves.
    type Of<'a>;
}

/// Work that is compiled once for every level.
pub trait Kernel {
    /// What it works on. Kernels with the same arguments have pointers of one type.
    type Arguments: Arguments;

    /// Does the work. Implementations are `#[inline(always)]`.
    fn run<I: Isa>(arguments: <Self::Arguments as Arguments>::Of<'_>);
}

/// The copy of a [`Kernel`] for one level.
pub struct Compiled<A: Arguments> {
    level: Level,
    /// Compiled with the features of `level`. Private, because only [`compiled`] checks that the
    /// processor has them.
    pointer: unsafe fn(A::Of<'_>),
}

impl<A: Arguments> Compiled<A> {
    /// Does the work on `arguments`.
    #[inline(always)]
    pub fn call(self, arguments: A::Of<'_>) {
        // SAFETY: `compiled` has made sure that the processor has the features that the function
        // was compiled with.
        unsafe { (self.pointer)(arguments) }
    }
}

// Derived impls would ask the same of `A`.
impl<A: Arguments> Clone for Compiled<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Arguments> Copy for Compiled<A> {}

impl<A: Arguments> fmt::Debug for Compiled<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("level", &self.level).finish_non_exhaustive()
    }
}

/// The copy of `K` for `level`: to be chosen once and called often.
///
/// # Panics
///
/// If the processor has not got `level`.
#[must_use]
pub fn compiled<K: Kernel>(level: Level) -> Compiled<K::Arguments> {
    assert!(
        level <= Level::detected(),
        "this processor has no {level:?}; Level::detected names its highest level"
    );
    let pointer: unsafe fn(<K::Arguments as Arguments>::Of<'_>) = match level {
        Level::Portable => portable::<K>,
        #[cfg(target_arch = "x86_64")]
        Level::V3 => x86::v3::<K>,
        #[cfg(target_arch = "x86_64")]
        Level::V4 => x86::v4::<K>,
    };
    Compiled { level, pointer }
}

/// The copy of `K` for [`Level::Portable`]: of a kernel that a higher level would not make faster,
/// no other copy is compiled.
#[must_use]
pub fn compiled_portable<K: Kernel>() -> Compiled<K::Arguments> {
    Compiled { level: Level::Portable, pointer: portable::<K> }
}

/// Chooses the copy of `K` for `level` and calls it.
///
/// # Panics
///
/// If the processor has not got `level`.
#[inline]
pub fn call<K: Kernel>(level: Level, arguments: <K::Arguments as Arguments>::Of<'_>) {
    compiled::<K>(level).call(arguments);
}

fn portable<K: Kernel>(arguments: <K::Arguments as Arguments>::Of<'_>) {
    K::run::<Portable>(arguments);
}

#[cfg(target_arch = "x86_64")]
pub use x86::{V3, V4};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Arguments, Isa, Kernel, Level};

    /// [`Level::V3`] as a type.
    #[derive(Clone, Copy, Debug)]
    pub struct V3;

    impl Isa for V3 {
        const LEVEL: Level = Level::V3;
        const FMA: bool = true;
        const BYTES: usize = 32;
    }

    /// [`Level::V4`] as a type.
    #[derive(Clone, Copy, Debug)]
    pub struct V4;

    impl Isa for V4 {
        const LEVEL: Level = Level::V4;
        const FMA: bool = true;
        const BYTES: usize = 64;
    }

    #[target_feature(enable = "avx,avx2,fma,bmi1,bmi2,f16c,lzcnt,movbe,popcnt")]
    pub(super) fn v3<K: Kernel>(arguments: <K::Arguments as Arguments>::Of<'_>) {
        K::run::<V3>(arguments);
    }

    #[target_feature(
        enable = "avx,avx2,fma,bmi1,bmi2,f16c,lzcnt,movbe,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
    )]
    pub(super) fn v4<K: Kernel>(arguments: <K::Arguments as Arguments>::Of<'_>) {
        K::run::<V4>(arguments);
    }
}
