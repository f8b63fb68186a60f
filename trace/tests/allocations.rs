//! What tracing costs the heap. Allocations are counted for the whole process, so nothing else may
//! run in it: no other test, and no harness.

use std::io;

use trace::{Tracer, from_fn, new, off, trace, with};

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

/// How often the heap is asked for memory meanwhile.
fn allocations(mut act: impl FnMut()) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    for _ in 0..1_000 {
        act();
    }
    dhat::HeapStats::get().total_blocks - before
}

fn main() {
    let _profiler = dhat::Profiler::builder().testing().build();

    // It does count.
    let text = "x".repeat(300);
    assert_eq!(allocations(|| drop(Box::new(7))), 1_000);
    assert!(allocations(|| trace!(new(io::sink()), "{text}")) >= 1_000, "longer than the stack");

    let tracer = new(io::sink());
    let shared: &dyn Tracer = &tracer;
    let client = with(shared, "client", 7);
    let session = with(&client, "room", "the lobby");
    assert_eq!(allocations(|| trace!(tracer, "joined")), 0);
    assert_eq!(allocations(|| trace!(tracer, "got {}", 5; room = "a b", bytes = 5)), 0);
    assert_eq!(allocations(|| trace!(session, "got\n{}", 0.5; who = format_args!("{}", 7))), 0);
    assert_eq!(allocations(|| trace!(from_fn(|_| {}), "joined"; client = 7)), 0);

    let evaluated = || -> u64 { unreachable!("off") };
    assert_eq!(allocations(|| trace!(off(), "{}", text.repeat(2); n = evaluated())), 0);
    let off: &dyn Tracer = &off();
    assert_eq!(allocations(|| trace!(with(off, "n", 1), "{}", evaluated(); s = &text)), 0);

    #[cfg(feature = "tracing")]
    tracing_is_handed_it_without_the_heap();
}

/// Once the site is known there.
#[cfg(feature = "tracing")]
fn tracing_is_handed_it_without_the_heap() {
    use trace::to_tracing;
    use tracing::{Event, Metadata, Subscriber, span};

    struct Deaf;
    impl Subscriber for Deaf {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }
    tracing::subscriber::with_default(Deaf, || {
        let client = with(to_tracing(), "client", 7);
        let act = || trace!(client, "got {}", 5; room = "a b", bytes = 5);
        act();
        assert_eq!(allocations(act), 0);
    });
}
