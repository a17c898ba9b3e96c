//! Ports for tests: what stands behind them is written down in the test.

use std::cell::RefCell;
use std::collections::BTreeMap;

use transload_model::Instant;
use transload_wire::fakes::Script;
use transload_wire::{HttpError, Request};

use crate::{Clock, Context, Failure, Level, Log, Settings, Store, StoreError, Stored};

/// All ports of a [`Context`] at once.
#[derive(Default)]
pub struct Fakes {
    script: Script,
    entries: RefCell<BTreeMap<String, Stored>>,
    lines: RefCell<Vec<String>>,
    settings: String,
    now: u64,
}

impl Fakes {
    /// Ports with these settings, a JSON object, at this time in milliseconds.
    pub fn new(settings: &str, now: u64) -> Self {
        Self { settings: settings.to_owned(), now, ..Self::default() }
    }

    /// Expects `call` next and answers it; see [`Script::answer`].
    pub fn answer(self, call: &str, status: u16, body: &str) -> Self {
        Self { script: self.script.answer(call, status, body), ..self }
    }

    /// Expects `call` next and fails it.
    pub fn fail(self, call: &str, error: HttpError) -> Self {
        Self { script: self.script.fail(call, error), ..self }
    }

    /// The ports.
    pub fn context(&self) -> Context<'_> {
        Context { http: &self.script, store: self, log: self, settings: self, clock: self }
    }

    /// Runs `attempt` as a host does: what it writes to the store stays only if it succeeds.
    pub fn attempt<T>(&self, attempt: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let before = self.entries.borrow().clone();
        let outcome = attempt();
        if outcome.is_err() {
            *self.entries.borrow_mut() = before;
        }
        outcome
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        self.script.sent()
    }

    /// Expected calls that did not come.
    pub fn unanswered(&self) -> Vec<String> {
        self.script.unanswered()
    }

    /// Lines that were written.
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }
}

impl Store for Fakes {
    fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        Ok(self.entries.borrow().get(key).cloned())
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StoreError> {
        let mut entries = self.entries.borrow_mut();
        let version = entries.get(key).map_or(1, |entry| entry.version + 1);
        entries.insert(key.to_owned(), Stored { value: value.to_vec(), version });
        Ok(version)
    }

    fn compare_and_swap(&self, key: &str, expected: Option<u64>, value: &[u8]) -> Result<u64, StoreError> {
        let present = self.entries.borrow().get(key).map_or(0, |entry| entry.version);
        if present != expected.unwrap_or(0) {
            return Err(StoreError::Conflict(present));
        }
        self.put(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.entries.borrow_mut().remove(key);
        Ok(())
    }

    fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, Option<String>), StoreError> {
        let entries = self.entries.borrow();
        let after = |key: &&String| cursor.is_none_or(|cursor| key.as_str() > cursor);
        let mut keys: Vec<String> =
            entries.keys().filter(|key| key.starts_with(prefix)).filter(after).cloned().collect();
        let limit = limit as usize;
        let next = (keys.len() > limit).then(|| keys.get(limit.saturating_sub(1)).cloned()).flatten();
        keys.truncate(limit);
        Ok((keys, next))
    }
}

impl Log for Fakes {
    fn write(&self, _: Level, message: &str, _: &[(&str, &str)]) {
        self.lines.borrow_mut().push(message.to_owned());
    }
}

impl Settings for Fakes {
    fn get(&self) -> String {
        self.settings.clone()
    }
}

impl Clock for Fakes {
    fn now(&self) -> Instant {
        Instant(self.now)
    }
}
