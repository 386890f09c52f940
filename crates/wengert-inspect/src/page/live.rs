//! What the page needs to compute its numbers at other values, and to show them.

use std::fmt::{self, Write};

use serde::Serialize;

use super::training_set::Training;
use crate::derivation::{Templates, templates};
use crate::live::{Program, generic};
use crate::picture::{INSET, Picture, Scene, TEXT_ADVANCE, escaped};
use crate::trace::{Adjoint, Slot, Trace};

#[derive(Serialize)]
pub(super) struct Live {
    #[serde(flatten)]
    program: Program,
    /// What a reader calls each number.
    labels: Vec<String>,
    /// The vertex that shows a number.
    vertices: Vec<Option<usize>>,
    /// The numbers of a vertex.
    slots: Vec<Vec<usize>>,
    /// In place of an adjoint that there is none of.
    words: Vec<Option<String>>,
    /// The entries whose partials stand on an arrow.
    wires: Vec<Option<Vec<usize>>>,
    formulas: Templates,
    /// The digits of boxes and arrows, and how much room a character and a box's edge take.
    significant: usize,
    advance: f64,
    inset: f64,
    /// The formula of the loss.
    caption: Option<String>,
    /// What was given at other epochs.
    moments: Vec<(usize, Vec<f64>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<super::training_set::Data>,
}

impl Live {
    /// `explained` are the numbers whose formulas are shown.
    ///
    /// # Errors
    ///
    /// Words that say why the page cannot compute.
    pub(super) fn of(
        picture: &Picture<'_>,
        scene: &Scene,
        explained: &[Vec<Slot>],
        training: Option<&Training>,
    ) -> Result<Self, String> {
        let trace = picture.trace();
        if scene.boxes.vertices.iter().any(|vertex| vertex.holds > 0) {
            return Err("a part of the tape is left out".to_owned());
        }
        let program = Program::of(trace)?;
        let generic = generic(trace).ok_or("an operation has no value".to_owned())?;
        let explained: Vec<Slot> = explained.iter().flatten().copied().collect();
        let words = |slot: Slot| match trace.adjoint(slot) {
            Adjoint::Computed(_) | Adjoint::Zero(_) => None,
            words => Some(words.to_string()),
        };
        let training = match training {
            Some(training) => Some(training.data(trace, &program.params)?),
            None => None,
        };
        Ok(Live {
            labels: trace.slots().map(|slot| trace.label(slot)).collect(),
            vertices: scene.boxes.of_slot.clone(),
            slots: scene
                .boxes
                .vertices
                .iter()
                .map(|vertex| vertex.slots.iter().map(|slot| slot.index()).collect())
                .collect(),
            words: trace.slots().map(words).collect(),
            wires: wires(scene, &program),
            formulas: templates(&generic, &explained),
            significant: picture.significant(),
            advance: TEXT_ADVANCE,
            inset: INSET,
            caption: None,
            moments: Vec::new(),
            training,
            program,
        })
    }

    pub(super) fn caption(&mut self, caption: &str) {
        self.caption = Some(caption.to_owned());
    }

    /// What the same tape was given at another epoch; nothing of another tape.
    pub(super) fn add_moment(&mut self, trace: &Trace, epoch: usize, other: &Trace) {
        let kinds = |trace: &Trace| -> Vec<(String, usize)> {
            trace.nodes().iter().map(|node| (node.op.clone(), node.values.len())).collect()
        };
        if kinds(trace) != kinds(other) {
            return;
        }
        let slots: Vec<Slot> = other.slots().collect();
        let given = self.program.given.iter().map(|&slot| other.value(slots[slot]));
        self.moments.push((epoch, given.collect()));
    }

    pub(super) fn epochs(&self) -> Vec<usize> {
        self.moments.iter().map(|moment| moment.0).collect()
    }

    pub(super) fn rules(&self) -> String {
        self.program.rules()
    }
}

/// Of each arrow the entries, in the order of its label.
fn wires(scene: &Scene, program: &Program) -> Vec<Option<Vec<usize>>> {
    let of_wire = |wire: &crate::picture::Wire| {
        let shown = wire.partials.as_ref().filter(|partials| !partials.is_empty())?;
        let between = program.entries.iter().enumerate().filter(|(_, (reader, slot, ..))| {
            scene.boxes.of_slot[*slot] == Some(wire.from)
                && scene.boxes.of_slot[*reader] == Some(wire.to)
        });
        let entries: Vec<usize> = between.map(|(index, _)| index).collect();
        (entries.len() == shown.len()).then_some(entries)
    };
    scene.boxes.wires.iter().map(of_wire).collect()
}

/// The controls of the training, or why there is nothing to change.
pub(super) fn controls(f: &mut impl Write, live: &Result<Live, String>) -> fmt::Result {
    let live = match live {
        Err(why) => {
            return writeln!(
                f,
                "<p id=\"still\" class=\"scripts\">This page shows what was recorded; it cannot \
                 compute other numbers, because {}.</p>",
                escaped(why)
            );
        }
        Ok(live) => live,
    };
    writeln!(f, "<div id=\"live\" class=\"scripts\" role=\"group\" aria-label=\"other numbers\">")?;
    if let Some(training) = &live.training {
        training.controls(f)?;
    }
    writeln!(
        f,
        "<button id=\"reset\" disabled>Back to what was recorded</button>\
         <output id=\"live-said\" aria-live=\"polite\">Choose a given number to change \
         it.</output></div>"
    )
}

/// What stands beside the panel.
pub(super) fn beside(f: &mut impl Write, live: &Result<Live, String>) -> fmt::Result {
    match live.as_ref().ok().and_then(|live| live.training.as_ref()) {
        Some(training) => training.plane(f, true),
        None => Ok(()),
    }
}

/// Where the training from here is drawn.
pub(super) fn figures(f: &mut impl Write, live: &Result<Live, String>) -> fmt::Result {
    match live.as_ref().ok().and_then(|live| live.training.as_ref()) {
        Some(training) => training.figures(f),
        None => Ok(()),
    }
}
