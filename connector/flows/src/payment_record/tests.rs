//! Records of payments, against a scripted vendor.

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

/// Writes down the payment `t1` of the order `o1`, as the setting says.
fn write_down(fakes: &Fakes, setting: &str) -> Report {
    let record: PaymentRecord = serde_json::from_str(setting).unwrap();
    let written = with_shop(fakes, |shop| {
        let transaction = shop.ghl.transaction("t1")?.unwrap();
        write(shop, &record, Work::default(), &transaction, Some("o1"), None)
    });
    done(written.unwrap().into())
}

fn paid(settings: &str) -> Fakes {
    Fakes::new(settings, NOW).answer("GET /payments/transactions/t1?*", 200, PAYMENT)
}

const OBJECT: &str = r#"{"kind":"object","schema_key":"custom_objects.payment","order_property":"order_id",
    "properties":{"amount":"{{ payment.amount }}"}}"#;

#[test]
fn a_payment_is_tagged_once() {
    let fakes = paid(SETTINGS).answer("POST /contacts/c1/tags", 201, TAGGED).answer(
        "GET /payments/transactions/t1?*",
        200,
        PAYMENT,
    );
    assert_eq!(verbs(&write_down(&fakes, "{}")), [(Verb::Updated, "ghl", "contact")]);
    assert!(body(&writes(&fakes)[0]).contains("order-paid"));
    assert!(verbs(&write_down(&fakes, "{}")).is_empty());
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_second_payment_of_the_order_updates_its_record() {
    let present = r#"{"records":[{"id":"r1","properties":{"order_id":"o1"}}],"total":1}"#;
    let fakes = paid(SETTINGS)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("POST /objects/custom_objects.payment/records/search", 200, present)
        .answer("PUT /objects/custom_objects.payment/records/r1?*", 200, r#"{"record":{"id":"r1"}}"#);
    assert_eq!(verbs(&write_down(&fakes, OBJECT)).last(), Some(&(Verb::Updated, "ghl", "record")));
    assert!(body(&writes(&fakes)[1]).contains(r#""amount":"150.10""#));
}

#[test]
fn a_confirmed_payment_becomes_an_opportunity_that_is_won() {
    let setting = r#"{"kind":"opportunity","pipeline_id":"pl","stage_id":"st"}"#;
    for (present, call, verb) in [
        (r#"{"opportunities":[],"meta":{"total":0}}"#, "POST /opportunities/", Verb::Created),
        (
            r#"{"opportunities":[{"id":"op1","name":"Order o1"}],"meta":{"total":1}}"#,
            "PUT /opportunities/op1",
            Verb::Updated,
        ),
    ] {
        let fakes = paid(SETTINGS)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /opportunities/search?*", 200, present)
            .answer(call, 200, r#"{"opportunity":{"id":"op1"}}"#);
        assert_eq!(verbs(&write_down(&fakes, setting)).last(), Some(&(verb, "ghl", "opportunity")));
        let sent = body(writes(&fakes).last().unwrap());
        assert!(sent.contains(r#""status":"won""#) && sent.contains(r#""monetaryValue":"#), "{sent}");
    }
}

#[test]
fn a_connection_that_only_watches_records_nothing() {
    let fakes = paid(r#"{"location_id":"loc1","mode":"all","writes":false}"#);
    assert!(verbs(&write_down(&fakes, "{}")).is_empty() && writes(&fakes).is_empty());
}
