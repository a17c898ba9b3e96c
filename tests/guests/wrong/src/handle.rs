//! What becomes of an order, with every way of doing it wrong.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use serde::Serialize;
use transload_sdk::{
    Context, Envelope, Failure, Receipt, Retry, Verb, Work, needs_attention, rejected, skipped,
};
use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, HttpError, Method, Request};

use crate::manifest::{CREATE_THING, GET_THING, PUT_THING, TARGET};
use crate::said;

/// A thing to make.
#[derive(Serialize)]
struct NewThing<'a> {
    id: &'a str,
    /// What a fault makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
}

pub(crate) fn order(cx: &Context, fault: &str, _: &Envelope, id: &str) -> Result<Receipt, Failure> {
    if fault == "undeclared-call" {
        let _ = send(cx.http, Request::new(Method::Get, format!("{}/secrets", TARGET.base_url)));
    }
    if fault == "put-declared-read" {
        request(cx, fault, PUT_THING.request(TARGET.base_url, &[id], &[]))?.success(said)?;
        return Ok(done(Verb::Updated, TARGET.name, id).into());
    }
    if fault != "writes-without-a-look" && is_there(cx, fault, id)? {
        return Ok(skipped("it is there"));
    }
    let made = make(cx, fault, id);
    if fault == "claims-what-failed" {
        return Ok(done(Verb::Created, TARGET.name, id).into());
    }
    if fault == "goes-on" && made.is_err() {
        return Ok(Work::default().into());
    }
    made?;
    let system = if fault == "undeclared-system" { "elsewhere" } else { TARGET.name };
    Ok(done(Verb::Created, system, id).into())
}

fn done(verb: Verb, system: &str, id: &str) -> Work {
    Work::default().effect(verb, system, "thing", id, "the order's thing")
}

fn is_there(cx: &Context, fault: &str, id: &str) -> Result<bool, Failure> {
    let answer = request(cx, fault, GET_THING.request(TARGET.base_url, &[id], &[]))?;
    if answer.response.status == 404 {
        return Ok(false);
    }
    answer.success(said)?.read::<serde_json::Value>()?;
    Ok(true)
}

/// Makes a thing. Whoever calls has looked that it is not there.
pub(crate) fn make(cx: &Context, fault: &str, id: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let mark = match fault {
        "random-body" => Some(RandomState::new().hash_one(id).to_string()),
        "time-in-body" => Some(cx.clock.now().0.to_string()),
        "measured-time-in-body" => Some(format!("{:?}", started.elapsed())),
        _ => None,
    };
    let new = CREATE_THING.request(TARGET.base_url, &[], &[]).json(&NewThing { id, mark })?;
    request(cx, fault, new)?.success(said)?;
    Ok(())
}

/// Sends a request, and takes what goes wrong the wrong way.
#[expect(clippy::panic, clippy::unwrap_used, reason = "two of the faults")]
fn request(cx: &Context, fault: &str, request: Request) -> Result<Answer, Failure> {
    let answer = match send(cx.http, request) {
        Err(ApiError::Http { error: HttpError::Denied(_), .. }) if fault == "retry-when-denied" => {
            return Err(again("denied"));
        }
        Err(error) if fault == "rejected-without-an-answer" && error.is_transient() => {
            return Err(rejected(error.to_string()));
        }
        other => other?,
    };
    match (fault, answer.response.status) {
        ("trap-on-503", 503) => panic!("the vendor is down"),
        ("trap-on-html", _) => {
            serde_json::from_slice::<serde_json::Value>(&answer.response.body).unwrap();
        }
        ("retry-on-401", 401) => return Err(again("answered 401")),
        ("rejected-on-429", 429) => return Err(rejected("answered 429")),
        ("attention-on-503", 503) => return Err(needs_attention("answered 503")),
        _ => {}
    }
    Ok(answer)
}

fn again(reason: &str) -> Failure {
    Failure::Retry(Retry { reason: reason.to_owned(), after_ms: None })
}
