//! How often something can be differentiated: any number of times, but for functions of plain
//! numbers, of which a derivative is known at most.

use std::sync::Arc;

use super::{Attributes, External, ExternalPart};

/// How often something can be differentiated, and whose limit that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Once, if a derivative was given; or not at all.
    pub times: u8,
    /// The function that nothing more is known of.
    pub external: Arc<External>,
}

impl Limit {
    /// The one that allows least.
    pub fn least(limits: impl IntoIterator<Item = Limit>) -> Option<Limit> {
        limits.into_iter().min_by_key(|limit| limit.times)
    }
}

impl Attributes {
    /// How often a step with these attributes, of so many operands, can be differentiated by one of
    /// them; any number of times if nothing is said.
    #[must_use]
    pub fn limit(&self, operands: usize, operand: usize) -> Option<Limit> {
        let by = |external: &Arc<External>, times: u8| {
            Some(Limit { times, external: Arc::clone(external) })
        };
        match self {
            Attributes::External(external, ExternalPart::Value) => {
                by(external, u8::from(external.has_rule()))
            }
            // Linear in the cotangent, and in the tangents.
            Attributes::External(_, ExternalPart::Pullback) if operand + 1 == operands => None,
            Attributes::External(_, ExternalPart::Pushforward) if operand > operands / 2 => None,
            Attributes::External(external, _) => by(external, 0),
            Attributes::Call(call) => call.rule.as_ref().unwrap_or(&call.body).limit().cloned(),
            Attributes::Scan(scan) => scan.body.limit().cloned(),
            Attributes::Root(root) => root.body.limit().cloned(),
            Attributes::Cond(cond) => {
                Limit::least([&cond.yes, &cond.no].into_iter().filter_map(|b| b.limit().cloned()))
            }
            _ => None,
        }
    }

    /// The functions of plain numbers that a step with these attributes runs.
    pub fn externals(&self) -> impl Iterator<Item = &Arc<External>> {
        let (own, bodies) = match self {
            Attributes::External(external, _) => (Some(external), [None, None]),
            Attributes::Call(call) => (None, [Some(&call.body), call.rule.as_ref()]),
            Attributes::Scan(scan) => (None, [Some(&scan.body), None]),
            Attributes::Root(root) => (None, [Some(&root.body), None]),
            Attributes::Cond(cond) => (None, [Some(&cond.yes), Some(&cond.no)]),
            _ => (None, [None, None]),
        };
        own.into_iter().chain(bodies.into_iter().flatten().flat_map(|body| body.externals()))
    }
}
