//! A whole day at both vendors: every kind of event, for tests of what holds whatever happens.

use std::time::Duration;

use serde_json::json;
use transload_sandbox::{AddToRankr, Charge, NewInvoice, Pay, PayInvoice, RankrKind, Subscribe};

use super::scene::{coats, object};
use crate::flows::scene::Scene;

const MINUTE: Duration = Duration::from_mins(1);

/// Has a day pass, with all that follows from it. If `by_hand`, Rankr's people write its orders down themselves.
pub(crate) async fn whole(scene: &Scene, by_hand: bool) {
    let place = async || {
        let id = scene.place(&coats()).await;
        if by_hand {
            let order = json!({"orderId": id, "amount": "150.1", "currency": "USD", "status": "pending"});
            let order = AddToRankr::told(object(&order));
            scene.fakes.rankr_add(RankrKind::Order, order, scene.now()).unwrap();
            scene.settle().await;
        }
        id
    };
    let [shipped, fulfilled, cancelled, billed] =
        &[place().await, place().await, place().await, place().await];
    let payment = scene.pay(shipped, "150.1").await;
    scene.pay(fulfilled, "50").await;
    scene.poll_all().await;
    bill(scene, billed).await;
    ship(scene, shipped).await;
    scene.fulfil(fulfilled, &[("coat", 1)], Some("N1")).await;
    scene.set_status(cancelled, "cancelled").await;
    scene.edit_sink(RankrKind::Order, cancelled, &json!({"status": "pending"})).await;
    scene.refund(&payment, "30").await;
    let failed = Pay { amount: None, status: Some("failed".to_owned()) };
    scene.fakes.pay(fulfilled, failed, scene.now()).unwrap();
    scene.poll_all().await;
    subscribe(scene, shipped).await;
    for _ in 0..2 {
        scene.poll_all().await;
    }
}

async fn bill(scene: &Scene, order: &str) {
    scene.later(MINUTE).await;
    let invoice = scene.fakes.make_invoice(NewInvoice::of_order(order), scene.now()).unwrap();
    scene.settle().await;
    scene.later(MINUTE).await;
    scene.fakes.send_invoice(&invoice, scene.now()).unwrap();
    scene.settle().await;
    scene.later(MINUTE).await;
    scene.fakes.pay_invoice(&invoice, PayInvoice::default(), scene.now()).unwrap();
    scene.settle().await;
}

/// In part, then the rest, and the first parcel arrives.
async fn ship(scene: &Scene, order: &str) {
    let lines = json!([{"lineId": "coat", "quantity": "2"}]);
    let first = json!({"status": "scheduled", "trackingNumber": "P1", "lines": lines});
    let first = scene.ship(order, &first).await;
    scene.move_shipment(order, &first, &json!({"status": "out_for_delivery"})).await;
    scene.ship(order, &json!({"status": "out_for_delivery"})).await;
    scene.move_shipment(order, &first, &json!({"status": "delivered"})).await;
}

async fn subscribe(scene: &Scene, order: &str) {
    let monthly = json!({"amount": 30, "schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}});
    let subscribe = Subscribe { order: order.to_owned(), subscription: Some(object(&monthly)) };
    let subscription = scene.fakes.subscribe(subscribe, scene.now()).unwrap();
    scene.later(MINUTE).await;
    scene.fakes.charge(&subscription, Charge::default(), scene.now()).unwrap();
}
