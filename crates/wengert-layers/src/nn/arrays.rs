//! Arrays of `ndarray` as tables and parameters, and those as arrays. Needs the feature `ndarray`.
//!
//! Rows are the first axis. What is given may lie in memory as it likes, a transpose or a slice of
//! something larger: it is copied in its own order. What is returned is a view where it can be.

use ndarray::{Array2, ArrayView2, ArrayViewD};
use wengert::Scalar;

use super::answers::Answers;
use super::model::{Model, ModelError, ParamBlock};
use super::table::{Table, TableError};

impl Table {
    /// [`Table::of_classes`] of an array `[rows, features]`.
    ///
    /// # Errors
    ///
    /// As [`Table::of_classes`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use wengert_layers::nn::Table;
    ///
    /// let table = Table::of_class_array(array![[1.0, 2.0], [3.0, 4.0]].t(), &[0, 1], 2)?;
    /// assert_eq!(table.features_array(), array![[1.0, 3.0], [2.0, 4.0]]);
    /// # Ok::<(), wengert_layers::nn::TableError>(())
    /// ```
    pub fn of_class_array(
        features: ArrayView2<'_, f64>,
        labels: &[usize],
        classes: usize,
    ) -> Result<Self, TableError> {
        rows("features", features.nrows(), labels.len())?;
        Table::of_classes(features.iter().copied().collect(), labels.to_vec(), classes)
    }

    /// [`Table::of_numbers`] of arrays `[rows, features]` and `[rows, targets]`.
    ///
    /// # Errors
    ///
    /// As [`Table::of_numbers`].
    pub fn of_number_arrays(
        features: ArrayView2<'_, f64>,
        targets: ArrayView2<'_, f64>,
    ) -> Result<Self, TableError> {
        rows("features", features.nrows(), targets.nrows())?;
        let (of, targets) = (targets.ncols(), targets.iter().copied().collect());
        Table::of_numbers(features.iter().copied().collect(), targets, of)
    }

    /// The features, `[rows, features]`.
    #[must_use]
    pub fn features_array(&self) -> ArrayView2<'_, f64> {
        view(self.features(), self.len())
    }

    /// The numbers to be met, `[rows, targets]`; `None` for a table of classes.
    #[must_use]
    pub fn numbers_array(&self) -> Option<ArrayView2<'_, f64>> {
        self.numbers().map(|numbers| view(numbers, self.len()))
    }
}

impl Answers {
    /// The outputs, `[rows, outputs]`.
    #[must_use]
    pub fn outputs_array(&self) -> ArrayView2<'_, f64> {
        view(self.outputs(), self.len())
    }
}

impl<'a, S: Scalar> ParamBlock<'a, S> {
    /// The block in its shape.
    ///
    /// # Panics
    ///
    /// If the block was put together by hand, and its numbers do not fill its shape.
    #[must_use]
    #[track_caller]
    pub fn array(&self) -> ArrayViewD<'a, S> {
        let view = ArrayViewD::from_shape(self.shape, self.values);
        view.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

impl<S: Scalar> Model<S> {
    /// Changes a block to an array of its shape.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`], and those of [`Model::set`]; then nothing has changed.
    pub fn set_array(&mut self, name: &str, array: ArrayViewD<'_, S>) -> Result<(), ModelError> {
        if let Some(block) = self.params().find(|block| block.name == name)
            && block.shape != array.shape()
        {
            let (expected, found) = (block.shape.to_vec(), array.shape().to_vec());
            return Err(ModelError::Shape { name: name.to_owned(), expected, found });
        }
        let values: Vec<S> = array.iter().copied().collect();
        self.set(name, &values)
    }

    /// The answers to rows, `[rows, features]`: `[rows, outputs]`.
    ///
    /// # Errors
    ///
    /// As [`Model::answer`]; [`ModelError::Length`] of no rows.
    pub fn answer_array(&self, rows: ArrayView2<'_, S>) -> Result<Array2<S>, ModelError> {
        let (count, width) = rows.dim();
        let values: Vec<S> = rows.iter().copied().collect();
        let answers = self.answer(&values, &[width])?;
        let len = answers.len();
        let shaped = Array2::from_shape_vec((count, len / count.max(1)), answers);
        let what = "the answer".to_owned();
        shaped.map_err(|_| ModelError::Length { what, expected: count, found: len })
    }
}

/// Rows of as many numbers as there are: what a table holds has whole rows.
fn view(values: &[f64], rows: usize) -> ArrayView2<'_, f64> {
    let shape = (rows, values.len() / rows);
    ArrayView2::from_shape(shape, values).unwrap_or_else(|error| panic!("{error}"))
}

fn rows(what: &'static str, found: usize, rows: usize) -> Result<(), TableError> {
    if found == rows { Ok(()) } else { Err(TableError::Rows { what, found, rows }) }
}

#[cfg(test)]
mod tests {
    use ndarray::{array, s};

    use super::*;
    use crate::nn::{Dense, Sequential};

    #[test]
    fn arrays_go_in_and_come_out_whatever_their_strides() {
        let wide = array![[1.0, 9.0, 2.0], [3.0, 9.0, 4.0]];
        let part = wide.slice(s![.., ..;2]);
        let table = Table::of_number_arrays(part, array![[5.0], [6.0]].view()).unwrap();
        assert_eq!(table.features(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            (table.features_array(), table.numbers_array()),
            (part, Some(array![[5.0], [6.0]].view()))
        );
        let classes = Table::of_class_array(part, &[1, 0], 2).unwrap();
        assert_eq!((classes.labels(), classes.numbers_array()), (Some(&[1, 0][..]), None));
        let error = Table::of_class_array(part, &[1], 2).unwrap_err();
        assert_eq!(error, TableError::Rows { what: "features", found: 2, rows: 1 });
        // Of no columns.
        assert!(Table::of_number_arrays(part, part.slice(s![.., ..0])).is_err());

        let layers = Sequential::new().then(Dense::new(2, 1));
        let mut model: Model = Model::new(layers, 1).unwrap();
        let before = model.values().to_vec();
        let error = model.set_array("0.weight", array![[1.0], [2.0]].view().into_dyn());
        let told = error.unwrap_err().to_string();
        assert_eq!(told, "0.weight has the shape [1, 2], [2, 1] was given");
        assert!(model.set_array("1.weight", array![1.0].view().into_dyn()).is_err());
        assert_eq!(model.values(), before);
        model.set_array("0.weight", array![[1.0], [2.0]].t().into_dyn()).unwrap();
        assert_eq!(model.params().next().unwrap().array(), array![[1.0, 2.0]].into_dyn());
        assert_eq!(model.answer_array(part).unwrap(), array![[5.0], [11.0]]);
        assert_eq!(model.answers(&table).unwrap().outputs_array(), array![[5.0], [11.0]]);
        assert!(model.answer_array(part.slice(s![..0, ..])).is_ok());
    }
}
