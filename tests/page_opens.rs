//! How the page opens: in windows of every size, light and dark, with the keyboard and without.

#[path = "browser/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod browser;

use browser::{Window, axe, chromium, open_in};
use serde_json::{Value, json};
use wengert::Tape;
use wengert_inspect::{Boundary, Exercise, Page, Trace};
use wengert_layers::{Activation, Granularity, Init, Mlp};

const WIDE: Window = Window { width: 1400, height: 900, dark: false };
const LAPTOP: Window = Window { width: 1280, height: 800, dark: false };
const PHONE: Window = Window { width: 390, height: 844, dark: false };

fn traced(sizes: &[usize], granularity: Granularity, seed: u64) -> Trace {
    let mlp = Mlp::new(sizes, Activation::Sigmoid, Init::Notebook { seed }).unwrap();
    let tape = Tape::new();
    let x: Vec<f64> = (0..sizes[0]).map(|i| f64::from(i.is_multiple_of(97)) / 2.0).collect();
    let target: Vec<f64> = (0..sizes[sizes.len() - 1]).map(|i| f64::from(i == 1)).collect();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(&x).named("x"));
    let loss = pass.half_squared_error(tape.data(&target).named("target"));
    Trace::of(&loss.backward()).unwrap()
}

fn page(trace: &Trace) -> Page<'_> {
    Page::of(trace)
        .delta(|path| path.ends_with(".z") || path.ends_with("/z"))
        .caption("L = ½ Σ (target − output)²")
}

/// A page with all that a page can have: other epochs, a boundary, a curve, an exercise.
fn everything(use_it: impl FnOnce(String, &Trace, &[(usize, Trace)])) {
    let trace = traced(&[2, 2, 2], Granularity::PerNeuron, 1);
    let moments = [(0, 2), (10, 3)]
        .map(|(epoch, seed)| (epoch, traced(&[2, 2, 2], Granularity::PerNeuron, seed)));
    let mut boundary = Boundary::new((-1.0, 1.0), (-1.0, 1.0)).resolution(6, 6).point(0.5, 0.5, 1);
    for epoch in [0, 10, 20] {
        boundary = boundary.frame(epoch, |x, y| x * y + epoch as f64 / 100.0);
    }
    let z = |path: &str| trace.value(trace.slot(path).unwrap());
    let output = |path: &str| 1.0 / (1.0 + (-z(path)).exp());
    let exercises = [Exercise::new("One neuron")
        .value("hidden/0.z", z("hidden/0.z"), "z = b + w·x")
        .value("hidden/0.output", z("hidden/0.z"), "output = z")
        .value("output/0.output", output("output/0.z"), "output = σ(z)")];
    let curve = [(0, 3.0), (10, 2.0), (20, 1.0)];
    let page = page(&trace).moments(&moments).boundary(&boundary).curve(&curve);
    let page = page.exercises(&exercises).pass("row 1").title("All there is");
    use_it(page.to_string(), &trace, &moments);
}

/// Texts smaller than 11 pixels, where the graph's own scale counts; how the graph lies in its
/// window; whether the loss is seen; what is wider than the window.
const MEASURE: &str = "
    const small = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode, of = text.parentElement;
        if (!text.textContent.trim() || of.closest('script, style, template, datalist') ||
            !of.getClientRects().length) continue;
        const matrix = of.ownerSVGElement ? of.getScreenCTM() : null;
        const size = parseFloat(getComputedStyle(of).fontSize) *
            (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
        if (size < 10.99) small.push([size, text.textContent]);
    }
    log(small);
    const stage = byId('stage').getBoundingClientRect(), svg = byId('picture').getBoundingClientRect();
    log([Math.round(svg.width - stage.width), Math.round(svg.height - stage.height)]);
    const loss = document.querySelector('.wg-output').getBoundingClientRect();
    log([loss.top >= stage.top, loss.right <= stage.right,
        loss.bottom <= Math.min(stage.bottom, innerWidth < 640 ? Infinity : innerHeight)]);
    log([innerWidth, document.documentElement.scrollWidth, document.querySelectorAll('.wg-box').length]);
    log(document.getElementById('panel').dataset.of);";

