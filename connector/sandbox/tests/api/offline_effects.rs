//! What the offline fakes count of money, messages and records, and the control functions that plant.

use bytes::Bytes;
use http::Request;
use transload_model::Decimal;
use transload_sandbox::{
    AddDelivery, Charge, Duplicate, Edit, Json, Offline, Pay, PlaceOrder, Removal, Schedule, Step, Subscribe,
    System,
};

use crate::support::unpaced;

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

const ORDER: &str = r#"{"_id":"order-1","contactId":"contact-1","currency":"USD","amount":50.10,
    "items":[{"name":"Box","qty":2,"price":{"_id":"price-a","amount":25.05}}]}"#;

const DELIVERY: &str = r#"{"Number":"N-1","Id":"order-1","Client":"Ada","Address":"2 Quay Lane"}"#;

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn with_order() -> Offline {
    let offline = Offline::new(unpaced());
    offline.place_order(PlaceOrder { order: Some(json(ORDER)), webhook: false }, NEW_YEAR).unwrap();
    offline
}

fn send(offline: &Offline, version: &str, method: &str, uri: &str, body: &str) {
    let options = offline.options();
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {}", options.ghl_token))
        .header("version", version)
        .header("x-api-key", &options.track_pod_key)
        .header("content-type", "application/json");
    let body = body.replace("LOCATION", &options.ghl_location);
    let answer = offline.call(request.body(Bytes::from(body)).unwrap(), NEW_YEAR);
    assert!(answer.status().is_success(), "{method} {uri}: {answer:?}");
}

