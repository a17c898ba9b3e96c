//! What outlives the lives of one run: the vendors, the faults to come, what has been seen, and the time.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use http::HeaderMap;
use tokio::sync::Notify;
use transload::contract::InDoubt;
use transload::runtime::Clock;
use transload::storage::{WorkId, WriteIntent, WriteState};
use transload_sandbox::{Offline, SandboxOptions, System};

use super::courier::Vendor;
use super::fault::Faults;
use super::hooks::{self, Hook, Hooks};
use super::story::Story;

/// 2026-01-05T08:00:00Z, a Monday morning: when every run begins, in milliseconds since 1970.
pub(super) const MORNING: u64 = 1_767_600_000_000;

/// Whose webhooks come.
pub(super) struct Ears {
    /// The systems where somebody set webhooks up.
    pub(super) systems: Vec<System>,
    /// Of a thousand webhooks, how many are lost on their way.
    pub(super) lost: u32,
}

/// Things that happen in a run at most; ten times as many as in the longest of some thousands. Where each brings about the
/// next, time goes on for ever.
const LINES_MAX: usize = 50_000;

/// How many of them are shown then.
const LINES_SHOWN: usize = 60;

/// One run's world.
pub(super) struct World {
    ears: Ears,
    pub(super) offline: Offline,
    pub(super) vendor: Mutex<Vendor>,
    pub(super) faults: Mutex<Faults>,
    pub(super) hooks: Mutex<Hooks>,
    pub(super) journal: Mutex<Journal>,
    pub(super) counts: Mutex<BTreeMap<&'static str, u64>>,
    timeline: Mutex<Vec<String>>,
    life: AtomicU32,
    /// None between two lives.
    clock: Mutex<Option<Clock>>,
    /// When the last life ended.
    rested: AtomicU64,
    /// Nothing happens any more in the present life.
    dead: AtomicBool,
    died: Notify,
    fired: Notify,
}

impl World {
    pub(super) fn new(seed: u64, story: &dyn Story) -> World {
        // Credentials that are found again wherever they leak to.
        let options = SandboxOptions {
            seed: Some(seed),
            ghl_token: format!("pit-leak-{seed:016x}"),
            track_pod_key: format!("key-leak-{seed:016x}"),
            rankr_token: format!("sink-leak-{seed:016x}"),
            ..SandboxOptions::default()
        };
        World {
            ears: story.ears(),
            offline: Offline::new(story.sandbox(options)),
            vendor: Mutex::new(Vendor::new(seed)),
            faults: Mutex::new(Faults::new(seed)),
            hooks: Mutex::new(Hooks::new(seed)),
            journal: Mutex::default(),
            counts: Mutex::default(),
            timeline: Mutex::default(),
            life: AtomicU32::new(0),
            clock: Mutex::new(None),
            rested: AtomicU64::new(MORNING),
            dead: AtomicBool::new(true),
            died: Notify::new(),
            fired: Notify::new(),
        }
    }

    /// Begin the next life. Must be called within its runtime, whose time `clock` follows.
    pub(super) fn begin(&self, clock: Clock) {
        *self.clock.lock().unwrap() = Some(clock);
        self.life.fetch_add(1, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
        self.say("a life begins");
    }

    /// Milliseconds since 1970, by the present life's clock.
    pub(super) fn now(&self) -> u64 {
        let rested = || self.rested.load(Ordering::SeqCst);
        self.clock.lock().unwrap().as_ref().map_or_else(rested, Clock::now)
    }

    /// The time stands still until the next life, at `now`: a life's clock goes only within its runtime.
    pub(super) fn rest(&self, now: u64) {
        *self.clock.lock().unwrap() = None;
        self.rested.store(now, Ordering::SeqCst);
    }

    /// Wait for ever if the present life has ended: what is left of it must not touch the world.
    pub(super) async fn alive(&self) {
        if self.dead.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    }

    /// The process dies here.
    pub(super) async fn crash(&self, what: &str) {
        self.count("crashes");
        self.say(format!("CRASH {what}"));
        self.end();
        pending::<()>().await;
    }

    /// End the present life.
    pub(super) fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Wait for the present life to end.
    pub(super) async fn ended(&self) {
        self.died.notified().await;
    }

    /// Take down that something happened.
    pub(super) fn say(&self, what: impl std::fmt::Display) {
        let ms = self.now().saturating_sub(MORNING);
        let (seconds, life) = (ms / 1_000, self.life.load(Ordering::SeqCst));
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let line = format!("{life:2} {hours:3}:{minutes:02}:{seconds:02}.{:03} {what}", ms % 1_000);
        let mut lines = self.timeline.lock().unwrap();
        lines.push(line);
        let last = lines.len().saturating_sub(LINES_SHOWN);
        assert!(lines.len() < LINES_MAX, "no end of it:\n{}", lines[last..].join("\n"));
    }

    /// All that happened.
    pub(super) fn timeline(&self) -> String {
        self.timeline.lock().unwrap().join("\n")
    }

    /// Count something that a test of many runs wants to have seen.
    pub(super) fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap()
    }

