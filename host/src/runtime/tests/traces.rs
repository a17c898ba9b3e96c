//! What is kept of an attempt.

use bytes::Bytes;
use http::{Request, Response};

use super::super::trace::Tape;
use super::super::{
    Answer, BODY_KEPT_MAX, Body, CallStep, ErrorKind, Outcome, Reply, Source, Step, TRACE_KEPT_MAX,
};
use crate::contract::Receipt;
use crate::engine::HttpError;

fn skipped() -> Outcome {
    Outcome::Receipt(Receipt::Skipped(String::new()))
}

fn asked(body: usize) -> Step {
    let request = Request::post("https://ghl.example/a").body(Bytes::from(vec![b'x'; body])).unwrap();
    Step::Call(Box::new(CallStep::asked(&request)))
}

fn kept(step: &Step) -> bool {
    matches!(step, Step::Call(call) if !matches!(call.body, Body::Omitted(_)))
}

#[test]
fn a_body_is_kept_up_to_its_limit() {
    let tape = Tape::default();
    tape.push(asked(BODY_KEPT_MAX));
    tape.push(asked(BODY_KEPT_MAX + 1));
    let steps = tape.end(&[], skipped()).steps;
    assert!(kept(&steps[0]));
    let Step::Call(call) = &steps[1] else { panic!() };
    assert_eq!(call.body, Body::Omitted(BODY_KEPT_MAX + 1));
}

#[test]
fn an_attempt_is_kept_up_to_its_limit() {
    let tape = Tape::default();
    for _ in 0..TRACE_KEPT_MAX / BODY_KEPT_MAX {
        tape.push(asked(BODY_KEPT_MAX));
    }
    tape.push(asked(1));
    let steps = tape.end(&[], skipped()).steps;
    assert_eq!(steps.iter().filter(|step| kept(step)).count(), TRACE_KEPT_MAX / BODY_KEPT_MAX);
}

#[test]
fn an_answer_counts_as_well() {
    let tape = Tape::default();
    let position = tape.push(asked(0));
    let response = Response::new(Bytes::from(vec![b'x'; BODY_KEPT_MAX + 1]));
    let answer = Answer::of(&Ok(response));
    tape.answered(position, Reply { api: None, write: false, from: Source::Vendor, answer, elapsed_ms: 0 });
    let steps = tape.end(&[], skipped()).steps;
    let Step::Call(call) = &steps[0] else { panic!() };
    let reply = call.reply.as_ref().unwrap();
    assert!(matches!(&reply.answer, Answer::Response(it) if it.body == Body::Omitted(BODY_KEPT_MAX + 1)));
    assert!(reply.answer.outcome().is_none(), "half an answer must not pass for a whole one");
}

#[test]
fn answers_come_back_as_they_were() {
    let response = Response::builder()
        .status(404)
        .header("x-a", "1")
        .header("x-a", "2")
        .body(Bytes::from_static(b"\xff\x00"))
        .unwrap();
    let back = Answer::of(&Ok(response.clone())).outcome().unwrap().unwrap();
    assert_eq!((back.status(), back.headers(), back.body()), (response.status(), response.headers(), response.body()));
    let host = || "h".to_owned();
    let reason = || "r".to_owned();
    for (error, kind) in [
        (HttpError::Denied(reason()), ErrorKind::Denied),
        (HttpError::Malformed(reason()), ErrorKind::Malformed),
        (HttpError::Dns { host: host(), reason: reason() }, ErrorKind::Dns),
        (HttpError::Connect { host: host(), reason: reason() }, ErrorKind::Connect),
        (HttpError::Tls { host: host(), reason: reason() }, ErrorKind::Tls),
        (HttpError::Broken { host: host(), reason: reason() }, ErrorKind::Broken),
        (HttpError::Timeout { after_ms: 5 }, ErrorKind::Timeout),
        (HttpError::TooLarge { what: "request", limit: 5 }, ErrorKind::RequestTooLarge),
        (HttpError::TooLarge { what: "response", limit: 5 }, ErrorKind::ResponseTooLarge),
    ] {
        let answer = Answer::of(&Err(error.clone()));
        assert!(matches!(answer, Answer::Error { kind: found, .. } if found == kind), "{error}");
        let back = answer.outcome().unwrap().unwrap_err();
        assert_eq!(std::mem::discriminant(&back), std::mem::discriminant(&error));
    }
}
