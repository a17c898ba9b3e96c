//! A million orders against a million payments, in a component and natively. DESIGN budgets: at most 64 MB of the component's
//! memory, and 2.5 times the native time. `cargo bench --bench reconcile`; fails when a budget is missed.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "what it measured is what a bench is for")]

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use transload::engine::{Engine, EngineOptions, Ports};
use transload_mapper_guest::rows::{Size, Sums, reconcile};
use transload_tests::MAPPER_GUEST;

const ROWS: u64 = 1_000_000;

/// Each is run this often; the quickest counts, because nothing makes a run quicker than it is.
const RUNS: usize = 3;

const MEMORY_BYTES_MAX: u64 = 64 << 20;

fn main() {
    let native = quickest(|| reconcile(&Size { rows: ROWS }).unwrap());
    let guest = guest();
    prove(&native.0);
    assert_eq!(Sums { memory_bytes: 0, ..guest.0.clone() }, native.0, "the component comes to other sums");
    println!("reconcile {ROWS} × {ROWS} rows by id");
    println!("  native      {:>6} ms", native.1.as_millis());
    println!("  component   {:>6} ms", guest.1.as_millis());
    let percent = guest.1.as_micros() * 100 / native.1.as_micros().max(1);
    println!("  ratio       {:>3}.{:02}   (budget 2.50)", percent / 100, percent % 100);
    println!("  memory      {:>6} KiB (budget {} KiB)", guest.0.memory_bytes >> 10, MEMORY_BYTES_MAX >> 10);
    assert!(guest.0.memory_bytes <= MEMORY_BYTES_MAX, "too much memory");
    assert!(percent <= 250, "too slow");
}

fn quickest(run: impl Fn() -> Sums) -> (Sums, Duration) {
    let timed = || {
        let start = Instant::now();
        (run(), start.elapsed())
    };
    (0..RUNS).map(|_| timed()).min_by_key(|(_, time)| *time).unwrap()
}

fn guest() -> (Sums, Duration) {
    let runtime = Runtime::new().unwrap();
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let module = runtime.block_on(engine.load(MAPPER_GUEST)).unwrap();
    let input = serde_json::to_string(&Size { rows: ROWS }).unwrap();
    quickest(|| {
        runtime.block_on(async {
            let mut instance = module.instance(Ports::nothing()).await.unwrap();
            let answer = instance.run_action("reconcile", &input).await.unwrap().unwrap();
            serde_json::from_str(&answer).unwrap()
        })
    })
}

/// Nothing is made or lost.
fn prove(sums: &Sums) {
    assert_eq!(sums.left_total, sums.matched + sums.left_over);
    assert_eq!(sums.right_total, sums.matched + sums.right_over);
    assert!(sums.left_over > 0 && sums.right_over > 0, "the planted differences are not found");
}
