//! Subscriptions: a renewal brings the next delivery, once for each period.

use std::time::Duration;

use serde_json::{Value, json};
use transload_sandbox::{Charge, Edit, Json, Subscribe, System};

use super::reading::deliver;
use super::scene::Scene;
use crate::stage::order;

const DAY: Duration = Duration::from_hours(24);

/// An order of 2026-01-05 with a subscription that renews each month, and the subscription.
async fn subscribed(scene: &Scene) -> (String, String) {
    let id = scene.place(&order("c1", "USD", "30", &[("box", "1", "30")])).await;
    scene.pay(&id, "30").await;
    let monthly = r#"{"schedule":{"rrule":{"intervalType":"monthly","interval":1}}}"#;
    let subscribe = Subscribe { order: id.clone(), subscription: Some(Json::parse(monthly).unwrap()) };
    let subscription = scene.fakes.subscribe(subscribe, scene.now()).unwrap();
    scene.poll("transactions").await;
    (id, subscription)
}

fn renewing() -> Value {
    json!({"mode": "all", "subscriptions": {"renew": true}})
}

fn charge(scene: &Scene, subscription: &str, status: Option<&str>) {
    let charge = Charge { amount: None, status: status.map(str::to_owned) };
    scene.fakes.charge(subscription, charge, scene.now()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_renewal_makes_the_next_delivery_once_for_each_period() {
    let scene = Scene::set(renewing()).await;
    let (id, subscription) = subscribed(&scene).await;
    // 2026-02-05, and once more two days later for the same period, of which the first try had failed.
    scene.later(31 * DAY).await;
    charge(&scene, &subscription, Some("failed"));
    charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    scene.later(2 * DAY).await;
    charge(&scene, &subscription, None);
    for _ in 0..2 {
        scene.poll("transactions").await;
    }
    let february = format!("{id}-20260205");
    let delivery = scene.delivery(&february);
    assert_eq!(delivery.cod, None, "it is paid");
    assert_eq!(delivery.lines.len(), 1);
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 2);
    // 2026-03-05.
    scene.later(26 * DAY).await;
    charge(&scene, &subscription, None);
    scene.road.lose_answer("POST", "/track-pod/Order");
    scene.poll("transactions").await;
    assert_eq!(scene.delivery(&format!("{id}-20260305")).lines.len(), 1);
    assert_eq!(scene.notes_with("c1", "Delivery planned for the renewal of 30.00 USD.").len(), 2);
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

/// As fulfilments of the order the renewal's goods would be too many.
#[tokio::test(start_paused = true)]
async fn a_renewals_delivery_is_noted_and_is_no_fulfilment_of_the_order() {
    let scene = Scene::set(renewing()).await;
    let (id, subscription) = subscribed(&scene).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    scene.later(31 * DAY).await;
    charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    let february = format!("{id}-20260205");
    scene.dispatch(&february).await;
    scene.drive(&february, deliver()).await;
    assert_eq!(scene.fulfilled(&id), ["1 × box"]);
    assert_eq!(scene.notes_with("c1", "Delivered: 1 × box").len(), 2);
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_renewal_makes_no_delivery_unless_that_is_set() {
    let scene = Scene::new().await;
    let (_, subscription) = subscribed(&scene).await;
    scene.later(31 * DAY).await;
    charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 1);
    assert_eq!(scene.notes_with("c1", "Payment of 30.00 USD").len(), 2);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_ends_is_noted_once_and_a_delivery_still_planned_is_told_of() {
    let scene = Scene::set(renewing()).await;
    let (id, subscription) = subscribed(&scene).await;
    scene.poll("subscriptions").await;
    assert!(scene.notes_with("c1", "Subscription is now").is_empty(), "that it runs is no news");
    scene.later(31 * DAY).await;
    charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    let ended = Edit::silent(Json::parse(r#"{"status":"canceled"}"#).unwrap());
    scene.fakes.edit_subscription(&subscription, ended, scene.now()).unwrap();
    for _ in 0..2 {
        scene.poll("subscriptions").await;
    }
    assert_eq!(scene.notes_with("c1", "Subscription is now cancelled.").len(), 1);
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].kind, "subscription-ended-but-planned");
    assert!(alerts[0].message.contains(&format!("{id}-20260205")), "{}", alerts[0].message);
    scene.end().await;
}
