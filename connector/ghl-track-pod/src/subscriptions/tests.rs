//! Renewals and changes of subscriptions, against scripted vendors.

use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;
use crate::transactions;

const RENEWING: &str = r#"{"location_id":"loc1","mode":"all","subscriptions":{"renew":true}}"#;

/// A monthly subscription that began with the order.
const SUBSCRIPTION: &str = r#"{"_id": "s1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "active",
    "liveMode": false, "entityType": "order", "entityId": "o1", "createdAt": "2024-04-04T16:24:27.036Z",
    "updatedAt": "2024-04-04T16:24:27.036Z", "schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}}"#;

fn charge(id: &str, at: &str) -> String {
    let charge =
        with_changed(PAYMENT, r#""_id": "t1""#, &format!(r#""_id": "{id}", "subscriptionId": "sub_1""#));
    with_changed(&charge, r#""createdAt": "2024-04-04T16:25:00.000Z""#, &format!(r#""createdAt": "{at}""#))
}

/// A charge is handled, up to the look at the delivery of its period.
fn charged(fakes: Fakes, transaction: &str) -> Fakes {
    fakes
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/subscriptions?*", 200, &page(&[SUBSCRIPTION]))
        .answer("GET /payments/subscriptions/s1?*", 200, transaction)
}

fn transaction(json: &str) -> Transaction {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t?*", 200, json);
    with(&fakes, |connection| Ok(connection.ghl.transaction("t")?.unwrap())).unwrap()
}

fn renew(fakes: &Fakes, charge: &str) -> Receipt {
    let charge = transaction(charge);
    with(fakes, |connection| renewed(connection, Work::default(), &charge)).unwrap().into()
}

#[test]
fn a_renewal_charge_makes_the_next_delivery_once() {
    let may = charge("t2", "2024-05-04T16:20:00Z");
    let fakes = charged(Fakes::new(RENEWING, NOW), SUBSCRIPTION)
        .answer("GET /Order/Id/o1-20240504", 404, "")
        .answer("POST /Order", 201, "{}")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let report = done(renew(&fakes, &may));
    assert_eq!(verbs(&report), [(Verb::Created, "track-pod", "order"), (Verb::Noted, "ghl", "note")]);
    assert_eq!(report.effects[0].id, "o1-20240504");
    let sent = body(&writes(&fakes)[0]);
    for member in [r#""Id":"o1-20240504""#, r#""CustomerReferenceId":"o1""#, r#""Note":"Paid 150.10 USD.""#] {
        assert!(sent.contains(member), "{member} is not in {sent}");
    }
    assert!(!sent.contains("COD"), "{sent}");

    // A second charge of the same period, two days late.
    let present = delivery(&goods([None, None]));
    let noted = r#"{"notes":[{"id":"n1","body":"[transload delivery-created o1-20240504]"}]}"#;
    let again = charged(Fakes::new(RENEWING, NOW), SUBSCRIPTION)
        .answer("GET /Order/Id/o1-20240504", 200, &present)
        .answer("GET /contacts/c1/notes", 200, noted);
    renew(&again, &charge("t3", "2024-05-06T16:20:00Z"));
    assert!(writes(&again).is_empty() && again.unanswered().is_empty());
}

#[test]
fn the_first_charge_is_the_order_s_own_and_the_setting_is_off_by_default() {
    let first = charge("t1", "2024-04-04T16:25:00Z");
    let fakes = charged(Fakes::new(RENEWING, NOW), SUBSCRIPTION);
    renew(&fakes, &first);
    assert!(fakes.unanswered().is_empty() && writes(&fakes).is_empty());
    let off = Fakes::new(SETTINGS, NOW);
    renew(&off, &charge("t2", "2024-05-04T16:20:00Z"));
    assert!(off.sent().is_empty());
    let single = Fakes::new(RENEWING, NOW);
    renew(&single, PAYMENT);
    assert!(single.sent().is_empty(), "a payment without a subscription renews nothing");
}

/// The charge is booked, noted and tagged like any other, and then brings the delivery of its period.
#[test]
fn a_charge_that_is_found_by_polling_brings_its_delivery() {
    let may = charge("t2", "2024-05-04T16:20:00Z");
    let fakes = Fakes::new(RENEWING, NOW)
        .answer("GET /payments/transactions/t2?*", 200, &may)
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("POST /contacts/c1/tags", 201, TAGGED);
    let fakes = charged(fakes, SUBSCRIPTION)
        .answer("GET /Order/Id/o1-20240504", 404, "")
        .answer("POST /Order", 201, "{}")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let report = done(with(&fakes, |connection| transactions::record(connection, "t2")).unwrap());
    assert!(verbs(&report).contains(&(Verb::Created, "track-pod", "order")), "{:?}", report.effects);
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
}

fn subscription(status: &str, updated_at: &str) -> String {
    let changed = with_changed(SUBSCRIPTION, r#""status": "active""#, &format!(r#""status": "{status}""#));
    with_changed(
        &changed,
        r#""updatedAt": "2024-04-04T16:24:27.036Z""#,
        &format!(r#""updatedAt": "{updated_at}""#),
    )
}

#[test]
fn a_change_is_noted_once_and_an_end_is_told_while_a_delivery_is_planned() {
    let ended = subscription("canceled", "2024-05-01T00:00:00Z");
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/subscriptions/s1?*", 200, SUBSCRIPTION)
        .answer("GET /payments/subscriptions/s1?*", 200, &ended)
        .answer("GET /Order/Id/o1", 200, &delivery(&goods([None, None])))
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("GET /payments/subscriptions/s1?*", 200, &ended);
    let changed = || with(&fakes, |connection| changed(connection, "s1")).unwrap();
    assert!(why_skipped(changed()).contains("began"));
    let report = done(changed());
    assert_eq!(alerts(&report), ["subscription-ended-but-planned"]);
    assert!(
        body(&writes(&fakes)[0]).contains("Subscription is now cancelled."),
        "{}",
        body(&writes(&fakes)[0])
    );
    assert!(why_skipped(changed()).contains("still cancelled"));
    assert!(fakes.unanswered().is_empty());
}
