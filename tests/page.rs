//! The page in a browser: what it shows at each step and of each node, against the trace.

#[path = "browser/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
pub(crate) mod browser;

use browser::{Seen, chromium, open};
use serde_json::Value;
use wengert::Tape;
use wengert_inspect::{Adjoint, Boundary, Digits, Page, Picture, Slot, Trace};
use wengert_layers::{Activation, Granularity, Init, Mlp};

fn traced(sizes: &[usize], granularity: Granularity) -> Trace {
    let mlp = Mlp::new(sizes, Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let tape = Tape::new();
    // Few of many inputs are lit, as in a picture of a digit, so that no sigmoid is saturated.
    let lit = |i: usize| {
        if sizes[0] > 9 { f64::from(i.is_multiple_of(97)) / 2.0 } else { f64::from(i == 0) }
    };
    let x: Vec<f64> = (0..sizes[0]).map(lit).collect();
    let target: Vec<f64> = (0..sizes[sizes.len() - 1]).map(|i| f64::from(i == 1)).collect();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(&x).named("x"));
    let loss = pass.half_squared_error(tape.data(&target).named("target"));
    Trace::of(&loss.backward()).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|text| text.as_str().expect("a text").to_owned())
        .collect()
}

/// The paths of the boxes in their order, each with its slots.
fn boxes(trace: &Trace, page: &str) -> Vec<(String, Vec<Slot>)> {
    let rows = page.split("<tr id=\"n").skip(1);
    rows.map(|row| {
        let path = row.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
        let slots = trace.find(&path).unwrap_or_else(|| panic!("{path}")).slots().to_vec();
        (path, slots)
    })
    .collect()
}

/// Opens every scope, whatever the window has room for.
const OPEN_ALL: &str = "state.open = state.open.map(() => true); draw(); show();";

const READ_BOXES: &str = "
    state.open = state.open.map(() => true); draw(); show();
    const shownNow = (style) => [...document.querySelectorAll('.wg-box[data-v]')]
        .sort((a, b) => a.dataset.v - b.dataset.v)
        .map((box) => seen(style, box)[0]).filter((text) => text !== undefined);";

