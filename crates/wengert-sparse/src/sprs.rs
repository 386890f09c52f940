//! As matrices of the crate `sprs`, which multiplies and factors them: without copying.
//!
//! ```
//! let tape = wengert::Tape::new();
//! let x = tape.input([1.0, 2.0]);
//! let hessian = wengert_sparse::SparseHessian::new(x.at(0) * x.at(1), x)?.here()?;
//! let hessian = sprs::CsMat::from(hessian);
//! assert_eq!(hessian.get(0, 1), Some(&1.0));
//! # Ok::<(), wengert::Error>(())
//! ```

use sprs::CsMat;

use crate::matrix::{Csc, Csr};

/// # Panics
///
/// If the arrays, which anybody can change, are no longer a matrix.
impl<S> From<Csr<S>> for CsMat<S> {
    fn from(matrix: Csr<S>) -> Self {
        let Csr { rows, columns, offsets, indices, values } = matrix;
        CsMat::new((rows, columns), offsets, indices, values)
    }
}

/// # Panics
///
/// As from compressed rows.
impl<S> From<Csc<S>> for CsMat<S> {
    fn from(matrix: Csc<S>) -> Self {
        let Csc { rows, columns, offsets, indices, values } = matrix;
        CsMat::new_csc((rows, columns), offsets, indices, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Coo;

    #[test]
    fn every_entry_stands_where_it_stood() {
        let coo = Coo {
            rows: 3,
            columns: 4,
            row: vec![2, 0, 0],
            column: vec![1, 3, 0],
            values: vec![5.0, -1.0, 2.0],
        };
        let csr = coo.to_csr();
        let (rows, columns) = (CsMat::from(csr.clone()), CsMat::from(csr.to_csc()));
        assert!(rows.is_csr() && columns.is_csc());
        for matrix in [rows, columns] {
            assert_eq!((matrix.shape(), matrix.nnz()), ((3, 4), 3));
            for i in 0..3 {
                for j in 0..4 {
                    let here = matrix.get(i, j).copied().unwrap_or(0.0);
                    assert_eq!(here, csr.get(i, j), "{i} {j}");
                }
            }
        }
    }
}
