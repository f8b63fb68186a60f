//! Clients that nobody here wrote, against the real server. One that is missing is reported as an
//! ignored test with the reason; with `CHAT_TEST_REQUIRE=all` it is a failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod curl;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// Whether a program can be started.
fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn trial(name: &str, needs: &str, test: fn() -> Result<(), String>) -> Trial {
    let required = std::env::var_os("CHAT_TEST_REQUIRE").is_some_and(|what| what == "all");
    let missing = !has(needs);
    let kind = if missing { format!("no {needs} on PATH") } else { String::new() };
    let test = move || test().map_err(Failed::from);
    Trial::test(name, test).with_kind(kind).with_ignored_flag(missing && !required)
}

fn main() -> ExitCode {
    let trials = vec![trial("curl_does_what_the_page_says", "curl", curl::every_example_runs)];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
