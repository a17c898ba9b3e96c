//! Messages to customers, against scripted vendors.

use transload_model::{FulfillmentState, Instant};
use transload_sdk::Severity;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;
use crate::fulfillments;

const BY_TEXT: &str = r#"{"location_id":"loc1","mode":"all","messages":{"channel":"sms",
    "out_for_delivery":"{{ order.customer.name }}, we are on our way: {{ delivery.link }} {{ delivery.eta }}",
    "delivered":"Thank you, {{ order.total }} {{ order.currency }}."}}"#;
const KEY: &str = "message/o1/out_for_delivery/1";
const CONTACT: &str = r#"{"contact":{"id":"c1","dnd":false}}"#;
const SEND: &str = "POST /conversations/messages";
const SENT: &str = r#"{"conversationId":"v1","messageId":"m1"}"#;

/// The vendors of a delivery on its way.
fn leaving(settings: &str) -> Fakes {
    let order = delivery(&format!(r#""StatusId": 1, "ETA": "2024-04-04T17:30:00", {}"#, goods([None, None])));
    Fakes::new(settings, NOW).answer("GET /Order/Id/o1", 200, &order).answer(
        "GET /payments/orders/o1?*",
        200,
        ORDER,
    )
}

fn push(connection: &Connection) -> Result<Receipt, Failure> {
    fulfillments::push(connection, "o1")
}

fn told(state: FulfillmentState) -> Fulfillment {
    Fulfillment {
        id: "track-1".to_owned(),
        order_id: "o1".to_owned(),
        state,
        attempt: 1,
        lines: Vec::new(),
        tracking: Vec::new(),
        proof: None,
        cash_collected: None,
        reason: None,
        happened_at: Some(Instant(1)),
        estimated_at: None,
    }
}

fn send_planned(connection: &Connection) -> Result<Receipt, Failure> {
    send(connection, KEY, &told(FulfillmentState::OutForDelivery))
}

#[test]
fn a_message_is_planned_with_its_text_and_sent_by_the_event_that_follows() {
    let fakes = leaving(BY_TEXT).answer("GET /contacts/c1", 200, CONTACT).answer(SEND, 201, SENT);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!((report.follow_ups[0].id.as_str(), report.follow_ups[0].subject.as_str()), (KEY, "o1"));
    assert!(is_planned(&report.follow_ups[0].id) && writes(&fakes).is_empty());
    assert_eq!(verbs(&done(with(&fakes, send_planned).unwrap())), [(Verb::Notified, "ghl", "message")]);
    let sent = body(&writes(&fakes)[0]);
    let text = "Ada Fuller, we are on our way: https://web.track-pod.com/track?id=track-1 2024-04-04 17:30";
    assert!(sent.contains(&format!(r#""type":"SMS","contactId":"c1","message":"{text}""#)), "{sent}");
    assert!(why_skipped(with(&fakes, send_planned).unwrap()).contains("dealt with before: sent"));
}

#[test]
fn the_same_state_of_the_same_attempt_is_told_once() {
    let order = delivery(&format!(r#""StatusId": 1, "ETA": "2024-04-04T18:30:00", {}"#, goods([None, None])));
    let fakes = leaving(BY_TEXT).answer("GET /Order/Id/o1", 200, &order).answer(
        "GET /payments/orders/o1?*",
        200,
        ORDER,
    );
    assert_eq!(done(with(&fakes, push).unwrap()).follow_ups.len(), 1);
    why_skipped(with(&fakes, push).unwrap());
}

/// A crash after the message left, before the event ended: the host answers 208 and sends nothing. What it knows the
/// message by is its body, so that must not have changed, whatever became of the delivery's expected time.
#[test]
fn a_message_that_may_have_gone_out_is_never_sent_again() {
    let fakes = leaving(BY_TEXT)
        .answer("GET /contacts/c1", 200, CONTACT)
        .fail(SEND, HttpError::Timeout)
        .answer("GET /contacts/c1", 200, CONTACT)
        .answer(SEND, 208, "");
    with(&fakes, push).unwrap();
    assert!(matches!(with(&fakes, send_planned), Err(Failure::Retry(_))));
    let report = done(with(&fakes, send_planned).unwrap());
    assert!(report.effects[0].summary.contains("may have been told"), "{}", report.effects[0].summary);
    let writes = writes(&fakes);
    assert_eq!(body(&writes[0]), body(&writes[1]));
    assert!(why_skipped(with(&fakes, send_planned).unwrap()).contains("possibly sent"));
}

#[test]
fn do_not_disturb_is_respected_wholly_and_by_channel() {
    for contact in [
        r#"{"contact":{"id":"c1","dnd":true}}"#,
        r#"{"contact":{"id":"c1","dnd":false,"dndSettings":{"SMS":{"status":"active"}}}}"#,
    ] {
        let fakes = leaving(BY_TEXT).answer("GET /contacts/c1", 200, contact);
        with(&fakes, push).unwrap();
        assert!(why_skipped(with(&fakes, send_planned).unwrap()).contains("do-not-disturb"));
        assert!(why_skipped(with(&fakes, send_planned).unwrap()).contains("dealt with before"));
    }
    let other = r#"{"contact":{"id":"c1","dnd":false,"dndSettings":{"Email":{"status":"active"}}}}"#;
    let fakes = leaving(BY_TEXT).answer("GET /contacts/c1", 200, other).answer(SEND, 201, SENT);
    with(&fakes, push).unwrap();
    done(with(&fakes, send_planned).unwrap());
}

#[test]
fn a_refused_message_is_told_to_a_person_and_holds_up_nothing() {
    let fakes = leaving(BY_TEXT).answer("GET /contacts/c1", 200, CONTACT).answer(
        SEND,
        422,
        r#"{"statusCode":422,"message":["contact has no phone"]}"#,
    );
    with(&fakes, push).unwrap();
    let report = done(with(&fakes, send_planned).unwrap());
    assert_eq!((alerts(&report), report.alerts[0].severity), (vec!["message-not-sent"], Severity::Warning));
    assert!(report.alerts[0].message.contains("no phone"), "{}", report.alerts[0].message);
}

#[test]
fn a_message_that_was_overtaken_is_not_sent() {
    let fakes = leaving(BY_TEXT)
        .answer("GET /Order/Id/o1", 200, &delivered(""))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    with(&fakes, push).unwrap();
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(report.follow_ups[0].id, "message/o1/delivered/1");
    assert!(why_skipped(with(&fakes, send_planned).unwrap()).contains("further"));
}

#[test]
fn an_e_mail_has_its_subject_and_a_workflow_its_own_words() {
    let by_mail = with_changed(
        BY_TEXT,
        r#""channel":"sms""#,
        r#""channel":"email","subject":"Order {{ order.number }}""#,
    );
    let fakes = leaving(&by_mail).answer("GET /contacts/c1", 200, CONTACT).answer(SEND, 201, SENT);
    with(&fakes, push).unwrap();
    with(&fakes, send_planned).unwrap();
    assert!(body(&writes(&fakes)[0]).contains(r#""subject":"Order o1""#));
    let by_workflow =
        with_changed(BY_TEXT, r#""channel":"sms""#, r#""channel":"workflow","workflow_id":"w1""#);
    let fakes = leaving(&by_workflow).answer("GET /contacts/c1", 200, CONTACT).answer(
        "POST /contacts/c1/workflow/w1",
        200,
        r#"{"succeded":true}"#,
    );
    with(&fakes, push).unwrap();
    done(with(&fakes, send_planned).unwrap());
}

#[test]
fn nobody_is_told_what_has_no_text_or_no_channel_or_is_history() {
    let old = with_changed(
        &delivery(&format!(r#""StatusId": 1, {}"#, goods([None, None]))),
        "2024-04-04T16:30:00",
        "2024-04-01T16:30:00",
    );
    let history = Fakes::new(BY_TEXT, NOW).answer("GET /Order/Id/o1", 200, &old).answer(
        "GET /payments/orders/o1?*",
        200,
        ORDER,
    );
    for fakes in [
        history,
        leaving(SETTINGS),
        leaving(&with_changed(BY_TEXT, "out_for_delivery", "attempt_failed")),
        leaving(&with_changed(BY_TEXT, r#""channel":"sms""#, r#""channel":"none""#)),
        leaving(&with_changed(BY_TEXT, r#""mode""#, r#""writes":false,"mode""#)),
    ] {
        assert!(why_skipped(with(&fakes, push).unwrap()).contains("nothing to write"));
    }
}

#[test]
fn a_person_can_have_the_customer_told() {
    let fakes = Fakes::new(BY_TEXT, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /contacts/c1", 200, CONTACT)
        .answer(SEND, 201, SENT)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    done(with(&fakes, |connection| notify(connection, "o1", "Your parcel waits at the depot.")).unwrap());
    assert!(body(&writes(&fakes)[0]).contains("waits at the depot"));
    let silent = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    let outcome = with(&silent, |connection| notify(connection, "o1", "x"));
    assert!(matches!(outcome, Err(Failure::Rejected(reason)) if reason.contains("messages.channel")));
}
