//! An HTTP port for tests: what it answers is written down in the test.

use std::cell::RefCell;
use std::collections::VecDeque;

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
