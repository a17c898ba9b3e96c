//! Actions: their inputs, and what they answer.

use serde_json::{Value, json};
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

fn answer(fakes: &Fakes, name: &str, input: &str) -> Value {
    serde_json::from_str(&run(&fakes.context(), name, input).unwrap()).unwrap()
}

#[test]
fn an_unknown_action_or_input_is_refused_by_name() {
    let fakes = Fakes::new(SETTINGS, NOW);
    for (name, input, part) in [
        ("sync", "{}", "sync-order"),
        ("sync-order", r#"{"order":"o1"}"#, "unknown field `order`"),
        ("sync-order", "{}", "order_id"),
        ("record-payment", r#"{"order_id":"o1","amount":"lots","reference":"r"}"#, "lots"),
        ("register-provider", r#"{"order_id":"o1"}"#, "order_id"),
    ] {
        let failure = run(&fakes.context(), name, input).unwrap_err();
        assert!(
            matches!(&failure, Failure::Rejected(reason) if reason.contains(part)),
            "{name} {input}: {failure:?}"
        );
    }
}

#[test]
fn an_order_and_its_delivery_are_looked_up_without_a_write() {
    let paid = with_changed(PAYMENT, r#""amount": 150.1"#, r#""amount": 50.05"#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[&paid]))
        .answer("GET /Order/Id/o1", 200, &delivered(""));
    let status = answer(&fakes, "order-status", r#"{"order_id":"o1"}"#);
    assert_eq!(status["order"]["due"], json!({"amount": "100.05", "currency": "USD"}));
    assert_eq!(status["delivery"]["state"], "delivered");
    assert!(writes(&fakes).is_empty());
    let nothing = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 400, r#"{"message":"Order not found"}"#)
        .answer("GET /Order/Id/o1", 404, "");
    let status = answer(&nothing, "order-status", r#"{"order_id":"o1"}"#);
    assert_eq!(status, json!({"order": null, "delivery": null}));
}

#[test]
fn an_order_is_compared_without_a_write() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /Order/Number/o1/List", 404, "");
    let output = answer(&fakes, "reconcile-order", r#"{"order_id":"o1"}"#);
    let finding = &output["findings"][0];
    assert_eq!(
        (&finding["kind"], &finding["left"]["amount"]),
        (&json!("order-without-delivery"), &json!("150.10 USD"))
    );
    assert!(writes(&fakes).is_empty());
    let nothing = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Order/Id/o1", 404, "")
        .answer("GET /payments/orders/o1?*", 400, r#"{"message":"Order not found"}"#);
    let failure = run(&nothing.context(), "reconcile-order", r#"{"order_id":"o1"}"#).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains("no order o1")), "{failure:?}");
}

#[test]
fn a_delivery_is_called_off_when_somebody_asks() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /Order/Id/o1", 200, &delivery(&goods([None, None])))
        .answer("PUT /Order/Id/o1/Reject", 200, "")
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let output = answer(&fakes, "cancel-delivery", r#"{"order_id":"o1"}"#);
    assert_eq!((&output["done"], &output["effects"][0]["verb"]), (&json!(true), &json!("updated")));
}

#[test]
fn the_provider_of_the_settings_is_registered() {
    let settings = r#"{"location_id":"loc1","provider":{"unique_name":"northern-payments","title":"Northern Payments",
        "provider":"nmi","description":"Cards","image_url":"https://example.com/logo.png"}}"#;
    let list = "GET /payments/integrations/provider/whitelabel?*";
    let known = r#"{"_id":"p1","title":"Northern Payments","provider":"nmi","route":"northern-payments"}"#;
    let fakes = Fakes::new(settings, NOW).answer(list, 200, &format!(r#"{{"providers":[{known}]}}"#));
    assert_eq!(answer(&fakes, "register-provider", "{}")["effects"][0]["verb"], "verified");
    let none = run(&Fakes::new(SETTINGS, NOW).context(), "register-provider", "{}").unwrap_err();
    assert!(
        matches!(&none, Failure::Rejected(reason) if reason.contains("provider.unique_name")),
        "{none:?}"
    );
}
