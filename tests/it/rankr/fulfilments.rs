//! GoHighLevel's fulfilments, of which it tells nobody, come to Rankr.

use serde_json::json;

use super::scene::{coats, scene, set};

#[tokio::test(start_paused = true)]
async fn a_fulfilment_that_is_polled_comes_to_rankr_with_its_id_state_parcel_and_lines() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let made = scene.fulfil(&id, &[("coat", 1)], Some("N1")).await;
    assert_eq!(scene.poll("fulfillments").await, 1);
    assert_eq!(scene.shipments(&id), ["1 × coat: out_for_delivery N1"]);
    let held = scene.fakes.rankr_fulfillments(&id);
    assert_eq!((held[0].id.as_str(), held[0].origin.as_deref()), (made.as_str(), Some("ghl")));
    assert_eq!(scene.sink_order(&id).fulfillment_status.as_deref(), Some("partially_fulfilled"));
    assert!(scene.fakes.effects().rankr.notices.is_empty(), "nobody asked Rankr to tell the customer");
    scene.is_quiet().await;
    // More of an order that was partly fulfilled before, twice between two looks.
    scene.fulfil(&id, &[("coat", 1)], None).await;
    scene.fulfil(&id, &[("tee", 1)], Some("N2")).await;
    assert_eq!(scene.poll("fulfillments").await, 2);
    let held =
        ["1 × coat: out_for_delivery N1", "1 × coat: out_for_delivery", "1 × tee: out_for_delivery N2"];
    assert_eq!(scene.shipments(&id), held);
    assert_eq!(scene.sink_order(&id).fulfillment_status.as_deref(), Some("fulfilled"));
    assert_eq!(scene.sink_writes("POST", &format!("/payments/orders/{id}/fulfillments")), 3);
    assert_eq!(scene.fulfilled(&id).len(), 3, "none came back");
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn rankr_tells_the_customer_where_that_is_set() {
    let fulfillments = json!({"posted_as": "delivered", "notify_customer": true});
    let scene = set(json!({"mode": "all", "fulfillments": fulfillments})).await;
    let id = scene.place(&coats()).await;
    scene.fulfil(&id, &[("coat", 2), ("tee", 1)], None).await;
    scene.poll("fulfillments").await;
    assert_eq!(scene.shipments(&id), ["2 × coat, 1 × tee: delivered"]);
    assert_eq!(scene.fakes.effects().rankr.notices.get(&id), Some(&1));
    scene.is_quiet().await;
    assert_eq!(scene.fakes.effects().rankr.notices.get(&id), Some(&1));
    scene.end().await;
}

/// GoHighLevel tells the customer of what Rankr ships only where that is set.
#[tokio::test(start_paused = true)]
async fn gohighlevel_tells_the_customer_where_that_is_set() {
    for (set_to, told) in [(false, 0), (true, 1)] {
        let scene = set(json!({"mode": "all", "notify_customer": set_to})).await;
        let id = scene.place(&coats()).await;
        scene.ship(&id, &json!({"status": "delivered"})).await;
        assert_eq!(scene.fakes.effects().notices.get(&id), Some(&told));
        scene.end().await;
    }
}

/// Fulfilled before the order came to Rankr: a person was quicker than the poll, or the rule held it back.
#[tokio::test(start_paused = true)]
async fn what_was_fulfilled_before_rankr_had_the_order_comes_with_it() {
    let scene = set(json!({"mode": "all", "send_when": "order.paid >= order.total"})).await;
    let id = scene.place(&coats()).await;
    scene.fulfil(&id, &[("tee", 1)], Some("N1")).await;
    scene.poll_all().await;
    assert!(scene.shipments(&id).is_empty());
    scene.pay(&id, "150.1").await;
    assert_eq!(scene.shipments(&id), ["1 × tee: out_for_delivery N1"]);
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

/// The warehouse tells both systems of one parcel before either has told the other.
#[tokio::test(start_paused = true)]
async fn one_parcel_that_both_sides_know_is_one_fulfilment() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    scene.fulfil(&id, &[("coat", 2)], Some("P1")).await;
    let lines = json!([{"lineId": "coat", "quantity": "2"}]);
    scene.ship(&id, &json!({"status": "out_for_delivery", "trackingNumber": "P1", "lines": lines})).await;
    scene.poll_all().await;
    assert_eq!(scene.fulfilled(&id), ["2 × coat"]);
    assert_eq!(scene.shipments(&id), ["2 × coat: out_for_delivery P1"]);
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

/// Two parcels that leave at the same time, one told to each system.
#[tokio::test(start_paused = true)]
async fn two_parcels_at_once_are_two_fulfilments_on_both_sides() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    scene.fulfil(&id, &[("coat", 1)], Some("N1")).await;
    let lines = json!([{"lineId": "coat", "quantity": "1"}]);
    scene.ship(&id, &json!({"status": "out_for_delivery", "trackingNumber": "P1", "lines": lines})).await;
    scene.poll_all().await;
    assert_eq!(scene.fulfilled(&id), ["1 × coat", "1 × coat"]);
    let mut held = scene.shipments(&id);
    held.sort();
    assert_eq!(held, ["1 × coat: out_for_delivery N1", "1 × coat: out_for_delivery P1"]);
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}
