//! What each step sends, and what becomes of each answer.

use transload_model::Change;
use transload_sdk::bindings::transload::connector::types::{Instant, Report};
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::steps::SUMMARY_CHARS_MAX;

fn fakes() -> Fakes {
    Fakes::new("{}", 0)
}

fn envelope(attempt: u32) -> Envelope {
    Envelope {
        id: "e1".to_owned(),
        source: "target".to_owned(),
        subject: "o1".to_owned(),
        occurred_at: None,
        received_at: Instant::default(),
        attempt,
        raw: None,
    }
}

/// The order of a webhook with these steps.
fn order(steps: &[&str]) -> Order {
    let body = serde_json::json!({ "id": "e1", "order": "o1", "do": steps }).to_string();
    let event = intake::receive(body.as_bytes()).unwrap();
    assert_eq!((event.id.as_str(), event.source, event.subject.as_str()), ("e1", "target", "o1"));
    match event.change {
        Change::Order(order) => order,
        other => panic!("not an order: {other:?}"),
    }
}

fn run<V: Variant>(fakes: &Fakes, steps: &[&str], attempt: u32) -> Result<Report, Failure> {
    let receipt = Courier::<V>::on_order(&fakes.context(), &envelope(attempt), order(steps))?;
    assert_eq!(fakes.unanswered(), Vec::<String>::new());
    match receipt {
        Receipt::Done(report) => Ok(report),
        Receipt::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

fn shown(report: &Report) -> Vec<String> {
    let effect = report.effects.iter();
    effect.map(|it| format!("{:?} {} {} {}: {}", it.verb, it.system, it.kind, it.id, it.summary)).collect()
}

#[test]
fn every_step_sends_exactly_its_request_and_every_write_is_an_effect() {
    let fakes = fakes()
        .answer("GET /things/a", 200, "{}")
        .answer("POST /things", 201, "made")
        .answer("PUT /things/b", 208, "known")
        .answer("POST /messages", 202, "sent")
        .answer("POST /payments", 200, "paid");
    let steps = ["get a", "create x y", "put b", "message Hello there", "pay 12.50"];
    let report = run::<First>(&fakes, &steps, 1).unwrap();
    let expected = [
        "Verb::Created target thing x y: made",
        "Verb::Updated target thing b: known",
        "Verb::Notified target message Hello there: sent",
        "Verb::Recorded keyed payment 12.50: paid",
    ];
    assert_eq!(shown(&report), expected);
    let sent: Vec<_> = fakes.sent().into_iter().map(|request| (request.url, request.body)).collect();
    assert_eq!(sent[0], ("https://target.example/things/a".to_owned(), None));
    assert_eq!(sent[1].1.as_deref(), Some(br#"{"name":"x y","event":"e1"}"#.as_slice()));
    assert_eq!(sent[4].0, "https://keyed.example/payments");
}

#[test]
fn the_next_version_sends_the_same_and_says_that_it_did() {
    let fakes = fakes().answer("POST /things", 201, "made");
    let report = run::<Next>(&fakes, &["create x"], 1).unwrap();
    assert_eq!(shown(&report), ["Verb::Created target thing x: next: made"]);
    assert_eq!(Courier::<Next>::describe().version, "0.2.0");
    assert_eq!(Courier::<Next>::describe().name, Courier::<First>::describe().name);
}

#[test]
fn who_looks_before_writing_writes_once() {
    let missing = fakes().answer("GET /things/x", 404, "").answer("POST /things", 201, "made");
    let report = run::<First>(&missing, &["ensure x"], 1).unwrap();
    assert_eq!(shown(&report), ["Verb::Created target thing x: made"]);
    let there = fakes().answer("GET /things/x", 200, "there");
    let report = run::<First>(&there, &["ensure x"], 2).unwrap();
    assert_eq!(shown(&report), ["Verb::Verified target thing x: there"]);
}

#[test]
fn answers_that_are_no_success_are_sorted() {
    for (status, expected) in [
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
        (401, "attention"),
        (403, "attention"),
        (404, "rejected"),
        (409, "rejected"),
        (422, "rejected"),
    ] {
        let fakes = fakes().answer("POST /things", status, "no");
        let found = match run::<First>(&fakes, &["create x", "get never"], 1).unwrap_err() {
            Failure::Retry(_) => "retry",
            Failure::NeedsAttention(_) => "attention",
            Failure::Rejected(_) => "rejected",
        };
        assert_eq!(found, expected, "{status}");
    }
    let lost = fakes().fail("POST /things", HttpError::Connection("reset".to_owned()));
    assert!(matches!(run::<First>(&lost, &["create x"], 1), Err(Failure::Retry(_))));
}

#[test]
fn failures_on_request() {
    let fail = |step: &str, attempt| run::<First>(&fakes(), &[step], attempt);
    assert!(matches!(fail("retry", 1), Err(Failure::Retry(retry)) if retry.after_ms.is_none()));
    assert!(matches!(fail("retry 250", 1), Err(Failure::Retry(retry)) if retry.after_ms == Some(250)));
    assert!(matches!(fail("reject", 1), Err(Failure::Rejected(_))));
    assert!(matches!(fail("attention", 1), Err(Failure::NeedsAttention(_))));
    assert!(matches!(fail("dance", 1), Err(Failure::Rejected(_))));
    assert!(matches!(fail("retry-until 3", 2), Err(Failure::Retry(_))));
    assert!(fail("retry-until 3", 3).is_ok());
    assert!(fail("trap-if-version 9.9.9", 1).is_ok());
}

#[test]
fn the_store_is_written_and_counted_in() {
    let fakes = fakes();
    let report = run::<First>(&fakes, &["put-store k a b", "count n", "count n"], 1).unwrap();
    let expected = [
        "Verb::Recorded store entry k: a b",
        "Verb::Recorded store entry n: 1",
        "Verb::Recorded store entry n: 2",
    ];
    assert_eq!(shown(&report), expected);
    let value = |key| fakes.context().store.get(key).unwrap().unwrap().value;
    assert_eq!((value("k"), value("n")), (b"a b".to_vec(), b"2".to_vec()));
    assert!(matches!(run::<First>(&fakes, &["count k"], 1), Err(Failure::Rejected(_))));
}

#[test]
fn a_follow_up_has_the_same_order_and_its_one_step() {
    let report = run::<First>(&fakes(), &["follow e2 put b"], 1).unwrap();
    let event = &report.follow_ups[0];
    assert_eq!((event.id.as_str(), event.subject.as_str()), ("e2", "o1"));
    assert!(format!("{:?}", event.change).contains("put b"));
}

#[test]
fn a_listing_gives_events_and_the_next_cursor() {
    let body = r#"{"events":[{"id":"e5","order":"o2","do":["get a"]}],"cursor":"5","more":true}"#;
    let fakes =
        fakes().answer("GET /things", 200, body).answer("GET /things?after=5", 200, r#"{"events":[]}"#);
    let poll = |cursor| Courier::<First>::poll(&fakes.context(), POLLED, cursor).unwrap();
    let page = poll(None);
    assert_eq!((page.events[0].id.as_str(), page.cursor.as_deref(), page.more), ("e5", Some("5"), true));
    assert_eq!(poll(Some("5")), EventPage::default());
    assert!(Courier::<First>::poll(&fakes.context(), "other", None).is_err());
}

#[test]
fn a_check_reads_and_says_what_it_saw() {
    for (status, ok) in [(200, true), (401, false)] {
        let fakes = fakes().answer("GET /things", status, "{}");
        assert_eq!(Courier::<First>::check(&fakes.context()).unwrap()[0].ok, ok);
    }
}

#[test]
fn only_one_of_the_apis_takes_an_idempotency_key() {
    let description = Courier::<First>::describe();
    let header = |index: usize| description.apis[index].idempotency_header.as_deref();
    assert_eq!((header(0), header(1)), (None, Some("idempotency-key")));
}

#[test]
fn one_step_too_many_and_half_a_body_are_rejected() {
    let body = |steps: usize| serde_json::json!({ "id": "e", "order": "o", "do": vec!["count n"; steps] });
    let receive = |steps| intake::receive(body(steps).to_string().as_bytes());
    assert!(receive(intake::STEPS_MAX).is_ok());
    assert!(matches!(receive(intake::STEPS_MAX + 1), Err(Failure::Rejected(_))));
    let mut order = order(&["count n"]);
    order.note = Some("count n\n".repeat(intake::STEPS_MAX + 1));
    let run = Courier::<First>::on_order(&fakes().context(), &envelope(1), order);
    assert!(matches!(run, Err(Failure::Rejected(_))));
    assert!(matches!(intake::receive(b"{\"id\":\"e\""), Err(Failure::Rejected(_))));
}

#[test]
fn a_long_answer_is_cut_in_the_summary() {
    let fakes = fakes().answer("PUT /things/b", 200, &"x".repeat(SUMMARY_CHARS_MAX + 1));
    let report = run::<First>(&fakes, &["put b"], 1).unwrap();
    assert_eq!(report.effects[0].summary.len(), SUMMARY_CHARS_MAX);
}

#[test]
fn settings_move_what_is_got_and_what_is_made() {
    let settings = r#"{"paths":{"get":"/v2/{id}/thing","create":"/v2/made"}}"#;
    let fakes =
        Fakes::new(settings, 0).answer("GET /v2/a/thing", 200, "{}").answer("POST /v2/made", 201, "made");
    let report = run::<First>(&fakes, &["get a", "create x"], 1).unwrap();
    assert_eq!(shown(&report), ["Verb::Created target thing x: made"]);
}
