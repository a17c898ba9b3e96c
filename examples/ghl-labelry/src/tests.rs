//! The connector against scripted vendors.

use transload_flows::fixtures::*;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_sdk::{Connector as _, Verb};
use transload_wire::HttpError;

use super::*;

const NONE: &str = r#"{"labels":[]}"#;
const LABEL: &str = r#"{"id":"7","url":"https://l.example/7"}"#;
const FIND: &str = "GET /labels?reference=o1";
const SAID: &str = "Address label 7: https://l.example/7";

/// What GoHighLevel says of the order.
fn asked(settings: &str, order: &str, payments: &[&str]) -> Fakes {
    Fakes::new(settings, NOW).answer("GET /payments/orders/o1?*", 200, order).answer(
        "GET /payments/transactions?*",
        200,
        &page(payments),
    )
}

fn paid() -> Fakes {
    asked(SETTINGS, ORDER, &[PAYMENT])
}

fn made(fakes: &Fakes) -> Result<Receipt, Failure> {
    let receipt = label(&fakes.context(), "o1");
    assert_eq!(fakes.unanswered(), Vec::<String>::new());
    receipt
}

fn report(fakes: &Fakes) -> Report {
    done(made(fakes).unwrap())
}

#[test]
fn a_paid_order_gets_a_label_and_its_contact_a_note() {
    let fakes = paid()
        .answer(FIND, 200, NONE)
        .answer("POST /labels", 201, LABEL)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let report = report(&fakes);
    assert_eq!(verbs(&report), [(Verb::Created, "labelry", "label"), (Verb::Noted, "ghl", "note")]);
    assert_eq!(report.effects[0].link.as_deref(), Some("https://l.example/7"));
    let sent = writes(&fakes);
    assert_eq!(
        body(&sent[0]),
        r#"{"reference":"o1","name":"Ada Fuller","address":"1 High Street, Leeds, LS1 4AP, GB"}"#
    );
    assert_eq!(body(&sent[1]), format!(r#"{{"body":"{SAID}\n[transload label o1]"}}"#));
}

#[test]
fn what_is_there_is_not_made_again() {
    let noted = format!(r#"{{"notes":[{{"id":"n1","body":"{SAID}\n[transload label o1]"}}]}}"#);
    let fakes = paid().answer(FIND, 200, &format!(r#"{{"labels":[{LABEL}]}}"#)).answer(
        "GET /contacts/c1/notes",
        200,
        &noted,
    );
    assert_eq!(
        verbs(&report(&fakes)),
        [(Verb::Verified, "labelry", "label"), (Verb::Verified, "ghl", "note")]
    );
    assert!(writes(&fakes).is_empty());
}

#[test]
fn a_lost_answer_is_tried_again() {
    let fakes = paid().answer(FIND, 200, NONE).fail("POST /labels", HttpError::Timeout);
    assert!(matches!(made(&fakes), Err(Failure::Retry(_))));
}

#[test]
fn an_order_that_is_not_to_be_sent_has_none() {
    let cancelled = with_changed(ORDER, r#""status": "pending""#, r#""status": "cancelled""#);
    for (order, payments) in [(ORDER, &[][..]), (cancelled.as_str(), &[PAYMENT][..])] {
        let fakes = asked(SETTINGS, order, payments);
        assert_eq!(why_skipped(made(&fakes).unwrap()), "the setting `label_when` leaves order o1 out");
    }
    let settings = r#"{"location_id":"loc1","mode":"all","writes":false}"#;
    let fakes = asked(settings, ORDER, &[PAYMENT]).answer(FIND, 200, NONE);
    assert_eq!(why_skipped(made(&fakes).unwrap()), "the setting `writes` is off");
}

#[test]
fn a_label_without_an_address_is_not_made() {
    let nowhere = with_changed(ORDER, r#""address1": "1 High Street", "#, "");
    let fakes = asked(SETTINGS, &nowhere, &[PAYMENT]).answer(FIND, 200, NONE);
    let Err(Failure::Rejected(reason)) = made(&fakes) else { panic!("it was made") };
    assert_eq!(reason, "order o1 has no name or no address to print; add it, then retry");
}

#[test]
fn each_permission_is_tried_and_a_rule_that_fails_is_told() {
    let settings = r#"{"location_id":"loc1","label_when":"order.payed"}"#;
    let fakes = Fakes::new(settings, NOW)
        .answer("GET /payments/orders?*", 200, &page(&[]))
        .answer("GET /labels?reference=transload-check", 401, r#"{"error":"no such key"}"#)
        .answer("GET /payments/transactions?*", 200, &page(&[]));
    let probes = GhlLabelry::check(&fakes.context()).unwrap();
    let told: Vec<_> = probes.iter().map(|probe| (probe.scope.as_str(), probe.ok)).collect();
    assert_eq!(
        told,
        [
            ("payments/orders.readonly", true),
            ("payments/transactions.readonly", true),
            ("labels.read", false),
            ("templates", false),
        ]
    );
}

#[test]
fn the_default_of_the_schema_is_the_default() {
    let schema: serde_json::Value = serde_json::from_str(&manifest::describe().settings_schema).unwrap();
    let default = schema["properties"]["label_when"]["default"].as_str().unwrap();
    assert_eq!(Rule::new(default), ready_to_go());
}
