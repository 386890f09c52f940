//! A whole step as one program: gradients that stand on the tape, and outputs that are the next
//! run's inputs.

use super::request::{Compiler, Standing};
use super::run::{Float, Output};
use crate::op::{Leaf, Op};
use wengert_ops::run::View;
use wengert_tape::Var;
use wengert_tape::{Error, Place};

impl<'t, S: Float> Compiler<'t, S> {
    /// Lets `leaf`, data of the shape of `wrt` recorded after `of`, stand for `∂of/∂wrt`: what is
    /// computed from it on the tape is computed from the gradient in the program. So an optimiser's
    /// step is a few nodes of the tape.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `of` has axes, or `leaf` is not a block of data after it and after
    /// `wrt`, or stands for a gradient or is fed already; [`Error::Shapes`] if the shapes differ,
    /// [`Error::TwoTapes`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Compiler, Tape};
    ///
    /// let tape = Tape::new();
    /// let w = tape.param([3.0, -4.0]);
    /// let loss = 0.5 * w.square().sum();
    /// let g = tape.data([0.0, 0.0]);
    /// let next = w - 0.5 * g;
    ///
    /// let mut compiler = Compiler::new(&tape);
    /// compiler.gradient_as(loss, w, g)?;
    /// let next = compiler.output(next)?;
    /// compiler.feed(next, w)?;
    /// let step = compiler.compile()?;
    /// let mut workspace = step.workspace();
    /// for _ in 0..2 {
    ///     step.run(&mut workspace)?;
    /// }
    /// assert_eq!(workspace.values(next), [0.75, -1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn gradient_as(
        &mut self,
        of: Var<'t, S>,
        wrt: Var<'t, S>,
        leaf: Var<'t, S>,
    ) -> Result<(), Error> {
        self.check("gradient_as", leaf)?;
        self.check_gradient("gradient_as", of, wrt)?;
        if leaf.shape() != wrt.shape() {
            return Err(leaf.shapes_error(
                "gradient_as",
                wrt,
                "a leaf that stands for a gradient has its shape",
            ));
        }
        let node = self.tape.node(leaf.id());
        let whole = node.as_ref().is_some_and(|node| {
            node.op == Op::Leaf(Leaf::Data)
                && node.id == leaf.id()
                && node.shape.len() == leaf.len()
        });
        // Of the operands, the last slot that must be there before.
        let last = wrt.id().slot() + wrt.layout().last_offset();
        if !whole
            || leaf.id() <= of.id()
            || leaf.id().slot() <= last
            || !leaf.layout().is_contiguous()
        {
            let rule = "what stands for a gradient is a block of data, recorded after what is differentiated and what by";
            return Err(leaf.operand_error("gradient_as", rule.to_owned()));
        }
        if self.stands(leaf.view()) {
            return Err(
                leaf.operand_error("gradient_as", "it stands for a gradient already".to_owned())
            );
        }
        let run = leaf.id().slot()..leaf.id().slot() + leaf.len();
        let touches = |&(_, to): &(Output, View)| self.meets(to, &run);
        if self.feeds.iter().any(touches) {
            return Err(leaf.operand_error(
                "gradient_as",
                "it is fed an output, and cannot stand for a gradient too".to_owned(),
            ));
        }
        self.standing.push(Standing { of: of.view(), wrt: wrt.view(), leaf: leaf.view() });
        Ok(())
    }

    /// After each run, gives the leaf `to` the values of `output`: the next run begins with them.
    ///
    /// # Errors
    ///
    /// [`Error::NotSettable`] if `to` is not an input, a parameter or data, or stands for a
    /// gradient; [`Error::Length`] if the sizes differ, [`Error::TwoTapes`].
    ///
    /// # Panics
    ///
    /// If the output is of another compiler.
    #[track_caller]
    pub fn feed(&mut self, output: Output, to: Var<'t, S>) -> Result<(), Error> {
        self.check("feed", to)?;
        assert!(output.program == self.id, "feed: output {} is of another compiler", output.index);
        let (_, shape) = &self.requests[output.index as usize];
        self.tape.check_settable("feed", to, shape.len())?;
        if self.stands(to.view()) {
            let (node, kind) =
                (self.label_of(to.id()), "data that stands for a gradient".to_owned());
            return Err(Error::NotSettable { op: "feed", node, kind, at: Place::caller() });
        }
        self.feeds.push((output, to.view()));
        Ok(())
    }

    /// Whether some element of a view is of a leaf that stands for a gradient.
    fn stands(&self, view: View) -> bool {
        self.standing.iter().any(|standing| {
            let (start, side) = (standing.leaf.start() as usize, self.tape.side());
            self.meets(view, &(start..start + side.layouts.get(standing.leaf.layout()).len()))
        })
    }

    /// Whether some element of a view is in a range of slots.
    fn meets(&self, view: View, run: &std::ops::Range<usize>) -> bool {
        let (start, side) = (view.start() as usize, self.tape.side());
        let layout = side.layouts.get(view.layout());
        let last = start + layout.last_offset();
        if last < run.start || start >= run.end {
            return false;
        }
        layout.is_contiguous() || layout.offsets().any(|offset| run.contains(&(start + offset)))
    }
}
