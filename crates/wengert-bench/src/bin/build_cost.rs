//! What it costs to build a program that uses Wengert.
//!
//! `cargo run --release -p wengert-bench --bin build_cost`, and `-- --only without` for the rows
//! whose name begins so. Makes a project of ten lines in a directory of its own, which depends on
//! this checkout by its path, and builds it cold. Run by hand: it takes minutes. CPU seconds are
//! those of all processes of the build, as Linux's `/proc` counts them, in hundredths.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use std::{env, fs, io};

/// A program to build.
struct Case {
    name: &'static str,
    /// The crate of the workspace that it depends on.
    package: &'static str,
    features: &'static str,
    source: &'static str,
}

/// Ten lines; a build after an edit changes the number.
const TEN_LINES: &str = "\
use wengert::Tape;

fn main() {
    let tape = Tape::new();
    let (x, y) = (tape.input(2.0), tape.input(0.5));
    let z = (x * y).sin() + x.exp() / y;
    let gradient = z.backward();
    println!(\"{} {}\", gradient.wrt(x), gradient.wrt(y));
    println!(\"{}\", z.value());
}
";
const LINKED: &str = "use {crate} as _;\n\nfn main() {\n    println!(\"{}\", 0.5);\n}\n";

const DEFAULT: &str = "";
const WITHOUT: &str = ", default-features = false";

const CASES: [Case; 9] = [
    Case { name: "default", package: "wengert", features: DEFAULT, source: TEN_LINES },
    Case { name: "without", package: "wengert", features: WITHOUT, source: TEN_LINES },
    Case { name: "wengert-ops", package: "wengert-ops", features: DEFAULT, source: LINKED },
    Case { name: "wengert-kernels", package: "wengert-kernels", features: DEFAULT, source: LINKED },
    Case { name: "wengert-tape", package: "wengert-tape", features: DEFAULT, source: LINKED },
    Case { name: "wengert-program", package: "wengert-program", features: DEFAULT, source: LINKED },
    Case { name: "wengert-layers", package: "wengert-layers", features: DEFAULT, source: LINKED },
    Case { name: "wengert-inspect", package: "wengert-inspect", features: DEFAULT, source: LINKED },
    Case {
        name: "wengert-snapshot",
        package: "wengert-snapshot",
        features: DEFAULT,
        source: LINKED,
    },
];

/// Where a compiler that this command stands in front of writes what it took.
const LOG: &str = "WENGERT_BUILD_COST_LOG";

fn main() -> ExitCode {
    let done = match env::var_os(LOG) {
        Some(log) => return wrapped(Path::new(&log)),
        None => table(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// As cargo's compiler: runs it, and notes crate and CPU seconds.
fn wrapped(log: &Path) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let status =
        Command::new(&arguments[0]).args(&arguments[1..]).status().expect("the compiler runs");
    let name = arguments
        .iter()
        .position(|argument| argument == "--crate-name")
        .map(|i| arguments[i + 1].clone());
    if let (Some(name), Ok(cpu)) = (name, cpu_of_children()) {
        use io::Write;
        let mut log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .expect("the log can be written");
        // One write a line: lines of several compilers do not mix.
        log.write_all(format!("{name} {cpu}\n").as_bytes()).expect("the log can be written");
    }
    ExitCode::from(status.code().unwrap_or(1) as u8)
}

/// CPU seconds of the children that this process has waited for, and of theirs.
fn cpu_of_children() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold spaces; after it, state is field 3, and cutime and cstime
    // are 16 and 17.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<f64>().ok());
    let ticks = ticks(16).zip(ticks(17)).map(|(user, system)| user + system);
    // A tick is a hundredth of a second on every Linux that cargo runs on.
    ticks
        .map(|ticks| ticks / 100.0)
        .ok_or_else(|| io::Error::other("/proc/self/stat is not Linux's"))
}

/// CPU and wall seconds of one command.
struct Cost {
    cpu: f64,
    wall: f64,
}

/// Runs cargo in a directory.
fn cargo(directory: &Path, arguments: &[&str], log: Option<&Path>) -> Result<Cost, String> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::piped());
    // Every build here has a target directory of its own and the flags of a fresh shell.
    for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"] {
        command.env_remove(name);
    }
    if let Some(log) = log {
        command
            .env("RUSTC_WRAPPER", env::current_exe().map_err(|error| error.to_string())?)
            .env(LOG, log);
    }
    let failed = |error: io::Error| format!("cargo {}: {error}", arguments.join(" "));
    let (before, start) = (cpu_of_children().map_err(failed)?, Instant::now());
    let output = command.output().map_err(failed)?;
    let wall = start.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(format!(
            "cargo {}:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(Cost { cpu: cpu_of_children().map_err(failed)? - before, wall })
}

/// The packages that are compiled below `package`, itself not counted, those of derive macros and
/// build scripts too.
fn packages_below(project: &Path, package: &str) -> Result<usize, String> {
    let arguments = [
        "tree",
        "--offline",
        "-e",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "-p",
        package,
    ];
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(project)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut packages: Vec<String> =
        text.lines().filter(|line| !line.is_empty()).map(words).collect();
    packages.sort();
    packages.dedup();
    Ok(packages.len() - 1)
}

fn table() -> Result<(), String> {
    let mut arguments = env::args().skip(1);
    let only = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => String::new(),
        (Some("--only"), Some(name)) => name,
        _ => return Err("usage: build_cost [--only NAME]".to_owned()),
    };
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checkout = checkout.canonicalize().map_err(|error| error.to_string())?;
    let place = env::temp_dir().join(format!("wengert-build-cost-{}", std::process::id()));
    let made = rows(&checkout, &place, &only);
    // What cannot be removed is left to the system.
    let _ = fs::remove_dir_all(&place);
    made
}

fn rows(checkout: &Path, place: &Path, only: &str) -> Result<(), String> {
    println!(
        "a program of ten lines, built cold (release); then edited and built again, the median of three"
    );
    println!("build              packages   CPU s  wall s   edit: release s  debug s   binary KiB");
    let mut crates = None;
    for case in CASES.iter().filter(|case| case.name.starts_with(only)) {
        let project = place.join(case.name);
        let log = place.join(format!("{}.log", case.name));
        write_project(checkout, &project, case)?;
        // Reads the lock file, so that no build waits for a registry.
        cargo(&project, &["fetch"], None)?;
        let packages = packages_below(&project, case.package)?;
        let cold = cargo(&project, &["build", "--release", "--offline"], Some(&log))?;
        let release = edited(&project, case, &["build", "--release", "--offline"])?;
        cargo(&project, &["build", "--offline"], None)?;
        let debug = edited(&project, case, &["build", "--offline"])?;
        let binary = fs::metadata(project.join("target/release/ten-lines"))
            .map_err(|error| error.to_string())?
            .len();
        println!(
            "{:18} {packages:8} {:7.1} {:7.1} {release:17.2} {debug:8.2} {:12}",
            case.name,
            cold.cpu,
            cold.wall,
            binary.div_ceil(1024),
        );
        if crates.is_none() {
            crates = Some((case.name, costs(&log)?));
        }
        fs::remove_dir_all(&project).map_err(|error| error.to_string())?;
    }
    if "readme".starts_with(only) {
        let target = place.join("readme");
        let directory = target.to_string_lossy();
        let how = [
            "build",
            "--release",
            "--example",
            "notebook",
            "--offline",
            "--target-dir",
            &directory,
        ];
        let cold = cargo(checkout, &how, None)?;
        println!("{:18} {:>8} {:7.1} {:7.1}", "readme", "-", cold.cpu, cold.wall);
        println!("readme: `cargo build --release --example notebook` in this checkout");
    }
    if let Some((name, crates)) = crates {
        println!("\nCPU seconds of the crates of `{name}`, build scripts aside");
        for (name, cpu) in crates {
            println!("{name:24} {cpu:6.1}");
        }
    }
    Ok(())
}

fn write_project(checkout: &Path, project: &Path, case: &Case) -> Result<(), String> {
    let path = checkout.join("crates").join(case.package);
    let manifest = format!(
        "[package]\nname = \"ten-lines\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{} = {{ path = {path:?}{} }}\n\n[profile.release]\nstrip = true\n\n[workspace]\n",
        case.package, case.features,
    );
    let write = || -> io::Result<()> {
        fs::create_dir_all(project.join("src"))?;
        fs::write(project.join("Cargo.toml"), manifest)?;
        fs::copy(checkout.join("Cargo.lock"), project.join("Cargo.lock"))?;
        fs::write(project.join("src/main.rs"), source(case, 0))
    };
    write().map_err(|error| format!("{}: {error}", project.display()))
}

/// The program after some edits of its number.
fn source(case: &Case, edits: usize) -> String {
    case.source
        .replace("{crate}", &case.package.replace('-', "_"))
        .replace("0.5", &format!("0.{}", 5 + edits))
}

/// Wall seconds of a build after an edit, the median of three.
fn edited(project: &Path, case: &Case, build: &[&str]) -> Result<f64, String> {
    let mut walls = Vec::new();
    for edits in 1..=3 {
        fs::write(project.join("src/main.rs"), source(case, edits))
            .map_err(|error| error.to_string())?;
        walls.push(cargo(project, build, None)?.wall);
    }
    walls.sort_by(f64::total_cmp);
    Ok(walls[1])
}

/// The crates of a log, the dearest first.
fn costs(log: &Path) -> Result<Vec<(String, f64)>, String> {
    let text = fs::read_to_string(log).map_err(|error| error.to_string())?;
    let cost = |line: &str| {
        line.rsplit_once(' ').and_then(|(name, cpu)| Some((name.to_owned(), cpu.parse().ok()?)))
    };
    let mut crates: Vec<(String, f64)> = text
        .lines()
        .filter_map(cost)
        .filter(|(name, _)| name != "build_script_build" && name != "___")
        .collect();
    crates.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    Ok(crates)
}
