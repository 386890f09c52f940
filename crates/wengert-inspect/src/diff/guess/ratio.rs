//! A factor between two numbers.

use std::collections::BTreeSet;

use super::Guessing;

impl Guessing<'_> {
    pub(super) fn plain_ratio(&self, ratio: f64) -> Option<String> {
        let sign = if ratio < 0.0 { ", and the sign is flipped" } else { "" };
        match ratio.abs() {
            r if self.is(r, 1.0) && ratio < 0.0 => {
                Some("the sign is flipped (the ratio is -1)".to_owned())
            }
            r if self.is(r, 2.0) => {
                let mean = self.halved().filter(|&(_, of)| of > 1);
                let mean =
                    mean.map(|(from, of)| format!(", or a mean over {of} instead of {from}"));
                let mean = mean.unwrap_or_default();
                Some(format!("a factor 2 (is there a 1/2 in the loss?){mean}{sign}"))
            }
            r if self.is(r, 0.5) => {
                let mean = match self.halved() {
                    Some((_, 1)) => ", or a mean over 2 where it is a sum".to_owned(),
                    Some((from, of)) => format!(", or a mean over {from} instead of {of}"),
                    None => String::new(),
                };
                Some(format!("a factor 1/2 (is there a 1/2 in the loss?){mean}{sign}"))
            }
            _ => None,
        }
    }

    /// Two numbers of elements on the tape of which one is half the other, the largest: what a mean
    /// may have been taken over.
    pub(super) fn halved(&self) -> Option<(usize, usize)> {
        // What is added up on this tape is the likelier to have been counted otherwise.
        let sums = self.star.nodes().iter().filter(|node| node.op == "sum");
        let lengths = sums.map(|node| {
            node.operands.iter().map(|of| of.elements.shape.iter().product::<usize>()).sum()
        });
        let longest: Option<usize> = lengths.max();
        let mut counts = self.counts();
        counts.insert(1);
        let half = |length: &usize| {
            *length > 2 && length.is_multiple_of(2) && counts.contains(&(length / 2))
        };
        if let Some(longest) = longest.filter(half) {
            return Some((longest, longest / 2));
        }
        let mut pairs = counts.iter().rev().map(|&count| (count, count / 2));
        pairs.find(|&(from, of)| from == 2 * of && counts.contains(&of))
    }

    /// How many elements there are along axes and in nodes.
    pub(super) fn counts(&self) -> BTreeSet<usize> {
        let mut counts: BTreeSet<usize> = BTreeSet::new();
        for node in self.star.nodes() {
            counts.extend(&node.shape);
            counts.insert(node.values.len());
        }
        counts
    }

    /// What has so many elements: the first node that has a name, an axis of one.
    fn of_count(&self, count: usize) -> String {
        let named = || self.star.nodes().iter().filter(|node| node.named).rev();
        let whole = named().find(|node| node.values.len() == count);
        if let Some(node) = whole {
            return format!("the {count} elements of {}", node.path);
        }
        let axis = named().find_map(|node| {
            let axis = node.shape.iter().position(|&extent| extent == count)?;
            Some(format!("the {count} along axis {axis} of {}", node.path))
        });
        axis.unwrap_or_else(|| format!("{count} elements"))
    }

    /// The count of something, or of one over another: a sum where a mean was meant.
    pub(super) fn extent(&self, ratio: f64) -> Option<String> {
        let (factor, text) =
            if ratio.abs() > 1.0 { (ratio.abs(), "") } else { (1.0 / ratio.abs(), "1/") };
        let sign = if ratio < 0.0 { "; and the sign is flipped" } else { "" };
        let counts = self.counts();
        let is = |count: &usize| *count > 2 && self.is(factor, *count as f64);
        if let Some(count) = counts.iter().copied().find(is) {
            let how =
                if text.is_empty() { "a sum instead of a mean" } else { "a mean instead of a sum" };
            let of = self.of_count(count);
            return Some(format!("a factor {text}{count}: {how} over {of}?{sign}"));
        }
        let root = |count: &usize| *count > 2 && self.is(factor * factor, *count as f64);
        let count = counts.iter().copied().find(root)?;
        Some(format!(
            "a factor {text}sqrt({count}): scaled by the root of an extent of {count}?{sign}"
        ))
    }
}
