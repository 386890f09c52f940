//! A model with what it needs to answer a person's rows, as one file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wengert::Scalar;

use super::KeepError;
use super::json::{SavedBlock, load_json, save_json};
use super::safetensors::{Dtype, Tensor};
use crate::nn::answers::class;
use crate::nn::layer::Spec;
use crate::nn::model::{Model, ModelError};
use crate::nn::table::{Scaling, Table, TableError};

/// A trained model with its scaling and the names of its classes: it takes rows as they stand in a
/// file, and is one file itself.
///
/// # Examples
///
/// ```
/// use wengert_layers::nn::{Csv, Dense, Model, Predictor, Scaling};
///
/// let table = Csv::new().parse("t.csv", "length,kind\n1.5,a\n4.5,b\n")?;
/// let model: Model = Model::new(Dense::from_out_in([1, 1], &[1.0], &[0.0]), 1)?;
/// let predictor = Predictor::new(model, &table).scaled(Scaling::standard(&table));
/// assert_eq!(predictor.class(&[7.0])?, "b");
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("kinds.json");
/// predictor.save(&path)?;
/// assert_eq!(Predictor::<f64>::load(&path)?.class(&[2.0])?, "a");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Predictor<S: Scalar = f64> {
    model: Model<S>,
    scaling: Option<Scaling>,
    features: Vec<String>,
    classes: Vec<String>,
    targets: Vec<String>,
}

/// What a file says that it is.
const FORMAT: &str = "wengert-layers/model";
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    format: String,
    version: u64,
    #[serde(rename = "type")]
    dtype: Dtype,
    layers: Spec,
    threshold: f64,
    features: Vec<String>,
    classes: Vec<String>,
    targets: Vec<String>,
    scaling: Option<Scaling>,
    params: Vec<SavedBlock>,
}

impl<S: Scalar> Predictor<S> {
    /// With the names of a table's columns and classes.
    #[must_use]
    pub fn new(model: Model<S>, table: &Table) -> Self {
        Predictor {
            model,
            scaling: None,
            features: table.feature_names().to_vec(),
            classes: table.class_names().to_vec(),
            targets: table.target_names().to_vec(),
        }
    }

    /// With the scaling that the model was trained behind.
    #[must_use]
    pub fn scaled(self, scaling: Scaling) -> Self {
        Predictor { scaling: Some(scaling), ..self }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model<S> {
        &self.model
    }

    /// What the columns of a row are.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.features
    }

    /// What the classes are called; none of a model that answers numbers.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }

    /// What the numbers that it answers are called; none of a model that tells classes apart.
    #[must_use]
    pub fn target_names(&self) -> &[String] {
        &self.targets
    }

    /// The scaling, if there is one.
    #[must_use]
    pub fn scaling(&self) -> Option<&Scaling> {
        self.scaling.as_ref()
    }

    /// The outputs for a row as it stands in the file.
    ///
    /// # Errors
    ///
    /// [`ModelError::Length`], [`ModelError::Tape`].
    pub fn outputs(&self, row: &[f64]) -> Result<Vec<f64>, ModelError> {
        let wrong = |found| ModelError::Length {
            what: "a row".to_owned(),
            expected: self.features.len(),
            found,
        };
        if row.len() != self.features.len() {
            return Err(wrong(row.len()));
        }
        let row = match &self.scaling {
            None => row.to_vec(),
            Some(scaling) => scaling.row(row).map_err(|error| match error {
                TableError::Width { expected, found } => {
                    ModelError::Length { what: "the scaling".to_owned(), expected, found }
                }
                _ => wrong(row.len()),
            })?,
        };
        if let Some(at) = row.iter().position(|x| !x.is_finite()) {
            let name = self.features[at].clone();
            return Err(ModelError::NotFinite { name, at, value: row[at] });
        }
        let row: Vec<S> = row.into_iter().map(S::from_f64).collect();
        let outputs = self.model.answer(&row, &[row.len()])?;
        Ok(outputs.into_iter().map(|output| output.to_f64()).collect())
    }

    /// The name of the class of a row; an empty text if there are no classes.
    ///
    /// # Errors
    ///
    /// As [`outputs`](Predictor::outputs).
    pub fn class(&self, row: &[f64]) -> Result<&str, ModelError> {
        let outputs = self.outputs(row)?;
        let class = class(&outputs, self.model.threshold());
        Ok(self.classes.get(class).map_or("", String::as_str))
    }

    /// Writes everything as JSON.
    ///
    /// # Errors
    ///
    /// [`KeepError::File`], with the old file as it was; [`KeepError::OwnLayer`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeepError> {
        let saved = Saved {
            format: FORMAT.to_owned(),
            version: VERSION,
            dtype: if size_of::<S>() == 4 { Dtype::F32 } else { Dtype::F64 },
            layers: self.model.spec().ok_or(KeepError::OwnLayer)?,
            threshold: self.model.threshold(),
            features: self.features.clone(),
            classes: self.classes.clone(),
            targets: self.targets.clone(),
            scaling: self.scaling.clone(),
            params: self.model.tensors().into_iter().map(SavedBlock::from).collect(),
        };
        save_json(path.as_ref(), &saved)
    }

    /// Reads what [`save`](Predictor::save) has written.
    ///
    /// # Errors
    ///
    /// [`KeepError`], with the file and, in broken JSON, line and column.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeepError> {
        let file = path.as_ref().display().to_string();
        let saved: Saved = load_json(path.as_ref(), FORMAT, VERSION, "a saved model")?;
        let foreign = |reason: String| KeepError::Foreign {
            file: file.clone(),
            expected: "a saved model",
            reason,
        };
        let layer = saved.layers.build().map_err(|error| foreign(error.to_string()))?;
        let mut model = Model::of(layer, 0)?;
        let tensors: Vec<Tensor> = saved.params.into_iter().map(Tensor::from).collect();
        model.set_tensors(&file, &tensors)?;
        model.set_threshold(saved.threshold);
        Ok(Predictor {
            model,
            scaling: saved.scaling,
            features: saved.features,
            classes: saved.classes,
            targets: saved.targets,
        })
    }
}
