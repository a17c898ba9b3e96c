//! Orders that are cancelled.

use serde_json::json;
use transload::contract::Severity;
use transload_sandbox::{Removal, Step, System};

use super::reading::{deliver, failure, schedule};
use super::scene::Scene;
use crate::stage::order;

fn goods() -> String {
    order("c1", "USD", "20", &[("p1", "2", "10")])
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_before_it_is_scheduled_has_its_delivery_deleted() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.set_status(&id, "cancelled").await;
    let delivery = scene.delivery(&id);
    assert!(delivery.removed);
    assert_eq!(delivery.rejections, 0);
    assert_eq!(scene.notes_with("c1", "Delivery taken off: the order was cancelled.").len(), 1);
    assert!(scene.alerts().await.is_empty(), "Track-POD's own webhook of the deletion alarms nobody");
    scene.end().await;
}

/// So the dispatcher sees why the stop is not made.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_after_it_is_scheduled_has_its_delivery_rejected() {
    for loaded in [false, true] {
        let scene = Scene::new().await;
        let id = scene.place(&goods()).await;
        scene.drive(&id, schedule()).await;
        if loaded {
            scene.drive(&id, Step::Load).await;
        }
        scene.set_status(&id, "cancelled").await;
        let delivery = scene.delivery(&id);
        assert_eq!((delivery.removed, delivery.rejections, delivery.status), (false, 1, Some(5)));
        assert_eq!(scene.notes_with("c1", "Delivery taken off").len(), 1);
        assert!(scene.alerts().await.is_empty());
        scene.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_after_dispatch_raises_an_alert_and_nothing_else() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.dispatch(&id).await;
    scene.set_status(&id, "cancelled").await;
    let delivery = scene.delivery(&id);
    assert_eq!((delivery.removed, delivery.rejections, delivery.status), (false, 0, Some(1)));
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!((alerts[0].kind.as_str(), alerts[0].severity), ("goods-already-gone", Severity::Warning));
    assert!(alerts[0].message.contains("out for delivery"));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_after_a_failed_attempt_is_not_to_be_planned_again() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.dispatch(&id).await;
    scene.drive(&id, Step::Fail(failure(2))).await;
    scene.set_status(&id, "cancelled").await;
    assert_eq!(scene.alert_kinds().await, ["cancelled-after-attempt"]);
    scene.end().await;
}

/// Track-POD does not take the id of a deleted order a second time.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_opened_again_is_left_to_a_person() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.set_status(&id, "cancelled").await;
    scene.set_status(&id, "pending").await;
    assert_eq!(scene.alert_kinds().await, ["order-reopened"]);
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_cancellation_cancels_once() {
    let scene = Scene::new().await;
    let first = scene.place(&goods()).await;
    let second = scene.place(&goods()).await;
    scene.drive(&second, schedule()).await;
    scene.road.lose_answer("DELETE", &format!("/track-pod/Order/Id/{first}"));
    scene.road.lose_answer("PUT", &format!("/track-pod/Order/Id/{second}/Reject"));
    scene.set_status(&first, "cancelled").await;
    scene.set_status(&second, "cancelled").await;
    assert!(scene.delivery(&first).removed);
    assert_eq!(scene.delivery(&second).rejections, 1);
    assert_eq!(scene.notes_with("c1", "Delivery taken off").len(), 2);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_never_delivered_is_cancelled_without_a_write() {
    let scene = Scene::set(json!({"mode": "all", "deliver_when": "false"})).await;
    let id = scene.place(&goods()).await;
    scene.set_status(&id, "cancelled").await;
    assert_eq!(scene.fakes.write_counts().writes, 0);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_somebody_deletes_in_track_pod_is_told_of_and_not_made_again() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.fakes.delete_delivery(&id, Removal { forget: false, webhook: true }, scene.now()).unwrap();
    scene.settle().await;
    assert_eq!(scene.alert_kinds().await, ["delivery-deleted"]);
    assert_eq!(scene.notes_with("c1", "deleted in Track-POD").len(), 1);
    scene.set_status(&id, "completed").await;
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivered_order_that_is_cancelled_keeps_its_fulfilment() {
    let scene = Scene::new().await;
    let id = scene.place(&goods()).await;
    scene.pay(&id, "20").await;
    scene.poll("transactions").await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    scene.set_status(&id, "cancelled").await;
    assert_eq!(scene.fulfilled(&id), ["2 × p1"]);
    assert_eq!(scene.alert_kinds().await, ["goods-already-gone"]);
    scene.end().await;
}
