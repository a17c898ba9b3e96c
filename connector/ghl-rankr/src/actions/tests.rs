//! Actions: their inputs, and what they answer.

use serde_json::{Value, json};
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

/// Rankr's order `o1`, as far as it is looked at.
const HELD: &str = r#"{"orderId":"o1","version":1,"status":"pending","amount":"150.10","currency":"USD","amountPaid":"50.05","live":false}"#;
const DELIVERED: &str = r#"{"items":[{"fulfillmentId":"r1","orderId":"o1","status":"delivered","trackingNumber":"N1",
    "lines":[{"lineId":"p1","quantity":"1"}]}]}"#;

fn answer(fakes: &Fakes, name: &str, input: &str) -> Value {
    serde_json::from_str(&run(&fakes.context(), name, input).unwrap()).unwrap()
}

#[test]
fn an_unknown_action_or_input_is_refused_by_name() {
    let fakes = Fakes::new(SETTINGS, NOW);
    for (name, input, part) in [
        ("sync", "{}", "sync-order"),
        ("sync-order", r#"{"order":"o1"}"#, "unknown field `order`"),
        ("sync-invoice", r#"{"order_id":"o1"}"#, "unknown field `order_id`, expected `invoice_id`"),
        ("sync-invoice", r#"{"invoice_id":"i1","force":"yes"}"#, "unknown field `force`"),
        ("sync-transaction", "{}", "missing field `transaction_id`"),
        ("sync-subscription", r#"{"subscription_id":7}"#, "expected a string"),
    ] {
        let failure = run(&fakes.context(), name, input).unwrap_err();
        assert!(
            matches!(&failure, Failure::Rejected(reason) if reason.contains(part)),
            "{name} {input}: {failure:?}"
        );
    }
}

#[test]
fn each_action_says_what_it_is_about() {
    let actions = describe();
    let subjects: Vec<(&str, &str)> =
        actions.iter().map(|action| (action.name.as_str(), action.subject.as_deref().unwrap())).collect();
    assert_eq!(
        subjects,
        [
            ("sync-order", "/order_id"),
            ("push-fulfillment", "/order_id"),
            ("sync-transaction", "/transaction_id"),
            ("sync-invoice", "/invoice_id"),
            ("sync-subscription", "/subscription_id"),
            ("order-status", "/order_id"),
            ("reconcile-order", "/order_id"),
        ]
    );
    for action in &actions {
        let (schema, sample): (Value, Value) = (
            serde_json::from_str(&action.input_schema).unwrap(),
            serde_json::from_str(&action.sample).unwrap(),
        );
        let member = action.subject.as_deref().unwrap().trim_start_matches('/');
        assert_eq!(schema["required"], json!([member]), "{}", action.name);
        assert!(schema["properties"][member].is_object() && sample[member].is_string(), "{}", action.name);
    }
    let invoice: Value = serde_json::from_str(&actions[3].input_schema).unwrap();
    assert_eq!(invoice["title"], "An invoice");
    assert_eq!(invoice["properties"]["invoice_id"]["title"], "Invoice");
    assert_eq!(invoice["properties"]["invoice_id"]["description"], "GoHighLevel's id of the invoice");
}

#[test]
fn an_order_is_looked_up_in_both_systems_without_a_write() {
    let paid = with_changed(PAYMENT, r#""amount": 150.1"#, r#""amount": 50.05"#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[&paid]))
        .answer("GET /orders/o1", 200, HELD)
        .answer("GET /payments/orders/o1/fulfillments", 200, DELIVERED);
    let status = answer(&fakes, "order-status", r#"{"order_id":"o1"}"#);
    assert_eq!(status["order"]["due"], json!({"amount": "100.05", "currency": "USD"}));
    assert_eq!(
        status["rankr"],
        json!({"status": "pending", "total": {"amount": "150.10", "currency": "USD"},
            "paid": {"amount": "50.05", "currency": "USD"},
            "fulfillments": [{"id": "r1", "state": "delivered", "tracking_number": "N1", "link": null}]})
    );
    assert!(writes(&fakes).is_empty());
    let nothing = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 400, r#"{"message":"Order not found"}"#)
        .answer("GET /orders/o1", 404, MISSING);
    assert_eq!(
        answer(&nothing, "order-status", r#"{"order_id":"o1"}"#),
        json!({"order": null, "rankr": null})
    );
}

#[test]
fn fulfilments_are_pushed_and_nothing_else_is_written() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments", 200, DELIVERED)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 201, FULFILLED);
    let output = answer(&fakes, "push-fulfillment", r#"{"order_id":"o1"}"#);
    assert_eq!((&output["done"], &output["effects"][0]["verb"]), (&json!(true), &json!("created")));
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
    let off = r#"{"location_id":"loc1","mode":"all","fulfillments":{"sync":false}}"#;
    let fakes = Fakes::new(off, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    let output = answer(&fakes, "push-fulfillment", r#"{"order_id":"o1"}"#);
    assert_eq!(output["skipped"], "the setting `fulfillments.sync` is off");
}

#[test]
fn a_payment_is_brought_to_rankr_by_its_id() {
    let pending = with_changed(PAYMENT, "succeeded", "pending");
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions/t1?*", 200, &pending)
        .answer("GET /payments/transactions/t1", 404, MISSING)
        .answer("PUT /payments/transactions/t1", 201, TAKEN);
    let output = answer(&fakes, "sync-transaction", r#"{"transaction_id":"t1"}"#);
    let effect = &output["effects"][1];
    assert_eq!(
        (&effect["verb"], &effect["kind"], &effect["id"]),
        (&json!("created"), &json!("transaction"), &json!("t1"))
    );
    assert_eq!(writes(&fakes).len(), 1);
}

#[test]
fn an_order_is_compared_without_a_write() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /orders/o1", 404, MISSING)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let output = answer(&fakes, "reconcile-order", r#"{"order_id":"o1"}"#);
    let finding = &output["findings"][0];
    assert_eq!(
        (&finding["kind"], &finding["left"]["amount"]),
        (&json!("order-missing"), &json!("150.10 USD"))
    );
    assert!(writes(&fakes).is_empty());
}