#[test]
fn everything_that_is_written_is_an_effect() {
    let offline = with_order();
    let v3 = |method, uri: &str, body: &str| send(&offline, "v3", method, uri, body);
    let record = r#"{"altId":"LOCATION","altType":"location","mode":"cash","amount":20,"meta":{"trackId":"T-1","visit":2}}"#;
    v3("POST", "/ghl/payments/orders/order-1/record-payment", record);
    v3("POST", "/ghl/contacts/contact-1/tags", r#"{"tags":["paid"]}"#);
    v3("POST", "/ghl/contacts/contact-1/workflow/w1", "{}");
    let message = r#"{"type":"SMS","contactId":"contact-1","message":"On its way"}"#;
    v3("POST", "/ghl/conversations/messages", message);
    let new = r#"{"locationId":"LOCATION","properties":{"order":"order-1","paid":20}}"#;
    v3("POST", "/ghl/objects/custom_objects.payments/records", new);
    let new = r#"{"pipelineId":"p","locationId":"LOCATION","name":"N","status":"won","contactId":"contact-1","monetaryValue":50.10}"#;
    v3("POST", "/ghl/opportunities/", new);
    let fulfil = r#"{"altId":"LOCATION","altType":"location","trackings":[],"items":[{"priceId":"price-a","qty":1}],
        "notifyCustomer":true}"#;
    v3("POST", "/ghl/payments/orders/order-1/fulfillments", fulfil);

    let effects = offline.effects();
    let payment = &effects.payments["order-1"][0];
    assert_eq!((payment.amount, payment.mode.as_str()), (decimal("20"), "cash"));
    let meta = [("trackId", "T-1"), ("visit", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(payment.meta, meta.into());
    assert_eq!(effects.tags["contact-1"], ["paid"]);
    assert_eq!(effects.workflows["contact-1"], ["w1"]);
    let sent = &effects.messages["contact-1"][0];
    assert_eq!((sent.kind.as_str(), sent.text.as_str()), ("SMS", "On its way"));
    assert_eq!(effects.records["custom_objects.payments"][0].properties["paid"], "20");
    let opportunity = &effects.opportunities[0];
    assert_eq!((opportunity.status.as_str(), opportunity.value), ("won", Some(decimal("50.1"))));
    assert_eq!(effects.notices["order-1"], 1);
    assert_eq!(offline.write_counts().writes, 7);
    offline.clear_writes(System::Ghl, "/payments");
    assert_eq!(offline.write_counts().writes, 5);
}

#[test]
fn charges_and_rejections_are_effects_too() {
    let offline = with_order();
    let subscribe = Subscribe { order: "order-1".to_owned(), subscription: None };
    let id = offline.subscribe(subscribe, NEW_YEAR).unwrap();
    offline.charge(&id, Charge::default(), NEW_YEAR + 1).unwrap();
    let failed = Charge { amount: None, status: Some("failed".to_owned()) };
    offline.charge(&id, failed, NEW_YEAR + 2).unwrap();
    let charges = &offline.effects().charges[&id];
    let shown: Vec<_> = charges.iter().map(|charge| (charge.amount, charge.status.as_str())).collect();
    assert_eq!(shown, [(decimal("50.1"), "succeeded"), (decimal("50.1"), "failed")]);
    assert!(charges.iter().all(|charge| charge.order == "order-1"));
    let paused =
        offline.edit_subscription(&id, Edit::silent(json(r#"{"status":"paused"}"#)), NEW_YEAR).unwrap();
    assert_eq!(paused.get("status").and_then(Json::as_str), Some("paused"));

    send(&offline, "v3", "POST", "/track-pod/Order", DELIVERY);
    offline.drive("order-1", Step::Schedule(Schedule::default()), NEW_YEAR).unwrap();
    send(&offline, "v3", "PUT", "/track-pod/Order/Id/order-1/Reject", "");
    let delivery = offline.delivery_orders("order-1").remove(0);
    assert_eq!((delivery.rejections, delivery.status), (1, Some(5)));
}

#[test]
fn planted_differences_are_the_same_without_a_listener() {
    let offline = with_order();
    let paid = offline.pay("order-1", Pay::default(), NEW_YEAR).unwrap();
    // The one that tells that the order is completed.
    assert_eq!(offline.take_webhooks().len(), 1);
    let told =
        Edit { members: json(r#"{"status":"cancelled"}"#), webhook: Some("OrderStatusUpdate".to_owned()) };
    offline.edit_order("order-1", told, NEW_YEAR).unwrap();
    let order = json(DELIVERY);
    offline.add_delivery(AddDelivery { order, webhook: true }, NEW_YEAR).unwrap();
    offline.duplicate_delivery("order-1", Duplicate { webhook: true }, NEW_YEAR).unwrap();
    let told = Edit { members: json(r#"{"StatusId":3}"#), webhook: Some("OrderStatusUpdated".to_owned()) };
    offline.edit_delivery("order-1", told, NEW_YEAR).unwrap();
    offline.delete_delivery("order-1", Removal { forget: false, webhook: true }, NEW_YEAR).unwrap();
    let events: Vec<String> = offline.take_webhooks().into_iter().map(|hook| hook.event).collect();
    let expected =
        ["OrderStatusUpdate", "OrderCreated", "OrderCreated", "OrderStatusUpdated", "OrderDeleted"];
    assert_eq!(events, expected);
    let removed: Vec<bool> = offline.delivery_orders("order-1").iter().map(|order| order.removed).collect();
    assert_eq!(removed, [false, true]);
    offline.delete_delivery("order-1", Removal { forget: true, webhook: false }, NEW_YEAR).unwrap();
    assert_eq!(offline.delivery_orders("order-1").len(), 1);

    offline.edit_transaction(&paid, Edit::silent(json(r#"{"status":"failed"}"#))).unwrap();
    offline.set_fulfillments("order-1", vec![json(r#"{"_id":"f"}"#)], NEW_YEAR).unwrap();
    assert_eq!(offline.fulfillments("order-1").len(), 1);
    offline.delete_transaction(&paid).unwrap();
    offline.delete_order("order-1").unwrap();
    assert_eq!(offline.delete_order("order-1").unwrap_err().status, 404);
    assert!(offline.snapshot().ghl.transactions.is_empty());
}
