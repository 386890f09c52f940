//! Where a derivative went wrong whose values are right: between the number that differs and what
//! agrees nearer to the output.

use std::collections::BTreeSet;

use super::align::Aligned;
use crate::trace::{Slot, Trace};

/// Nodes that a line names before it counts the rest.
const SHOWN: usize = 3;

/// A line that names the reader, or brackets the fault by what agrees; `None` if nothing that reads
/// the number is stated.
pub(super) fn between(
    ours: &Trace,
    aligned: &Aligned,
    slot: Slot,
    differs: &dyn Fn(usize) -> bool,
) -> Option<String> {
    let node = ours.spot(slot).node;
    let stated =
        |node: usize| ours.slots_of(node).all(|slot| aligned.adjoints[slot.index()].is_some());
    let (mut steps, mut agreeing, mut suspect) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::from([node]));
    for reader in node + 1..ours.nodes().len() {
        let reads = ours.nodes()[reader].operands.iter().filter(|operand| !operand.cut);
        let mut read = reads.map(|operand| operand.elements.first.node);
        if !read.any(|read| suspect.contains(&read)) {
            continue;
        }
        if stated(reader) {
            if ours.slots_of(reader).any(|slot| differs(slot.index())) {
                return None;
            }
            agreeing.insert(reader);
        } else {
            suspect.insert(reader);
        }
        steps.insert(reader);
    }
    if agreeing.is_empty() {
        return None;
    }
    let path = |&node: &usize| ours.nodes()[node].path.clone();
    let own = ours.label_of(slot).path;
    let right: Vec<String> = agreeing.iter().take(SHOWN).map(path).collect();
    let more = agreeing.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let agrees = if agreeing.len() == 1 { "agrees" } else { "agree" };
    let text = format!("{}{more} {agrees}, so the fault is between {own} and it", right.join(", "));
    let text = if agreeing.len() == 1 { text } else { text.replace(" and it", " and them") };
    let place = |&node: &usize| {
        let of = &ours.nodes()[node];
        let at = of.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        format!("{} {}{at}", of.op, of.path)
    };
    let mut through: Vec<String> = steps.iter().take(SHOWN).map(place).collect();
    if steps.len() > SHOWN {
        through.push(format!("{} more", steps.len() - SHOWN));
    }
    Some(format!("{text}: in {}", through.join(", ")))
}
