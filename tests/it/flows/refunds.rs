//! Money that is given back.

use transload::contract::Severity;
use transload_sandbox::{Step, System};

use super::reading::{deliver, deliver_for, schedule};
use super::scene::Scene;
use crate::stage::order;

/// An order of 100 USD that was paid, and the payment.
async fn paid(scene: &Scene) -> (String, String) {
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    let payment = scene.pay(&id, "100").await;
    scene.poll("transactions").await;
    (id, payment)
}

#[tokio::test(start_paused = true)]
async fn a_refund_in_full_before_the_goods_leave_takes_the_delivery_off() {
    for (planned, removed, rejections) in [(false, true, 0), (true, false, 1)] {
        let scene = Scene::new().await;
        let (id, payment) = paid(&scene).await;
        if planned {
            scene.drive(&id, schedule()).await;
        }
        scene.refund(&payment, "100").await;
        assert_eq!(scene.poll("transactions").await, 1);
        let delivery = scene.delivery(&id);
        assert_eq!((delivery.removed, delivery.rejections), (removed, rejections));
        assert_eq!(scene.notes_with("c1", "Delivery taken off: the order was refunded in full.").len(), 1);
        assert_eq!(scene.poll("transactions").await, 0);
        assert!(scene.alerts().await.is_empty());
        scene.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_in_part_is_noted_in_both_systems_and_cancels_nothing() {
    let scene = Scene::new().await;
    let (id, payment) = paid(&scene).await;
    scene.refund(&payment, "10").await;
    scene.poll("transactions").await;
    let delivery = scene.delivery(&id);
    assert_eq!((delivery.removed, delivery.rejections), (false, 0));
    assert_eq!(scene.cod(&id).as_deref(), Some("0"), "a driver collects no refund");
    assert!(
        scene.text(&id, "Note").ends_with("Paid 100.00 USD; refunded 10.00 USD."),
        "{}",
        scene.text(&id, "Note")
    );
    assert_eq!(scene.notes_with("c1", "10.00 USD in all of 100.00 USD given back").len(), 1);
    scene.refund(&payment, "15.5").await;
    scene.poll("transactions").await;
    assert_eq!(scene.notes_with("c1", "25.50 USD in all of 100.00 USD given back").len(), 1);
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.fulfilled(&id), ["2 × p1"]);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

/// Every movement is an effect with its amount, a refund's below zero; together they are the order's net.
#[tokio::test(start_paused = true)]
async fn a_refund_is_a_reversal_in_the_revenue_record() {
    let scene = Scene::new().await;
    let (_, payment) = paid(&scene).await;
    scene.refund(&payment, "10.01").await;
    scene.poll("transactions").await;
    scene.refund(&payment, "9.99").await;
    scene.poll("transactions").await;
    let effects = scene.effects().await;
    let moved =
        effects.iter().filter(|it| it.system == "store" && ["payment", "refund"].contains(&it.kind.as_str()));
    let cents: Vec<i64> = moved
        .map(|effect| {
            let amount = effect.amount.as_ref().unwrap();
            assert_eq!(amount.currency, "USD");
            // As many places as GoHighLevel wrote: 100, and 10.01.
            amount.amount.units * 10_i64.pow(2 - u32::from(amount.amount.exponent))
        })
        .collect();
    assert_eq!(cents, [10_000, -1_001, -999]);
    let last = effects.iter().rev().find(|effect| effect.kind == "revenue").unwrap();
    assert_eq!(last.summary, "captured 100.00 USD, refunded 20.00 USD, net 80.00 USD");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_refund_in_full_after_delivery_raises_a_critical_alert_once() {
    let scene = Scene::new().await;
    let (id, payment) = paid(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    scene.refund(&payment, "60").await;
    scene.poll("transactions").await;
    assert!(scene.alerts().await.is_empty(), "a partial refund is partial");
    scene.refund(&payment, "40").await;
    for _ in 0..2 {
        scene.poll("transactions").await;
    }
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!((alerts[0].kind.as_str(), alerts[0].severity), ("refund-after-delivery", Severity::Critical));
    assert_eq!(scene.fulfilled(&id), ["2 × p1"]);
    assert_eq!(scene.writes(System::TrackPod, "DELETE", "/"), 0);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_refund_in_full_after_dispatch_raises_a_critical_alert() {
    let scene = Scene::new().await;
    let (id, payment) = paid(&scene).await;
    scene.drive(&id, schedule()).await;
    scene.drive(&id, Step::Start).await;
    scene.refund(&payment, "100").await;
    scene.poll("transactions").await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!((alerts[0].kind.as_str(), alerts[0].severity), ("goods-already-gone", Severity::Critical));
    assert_eq!(scene.delivery(&id).rejections, 0);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_refund_cancels_nothing_where_the_settings_say_so() {
    let scene = Scene::set(serde_json::json!({"mode": "all", "cancel": {"when_refunded": false}})).await;
    let (id, payment) = paid(&scene).await;
    scene.refund(&payment, "100").await;
    scene.poll("transactions").await;
    assert!(!scene.delivery(&id).removed);
    assert_eq!(scene.cod(&id).as_deref(), Some("0"));
    scene.end().await;
}

/// A deposit of 30 of 100 USD comes back: the order stands, and its goods are still to be paid for.
#[tokio::test(start_paused = true)]
async fn a_deposit_that_is_given_back_cancels_nothing() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    let deposit = scene.pay(&id, "30").await;
    scene.poll("transactions").await;
    scene.refund(&deposit, "30").await;
    scene.poll("transactions").await;
    assert!(!scene.delivery(&id).removed);
    assert_eq!(scene.cod(&id).as_deref(), Some("70"));
    scene.end().await;
}

/// The order in Track-POD is looked at again by an event of its own; both attempts are lost once.
#[tokio::test(start_paused = true)]
async fn lost_answers_take_a_refunded_delivery_off_once() {
    let scene = Scene::new().await;
    let (id, payment) = paid(&scene).await;
    scene.refund(&payment, "100").await;
    scene.road.lose_answer("POST", "/ghl/contacts/c1/notes");
    scene.road.lose_answer("DELETE", &format!("/track-pod/Order/Id/{id}"));
    scene.poll("transactions").await;
    assert!(scene.delivery(&id).removed);
    assert_eq!(scene.notes_with("c1", "given back").len(), 1);
    assert_eq!(scene.notes_with("c1", "Delivery taken off").len(), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_and_refunded_is_taken_off_once() {
    let scene = Scene::new().await;
    let (id, payment) = paid(&scene).await;
    scene.drive(&id, schedule()).await;
    scene.set_status(&id, "cancelled").await;
    scene.refund(&payment, "100").await;
    scene.poll("transactions").await;
    scene.poll("order-list").await;
    assert_eq!(scene.delivery(&id).rejections, 1);
    assert_eq!(scene.notes_with("c1", "Delivery taken off").len(), 1);
    assert_eq!(scene.notes_with("c1", "100.00 USD in all of 100.00 USD given back").len(), 1);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

/// Cash that a driver brought and the merchant gave back counts like any other payment.
#[tokio::test(start_paused = true)]
async fn cash_that_is_given_back_after_delivery_raises_the_alert_as_well() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver_for("100")).await;
    scene.poll("transactions").await;
    let payment = scene.fakes.effects().payments[&id][0].id.clone();
    scene.refund(&payment, "100").await;
    scene.poll("transactions").await;
    assert_eq!(scene.alert_kinds().await, ["refund-after-delivery"]);
    assert_eq!(scene.recorded(&id), ["100"], "nothing is recorded anew");
    scene.end().await;
}
