//! Payments and refunds, against scripted vendors.

use transload_sdk::Verb;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use crate::fixtures::*;

/// PAYMENT as it is held in Rankr. 2024-04-04T16:25:00Z by `date -ud … +%s`.
const HELD: &str = r#"{"transactionId":"t1","version":1712247900000,"amount":"150.1","currency":"USD","amountRefunded":"0","status":"succeeded","timestamp":"2024-04-04T16:25:00.000Z","orderId":"o1","customerId":"c1","method":"stripe","chargeId":"ch_1","live":false,"updatedAt":"2024-04-04T16:25:00.000Z"}"#;

const TOLD: &str = r#"{"location_id":"loc1","mode":"all","alerts":{"payments":true}}"#;

const NOTED: &str = r#"{"notes":[{"id":"n1","body":"Payment\n[transload payment t1]"}]}"#;

fn record(fakes: &Fakes) -> Report {
    done(with(fakes, |connection| super::record(connection, "t1")).unwrap())
}

fn refunded(amount: &str, at: &str) -> String {
    let refunded = with_changed(PAYMENT, r#""amountRefunded": 0"#, &format!(r#""amountRefunded": {amount}"#));
    with_changed(&refunded, r#""updatedAt": "2024-04-04T16:25:00.000Z""#, &format!(r#""updatedAt": "{at}""#))
}

/// GoHighLevel has this payment, and Rankr none yet.
fn new(settings: &str, payment: &str) -> Fakes {
    Fakes::new(settings, NOW)
        .answer("GET /payments/transactions/t1?*", 200, payment)
        .answer("GET /payments/transactions/t1", 404, MISSING)
        .answer("PUT /payments/transactions/t1", 201, TAKEN)
}

fn noted(fakes: Fakes) -> Fakes {
    fakes.answer("GET /contacts/c1/notes", 200, NO_NOTES).answer("POST /contacts/c1/notes", 201, NOTE)
}

fn amounts(report: &Report) -> Vec<(&str, String)> {
    let moved = report.effects.iter().filter(|effect| effect.system == "store" && effect.kind != "revenue");
    let text = |amount: &transload_sdk::bindings::transload::connector::types::Money| {
        format!("{}e-{}", amount.amount.units, amount.amount.exponent)
    };
    moved.map(|effect| (effect.kind.as_str(), effect.amount.as_ref().map(text).unwrap_or_default())).collect()
}

fn follow_ups(report: &Report) -> Vec<(&str, &str)> {
    report.follow_ups.iter().map(|event| (event.id.as_str(), event.subject.as_str())).collect()
}

#[test]
fn a_payment_is_held_exactly_and_has_its_order_looked_at_again() {
    let fakes = noted(new(SETTINGS, PAYMENT)).answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = record(&fakes);
    assert_eq!(
        verbs(&report),
        [
            (Verb::Recorded, "store", "revenue"),
            (Verb::Recorded, "store", "payment"),
            (Verb::Created, "rankr", "transaction"),
            (Verb::Noted, "ghl", "note"),
        ]
    );
    assert_eq!(amounts(&report), [("payment", "1501e-1".to_owned())]);
    assert_eq!(follow_ups(&report), [("order o1 after t1 succeeded 0", "o1")]);
    assert!(report.alerts.is_empty(), "money that comes is expected to");
    assert_eq!(body(&writes(&fakes)[0]), HELD);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_second_look_writes_nothing_and_follows_nothing() {
    let fakes = noted(new(TOLD, PAYMENT))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions/t1?*", 200, PAYMENT)
        .answer("GET /payments/transactions/t1", 200, HELD)
        .answer("GET /contacts/c1/notes", 200, NOTED);
    assert_eq!(alerts(&record(&fakes)), ["payment-received"]);
    let again = record(&fakes);
    assert!(again.effects.iter().all(|effect| effect.verb == Verb::Verified), "{:?}", again.effects);
    assert!(again.follow_ups.is_empty() && again.alerts.is_empty());
    assert_eq!(writes(&fakes).len(), 2);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn each_refund_is_told_and_held_once() {
    let (part, all) = (refunded("50.05", "2024-04-05T10:00:00Z"), refunded("150.1", "2024-04-06T10:00:00Z"));
    let held_part = HELD
        .replace(r#""amountRefunded":"0""#, r#""amountRefunded":"50.05""#)
        .replace("1712247900000", "1712311200000")
        .replace(r#""updatedAt":"2024-04-04T16:25:00.000Z""#, r#""updatedAt":"2024-04-05T10:00:00.000Z""#);
    let refund = |fakes: Fakes, payment: &str, held: &str| {
        let fakes = fakes
            .answer("GET /payments/transactions/t1?*", 200, payment)
            .answer("GET /payments/transactions/t1", 200, held)
            .answer("PUT /payments/transactions/t1", 200, TAKEN)
            .answer("GET /contacts/c1/notes", 200, NOTED);
        noted(fakes).answer("GET /payments/orders/o1?*", 200, ORDER)
    };
    let fakes = noted(new(SETTINGS, PAYMENT)).answer("GET /payments/orders/o1?*", 200, ORDER);
    let fakes = refund(refund(fakes, &part, HELD), &all, &held_part);
    record(&fakes);
    let (first, second) = (record(&fakes), record(&fakes));
    assert_eq!(amounts(&first), [("refund", "-5005e-2".to_owned())]);
    assert_eq!(amounts(&second), [("refund", "-10005e-2".to_owned())]);
    assert_eq!((alerts(&first), alerts(&second)), (vec!["payment-refunded"], vec!["payment-refunded"]));
    assert!(
        first.alerts[0].message.starts_with("50.05 USD of 150.10 USD was given back"),
        "{:?}",
        first.alerts
    );
    assert!(second.alerts[0].message.starts_with("100.05 USD of 150.10 USD"), "{:?}", second.alerts);
    assert_eq!(follow_ups(&second), [("order o1 after t1 succeeded 150.1", "o1")]);
    let written = body(&writes(&fakes)[2]);
    // 2024-04-05T10:00:00Z by `date -ud … +%s`.
    assert_eq!(written, held_part);
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_charge_that_fails_is_told_once_and_moves_nothing() {
    let failed = with_changed(PAYMENT, r#""status": "succeeded""#, r#""status": "failed""#);
    let held = HELD.replace("succeeded", "failed");
    let fakes = noted(new(TOLD, &failed))
        .answer("GET /payments/transactions/t1?*", 200, &failed)
        .answer("GET /payments/transactions/t1", 200, &held)
        .answer(
            "GET /contacts/c1/notes",
            200,
            r#"{"notes":[{"id":"n1","body":"[transload payment-failed t1]"}]}"#,
        );
    let first = record(&fakes);
    assert_eq!(alerts(&first), ["payment-failed"]);
    assert!(first.follow_ups.is_empty() && amounts(&first).is_empty());
    assert!(record(&fakes).alerts.is_empty());
    let quiet = noted(new(r#"{"location_id":"loc1","mode":"all","alerts":{"failures":false}}"#, &failed));
    assert!(record(&quiet).alerts.is_empty());
}

#[test]
fn a_charge_of_a_subscription_and_of_an_invoice_has_all_of_them_looked_at() {
    let charge = with_changed(
        PAYMENT,
        r#""chargeId": "ch_1""#,
        r#""chargeId": "ch_1", "subscriptionId": "sub_1", "entitySource": {"type": "invoice", "id": "i1"}"#,
    );
    let invoice = r#"{"_id":"i1","status":"paid","total":150.1,"amountPaid":150.1,"currency":"USD"}"#;
    let begun =
        r#"{"_id":"s1","status":"active","entityType":"order","entityId":"o1","subscriptionId":"sub_1"}"#;
    let fakes = noted(new(SETTINGS, &charge))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/subscriptions?*", 200, &page(&[begun]))
        .answer("GET /invoices/i1?*", 200, invoice);
    let report = record(&fakes);
    assert_eq!(
        follow_ups(&report),
        [
            ("order o1 after t1 succeeded 0", "o1"),
            ("subscription s1 after t1 succeeded 0", "o1"),
            ("invoice i1 after t1 succeeded 0", "i1"),
        ]
    );
    assert!(fakes.unanswered().is_empty());
    assert!(body(&writes(&fakes)[0]).contains(r#""orderId":"o1","invoiceId":"i1","subscriptionId":"sub_1""#));

    let denied = || HttpError::Denied("not granted".to_owned());
    let fakes = noted(new(SETTINGS, &charge))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .fail("GET /payments/subscriptions?*", denied())
        .fail("GET /invoices/i1?*", denied());
    assert_eq!(follow_ups(&record(&fakes)).len(), 1, "the order alone");
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn where_only_orders_are_held_a_payment_is_told_and_its_order_looked_at() {
    let settings = r#"{"location_id":"loc1","mode":"all","transactions":{"sync":false},"invoices":{"sync":false},
        "subscriptions":{"sync":false},"alerts":{"payments":true}}"#;
    let charge = with_changed(
        PAYMENT,
        r#""chargeId": "ch_1""#,
        r#""subscriptionId": "sub_1", "entitySource": {"type": "invoice", "id": "i1"}"#,
    );
    let fakes = Fakes::new(settings, NOW).answer("GET /payments/transactions/t1?*", 200, &charge).answer(
        "GET /payments/orders/o1?*",
        200,
        ORDER,
    );
    let report = record(&fakes);
    assert_eq!(alerts(&report), ["payment-received"]);
    assert_eq!(follow_ups(&report), [("order o1 after t1 succeeded 0", "o1")]);
    assert_eq!(amounts(&report), [("payment", "1501e-1".to_owned())]);
    assert!(writes(&fakes).is_empty() && fakes.unanswered().is_empty());
}

#[test]
fn money_for_something_else_is_held_all_the_same() {
    let other = with_changed(
        PAYMENT,
        r#""entityType": "order", "entityId": "o1""#,
        r#""entityType": "tip", "entityId": "x""#,
    );
    let fakes = noted(new(SETTINGS, &other));
    let report = record(&fakes);
    assert_eq!(report.effects[0].id, "t1");
    assert!(report.follow_ups.is_empty());
    assert!(!body(&writes(&fakes)[0]).contains("orderId"));
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn without_permission_for_contacts_there_are_no_notes() {
    let fakes = new(SETTINGS, PAYMENT)
        .fail("GET /contacts/c1/notes", HttpError::Denied("not granted".to_owned()))
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = record(&fakes);
    assert_eq!(verbs(&report).last(), Some(&(Verb::Created, "rankr", "transaction")));
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_connection_that_only_watches_keeps_its_record_and_tells_of_the_difference() {
    let fakes = Fakes::new(r#"{"location_id":"loc1","mode":"all","writes":false}"#, NOW)
        .answer("GET /payments/transactions/t1?*", 200, PAYMENT)
        .answer("GET /payments/transactions/t1", 404, MISSING)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = record(&fakes);
    assert_eq!(alerts(&report), ["transaction-differs"]);
    assert_eq!(amounts(&report), [("payment", "1501e-1".to_owned())]);
    assert!(writes(&fakes).is_empty() && fakes.unanswered().is_empty());
}

#[test]
fn what_is_not_there_or_of_another_mode_is_left_out() {
    let skip =
        |fakes: &Fakes| why_skipped(with(fakes, |connection| super::record(connection, "t1")).unwrap());
    let gone = r#"{"statusCode":400,"message":"Transaction not found"}"#;
    let missing = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t1?*", 400, gone);
    assert!(skip(&missing).contains("no transaction t1"));
    let live =
        Fakes::new(r#"{"location_id":"loc1"}"#, NOW).answer("GET /payments/transactions/t1?*", 200, PAYMENT);
    assert!(skip(&live).contains("`mode`"));
}
