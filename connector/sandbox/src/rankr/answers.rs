//! What was answered to writes that carried an `Idempotency-Key`.
//!
//! Only successes are remembered: a refused write changed nothing, and may be granted when it is tried again.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest as _, Sha256};

use crate::message::{Reply, Request};

/// Answers that are remembered: those to the writes of ten thousand orders. An answer takes about 1 KiB.
pub const ANSWERS_MAX: usize = 50_000;

/// What a key was used for, in 32 bytes.
type Fingerprint = [u8; 32];

/// What there is for a key.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing: the write is new.
    Nothing,
    /// The same request was answered like this.
    Answered(Reply),
    /// It belongs to another request.
    Other,
}

/// Answers by the key of the request.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    by_key: HashMap<String, (Fingerprint, Reply)>,
    oldest: VecDeque<String>,
}

impl Answers {
    pub(super) fn find(&self, key: &str, request: &Request) -> Known {
        match self.by_key.get(key) {
            None => Known::Nothing,
            Some((print, reply)) if *print == fingerprint(request) => Known::Answered(reply.clone()),
            Some(_) => Known::Other,
        }
    }

    pub(super) fn remember(&mut self, key: &str, request: &Request, reply: &Reply) {
        if self.oldest.len() >= ANSWERS_MAX
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.by_key.remove(&oldest);
        }
        self.oldest.push_back(key.to_owned());
        // Whoever repeats a write changes nothing, so the ledger is not to name the object again.
        let reply = Reply { object: None, ..reply.clone() };
        self.by_key.insert(key.to_owned(), (fingerprint(request), reply));
    }
}

/// Method, path and body. None of the first two holds a line break.
fn fingerprint(request: &Request) -> Fingerprint {
    let head = format!("{}\n{}\n", request.method, request.path);
    Sha256::new().chain_update(head).chain_update(&request.body).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, Method, StatusCode};

    fn put(path: &str, body: &str) -> Request {
        Request::new(Method::PUT, path, "", HeaderMap::new(), Bytes::from(body.to_owned()))
    }

    #[test]
    fn a_key_belongs_to_one_method_path_and_body() {
        let mut answers = Answers::default();
        let reply = Reply::text(StatusCode::CREATED, "made").about("o");
        answers.remember("k", &put("/orders/o", "{}"), &reply);
        let Known::Answered(again) = answers.find("k", &put("/orders/o", "{}")) else { panic!() };
        assert_eq!((again.status, again.object), (StatusCode::CREATED, None));
        for other in [put("/orders/o", "{} "), put("/orders/p", "{}")] {
            assert!(matches!(answers.find("k", &other), Known::Other));
        }
        assert!(matches!(answers.find("l", &put("/orders/o", "{}")), Known::Nothing));
    }

    #[test]
    fn the_oldest_answer_is_forgotten_for_one_too_many() {
        let mut answers = Answers::default();
        let (request, reply) = (put("/orders/o", ""), Reply::empty(StatusCode::OK));
        for key in 0..=ANSWERS_MAX {
            answers.remember(&key.to_string(), &request, &reply);
        }
        assert!(matches!(answers.find("0", &request), Known::Nothing));
        assert!(matches!(answers.find("1", &request), Known::Answered(_)));
    }
}