    /// Take the webhooks that the sandbox has fired, to be delivered some time, or never where nobody set them up.
    pub(super) fn collect_webhooks(&self) {
        let fired = self.offline.take_webhooks();
        let now = self.now();
        let mut hooks = self.hooks.lock().unwrap();
        for webhook in fired {
            if !self.ears.systems.contains(&webhook.system) {
                continue;
            }
            if hooks.loses(self.ears.lost) {
                self.count("lost webhooks");
                continue;
            }
            hooks.fire(webhook, now);
            self.fired.notify_one();
        }
    }

    /// The headers with which a webhook is sent now. Rankr's are signed for the time, so that an old one is not taken.
    pub(super) fn headers(&self, hook: &Hook) -> HeaderMap {
        let id = hook.headers.get("webhook-id").and_then(|id| id.to_str().ok());
        let mut headers = hook.headers.clone();
        if let (Some(id), Ok(body)) = (id, std::str::from_utf8(&hook.body)) {
            headers.extend(hooks::headers(&self.offline.rankr_headers(id, body, self.now())));
        }
        headers
    }

    /// Wait until webhooks have been collected.
    pub(super) async fn webhooks(&self) {
        self.fired.notified().await;
    }
}

/// What was seen of the write record from outside the host: what became durable, and what left.
#[derive(Default)]
pub(super) struct Journal {
    states: BTreeMap<(WorkId, String), WriteState>,
    intended: BTreeMap<String, u64>,
    left: BTreeMap<String, u64>,
    pub(super) violations: Vec<String>,
}

impl Journal {
    /// A write is about to be written down. It may be only if it is not known to be done, and not one that may have been
    /// made and must not be made twice.
    pub(super) fn intending(&mut self, intent: &WriteIntent) {
        let call = format!("{} {} {}", intent.api, intent.method, path_of(&intent.url));
        let state = self.states.get(&(intent.id, intent.key.clone())).copied();
        match (state, intent.in_doubt) {
            (Some(WriteState::Done), _) => {
                self.violations.push(format!("{}: {call} is done and is sent once more", intent.id));
            }
            (Some(WriteState::Intended | WriteState::InDoubt), InDoubt::Never) => {
                self.violations.push(format!("{}: {call} may be made and is sent once more", intent.id));
            }
            _ => {}
        }
    }

    /// It is durable that a write is about to leave.
    pub(super) fn intended(&mut self, intent: &WriteIntent) {
        self.states.insert((intent.id, intent.key.clone()), WriteState::Intended);
        let call = format!("{} {} {}", intent.api, intent.method, path_of(&intent.url));
        *self.intended.entry(call).or_default() += 1;
    }

    /// How many writes have left.
    pub(super) fn sent(&self) -> u64 {
        self.left.values().sum()
    }

    /// It is durable what came of a write.
    pub(super) fn settled(&mut self, id: WorkId, key: &str, state: WriteState) {
        self.states.insert((id, key.to_owned()), state);
    }

    /// A write leaves. Each needs an intent of its own that is durable.
    pub(super) fn leaves(&mut self, api: &str, method: &str, path: &str) {
        let call = format!("{api} {method} {path}");
        let left = self.left.entry(call.clone()).or_default();
        *left += 1;
        let intended = self.intended.get(&call).copied().unwrap_or_default();
        if *left > intended {
            self.violations.push(format!("{call} left {left} times and was written down {intended} times"));
        }
    }
}

/// The path of an absolute URL, without its query.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split('?').next().unwrap_or(path)
}
