//! The trace sent over a socket, by a component that never waits for it.
//!
//! [`Background`] does the writing on a thread of its own. A peer that reads slowly, or never,
//! costs lines, which are counted and told, and no time.

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use trace::{Background, new, trace, with};

const CAPACITY: usize = 64 << 10;

fn main() -> io::Result<()> {
    // Whoever listens to the trace; here, this program.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    let collector = thread::spawn(move || -> io::Result<Vec<String>> {
        let (stream, _) = listener.accept()?;
        BufReader::new(stream).lines().collect()
    });

    let tracer = new(Background::new(TcpStream::connect(addr)?, CAPACITY)?);
    let tracer = with(tracer, "service", "tea");
    for cup in 1..=1_000 {
        trace!(tracer, "poured"; cup = cup);
    }
    // Writes what is left, and hangs up.
    drop(tracer);

    let lines = collector.join().map_err(|_| io::Error::other("the collector panicked"))??;
    assert_eq!(lines.len(), 1_000);
    assert_eq!(lines.first().map(String::as_str), Some("poured service=tea cup=1"));
    assert_eq!(lines.last().map(String::as_str), Some("poured service=tea cup=1000"));
    Ok(())
}

#[test]
fn it_does_what_it_says() {
    main().unwrap();
}
