//! Payments and refunds, against scripted vendors.

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;
use crate::fulfillments;

const NOTED: &str = r#"{"notes":[{"id":"n1","body":"Payment\n[transload payment t1]"}]}"#;

fn record(connection: &Connection) -> Result<Receipt, Failure> {
    super::record(connection, "t1")
}

fn refunded(amount: &str) -> String {
    with_changed(PAYMENT, r#""amountRefunded": 0"#, &format!(r#""amountRefunded": {amount}"#))
}

fn on_its_way() -> String {
    delivery(&goods([None, None]))
}

/// The vendors of a first payment, whose order has this delivery.
fn paid(settings: &str, payment: &str, delivery: Option<&str>) -> Fakes {
    let (status, delivery) = delivery.map_or((404, ""), |delivery| (200, delivery));
    Fakes::new(settings, NOW)
        .answer("GET /payments/transactions/t1?*", 200, payment)
        .answer("GET /Order/Id/o1", status, delivery)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
}

fn amounts(report: &Report) -> Vec<(&str, String)> {
    let with_amount = report.effects.iter().filter(|effect| effect.system == "store");
    let text = |amount: &transload_sdk::bindings::transload::connector::types::Money| {
        format!("{}e-{}", amount.amount.units, amount.amount.exponent)
    };
    with_amount
        .map(|effect| (effect.kind.as_str(), effect.amount.as_ref().map(text).unwrap_or_default()))
        .collect()
}

#[test]
fn a_payment_and_its_refund_are_written_down_once_each() {
    let refund = refunded("50.05");
    let fakes = paid(SETTINGS, PAYMENT, None)
        .answer("POST /contacts/c1/tags", 201, TAGGED)
        .answer("GET /payments/transactions/t1?*", 200, PAYMENT)
        .answer("GET /contacts/c1/notes", 200, NOTED)
        .answer("GET /payments/transactions/t1?*", 200, &refund)
        .answer("GET /Order/Id/o1", 200, &on_its_way())
        .answer("GET /contacts/c1/notes", 200, NOTED)
        .answer("GET /contacts/c1/notes", 200, NOTED)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let first = done(with(&fakes, record).unwrap());
    assert_eq!(first.effects[0].summary, "captured 150.10 USD, refunded 0.00 USD, net 150.10 USD");
    assert_eq!(amounts(&first), [("revenue", "1501e-1".to_owned()), ("payment", "1501e-1".to_owned())]);
    assert!(first.follow_ups.is_empty(), "a payment alone makes no delivery");
    let again = done(with(&fakes, record).unwrap());
    assert_eq!(verbs(&again), [(Verb::Verified, "store", "revenue"), (Verb::Verified, "ghl", "note")]);
    let back = done(with(&fakes, record).unwrap());
    assert_eq!(back.effects[0].summary, "captured 150.10 USD, refunded 50.05 USD, net 100.05 USD");
    assert_eq!(amounts(&back)[1], ("refund", "-5005e-2".to_owned()));
    assert!(back.alerts.is_empty(), "a part of it alarms nobody");
    assert_eq!(back.follow_ups[0].id, "order o1 after t1 succeeded 50.05");
    assert!(fakes.unanswered().is_empty());
    let writes = writes(&fakes);
    assert!(body(&writes[1]).contains("order-paid"));
    assert!(body(&writes[2]).contains("50.05 USD in all of 150.10 USD given back for order o1"));
}

#[test]
fn money_that_moved_has_the_delivery_looked_at_again_and_the_note_names_it() {
    let fakes = paid(SETTINGS, PAYMENT, Some(&on_its_way()))
        .answer("POST /contacts/c1/tags", 201, TAGGED)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let report = done(with(&fakes, record).unwrap());
    assert_eq!(
        (report.follow_ups[0].id.as_str(), report.follow_ups[0].subject.as_str()),
        ("order o1 after t1 succeeded 0", "o1")
    );
    let note = body(&writes(&fakes)[0]);
    assert!(
        note.contains("Track-POD delivery track-1, https://web.track-pod.com/track?id=track-1"),
        "{note}"
    );
}

#[test]
fn an_order_that_waited_for_its_payment_is_looked_at_without_a_delivery() {
    let settings = r#"{"location_id":"loc1","mode":"all","cash_on_delivery":false}"#;
    let fakes = paid(settings, PAYMENT, None).answer("POST /contacts/c1/tags", 201, TAGGED).answer(
        "GET /payments/orders/o1?*",
        200,
        ORDER,
    );
    assert_eq!(done(with(&fakes, record).unwrap()).follow_ups.len(), 1);
}

#[test]
fn all_given_back_after_the_goods_are_gone_is_told_to_a_person() {
    let fakes = paid(SETTINGS, &refunded("150.1"), Some(&delivered("")))
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("POST /contacts/c1/tags", 201, TAGGED);
    let report = done(with(&fakes, record).unwrap());
    assert_eq!(
        (alerts(&report), report.alerts[0].severity),
        (vec!["refund-after-delivery"], Severity::Critical)
    );
    assert!(report.follow_ups.is_empty());
}

#[test]
fn cash_that_comes_back_as_a_transaction_is_no_second_payment() {
    let cash = with_changed(RECORDED, r#""_id": "t9""#, r#""_id": "t1""#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1", 200, &delivered(r#""COD": 150.1, "CODActual": "150.1""#))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("POST /payments/orders/o1/record-payment", 200, r#"{"success":true}"#)
        .answer("GET /payments/transactions/t1?*", 200, &cash)
        .answer("GET /Order/Id/o1", 200, &delivered(""))
        .answer("POST /contacts/c1/tags", 201, TAGGED)
        // Another payment of the same amount is not the driver's cash.
        .answer("GET /payments/transactions/t2?*", 200, &with_changed(&cash, r#""t1""#, r#""t2""#))
        .answer("GET /Order/Id/o1", 200, &delivered(""))
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("POST /contacts/c1/tags", 201, TAGGED);
    with(&fakes, |connection| fulfillments::push(connection, "o1")).unwrap();
    let report = done(with(&fakes, record).unwrap());
    assert!(!verbs(&report).iter().any(|(verb, ..)| *verb == Verb::Noted), "{:?}", report.effects);
    assert_eq!(report.effects[0].summary, "captured 150.10 USD, refunded 0.00 USD, net 150.10 USD");
    let other = done(with(&fakes, |connection| super::record(connection, "t2")).unwrap());
    assert!(verbs(&other).iter().any(|(verb, ..)| *verb == Verb::Noted));
}

#[test]
fn what_pays_for_an_invoice_or_a_subscription_is_kept_under_it() {
    for (kind, key) in [("invoice", "revenue/invoice/o1"), ("subscription", "revenue/subscription/o1")] {
        let payment =
            with_changed(PAYMENT, r#""entityType": "order""#, &format!(r#""entityType": "{kind}""#));
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/transactions/t1?*", 200, &payment)
            .answer("GET /contacts/c1/notes", 200, NO_NOTES)
            .answer("POST /contacts/c1/notes", 201, NOTE)
            .answer("POST /contacts/c1/tags", 201, TAGGED);
        done(with(&fakes, record).unwrap());
        assert!(fakes.context().store.get(key).unwrap().is_some(), "{key}");
        assert!(body(&writes(&fakes)[0]).contains(&format!("Payment of 150.10 USD received for {kind} o1.")));
    }
    let other = with_changed(PAYMENT, r#""entityType": "order""#, r#""entityType": "booking""#);
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t1?*", 200, &other);
    assert!(why_skipped(with(&fakes, record).unwrap()).contains("does not pay for"));
}

#[test]
fn an_order_comes_before_the_subscription_that_renews_it() {
    let renewal = with_changed(PAYMENT, r#""entityType""#, r#""subscriptionId": "sub_1", "entityType""#);
    let fakes = paid(SETTINGS, &renewal, None).answer("POST /contacts/c1/tags", 201, TAGGED);
    done(with(&fakes, record).unwrap());
    assert!(fakes.context().store.get("revenue/o1").unwrap().is_some());
}

#[test]
fn a_failed_payment_is_noted_and_moves_nothing() {
    let failed = with_changed(PAYMENT, "succeeded", "failed");
    let fakes = paid(SETTINGS, &failed, Some(&on_its_way()));
    let report = done(with(&fakes, record).unwrap());
    assert!(report.follow_ups.is_empty(), "the driver collects what he did");
    assert_eq!(amounts(&report), [("revenue", "0e-0".to_owned())]);
    assert!(body(&writes(&fakes)[0]).contains("Payment of 150.10 USD for order o1 failed."));
}

#[test]
fn a_connection_that_only_watches_keeps_the_revenue_and_writes_nothing() {
    let settings = r#"{"location_id":"loc1","mode":"all","writes":false}"#;
    let fakes = Fakes::new(settings, NOW)
        .answer("GET /payments/transactions/t1?*", 200, &refunded("150.1"))
        .answer("GET /Order/Id/o1", 200, &delivered(""));
    assert_eq!(alerts(&done(with(&fakes, record).unwrap())), ["refund-after-delivery"]);
    assert!(writes(&fakes).is_empty() && fakes.context().store.get("revenue/o1").unwrap().is_some());
}

const OBJECT: &str = r#"{"location_id":"loc1","mode":"all","payment_record":{"kind":"object",
    "schema_key":"custom_objects.payment","order_property":"order_id",
    "properties":{"amount":"{{ payment.amount }}","delivery":"{{ delivery.number }} {{ delivery.link }}"}}}"#;

#[test]
fn a_confirmed_payment_becomes_a_record_that_names_the_delivery_once() {
    let search = "POST /objects/custom_objects.payment/records/search";
    let fakes = paid(OBJECT, PAYMENT, Some(&delivered("")))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer(search, 200, r#"{"records":[],"total":0}"#)
        .answer("POST /objects/custom_objects.payment/records", 201, r#"{"record":{"id":"r1"}}"#)
        .answer("GET /payments/transactions/t1?*", 200, PAYMENT)
        .answer("GET /contacts/c1/notes", 200, NOTED);
    let report = done(with(&fakes, record).unwrap());
    assert_eq!(verbs(&report).last(), Some(&(Verb::Created, "ghl", "record")));
    let sent = body(writes(&fakes).last().unwrap());
    for member in [
        r#""order_id":"o1""#,
        r#""amount":"150.10""#,
        r#""delivery":"track-1 https://web.track-pod.com/track?id=track-1""#,
    ] {
        assert!(sent.contains(member), "{member} is not in {sent}");
    }
    with(&fakes, record).unwrap();
    assert!(fakes.unanswered().is_empty());
}
