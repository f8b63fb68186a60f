use std::fs;
use std::thread;

use serde_json::Value as Json;
use trace::{Recorder as Seen, Value, trace, with};

use super::*;
use crate::limits::{FLIGHT_EVENT_BYTES, WATCHERS};

fn lines(flight: &Flight) -> Vec<Json> {
    let mut out = Vec::new();
    flight.write_to(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// All that a watch tells now: events as lines without their time, losses as numbers.
fn told(watch: &mut Watch) -> Vec<String> {
    let mut all = Vec::new();
    let mut tell = |told: Told<'_>| {
        let mut line = Vec::new();
        told.line(&mut line);
        let mut line: Json = serde_json::from_slice(&line).unwrap();
        line.as_object_mut().unwrap().shift_remove("at");
        all.push(line.to_string());
    };
    while watch.read(&mut tell) {}
    all
}

#[test]
fn what_was_told_is_told_again_as_the_trace_writes_it() {
    let flight = Flight::new(false);
    let (who, lot) = (String::from("ann"), 0.5);
    let tracer = with(flight.clone(), "at", "here");
    trace!(tracer, "New client {}", 1 + 1; event = "joined", name = &who, bytes = 5_u8, off = -1,
        ok = true, no = false, share = lot, by = format_args!("{who}!"), none = "");
    let mut lines = lines(&flight);
    let line = lines.pop().unwrap();
    assert!(lines.is_empty());
    let at = line["at"].as_str().unwrap();
    assert_eq!(at.len(), "2026-11-20T23:18:54.000000Z".len(), "{at}");
    let rest = line.to_string().split_once(r#"Z","#).unwrap().1.to_owned();
    assert_eq!(
        rest,
        r#""message":"New client 2","at_2":"here","event":"joined","name":"ann","bytes":5,"off":-1,"ok":true,"no":false,"share":0.5,"by":"ann!","none":""}"#
    );
}

#[test]
fn what_people_say_is_kept_only_where_that_was_said() {
    for (bodies, expected) in [(false, "Message received"), (true, "Message received: a: b")] {
        let flight = Flight::new(bodies);
        let said = String::from("a: b");
        trace!(flight, "Message received: {said}"; event = "received", client = 1);
        trace!(flight, "Client missed {}: all", 3; event = "gap");
        let lines = lines(&flight);
        assert_eq!((&lines[0]["message"], &lines[0]["client"]), (&expected.into(), &1.into()));
        assert_eq!(lines[1]["message"], "Client missed 3: all");
    }
}

#[test]
fn the_newest_are_kept() {
    let flight = Flight::new(false);
    let text = "x".repeat(100);
    for n in 0..20_000 {
        trace!(flight, "step"; event = "step", n = n, text = &text);
    }
    let lines = lines(&flight);
    let numbers: Vec<_> = lines.iter().map(|line| line["n"].as_i64().unwrap()).collect();
    let kept = numbers.len() as i64;
    assert!((6_000..8_000).contains(&kept), "{kept}");
    assert!(numbers.iter().copied().eq(20_000 - kept..20_000));
}

#[test]
fn frames_of_every_length_go_round() {
    let mut ring = Ring::new(3 * FLIGHT_EVENT_BYTES);
    let (mut place, mut copied, mut expected) = (ring.oldest(), Vec::new(), 0);
    let text = "房".repeat(300);
    for n in 0..5_000_usize {
        let text = &text[..n % 300 * 3];
        let rings = Mutex::new(&mut ring);
        let tracer = trace::from_fn(|event| {
            rings.lock().unwrap().push(At(n as u64), Frame::new(event, true).bytes());
        });
        trace!(tracer, "{text}"; n = n);
        drop(tracer);
        if n % 3 == 2 {
            expected += ring.copy(&mut place, 100_000, &mut copied) as usize;
            let mut rest = copied.as_slice();
            while let Some(event) = ring::next(&mut rest, &mut place) {
                assert!(matches!(event.get("n"), Some(Value::U64(n)) if n == expected as u64));
                let shown = (expected % 300 * 3).min((FLIGHT_EVENT_BYTES - 2) / 2 / 3 * 3);
                assert_eq!((event.message().len(), event.at.0), (shown, expected as u64));
                expected += 1;
            }
            assert!(rest.is_empty());
        }
    }
    assert_eq!(expected, 4_998);
}

#[test]
fn what_has_no_room_is_cut_or_left_out() {
    let flight = Flight::new(true);
    let long = "é".repeat(FLIGHT_EVENT_BYTES);
    trace!(flight, "{long}{}", "tail"; a = &long, b = 1, c = &long, d = 2);
    let line = &lines(&flight)[0];
    let length = |key: &str| line[key].as_str().unwrap().len();
    assert_eq!((&line["b"], &line["d"]), (&1.into(), &2.into()));
    assert_eq!((length("message"), length("a"), length("c")), (510, 252, 118));
    assert!(line["message"].as_str().unwrap().ends_with('é'), "nothing follows what was cut");
}

#[test]
fn a_value_that_fails_or_traces_or_panics_harms_nobody() {
    struct Odd<'a>(&'a Flight, u8);
    impl fmt::Display for Odd<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            match self.1 {
                0 => Err(fmt::Error),
                1 => {
                    trace!(self.0, "inside");
                    Ok(())
                }
                _ => panic!("on purpose"),
            }
        }
    }
    let flight = Flight::new(false);
    for kind in [0, 1] {
        trace!(flight, "m"; odd = format_args!("{}", Odd(&flight, kind)), n = 1);
    }
    let panics = std::panic::AssertUnwindSafe(|| trace!(flight, "{}", Odd(&flight, 2)));
    assert!(std::panic::catch_unwind(panics).is_err());
    trace!(flight, "after");
    let lines = lines(&flight);
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["m", "inside", "m", "after"]);
    assert_eq!((&lines[0]["odd"], &lines[0]["n"]), (&"so far".into(), &1.into()));
}

