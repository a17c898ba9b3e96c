//! Watching without a write: by the settings, and by the operator's word.

use serde_json::json;
use transload::contract::Verb;
use transload::storage::State;

use super::day;
use super::payments::template;
use super::scene::{coats, object, plan, set};
use crate::fakes::SHOP;
use crate::flows::scene::{Plan, Scene};

#[tokio::test(start_paused = true)]
async fn the_monitor_tells_what_differs_and_writes_nothing() {
    let scene = set(template("read-only-monitor").await).await;
    let id = scene.place(&coats()).await;
    // Rankr's people keep the books themselves, and are wrong.
    let theirs = json!({"orderId": id, "amount": "1.00", "currency": "USD", "status": "pending"});
    let new = transload_sandbox::AddToRankr::told(object(&theirs));
    scene.fakes.rankr_add(transload_sandbox::RankrKind::Order, new, scene.now()).unwrap();
    scene.settle().await;
    scene.pay(&id, "150.1").await;
    scene.fulfil(&id, &[("tee", 1)], None).await;
    scene.ship(&id, &json!({"status": "delivered", "lines": [{"lineId": "coat", "quantity": "2"}]})).await;
    scene.poll_all().await;
    let kinds = scene.alert_kinds().await;
    for kind in ["order-differs", "transaction-differs", "fulfillment-differs"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is not among {kinds:?}");
    }
    let effects = scene.effects().await;
    assert!(
        effects.iter().all(|effect| effect.system == "store" || effect.verb == Verb::Verified),
        "{effects:?}"
    );
    assert!(effects.iter().any(|effect| effect.summary.contains("net 150.10 USD")), "the revenue is kept");
    assert!(scene.fakes.ledger(0).entries.is_empty());
    scene.is_quiet().await;
    scene.end().await;
}

/// The connection pauses at the first write, and nothing that comes after is lost.
#[tokio::test(start_paused = true)]
async fn an_operator_who_denies_writes_lets_none_out() {
    let scene = Scene::of(Plan { read_only: true, ..plan(json!({"mode": "all"})) }).await;
    let id = scene.place(&coats()).await;
    scene.pay(&id, "150.1").await;
    scene.fulfil(&id, &[("tee", 1)], None).await;
    for trigger in super::scene::POLLS {
        scene.poll(trigger).await;
    }
    scene.host.resume(SHOP).unwrap();
    scene.settle().await;
    assert!(scene.fakes.ledger(0).entries.is_empty());
    let events = scene.events().await;
    let parked: Vec<_> = events.iter().filter(|event| event.state == State::Parked).collect();
    assert!(!parked.is_empty());
    let denied = |reason: &str| reason.contains("read_only");
    assert!(parked.iter().all(|event| denied(event.reason.as_deref().unwrap_or_default())), "{parked:?}");
    assert!(events.iter().all(|event| event.state != State::Dead), "nothing is given up");
    scene.leave().await;
}

#[tokio::test(start_paused = true)]
async fn the_monitor_writes_nothing_in_a_whole_day() {
    let scene = set(template("read-only-monitor").await).await;
    day::whole(&scene, true).await;
    assert!(scene.fakes.ledger(0).entries.is_empty());
    assert_eq!(scene.fakes.write_counts().writes, 0);
    scene.is_quiet().await;
    scene.end().await;
}
