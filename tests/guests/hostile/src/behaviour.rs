//! The ways of misbehaving.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use waki::bindings::wasi::http::outgoing_handler;
use waki::bindings::wasi::http::types::{Fields, OutgoingRequest, RequestOptions};
use wasip2::clocks::wall_clock;
use wasip2::random::{insecure, insecure_seed, random};

use crate::bindings::transload::connector::types::Failure;
use crate::bindings::transload::connector::{log, settings, store};

/// Behave as `name` says. An answer describes what the component saw.
pub(crate) fn run(name: &str, input: &str) -> Result<String, Failure> {
    match name {
        "ok" => Ok(format!("{{\"settings\":{}}}", settings::get())),
        "spin" => spin(),
        "compute" => Ok(compute(input)),
        "allocate" => Ok(allocate()),
        "trap" => std::process::abort(),
        "panic" => misuse(),
        "recurse" => Ok(recurse::<64>(1).to_string()),
        "recurse-lightly" => Ok(recurse::<1>(1).to_string()),
        "exit" => std::process::exit(7),
        "flood-log" => Ok(flood_log()),
        "flood-output" => Ok(flood_output()),
        "flood-store" => Ok(flood_store()),
        "flood-handles" => Ok(flood_handles()),
        "huge-answer" => Ok("x".repeat(input.parse().unwrap_or(0))),
        "sleep" => {
            std::thread::sleep(Duration::from_millis(input.parse().unwrap_or(u64::MAX)));
            Ok("slept".to_owned())
        }
        "environment" => Ok(environment()),
        "given" => Ok(given()),
        "get" => Ok(get(input, &[])),
        "must-get" => match get(input, &[]) {
            error if error.starts_with("error") => Err(Failure::Rejected(error)),
            answer => Ok(answer),
        },
        "get-as-someone" => Ok(get(input, &[("authorization", "Bearer forged")])),
        "post" => Ok(post(input)),
        "flood-http" => Ok(flood_http(input)),
        "get-in-haste" => Ok(get_in_haste(input)),
        other => Err(Failure::Rejected(format!("unknown behaviour {other:?}"))),
    }
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Computes for as many milliseconds as `input` says.
fn compute(input: &str) -> String {
    let (start, enough) = (Instant::now(), Duration::from_millis(input.parse().unwrap_or(0)));
    while start.elapsed() < enough {}
    "computed".to_owned()
}

fn allocate() -> String {
    let mut held: VecDeque<Vec<u8>> = VecDeque::new();
    loop {
        held.push_back(black_box(vec![1; 1 << 20]));
    }
}

#[expect(clippy::panic, reason = "the misbehaviour asked for")]
fn misuse() -> ! {
    panic!("a message for the log");
}

#[expect(unconditional_recursion, reason = "the misbehaviour asked for")]
fn recurse<const FRAME: usize>(depth: u64) -> u64 {
    let frame = black_box([depth; FRAME]);
    recurse::<FRAME>(depth + 1) + frame.iter().sum::<u64>()
}

fn flood_log() -> String {
    for line in 0..10_000 {
        log::write(log::Level::Info, &format!("line {line}"), &[]);
    }
    log::write(log::Level::Info, &"long ".repeat(10_000), &[]);
    "logged".to_owned()
}

fn flood_output() -> String {
    for line in 0..10_000 {
        println!("line {line}");
    }
    eprint!("{}", "no end of line ".repeat(10_000));
    "printed".to_owned()
}

/// Writes until it is refused, and answers how many writes were taken and why the next was not.
fn flood_store() -> String {
    let value = vec![0; 64 << 10];
    let mut taken = 0_u32;
    loop {
        match store::put(&format!("key {taken}"), &value) {
            Ok(_) => taken += 1,
            Err(error) => return format!("{taken} {error:?}"),
        }
    }
}

/// Holds ever more host objects.
fn flood_handles() -> String {
    let mut held = Vec::new();
    loop {
        held.push(Fields::new());
    }
}

/// What a process would see of the machine it runs on.
fn environment() -> String {
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let files = std::fs::read_dir("/").map(Iterator::count);
    let socket = std::net::TcpStream::connect("127.0.0.1:80");
    let name = std::net::ToSocketAddrs::to_socket_addrs("localhost:80");
    format!("{variables} {arguments} {} {} {}", files.is_ok(), socket.is_ok(), name.is_ok())
}

/// The time of day and randomness, in each form that there is of them: milliseconds since 1970, the clock's precision in
/// nanoseconds, 32 bytes of each generator, the seed for hash maps, and what a hash map makes of it.
fn given() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let precision = wall_clock::resolution().nanoseconds;
    let seed = insecure_seed::insecure_seed();
    let secure = hex(&random::get_random_bytes(32));
    let insecure = hex(&insecure::get_insecure_random_bytes(32));
    let hashed = RandomState::new().hash_one("a key");
    format!("{now} {precision} {secure} {insecure} {:x}{:016x} {hashed:x}", seed.1, seed.0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers the status, the headers and the body of a response, or the error.
fn shown(outcome: Result<waki::Response, impl std::fmt::Display>) -> String {
    match outcome {
        Ok(response) => {
            let status = response.status_code();
            let headers = format!("{:?}", response.headers());
            match response.body() {
                Ok(body) => format!("{status} {headers} {}", String::from_utf8_lossy(&body)),
                Err(error) => format!("body: {error}"),
            }
        }
        Err(error) => format!("error: {error}"),
    }
}

fn get(url: &str, headers: &[(&'static str, &'static str)]) -> String {
    shown(waki::Client::new().get(url).headers(headers.iter().copied()).send())
}

/// Posts as many bytes as `input` says after its space: `URL BYTES`.
fn post(input: &str) -> String {
    let (url, bytes) = input.split_once(' ').unwrap_or((input, "0"));
    let body = vec![b'x'; bytes.parse().unwrap_or(0)];
    shown(waki::Client::new().post(url).body(body).send())
}

/// Requests until it is refused, and answers how often it was not.
fn flood_http(url: &str) -> String {
    let mut answered = 0_u32;
    while waki::Client::new().get(url).send().is_ok() {
        answered += 1;
    }
    answered.to_string()
}

/// Asks for a response with no time to spare: every timeout is zero.
fn get_in_haste(url: &str) -> String {
    let Some((authority, path)) = url.trim_start_matches("https://").split_once('/') else {
        return "no path".to_owned();
    };
    let request = OutgoingRequest::new(Fields::new());
    let prepared = request.set_authority(Some(authority)).is_ok()
        && request.set_path_with_query(Some(&format!("/{path}"))).is_ok();
    let options = RequestOptions::new();
    let hurried = options.set_connect_timeout(Some(0)).is_ok()
        && options.set_first_byte_timeout(Some(0)).is_ok()
        && options.set_between_bytes_timeout(Some(0)).is_ok();
    if !(prepared && hurried) {
        return "not prepared".to_owned();
    }
    let response = match outgoing_handler::handle(request, Some(options)) {
        Ok(response) => response,
        Err(error) => return format!("error: {error}"),
    };
    response.subscribe().block();
    match response.get() {
        Some(Ok(Ok(response))) => response.status().to_string(),
        other => format!("error: {other:?}"),
    }
}