#[test]
fn time_runs_forward_in_tape_order_and_backward_in_sweep_order() {
    let Some(chromium) = chromium() else { return };
    let trace = traced(&[2, 1, 2], Granularity::PerNeuron);
    let page = Page::of(&trace).to_string();
    let script = format!(
        "{READ_BOXES}
        press(document.getElementById('first'));
        for (let step = 0; step <= ends; step++) {{
            log([shownNow('.wg-value'), shownNow('.wg-adjoint'), byId('said').textContent,
                byId('time').value]);
            press(document.getElementById('on'));
        }}
        press(document.getElementById('back'));
        log(document.getElementById('said').textContent);"
    );
    let Seen { log, .. } = open(&chromium, &page, "", &script);
    let boxes = boxes(&trace, &page);
    // What is given comes at once, then one value after another.
    let given = |path: &str| {
        let node = trace.nodes().iter().find(|node| node.path == path);
        node.is_none_or(|node| node.operands.is_empty())
    };
    let leaves = boxes.iter().filter(|(path, _)| given(path)).count();
    assert!(leaves > 4);
    let computed: Vec<usize> = (0..boxes.len()).filter(|&i| !given(&boxes[i].0)).collect();
    let text = |number: f64| Digits::new(number).significant(4).to_string();
    let first = |text: &str| text.split(',').next().unwrap().trim_start_matches("∂ ").to_owned();
    let reached = |slots: &[Slot]| {
        slots
            .iter()
            .any(|&slot| matches!(trace.adjoint(slot), Adjoint::Computed(_) | Adjoint::Zero(_)))
    };
    let swept: Vec<&(String, Vec<Slot>)> =
        boxes.iter().rev().filter(|(_, slots)| reached(slots)).collect();
    assert_eq!(swept[0].0, "L");
    let forward = computed.len() + 1;
    assert_eq!(log.len(), forward + swept.len() + 2);
    for (step, seen) in log[..log.len() - 1].iter().enumerate() {
        let (values, adjoints) = (strings(&seen[0]), strings(&seen[1]));
        let known = |i: usize| match step {
            0 => false,
            _ => given(&boxes[i].0) || computed[..(step - 1).min(computed.len())].contains(&i),
        };
        let expected: Vec<String> = (0..boxes.len())
            .filter(|&i| known(i))
            .map(|i| text(trace.value(boxes[i].1[0])))
            .collect();
        let values: Vec<String> = values.iter().map(|value| first(value)).collect();
        assert_eq!(values, expected, "values at step {step}");
        let done = step.saturating_sub(forward);
        let last = step == forward + swept.len();
        let mut expected: Vec<String> = if last {
            boxes.iter().map(|(_, slots)| adjoint_text(&trace, slots[0])).collect()
        } else {
            swept[..done].iter().rev().map(|(_, slots)| adjoint_text(&trace, slots[0])).collect()
        };
        expected.iter_mut().for_each(|text| *text = first(text));
        let adjoints: Vec<String> = adjoints.iter().map(|adjoint| first(adjoint)).collect();
        assert_eq!(adjoints, expected, "adjoints at step {step}");
        let said = seen[2].as_str().unwrap();
        match step {
            0 => assert_eq!(said, "Nothing is computed yet."),
            _ if last => assert!(said.starts_with("Both passes done"), "{said}"),
            1 => assert_eq!(said, format!("forward 1 of {forward}: what is given, {leaves} nodes")),
            _ if step <= forward => {
                let path = on_paper(&boxes[computed[step - 2]].0);
                assert_eq!(said, format!("forward {step} of {forward}: value of {path}"));
            }
            _ => assert_eq!(
                said,
                format!(
                    "backward {done} of {}: adjoint of {}",
                    swept.len(),
                    on_paper(&swept[done - 1].0)
                )
            ),
        }
        assert_eq!(seen[3].as_str().unwrap(), step.to_string());
    }
    assert!(
        log[log.len() - 1].as_str().unwrap().starts_with("backward"),
        "one step back from the end"
    );
}

/// What a reader is told that a node without a name is.
fn on_paper(path: &str) -> &str {
    match path {
        "output/powi#1" | "output/powi#2" => "output/error²",
        "sum#1" => "Σ error²",
        named => named,
    }
}

fn adjoint_text(trace: &Trace, slot: Slot) -> String {
    match trace.adjoint(slot) {
        Adjoint::Computed(adjoint) => Digits::new(*adjoint).significant(4).to_string(),
        other => other.to_string(),
    }
}

