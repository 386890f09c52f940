//! Pictures of networks of every size: what is seen, where it stands, and what is said of the rest.

use wengert::{Tape, Var};
use wengert_inspect::{Picture, Trace};
use wengert_layers::{Activation, Granularity, Init, Mlp};

fn traced(sizes: &[usize], granularity: Granularity) -> Trace {
    let mlp = Mlp::new(sizes, Activation::Sigmoid, Init::Notebook { seed: 7 }).unwrap();
    let tape = Tape::new();
    let x: Vec<f64> = (0..sizes[0]).map(|i| (i % 7) as f64 / 7.0).collect();
    let target: Vec<f64> = (0..sizes[sizes.len() - 1]).map(|i| f64::from(i == 0)).collect();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(&x).named("x"));
    let loss = pass.half_squared_error(tape.data(&target).named("target"));
    Trace::of(&loss.backward()).unwrap()
}

/// A tape without any scope.
fn flat(steps: usize) -> Trace {
    let tape = Tape::new();
    let mut x = tape.input(0.5).named("x");
    for step in 0..steps {
        x = if step % 3 == 0 { (x * 1.001).sin() } else { x + 0.25 };
    }
    Trace::of(&x.named("y").backward()).unwrap()
}

fn full(trace: &Trace) -> Picture<'_> {
    Picture::new(trace).values(true).adjoints(true).partials(true)
}

#[derive(Debug, Clone, Copy)]
struct Rect {
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

fn attribute(tag: &str, name: &str) -> f64 {
    let (_, rest) =
        tag.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name} in {tag}"));
    rest.split_once('"').unwrap().0.parse().unwrap()
}

/// The rectangles of a class of groups.
fn rects(svg: &str, class: &str) -> Vec<Rect> {
    let groups = svg.split("<g class=\"").skip(1).filter(|group| group.starts_with(class));
    groups
        .map(|group| {
            let tag = group.split_once("<rect").unwrap().1.split_once("/>").unwrap().0;
            let (x, y) = (attribute(tag, "x"), attribute(tag, "y"));
            Rect { x, y, right: x + attribute(tag, "width"), bottom: y + attribute(tag, "height") }
        })
        .collect()
}

/// Points on all arrows: level stretches as they are, curves in short pieces; from x to x at a
/// height.
fn stretches(svg: &str) -> Vec<(f64, f64, f64)> {
    let mut stretches = Vec::new();
    for arrow in svg.split("<path class=\"wg-arrow").skip(1) {
        let path = arrow.split_once(" d=\"").unwrap().1.split_once('"').unwrap().0;
        let (mut x, mut y) = (0.0, 0.0);
        let spaced = path.replace('M', "|M").replace('H', "|H").replace('C', "|C");
        for part in spaced.split('|').filter(|part| !part.is_empty()) {
            let numbers: Vec<f64> = part[1..].split(' ').map(|n| n.parse().unwrap()).collect();
            match part.as_bytes()[0] {
                b'M' => (x, y) = (numbers[0], numbers[1]),
                b'H' => {
                    stretches.push((x, numbers[0], y));
                    x = numbers[0];
                }
                _ => {
                    let [x1, y1, x2, y2, x3, y3] = numbers[..] else { panic!("{path}") };
                    for step in 1..32 {
                        let t = f64::from(step) / 32.0;
                        let bezier = |a: f64, b: f64, c: f64, d: f64| {
                            let s = 1.0 - t;
                            s * s * s * a
                                + 3.0 * s * s * t * b
                                + 3.0 * s * t * t * c
                                + t * t * t * d
                        };
                        let at = bezier(x, x1, x2, x3);
                        stretches.push((at, at, bezier(y, y1, y2, y3)));
                    }
                    (x, y) = (x3, y3);
                }
            }
        }
    }
    stretches
}

