//! `chat bench`: what it measures, what it refuses, what it notices.

use serde_json::Value;
use tokio::net::TcpListener;

use super::*;
use crate::folder::Folder;

/// A short run, and its report.
async fn measured(args: &[&str]) -> Value {
    let args = [&["bench", "--clients", "20", "--json"], args].concat();
    let seen = answer(chat(&args)).await;
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&seen.stdout).unwrap()
}

#[tokio::test]
async fn everybody_gets_everything_in_every_format() {
    for format in ["body", "pool", "chat.v1", "chat.v1-lines", "text", "text-lines"] {
        let report = measured(&["--publishers", "3", "--format", format, "--seconds", "0.2"]).await;
        let messages = report["messages"].as_u64().unwrap();
        assert!(messages > 0, "{report}");
        assert_eq!(report["deliveries"], messages * 20);
        assert!(report["deliveries_per_second"].as_f64().unwrap() > 0.0, "{report}");
        let latency = |of: &str| report["latency_ms"][of].as_f64().unwrap();
        assert!(0.0 < latency("p50") && latency("p50") <= latency("p99"), "{report}");
        assert!(latency("p99") <= latency("max"), "{report}");
        if cfg!(target_os = "linux") {
            assert!(report["cpu_us_per_delivery"].as_f64().unwrap() > 0.0, "{report}");
            assert!(report["resident_kib_per_connection"].as_f64().unwrap() > 0.0, "{report}");
        }
    }
}

#[tokio::test]
async fn who_reads_nothing_holds_nobody_up() {
    let report = measured(&["--stalled", "3", "--format", "chat.v1", "--seconds", "0.2"]).await;
    assert_eq!(report["stalled"], 3);
    assert_eq!(report["deliveries"], report["messages"].as_u64().unwrap() * 20);
}

#[tokio::test]
async fn a_rate_and_a_number_of_messages_are_kept() {
    let args = ["--rate", "1000", "--messages", "30", "--seconds", "20", "--size", "5000"];
    let report = measured(&args).await;
    assert_eq!((&report["messages"], &report["deliveries"]), (&30.into(), &600.into()));
    assert!(report["seconds"].as_f64().unwrap() > 0.028, "{report}");
}

#[tokio::test]
async fn a_server_that_runs_is_measured_and_goes_on() {
    let server = start(&["--max-bytes", "100000000"]).await;
    let pid = server.child.id().unwrap().to_string();
    let addr = format!("localhost:{}", server.port);
    let report = measured(&["--to", &addr, "--pid", &pid, "-f", "chat.v1", "-s", "0.2"]).await;
    assert_eq!(report["deliveries"], report["messages"].as_u64().unwrap() * 20);
    server.serves().await;
}

#[tokio::test]
async fn a_report_is_for_people_unless_it_is_json() {
    let folder = Folder::new();
    let chart = folder.file("chart.svg");
    let args = ["bench", "-n", "3", "-p", "2", "-s", "0.1", "--messages", "10"];
    let args = [&args[..], &["--svg", chart.to_str().unwrap()]].concat();
    let seen = answer(chat(&args)).await;
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    let (title, rest) = seen.stdout.split_once('\n').unwrap();
    assert_eq!(title, "3 clients (body), 2 publishing, flat out, 963 on the way, 64 bytes");
    let rest: Vec<_> = rest.lines().map(|line| line.split("  ").nth(1).unwrap()).collect();
    let chart = std::fs::read_to_string(chart).unwrap();
    assert!(chart.contains(title) && chart.ends_with("</svg>\n"), "{chart}");
    assert!(rest.starts_with(&["delivered", "deliveries/s", "to the last client"]), "{rest:?}");
}