/// Every node clicked: value, adjoint and ledger in all bits, source line, formula, and the lit
/// way.
#[test]
fn a_click_shows_what_the_trace_has() {
    let Some(chromium) = chromium() else { return };
    for (sizes, granularity) in
        [(&[2, 2, 2], Granularity::PerNeuron), (&[3, 4, 2], Granularity::PerLayer)]
    {
        let trace = traced(sizes, granularity);
        let page = Page::of(&trace).to_string();
        let script = &format!("{OPEN_ALL}{}", "
            for (const box of [...document.querySelectorAll('.wg-box[data-v]')].map((box) => box.dataset.v)) {
                press(document.querySelector(`.wg-box[data-v='${box}']`));
                const panel = document.getElementById('panel');
                const elements = [...panel.querySelectorAll('.numbers tr[data-slot]')].map((row) =>
                    row.dataset.slot);
                for (const slot of elements) {
                    if (elements.length > 1) press(panel.querySelector(`.numbers tr[data-slot='${slot}']`));
                    const row = panel.querySelector(`.numbers tr[data-slot='${slot}']`);
                    const sums = '.ledger table:not([hidden]) tr:not(:first-child)';
                    const ledger = [...panel.querySelectorAll(sums)]
                        .map((line) => [...line.cells].map((cell) => cell.textContent));
                    const formulas = '.formulas :not([hidden]) > .definition math, ' +
                        '.formulas .derivative math';
                    log([slot, seen('.node code', panel)[0], seen('.value', row)[0],
                        seen('.adjoint', row)[0], ledger,
                        seen('.place', panel)[0], panel.querySelectorAll(formulas).length,
                        [...document.querySelectorAll('.wg-box.lit')].map((lit) =>
                            Number(lit.dataset.v)).sort((a, b) => a - b),
                        document.querySelectorAll('.wg-box.chosen').length]);
                }
            }");
        let Seen { log, .. } = open(&chromium, &page, "", script);
        let boxes = boxes(&trace, &page);
        let slots: usize = boxes.iter().map(|(_, slots)| slots.len()).sum();
        assert_eq!(log.len(), slots, "every number was clicked");
        for seen in &log {
            let slot = trace.slots().nth(seen[0].as_str().unwrap().parse().unwrap()).unwrap();
            let label = trace.label(slot);
            assert!(label.starts_with(seen[1].as_str().unwrap()), "{label}: {seen}");
            let value: f64 = seen[2].as_str().unwrap().parse().unwrap();
            assert_eq!(value.to_bits(), trace.value(slot).to_bits(), "{label}");
            match trace.adjoint(slot) {
                Adjoint::Computed(adjoint) => {
                    let shown: f64 = seen[3].as_str().unwrap().parse().unwrap();
                    assert_eq!(shown.to_bits(), adjoint.to_bits(), "{label}");
                }
                words => assert_eq!(seen[3], words.to_string(), "{label}"),
            }
            check_ledger(&trace, slot, &seen[4]);
            let place = trace.nodes()[trace.spot(slot).node].place.clone();
            assert_eq!(seen[5], place.unwrap_or("source line not recorded".to_owned()));
            let explained = !matches!(trace.adjoint(slot), Adjoint::NotComputed);
            assert!(!explained || seen[6].as_u64().unwrap() > 0, "{label} has no formula");
            let mut way: Vec<usize> = vec![slot.index()];
            way.extend(trace.gradient_path(slot).iter().map(|step| step.reader.index()));
            let of = |slot: usize| {
                boxes.iter().position(|(_, slots)| slots.iter().any(|s| s.index() == slot))
            };
            let mut way: Vec<usize> = way.into_iter().filter_map(of).collect();
            way.sort_unstable();
            way.dedup();
            let lit: Vec<usize> =
                seen[7].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
            assert_eq!(lit, way, "the way from {label}");
            assert_eq!(seen[8], 1);
        }
    }
}

fn check_ledger(trace: &Trace, slot: Slot, shown: &Value) {
    let ledger = trace.ledger(slot);
    let number = |text: &str| text.trim_start_matches(['=', '×', ' ']).parse::<f64>().unwrap();
    let rows: Vec<Vec<String>> = shown.as_array().unwrap().iter().map(strings).collect();
    let lines: Vec<&Vec<String>> =
        rows.iter().filter(|row| !["seed", "sum"].contains(&row[0].as_str())).collect();
    assert_eq!(lines.len(), ledger.contributions().len(), "{}", trace.label(slot));
    for (line, of) in lines.iter().zip(ledger.contributions()) {
        assert_eq!(line[0], trace.label(of.reader));
        for (shown, of) in line[1..].iter().zip([of.partial, of.adjoint, of.product]) {
            assert_eq!(number(shown).to_bits(), of.to_bits());
        }
    }
    if let Some(sum) = rows.iter().find(|row| row[0] == "sum") {
        assert_eq!(number(&sum[3]).to_bits(), ledger.sum().to_bits());
    } else {
        assert!(lines.len() + usize::from(ledger.seed().is_some()) < 2);
    }
}

/// Frames, boxes and arrows of an SVG by their numbers.
fn geometry(svg: &str) -> (Vec<String>, Vec<String>) {
    let rects = svg
        .split("<rect ")
        .skip(1)
        .map(|rect| rect.split_once('>').unwrap().0.trim_end_matches('/').to_owned());
    let arrows = svg.split("<path class=\"wg-arrow").skip(1);
    let arrows = arrows
        .map(|arrow| arrow.split_once(" d=\"").unwrap().1.split_once('"').unwrap().0.to_owned());
    let mut found: (Vec<String>, Vec<String>) =
        (rects.filter(|rect| rect.starts_with("x=")).collect(), arrows.collect());
    found.0.sort();
    found
}

#[test]
fn a_row_of_the_table_is_an_address_too() {
    let Some(chromium) = chromium() else { return };
    let page = Page::of(&traced(&[2, 1, 2], Granularity::PerNeuron)).to_string();
    let script =
        "log(byId('panel').dataset.of); log(document.querySelectorAll('.wg-box.chosen').length);
        press(document.querySelector('[data-v=\"0\"]')); log(document.getElementById('panel').dataset.of);
        press(document.querySelector('.wg-frame rect')); log(document.querySelectorAll('.wg-frame').length);
        press(document.querySelector('.wg-strip')); log(document.querySelectorAll('.wg-frame').length);";
    let Seen { log, .. } = open(&chromium, &page, "#n2", script);
    assert_eq!((log[0].as_str(), &log[1]), (Some("output/0.w"), &Value::from(1)));
    assert_eq!(log[2], "hidden/0.w");
    assert_eq!(log[3], 5, "a click into a frame is not meant for the scope");
    assert_eq!(log[4], 3, "a click on its title closes it, and what is in it");
}

/// The page lays itself out as the crate does, whatever is open.
#[test]
fn scopes_open_and_close_to_the_layout_that_the_crate_computes() {
    let Some(chromium) = chromium() else { return };
    let trace = traced(&[9, 12, 5], Granularity::PerNeuron);
    let page = Page::of(&trace).to_string();
    let script = "
        const picture = () => { const copy = byId('picture').cloneNode(true);
            copy.querySelectorAll('defs').forEach((d) => d.remove()); return copy.innerHTML; };
        const toggle = (path) =>
            press(document.querySelector(`[data-key='open:${path}'], [data-key='close:${path}']`));
        state.open = data.groups.map((_, group) => data.open.includes(group)); draw();
        log(room()); log(picture());
        for (const path of ['hidden', 'hidden/3', 'output', 'hidden/11']) { toggle(path); log(picture()); }
        key('Enter', document.querySelector(`[data-key='close:hidden']`)); log(picture());
        log(location.hash);";
    let Seen { log, .. } = open(&chromium, &page, "", script);
    let room = log[0].as_f64().unwrap();
    assert!((700.0..1440.0).contains(&room), "{room} pixels for the graph");
    let log = &log[1..];
    let picture = Picture::new(&trace).values(true).adjoints(true).partials(true);
    let picture = picture.paper(true).digits(4).wrap(room);
    let opened = |path: &str| !picture.mermaid().to_string().contains(&format!("[[\"{path}<br/>"));
    let (hidden, output) = (opened("hidden"), opened("output"));
    assert!(!hidden && output, "what is open at first: hidden {hidden}, output {output}");
    // On the page what is open stays open, however many boxes are seen.
    let picture = (0..5).fold(picture, |picture, unit| picture.open(&format!("output/{unit}")));
    let one = picture.clone().open("hidden");
    let two = one.clone().open("hidden/3");
    let three = two.clone().collapse("output");
    let four = three.clone().open("hidden/11");
    let five = four.clone().collapse("hidden");
    for (index, picture) in [picture, one, two, three, four, five].iter().enumerate() {
        let (ours, theirs) =
            (geometry(&picture.svg().to_string()), geometry(log[index].as_str().unwrap()));
        assert!(ours.1.len() > 4 && ours.0.len() > 4);
        assert_eq!(theirs.0, ours.0, "rectangles at {index}");
        assert_eq!(theirs.1, ours.1, "arrows at {index}");
    }
    let hash = log[6].as_str().unwrap();
    assert!(hash.contains("close=output") && hash.contains("open=hidden%2F3"), "{hash}");
}

#[test]
fn a_link_leads_to_a_view_and_keys_and_search_work() {
    let Some(chromium) = chromium() else { return };
    let trace = traced(&[2, 2, 2], Granularity::PerNeuron);
    let page = Page::of(&trace).to_string();
    let script = "
        const said = () => byId('said').textContent, of = () => byId('panel').dataset.of;
        log([said(), of(), document.querySelectorAll('[data-key=\"open:output\"]').length]);
        key('ArrowRight'); log([said(), of()]);
        key('ArrowLeft'); key('ArrowLeft'); log([said(), of()]);
        key('Home'); log([said(), of()]);
        key('End'); log([said(), of()]);
        key('Escape'); log([said(), of()]);
        key('/'); log(document.activeElement.id);
        const search = document.getElementById('search');
        search.value = 'HIDDEN/1'; search.dispatchEvent(new Event('input', { bubbles: true }));
        log(document.querySelectorAll('.wg-box.found').length);
        key('Enter', search); log(of());
        search.value = 'output/1.z'; search.dispatchEvent(new Event('input', { bubbles: true })); log(of());
        log(document.querySelectorAll('[data-key=\"open:output\"]').length);
        key(' ', document.querySelector('[data-key=\"box:x\"]')); log(of());";
    let Seen { log, .. } =
        open(&chromium, &page, "#step=3&select=hidden%2F1.z&close=output", script);
    let boxes = boxes(&trace, &page);
    // The first step is what is given.
    let computed: Vec<&str> = boxes
        .iter()
        .map(|(path, _)| path.as_str())
        .filter(|path| {
            trace.nodes().iter().any(|node| node.path == *path && !node.operands.is_empty())
        })
        .collect();
    let at = |step: usize| {
        format!("forward {step} of {}: value of {}", computed.len() + 1, computed[step - 2])
    };
    assert_eq!(
        strings(&Value::Array(log[0].as_array().unwrap()[..2].to_vec())),
        [at(3), "hidden/1.z".to_owned()]
    );
    assert_eq!(log[0][2], 1, "output is closed");
    assert_eq!(strings(&log[1]), [at(4), computed[2].to_owned()]);
    assert_eq!(strings(&log[2]), [at(2), computed[0].to_owned()]);
    assert_eq!(strings(&log[3])[0], "Nothing is computed yet.");
    assert!(strings(&log[4])[0].starts_with("Both passes done"));
    assert_eq!(strings(&log[5])[1], "");
    assert_eq!(log[6], "search");
    assert_eq!(log[7], 4, "w, b, z and output of hidden/1");
    assert_eq!(log[8], "hidden/1.w");
    assert_eq!(log[9], "output/1.z");
    assert_eq!(log[10], 0, "a closed scope opens for what was searched");
    assert_eq!(log[11], "x");
}

/// Who comes with the delta rule: the first hidden delta is chosen, every z has one, a search for
/// the word finds them, and a switch says which derivative is looked at.
#[test]
fn every_pre_activation_has_its_delta() {
    let Some(chromium) = chromium() else { return };
    let trace = traced(&[2, 2, 2], Granularity::PerNeuron);
    let page = Page::of(&trace).delta(|path| path.ends_with(".z")).to_string();
    let script = &format!(
        "const opened = location.hash; {OPEN_ALL}{}",
        "
        const of = () => document.getElementById('panel').dataset.of;
        const boxes = [...document.querySelectorAll('.wg-box[data-v]')];
        const faded = (style) => boxes.map((box) => box.querySelector(style))
            .filter((text) => text && getComputedStyle(text).opacity < 1).length;
        const partials = () => seen('.wg-partial').length;
        log([of(), seen('#panel .delta')[0], opened]);
        log(boxes.filter((box) => box.querySelector('.wg-delta'))
            .map((box) => data.vertices[box.dataset.v].path + ' ' + box.querySelector('.wg-delta')
                .textContent.trim()));
        const search = document.getElementById('search');
        for (const word of ['delta', 'δ', 'Delt']) {
            search.value = word; search.dispatchEvent(new Event('input', { bubbles: true }));
            log(document.querySelectorAll('.wg-box.found').length);
        }
        search.value = ''; search.dispatchEvent(new Event('input', { bubbles: true }));
        for (const shows of ['both', 'adjoint', 'delta']) {
            const choice = document.querySelector(`#shows input[value=${shows}]`);
            choice.checked = true; choice.dispatchEvent(new Event('change', { bubbles: true }));
            log([faded('.wg-adjoint'), faded('.wg-delta')]);
        }
        log(partials());
        key('Home'); key('ArrowRight');
        log([partials(), seen('.wg-delta').length, seen('#panel .delta').length, of()]);
        key('Escape'); log([of(), location.hash.includes('select=')]);"
    );
    let Seen { log, .. } = open(&chromium, &page, "", script);
    let zs: Vec<Slot> = ["hidden/0", "hidden/1", "output/0", "output/1"]
        .map(|neuron| trace.find(&format!("{neuron}.z")).unwrap().slots()[0])
        .into();
    let delta = |slot: Slot| trace.adjoint(slot).delta().number().unwrap();
    assert_eq!(log[0][0], "hidden/0.z");
    assert_eq!(log[0][1], format!("{:?}", delta(zs[0])));
    assert_eq!(log[0][2], "", "what is chosen at first is no part of the address");
    let expected: Vec<String> = zs
        .iter()
        .map(|&z| format!("{} δ {}", trace.label(z), Digits::new(delta(z)).significant(4)))
        .collect();
    assert_eq!(strings(&log[1]), expected);
    for found in &log[2..5] {
        assert_eq!(*found, 4);
    }
    let switched: Vec<[u64; 2]> =
        log[5..8].iter().map(|pair| [0, 1].map(|i| pair[i].as_u64().unwrap())).collect();
    assert_eq!(switched, [[0, 0], [0, 4], [4, 0]]);
    assert!(log[8].as_u64().unwrap() > 8, "partials on the arrows: {}", log[8]);
    // What is given is there, and nothing that is computed of it.
    assert_eq!(log[9], serde_json::json!([0, 0, 0, "hidden/0.z"]));
    assert_eq!(log[10], serde_json::json!(["", true]));

    // Without a choice there is no delta, and nothing is chosen.
    let Seen { log, .. } = open(
        &chromium,
        &Page::of(&trace).to_string(),
        "",
        "log([document.querySelectorAll('.wg-delta, #shows').length, byId('panel').dataset.of]);",
    );
    assert_eq!(log[0], serde_json::json!([0, ""]));
}

#[test]
fn the_training_is_replayed_frame_by_frame() {
    let trace = traced(&[2, 2, 2], Granularity::PerNeuron);
    let mut boundary = Boundary::new((-1.0, 1.0), (-2.0, 2.0))
        .resolution(8, 4)
        .point(0.5, 1.0, 1)
        .point(-0.5, 0.0, 0);
    for epoch in [0, 1, 10, 100] {
        boundary = boundary.frame(epoch, |x, y| (x + y / epoch.max(1) as f64).clamp(-1.0, 1.0));
    }
    let curve: Vec<(usize, f64)> =
        (0..=100).map(|epoch| (epoch, 7.0 / (1.0 + epoch as f64))).collect();
    let page = Page::of(&trace).curve(&curve).boundary(&boundary).to_string();
    assert!(
        page.contains("error by epoch: 7 at 0, 0.0693069 at 100"),
        "the caption has the recorded errors"
    );
    let Some(chromium) = chromium() else { return };
    let script = "
        const state = () => [[...document.querySelectorAll('#frames figure')].filter((f) => !f.hidden)
            .map((f) => Number(f.dataset.epoch)),
            byId('epoch-said').textContent, Number(byId('marker').getAttribute('x1'))];
        log(state());
        const slider = document.getElementById('epoch');
        for (const at of [0, 1, 2]) { slider.value = at;
            slider.dispatchEvent(new Event('input', { bubbles: true })); log(state()); }";
    let Seen { log, .. } = open(&chromium, &page, "", script);
    for (seen, epoch) in log.iter().zip([100, 0, 1, 10]) {
        assert_eq!(seen[0], serde_json::json!([epoch]));
        assert_eq!(seen[1], format!("epoch {epoch}"));
        let marker = seen[2].as_f64().unwrap();
        assert!((marker - (64.0 + 5.2 * f64::from(epoch))).abs() < 1e-9, "{marker} at {epoch}");
    }
}

/// No script, no network, no other file, and nothing that a name could break out of.
#[test]
fn the_file_stands_alone_and_is_read_without_scripts() {
    let trace = traced(&[2, 1, 2], Granularity::PerNeuron);
    let page = Page::of(&trace).title("Tom & \"Jerry\" <script>").to_string();
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'"));
    let linked = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "url(", "@import", "<link"] {
        let allowed =
            if outside == "url(" { linked.replace("url(#wg-head)", "") } else { linked.clone() };
        assert!(!allowed.contains(outside), "{outside}");
    }
    assert!(page.contains("<h1>Tom &amp; &quot;Jerry&quot; &lt;script&gt;</h1>"));
    let without: String = page
        .split("<script")
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once("</script>").unwrap().1 })
        .collect();
    for slot in trace.slots() {
        if trace.nodes()[trace.spot(slot).node].op == "const" {
            continue;
        }
        assert!(
            without.contains(&format!("<td class=\"value\">{:?}</td>", trace.value(slot))),
            "{}",
            trace.label(slot)
        );
        if let Adjoint::Computed(adjoint) = trace.adjoint(slot) {
            assert!(
                without.contains(&format!("<td class=\"adjoint\">{adjoint:?}</td>")),
                "{}",
                trace.label(slot)
            );
        }
    }
    assert!(without.contains("<math") && without.contains("wg-arrow"), "formulas and the picture");
    assert_eq!(
        page,
        Page::of(&trace).title("Tom & \"Jerry\" <script>").to_string(),
        "the same bytes every time"
    );
}

