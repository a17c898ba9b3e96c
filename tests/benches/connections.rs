//! What thousands of connections that share one module cost while nothing happens, and how long the program takes to
//! start. DESIGN budgets: 10,000 connections ≤ 200 MB resident, start ≤ 3 s; `transload run` with a cached module
//! ≤ 100 ms.
//!
//! The second needs the program, built with the same profile: `cargo build --release` before `cargo bench`.
//! `TRANSLOAD_BENCH_CONNECTIONS` sets how many connections there are.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot be set up has nothing to measure"
)]

#[path = "support/percentiles.rs"]
mod percentiles;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::SqliteStorage;
use transload_tests::HOSTILE_GUEST;

use percentiles::{ms, percentiles};

/// Connections unless `TRANSLOAD_BENCH_CONNECTIONS` says otherwise.
const CONNECTIONS: usize = 10_000;

/// Starts of the program that are measured.
const STARTS: usize = 20;

/// How long the program may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of its own: another name, another credential, other settings. Its connector has an API to call and none
/// to poll, so that idle connections are idle.
fn connection(number: usize, module: &Module) -> ConnectionSpec {
    let grant = |api: &str| Grant {
        credential: Some(Secret::new(format!("{api} token of connection {number}"))),
        ..Grant::default()
    };
    let apis = &module.description().apis;
    let grants: BTreeMap<String, Grant> =
        apis.iter().map(|api| (api.name.clone(), grant(&api.name))).collect();
    ConnectionSpec {
        name: format!("connection-{number}"),
        module: module.clone(),
        grants,
        settings: format!(r#"{{"location_id":"location {number}"}}"#),
        webhooks: BTreeMap::new(),
        polls: BTreeMap::new(),
        read_only: false,
    }
}

/// This process's resident memory, in kilobytes. None where the system does not tell in this way.
fn resident_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn megabytes(kilobytes: Option<u64>) -> String {
    kilobytes.map_or_else(|| "not known".to_owned(), |kilobytes| format!("{} MB", kilobytes / 1_024))
}

async fn idle(module: &Module, count: usize) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let database = directory.path().join("db.sqlite");
    println!("{count} connections               start   resident before   with them");
    for start in ["first", "second"] {
        let before = resident_kb();
        let connections: Vec<ConnectionSpec> = (0..count).map(|number| connection(number, module)).collect();
        let began = Instant::now();
        let storage = open(&database).await;
        let host = Host::start(HostOptions::new(Arc::new(storage)), connections).await.unwrap();
        let took = began.elapsed();
        // Its tasks have to have run once before they are idle.
        host.idle(Duration::from_mins(1)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        println!("{start:<28} {:>12} {:>17} {:>11}", ms(took), megabytes(before), megabytes(resident_kb()));
        host.shutdown().await;
    }
}

/// Open the database as soon as the tasks of a host before have let go of it.
async fn open(database: &Path) -> SqliteStorage {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match SqliteStorage::open(database) {
            Ok(storage) => return storage,
            Err(error) if Instant::now() >= deadline => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// The program, where a build with this bench's profile leaves it.
fn program() -> Option<PathBuf> {
    let bench = std::env::current_exe().ok()?;
    let program = bench.parent()?.parent()?.join(format!("transload{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

/// How long the program takes until it answers, with its module compiled and kept by an earlier start.
fn starts() {
    let Some(program) = program() else {
        println!("start of `transload run`: not measured; build the program first with this profile");
        return;
    };
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    configure(directory.path(), address);
    let first = start(&program, directory.path(), address);
    let times = (0..STARTS).map(|_| start(&program, directory.path(), address)).collect();
    let (p50, p99) = percentiles(times);
    println!("start of `transload run`: {} with nothing cached", ms(first));
    println!("                          {} (p50), {} (p99) with a cached module", ms(p50), ms(p99));
}

/// Start the program, wait until it answers, and end it.
fn start(program: &Path, directory: &Path, address: SocketAddr) -> Duration {
    let mut command = Command::new(program);
    command
        .arg("run")
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let mut child: Child = command.spawn().unwrap();
    while !healthy(address) {
        assert!(began.elapsed() < PATIENCE, "the program does not answer");
        if let Some(status) = child.try_wait().unwrap() {
            panic!("the program ended with {status}");
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    let took = began.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    took
}

fn healthy(address: SocketAddr) -> bool {
    let ask = || {
        let mut tcp = TcpStream::connect(address)?;
        tcp.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// A configuration whose APIs nobody answers at: only the start is of interest.
fn configure(directory: &Path, listen: SocketAddr) {
    std::fs::write(directory.join("token"), "token").unwrap();
    let api = r#"base_url = "http://127.0.0.1:9"
allow_private = ["127.0.0.1:9"]
credential = "file:token""#;
    let config = format!(
        r#"[host]
listen = "{listen}"
database = "transload.sqlite"

[connections.shop]
module = "bundled:ghl-track-pod"
settings = {{ location_id = "location" }}

[connections.shop.apis.ghl]
{api}
scopes = ["payments/orders.readonly"]

[connections.shop.apis.track-pod]
{api}
scopes = ["account.read"]
"#
    );
    std::fs::write(directory.join("transload.toml"), config).unwrap();
}

fn connections(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let count =
        std::env::var("TRANSLOAD_BENCH_CONNECTIONS").map_or(CONNECTIONS, |count| count.parse().unwrap());
    let module =
        runtime.block_on(Engine::new(EngineOptions::default()).unwrap().load(HOSTILE_GUEST)).unwrap();
    runtime.block_on(idle(&module, count));
    starts();
    let mut group = criterion.benchmark_group("connections");
    group.sample_size(10);
    group.bench_function(format!("start of a host with {count}, on its second start"), |bencher| {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let database = directory.path().join("db.sqlite");
        let begin = async || {
            let connections = (0..count).map(|number| connection(number, &module)).collect();
            let storage = open(&database).await;
            let began = Instant::now();
            let host = Host::start(HostOptions::new(Arc::new(storage)), connections).await.unwrap();
            let took = began.elapsed();
            host.shutdown().await;
            took
        };
        runtime.block_on(begin());
        bencher.iter_custom(|rounds| (0..rounds).map(|_| runtime.block_on(begin())).sum());
    });
    group.finish();
}

criterion_group!(benches, connections);
criterion_main!(benches);
