//! GoHighLevel's webhooks as events, against a scripted vendor.

use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

fn deliver(fakes: &Fakes, body: &str) -> Result<Vec<Event>, Failure> {
    with_shop(fakes, |shop| from_ghl(shop, body.as_bytes()))
}

#[test]
fn a_webhook_is_an_event_of_its_order() {
    let none = Fakes::new(SETTINGS, NOW);
    let hook =
        with_changed(ORDER, "{", r#"{"type": "OrderCreate", "webhookId": "w1", "locationId": "loc1","#);
    let events = deliver(&none, &hook).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("order o1 w1", "o1"));
    assert!(events[0].raw.as_ref().unwrap().contains("webhookId"));
    let elsewhere = with_changed(&hook, r#""locationId": "loc1""#, r#""locationId": "another""#);
    assert!(deliver(&none, &elsewhere).unwrap().is_empty(), "another location's order is not ours");
    assert!(deliver(&none, r#"{"type":"ContactCreate","id":"c1"}"#).unwrap().is_empty());
    assert!(matches!(deliver(&none, "not json"), Err(Failure::Rejected(_))));
}

#[test]
fn what_a_workflow_sends_is_read_from_the_api() {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    let events = deliver(&fakes, r#"{"order":{"id":"o1"}}"#).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("order o1 pending 1712247871297", "o1"));
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t1?*", 200, PAYMENT);
    let events = deliver(&fakes, r#"{"payment":{"transaction_id":"t1"}}"#).unwrap();
    assert_eq!((events[0].id.as_str(), events[0].subject.as_str()), ("transaction t1 succeeded 0", "o1"));
    let elsewhere = Fakes::new(SETTINGS, NOW);
    assert!(deliver(&elsewhere, r#"{"order_id":"o1","location":{"id":"another"}}"#).unwrap().is_empty());
    let gone = Fakes::new(SETTINGS, NOW).answer(
        "GET /payments/orders/o1?*",
        400,
        r#"{"message":"Order not found"}"#,
    );
    assert!(deliver(&gone, r#"{"order_id":"o1"}"#).unwrap().is_empty());
}