#[test]
fn hostile_names_stay_names() {
    let tape = Tape::new();
    let _scope = tape.scope("</script><img src=x onerror=alert(1)>");
    let x = tape.input([1.0, 2.0]).named("<!--<script>'\"&amp;");
    let trace = Trace::of(&(x * 2.0).sum().named("]]>\u{2028}`${1}").backward()).unwrap();
    let page = Page::of(&trace).to_string();
    assert!(!page.contains("<img") && !page.contains("<!--"));
    let Some(chromium) = chromium() else { return };
    let script = "log(data.vertices.map((vertex) => vertex.path));
        press(document.querySelector('[data-v=\"0\"]')); log(seen('#panel .node code')[0]);
        log(document.querySelectorAll('img').length);";
    let Seen { log, .. } = open(&chromium, &page, "", script);
    assert_eq!(strings(&log[0])[0], "</script><img src=x onerror=alert(1)>/<!--<script>'\"&amp;");
    assert_eq!(log[1], "</script><img src=x onerror=alert(1)>/<!--<script>'\"&amp;");
    assert_eq!(log[2], 0);
}

/// Traces with nothing in them, without adjoints, in `f32`, with numbers that are none, and with
/// ops from elsewhere.
#[test]
fn unusual_traces_have_pages_too() {
    let empty = Trace::of_tape(&Tape::new());
    assert!(Page::of(&empty).to_string().contains("0 nodes, 0 numbers"));
    assert!(Picture::new(&empty).svg().to_string().ends_with("</svg>\n"));
    assert_eq!(Picture::new(&empty).mermaid().to_string(), "flowchart LR\n");

    let tape = Tape::new();
    let x = tape.input([-1.0, 0.0]).named("x");
    let _y = (x.ln() / 0.0).named("y");
    let values = Trace::of_tape(&tape);
    let page = Page::of(&values).to_string();
    assert!(
        page.contains("<td class=\"value\">NaN</td><td class=\"adjoint words\">not computed</td>"),
        "{page}"
    );
    assert!(page.contains("<td class=\"value\">-inf</td>"));

    let tape = Tape::<f32>::default();
    let third = (tape.input(1.0) / 3.0).named("third");
    let trace = Trace::of(&third.backward()).unwrap();
    let page = Page::of(&trace).to_string();
    assert!(page.contains("<td class=\"value\">0.33333334</td>") && page.contains(" · f32"));
    let mut data = trace.into_data();
    data.nodes.last_mut().unwrap().op = "from elsewhere".to_owned();
    let foreign = Page::of(&Trace::new(data).unwrap()).to_string();
    assert!(foreign.contains("from elsewhere"));

    let Some(chromium) = chromium() else { return };
    let script = "log(byId('said').textContent); press(byId('first')); press(byId('on'));
        log(byId('said').textContent);";
    for (page, says) in [
        (Page::of(&empty).to_string(), ["Nothing is computed yet.", "Nothing is computed yet."]),
        (Page::of(&values).to_string(), ["All values are computed.", "forward 1 of 3: value of x"]),
    ] {
        assert_eq!(open(&chromium, &page, "", script).log, says);
    }
}