#[test]
fn the_whole_graph_is_seen_at_first_with_text_that_can_be_read() {
    let Some(chromium) = chromium() else { return };
    use Granularity::{PerLayer, PerNeuron};
    for (sizes, granularity) in [
        (&[2, 2, 2][..], PerNeuron),
        (&[7, 5, 3], PerNeuron),
        (&[64, 256, 10], PerLayer),
        (&[784, 30, 10], PerNeuron),
    ] {
        let trace = traced(sizes, granularity, 1);
        let page = page(&trace).to_string();
        for window in [WIDE, LAPTOP, PHONE] {
            let log = open_in(&chromium, &page, window, "", MEASURE);
            let of = format!("{sizes:?} in {window:?}: {log:?}");
            assert_eq!(log[0], json!([]), "small text, {of}");
            assert!(log[1][0].as_i64().unwrap() <= 0, "the graph's width, {of}");
            assert!(log[1][1].as_i64().unwrap() <= 0, "the graph's height, {of}");
            assert_eq!(log[2], json!([true, true, true]), "the loss, {of}");
            assert_eq!(log[3][0], window.width, "{of}");
            assert_eq!(log[3][1], window.width, "nothing is wider than the window, {of}");
            assert!(log[3][2].as_u64().unwrap() >= 6, "{of}");
            assert!(
                log[4].as_str().unwrap().starts_with("hidden"),
                "a hidden delta is chosen, {of}"
            );
        }
    }
}

#[test]
fn nothing_keeps_anybody_out() {
    let (Some(chromium), Some(axe)) = (chromium(), axe()) else { return };
    let script = "
        const found = async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
            .map((violation) => [violation.id,
                violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]);
        log(matchMedia('(prefers-color-scheme: dark)').matches);
        log(await found());
        state.open = state.open.map(() => true); draw(); go(9);
        log(await found());";
    everything(|page, _, _| {
        for window in [WIDE, Window { dark: true, ..WIDE }, PHONE, Window { dark: true, ..PHONE }] {
            let log = open_in(&chromium, &page, window, &axe, script);
            assert_eq!(log, [json!(window.dark), json!([]), json!([])], "{window:?}");
        }
    });
}

/// Weights, values, deltas, the way of the gradient, boundary and curve move together.
#[test]
fn moving_through_the_training_moves_everything() {
    let Some(chromium) = chromium() else { return };
    let script = "
        const text = (path, style) => document.querySelector(`[data-key='box:${path}'] ${style}`)
            .textContent.trim();
        const state_now = () => [text('hidden/0.w', '.wg-value'), text('hidden/0.z', '.wg-delta'),
            document.querySelector('#panel .value').textContent,
            [...document.querySelectorAll('#frames figure')].filter((figure) => !figure.hidden)
                .map((figure) => Number(figure.dataset.epoch)),
            Number(byId('marker').getAttribute('x1')), byId('summary').textContent.includes('row 1'),
            document.getElementById('epoch').getAttribute('aria-valuetext')];
        choose(vertexByPath.get('hidden/0.w')); choose(vertexByPath.get('hidden/0.z'));
        const slider = document.getElementById('epoch');
        log(slider.max); log(state_now());
        for (const at of [0, 1, 2]) { slider.value = at;
            slider.dispatchEvent(new Event('input', { bubbles: true })); log(state_now()); }
        press(document.getElementById('train'));
        log([slider.value, document.getElementById('train').textContent]);
        await new Promise((done) => setTimeout(done, 1800));
        log([slider.value, document.getElementById('train').textContent]); log(state_now());";
    everything(|page, trace, moments| {
        let log = open_in(&chromium, &page, WIDE, "", script);
        assert_eq!(log[0], "2");
        let expected = |trace: &Trace, epoch: u32| {
            let z = trace.slot("hidden/0.z").unwrap();
            let w = trace.find("hidden/0.w").unwrap().slots().to_vec();
            let text =
                |number: f64| wengert_inspect::Digits::new(number).significant(4).to_string();
            let values: Vec<String> = w.iter().map(|&slot| text(trace.value(slot))).collect();
            let delta = trace.adjoint(z).delta().number().unwrap();
            json!([
                values.join(", "),
                format!("δ {}", text(delta)),
                format!("{:?}", trace.value(z)),
                [epoch],
                64 + 26 * epoch,
                epoch == 20,
                format!("epoch {epoch}")
            ])
        };
        let last = expected(trace, 20);
        assert_eq!(log[1], last);
        assert_eq!(log[2], expected(&moments[0].1, 0));
        assert_eq!(log[3], expected(&moments[1].1, 10));
        assert_eq!(log[4], last);
        assert_eq!(log[5], json!(["0", "Pause"]));
        assert_eq!(log[6], json!(["2", "Play the training"]));
        assert_eq!(log[7], last);
    });
}

