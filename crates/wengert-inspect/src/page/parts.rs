//! The parts of the page that are the same whatever is shown.

use std::fmt::{self, Write};

/// What of the graph is written otherwise than in code.
pub(super) fn on_paper(f: &mut impl Write, forms: &[(&str, &str)]) -> fmt::Result {
    for (index, (op, form)) in forms.iter().enumerate() {
        let before =
            if index == 0 { "</p>\n<p class=\"legend\">on paper and in code: " } else { " · " };
        write!(f, "{before}<b>{form}</b> {op}")?;
    }
    writeln!(f, "</p>")
}

pub(super) const TOP: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"#;

pub(super) const SEARCH: &str = r#"<form id="find" class="scripts" role="search" onsubmit="return false"><label><span hidden>find a node</span>
<input id="search" type="search" list="names" placeholder="find a node   /" aria-label="find a node by name" aria-describedby="matches" autocomplete="off"></label><output id="matches" for="search" aria-live="polite"></output>"#;

pub(super) const CONTROLS: &str = r#"<div id="phase" class="scripts" role="group" aria-label="time">
<button id="first" title="to the start (Home)" aria-label="to the start"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3h2v10H2zM14 3v10L5 8z"/></svg></button><button id="back" title="one step back (←)" aria-label="one step back"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M12 3v10L4 8z"/></svg></button>
<button id="play">Play</button>
<button id="on" title="one step on (→)" aria-label="one step on"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M4 3v10l8-5z"/></svg></button><button id="last" title="to the end (End)" aria-label="to the end"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M12 3h2v10h-2zM2 3v10l9-5z"/></svg></button>
<input id="time" type="range" min="0" max="0" step="1" aria-label="step"><output id="said" for="time" aria-live="polite"></output>
<button id="smaller" title="smaller" aria-label="smaller">−</button><button id="larger" title="larger" aria-label="larger">+</button><button id="fit">Fit</button>"#;

/// Which derivative of a pre-activation is shown.
pub(super) const SHOWS: &str = r#"
<fieldset id="shows"><legend class="unseen">of a neuron show</legend>
<label><input type="radio" name="shows" value="both" checked> ∂ and δ</label>
<label><input type="radio" name="shows" value="adjoint"> ∂ <span class="unseen">, the adjoint,</span> alone</label>
<label><input type="radio" name="shows" value="delta"> δ <span class="unseen">, the delta,</span> alone</label></fieldset>
"#;

/// What the colours and lines mean.
pub(super) const LEGEND: &str = r#"<p class="legend"><span class="value">blue</span> a value, forward · <span class="adjoint">∂</span> its adjoint, the derivative of the last node by it, backward · on an arrow the local partial · <span class="cut">dashed</span> no derivative passes"#;

pub(super) const DELTA_KEY: &str = r#" · <span class="delta">δ</span> a neuron's delta: the adjoint of its z with the other sign, δ = −∂, so that a step adds rate · δ · input"#;

pub(super) const DETAIL: &str = r#"<div id="detail" class="scripts" role="region" aria-label="the chosen node" tabindex="0"><p id="hint">Choose a node to see its value, its adjoint, and what it was added up from. Keys: ← → step, Home and End, / search.</p><div id="panel"></div></div>"#;

/// Moves through the epochs of a training.
pub(super) const TRAINING: &str = r#"
<span id="training-controls" role="group" aria-label="training"><button id="train">Play the training</button>
<input id="epoch" type="range" min="0" max="0" step="1" aria-label="epoch"><output id="epoch-said" for="epoch" aria-live="polite"></output></span>
"#;
