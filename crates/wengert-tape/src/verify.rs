//! Whether the list is still the program's: the program recorded again, and compared.

use crate::error::{Error, NodeId, Place};
use crate::real::Scalar;
use crate::tape::{Node, Tape};

impl<S: Scalar> Tape<S> {
    /// Records a program again, on a tape of its own, and compares the two lists: every op with its
    /// operands and shape, every value bit for bit, every guard. So it finds what no guard sees: a
    /// branch or a loop count that depends on [`Var::value`](crate::Var::value), a number that was
    /// computed outside the tape.
    ///
    /// `record` records everything that stands on this tape, in the same order, at the inputs that
    /// this tape has now; the usual place for it is after a [`replay`](Tape::replay).
    /// [`verify`](crate::verify()) does both for a closure.
    ///
    /// # Errors
    ///
    /// [`Error::Differs`], naming the first node that differs and the line that recorded it.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Tape, Var};
    /// fn program(tape: &Tape, at: f64) -> [Var<'_>; 2] {
    ///     let x = tape.input(at).named("x");
    ///     [x, if x.value() > 1.0 { x * x } else { -x }] // should be x > 1.0
    /// }
    /// let tape = Tape::new();
    /// let [x, y] = program(&tape, 2.0);
    /// tape.replay(&[(x, &[3.0])])?;
    /// tape.verify(|again| _ = program(again, 3.0))?; // the same branch
    /// tape.replay(&[(x, &[0.5])])?;
    /// assert_eq!(y.value(), 0.25); // silently wrong: the program gives -0.5
    /// let error = tape.verify(|again| _ = program(again, 0.5)).unwrap_err();
    /// assert!(error.to_string().contains("mul x x on the tape and neg x when recorded again"));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn verify(&self, record: impl FnOnce(&Tape<S>)) -> Result<(), Error> {
        let again = Tape::with(self.options().source_lines(true));
        record(&again);
        match first_difference(self, &again, Place::caller()) {
            None => Ok(()),
            Some(difference) => Err(difference),
        }
    }
}

fn first_difference<S: Scalar>(tape: &Tape<S>, again: &Tape<S>, at: Place) -> Option<Error> {
    let differs = |what, node: &Node, [here, there]: [String; 2], place: Option<Place>| {
        let known = tape.paths();
        let path =
            known.get(node.index).cloned().unwrap_or_else(|| again.paths()[node.index].clone());
        Some(Error::Differs { what, id: node.id, node: path, tape: here, again: there, place, at })
    };
    let nothing = || "nothing".to_owned();
    for (old, new) in tape.nodes().zip(again.nodes()) {
        let alike = old.op == new.op
            && old.shape == new.shape
            && old.operands == new.operands
            && old.attributes == new.attributes;
        if !alike {
            return differs("op", &old, formulas(tape, &old, again, &new), new.place);
        }
        for slot in old.slots().map(|slot| NodeId(slot as u32)) {
            let (here, there) = (tape.value_at(slot), again.value_at(slot));
            let both_nan = here.to_f64().is_nan() && there.to_f64().is_nan();
            if !here.same_bits(there) && !both_nan {
                let element = |x: S| match slot == old.id && old.shape.is_scalar() {
                    true => x.to_f64().to_string(),
                    false => format!("{} (element {})", x.to_f64(), slot.slot() - old.id.slot()),
                };
                return differs("value", &old, [element(here), element(there)], new.place);
            }
        }
    }
    if let Some(old) = tape.nodes().nth(again.len()) {
        return differs("op", &old, [tape.formula(&old), nothing()], old.place);
    }
    if let Some(new) = again.nodes().nth(tape.len()) {
        return differs("op", &new, [nothing(), again.formula(&new)], new.place);
    }
    // Guards compute nothing, so lists that are alike may differ in them.
    let text = |tape: &Tape<S>, guard: Option<&crate::tape::GuardInfo>| {
        guard.map_or_else(nothing, |guard| {
            let (left, right) = (tape.side_label(guard.left.0), tape.side_label(guard.right.0));
            format!("{left} {} {right}, {}", guard.comparison.symbol(), guard.outcome)
        })
    };
    let (old, new) = (tape.guards(), again.guards());
    for i in 0..old.len().max(new.len()) {
        let (old, new) = (old.get(i), new.get(i));
        let key = |guard: &crate::tape::GuardInfo| {
            (guard.comparison, guard.left, guard.right, guard.outcome)
        };
        if old.map(key) != new.map(key) {
            let guard = new.or(old)?;
            return differs(
                "guard",
                &tape.node(guard.left)?,
                [text(tape, old), text(again, new)],
                Some(guard.place),
            );
        }
    }
    None
}

/// The formulas of two nodes, with what formulas leave out if they read alike.
fn formulas<S: Scalar>(tape: &Tape<S>, old: &Node, again: &Tape<S>, new: &Node) -> [String; 2] {
    let texts = [tape.formula(old), again.formula(new)];
    if texts[0] != texts[1] {
        return texts;
    }
    [old, new].map(|node| format!("{} of {:?}, {}", texts[0], node.operands, node.attributes))
}
