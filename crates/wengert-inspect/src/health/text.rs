//! The report as a person reads it.

use std::fmt;

use wengert::op::Op;

use super::Health;
use crate::columns::{Columns, count};
use crate::digits::Digits;
use crate::trace::{Adjoint, Slot, Trace, known_op};

/// Digits of what is only looked at.
const FEW: usize = 4;

fn few(x: f64) -> String {
    Digits::new(x).significant(FEW).to_string()
}

impl fmt::Display for Health<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace;
        match trace.loss() {
            Some(loss) => {
                writeln!(
                    f,
                    "# health of {} = {}",
                    trace.label(loss),
                    Digits::new(trace.value(loss))
                )?;
            }
            None if trace.outputs().is_empty() => writeln!(f, "# health; adjoints: not computed")?,
            None => writeln!(f, "# health of {}", count(trace.outputs().len(), "output"))?,
        }
        if let Some(omitted) = trace.omitted() {
            writeln!(f, "# left out: {omitted}")?;
        }
        self.forward(f)?;
        self.backward(f)?;
        self.adjoints(f)?;
        self.saturated(f)?;
        self.subnormal(f)
    }
}

impl Health<'_> {
    fn named(&self, slot: Slot) -> String {
        let op = &self.trace.nodes()[self.trace.spot(slot).node].op;
        let label = self.trace.label(slot);
        match self.place(slot) {
            Some(place) => format!("{label} ({op}, at {place})"),
            None => format!("{label} ({op})"),
        }
    }

    fn forward(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace;
        let Some(first) = self.first_value() else {
            return writeln!(f, "forward: every one of {} is finite", count(trace.len(), "value"));
        };
        let ill: Vec<Slot> = trace.slots().filter(|&slot| !trace.value(slot).is_finite()).collect();
        writeln!(f, "forward: {} of {} not finite", ill.len(), count(trace.len(), "value"))?;
        writeln!(f, "  the first: {} is {}", self.named(first), Digits::new(trace.value(first)))?;
        self.computed_from(f, first)?;
        // An infinity, and the NaN that was made of it.
        let nan = ill.into_iter().find(|&slot| trace.value(slot).is_nan());
        if let Some(nan) = nan.filter(|_| !trace.value(first).is_nan()) {
            writeln!(f, "  the first NaN: {}", self.named(nan))?;
            self.computed_from(f, nan)?;
        }
        Ok(())
    }

    fn computed_from(&self, f: &mut fmt::Formatter<'_>, slot: Slot) -> fmt::Result {
        let trace = self.trace;
        let spot = trace.spot(slot);
        let node = &trace.nodes()[spot.node];
        if node.operands.is_empty() {
            return writeln!(f, "    it was given so");
        }
        let elementwise = matches!(known_op(&node.op), Some(Op::Unary(_) | Op::Binary(_)));
        let mut texts = Vec::new();
        for operand in &node.operands {
            let strided = trace.resolve(&operand.elements);
            let wide = strided.broadcast_to(&node.shape).filter(|_| elementwise).unwrap_or(strided);
            let slots: Vec<Slot> = wide.slots().map(Slot).collect();
            let of_element = slots.get(spot.position).filter(|_| elementwise);
            let largest =
                |slots: &[Slot]| slots.iter().map(|&s| trace.value(s).abs()).fold(0.0, f64::max);
            match (of_element, slots.as_slice()) {
                (Some(&one), _) | (None, &[one]) => {
                    texts.push(format!("{} = {}", trace.label(one), few(trace.value(one))));
                }
                (None, many) => {
                    let path = trace.label_of(many[0]).path;
                    texts.push(format!(
                        "{path} ({}, the largest {})",
                        count(many.len(), "number"),
                        few(largest(many))
                    ));
                }
            }
        }
        writeln!(f, "    computed from {}", texts.join(", "))
    }

    fn backward(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace;
        let computed: Vec<f64> = trace.slots().filter_map(|slot| self.computed(slot)).collect();
        let all = computed.len();
        if all == 0 {
            return writeln!(f, "backward: no adjoint was computed");
        }
        let Some(first) = self.first_adjoint() else {
            return writeln!(f, "backward: every one of {} is finite", count(all, "adjoint"));
        };
        let ill = computed.iter().filter(|x| !x.is_finite()).count();
        writeln!(f, "backward: {ill} of {} not finite", count(all, "adjoint"))?;
        writeln!(f, "  the first: that of {} is {}", self.named(first), trace.adjoint(first))?;
        let ledger = trace.ledger(first);
        if let Some(seed) = ledger.seed().filter(|seed| !seed.is_finite()) {
            return writeln!(f, "    the sweep was started so: {}", few(seed));
        }
        let term = ledger.contributions().iter().find(|term| !term.product.is_finite());
        match term {
            Some(term) => writeln!(
                f,
                "    from {}: the partial {} times the adjoint {}",
                self.named(term.reader),
                few(term.partial),
                few(term.adjoint)
            ),
            None if !trace.is_explained(first) => writeln!(f, "    a reader's op is not explained"),
            None if !ledger.sum().is_finite() => {
                writeln!(f, "    a sum of finite contributions that is too large")
            }
            // Another program's: here a zero adjoint passes nothing on.
            None => writeln!(
                f,
                "    its contributions add up to {}; the program that wrote the trace has another rule, for 0 times inf perhaps",
                few(ledger.sum())
            ),
        }
    }

    fn adjoints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers();
        if layers.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "adjoints by scope (rms: root mean square; vanishing or exploding: a factor {} to the last scope)",
            few(self.spread)
        )?;
        let mut columns = Columns::indented(2);
        let titles = ["scope", "numbers", "rms", "largest", "rms of parameters", "to the last", ""];
        columns.row(titles.map(str::to_owned));
        for layer in &layers {
            let scope = if layer.scope.is_empty() { "(root)" } else { &layer.scope };
            let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), few);
            let nodes = |x: f64| if layer.numbers > 0 { few(x) } else { "-".to_owned() };
            columns.row([
                scope.to_owned(),
                layer.numbers.to_string(),
                nodes(layer.rms),
                nodes(layer.largest),
                number(layer.parameters),
                number(layer.of_last.filter(|_| !layer.scope.is_empty())),
                self.verdict(layer).unwrap_or("").to_owned(),
            ]);
        }
        write!(f, "{columns}")
    }

    fn saturated(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.saturation();
        if found.is_empty() {
            return writeln!(
                f,
                "saturated: no sigmoid or tanh with a slope below {}, no relu that is shut",
                few(self.slope)
            );
        }
        writeln!(f, "saturated: a slope below {}; of a relu, shut", few(self.slope))?;
        for of in found {
            let scope = if of.scope.is_empty() { "(root)" } else { &of.scope };
            writeln!(
                f,
                "  {scope}: {} of {}, the first {}{}",
                of.saturated,
                count(of.numbers, &of.op),
                self.trace.label(of.first),
                at(self.trace, of.first)
            )?;
        }
        Ok(())
    }

    fn subnormal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (values, adjoints) = (self.subnormal_values(), self.subnormal_adjoints());
        let (values, adjoints): (Vec<Slot>, Vec<Slot>) = (values.collect(), adjoints.collect());
        if values.is_empty() && adjoints.is_empty() {
            return writeln!(f, "subnormal: no value and no adjoint");
        }
        writeln!(
            f,
            "subnormal: {} and {}",
            count(values.len(), "value"),
            count(adjoints.len(), "adjoint")
        )?;
        if let Some(&first) = values.first() {
            writeln!(
                f,
                "  the first value: {} is {}",
                self.named(first),
                few(self.trace.value(first))
            )?;
        }
        if let Some(&first) = adjoints.first()
            && let Adjoint::Computed(number) = self.trace.adjoint(first)
        {
            writeln!(
                f,
                "  the first adjoint of the sweep: that of {} is {}",
                self.named(first),
                few(*number)
            )?;
        }
        Ok(())
    }
}

/// ` = 0.9999 at z = 9.2`.
fn at(trace: &Trace, slot: Slot) -> String {
    let spot = trace.spot(slot);
    let operand = trace.slots_read(&trace.nodes()[spot.node].operands[0]).nth(spot.position);
    let z = operand
        .map_or_else(String::new, |z| format!(" at {} = {}", trace.label(z), few(trace.value(z))));
    format!(" = {}{z}", few(trace.value(slot)))
}
