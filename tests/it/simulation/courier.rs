//! The courier's part: a connector that writes without looking, a vendor that counts, and what must come of it.
//!
//! The shop's connector looks before it writes, so the host's write record could be broken without anyone noticing. Here
//! nothing but that record keeps a write from being made twice.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderMap, Request, Response, StatusCode};
use transload::contract::Receipt;
use transload::storage::{EventRecord, State, WriteState};
use transload_sandbox::Json;

use super::facts::Facts;
use super::hooks::Hook;

/// The vendor's name on the network.
pub(super) const HOST: &str = "courier.invalid";

/// What an event may write. `create`, `message` and `pay` are made without a look at what is there.
const BLIND: [&str; 6] = ["create", "message", "pay", "put", "count", "follow"];

/// Something that the vendor did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Effect {
    kind: &'static str,
    name: String,
    event: String,
}

/// A vendor in memory.
pub(super) struct Vendor {
    pub(super) token: String,
    pub(super) hook_token: String,
    effects: Vec<Effect>,
    /// Answers by idempotency key.
    keys: BTreeMap<String, Effect>,
}

impl Vendor {
    pub(super) fn new(seed: u64) -> Vendor {
        Vendor {
            token: format!("courier-leak-{seed:016x}"),
            hook_token: format!("hook-leak-{seed:016x}"),
            effects: Vec::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Answer a request; its effect has happened then.
    pub(super) fn call(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let authorized = request.headers().get("authorization").is_some_and(|it| {
            it.to_str().is_ok_and(|text| text.strip_prefix("Bearer ") == Some(self.token.as_str()))
        });
        if !authorized {
            return answer(401, "{}");
        }
        let path = request.uri().path();
        match (request.method().as_str(), path) {
            ("GET", "/target/things") => answer(200, r#"{"events":[],"cursor":null}"#),
            ("GET", _) => {
                let name = path.rsplit('/').next().unwrap_or_default();
                let known = self.effects.iter().any(|it| it.kind == "create" && it.name == name);
                answer(if known { 200 } else { 404 }, "{\"thing\":true}")
            }
            ("POST", "/target/things") => self.make("create", request),
            ("POST", "/target/messages") => self.make("message", request),
            ("POST", "/keyed/payments") => self.pay(request),
            ("PUT", _) => self.make("put", request),
            _ => answer(404, "{}"),
        }
    }

    fn make(&mut self, kind: &'static str, request: &Request<Bytes>) -> Response<Bytes> {
        self.effects.push(effect(kind, request.body()));
        answer(201, "{\"made\":true}")
    }

    /// A payment with a key that was seen is answered as it was then.
    fn pay(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(key) = request.headers().get("idempotency-key").and_then(|it| it.to_str().ok()) else {
            return answer(400, "{\"message\":\"no key\"}");
        };
        if !self.keys.contains_key(key) {
            let made = effect("pay", request.body());
            self.keys.insert(key.to_owned(), made.clone());
            self.effects.push(made);
        }
        answer(201, "{\"paid\":true}")
    }
}

fn effect(kind: &'static str, body: &Bytes) -> Effect {
    let body = Json::parse(std::str::from_utf8(body).unwrap()).unwrap();
    let text = |name| body.get(name).and_then(Json::as_str).unwrap().to_owned();
    Effect { kind, name: text("name"), event: text("event") }
}

fn answer(status: u16, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// What an event is to do.
#[derive(Debug, Clone)]
pub(super) struct Job {
    id: String,
    order: String,
    steps: Vec<(&'static str, String)>,
}

impl Job {
    /// The job number `number`, for one of three orders.
    pub(super) fn draw(rng: &mut Rng, number: usize) -> Job {
        let id = format!("job{number}");
        let order = format!("o{}", rng.u32(..3));
        // To read anything of the vendor passes for a look; only such an event may do so that acts on what it sees.
        let looks = rng.u32(..4) == 0;
        let steps = (0..rng.u32(1..=4)).map(|step| {
            let kind = if looks { "ensure" } else { BLIND[rng.usize(..BLIND.len())] };
            (kind, format!("{id}-{step}"))
        });
        let mut steps: Vec<_> = steps.collect();
        if rng.u32(..4) == 0 {
            steps.push(("retry-until", rng.u32(2..=3).to_string()));
        }
        Job { id, order, steps }
    }

    /// The webhook that brings it.
    pub(super) fn hook(&self, token: &str) -> Hook {
        let steps: Vec<String> = self.steps.iter().map(|step| format!("\"{}\"", self.step(step))).collect();
        let body = format!(r#"{{"id":"{}","order":"{}","do":[{}]}}"#, self.id, self.order, steps.join(","));
        let mut headers = HeaderMap::new();
        headers.insert("x-token", token.parse().unwrap());
        Hook {
            name: format!("job {body}"),
            connection: super::COURIER,
            source: "target".to_owned(),
            headers,
            body: Bytes::from(body),
        }
    }

    fn step(&self, (kind, name): &(&'static str, String)) -> String {
        match *kind {
            "count" => format!("count counter-{}", self.order),
            "follow" => format!("follow {name} message {name}"),
            kind => format!("{kind} {name}"),
        }
    }
}

/// What came of the jobs, held against what had to.
pub(super) fn judge(vendor: &Vendor, jobs: &[Job], facts: &Facts, violations: &mut Vec<String>) {
    let events: BTreeMap<&str, &EventRecord> =
        facts.events_of(super::COURIER).map(|event| (event.event.id.as_str(), event)).collect();
    for event in events.values() {
        explained(event, facts, violations);
    }
    let mut counters: BTreeMap<&str, u64> = BTreeMap::new();
    for job in jobs {
        let Some(event) = events.get(job.id.as_str()) else {
            violations
                .push(format!("courier {}: its webhook was acknowledged, and there is no event", job.id));
            continue;
        };
        for (kind, name) in &job.steps {
            let done = event.state == State::Done;
            match *kind {
                "count" if done => *counters.entry(&job.order).or_default() += 1,
                "count" | "retry-until" => {}
                "follow" => match events.get(name.as_str()) {
                    Some(follow) => once("message", name, &follow.event.id, follow, vendor, violations),
                    None if done => {
                        violations.push(format!("courier {}: its follow-up {name} is lost", job.id))
                    }
                    None => {}
                },
                "put" => {
                    if done && made(vendor, "put", name, &job.id) == 0 {
                        violations.push(format!("courier {}: put {name} is done and was not made", job.id));
                    }
                }
                kind => {
                    let kind = if kind == "ensure" { "create" } else { kind };
                    once(kind, name, &job.id, event, vendor, violations);
                }
            }
        }
    }
    for order in ["o0", "o1", "o2"] {
        let (expected, seen) = (counters.get(order).copied().unwrap_or_default(), facts.counter(order));
        if expected != seen {
            violations.push(format!("courier {order}: counted {seen}, and {expected} events counted"));
        }
    }
    in_order(vendor, &events, violations);
}

/// An event of the courier ends well, or was given up because nobody knows what a write without a look has done.
fn explained(event: &EventRecord, facts: &Facts, violations: &mut Vec<String>) {
    let doubted = facts
        .writes(event.sequence)
        .any(|write| matches!(write.state, WriteState::InDoubt | WriteState::Intended));
    match event.state {
        State::Done => {}
        State::Discarded if doubted => {}
        // An answer that was cut is kept as it came; the courier does not read it, so it cannot be the cause.
        state => violations.push(format!(
            "courier {}: expected done, it is {state} ({})",
            event.event.id,
            event.reason.as_deref().unwrap_or_default()
        )),
    }
}

/// At most once in any case, and exactly once where the event is done and nobody was told of a doubt.
fn once(
    kind: &str,
    name: &str,
    id: &str,
    event: &EventRecord,
    vendor: &Vendor,
    violations: &mut Vec<String>,
) {
    let seen = made(vendor, kind, name, id);
    let doubt = matches!(&event.receipt, Some(Receipt::Done(report))
        if report.alerts.iter().any(|alert| alert.kind == "possibly-sent"));
    if seen > 1 || seen == 0 && event.state == State::Done && !(kind == "message" && doubt) {
        violations.push(format!("courier {id}: {kind} {name} expected once, made {seen} times"));
    }
}

fn made(vendor: &Vendor, kind: &str, name: &str, event: &str) -> usize {
    vendor.effects.iter().filter(|it| it.kind == kind && it.name == name && it.event == event).count()
}

/// The effects of one order come in the order of its events.
fn in_order(vendor: &Vendor, events: &BTreeMap<&str, &EventRecord>, violations: &mut Vec<String>) {
    let mut last: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for effect in &vendor.effects {
        let Some(event) = events.get(effect.event.as_str()) else {
            violations
                .push(format!("courier {}: made {} {} for nobody", effect.event, effect.kind, effect.name));
            continue;
        };
        // A repetition, which other rules judge.
        if !seen.insert(effect) {
            continue;
        }
        let before = last.insert(&event.event.subject, (event.sequence, &effect.event));
        if let Some((sequence, earlier)) = before
            && sequence > event.sequence
        {
            violations.push(format!("courier {}: {} happened after {earlier}'s", effect.event, effect.kind));
        }
    }
}
