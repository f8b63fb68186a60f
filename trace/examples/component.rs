//! A component that is handed its tracer, and the test that this makes possible.
//!
//! `cargo run --example component` prints the trace; `cargo test --example component` compares it.

use std::io;
use std::sync::Arc;

use tokio::task::JoinHandle;
use trace::{Tracer, new, trace, with};

/// Serves tea, one task for each guest.
struct Teahouse {
    tracer: Arc<dyn Tracer>,
}

impl Teahouse {
    fn new(tracer: impl Tracer + 'static) -> Teahouse {
        Teahouse { tracer: Arc::new(tracer) }
    }

    fn serve(&self, guest: u32, cups: u32) -> JoinHandle<()> {
        // Everything that this task traces says which guest it is about.
        let tracer = with(Arc::clone(&self.tracer), "guest", guest);
        tokio::spawn(async move {
            trace!(tracer, "seated");
            for cup in 1..=cups {
                // Somebody else's turn.
                tokio::task::yield_now().await;
                trace!(tracer, "poured"; cup = cup);
            }
            trace!(tracer, "left"; paid = f64::from(cups) * 1.5);
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let house = Teahouse::new(new(io::stdout()));
    let (ann, bob) = (house.serve(1, 2), house.serve(2, 1));
    assert!(ann.await.is_ok() && bob.await.is_ok());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;
    use trace::Recorder;

    use super::*;

    /// Who was first is nobody's business; what happened to each guest is the same in every run.
    #[tokio::test]
    async fn each_guest_is_served_in_order() {
        let seen = Recorder::new();
        let house = Teahouse::new(seen.clone());
        let (ann, bob) = (house.serve(1, 2), house.serve(2, 1));
        ann.await.unwrap();
        bob.await.unwrap();
        let expected = "\
[1]
seated guest=1
poured guest=1 cup=1
poured guest=1 cup=2
left guest=1 paid=3
[2]
seated guest=2
poured guest=2 cup=1
left guest=2 paid=1.5
";
        assert_eq!(seen.by("guest"), expected);
    }

    /// The trace is what a test waits for, so that it never sleeps.
    #[tokio::test(start_paused = true)]
    async fn a_guest_who_drinks_nothing_leaves() {
        let seen = Recorder::new();
        let house = Teahouse::new(seen.clone());
        let guest = house.serve(3, 0);
        timeout(Duration::from_secs(5), seen.saw("left guest=3")).await.unwrap();
        guest.await.unwrap();
        assert!(!seen.to_string().contains("poured"));
    }
}
