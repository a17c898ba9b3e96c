//! Webhooks on their way: doubled, late, out of order, and sent again until they are acknowledged.

use std::collections::BTreeMap;

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderMap, HeaderName, HeaderValue};
use transload_sandbox::OfflineWebhook;

/// One webhook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    /// What a person would call it.
    pub(super) name: String,
    pub(super) connection: &'static str,
    pub(super) source: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Headers as they are sent.
pub(super) fn headers(list: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        let name = HeaderName::try_from(name.as_str()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The webhooks of one run that are on their way, by the time at which each arrives.
pub(super) struct Hooks {
    rng: Rng,
    waiting: BTreeMap<(u64, u64), Hook>,
    number: u64,
}

impl Hooks {
    pub(super) fn new(seed: u64) -> Hooks {
        Hooks { rng: Rng::with_seed(seed ^ 0x400c), waiting: BTreeMap::new(), number: 0 }
    }

    /// Whether the next webhook is lost, where `lost` of a thousand are.
    pub(super) fn loses(&mut self, lost: u32) -> bool {
        lost > 0 && self.rng.u32(..1_000) < lost
    }

    /// A vendor fires a webhook.
    pub(super) fn fire(&mut self, webhook: OfflineWebhook, now: u64) {
        let headers = headers(&webhook.headers);
        let source = webhook.system.name().to_owned();
        let name = format!("webhook {} {source} {}", webhook.id, webhook.event);
        self.send(Hook { name, connection: super::SHOP, source, headers, body: webhook.body }, now);
    }

    /// A webhook sets out, and perhaps a double of it.
    pub(super) fn send(&mut self, hook: Hook, now: u64) {
        let copies = if self.rng.u32(..4) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            let delay = match self.rng.u32(..10) {
                0 => self.rng.u64(60_000..1_800_000),
                1..=3 => self.rng.u64(1_000..60_000),
                _ => self.rng.u64(10..1_000),
            };
            self.put(hook.clone(), now + delay);
        }
    }

    /// It was not acknowledged, and comes again.
    pub(super) fn again(&mut self, hook: Hook, now: u64) {
        let pause = self.rng.u64(5_000..300_000);
        self.put(hook, now + pause);
    }

    /// When the next one arrives.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// The one that arrives first; it stays until it is acknowledged, or the process dies with it in its hands.
    pub(super) fn first(&self) -> Option<((u64, u64), Hook)> {
        self.waiting.first_key_value().map(|(key, hook)| (*key, hook.clone()))
    }

    /// It has arrived.
    pub(super) fn remove(&mut self, key: (u64, u64)) {
        self.waiting.remove(&key);
    }

    fn put(&mut self, hook: Hook, at: u64) {
        self.number += 1;
        self.waiting.insert((at, self.number), hook);
    }
}
