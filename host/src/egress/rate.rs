//! Keeping within the rates that manifests name and within what APIs say about theirs: one budget for one credential,
//! shared by all connections that use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;
use transload_policy::manifest::Rate;

use super::Secret;
use super::portion::Portion;
use super::window::Window;

/// Entries of the registry below which it is not worth looking for dead ones.
const SWEEP_MIN: usize = 64;

/// What a budget is for: an API's place and a credential, as the SHA-256 of both. The credential cannot be read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct BudgetKey([u8; 32]);

impl BudgetKey {
    pub(super) fn new(place: &str, credential: Option<&Secret>) -> BudgetKey {
        let mut digest = Sha256::new();
        // The length keeps the two apart, wherever one ends.
        digest.update((place.len() as u64).to_be_bytes());
        digest.update(place);
        digest.update(credential.map_or("", Secret::expose));
        BudgetKey(digest.finalize().into())
    }
}

/// The budgets in use.
#[derive(Default)]
pub(super) struct Budgets(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    limiters: HashMap<BudgetKey, Weak<Limiter>>,
    /// Entries at which dead ones are looked for again: twice those that were alive the last time, so that the search
    /// costs each newcomer the same, however many there are.
    sweep_at: usize,
}

impl Budgets {
    /// Share the budget of `key`, within `rates` from now on. What others who share it asked for holds as well.
    pub(super) fn join(&self, key: BudgetKey, rates: &[Rate]) -> Share {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = match registry.limiters.get(&key).and_then(Weak::upgrade) {
            Some(limiter) => limiter,
            None => {
                if registry.limiters.len() >= registry.sweep_at.max(SWEEP_MIN) {
                    registry.limiters.retain(|_, limiter| limiter.strong_count() > 0);
                    registry.sweep_at = registry.limiters.len().saturating_mul(2);
                }
                let limiter = Arc::new(Limiter::default());
                registry.limiters.insert(key, Arc::downgrade(&limiter));
                limiter
            }
        };
        drop(registry);
        limiter.join(rates, Instant::now());
        Share { limiter, rates: rates.into() }
    }
}

/// A part in a budget. The rates that it brought are given up when it is dropped.
pub(super) struct Share {
    limiter: Arc<Limiter>,
    rates: Box<[Rate]>,
}

impl std::ops::Deref for Share {
    type Target = Limiter;

    fn deref(&self) -> &Limiter {
        &self.limiter
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.limiter.leave(&self.rates);
    }
}

/// Counts one credential's requests against all rates that hold for it.
#[derive(Default)]
pub(super) struct Limiter {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    windows: Vec<Window>,
    /// Until when the API wants no request.
    held_until: Option<Instant>,
}

impl Limiter {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whole between the methods, none of which panics part-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, rates: &[Rate], now: Instant) {
        let mut state = self.state();
        for rate in rates {
            let mut window = Window::new(*rate, now);
            window.members = 1;
            match state.windows.iter_mut().find(|known| known.equals(&window)) {
                Some(known) => known.members += 1,
                None => {
                    // What has been sent counts for who comes later, too: a swap of modules is no fresh budget.
                    let length = window.length();
                    if let Some(best) = state.windows.iter().min_by_key(|known| known.distance(length)) {
                        window.seed(best, now);
                    }
                    state.windows.push(window);
                }
            }
        }
    }

    fn leave(&self, rates: &[Rate]) {
        let mut state = self.state();
        let now = Instant::now();
        for rate in rates {
            let window = Window::new(*rate, now);
            if let Some(known) = state.windows.iter_mut().find(|known| known.equals(&window)) {
                known.members = known.members.saturating_sub(1);
            }
        }
        state.windows.retain(|window| window.members > 0);
    }

    /// Count a request at `now`, or say how long to wait before one fits into a portion of the budget; nothing is counted
    /// then.
    pub(super) fn take(&self, now: Instant, portion: Portion) -> Result<(), Duration> {
        let mut state = self.state();
        if let Some(until) = state.closed_until(now, portion) {
            return Err(until.saturating_duration_since(now));
        }
        state.windows.iter_mut().for_each(|window| window.count(now, 1));
        Ok(())
    }

    /// Count a request as soon as one fits, but wait at most `patience`: longer, and nothing is counted, and the answer
    /// is how long it would be from then on.
    pub(super) async fn take_within(&self, patience: Duration, portion: Portion) -> Result<(), Duration> {
        let until = Instant::now() + patience;
        loop {
            let now = Instant::now();
            let Err(wait) = self.take(now, portion) else { return Ok(()) };
            if now + wait > until {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Admit nothing for `pause` from `now` on. Never shortens an earlier hold: an answer to a request that had left
    /// before knows less.
    pub(super) fn hold(&self, now: Instant, pause: Duration) {
        let mut state = self.state();
        state.held_until = state.held_until.max(Some(now + pause));
    }

    /// Until when no request fits; none if one does.
    pub(super) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.state().closed_until(now, Portion::WHOLE)
    }
}

impl State {
    fn closed_until(&mut self, now: Instant, portion: Portion) -> Option<Instant> {
        let held = self.held_until.filter(|until| *until > now);
        let full = self.windows.iter_mut().filter_map(|window| window.wait(now, portion)).max();
        held.max(full.map(|wait| now + wait))
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
