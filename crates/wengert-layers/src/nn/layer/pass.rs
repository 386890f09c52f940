//! What a layer has at hand while it records.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use wengert::{Error, Leaf, Place, Scalar, Shape, Tape, Var};

use crate::bind::Granularity;

/// A pass through a model: the parameters of the layer whose turn it is, and whether it is trained.
#[derive(Debug)]
pub struct Pass<'a, 't, S: Scalar = f64> {
    pub(crate) tape: &'t Tape<S>,
    pub(crate) blocks: &'a BTreeMap<String, Var<'t, S>>,
    /// With a point at its end, unless it is empty.
    pub(crate) path: String,
    pub(crate) noise: Option<&'a Noise<'t, S>>,
    pub(crate) granularity: Granularity,
}

/// Random numbers that a training pass asked for.
#[derive(Debug)]
pub(crate) struct Noise<'t, S: Scalar> {
    pub(crate) rng: RefCell<ChaCha8Rng>,
    pub(crate) leaves: RefCell<Vec<Var<'t, S>>>,
}

/// Numbers from 0 up to 1.
pub(crate) fn uniform<S: Scalar>(rng: &mut ChaCha8Rng, count: usize) -> Vec<S> {
    (0..count).map(|_| S::from_f64(rng.random::<f64>())).collect()
}

impl<'t, S: Scalar> Pass<'_, 't, S> {
    /// A parameter of this layer, by its name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if the layer declares none of that name.
    #[track_caller]
    pub fn param(&self, name: &str) -> Result<Var<'t, S>, Error> {
        let path = format!("{}{name}", self.path);
        let found = self.blocks.get(&path).or_else(|| self.blocks.get(name));
        found.copied().ok_or_else(|| Error::NoSuchPath { path, at: Place::caller() })
    }

    /// The pass as a layer within this one has it.
    #[must_use]
    pub fn inside(&self, name: &str) -> Pass<'_, 't, S> {
        Pass { path: format!("{}{name}.", self.path), ..*self }
    }

    /// The tape.
    #[must_use]
    pub fn tape(&self) -> &'t Tape<S> {
        self.tape
    }

    /// Whether the pass is one of training, and not of an answer.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.noise.is_some()
    }

    /// How finely to record: per neuron where a layer has such, or per layer.
    #[must_use]
    pub fn granularity(&self) -> Granularity {
        self.granularity
    }

    /// The numbers of `[units]`, or `[rows, units]`, as nodes of their own under the name `name`:
    /// `3.z`, and `row 1/3.z` where there are several rows. Put together again they have the shape
    /// of the whole.
    #[track_caller]
    pub(super) fn by_neuron(
        &self,
        rows: Option<usize>,
        units: usize,
        name: &str,
        of: impl Fn(Option<usize>, usize) -> Result<Var<'t, S>, Error>,
    ) -> Result<Var<'t, S>, Error> {
        let row = |row: Option<usize>| {
            let units = (0..units).map(|j| {
                let neuron = of(row, j)?;
                // The identity makes no node of its own: its name stays.
                let named = neuron.name().is_some();
                Ok(if named { neuron } else { neuron.named(&format!("{j}.{name}")) })
            });
            self.tape.try_stack(&units.collect::<Result<Vec<_>, Error>>()?)
        };
        let Some(rows) = rows else { return row(None) };
        let all = (0..rows).map(|r| {
            let _scope = (rows > 1).then(|| self.tape.scope(&format!("row {r}")));
            row(Some(r))
        });
        self.tape.try_stack(&all.collect::<Result<Vec<_>, Error>>()?)
    }

    /// Random numbers from 0 up to 1, which a trainer draws anew for every step; in a pass that is
    /// not of training, none.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    #[track_caller]
    pub fn uniform(&self, shape: impl Into<Shape>) -> Result<Option<Var<'t, S>>, Error> {
        let Some(noise) = self.noise else { return Ok(None) };
        let shape = shape.into();
        let numbers = uniform(&mut noise.rng.borrow_mut(), shape.len());
        let leaf = self.tape.tensor(Leaf::Data, &numbers, shape)?;
        noise.leaves.borrow_mut().push(leaf);
        Ok(Some(leaf))
    }
}