#[test]
fn deliveries_are_wanted_while_somebody_watches() {
    let (seen, flight) = (Seen::new(), Flight::new(false));
    let off = flight.tee(Tracers::default());
    let on = flight.tee(Tracers { tracer: Arc::new(seen.clone()), ..Tracers::default() });
    assert!(off.tracer.enabled() && !off.deliveries.enabled() && !on.deliveries.enabled());
    trace!(on.tracer, "before");
    trace!(on.deliveries, "nobody");
    let mut watch = flight.watch().unwrap();
    assert!(off.deliveries.enabled());
    let second = flight.watch().unwrap();
    trace!(on.tracer, "step"; n = 1);
    trace!(on.deliveries, "sent"; n = 2);
    trace!(on.tracer, "step"; n = 3);
    assert_eq!(
        told(&mut watch),
        [
            r#"{"message":"before"}"#,
            r#"{"message":"step","n":1}"#,
            r#"{"message":"sent","n":2}"#,
            r#"{"message":"step","n":3}"#
        ]
    );
    assert_eq!(told(&mut watch), [""; 0]);
    drop(watch);
    assert!(off.deliveries.enabled());
    drop(second);
    assert!(!off.deliveries.enabled());
    // Nothing of it is among the steps, and nothing goes where nobody wanted it.
    assert_eq!(lines(&flight).len(), 3);
    assert_eq!(seen.to_string(), "before\nstep n=1\nstep n=3\n");
}

#[test]
fn who_reads_too_slowly_is_told_how_many_went_by() {
    let flight = Flight::new(false);
    trace!(flight, "before");
    let mut watch = flight.watch().unwrap();
    let mut slow = flight.watch().unwrap();
    assert_eq!(told(&mut watch).len(), 1);
    let text = "x".repeat(400);
    let all = 13_000;
    for n in 0..all {
        trace!(flight, "step"; n = n, text = &text);
    }
    for (watch, before) in [(&mut watch, 0), (&mut slow, 1)] {
        let told: Vec<Json> =
            told(watch).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        // Who had not read what came before is told first that it is gone.
        let losses: Vec<_> = told.iter().filter_map(|line| line["lost"].as_i64()).collect();
        assert_eq!(losses.len(), 1 + before as usize, "{losses:?}");
        assert_eq!(losses[..before as usize], [1][..before as usize]);
        let events = told.len() as i64 - losses.len() as i64;
        assert_eq!(losses.iter().sum::<i64>() + events, all + before);
        assert_eq!(told.last().unwrap()["n"], all - 1);
        assert!((8_000..11_000).contains(&events), "{events}");
    }
}

#[test]
fn few_may_watch() {
    let flight = Flight::new(false);
    let mut watching: Vec<_> = (0..WATCHERS).map(|_| flight.watch().unwrap()).collect();
    assert!(flight.watch().is_none());
    watching.pop();
    assert!(flight.watch().is_some());
}

#[test]
fn those_who_trace_at_once_lose_nothing() {
    let flight = Flight::new(false);
    let mut watch = flight.watch().unwrap();
    thread::scope(|scope| {
        for of in 0..4 {
            let flight = &flight;
            scope.spawn(move || {
                for n in 0..2_000 {
                    trace!(flight, "step"; of = of, n = n);
                }
            });
        }
        let mut next = [0; 4];
        while next.iter().sum::<i64>() < 8_000 {
            for line in told(&mut watch) {
                let line: Json = serde_json::from_str(&line).unwrap();
                let of = line["of"].as_u64().unwrap() as usize;
                assert_eq!(line["n"], next[of], "{line}");
                next[of] += 1;
            }
        }
    });
    // The newest of them are still among the steps, and their times are in their order.
    let lines = lines(&flight);
    assert!(lines.len() > 1_000, "{}", lines.len());
    assert!(lines.iter().map(|line| line["at"].as_str().unwrap()).is_sorted());
}

#[test]
fn a_dump_is_a_new_file_of_its_owner() {
    let folder = std::env::temp_dir().join(format!("chat-flight-test-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let flight = Flight::new(false);
    trace!(flight, "step"; event = "step");
    let dumps: Vec<_> = (0..3).map(|_| flight.dump(&folder).unwrap()).collect();
    for path in &dumps {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("chat-flight-") && name.ends_with(".ndjson"), "{name}");
        let text = fs::read_to_string(path).unwrap();
        assert!(text.ends_with("Z\",\"message\":\"step\",\"event\":\"step\"}\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    let panic = fs::read_to_string(flight.dump_panic(&folder, "a.rs:1:2").unwrap()).unwrap();
    assert!(panic.ends_with("\"event\":\"panicked\",\"place\":\"a.rs:1:2\"}\n"), "{panic}");
    // Who panicked in the middle of recording gets no file, and does not wait for itself.
    let locked = flight.rings();
    assert_eq!(flight.dump(&folder).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    let error = flight.dump_panic(&folder, "a.rs:1:2").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(locked);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    // What does not fit, as in a file that is only read, is not left half written.
    let whole = flight.dump(&folder).unwrap();
    let error = flight.fill(&whole, fs::File::open(&whole).unwrap()).unwrap_err();
    assert!(!whole.exists(), "{error}");
    fs::remove_dir_all(&folder).unwrap();
}