/// A 784-30-10 network and a tape of 70,000 nodes open within two seconds, are a few megabytes at
/// most, and say what is left out.
#[test]
fn large_traces_stay_small_pages() {
    let network = traced(&[784, 30, 10], Granularity::PerNeuron);
    let tape = Tape::new();
    let mut y = tape.input(0.5).named("x");
    for _ in 0..35_000 {
        y = (y * 1.0001).sin();
    }
    let long = Trace::of(&y.named("y").backward()).unwrap();
    for (trace, left_out) in
        [(&network, "more elements are left out here"), (&long, "of them left out of this page")]
    {
        let page = Page::of(trace).to_string();
        assert!(page.len() < 4_000_000, "{} bytes", page.len());
        assert!(page.contains(left_out));
        assert!(page.contains(&format!(
            "<td class=\"value\">{:?}</td>",
            trace.value(trace.loss().unwrap())
        )));
        let Some(chromium) = chromium() else { continue };
        let script = "log(Number(document.documentElement.dataset.ready));
            log(document.querySelectorAll('.wg-box').length);
            const before = performance.now(); press(document.querySelector('[data-key^=\"open:\"]'));
            log(performance.now() - before);
            press(byId('first')); press(byId('on')); log(byId('said').textContent);";
        let Seen { log, dom } = open(&chromium, &page, "", script);
        // Times are printed and not asserted: they are those of a machine that may be busy.
        eprintln!(
            "{} nodes: {} bytes, ready after {} ms, a scope opened in {} ms",
            trace.nodes().len(),
            page.len(),
            log[0],
            log[2]
        );
        assert!((2..=40).contains(&log[1].as_u64().unwrap()), "{} boxes at first", log[1]);
        assert!(log[3].as_str().unwrap().starts_with("forward 1 of "));
        assert!(dom.contains(left_out));
    }
}
