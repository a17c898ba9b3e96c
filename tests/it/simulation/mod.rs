//! Seeded simulation: real components on the real host, in virtual time, with faults drawn from the seed.
//!
//! A run is a script of orders, payments, refunds and deliveries at the vendors, and of a courier's jobs; a host that
//! works it through in one or several lives, each of which ends in a crash but the last; and judges who compare what the
//! vendors hold with what the host has on record and with what is true. All that a run does follows from its seed: time
//! is virtual, there is one thread, and nothing reads a clock or draws by chance on its own.
//!
//! ```text
//! cargo test --test it simulation                              500 seeds
//! TRANSLOAD_SIM_SEEDS=20000 cargo test … simulation            that many
//! TRANSLOAD_SIM_SEED=123 cargo test … simulation -- --nocapture  one, with everything that happens in it
//! ```

mod courier;
mod facts;
mod fault;
mod hooks;
mod judge;
mod life;
mod modules;
mod order;
mod shop;
mod storage;
mod terms;
mod transport;
mod visit;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use life::Outcome;
use modules::Modules;

/// The connection of the bundled connector.
const SHOP: &str = "shop";

/// The connection of the courier.
const COURIER: &str = "courier";

/// Seeds of an ordinary test run.
const SEEDS: u64 = 500;

/// How often a long test says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// Failing seeds that are shown whole.
const SHOWN_MAX: usize = 5;

/// What came of many runs.
#[derive(Default)]
struct Tally {
    runs: u64,
    failed: Vec<Outcome>,
    counts: BTreeMap<&'static str, u64>,
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

/// Run a seed. A panic is a failure of that seed, which is named, and the others go on.
fn run_one(seed: u64, modules: &'static Modules) -> Outcome {
    let outcome = catch_unwind(AssertUnwindSafe(|| life::run(seed, modules)));
    outcome.unwrap_or_else(|_| Outcome {
        seed,
        violations: vec!["panicked; see above".to_owned()],
        timeline: String::new(),
        counts: BTreeMap::new(),
    })
}

/// Run the seeds from 0 on, on all cores.
fn run_all(seeds: u64) -> Tally {
    let modules = Modules::get();
    let (next, tally, begun) = (AtomicU64::new(0), Mutex::new(Tally::default()), Instant::now());
    let worker = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            let outcome = run_one(seed, modules);
            let mut tally = tally.lock().unwrap();
            tally.runs += 1;
            for (what, count) in &outcome.counts {
                *tally.counts.entry(what).or_default() += count;
            }
            if !outcome.violations.is_empty() {
                tally.failed.push(outcome);
            }
        }
    };
    let said = || {
        while next.load(Ordering::Relaxed) < seeds {
            std::thread::park_timeout(PROGRESS);
            let tally = tally.lock().unwrap();
            eprintln!(
                "{:?}: {} of {seeds} seeds, {} failed",
                begun.elapsed(),
                tally.runs,
                tally.failed.len()
            );
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let watcher = scope.spawn(said);
        for worker in workers {
            worker.join().unwrap();
        }
        watcher.thread().unpark();
    });
    tally.into_inner().unwrap()
}

/// What to do about failed runs.
fn report(mut failed: Vec<Outcome>) -> String {
    failed.sort_by_key(|outcome| outcome.seed);
    let seeds: Vec<u64> = failed.iter().map(|outcome| outcome.seed).collect();
    let mut text = format!("{} seeds failed: {seeds:?}\n", seeds.len());
    for outcome in failed.iter().take(SHOWN_MAX) {
        let seed = outcome.seed;
        text.push_str(&format!("seed {seed}:\n  {}\n", outcome.violations.join("\n  ")));
        text.push_str(&format!(
            "  replay: TRANSLOAD_SIM_SEED={seed} cargo test -p transload --test it simulation -- --nocapture\n"
        ));
    }
    text
}

#[test]
fn every_promise_holds_under_every_seed() {
    if let Some(seed) = variable("TRANSLOAD_SIM_SEED") {
        let outcome = life::run(seed, Modules::get());
        println!("{}", outcome.timeline);
        assert!(outcome.violations.is_empty(), "{}", report(vec![outcome]));
        return;
    }
    let seeds = variable("TRANSLOAD_SIM_SEEDS").unwrap_or(SEEDS);
    let tally = run_all(seeds);
    println!("{:?}", tally.counts);
    assert!(tally.failed.is_empty(), "{}", report(tally.failed));
    // Promises that nothing puts to the test hold always. On average each of these happens more than once a run.
    for what in ["call faults", "storage faults", "crashes", "payments", "drives", "swaps", "duplicates"] {
        let count = tally.counts.get(what).copied().unwrap_or_default();
        assert!(count >= seeds / 2, "only {count} {what} in {seeds} runs");
    }
    for what in [
        "fulfilled",
        "refunds",
        "refunds in full",
        "cancellations",
        "edits",
        "deletions",
        "corrections",
        "cash recorded",
        "payments in the driver's note",
        "payments written down",
        "messages",
        "renewals delivered",
        "writes that nobody repeats",
    ] {
        let count = tally.counts.get(what).copied().unwrap_or_default();
        assert!(count >= seeds / 20, "only {count} {what} in {seeds} runs");
    }
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    let modules = Modules::get();
    let mut stories = Vec::new();
    for seed in 0..12 {
        let (first, second) = (life::run(seed, modules), life::run(seed, modules));
        assert_eq!(first.timeline, second.timeline, "seed {seed}");
        assert!(first.timeline.lines().count() > 50, "seed {seed} tells hardly anything");
        stories.push(first.timeline);
    }
    stories.dedup();
    assert_eq!(stories.len(), 12);
}
