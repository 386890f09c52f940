//! Which parameters a gradient reaches, and where the path of the others was cut.

use std::collections::BTreeMap;
use std::fmt;
use std::mem::{Discriminant, discriminant};

use wengert::op::{Op, Structural};
use wengert::rulebook::rules::Partial;

use crate::columns::count;
use crate::digits::Digits;
use crate::trace::{Adjoint, Slot, Trace, known_op};

/// Stops of one number that are kept before the rest is counted.
const KEPT: usize = 3;

/// For every parameter: reached, or where its path to the output was cut, with names and source
/// lines.
///
/// A derivative that stops silently is the most expensive mistake of its kind: training goes on,
/// and does not train. So each number whose adjoint is no number that the sweep computed is
/// followed forward along everything that reads it, to each place where the derivative stops
/// ([`Why`]). Parameters are those of [`Trace::parameters`].
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Severance, Trace, Why};
///
/// let tape = wengert::Tape::new();
/// let x = tape.data([1.0]).at(0).named("x");
/// let (w, v, idle) = (tape.param(2.0).named("w"), tape.param(3.0).named("v"), tape.param(1.0).named("idle"));
/// let loss = (w * x + v.detach() * x).square().named("L");
/// let trace = Trace::of(&loss.backward())?;
///
/// let severance = Severance::new(&trace);
/// let cut: Vec<String> = severance.parameters().into_iter().filter(|p| p.reached == 0).map(|p| p.path).collect();
/// assert_eq!(cut, ["v", "idle"]);
/// assert_eq!(severance.parameters()[1].severed[0].stops[0].why, Why::Detached);
/// println!("{severance}");
/// # let _ = idle;
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Severance<'a> {
    trace: &'a Trace,
}

/// What became of a parameter, or of a part of a block that has a name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reach {
    /// What a reader calls it, without subscripts.
    pub path: String,
    /// Its extents; none for a single number.
    pub shape: Vec<usize>,
    /// The line of source that made or named it.
    pub place: Option<String>,
    /// How many numbers it has.
    pub numbers: usize,
    /// Of how many the derivative was computed.
    pub reached: usize,
    /// How many of those came out as 0, by cancelling, by underflow, or by a zero that was
    /// computed.
    pub zeros: usize,
    /// The others, by the places where they stop.
    pub severed: Vec<Severed>,
}

/// Numbers whose derivative stops at the same places.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Severed {
    /// How many.
    pub numbers: usize,
    /// Whether there is no path at all; else the derivative is zero for the reasons given.
    pub no_path: bool,
    /// Where; the first few.
    pub stops: Vec<Stop>,
    /// How many more places there are, at least.
    pub more: usize,
}

/// A place where a derivative stops. It displays as words.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stop {
    /// The reason.
    pub why: Why,
    /// The path of the node where it stops.
    pub node: String,
    /// Its op.
    pub op: String,
    /// The line of source that recorded or named it.
    pub place: Option<String>,
    /// Of a factor that is 0: how many of the numbers are multiplied by other factors there, which
    /// are 0 too.
    pub others: usize,
}

/// Why a derivative goes no further.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Why {
    /// Nothing was differentiated, or the number was recorded after what was.
    NotComputed,
    /// Nothing reads the node.
    Unread,
    /// The node reads it through a detached handle.
    Detached,
    /// The node's function is piecewise constant: `floor`, `indicator_gt`, the exponent of `powi`.
    PiecewiseConstant,
    /// The node is a `select` that chose the other branch.
    NotSelected,
    /// The node is the largest or smallest of several, and this is not it.
    NotChosen,
    /// The node multiplies it with a factor that is 0; its path.
    ZeroFactor(String),
    /// The node's function has the slope 0 here: `relu` below 0.
    NoSlope,
    /// The node was recorded after what was differentiated.
    AfterOutput,
    /// The node has an op that cannot be explained.
    Unexplained,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, op) = (&self.node, &self.op);
        match &self.why {
            Why::NotComputed => {
                return f.write_str("not computed: recorded after what was differentiated");
            }
            Why::Unread => write!(f, "it leads to {node}, which nothing reads")?,
            Why::Detached => write!(f, "detached where {node} reads it")?,
            Why::PiecewiseConstant => write!(f, "{node} is piecewise constant")?,
            Why::NotSelected => write!(f, "{node} chose the other branch")?,
            Why::NotChosen => write!(f, "{node} chose another element")?,
            Why::ZeroFactor(factor) if self.others == 0 => {
                write!(f, "multiplied by {factor} = 0 in {node}")?
            }
            Why::ZeroFactor(factor) => {
                let others = count(self.others, "more such factor");
                write!(f, "multiplied by {factor} = 0, and {others}, in {node}")?;
            }
            Why::NoSlope => write!(f, "the slope of {node} is 0 here")?,
            Why::AfterOutput => write!(f, "{node} was recorded after what was differentiated")?,
            Why::Unexplained => write!(f, "{node} has an op that is not explained")?,
        }
        match &self.place {
            Some(place) => write!(f, " ({op}, at {place})"),
            None => write!(f, " ({op})"),
        }
    }
}

