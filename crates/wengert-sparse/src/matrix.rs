//! Sparse matrices as plain arrays: coordinates, compressed rows, compressed columns.

use wengert::Scalar;

use crate::pattern::{Pattern, by_column};

/// Coordinates: entry k stands in row `row[k]` and column `column[k]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Coo<S = f64> {
    /// The matrix's rows.
    pub rows: usize,
    /// The matrix's columns.
    pub columns: usize,
    /// The row of every entry.
    pub row: Vec<usize>,
    /// The column of every entry.
    pub column: Vec<usize>,
    /// The entries.
    pub values: Vec<S>,
}

/// Compressed rows: row i has the entries `offsets[i]..offsets[i + 1]`, its columns ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<S = f64> {
    /// The matrix's rows.
    pub rows: usize,
    /// The matrix's columns.
    pub columns: usize,
    /// Where each row begins, and where the last one ends.
    pub offsets: Vec<usize>,
    /// The column of every entry.
    pub indices: Vec<usize>,
    /// The entries.
    pub values: Vec<S>,
}

/// Compressed columns: column j has the entries `offsets[j]..offsets[j + 1]`, its rows ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Csc<S = f64> {
    /// The matrix's rows.
    pub rows: usize,
    /// The matrix's columns.
    pub columns: usize,
    /// Where each column begins, and where the last one ends.
    pub offsets: Vec<usize>,
    /// The row of every entry.
    pub indices: Vec<usize>,
    /// The entries.
    pub values: Vec<S>,
}

impl<S: Scalar> Coo<S> {
    /// As compressed rows. Entries of one place are added, in their order.
    ///
    /// # Panics
    ///
    /// If an entry is outside the matrix, or the three arrays differ in length.
    #[must_use]
    pub fn to_csr(&self) -> Csr<S> {
        assert!(
            self.row.len() == self.values.len() && self.column.len() == self.values.len(),
            "every entry has a row, a column and a value"
        );
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        let place = |k: usize| (self.row[k], self.column[k]);
        order.sort_by_key(|&k| place(k));
        let (mut places, mut values) = (Vec::with_capacity(order.len()), Vec::new());
        for same in order.chunk_by(|&a, &b| place(a) == place(b)) {
            places.push(place(same[0]));
            let rest = same[1..].iter();
            values.push(rest.fold(self.values[same[0]], |sum, &k| sum + self.values[k]));
        }
        Csr::new(&Pattern::of_sorted(self.rows, self.columns, &places), values)
    }
}

impl<S: Scalar> Csr<S> {
    pub(crate) fn new(pattern: &Pattern, values: Vec<S>) -> Self {
        Csr {
            rows: pattern.rows(),
            columns: pattern.columns(),
            offsets: pattern.offsets().to_vec(),
            indices: pattern.indices().to_vec(),
            values,
        }
    }

    /// The entry of a place; 0 where the pattern has none.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> S {
        let range = self.offsets[row]..self.offsets[row + 1];
        match self.indices[range.clone()].binary_search(&column) {
            Ok(at) => self.values[range.start + at],
            Err(_) => S::from_f64(0.0),
        }
    }

    /// The product with a vector.
    ///
    /// # Panics
    ///
    /// If the vector is not as long as a row.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([1.0, 2.0]);
    /// let hessian = wengert_sparse::SparseHessian::new(x.at(0) * x.at(1), x)?.here()?;
    /// assert_eq!(hessian.times(&[3.0, 4.0]), [4.0, 3.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn times(&self, vector: &[S]) -> Vec<S> {
        let (columns, found) = (self.columns, vector.len());
        assert!(found == columns, "a matrix of {columns} columns by {found} numbers");
        let row = |pair: &[usize]| {
            let entries = pair[0]..pair[1];
            let terms = entries.map(|k| self.values[k] * vector[self.indices[k]]);
            terms.reduce(|sum, term| sum + term).unwrap_or(S::from_f64(0.0))
        };
        self.offsets.windows(2).map(row).collect()
    }

    /// As coordinates, row after row.
    #[must_use]
    pub fn to_coo(&self) -> Coo<S> {
        let mut row = Vec::with_capacity(self.values.len());
        for (i, pair) in self.offsets.windows(2).enumerate() {
            row.extend(std::iter::repeat_n(i, pair[1] - pair[0]));
        }
        Coo {
            rows: self.rows,
            columns: self.columns,
            row,
            column: self.indices.clone(),
            values: self.values.clone(),
        }
    }

    /// As compressed columns.
    #[must_use]
    pub fn to_csc(&self) -> Csc<S> {
        let coo = self.to_coo();
        let (offsets, order) = by_column(&self.pattern());
        let (mut indices, mut values) = (vec![0; order.len()], self.values.clone());
        for (k, &position) in order.iter().enumerate() {
            indices[position] = coo.row[k];
            values[position] = self.values[k];
        }
        Csc { rows: self.rows, columns: self.columns, offsets, indices, values }
    }

    /// As rows of all numbers, those that the pattern leaves out too.
    #[must_use]
    pub fn to_dense(&self) -> Vec<Vec<S>> {
        let mut dense = vec![vec![S::from_f64(0.0); self.columns]; self.rows];
        for (i, row) in dense.iter_mut().enumerate() {
            for k in self.offsets[i]..self.offsets[i + 1] {
                row[self.indices[k]] = self.values[k];
            }
        }
        dense
    }

    /// Where its entries are.
    ///
    /// # Panics
    ///
    /// If an entry is outside the matrix.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        let mut pattern = Pattern::without_rows(self.columns);
        for pair in self.offsets.windows(2) {
            let row = &self.indices[pair[0]..pair[1]];
            assert!(row.iter().all(|&column| column < self.columns), "a column is outside");
            pattern.push(row.iter().copied());
        }
        pattern
    }
}

impl<S: Scalar> Csc<S> {
    /// As compressed rows.
    #[must_use]
    pub fn to_csr(&self) -> Csr<S> {
        // The columns of a matrix are the rows of its transpose.
        let turned = self.transposed().to_csc();
        Csr {
            rows: self.rows,
            columns: self.columns,
            offsets: turned.offsets,
            indices: turned.indices,
            values: turned.values,
        }
    }

    /// The transpose: the same arrays, read as rows.
    #[must_use]
    pub fn transposed(&self) -> Csr<S> {
        Csr {
            rows: self.columns,
            columns: self.rows,
            offsets: self.offsets.clone(),
            indices: self.indices.clone(),
            values: self.values.clone(),
        }
    }

    /// As coordinates, column after column.
    #[must_use]
    pub fn to_coo(&self) -> Coo<S> {
        let Coo { row, column, values, .. } = self.transposed().to_coo();
        Coo { rows: self.rows, columns: self.columns, row: column, column: row, values }
    }

    /// As rows of all numbers.
    #[must_use]
    pub fn to_dense(&self) -> Vec<Vec<S>> {
        self.to_csr().to_dense()
    }
}
