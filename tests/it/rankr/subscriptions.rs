//! Subscriptions are held in Rankr with their last and next charge, and a charge that does not come is told of.

use std::time::Duration;

use serde_json::{Value, json};
use transload::contract::Severity;
use transload_sandbox::{Charge, Edit, Json, RankrKind, Subscribe};

use super::scene::{object, scene, set};
use crate::flows::scene::Scene;
use crate::stage::order;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// An order of 2026-01-05, paid as the first charge of a subscription that renews each month, and the subscription.
async fn subscribed(scene: &Scene) -> (String, String) {
    let id = scene.place(&order("c1", "USD", "30", &[("box", "1", "30")])).await;
    let monthly = json!({"schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}});
    let subscribe = Subscribe { order: id.clone(), subscription: Some(object(&monthly)) };
    let subscription = scene.fakes.subscribe(subscribe, scene.now()).unwrap();
    charge(scene, &subscription, None);
    scene.poll("transactions").await;
    scene.poll("subscriptions").await;
    (id, subscription)
}

fn charge(scene: &Scene, subscription: &str, status: Option<&str>) -> String {
    let charge = Charge { amount: None, status: status.map(str::to_owned) };
    scene.fakes.charge(subscription, charge, scene.now()).unwrap()
}

/// A member of the subscription in Rankr, and nothing where there is none.
fn member(scene: &Scene, id: &str, name: &str) -> String {
    let all = scene.fakes.snapshot().rankr.subscriptions;
    let is_it = |one: &&Json| one.get("subscriptionId").and_then(Json::as_str) == Some(id);
    let found = all.iter().find(is_it).unwrap_or_else(|| panic!("Rankr has no subscription {id}"));
    found.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// The day of a time in Rankr.
fn day(scene: &Scene, id: &str, name: &str) -> String {
    member(scene, id, name).chars().take(10).collect()
}

async fn edit(scene: &Scene, subscription: &str, members: &Value) {
    let edit = Edit::silent(object(members));
    scene.fakes.edit_subscription(subscription, edit, scene.now()).unwrap();
    scene.poll("subscriptions").await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_held_with_its_charges_and_each_renewal_moves_them_on() {
    let scene = scene().await;
    let (id, subscription) = subscribed(&scene).await;
    assert_eq!(member(&scene, &subscription, "status"), "active");
    assert_eq!(member(&scene, &subscription, "orderId"), id);
    assert_eq!(member(&scene, &subscription, "amount"), "30");
    assert_eq!(member(&scene, &subscription, "period"), "P1M");
    assert_eq!(day(&scene, &subscription, "lastChargeAt"), "2026-01-05");
    assert_eq!(day(&scene, &subscription, "nextChargeAt"), "2026-02-05");
    scene.is_quiet().await;
    // 2026-02-05.
    scene.later(30 * DAY + 22 * HOUR).await;
    let renewal = charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    assert_eq!(member(&scene, &subscription, "lastTransactionId"), renewal);
    assert_eq!(day(&scene, &subscription, "lastChargeAt"), "2026-02-05");
    assert_eq!(day(&scene, &subscription, "nextChargeAt"), "2026-03-05");
    assert_eq!(scene.sink(RankrKind::Transaction, &renewal).status, "succeeded");
    assert_eq!(scene.sink_money(&id).0, "30", "a renewal pays nothing of the order");
    scene.poll_all().await;
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_does_not_come_is_told_of_once_for_its_period() {
    let scene = scene().await;
    let (id, subscription) = subscribed(&scene).await;
    // 2026-02-05, when it is due, and a day of grace.
    scene.later(31 * DAY).await;
    assert_eq!(scene.poll("overdue-charges").await, 0, "it may still come");
    scene.later(DAY).await;
    assert_eq!(scene.poll("overdue-charges").await, 1);
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].kind.as_str(), alerts[0].subject.as_str()), ("charge-missed", id.as_str()));
    assert!(alerts[0].message.contains("2026-02-05"), "{}", alerts[0].message);
    scene.poll_all().await;
    // A try that fails is told of, and is no charge.
    charge(&scene, &subscription, Some("failed"));
    scene.poll_all().await;
    scene.later(2 * DAY).await;
    scene.poll_all().await;
    assert_eq!(scene.alert_kinds().await, ["charge-missed", "payment-failed"]);
    // It comes after all; the next one does not.
    charge(&scene, &subscription, None);
    scene.poll_all().await;
    assert_eq!(day(&scene, &subscription, "nextChargeAt"), "2026-03-05");
    scene.later(31 * DAY).await;
    scene.poll_all().await;
    assert_eq!(scene.alert_kinds().await, ["charge-missed", "payment-failed", "charge-missed"]);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_comes_in_time_is_not_missed() {
    let scene = set(json!({"mode": "all", "subscriptions": {"grace_hours": 72}})).await;
    let (_, subscription) = subscribed(&scene).await;
    scene.later(33 * DAY).await;
    assert_eq!(scene.poll("overdue-charges").await, 0, "the third day of grace is not over");
    charge(&scene, &subscription, None);
    scene.poll("transactions").await;
    scene.later(5 * DAY).await;
    scene.poll_all().await;
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

/// Its event was lost: the poll of the transactions failed, say. What is asked then is the vendor, not the memory.
#[tokio::test(start_paused = true)]
async fn a_charge_that_came_and_was_not_noticed_is_found_instead_of_missed() {
    let scene = scene().await;
    let (_, subscription) = subscribed(&scene).await;
    scene.later(31 * DAY).await;
    let renewal = charge(&scene, &subscription, None);
    scene.later(2 * DAY).await;
    assert_eq!(scene.poll("overdue-charges").await, 1);
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    assert_eq!(member(&scene, &subscription, "lastTransactionId"), renewal);
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_cancelled_ends_in_rankr_and_its_charge_is_not_missed() {
    let scene = scene().await;
    let (id, subscription) = subscribed(&scene).await;
    scene.later(10 * DAY).await;
    let members = json!({"status": "canceled", "canceledAt": "2026-01-15T09:00:00.000Z"});
    edit(&scene, &subscription, &members).await;
    assert_eq!(member(&scene, &subscription, "status"), "cancelled");
    assert_eq!(day(&scene, &subscription, "endedAt"), "2026-01-15");
    assert_eq!(member(&scene, &subscription, "nextChargeAt"), "");
    scene.later(60 * DAY).await;
    scene.poll_all().await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].kind.as_str(), alerts[0].severity), ("subscription-ended", Severity::Info));
    assert_eq!(alerts[0].subject, id);
    assert_eq!(scene.notes_with("c1", "Subscription is now cancelled.").len(), 1);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_pauses_and_goes_on_is_followed() {
    let scene = scene().await;
    let (_, subscription) = subscribed(&scene).await;
    for (status, held) in [("paused", "paused"), ("active", "active"), ("past_due", "past_due")] {
        scene.later(HOUR).await;
        edit(&scene, &subscription, &json!({"status": status})).await;
        assert_eq!(member(&scene, &subscription, "status"), held);
    }
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_left_out_where_that_is_set() {
    let scene = set(json!({"mode": "all", "subscriptions": {"sync": false}})).await;
    let (_, subscription) = subscribed(&scene).await;
    scene.later(60 * DAY).await;
    scene.poll_all().await;
    assert!(scene.fakes.rankr_record(RankrKind::Subscription, &subscription).is_none());
    assert!(scene.alerts().await.is_empty());
    scene.is_quiet().await;
    scene.end().await;
}
