//! What the shell knows while the connector runs.

use std::cell::RefCell;

use http::{HeaderMap, Method, Uri};

use crate::bindings::exports::transload::adapter::session::{Access, Guest};
use crate::rules::{Allowed, Rules};
use crate::store::Buffer;
use crate::{Shell, config};

/// HTTP requests in one call, as on the host.
const REQUESTS_MAX: u32 = 1_000;

thread_local! {
    static SESSION: RefCell<Session> = RefCell::new(Session::default());
}

#[derive(Default)]
struct Session {
    rules: Option<Rules>,
    /// What the call that runs may do; none between calls.
    call: Option<Access>,
    /// How many requests it made.
    requests: u32,
    buffer: Buffer,
}

/// Decide about a request of the call that runs.
pub(crate) fn allow(method: &Method, uri: &Uri, headers: HeaderMap) -> Result<Allowed, String> {
    SESSION.with_borrow_mut(|session| {
        let (Some(rules), Some(call)) = (&session.rules, session.call) else {
            return Err("no call is running that may request anything".to_owned());
        };
        if session.requests >= REQUESTS_MAX {
            return Err(format!("one call may make {REQUESTS_MAX} HTTP requests"));
        }
        session.requests += 1;
        rules.allow(call, method, uri, headers)
    })
}

/// Use the store of the call that runs; none where there is none: between calls and in a check.
pub(crate) fn buffer<T>(with: impl FnOnce(Option<&mut Buffer>) -> T) -> T {
    SESSION.with_borrow_mut(|session| match session.call {
        Some(Access::Event | Access::Poll) => with(Some(&mut session.buffer)),
        Some(Access::Check) | None => with(None),
    })
}

impl Guest for Shell {
    fn configured(key: String) -> Result<Option<String>, String> {
        config::text(&key)
    }

    fn open(apis: String) -> Result<(), String> {
        let rules = Rules::new(&apis);
        SESSION.with_borrow_mut(|session| {
            *session = Session::default();
            session.rules = Some(rules?);
            Ok(())
        })
    }

    fn begin(access: Access) {
        SESSION.with_borrow_mut(|session| {
            session.call = Some(access);
            session.requests = 0;
            session.buffer = Buffer::default();
        });
    }

    fn commit() -> Result<(), String> {
        let buffer = SESSION.with_borrow_mut(|session| {
            session.call = None;
            std::mem::take(&mut session.buffer)
        });
        buffer.write()
    }

    fn rollback() {
        SESSION.with_borrow_mut(|session| {
            session.call = None;
            session.buffer = Buffer::default();
        });
    }

    fn recall(name: String) -> Result<Option<Vec<u8>>, String> {
        SESSION.with_borrow_mut(|session| session.buffer.recall(&name))
    }

    fn remember(name: String, value: Vec<u8>) {
        SESSION.with_borrow_mut(|session| session.buffer.remember(&name, value));
    }
}
