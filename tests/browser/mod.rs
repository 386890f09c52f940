//! A page in a real browser, without a window: Chromium runs the page, and then a script of the
//! test's, which clicks and reads.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Chromium, if it is there. Where `CI` is set it must be.
pub(crate) fn chromium() -> Option<PathBuf> {
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&directories)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no chromium on the path; `.ci/run` installs it on Debian"
        );
        eprintln!("skipped: no chromium on the path");
    }
    found
}

/// What the test's script logged, and the document as it was then.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) log: Vec<Value>,
    pub(crate) dom: String,
}

/// Opens a page at an address within it (`#step=3`, or nothing), runs a script that calls
/// `log(value)`, and returns what it logged.
pub(crate) fn open(chromium: &Path, page: &str, address: &str, script: &str) -> Seen {
    let directory =
        tempfile::tempdir().expect("a directory for the page and the browser's profile");
    let file = directory.path().join("page.html");
    let driver = format!(
        "<script>\nconst logged = []; const log = (value) => logged.push(value);\n\
         const press = (target) => target.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}));\n\
         const key = (key, target = document.body) => target.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));\n\
         const seen = (selector, within = document) => [...within.querySelectorAll(selector)].filter((e) => getComputedStyle(e).visibility !== 'hidden' && e.closest('[hidden]') === null).map((e) => e.textContent.trim());\n\
         window.addEventListener('load', () => {{\n{script}\n\
         const out = document.createElement('pre'); out.id = 'log'; out.textContent = JSON.stringify(logged); document.body.append(out); }});\n\
         </script>\n</body>"
    );
    let (body, end) = page.rsplit_once("</body>").expect("the page has a body");
    std::fs::write(&file, format!("{body}{driver}{end}")).expect("the page is written");
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--window-size=1440,1000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .arg(format!("file://{}{address}", file.display()))
        .output()
        .expect("chromium starts");
    let (dom, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let complaints: Vec<&str> = errors.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "the page complains: {complaints:?}");
    let log = dom.rsplit_once("<pre id=\"log\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let log = log.unwrap_or_else(|| panic!("no log in the document: {dom}\n{errors}")).0;
    let log = log
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    Seen { log: serde_json::from_str(&log).expect("the log is JSON"), dom: dom.into_owned() }
}

/// A window of a size, light or dark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// Opens a page in a frame of just this size, runs a script that may wait, and returns what it
/// logged. `library` is a script that runs before it.
pub(crate) fn open_in(
    chromium: &Path,
    page: &str,
    window: Window,
    library: &str,
    script: &str,
) -> Vec<Value> {
    let directory =
        tempfile::tempdir().expect("a directory for the page and the browser's profile");
    let Window { width, height, dark } = window;
    let driver = format!(
        "<script>{}</script><script>\nconst logged = []; const log = (value) => logged.push(value);\n\
         const press = (target) => target.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}));\n\
         const key = (key, target = document.body) => target.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));\n\
         window.addEventListener('load', async () => {{\n\
         try {{ {script} }} catch (error) {{ log('failed: ' + error.stack); }}\n\
         parent.postMessage(JSON.stringify(logged), '*'); }});\n</script>\n</body>",
        library.replace("</script", "<\\/script")
    );
    let (body, end) = page.rsplit_once("</body>").expect("the page has a body");
    let write = |name: &str, text: String| {
        let file = directory.path().join(name);
        std::fs::write(&file, text).expect("the page is written");
        file
    };
    write("page.html", format!("{body}{driver}{end}"));
    let outer = write(
        "outer.html",
        format!(
            "<!DOCTYPE html><meta charset=\"utf-8\"><script>window.addEventListener('message', (event) => {{\n\
             const out = document.createElement('pre'); out.id = 'log'; out.textContent = event.data; document.body.append(out); }});</script>\n\
             <body><iframe src=\"page.html\" width=\"{width}\" height=\"{height}\" style=\"border: 0\"></iframe></body>"
        ),
    );
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--hide-scrollbars", "--window-size=1500,1200", "--dump-dom"])
        .arg("--virtual-time-budget=20000")
        .arg(format!("--blink-settings=preferredColorScheme={}", u32::from(!dark)))
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .arg(format!("file://{}", outer.display()))
        .output()
        .expect("chromium starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let log = dom.rsplit_once("<pre id=\"log\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let log = log.unwrap_or_else(|| panic!("no log in the document: {dom}")).0;
    let log = log.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&log).expect("the log is JSON")
}

/// The source of axe-core, which tests pages for accessibility: a file that `WENGERT_AXE` names.
/// `.ci/run` fetches it, as it is a large program under another licence and no part of this one.
pub(crate) fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("WENGERT_AXE") else {
        eprintln!("skipped: WENGERT_AXE names no copy of axe-core; `.ci/run` fetches one with npm");
        return None;
    };
    Some(std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}")))
}
