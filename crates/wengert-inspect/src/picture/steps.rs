//! The order of time: when each box gets its value, and when its adjoint.

use super::Scene;
use crate::trace::{Adjoint, Trace};

/// The steps of a pass forward and back.
pub(crate) struct Steps {
    /// What is given, all at once, and then what is computed, one by one.
    pub(crate) forward: Vec<Vec<usize>>,
    /// The vertices that the sweep reaches, in its order.
    pub(crate) backward: Vec<usize>,
}

impl Steps {
    pub(crate) fn of(scene: &Scene, trace: &Trace) -> Self {
        let vertices = &scene.boxes.vertices;
        let given = |&vertex: &usize| {
            let vertex = &vertices[vertex];
            vertex.holds == 0 && trace.nodes()[vertex.node].operands.is_empty()
        };
        let (leaves, computed): (Vec<usize>, Vec<usize>) = (0..vertices.len()).partition(given);
        let leaves = (!leaves.is_empty()).then_some(leaves);
        let forward = leaves.into_iter().chain(computed.into_iter().map(|vertex| vec![vertex]));
        let reached = |&vertex: &usize| {
            let known =
                |&slot: &_| matches!(trace.adjoint(slot), Adjoint::Computed(_) | Adjoint::Zero(_));
            vertices[vertex].holds > 0 || vertices[vertex].slots.iter().any(known)
        };
        Steps {
            forward: forward.collect(),
            backward: (0..vertices.len()).rev().filter(reached).collect(),
        }
    }
}