/// A stop by indices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    node: usize,
    why: Why,
}

/// Where some numbers stop, whatever the factors are.
type Alike = Vec<(usize, Discriminant<Why>)>;

/// What is known of a number that no derivative came from.
#[derive(Clone, Debug, Default)]
struct Stops {
    keys: Vec<Key>,
    more: usize,
}

impl Stops {
    fn add(&mut self, key: Key) {
        if self.keys.contains(&key) {
            return;
        }
        if self.keys.len() < KEPT { self.keys.push(key) } else { self.more += 1 }
    }
}

impl<'a> Severance<'a> {
    /// The report on a trace.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Severance { trace }
    }

    /// Every parameter in order, computed anew on each call.
    #[must_use]
    pub fn parameters(&self) -> Vec<Reach> {
        let trace = self.trace;
        let stops = self.stops();
        let mut order: Vec<&str> = Vec::new();
        let mut by_path: BTreeMap<&str, Vec<Slot>> = BTreeMap::new();
        for slot in trace.parameters() {
            let path = trace.label_of(slot).path;
            by_path.entry(path).or_insert_with(|| {
                order.push(path);
                Vec::new()
            });
            by_path.entry(path).and_modify(|slots| slots.push(slot));
        }
        order.into_iter().map(|path| self.reach(path, &by_path[path], &stops)).collect()
    }

    fn reach(&self, path: &str, slots: &[Slot], stops: &BTreeMap<usize, Stops>) -> Reach {
        let trace = self.trace;
        let mut reach = Reach {
            path: path.to_owned(),
            shape: trace.label_of(slots[0]).shape.to_vec(),
            place: trace.place_of(slots[0]).map(str::to_owned),
            numbers: slots.len(),
            reached: 0,
            zeros: 0,
            severed: Vec::new(),
        };
        let mut groups: Vec<(Severed, Alike)> = Vec::new();
        for &slot in slots {
            if let Adjoint::Computed(number) = trace.adjoint(slot) {
                reach.reached += 1;
                reach.zeros += usize::from(*number == 0.0);
                continue;
            }
            let no_path = !matches!(trace.adjoint(slot), Adjoint::Zero(_));
            let found = stops.get(&slot.index()).cloned().unwrap_or_default();
            let alike: Alike =
                found.keys.iter().map(|key| (key.node, discriminant(&key.why))).collect();
            let group =
                groups.iter_mut().find(|(of, keys)| of.no_path == no_path && *keys == alike);
            let Some((group, _)) = group else {
                let stops = found.keys.iter().map(|key| self.stop(key)).collect();
                groups.push((Severed { numbers: 1, no_path, stops, more: found.more }, alike));
                continue;
            };
            group.numbers += 1;
            group.more = group.more.max(found.more);
            for (stop, key) in group.stops.iter_mut().zip(&found.keys) {
                stop.others += usize::from(stop.why != key.why);
            }
        }
        reach.severed = groups.into_iter().map(|(group, _)| group).collect();
        reach
    }

    fn stop(&self, key: &Key) -> Stop {
        let node = &self.trace.nodes()[key.node];
        let first = self.trace.at(crate::trace::Spot { node: key.node, position: 0 });
        Stop {
            why: key.why.clone(),
            node: node.path.clone(),
            op: node.op.clone(),
            place: self.trace.place_of(first).map(str::to_owned),
            others: 0,
        }
    }

    /// Where each number stops that no derivative came from. Readers stand later on the tape, so a
    /// walk from its end knows of each of them.
    fn stops(&self) -> BTreeMap<usize, Stops> {
        let trace = self.trace;
        let outputs: Vec<Slot> = trace.outputs().iter().map(|output| trace.at(output.of)).collect();
        let without = |slot: Slot| !matches!(trace.adjoint(slot), Adjoint::Computed(_));
        let mut stops: BTreeMap<usize, Stops> = BTreeMap::new();
        for (index, node) in trace.nodes().iter().enumerate().rev() {
            for slot in
                trace.slots_of(index).filter(|&slot| without(slot) && !outputs.contains(&slot))
            {
                let why = if *trace.adjoint(slot) == Adjoint::NotComputed {
                    Why::NotComputed
                } else {
                    Why::Unread
                };
                let stop = stops.entry(slot.index()).or_default();
                if why == Why::NotComputed {
                    *stop = Stops { keys: vec![Key { node: index, why }], more: 0 };
                } else if stop.keys.is_empty() {
                    stop.add(Key { node: index, why });
                }
            }
            let known = trace.says_jacobian(index);
            for operand in node.operands.iter().filter(|operand| operand.cut || !known) {
                let why = if operand.cut { Why::Detached } else { Why::Unexplained };
                for slot in trace.slots_read(operand).filter(|&slot| without(slot)) {
                    stops
                        .entry(slot.index())
                        .or_default()
                        .add(Key { node: index, why: why.clone() });
                }
            }
            trace.jacobian(index, |entry| {
                if !without(Slot(entry.slot)) {
                    return;
                }
                let reader = Slot(entry.reader);
                let why = match (entry.partial, entry.factor) {
                    _ if *trace.adjoint(reader) == Adjoint::NotComputed => Some(Why::AfterOutput),
                    (Partial::Zero, _) if !node.partials.is_empty() => Some(Why::NoSlope),
                    (Partial::Zero, _) => Some(flat(&node.op)),
                    (partial, factor) if partial.value(0.0) == 0.0 => Some(match factor {
                        Some(factor) => Why::ZeroFactor(trace.label(Slot(factor))),
                        None => Why::NoSlope,
                    }),
                    _ => None,
                };
                match why {
                    Some(why) => stops.entry(entry.slot).or_default().add(Key { node: index, why }),
                    None => {
                        let passed = stops.get(&entry.reader).cloned().unwrap_or_default();
                        let own = stops.entry(entry.slot).or_default();
                        passed.keys.into_iter().for_each(|key| own.add(key));
                        own.more = own.more.max(passed.more);
                    }
                }
            });
        }
        stops
    }
}