#[test]
fn a_wrong_line_is_found_by_pointing_at_it() {
    let Some(chromium) = chromium() else { return };
    let script = "
        const exercise = document.querySelector('.exercise'), verdict = exercise.querySelector('.verdict');
        log(exercise.querySelector('details').open);
        for (const line of [0, 2, 1]) { press(exercise.querySelectorAll('li button')[line]);
            log(verdict.textContent); }
        log(exercise.querySelector('details').open);
        log(exercise.querySelector('pre').textContent.includes('the value of hidden/0.output'));";
    everything(|page, _, _| {
        assert_eq!(
            open_in(&chromium, &page, WIDE, "", script),
            [
                json!(false),
                json!("Line 1 is right."),
                json!("Line 3 follows from the lines above it: the mistake is further up."),
                json!("Line 2: yes, this is the mistake."),
                json!(true),
                json!(true)
            ]
        );
    });
}

#[test]
fn the_keyboard_and_the_ear_are_enough() {
    let Some(chromium) = chromium() else { return };
    let script = "
        const order = [...document.querySelectorAll('button, input, [tabindex=\"0\"]')].filter((e) =>
            e.closest('[hidden]') === null).map((e) => e.id);
        log(order.indexOf('play') < order.findIndex((id, at) => at > 0 && id === ''));
        const time = document.getElementById('time');
        go(2); log(time.getAttribute('aria-valuetext') === document.getElementById('said').textContent);
        go(ends);
        const focused = () => document.activeElement.dataset.key;
        state.open = state.open.map(() => true); draw();
        document.querySelector('[data-key=\"close:hidden/0\"]').focus();
        key('Enter', document.activeElement); log(focused());
        key('Enter', document.activeElement); log(focused());
        document.querySelector('[data-key=\"box:hidden/0.z\"]').focus();
        setOpen(groupByPath.get('hidden'), false); log(focused());
        const label = document.querySelector('[data-key=\"open:hidden\"]').getAttribute('aria-label');
        log(label.startsWith('open hidden '));
        setOpen(groupByPath.get('hidden'), true);
        const z = document.querySelector('[data-key=\"box:hidden/0.z\"]');
        log([...z.querySelectorAll('text')].every((text) =>
            z.getAttribute('aria-label').includes(text.textContent.trim())));
        const search = byId('search'), found = (text) => { search.value = text;
            search.dispatchEvent(new Event('input', { bubbles: true }));
            return byId('matches').textContent; };
        log([found('nothing'), found('error²'), found('hidden/0.z'), found('')]);
        setOpen(groupByPath.get('output'), false); found('error²');
        log(document.querySelector('[data-key=\"open:output\"]').classList.contains('found'));
        const before = document.getElementById('detail').getBoundingClientRect(); choose(null);
        log(document.getElementById('detail').getBoundingClientRect().height === before.height);";
    everything(|page, _, _| {
        let log = open_in(&chromium, &page, WIDE, "", script);
        let expected: Vec<Value> = vec![
            json!(true),
            json!(true),
            json!("open:hidden/0"),
            json!("close:hidden/0"),
            json!("open:hidden"),
            json!(true),
            json!(true),
            json!(["no node is called so", "3 nodes", "1 node", ""]),
            json!(true),
            json!(true),
        ];
        assert_eq!(log, expected);
    });
}
