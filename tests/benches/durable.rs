//! Events a second from a webhook to a commit: the webhook comes in over HTTP and is kept, the courier reads twice and
//! writes once at a server on loopback, and the event ends on the disk. SQLite syncs fully, on the disk that the build
//! is on. Beside it, the same four HTTP requests with nothing in between, as the limit. DESIGN budget: ≥ 5,000 events/s
//! on 2 cores.
//!
//! `TRANSLOAD_BENCH_EVENTS` sets the events of one measured batch.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot be set up has nothing to measure"
)]

#[path = "support/courier.rs"]
mod courier;
#[path = "support/percentiles.rs"]
mod percentiles;
#[path = "support/watcher.rs"]
mod watcher;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use transload::engine::{Engine, EngineOptions};
use transload::runtime::{Host, HostOptions};
use transload::storage::SqliteStorage;
use transload_tests::COURIER_GUEST;
use transload_tests::target::{Behaviour, Target};

use courier::{CONNECTION, TOKEN, connection};
use percentiles::{ms, percentiles};
use watcher::Watcher;

/// Senders at once.
const SENDERS: [usize; 3] = [16, 64, 256];

/// Events in one measured batch unless `TRANSLOAD_BENCH_EVENTS` says otherwise: about a second's worth.
const BATCH: u64 = 5_000;

/// Orders that the events of one batch are about: many, so that hardly any has to wait for its turn.
const SUBJECTS: u64 = 2_000;

type Http = Client<HttpConnector, Full<Bytes>>;

/// A host that is served, the API that its connector talks to, and a relay that makes the same calls without a host.
struct Bench {
    host: Host,
    target: Target,
    hook: String,
    relay: String,
    http: Http,
    events: AtomicU64,
    _directory: TempDir,
}

fn batch() -> u64 {
    std::env::var("TRANSLOAD_BENCH_EVENTS").map_or(BATCH, |events| events.parse().unwrap())
}

fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

impl Bench {
    async fn new() -> Arc<Bench> {
        let target = Target::start(Behaviour { forgetful: true, ..Behaviour::default() }).await.unwrap();
        // Not the system's directory for such files: it may be in memory, where a sync costs nothing.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
        let module = Engine::new(EngineOptions::default()).unwrap().load(COURIER_GUEST).await.unwrap();
        let connections = vec![connection(&target, &module)];
        let host = Host::start(HostOptions::new(Arc::new(storage)), connections).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hooks/{CONNECTION}/target", listener.local_addr().unwrap());
        let served = host.clone();
        tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
        let relay = format!("http://{}/", relay(target.url()).await);
        let events = AtomicU64::new(0);
        Arc::new(Bench { host, target, hook, relay, http: client(), events, _directory: directory })
    }

    fn next(&self) -> u64 {
        self.events.fetch_add(1, Ordering::Relaxed)
    }

    /// Send one webhook, and again for as long as it is answered that there is no room.
    async fn send(&self, url: &str, number: u64) {
        let body = format!(
            r#"{{"id":"event {number}","order":"order {}","do":["get a","get b","create c"]}}"#,
            number % SUBJECTS
        );
        loop {
            let request =
                Request::post(url).header("x-token", TOKEN).header("content-type", "application/json");
            let response = self.http.request(request.body(body.clone().into()).unwrap()).await.unwrap();
            let status = response.status();
            response.into_body().collect().await.unwrap();
            match status {
                StatusCode::OK => return,
                StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(Duration::from_millis(5)).await,
                other => panic!("{url} answered {other}"),
            }
        }
    }

    /// How long `events` take, from the first webhook to the last commit.
    async fn durable(self: &Arc<Self>, senders: usize, events: u64) -> Duration {
        let written = self.target.count();
        let began = Instant::now();
        self.flood(senders, events, |bench, number| async move { bench.send(&bench.hook, number).await })
            .await;
        while self.target.count() < written + usize::try_from(events).unwrap() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.host.idle(Duration::from_mins(1)).await;
        began.elapsed()
    }

    /// How long the same HTTP calls take without a host.
    async fn bare(self: &Arc<Self>, senders: usize, events: u64) -> Duration {
        let began = Instant::now();
        self.flood(senders, events, |bench, number| async move { bench.send(&bench.relay, number).await })
            .await;
        began.elapsed()
    }

