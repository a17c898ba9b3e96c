//! The connector against a scripted GoHighLevel.

use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;

const SETTINGS: &str = r#"{"location_id":"loc1","minimum_total":"149.99"}"#;
const ORDER: &str = r#"{"_id":"o1","status":"pending","contactId":"c1","currency":"USD","amount":150.10,"items":[]}"#;
const GET_ORDER: &str = "GET /payments/orders/o1?*";
const NOTES: &str = "/contacts/c1/notes";
const TEXT: &str = "New order o1: 150.10 USD";

fn asked(settings: &str, order: &str) -> Fakes {
    Fakes::new(settings, 0).answer(GET_ORDER, 200, order)
}

fn noted(fakes: &Fakes) -> Result<Outcome, Failure> {
    let outcome = note(&fakes.context(), "o1");
    assert_eq!(fakes.unanswered(), Vec::<String>::new());
    outcome
}

#[test]
fn an_order_is_noted_on_its_contact() {
    let fakes = asked(SETTINGS, ORDER)
        .answer(&format!("GET {NOTES}"), 200, r#"{"notes":[]}"#)
        .answer(&format!("POST {NOTES}"), 201, r#"{"note":{"id":"n1"}}"#);
    let outcome = noted(&fakes).unwrap();
    assert_eq!(
        outcome,
        Outcome::Noted(Verb::Noted, "n1".to_owned(), TEXT.to_owned())
    );
    let sent = fakes.sent();
    let body = sent.last().and_then(|request| request.body.as_deref());
    let expected = json!({ "body": format!("{TEXT}\n[{{name}} o1]") }).to_string();
    assert_eq!(body, Some(expected.as_bytes()));
}

#[test]
fn a_note_that_is_there_is_not_written_again() {
    let notes = json!({"notes": [{"id": "n1", "body": format!("{TEXT}\n[{{name}} o1]")}]});
    let fakes = asked(SETTINGS, ORDER).answer(&format!("GET {NOTES}"), 200, &notes.to_string());
    let outcome = noted(&fakes).unwrap();
    assert_eq!(
        outcome,
        Outcome::Noted(Verb::Verified, "n1".to_owned(), TEXT.to_owned())
    );
}

#[test]
fn totals_are_compared_exactly() {
    let settings = SETTINGS.replace("149.99", "150.11");
    let outcome = noted(&asked(&settings, ORDER)).unwrap();
    let reason = "order o1 is below `minimum_total`".to_owned();
    assert_eq!(outcome, Outcome::Skipped(reason));
}

#[test]
fn a_lost_answer_is_tried_again_and_a_refused_token_waits_for_a_person() {
    let lost = asked(SETTINGS, ORDER)
        .answer(&format!("GET {NOTES}"), 200, r#"{"notes":[]}"#)
        .fail(&format!("POST {NOTES}"), HttpError::Timeout);
    assert!(matches!(noted(&lost), Err(Failure::Retry(_))));
    let refused = Fakes::new(SETTINGS, 0).answer(GET_ORDER, 401, "{}");
    assert!(matches!(noted(&refused), Err(Failure::NeedsAttention(_))));
}