/// Boxes stand apart, within the picture; frames nest or stand apart; no arrow runs through a box.
#[track_caller]
fn check_geometry(svg: &str) -> usize {
    let (boxes, frames) = (rects(svg, "wg-box"), rects(svg, "wg-frame"));
    let tag = svg.split_once('>').unwrap().0;
    let (width, height) = (attribute(tag, "width"), attribute(tag, "height"));
    let apart =
        |a: &Rect, b: &Rect| a.right < b.x || b.right < a.x || a.bottom < b.y || b.bottom < a.y;
    let within =
        |a: &Rect, b: &Rect| a.x > b.x && a.right < b.right && a.y > b.y && a.bottom < b.bottom;
    for (i, a) in boxes.iter().enumerate() {
        assert!(
            a.x >= 0.0 && a.y >= 0.0 && a.right <= width && a.bottom <= height,
            "{a:?} of {width} x {height}"
        );
        assert!(boxes[..i].iter().all(|b| apart(a, b)), "{a:?} overlaps another box");
        assert!(
            frames.iter().all(|frame| apart(a, frame) || within(a, frame)),
            "{a:?} is half in a frame"
        );
    }
    for (i, a) in frames.iter().enumerate() {
        assert!(
            frames[..i].iter().all(|b| apart(a, b) || within(a, b) || within(b, a)),
            "{a:?} overlaps a frame"
        );
    }
    for (from, to, y) in stretches(svg) {
        let (from, to) = (from.min(to), from.max(to));
        let through = boxes.iter().find(|b| b.x < to && b.right > from && b.y < y && b.bottom > y);
        assert!(through.is_none(), "an arrow at {y} from {from} to {to} runs through {through:?}");
    }
    boxes.len()
}

#[test]
fn boxes_frames_and_arrows_keep_out_of_each_others_way() {
    use Granularity::{PerLayer, PerNeuron};
    for (sizes, granularity) in [
        (&[2, 1, 2][..], PerNeuron),
        (&[2, 2, 2], PerNeuron),
        (&[3, 4, 5, 2], PerNeuron),
        (&[3, 4, 2], PerLayer),
        (&[784, 30, 10], PerNeuron),
        (&[784, 30, 10], PerLayer),
        (&[5, 50, 101, 3], PerNeuron),
    ] {
        let trace = traced(sizes, granularity);
        check_geometry(&full(&trace).svg().to_string());
        check_geometry(
            &Picture::new(&trace)
                .open("hidden/0")
                .open("hidden1/0")
                .collapse("output")
                .svg()
                .to_string(),
        );
        check_geometry(
            &full(&trace)
                .show_constants(true)
                .open("hidden")
                .open("hidden2")
                .open("output")
                .svg()
                .to_string(),
        );
        if sizes[0] < 784 {
            let all = check_geometry(&full(&trace).limit(usize::MAX).svg().to_string());
            assert!(all >= trace.nodes().len() - 2, "{all} boxes of {} nodes", trace.nodes().len());
        }
    }
}

#[test]
fn no_picture_shows_more_than_forty_boxes_by_itself() {
    let mut traces: Vec<Trace> = [1, 39, 41, 100, 5_000, 70_000].map(flat).into();
    for sizes in [&[2, 8, 2][..], &[2, 30, 30, 2], &[4, 200, 3], &[784, 30, 10]] {
        traces.push(traced(sizes, Granularity::PerNeuron));
    }
    for trace in &traces {
        let seen = check_geometry(&full(trace).svg().to_string());
        assert!((2..=40).contains(&seen), "{seen} boxes of {} nodes", trace.nodes().len());
    }
}

#[test]
fn a_closed_scope_says_what_it_holds() {
    let trace = traced(&[784, 30, 10], Granularity::PerNeuron);
    let svg = Picture::new(&trace).svg().to_string();
    for said in
        ["×30, each: param ×2, affine", "120 nodes", "×10, each: param ×2, affine", "powi ×10"]
    {
        assert!(svg.contains(said), "{said}");
    }
    // Different things are counted, not called repeats.
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let y = {
        let _scope = tape.scope("model");
        let mixed = x.sin() * x.cos() + x.exp() * x.tanh() - x.sqrt();
        mixed * mixed.sigmoid()
    };
    let trace = Trace::of(&y.named("y").backward()).unwrap();
    let svg = Picture::new(&trace).collapse("model").svg().to_string();
    assert!(svg.contains("sin, cos, mul ×3, +6 more"), "{svg}");
    assert!(svg.contains("11 nodes"), "{svg}");
}

