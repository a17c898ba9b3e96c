//! What exchanging a connector costs: from a loaded module to the first event that it has handled, and what events see of
//! a swap every 100 ms. DESIGN budgets: ≤ 5 ms; p99 during swaps ≤ 1.2 × steady.
//!
//! `TRANSLOAD_BENCH_SECONDS` sets how long events flow in each state.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot be set up has nothing to measure"
)]

#[path = "support/courier.rs"]
mod courier;
#[path = "../support/event.rs"]
mod event;
#[path = "support/percentiles.rs"]
mod percentiles;
#[path = "support/watcher.rs"]
mod watcher;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{Host, HostOptions, SwapRequest};
use transload::storage::SqliteStorage;
use transload_tests::target::{Behaviour, Target};
use transload_tests::{COURIER_GUEST, COURIER_NEXT_GUEST};

use courier::{CONNECTION, connection};
use event::event;
use percentiles::{ms, percentiles};
use watcher::Watcher;

/// What an event has the courier do: two reads and a write. Each event is about an order of its own.
const STEPS: &str = "get a\nget b\ncreate c";

/// Swaps whose first event is waited for.
const SWAPS: u64 = 200;

/// Events under way at once: below what the host can do, so that latency is work and not a queue.
const AT_ONCE: usize = 8;

/// The pause between two swaps while events flow.
const SWAP_INTERVAL: Duration = Duration::from_millis(100);

/// How long events flow in each state unless `TRANSLOAD_BENCH_SECONDS` says otherwise.
const SECONDS: u64 = 10;

struct Bench {
    host: Host,
    modules: [Module; 2],
    watcher: Watcher,
    events: AtomicU64,
    swaps: AtomicU64,
    _target: Target,
    _directory: TempDir,
}

impl Bench {
    async fn new() -> Arc<Bench> {
        let target = Target::start(Behaviour { forgetful: true, ..Behaviour::default() }).await.unwrap();
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
        let engine = Engine::new(EngineOptions::default()).unwrap();
        let modules =
            [engine.load(COURIER_GUEST).await.unwrap(), engine.load(COURIER_NEXT_GUEST).await.unwrap()];
        let connections = vec![connection(&target, &modules[0])];
        let host = Host::start(HostOptions::new(Arc::new(storage)), connections).await.unwrap();
        let watcher = Watcher::new(&host);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (events, swaps) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Bench { host, modules, watcher, events, swaps, _target: target, _directory: directory })
    }

    /// Swap to the other of the two modules.
    async fn swap(&self) {
        let [first, next] = &self.modules;
        let odd = self.swaps.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        let module = if odd { first } else { next };
        self.host.swap(CONNECTION, module, SwapRequest::default()).await.unwrap();
    }

    /// Hand in an event, and wait until it is done. Answers how long it took.
    async fn event(&self) -> Duration {
        let id = format!("event {}", self.events.fetch_add(1, Ordering::Relaxed));
        let done = self.watcher.done(&id);
        let began = Instant::now();
        self.host.submit(CONNECTION, event(&id, &id, Some(STEPS))).await.unwrap();
        done.await.unwrap();
        began.elapsed()
    }

    /// Let events flow for some time. Answers how long each took.
    async fn flow(self: &Arc<Self>, time: Duration) -> Vec<Duration> {
        let (times, deadline) = (Arc::<Mutex<Vec<Duration>>>::default(), Instant::now() + time);
        let senders: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (bench, times) = (Arc::clone(self), Arc::clone(&times));
                tokio::spawn(async move {
                    while Instant::now() < deadline {
                        let time = bench.event().await;
                        times.lock().unwrap().push(time);
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        std::mem::take(&mut times.lock().unwrap())
    }

    /// The same while the connector is exchanged all the time.
    async fn flow_while_swapping(self: &Arc<Self>, time: Duration) -> Vec<Duration> {
        let (bench, going) = (Arc::clone(self), Arc::new(AtomicBool::new(true)));
        let goes = Arc::clone(&going);
        let swapping = tokio::spawn(async move {
            while goes.load(Ordering::Relaxed) {
                bench.swap().await;
                tokio::time::sleep(SWAP_INTERVAL).await;
            }
        });
        let times = self.flow(time).await;
        going.store(false, Ordering::Relaxed);
        swapping.await.unwrap();
        times
    }
}

async fn first_events(bench: &Bench) {
    let (mut swaps, mut events) = (Vec::new(), Vec::new());
    for _ in 0..SWAPS {
        let began = Instant::now();
        bench.swap().await;
        swaps.push(began.elapsed());
        bench.event().await;
        events.push(began.elapsed());
    }
    let (swap, event) = (percentiles(swaps), percentiles(events));
    println!("from a loaded module                      p50          p99");
    println!("to the connection running on it  {:>12} {:>12}", ms(swap.0), ms(swap.1));
    println!("to its first event, committed    {:>12} {:>12}", ms(event.0), ms(event.1));
}

#[expect(clippy::float_arithmetic, reason = "a figure to look at")]
async fn latencies(bench: &Arc<Bench>) {
    let seconds = std::env::var("TRANSLOAD_BENCH_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);
    // In turn, twice, so that what the machine does meanwhile falls on both.
    let (mut steady, mut swapping) = (Vec::new(), Vec::new());
    bench.flow(time / 4).await;
    for _ in 0..2 {
        steady.extend(bench.flow(time / 2).await);
        swapping.extend(bench.flow_while_swapping(time / 2).await);
    }
    println!("latency of an event, {AT_ONCE} at once      p50          p99     events");
    let (events, (p50, p99)) = (steady.len(), percentiles(steady));
    println!("steady                           {:>12} {:>12} {events:>10}", ms(p50), ms(p99));
    let (events, (p50_then, p99_then)) = (swapping.len(), percentiles(swapping));
    println!("a swap every 100 ms              {:>12} {:>12} {events:>10}", ms(p50_then), ms(p99_then));
    println!("p99 during swaps: {:.2} × steady", p99_then.as_secs_f64() / p99.as_secs_f64());
}

fn swap(criterion: &mut Criterion) {
    let runtime: Runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    runtime.block_on(first_events(&bench));
    runtime.block_on(latencies(&bench));
    let mut group = criterion.benchmark_group("swap");
    group.sample_size(20);
    group.bench_function("loaded module to its first event, committed", |bencher| {
        bencher.to_async(&runtime).iter(async || {
            bench.swap().await;
            bench.event().await;
        });
    });
    group.finish();
    runtime.block_on(bench.host.shutdown());
}

criterion_group!(benches, swap);
criterion_main!(benches);
