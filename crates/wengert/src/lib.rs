//! Reverse-mode automatic differentiation on a tape that people can read
