//! Webhooks and answers that are not what they should be, through the bundled connectors: each reads them or says what is
//! wrong, and never traps.
//!
//! ```text
//! cargo test -p transload --test it junk                            every damage of every webhook, and 2,000 cases by chance each
//! TRANSLOAD_JUNK_CASES=200000 cargo test … junk -- --nocapture      that many by chance
//! TRANSLOAD_JUNK_CASE=123 cargo test … junk                         one of them
//! ```

mod samples;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response, StatusCode};
use transload::contract::{Delivery, Envelope, Event, Failure, Scope, Window};
use transload::engine::{CallError, Module, Ports};
use transload_tests::damaged;

use crate::fakes::bundled;
use crate::guests::{Canned, ports};
use samples::{GHL_RANKR, GHL_TRACK_POD, NOW, Vendors};

/// Cases by chance of an ordinary test run, for each connector.
const CASES: u64 = 2_000;

fn reply(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// A connector's ports, with these answers.
fn given(
    vendors: &Vendors,
    answer: impl Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
) -> Ports {
    let http = Canned { after: Duration::ZERO, answer };
    Ports { settings: Arc::from(vendors.settings), now: NOW, ..ports(http, &Arc::default()) }
}

/// What came of a case: nothing, events, or a reason.
enum Outcome {
    Read(usize),
    Refused,
}

async fn receive(module: &Module, ports: Ports, source: &str, body: Vec<u8>) -> Result<Outcome, CallError> {
    let delivery = Delivery { source: source.to_owned(), headers: Vec::new(), body };
    match module.instance(ports.clone()).await?.receive(&delivery).await? {
        Ok(events) => handle(module, ports, events).await,
        Err(failure) => refused(failure),
    }
}

async fn handle(module: &Module, ports: Ports, events: Vec<Event>) -> Result<Outcome, CallError> {
    let count = events.len();
    for event in events.into_iter().take(3) {
        let Event { id, source, subject, occurred_at, raw, change } = event;
        let envelope = Envelope { id, source, subject, occurred_at, received_at: NOW, attempt: 1, raw };
        if let Err(failure) = module.instance(ports.clone()).await?.handle(&envelope, &change).await? {
            refused(failure)?;
        }
    }
    Ok(Outcome::Read(count))
}

fn refused(failure: Failure) -> Result<Outcome, CallError> {
    let reason = match failure {
        Failure::Retry(retry) => retry.reason,
        Failure::Rejected(reason) | Failure::NeedsAttention(reason) => reason,
    };
    assert!(!reason.is_empty());
    Ok(Outcome::Refused)
}

/// Every damage of every webhook. Answers how many cases were read, and how many refused.
async fn every_damage(vendors: &'static Vendors) -> (usize, usize) {
    let module = bundled(vendors.connector).await;
    let (mut read, mut refused) = (0, 0);
    let ports = || given(vendors, |request| reply(200, vendors.sound(request.uri())));
    for (source, hook) in vendors.hooks() {
        let whole = receive(&module, ports(), source, hook.as_bytes().to_vec()).await;
        assert!(matches!(whole, Ok(Outcome::Read(1))), "{hook}");
        for body in damaged(&hook) {
            let ports = ports();
            match receive(&module, ports, source, body.clone().into_bytes()).await {
                Ok(Outcome::Read(_)) => read += 1,
                Ok(Outcome::Refused) => refused += 1,
                Err(error) => panic!("{error} of {body}"),
            }
        }
    }
    (read, refused)
}

// Most members are none that anything is decided by; those that are, are not guessed.

#[tokio::test]
async fn every_member_of_every_webhook_may_be_missing_or_of_another_type() {
    let (read, refused) = every_damage(&GHL_TRACK_POD).await;
    assert!(read > 500 && refused > 100, "{read} were read, and {refused} refused");
}

#[tokio::test]
async fn every_member_of_every_webhook_for_rankr_may_be_missing_or_of_another_type() {
    let (read, refused) = every_damage(&GHL_RANKR).await;
    assert!(read > 500 && refused > 100, "{read} were read, and {refused} refused");
}

/// All ways to damage a text.
fn ways(text: &str) -> Arc<Vec<String>> {
    static WAYS: LazyLock<Mutex<HashMap<String, Arc<Vec<String>>>>> = LazyLock::new(Mutex::default);
    let mut ways = WAYS.lock().unwrap();
    Arc::clone(ways.entry(text.to_owned()).or_insert_with(|| Arc::new(damaged(text))))
}

/// One of the ways to damage a text, and perhaps a few bytes more.
fn damage(rng: &mut Rng, text: &str) -> Vec<u8> {
    let all = ways(text);
    let mut body = all[rng.usize(..all.len())].clone().into_bytes();
    if rng.u8(..3) == 0 && !body.is_empty() {
        for _ in 0..rng.usize(1..=4) {
            let at = rng.usize(..body.len());
            body[at] = rng.u8(..);
        }
    }
    body
}

/// Answers of which one in three is damaged, and one in eight of another status.
fn by_chance(vendors: &'static Vendors, seed: u64) -> Ports {
    let rng = Mutex::new(Rng::with_seed(seed));
    given(vendors, move |request| {
        let mut rng = rng.lock().unwrap();
        let sound = vendors.sound(request.uri());
        let body = if rng.u8(..3) == 0 { damage(&mut rng, &sound) } else { sound.into_bytes() };
        let status = if rng.u8(..8) == 0 {
            [201, 204, 302, 400, 401, 404, 405, 409, 410, 422, 429, 500][rng.usize(..12)]
        } else {
            200
        };
        reply(status, body)
    })
}

async fn case(vendors: &'static Vendors, module: &Module, seed: u64) -> Result<Outcome, CallError> {
    let mut rng = Rng::with_seed(seed);
    let ports = by_chance(vendors, seed ^ 0x1a55);
    let trigger = vendors.triggers[rng.usize(..vendors.triggers.len())];
    let page = match rng.u8(..8) {
        0 => module.instance(ports.clone()).await?.poll(trigger, None).await?,
        1 => {
            let window = Window { start: 0, end: NOW };
            module.job_instance(ports.clone()).await?.backfill(trigger, window, None).await?
        }
        2 => {
            let scope = Scope { start: NOW - 3 * 86_400_000, end: NOW, kinds: Vec::new() };
            let page = module.job_instance(ports).await?.reconcile(&scope, None).await?;
            return page.map_or_else(refused, |page| Ok(Outcome::Read(page.findings.len())));
        }
        _ => {
            let hooks = vendors.hooks();
            let (source, hook) = &hooks[rng.usize(..hooks.len())];
            let body = if rng.bool() { damage(&mut rng, hook) } else { hook.clone().into_bytes() };
            return receive(module, ports, source, body).await;
        }
    };
    match page {
        Ok(page) => handle(module, ports, page.events).await,
        Err(failure) => refused(failure),
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

async fn all_cases(vendors: &'static Vendors) {
    let module = bundled(vendors.connector).await;
    let cases = variable("TRANSLOAD_JUNK_CASES").unwrap_or(CASES);
    let all = variable("TRANSLOAD_JUNK_CASE").map_or(0..cases, |one| one..one + 1);
    let begun = std::time::Instant::now();
    let (mut events, mut refused) = (0, 0);
    for seed in all {
        match case(vendors, &module, seed).await {
            Ok(Outcome::Read(count)) => events += count,
            Ok(Outcome::Refused) => refused += 1,
            Err(error) => panic!("{error}; again with TRANSLOAD_JUNK_CASE={seed}"),
        }
        if seed % 10_000 == 9_999 {
            eprintln!("{} cases in {:?}: {events} events, {refused} refused", seed + 1, begun.elapsed());
        }
    }
}

#[tokio::test]
async fn whatever_comes_and_whatever_the_vendors_answer_nothing_traps() {
    all_cases(&GHL_TRACK_POD).await;
}

#[tokio::test]
async fn whatever_comes_for_rankr_and_whatever_the_vendors_answer_nothing_traps() {
    all_cases(&GHL_RANKR).await;
}
