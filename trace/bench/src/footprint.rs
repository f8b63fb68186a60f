//! What depending on a crate costs: building it from nothing, and the size of the program.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, process};

use crate::report::{median, spread};

const ROUNDS: usize = 3;

/// A program that traces one line with what it depends on.
struct Program {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

const TRACE: &str = concat!("trace = { path = \"", env!("CARGO_MANIFEST_DIR"), "/..\" }");

const PROGRAMS: [Program; 9] = [
    Program { name: "println!", dependencies: "", main: "println!(\"joined {}\", 7);" },
    Program {
        name: "**trace**, `off()`",
        dependencies: TRACE,
        main: "trace::trace!(trace::off(), \"joined {}\", 7);",
    },
    Program {
        name: "**trace**, `new(stdout())`",
        dependencies: TRACE,
        main: "trace::trace!(trace::new(std::io::stdout()), \"joined {}\", 7);",
    },
    Program {
        name: "**trace**, `new(Background)`",
        dependencies: TRACE,
        main: "let background = trace::Background::new(std::io::stdout(), 1 << 16).unwrap();
            trace::trace!(trace::new(background), \"joined {}\", 7);",
    },
    Program {
        name: "log + env_logger, no features",
        dependencies: "log = \"0.4\"\nenv_logger = { version = \"0.11\", default-features = false }",
        main: "env_logger::init(); log::error!(\"joined {}\", 7);",
    },
    Program {
        name: "log + env_logger",
        dependencies: "log = \"0.4\"\nenv_logger = \"0.11\"",
        main: "env_logger::init(); log::error!(\"joined {}\", 7);",
    },
    Program {
        name: "tracing + tracing-subscriber",
        dependencies: "tracing = \"0.1\"\ntracing-subscriber = \"0.3\"",
        main: "tracing_subscriber::fmt::init(); tracing::info!(\"joined {}\", 7);",
    },
    Program {
        name: "tracing + tracing-subscriber + tracing-appender",
        dependencies: "tracing = \"0.1\"\ntracing-subscriber = \"0.3\"\ntracing-appender = \"0.2\"",
        main: "let (w, _guard) = tracing_appender::non_blocking(std::io::stdout());
            tracing_subscriber::fmt().with_writer(w).init(); tracing::info!(\"joined {}\", 7);",
    },
    Program {
        name: "slog + slog-term + slog-async",
        dependencies: "slog = \"2\"\nslog-term = \"2\"\nslog-async = \"2\"",
        main: "use slog::Drain;
            let term = slog_term::PlainDecorator::new(std::io::stdout());
            let term = slog_term::FullFormat::new(term).build().fuse();
            let drain = slog_async::Async::new(term).build().fuse();
            slog::info!(slog::Logger::root(drain, slog::o!()), \"joined {}\", 7);",
    },
];

#[derive(Default)]
struct Build {
    cpu_seconds: Vec<f64>,
    crates: usize,
    bytes: u64,
}

pub struct Footprints(Vec<Build>);

pub fn measure(quick: bool) -> Result<Footprints, Box<dyn Error>> {
    let folder = Folder::new()?;
    let mut builds: Vec<Build> = PROGRAMS.iter().map(|_| Build::default()).collect();
    for _ in 0..if quick { 1 } else { ROUNDS } {
        for (program, build) in PROGRAMS.iter().zip(&mut builds) {
            program.build(&folder.0, build)?;
        }
    }
    Ok(Footprints(builds))
}

/// A folder that is gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, Box<dyn Error>> {
        let path = std::env::temp_dir().join(format!("trace-bench-{}", process::id()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Program {
    fn build(&self, parent: &Path, build: &mut Build) -> Result<(), Box<dyn Error>> {
        let folder = parent.join("program");
        fs::create_dir_all(folder.join("src"))?;
        let manifest = "[workspace]\n[package]\nname = \"program\"\nedition = \"2024\"\n\
            [profile.release]\nstrip = true\n[dependencies]\n";
        fs::write(folder.join("Cargo.toml"), format!("{manifest}{}\n", self.dependencies))?;
        fs::write(folder.join("src/main.rs"), format!("fn main() {{ {} }}\n", self.main))?;
        // The versions of this benchmark, whose sources are there.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock"))?;

        let before = cpu_seconds()?;
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--offline", "--jobs=1", "--target-dir=target"]);
        let output = cargo.current_dir(&folder).env_remove("RUSTFLAGS").output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} does not build: {said}", self.name).into());
        }
        build.cpu_seconds.push(cpu_seconds()? - before);
        build.crates = said.matches("Compiling ").count() - 1;
        build.bytes = fs::metadata(folder.join("target/release/program"))?.len();
        fs::remove_dir_all(&folder)?;
        Ok(())
    }
}

/// What all finished children took, in user and system mode. Linux counts hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("not Linux")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let [user, system] = [fields[13].parse::<f64>()?, fields[14].parse::<f64>()?];
    Ok((user + system) / 100.0)
}

impl Build {
    /// Bytes over the program that only prints.
    fn added(&self, base: &Build) -> i64 {
        self.bytes as i64 - base.bytes as i64
    }
}

impl Footprints {
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| program | crates added | CPU seconds to build | bytes added |\n|---|---|---|---|\n",
        );
        for (program, build) in PROGRAMS.iter().zip(&self.0) {
            let (name, crates, bytes) = (program.name, build.crates, build.added(&self.0[0]));
            let seconds = spread(&build.cpu_seconds, |seconds| format!("{seconds:.1}"));
            text += &format!("| {name} | {crates} | {seconds} | {bytes:+} |\n");
        }
        text
    }

    /// The README's table.
    pub fn summary(&self) -> String {
        let shown = [3, 7, 5, 8].map(|at: usize| &self.0[at]);
        let crates = shown.map(|build| build.crates.to_string()).join(" | ");
        let seconds = shown.map(|build| format!("{:.1}", median(&build.cpu_seconds))).join(" | ");
        let bytes = shown.map(|build| format!("{:+}", build.added(&self.0[0]))).join(" | ");
        format!(
            "| | trace with `Background` | tracing, subscriber, appender | log, env_logger | \
             slog, term, async |\n|---|---|---|---|---|\n\
             | crates added | {crates} |\n| CPU seconds to build | {seconds} |\n\
             | bytes added to a program | {bytes} |\n"
        )
    }
}
