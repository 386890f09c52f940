//! Matrix products of the hand-written side.

#![allow(
    unsafe_code,
    reason = "`gemm` takes pointers; the extents are checked against the slices here"
)]

use gemm::{Parallelism, gemm};

/// A matrix in a slice: element (i, j) at `i * row + j * column`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one after the other.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix fills its slice");
        Matrix { values, rows, columns, row: columns, column: 1 }
    }

    /// The transpose, read in place.
    pub(crate) fn t(self) -> Self {
        Matrix {
            rows: self.columns,
            columns: self.rows,
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// `out = keep * out + scale * a b`, row-major; with `keep` 0 whatever `out` holds is not read.
pub(crate) fn product(out: &mut [f32], keep: f32, scale: f32, a: Matrix<'_>, b: Matrix<'_>) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "the inner extents are equal");
    assert_eq!(out.len(), m * n, "the product fills its slice");
    // SAFETY: both operands fill their slices with their strides (`Matrix::new`), `out` holds m
    // rows of n.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            keep != 0.0,
            a.values.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.values.as_ptr(),
            b.column as isize,
            b.row as isize,
            keep,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