#[tokio::test]
async fn a_chart_that_cannot_be_drawn_costs_no_report() {
    let args = ["bench", "-n", "1", "-s", "0.1", "--messages", "1", "--svg", "/nonexistent/a.svg"];
    let seen = answer(chat(&args)).await;
    assert!(seen.stdout.starts_with("1 clients (body)"), "{seen:?}");
    assert!(seen.stderr.starts_with("error: cannot write /nonexistent/a.svg\n"), "{seen:?}");
    assert_eq!(seen.code, Some(1));
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused() {
    for (args, why) in [
        (
            &["--to", "192.0.2.1:80"][..],
            "--to: 192.0.2.1:80 is another computer; if its owner agrees to be flooded, say so with --anywhere",
        ),
        (&["--publishers", "7", "--clients", "6"], "--publishers: 7 of 6 clients cannot publish"),
        (
            &["--addr", ":80"],
            "--addr: chat bench starts a server at a free port; --to names one that runs",
        ),
    ] {
        let seen = answer(chat(&[&["bench"], args].concat())).await;
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(2), ""));
        assert_eq!(seen.stderr, format!("error: {why}\n"));
    }
    for (args, why) in [
        (&["--clients", "0"][..], "'0' for '--clients <N>'"),
        (&["--seconds", "nan"], "'nan' for '--seconds <S>': not a number from 0.01 to 86400"),
        (&["--format", "morse"], "'morse' for '--format <FORMAT>'"),
        (&["--pid", "1"], "--to <ADDR>"),
        (&["--durability", "none"], "--durability: \"none\" is neither power nor process"),
    ] {
        let seen = answer(chat(&[&["bench"], args].concat())).await;
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(2), ""));
        assert!(seen.stderr.contains(why), "{why}: {}", seen.stderr);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let seen = answer(chat(&["bench", "--to", &free])).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""));
    assert!(seen.stderr.starts_with("error: client 0: Connection refused"), "{}", seen.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_it_with_what_there_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let args =
        ["bench", "--json", "-n", "1", "-f", "text-lines", "-r", "1000", "-s", "600", "--to"];
    let bench = chat(&[&args[..], &[&addr]].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let pid = bench.id().unwrap();
    let server = tokio::spawn(serve(listener, move |number, line| {
        // Long after it has warmed up.
        if number == 1000 {
            let kill = format!("kill -INT {pid}");
            assert!(
                std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success()
            );
        }
        line
    }));
    let output =
        timeout(PATIENCE, bench.wait_with_output()).await.expect("an end in time").unwrap();
    server.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["messages"].as_u64().unwrap() >= 400, "{report}");
}

#[tokio::test]
async fn a_server_that_is_attached_ends_with_its_stdin() {
    let mut command = chat(&["attached", "--addr", "localhost:0"]);
    command.stdin(Stdio::piped());
    let mut server = start_with(command).await;
    server.serves().await;
    drop(server.child.stdin.take());
    let (status, said) = server.end().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

#[tokio::test]
async fn doctor_says_what_limits() {
    let seen = answer(chat(&["doctor"])).await;
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    assert!(seen.stdout.starts_with("open files   "), "{}", seen.stdout);
}

/// Serves one client, and tells it of each of its lines what `tell` makes of it.
async fn serve(listener: TcpListener, tell: impl Fn(usize, String) -> String) {
    let (stream, _) = listener.accept().await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let name = lines.next_line().await.unwrap().unwrap();
    write.write_all(format!("* welcome, {name}\n").as_bytes()).await.unwrap();
    for number in 0.. {
        // The client may have seen enough.
        let Ok(Some(line)) = lines.next_line().await else { return };
        let told = tell(number, format!("#lobby {name}: {line}\n"));
        write.write_all(told.as_bytes()).await.ok();
    }
}

#[tokio::test]
async fn a_server_that_loses_or_doubles_is_noticed() {
    let lost: fn(usize, String) -> String =
        |number, line| if number == 3 { String::new() } else { line };
    let doubled: fn(usize, String) -> String =
        |number, line| if number == 3 { line.repeat(2) } else { line };
    for (tell, why) in [
        (lost, "message 4 of publisher 0 came where 3 was due, which was lost or overtaken"),
        (doubled, "message 3 of publisher 0 came twice, or late"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(serve(listener, tell));
        let args = ["bench", "-n", "1", "-f", "text-lines", "--seconds", "0.1", "--to", &addr];
        let seen = answer(chat(&args)).await;
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""));
        let hint = match why.ends_with("overtaken") {
            true => {
                "  A server of chat takes 50 messages a second of each client: start it with more \
                 --max-messages, or measure with a lower --rate\n"
            }
            false => "",
        };
        assert_eq!(seen.stderr, format!("error: client 0: {why}\n{hint}"));
        server.await.unwrap();
    }
}