#[test]
fn the_caller_opens_and_closes() {
    let trace = traced(&[784, 30, 10], Granularity::PerNeuron);
    let picture = Picture::new(&trace);
    let opened = picture.clone().open("hidden/7").mermaid().to_string();
    assert!(
        opened.contains(r#"["hidden/7"]"#) && opened.contains("hidden/7.z<br/>affine"),
        "{opened}"
    );
    assert!(opened.contains(r#"[["hidden/8<br/>param ×2, affine, sigmoid"]]"#), "{opened}");
    let closed = picture.clone().open("hidden/7").collapse("hidden").mermaid().to_string();
    assert!(closed.contains(r#"[["hidden<br/>×30"#), "{closed}");
    let again = picture.clone().collapse("hidden").open("hidden/7").mermaid().to_string();
    assert_eq!(again, opened, "the last choice counts");
    assert_eq!(
        picture.clone().open("nothing").mermaid().to_string(),
        picture.mermaid().to_string()
    );
}

#[test]
fn mermaid_stays_under_its_limits() {
    let trace = traced(&[9, 40, 30, 10], Granularity::PerNeuron);
    let everything = full(&trace).limit(usize::MAX);
    for picture in
        [everything.clone(), everything.open("hidden2").open("hidden1/3"), full(&flat(70_000))]
    {
        let text = picture.mermaid().to_string();
        assert!(text.chars().count() <= 50_000);
        assert!(text.lines().filter(|line| line.contains("->")).count() <= 500);
    }
    let text = full(&trace).limit(usize::MAX).mermaid().to_string();
    assert!(text.contains("%% collapsed to stay under the limits"), "{text}");
    assert!(text.contains("hidden1<br/>×40"), "{text}");
}

#[test]
fn scopes_that_feed_each_other_are_drawn() {
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let mut state: Var<'_> = x;
    for step in 0..3 {
        let a = {
            let _scope = tape.scope("a");
            (state * 2.0).named(&format!("s{step}"))
        };
        let _scope = tape.scope("b");
        state = (a + 1.0).named(&format!("s{step}"));
    }
    let trace = Trace::of(&state.backward()).unwrap();
    let svg = full(&trace).collapse("a").collapse("b").svg().to_string();
    assert_eq!(rects(&svg, "wg-box").len(), 3);
    assert_eq!(svg.matches("<path class=\"wg-arrow").count(), 3, "x to a, a to b, b to a: {svg}");
    assert_eq!(check_geometry(&full(&trace).svg().to_string()), 7);
}

#[test]
fn names_are_escaped_in_every_language() {
    let tape = Tape::new();
    let _scope = tape.scope("a<b>&\"c\"");
    let x = tape.input(1.0).named("x|{y}<script>]]>\u{0}\"\\#`end");
    let trace = Trace::of(&(x * 2.0).named("y'").backward()).unwrap();
    let (svg, mermaid) = (full(&trace).svg().to_string(), full(&trace).mermaid().to_string());
    assert!(!svg.contains("<script") && !svg.contains('\u{0}'), "{svg}");
    assert!(svg.contains("a&lt;b&gt;&amp;&quot;c&quot;"), "{svg}");
    assert!(mermaid.contains("x|{y}#60;script#62;]]#62;#34;#92;#35;#96;end"), "{mermaid}");
    let dot = full(&trace).dot().to_string();
    assert!(dot.contains(r#"x\|\{y\}\<script\>]]\>"#), "{dot}");
}

#[test]
fn operands_are_read_in_their_order() {
    let tape = Tape::new();
    let (a, b) = (tape.input(1.0).named("a"), tape.input(2.0).named("b"));
    let trace = Trace::of(&(b - a).named("y").backward()).unwrap();
    let dot = Picture::new(&trace).dot().to_string();
    let arrows: Vec<&str> = dot.lines().filter(|line| line.contains("->")).collect();
    assert_eq!(arrows, [r#"  "b" -> "y";"#, r#"  "a" -> "y";"#]);
}

#[test]
fn the_same_trace_gives_the_same_bytes() {
    for sizes in [&[2, 2, 2][..], &[20, 30, 10]] {
        let (a, b) = (traced(sizes, Granularity::PerNeuron), traced(sizes, Granularity::PerNeuron));
        assert_eq!(full(&a).svg().to_string(), full(&b).svg().to_string());
        let saved: Trace = serde_json::from_str(&serde_json::to_string(&a).unwrap()).unwrap();
        assert_eq!(full(&a).svg().to_string(), full(&saved).svg().to_string());
        assert_eq!(full(&a).mermaid().to_string(), full(&saved).mermaid().to_string());
        assert_eq!(full(&a).dot().to_string(), full(&saved).dot().to_string());
    }
}

#[test]
fn what_is_recorded_after_the_loss_is_one_closed_box() {
    let tape = Tape::new();
    let w = tape.param(0.5).named("w");
    let loss = (w * 3.0).sigmoid().named("L");
    let gradients = loss.backward();
    let step = w * 0.9 + (w * w).sqrt() * 0.1;
    let _ = (w - step * 0.01).named("new w");
    let trace = Trace::of(&gradients).unwrap();
    let svg = full(&trace).svg().to_string();
    assert!(!svg.contains("after the loss") || svg.contains("new w"));
    let closed = full(&trace).collapse("after the loss").svg().to_string();
    assert!(closed.contains("after the loss") && !closed.contains(">sqrt"), "{closed}");
    assert_eq!(check_geometry(&closed), 4, "w, the product, L, and what comes after");
}
