//! Ports for tests: what stands behind them is written down in the test.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use transload_model::Instant;
use transload_wire::{Http, HttpError, Request, Response};

use crate::{Clock, Context, Level, Log, Settings, Store, StoreError, Stored};

/// All ports of a [`Context`] at once.
#[derive(Default)]
pub struct Fakes {
    /// Answers, in order; see [`Fakes::answer`].
    answers: RefCell<VecDeque<(String, Result<Response, HttpError>)>>,
    /// What was sent.
    sent: RefCell<Vec<Request>>,
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

    /// Expects `call` next (`GET /orders/1`, without the host, with the start of the query if it matters) and answers it.
    pub fn answer(self, call: &str, status: u16, body: &str) -> Self {
        let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
        self.answers.borrow_mut().push_back((call.to_owned(), Ok(response)));
        self
    }

    /// Expects `call` next and fails it.
    pub fn fail(self, call: &str, error: HttpError) -> Self {
        self.answers.borrow_mut().push_back((call.to_owned(), Err(error)));
        self
    }

    /// The ports.
    pub fn context(&self) -> Context<'_> {
        Context { http: self, store: self, log: self, settings: self, clock: self }
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.borrow().clone()
    }

    /// Expected calls that did not come.
    pub fn unanswered(&self) -> Vec<String> {
        self.answers.borrow().iter().map(|(call, _)| call.clone()).collect()
    }

    /// Lines that were written.
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }
}

impl Http for Fakes {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let path = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest.find('/').map_or("/", |at| rest.split_at(at).1));
        let call = format!("{} {path}", request.method);
        self.sent.borrow_mut().push(request);
        match self.answers.borrow_mut().pop_front() {
            Some((expected, answer)) if call.starts_with(&expected) => answer,
            Some((expected, _)) => {
                Err(HttpError::Denied(format!("the test expected {expected}, not {call}")))
            }
            None => Err(HttpError::Denied(format!("the test expected no more calls, not {call}"))),
        }
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
