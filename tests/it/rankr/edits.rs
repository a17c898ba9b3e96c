//! What is changed in Rankr, which holds what GoHighLevel owns: versions, put back once, and no ping-pong.

use std::time::Duration;

use serde_json::json;
use transload_sandbox::{Edit, RankrKind, System};

use super::scene::{coats, object, scene};
use crate::flows::scene::Scene;

/// Puts of the order that Rankr took.
fn puts(scene: &Scene, id: &str) -> u64 {
    scene.sink_order(id).writes
}

#[tokio::test(start_paused = true)]
async fn a_change_in_rankr_is_put_back_once_and_a_person_is_told() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    scene.edit_sink(RankrKind::Order, &id, &json!({"amount": "1.00", "status": "completed"})).await;
    let held = scene.sink_order(&id);
    assert_eq!((held.amount, held.status.as_str()), (Some("150.1".parse().unwrap()), "pending"));
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].kind, "edit-overruled");
    assert!(alerts[0].message.contains("amount, status"), "{}", alerts[0].message);
    assert_eq!(puts(&scene, &id), 2);
    scene.is_quiet().await;
    scene.end().await;
}

/// A machine that always sets its own value: the two would write for ever.
#[tokio::test(start_paused = true)]
async fn the_same_change_made_again_is_left_alone_and_told_once() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    for round in 0..5 {
        scene.edit_sink(RankrKind::Order, &id, &json!({"status": "on its way"})).await;
        let status = scene.sink_order(&id).status;
        assert_eq!(status, if round == 0 { "pending" } else { "on its way" });
    }
    assert_eq!(scene.alert_kinds().await, ["edit-overruled", "systems-disagree"]);
    assert_eq!(puts(&scene, &id), 2);
    scene.is_quiet().await;
    // A change in GoHighLevel is another matter. Whose machine it is keeps its word there too, without further news.
    scene.set_status(&id, "completed").await;
    assert_eq!(scene.sink_order(&id).status, "completed");
    for _ in 0..3 {
        scene.edit_sink(RankrKind::Order, &id, &json!({"status": "on its way"})).await;
    }
    assert_eq!(scene.alert_kinds().await, ["edit-overruled", "systems-disagree"]);
    assert_eq!(puts(&scene, &id), 3);
    scene.is_quiet().await;
    scene.end().await;
}

/// A machine in Rankr that answers each of our writes with one of its own.
#[tokio::test(start_paused = true)]
async fn two_machines_never_play_ping_pong() {
    let scene = scene().await;
    let id = scene.order(&coats()).await;
    for _ in 0..20 {
        scene.host.idle(Duration::from_hours(3)).await;
        let hooks = scene.intercept();
        if hooks.is_empty() {
            break;
        }
        for hook in hooks {
            assert_eq!(scene.arrive(&hook).await.status(), 200);
            if hook.system == System::Rankr && scene.sink_order(&id).status == "pending" {
                scene.later(Duration::from_secs(1)).await;
                let members = object(&json!({"status": "accepted"}));
                let edit = Edit { members, webhook: Some("order.updated".to_owned()) };
                scene.fakes.rankr_edit(RankrKind::Order, &id, edit, scene.now()).unwrap();
            }
        }
    }
    assert!(scene.intercept().is_empty(), "they still write");
    assert_eq!(scene.sink_order(&id).status, "accepted");
    assert_eq!(puts(&scene, &id), 2);
    assert_eq!(scene.alert_kinds().await, ["edit-overruled", "systems-disagree"]);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_in_rankr_whose_webhook_is_lost_is_found_by_the_poll() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    scene.edit_sink_silently(RankrKind::Order, &id, &json!({"amount": "1.00"})).await;
    assert_eq!(scene.poll("sink-orders").await, 1);
    assert_eq!(scene.sink_order(&id).amount, Some("150.1".parse().unwrap()));
    assert_eq!(scene.alert_kinds().await, ["edit-overruled"]);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_version_in_rankr_is_not_overwritten() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let tomorrow = scene.now() + 24 * 3_600_000;
    scene.edit_sink(RankrKind::Order, &id, &json!({"version": tomorrow, "status": "completed"})).await;
    scene.set_status(&id, "cancelled").await;
    let held = scene.sink_order(&id);
    assert_eq!((held.status.as_str(), held.version), ("completed", tomorrow));
    assert_eq!(puts(&scene, &id), 1);
    let left = scene.effects().await;
    assert!(left.iter().any(|effect| effect.summary.contains("newer version")), "{left:?}");
    scene.is_quiet().await;
    // The next change in GoHighLevel that is newer than it brings the order up to date.
    scene.later(Duration::from_hours(24)).await;
    scene.set_status(&id, "completed").await;
    let payment = scene.pay(&id, "150.1").await;
    scene.poll_all().await;
    assert_eq!(scene.sink_money(&id).0, "150.1");
    assert_eq!(scene.sink(RankrKind::Transaction, &payment).status, "succeeded");
    scene.is_quiet().await;
    scene.end().await;
}

/// Somebody else writes between our look and our write.
#[tokio::test(start_paused = true)]
async fn a_version_that_became_newer_while_it_was_written_is_left_as_it_is() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let order = id.clone();
    scene.road.race("GET", &format!("/rankr/orders/{id}"), move |fakes, now| {
        let members = json!({"version": now + 60_000, "status": "accepted"});
        fakes.rankr_edit(RankrKind::Order, &order, Edit::silent(object(&members)), now).unwrap();
    });
    scene.set_status(&id, "completed").await;
    assert_eq!((puts(&scene, &id), scene.sink_order(&id).status.as_str()), (1, "accepted"));
    let left = scene.effects().await;
    assert!(left.iter().any(|effect| effect.summary.contains("newer version")), "{left:?}");
    assert!(scene.alerts().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_changed_in_rankr_is_put_back_when_it_is_next_looked_at() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let payment = scene.pay(&id, "150.1").await;
    scene.poll("transactions").await;
    scene.edit_sink_silently(RankrKind::Transaction, &payment, &json!({"amount": "1.00"})).await;
    scene.refund(&payment, "0.1").await;
    scene.poll("transactions").await;
    let held = scene.sink(RankrKind::Transaction, &payment);
    assert_eq!((held.amount, held.refunded), (Some("150.1".parse().unwrap()), Some("0.1".parse().unwrap())));
    assert!(scene.alert_kinds().await.contains(&"edit-overruled".to_owned()));
    scene.is_quiet().await;
    scene.end().await;
}
