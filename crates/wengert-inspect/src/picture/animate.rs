//! An SVG that steps through the pass by itself: values appear, then adjoints, again and again.

use super::Scene;
use super::steps::Steps;
use crate::trace::Trace;

/// How long a step is seen, and the end, in seconds.
const STEP: f64 = 0.6;
const END: f64 = 4.0;

/// When what of a vertex is seen, as parts of the whole time.
pub(crate) struct Animation {
    /// The whole time in seconds.
    time: f64,
    /// By vertex, the steps of its value and of its adjoint.
    value: Vec<Option<usize>>,
    adjoint: Vec<Option<usize>>,
}

impl Animation {
    pub(super) fn of(scene: &Scene, trace: &Trace) -> Self {
        let Steps { forward, backward } = Steps::of(scene, trace);
        let (mut value, mut adjoint) =
            (vec![None; scene.boxes.vertices.len()], vec![None; scene.boxes.vertices.len()]);
        for (step, together) in forward.iter().enumerate() {
            together.iter().for_each(|&vertex| value[vertex] = Some(step + 1));
        }
        for (step, &vertex) in backward.iter().enumerate() {
            adjoint[vertex] = Some(forward.len() + step + 1);
        }
        let steps = forward.len() + backward.len() + 1;
        Animation { time: steps as f64 * STEP + END, value, adjoint }
    }

    /// The element that hides a line of a box until its step.
    pub(super) fn line(&self, style: &str, vertex: usize) -> String {
        let step = if style == "value" { self.value[vertex] } else { self.adjoint[vertex] };
        let Some(step) = step else { return String::new() };
        let (time, at) = (self.time, self.part(step));
        format!(
            "<animate attributeName=\"opacity\" dur=\"{time:.1}s\" repeatCount=\"indefinite\" calcMode=\"discrete\" \
             values=\"0;1\" keyTimes=\"0;{at:.4}\"/>"
        )
    }

    /// The element that marks a box while its steps are taken.
    pub(super) fn mark(&self, vertex: usize) -> String {
        let steps = [self.value[vertex], self.adjoint[vertex]].into_iter().flatten();
        let (mut values, mut times) = ("1.25".to_owned(), "0".to_owned());
        for step in steps {
            values += ";4;1.25";
            times += &format!(";{:.4};{:.4}", self.part(step), self.part(step + 1));
        }
        let time = self.time;
        format!(
            "<animate attributeName=\"stroke-width\" dur=\"{time:.1}s\" repeatCount=\"indefinite\" calcMode=\"discrete\" \
             values=\"{values}\" keyTimes=\"{times}\"/>"
        )
    }

    fn part(&self, step: usize) -> f64 {
        (step as f64 * STEP / self.time).min(1.0)
    }
}
