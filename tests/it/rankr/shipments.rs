//! Rankr's fulfilments come to GoHighLevel.

use serde_json::json;
use transload::contract::Severity;
use transload_sandbox::{RankrKind, System};

use super::scene::{coats, scene, set};
use crate::flows::scene::Scene;

/// The tracking numbers that GoHighLevel has of an order.
fn parcels(scene: &Scene, id: &str) -> Vec<String> {
    scene.fakes.fulfillments(id).into_iter().flat_map(|one| one.tracking_numbers).collect()
}

fn posted(scene: &Scene, id: &str) -> usize {
    scene.writes(System::Ghl, "POST", &format!("/payments/orders/{id}/fulfillments"))
}

#[tokio::test(start_paused = true)]
async fn a_shipment_of_rankrs_is_a_fulfilment_in_gohighlevel_and_both_orders_say_so() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let events = scene.event_count().await;
    let first = json!({"status": "out_for_delivery", "trackingNumber": "P1", "carrier": "Northern Parcels",
        "trackingUrl": "https://example.com/p1", "lines": [{"lineId": "coat", "quantity": "2"}]});
    let shipment = scene.ship(&id, &first).await;
    assert_eq!(scene.fulfilled(&id), ["2 × coat"]);
    assert_eq!(parcels(&scene, &id), ["P1"]);
    assert_eq!(scene.sink_order(&id).fulfillment_status.as_deref(), Some("partially_fulfilled"));
    assert_eq!(scene.event_count().await, events + 1, "the shipment, and nothing that follows from it");
    scene.is_quiet().await;
    scene.ship(&id, &json!({"status": "delivered", "lines": [{"lineId": "tee", "quantity": "1"}]})).await;
    assert_eq!(scene.fulfilled(&id), ["2 × coat", "1 × tee"]);
    assert_eq!(scene.sink_order(&id).fulfillment_status.as_deref(), Some("fulfilled"));
    assert_eq!(scene.shipments(&id).len(), 2, "none of them came back as another");
    scene.move_shipment(&id, &shipment, &json!({"status": "delivered"})).await;
    assert_eq!(scene.notes_with("c1", &format!("Fulfilment {shipment} is delivered.")).len(), 1);
    assert_eq!(posted(&scene, &id), 2);
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_shipment_is_written_once_the_goods_are_on_their_way() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let shipment = scene.ship(&id, &json!({"lines": [{"lineId": "coat", "quantity": "1"}]})).await;
    for state in ["scheduled", "loaded"] {
        scene.move_shipment(&id, &shipment, &json!({"status": state})).await;
        assert!(scene.fulfilled(&id).is_empty(), "{state}");
    }
    for state in ["out_for_delivery", "delivered"] {
        scene.move_shipment(&id, &shipment, &json!({"status": state})).await;
        assert_eq!(scene.fulfilled(&id), ["1 × coat"], "{state}");
    }
    assert_eq!(parcels(&scene, &id), [shipment], "without a parcel's number it goes by its id");
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_settings_say_which_states_count() {
    let fulfillments = json!({"accepted": ["delivered"], "posted_as": "delivered"});
    let scene = set(json!({"mode": "all", "fulfillments": fulfillments})).await;
    let id = scene.place(&coats()).await;
    let shipment = scene.ship(&id, &json!({"status": "out_for_delivery"})).await;
    assert!(scene.fulfilled(&id).is_empty());
    scene.move_shipment(&id, &shipment, &json!({"status": "delivered"})).await;
    assert_eq!(scene.fulfilled(&id), ["2 × coat, 1 × tee"], "one that names no lines brings all");
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn more_than_was_ordered_is_not_written_and_told_once() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let lines = json!({"status": "delivered", "lines": [{"lineId": "coat", "quantity": "3"}, {"lineId": "tee", "quantity": "0.5"}]});
    let shipment = scene.ship(&id, &lines).await;
    assert_eq!(scene.fulfilled(&id), ["2 × coat, 0.5 × tee"]);
    scene.move_shipment(&id, &shipment, &json!({"trackingNumber": "P9"})).await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].kind, "fulfilled-too-much");
    assert!(alerts[0].message.contains("1 of line coat"), "{}", alerts[0].message);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_shipment_that_is_called_off_after_it_was_written_is_told_of_once() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let shipment = scene.ship(&id, &json!({"status": "out_for_delivery"})).await;
    scene.move_shipment(&id, &shipment, &json!({"status": "cancelled", "reason": "damaged"})).await;
    scene.move_shipment(&id, &shipment, &json!({"trackingNumber": "P1"})).await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].kind.as_str(), alerts[0].severity), ("fulfillment-withdrawn", Severity::Critical));
    assert!(alerts[0].message.contains("cancelled (damaged)"), "{}", alerts[0].message);
    assert_eq!(scene.fulfilled(&id), ["2 × coat, 1 × tee"]);
    scene.is_quiet().await;
    scene.end().await;
}

/// One that was called off before anybody knew of it is none.
#[tokio::test(start_paused = true)]
async fn a_shipment_that_is_called_off_before_the_goods_leave_is_nothing() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let shipment = scene.ship(&id, &json!({"status": "scheduled"})).await;
    scene.move_shipment(&id, &shipment, &json!({"status": "cancelled"})).await;
    assert!(scene.fulfilled(&id).is_empty());
    assert!(scene.alerts().await.is_empty());
    assert!(scene.fakes.notes("c1").is_empty());
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn webhooks_of_shipments_may_be_lost_doubled_and_turned_round() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    // Lost: found by the poll.
    let lost = json!({"status": "out_for_delivery", "lines": [{"lineId": "tee", "quantity": "1"}]});
    let lost = scene.make_shipment(&id, &lost).await;
    scene.intercept();
    assert_eq!(scene.poll("sink-orders").await, 1);
    assert_eq!(scene.fulfilled(&id), ["1 × tee"]);
    // Its next step lost too.
    scene.push_shipment(&id, &lost, &json!({"status": "delivered"})).await;
    scene.intercept();
    scene.poll("sink-orders").await;
    assert_eq!(scene.notes_with("c1", &format!("Fulfilment {lost} is delivered.")).len(), 1);
    // Each twice, the last one first.
    let late = json!({"status": "scheduled", "lines": [{"lineId": "coat", "quantity": "2"}]});
    let late = scene.make_shipment(&id, &late).await;
    scene.push_shipment(&id, &late, &json!({"status": "out_for_delivery"})).await;
    scene.push_shipment(&id, &late, &json!({"status": "delivered"})).await;
    let mut hooks = scene.intercept();
    assert_eq!(hooks.len(), 3);
    hooks.reverse();
    for hook in hooks.iter().chain(&hooks) {
        assert_eq!(scene.arrive(hook).await.status(), 200);
        scene.settle().await;
    }
    assert_eq!(scene.fulfilled(&id), ["1 × tee", "2 × coat"]);
    assert_eq!(posted(&scene, &id), 2);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn fulfilments_are_not_carried_where_that_is_not_wanted() {
    let scene = set(json!({"mode": "all", "fulfillments": {"sync": false}})).await;
    let id = scene.place(&coats()).await;
    scene.ship(&id, &json!({"status": "delivered"})).await;
    scene.fulfil(&id, &[("tee", 1)], None).await;
    scene.poll_all().await;
    assert_eq!(scene.fulfilled(&id), ["1 × tee"]);
    assert_eq!(scene.shipments(&id).len(), 1);
    assert_eq!(scene.sink(RankrKind::Order, &id).fulfillment_status.as_deref(), Some("partially_fulfilled"));
    scene.is_quiet().await;
    scene.end().await;
}
