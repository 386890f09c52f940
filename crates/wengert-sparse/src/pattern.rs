//! A pattern: which entries of a matrix may differ from zero.

/// The places of a matrix's structural non-zeros, row after row, the columns of a row ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    columns: usize,
    offsets: Vec<usize>,
    indices: Vec<usize>,
}

impl Pattern {
    /// A pattern of places `(row, column)`, in any order; a place named twice counts once.
    ///
    /// # Panics
    ///
    /// If a place is outside the matrix.
    #[must_use]
    pub fn of(rows: usize, columns: usize, places: &[(usize, usize)]) -> Self {
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        Self::of_sorted(rows, columns, &places)
    }

    /// As [`of`](Pattern::of), of places in order, none twice.
    pub(crate) fn of_sorted(rows: usize, columns: usize, places: &[(usize, usize)]) -> Self {
        let mut offsets = vec![0; rows + 1];
        for &(row, column) in places {
            assert!(
                row < rows && column < columns,
                "({row}, {column}) is outside a matrix of {rows} by {columns}"
            );
            offsets[row + 1] += 1;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        Pattern { columns, offsets, indices: places.iter().map(|&(_, column)| column).collect() }
    }

    /// A pattern without a row, which [`push`](Pattern::push) adds to.
    pub(crate) fn without_rows(columns: usize) -> Self {
        Pattern { columns, offsets: vec![0], indices: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: impl Iterator<Item = usize>) {
        self.indices.extend(row);
        self.offsets.push(self.indices.len());
    }

    /// The matrix's rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The matrix's columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The structural non-zeros.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether the matrix is zero everywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Where each row begins in [`indices`](Pattern::indices), and where the last one ends.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The columns, row after row.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The columns of a row, ascending.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[usize] {
        &self.indices[self.offsets[row]..self.offsets[row + 1]]
    }

    /// Whether an entry may differ from zero.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn contains(&self, row: usize, column: usize) -> bool {
        self.row(row).binary_search(&column).is_ok()
    }

    /// The places `(row, column)`, row after row.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.rows()).flat_map(|row| self.row(row).iter().map(move |&column| (row, column)))
    }

    /// The most entries in one row: no direct colouring of the columns has fewer colours.
    #[must_use]
    pub fn widest_row(&self) -> usize {
        self.offsets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let (offsets, order) = by_column(self);
        let mut indices = vec![0; self.len()];
        for ((row, _), &position) in self.places().zip(&order) {
            indices[position] = row;
        }
        Pattern { columns: self.rows(), offsets, indices }
    }

    /// Whether it is square, and `(i, j)` is there whenever `(j, i)` is.
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        self.rows() == self.columns && *self == self.transposed()
    }
}

/// Where each column begins when entries are sorted by column, and where each entry, in the order
/// of the rows, stands then.
pub(crate) fn by_column(pattern: &Pattern) -> (Vec<usize>, Vec<usize>) {
    let mut offsets = vec![0; pattern.columns + 1];
    for &column in &pattern.indices {
        offsets[column + 1] += 1;
    }
    for column in 0..pattern.columns {
        offsets[column + 1] += offsets[column];
    }
    let mut next = offsets.clone();
    let mut order = Vec::with_capacity(pattern.len());
    for &column in &pattern.indices {
        order.push(next[column]);
        next[column] += 1;
    }
    (offsets, order)
}