/// Why an op passes nothing on wherever it is evaluated.
fn flat(op: &str) -> Why {
    match known_op(op) {
        Some(Op::Structural(Structural::Select)) => Why::NotSelected,
        Some(Op::Structural(_)) => Why::NotChosen,
        _ => Why::PiecewiseConstant,
    }
}

impl Severance<'_> {
    fn line(f: &mut fmt::Formatter<'_>, reach: &Reach) -> fmt::Result {
        let shape =
            if reach.shape.is_empty() { String::new() } else { format!(" {:?}", reach.shape) };
        let place = reach.place.as_ref().map_or_else(String::new, |place| format!(", at {place}"));
        let verdict = if reach.reached > 0 {
            "reached"
        } else if reach.severed.iter().any(|severed| severed.no_path) {
            "cut"
        } else {
            "zero"
        };
        let counted = if reach.reached == 0 || reach.severed.is_empty() {
            String::new()
        } else {
            format!(": {} of {} numbers", reach.reached, reach.numbers)
        };
        writeln!(f, "{verdict:7}  {}{shape}{place}{counted}", reach.path)?;
        if reach.zeros > 0 {
            writeln!(f, "           {} of them came out as 0", reach.zeros)?;
        }
        for severed in &reach.severed {
            let mut texts: Vec<String> =
                severed.stops.iter().map(|stop| Self::words(reach, stop)).collect();
            if severed.more > 0 {
                texts.push("and more".to_owned());
            }
            let answer = match severed.stops.first() {
                Some(Stop { why: Why::NotComputed, .. }) => "",
                _ if severed.no_path => "no path: ",
                _ => "zero: ",
            };
            let numbers = if severed.numbers == reach.numbers && reach.numbers == 1 {
                String::new()
            } else if severed.numbers == reach.numbers {
                format!("all {} numbers, ", reach.numbers)
            } else {
                format!("{}, ", count(severed.numbers, "number"))
            };
            writeln!(f, "           {numbers}{answer}{}", texts.join("; "))?;
        }
        Ok(())
    }

    fn words(reach: &Reach, stop: &Stop) -> String {
        // The parameter itself, or the block that it is a part of.
        let own = stop.why == Why::Unread
            && (stop.node == reach.path || stop.op == "param" || stop.op == "input");
        if own { "nothing reads it".to_owned() } else { stop.to_string() }
    }
}

impl fmt::Display for Severance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace;
        match trace.loss() {
            Some(loss) => {
                let value = Digits::new(trace.value(loss));
                writeln!(
                    f,
                    "# severance: which parameters the gradient of {} = {value} reaches",
                    trace.label(loss)
                )?;
            }
            None if trace.outputs().is_empty() => {
                writeln!(f, "# severance: nothing was differentiated, so no parameter is reached")?;
            }
            None => writeln!(
                f,
                "# severance: which parameters the {} outputs reach",
                trace.outputs().len()
            )?,
        }
        if let Some(omitted) = trace.omitted() {
            writeln!(f, "# left out: {omitted}")?;
        }
        let parameters = self.parameters();
        let whole = parameters.iter().filter(|reach| reach.severed.is_empty()).count();
        let none = parameters.iter().filter(|reach| reach.reached == 0).count();
        let partly = parameters.len() - whole - none;
        writeln!(
            f,
            "# {}: {whole} reached, {partly} reached in part, {none} not reached",
            count(parameters.len(), "parameter")
        )?;
        parameters.iter().try_for_each(|reach| Self::line(f, reach))
    }
}
