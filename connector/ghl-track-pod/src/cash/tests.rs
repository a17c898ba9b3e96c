//! Cash that drivers bring, against scripted vendors.

use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;
use crate::fulfillments;

const SUCCESS: &str = r#"{"success":true}"#;
const RECORD: &str = "POST /payments/orders/o1/record-payment";

fn push(connection: &Connection) -> Result<Receipt, Failure> {
    fulfillments::push(connection, "o1")
}

fn collected(asked: &str, said: &str) -> String {
    delivered(&format!(r#""COD": {asked}, "CODActual": "{said}""#))
}

/// The vendors of a delivery up to its cash.
fn brought(delivery: &str, transactions: &[&str]) -> Fakes {
    Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1", 200, delivery)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("GET /payments/transactions?*", 200, &page(transactions))
}

/// The same delivery once more, all of it written down by now.
fn again(fakes: Fakes, delivery: &str) -> Fakes {
    fakes
        .answer("GET /Order/Id/o1", 200, delivery)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
}

fn recorded(fakes: &Fakes) -> Vec<String> {
    let writes = writes(fakes);
    writes.iter().filter(|request| request.url.ends_with("record-payment")).map(body).collect()
}

#[test]
fn what_the_driver_collected_is_recorded_once() {
    let delivery = collected("150.1", "150.1");
    let fakes = again(brought(&delivery, &[]).answer(RECORD, 200, SUCCESS), &delivery);
    let report = done(with(&fakes, push).unwrap());
    assert!(report.alerts.is_empty(), "{:?}", report.alerts);
    let effect = report.effects.last().unwrap();
    assert_eq!((effect.verb, effect.kind.as_str()), (Verb::Recorded, "payment"));
    let sent = recorded(&fakes);
    for member in
        [r#""amount":150.1"#, r#""mode":"cash""#, r#""isPartialPayment":false"#, r#""transload":"o1/1""#]
    {
        assert!(sent[0].contains(member), "{member} is not in {}", sent[0]);
    }
    with(&fakes, push).unwrap();
    assert_eq!(recorded(&fakes).len(), 1);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn less_than_is_due_is_recorded_as_a_part_and_told() {
    let fakes = brought(&collected("150.1", "100"), &[]).answer(RECORD, 200, SUCCESS);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    let message = &report.alerts[0].message;
    assert!(
        message.contains("100.00 USD were collected") && message.contains("asked for 150.10 USD"),
        "{message}"
    );
    let sent = recorded(&fakes);
    assert!(
        sent[0].contains(r#""amount":100"#) && sent[0].contains(r#""isPartialPayment":true"#),
        "{}",
        sent[0]
    );
}

#[test]
fn what_was_paid_by_card_after_dispatch_is_not_recorded_and_told() {
    let fakes = brought(&collected("150.1", "150.1"), &[PAYMENT]);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    assert!(report.alerts[0].message.contains("0.00 USD were due"), "{}", report.alerts[0].message);
    assert!(recorded(&fakes).is_empty());
}

#[test]
fn a_lost_answer_is_looked_for_and_the_payment_not_made_again() {
    let delivery = collected("150.1", "150.1");
    let fakes = brought(&delivery, &[]).fail(RECORD, HttpError::Timeout);
    assert!(matches!(with(&fakes, push), Err(Failure::Retry(_))));
    let fakes = brought(&delivery, &[RECORDED]);
    let report = done(with(&fakes, push).unwrap());
    assert!(report.alerts.is_empty() && recorded(&fakes).is_empty(), "{:?}", report.alerts);
    assert!(report.effects.last().unwrap().summary.contains("recorded already"));
}

#[test]
fn a_record_that_is_refused_is_told_and_not_tried_for_ever() {
    let delivery = collected("150.1", "150.1");
    // SDKISS#19: the answer that valid orders are known to get.
    let refusal = r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"x"}"#;
    let fakes = again(brought(&delivery, &[]).answer(RECORD, 404, refusal), &delivery)
        // A person has the action try again.
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer(RECORD, 200, SUCCESS)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(
        (alerts(&report), report.alerts[0].severity),
        (vec!["payment-not-recorded"], Severity::Critical)
    );
    assert!(report.alerts[0].message.contains("Order not found"), "{}", report.alerts[0].message);
    assert!(done(with(&fakes, push).unwrap()).alerts.is_empty());
    let amount: Decimal = "150.1".parse().unwrap();
    let by_hand = |connection: &Connection| record(connection, "o1", amount, "o1/1");
    assert_eq!(done(with(&fakes, by_hand).unwrap()).effects[0].verb, Verb::Recorded);
    assert!(why_skipped(with(&fakes, by_hand).unwrap()).contains("recorded already"));
    assert_eq!(recorded(&fakes).len(), 2);
}

#[test]
fn nothing_collected_where_something_is_due_is_told() {
    let delivery = delivered(r#""COD": 150.1"#);
    let report = done(with(&brought(&delivery, &[]), push).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    let report = done(with(&brought(&delivery, &[PAYMENT]), push).unwrap());
    assert!(report.alerts.is_empty(), "it was paid in the meantime");
}

#[test]
fn an_amount_that_cannot_be_read_is_told_and_not_guessed() {
    let fakes = again(Fakes::new(SETTINGS, NOW), &collected("150.1", "1,501"));
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    assert!(report.alerts[0].message.contains(r#""1,501""#), "{}", report.alerts[0].message);
}

#[test]
fn an_order_paid_in_another_currency_is_left_to_a_person() {
    let euros = with_changed(PAYMENT, r#""currency": "USD""#, r#""currency": "EUR""#);
    let fakes = brought(&collected("150.1", "150.1"), &[euros.as_str()]);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    assert!(recorded(&fakes).is_empty());
}

#[test]
fn currencies_without_and_with_three_places_go_through_exactly() {
    for (currency, total, part) in [("JPY", "3000", "1500"), ("KWD", "12.345", "12.344")] {
        let order = with_changed(ORDER, r#""amount": 150.1,"#, &format!(r#""amount": {total},"#));
        let order = with_changed(&order, r#""currency": "USD""#, &format!(r#""currency": "{currency}""#));
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /Order/Id/o1", 200, &collected(total, part))
            .answer("GET /payments/orders/o1?*", 200, &order)
            .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
            .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
            .answer("GET /contacts/c1/notes", 200, NO_NOTES)
            .answer("POST /contacts/c1/notes", 201, NOTE)
            .answer("GET /payments/transactions?*", 200, &page(&[]))
            .answer(RECORD, 200, SUCCESS);
        let report = done(with(&fakes, push).unwrap());
        assert!(recorded(&fakes)[0].contains(&format!(r#""amount":{part}"#)), "{}", recorded(&fakes)[0]);
        assert!(
            report.alerts[0].message.contains(&format!("{total} {currency}")),
            "{}",
            report.alerts[0].message
        );
    }
}

#[test]
fn settings_may_leave_the_record_to_a_person() {
    let delivery = collected("150.1", "150.1");
    let settings = r#"{"location_id":"loc1","mode":"all","cash":{"record":false}}"#;
    let fakes =
        again(Fakes::new(settings, NOW), &delivery).answer("GET /payments/transactions?*", 200, &page(&[]));
    assert!(done(with(&fakes, push).unwrap()).alerts.is_empty());
    assert!(recorded(&fakes).is_empty());
}

#[test]
fn a_payment_recorded_by_hand_stays_within_what_is_due() {
    let half = with_changed(PAYMENT, r#""amount": 150.1"#, r#""amount": 100"#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[half.as_str()]))
        .answer(RECORD, 200, SUCCESS)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = done(with(&fakes, |connection| record(connection, "o1", 60.into(), "counter")).unwrap());
    assert_eq!(alerts(&report), ["cash-differs"]);
    assert!(recorded(&fakes)[0].contains(r#""amount":50.1"#), "{}", recorded(&fakes)[0]);
    let nothing = with(&fakes, |connection| record(connection, "o1", 0.into(), "counter"));
    assert!(matches!(nothing, Err(Failure::Rejected(_))));
}