    /// Have `senders` send `events` in all, each one after another.
    async fn flood<F, S>(self: &Arc<Self>, senders: usize, events: u64, send: S)
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(Arc<Bench>, u64) -> F + Clone + Send + 'static,
    {
        let end = self.events.load(Ordering::Relaxed) + events;
        let sender = || {
            let (bench, send) = (Arc::clone(self), send.clone());
            tokio::spawn(async move {
                loop {
                    let number = bench.next();
                    if number >= end {
                        return;
                    }
                    send(Arc::clone(&bench), number).await;
                }
            })
        };
        let under_way: Vec<_> = (0..senders).map(|_| sender()).collect();
        for sender in under_way {
            sender.await.unwrap();
        }
        // Each sender took a number too many.
        self.events.store(end, Ordering::Relaxed);
    }

    /// How long single events take from their webhook to their commit, while each sender waits for its own.
    async fn latencies(self: &Arc<Self>, senders: usize, events: u64) -> Vec<Duration> {
        let (watcher, times) = (Arc::new(Watcher::new(&self.host)), Arc::default());
        let seen: Arc<std::sync::Mutex<Vec<Duration>>> = Arc::clone(&times);
        // The watcher has to be there before the first event is.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.flood(senders, events, move |bench, number| {
            let (watcher, times) = (Arc::clone(&watcher), Arc::clone(&times));
            async move {
                let done = watcher.done(&format!("event {number}"));
                let began = Instant::now();
                bench.send(&bench.hook, number).await;
                done.await.unwrap();
                times.lock().unwrap().push(began.elapsed());
            }
        })
        .await;
        let mut seen = seen.lock().unwrap();
        std::mem::take(&mut *seen)
    }
}

/// A server that makes an event's three calls for every request, with the client library that the host uses.
async fn relay(target: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (http, target) = (client(), Arc::<str>::from(target));
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (http, target) = (http.clone(), Arc::clone(&target));
            tokio::spawn(async move {
                let service = service_fn(move |request| pass_on(request, http.clone(), Arc::clone(&target)));
                let protocol = hyper::server::conn::http1::Builder::new();
                let _ = protocol.serve_connection(TokioIo::new(tcp), service).await;
            });
        }
    });
    address
}

async fn pass_on(
    request: Request<Incoming>,
    http: Http,
    target: Arc<str>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    request.into_body().collect().await.unwrap();
    let body = r#"{"name":"c","event":"bare"}"#;
    for (method, path, body) in
        [(Method::GET, "/things/a", ""), (Method::GET, "/things/b", ""), (Method::POST, "/things", body)]
    {
        let request = Request::builder().method(method).uri(format!("{target}{path}"));
        let request = request.header("content-type", "application/json").body(body.into()).unwrap();
        http.request(request).await.unwrap().into_body().collect().await.unwrap();
    }
    Ok(Response::new(Full::default()))
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "figures to look at")]
fn table(runtime: &Runtime, bench: &Arc<Bench>) {
    let events = batch();
    // Pools fill, the file grows, code is paged in.
    runtime.block_on(bench.durable(64, events));
    runtime.block_on(bench.bare(64, events));
    println!("senders   durable/s      bare/s   ratio   p50 to commit   p99 to commit");
    for senders in SENDERS {
        let durable = runtime.block_on(bench.durable(senders, events)).as_secs_f64();
        let bare = runtime.block_on(bench.bare(senders, events)).as_secs_f64();
        let (p50, p99) = percentiles(runtime.block_on(bench.latencies(senders, events)));
        println!(
            "{senders:>7} {:>11.0} {:>11.0} {:>7.2} {:>15} {:>15}",
            events as f64 / durable,
            events as f64 / bare,
            bare / durable,
            ms(p50),
            ms(p99),
        );
    }
}

fn durable(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    table(&runtime, &bench);
    let mut group = criterion.benchmark_group("durable events");
    group.sample_size(10).throughput(Throughput::Elements(batch()));
    for (name, with_host) in [("webhook, 2 reads, 1 write, commit", true), ("the same calls bare", false)] {
        group.bench_function(BenchmarkId::new(name, 64), |bencher| {
            bencher.iter_custom(|rounds| {
                let round = || match with_host {
                    true => runtime.block_on(bench.durable(64, batch())),
                    false => runtime.block_on(bench.bare(64, batch())),
                };
                (0..rounds).map(|_| round()).sum()
            });
        });
    }
    group.finish();
    runtime.block_on(bench.host.shutdown());
}

criterion_group!(benches, durable);
criterion_main!(benches);
