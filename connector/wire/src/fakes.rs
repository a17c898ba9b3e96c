//! An HTTP port for tests: what it answers is written down in the test.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use serde_json::value::RawValue;

use crate::{Http, HttpError, Request, Response};

/// Answers in order, and keeps what was sent.
#[derive(Default)]
pub struct Script {
    answers: RefCell<VecDeque<(String, Result<Response, HttpError>)>>,
    sent: RefCell<Vec<Request>>,
}

impl Script {
    /// Expects `call` next (`GET /orders/1?limit=1`: all behind the host; a `*` at the end stands for any rest) and answers
    /// it.
    pub fn answer(self, call: &str, status: u16, body: &str) -> Self {
        self.respond(call, Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    /// Expects `call` next and answers it with this response.
    pub fn respond(self, call: &str, response: Response) -> Self {
        self.answers.borrow_mut().push_back((call.to_owned(), Ok(response)));
        self
    }

    /// Expects `call` next and fails it.
    pub fn fail(self, call: &str, error: HttpError) -> Self {
        self.answers.borrow_mut().push_back((call.to_owned(), Err(error)));
        self
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.borrow().clone()
    }

    /// The body of the last request that was sent, as text; empty if there was none.
    pub fn last_body(&self) -> String {
        let sent = self.sent.borrow();
        let body = sent.last().and_then(|request| request.body.as_deref()).unwrap_or_default();
        String::from_utf8_lossy(body).into_owned()
    }

    /// Expected calls that did not come.
    pub fn unanswered(&self) -> Vec<String> {
        self.answers.borrow().iter().map(|(call, _)| call.clone()).collect()
    }
}

impl Http for Script {
    /// An unexpected call is denied, with what was expected in the error.
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let behind_scheme = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let path = behind_scheme.find('/').map_or("/", |start| behind_scheme.split_at(start).1);
        let call = format!("{} {path}", request.method);
        self.sent.borrow_mut().push(request);
        match self.answers.borrow_mut().pop_front() {
            Some((expected, answer)) if is_expected(&expected, &call) => answer,
            Some((expected, _)) => {
                Err(HttpError::Denied(format!("the test expected {expected}, not {call}")))
            }
            None => Err(HttpError::Denied(format!("the test expected no more calls, not {call}"))),
        }
    }
}

fn is_expected(expected: &str, call: &str) -> bool {
    expected.strip_suffix('*').map_or(expected == call, |beginning| call.starts_with(beginning))
}

/// Values of every kind that a member may turn out to have, the ones that readers trip over among them.
pub const JUNK: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "0.5",
    "1e400",
    "-123456789012345678901234567890.123456789",
    "\"\"",
    "\"x\"",
    "\"-1\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"0000-00-00T99:99:99Z\"",
    "[]",
    "[null]",
    "[[],{},\"\",0]",
    "{}",
    "{\"_id\":null}",
    "{\"a\":[{\"b\":{}}]}",
];

/// `json` damaged in one place, in every way: each value of it left out, or replaced by each of [`JUNK`] and by lists
/// nested deeper than any reader goes. What is no JSON comes back as the one way it is damaged.
pub fn damaged(json: &str) -> Vec<String> {
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let mut all: Vec<String> = JUNK.iter().map(|&junk| junk.to_owned()).collect();
    all.push(nested);
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
        for name in members.keys() {
            all.push(object(&members, name, None));
            let value = members.get(name).map_or("null", |value| value.get());
            all.extend(damaged(value).iter().map(|value| object(&members, name, Some(value))));
        }
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        for (index, item) in items.iter().enumerate() {
            all.push(list(&items, index, None));
            all.extend(damaged(item.get()).iter().map(|item| list(&items, index, Some(item))));
        }
    }
    all
}

/// The object with its member `changed` left out or replaced.
fn object(members: &BTreeMap<String, &RawValue>, changed: &str, to: Option<&str>) -> String {
    let texts = members.iter().filter_map(|(name, value)| {
        let value = if name == changed { to? } else { value.get() };
        Some(format!("\"{name}\":{value}"))
    });
    format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
}

/// The list with its item at `changed` left out or replaced.
fn list(items: &[&RawValue], changed: usize, to: Option<&str>) -> String {
    let texts = items.iter().enumerate();
    let texts = texts.filter_map(|(index, item)| if index == changed { to } else { Some(item.get()) });
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_left_out_and_replaced_in_turn() {
        let all = damaged(r#"{"a":[1,{"b":2}]}"#);
        for expected in [
            "{}",
            r#"{"a":[{"b":2}]}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[1,{}]}"#,
            r#"{"a":[1,{"b":1e400}]}"#,
            r#"{"a":[null,{"b":2}]}"#,
            r#"{"a":"x"}"#,
        ] {
            assert!(all.iter().any(|json| json == expected), "{expected}");
        }
        // Five values, the document among them, each replaced in every way, and all but the document left out.
        assert_eq!(all.len(), 5 * (JUNK.len() + 1) + 4);
    }
}
