//! Steps of a `Trainer` of `wengert-layers` by XLA.
//!
//! ```no_run
//! use wengert_layers::Activation;
//! use wengert_layers::nn::loss::CrossEntropy;
//! use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};
//! use wengert_pjrt::Plugin;
//! use wengert_pjrt::training::Xla;
//!
//! # fn table() -> Table { unimplemented!() }
//! let client = Plugin::from_env()?.client(&[("cpu_device_count", 4)])?;
//! let xla = Xla::new(&client, 4); // rows over four devices
//! let layers = Sequential::new()
//!     .then(Dense::new(784, 128))
//!     .then(Activation::Relu)
//!     .then(Dense::new(128, 10));
//! let mut model: Model = Model::new(layers, 1)?;
//! let mut trainer = Trainer::new(Optimiser::adam(1e-3), CrossEntropy::default()).engine(&xla);
//! let history = trainer.train(&mut model, &table())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use wengert::Scalar;
use wengert_layers::nn::{Engine, EngineStep, StepOnTape};
use wengert_stablehlo::{Element, Export, Module};

use crate::{Argument, Buffer, Client, Number, Program};

/// XLA as a way of a pass: steps run on the devices of a client, parameters stay there between
/// steps. With several devices the rows of a batch are split over them, and XLA puts in the sums; a
/// batch whose rows they do not divide runs on one.
#[derive(Clone, Copy, Debug)]
pub struct Xla<'c> {
    client: &'c Client,
    devices: usize,
}

impl<'c> Xla<'c> {
    /// On so many of the client's devices.
    #[must_use]
    pub fn new(client: &'c Client, devices: usize) -> Self {
        Xla { client, devices }
    }
}

/// The module of a step: its results are the loss, and what goes on from step to step, each in its
/// argument's place. Rows are split over devices, along the mesh's axis `data`, if they divide them.
///
/// # Errors
///
/// [`wengert_stablehlo::Error`].
pub fn module<S: Scalar + Element>(
    step: &StepOnTape<'_, S>,
    devices: usize,
) -> Result<Module, wengert_stablehlo::Error> {
    let mut export = Export::new(step.tape).without_locations();
    for &leaf in &step.given {
        export.input(leaf)?;
    }
    for &(leaf, _) in &step.kept {
        export.input(leaf)?; // in the order of their updates
    }
    let per_row = &step.given[..step.per_row];
    let divides = |leaf: &wengert::Var<'_, S>| {
        leaf.shape().dims().first().is_some_and(|&rows| rows.is_multiple_of(devices))
    };
    if devices > 1 && per_row.iter().all(divides) {
        export.mesh(&[("data", devices)])?;
        for &leaf in per_row {
            let mut axes = vec![None; leaf.shape().rank()];
            axes[0] = Some("data");
            export.shard(leaf, &axes)?;
        }
    }
    export.output("loss", step.loss)?;
    for &(leaf, next) in &step.kept {
        export.update(leaf, next)?;
    }
    export.module("step")
}

impl<S: Scalar + Element + Number> Engine<S> for Xla<'_> {
    fn prepare(&self, step: &StepOnTape<'_, S>) -> Result<Box<dyn EngineStep<S> + '_>, String> {
        let text = |error: crate::Error| error.to_string();
        let module = module(step, self.devices).map_err(|error| error.to_string())?;
        let program = self.client.compile(module.text(), module.devices()).map_err(text)?;
        let (given, kept) = (step.given.len(), step.kept.len());
        let mut prepared = Step {
            client: self.client,
            program,
            module,
            given,
            kept: Vec::new(),
            rest: Vec::new(),
        };
        // What is frozen, and other numbers that stand still.
        let values = step.tape.all_values();
        prepared.rest = prepared.on_all(given + kept, |i| &values[prepared.slots(i)])?;
        Ok(Box::new(prepared))
    }
}

/// A compiled step.
struct Step<'c> {
    client: &'c Client,
    program: Program,
    module: Module,
    given: usize,
    /// By device, what goes on from step to step.
    kept: Vec<Vec<Buffer>>,
    /// By device, what no step changes.
    rest: Vec<Vec<Buffer>>,
}

impl Step<'_> {
    fn slots(&self, argument: usize) -> std::ops::Range<usize> {
        self.module.arguments()[argument].slots.clone()
    }

    fn put<S: Number + Copy>(
        &self,
        argument: usize,
        device: usize,
        numbers: &[S],
    ) -> Result<Buffer, String> {
        let (part, dims) = self.module.part(argument, device, numbers);
        self.client.put(device, &part, &dims).map_err(|error| error.to_string())
    }

    /// The arguments from one on, on every device.
    fn on_all<'a, S: Number + Copy + 'a>(
        &self,
        from: usize,
        numbers: impl Fn(usize) -> &'a [S],
    ) -> Result<Vec<Vec<Buffer>>, String> {
        let all = from..self.module.arguments().len();
        let on = |device| all.clone().map(|i| self.put(i, device, numbers(i))).collect();
        (0..self.program.devices()).map(on).collect()
    }
}

impl<S: Scalar + Element + Number> EngineStep<S> for Step<'_> {
    fn set(&mut self, kept: &[&[S]]) -> Result<(), String> {
        let given = self.given;
        let on = |device| {
            let each = kept.iter().enumerate();
            each.map(|(k, numbers)| self.put(given + k, device, numbers)).collect()
        };
        self.kept = (0..self.program.devices()).map(on).collect::<Result<_, String>>()?;
        Ok(())
    }

    fn step(&mut self, given: &[&[S]]) -> Result<S, String> {
        let mut arguments = Vec::with_capacity(self.program.devices());
        // Kept buffers are given to the step, which writes the next ones in their place.
        for (device, kept) in std::mem::take(&mut self.kept).into_iter().enumerate() {
            let mut list = Vec::new();
            for (i, numbers) in given.iter().enumerate() {
                list.push(Argument::Give(self.put(i, device, numbers)?));
            }
            list.extend(kept.into_iter().map(Argument::Give));
            list.extend(self.rest[device].iter().map(Argument::Keep));
            arguments.push(list);
        }
        let text = |error: crate::Error| error.to_string();
        let mut results = self.program.run_sharded(arguments).map_err(text)?;
        let loss = results[0][0].get::<S>().map_err(text)?;
        results.iter_mut().for_each(|list| drop(list.remove(0)));
        self.kept = results;
        loss.first().copied().ok_or_else(|| "the step returned no loss".to_owned())
    }

    fn kept(&self) -> Result<Vec<Vec<S>>, String> {
        let Some(first) = self.kept.first() else { return Ok(Vec::new()) };
        first.iter().map(|buffer| buffer.get::<S>().map_err(|error| error.to_string())).collect()
    }
}
