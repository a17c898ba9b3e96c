//! What this connector does itself is no news to it.

use serde_json::json;
use transload_sandbox::System;

use super::day;
use super::scene::{coats, plan, scene, without_echoes};
use crate::flows::scene::Scene;

/// What the events are about, and who told of them: `ghl order`.
async fn told(scene: &Scene) -> Vec<String> {
    let events = scene.events().await.into_iter();
    let about = events.map(|it| {
        let kind = it.event.id.trim_start_matches("rankr ").split(' ').next().unwrap_or_default().to_owned();
        format!("{} {kind}", it.event.source)
    });
    about.collect()
}

/// The day is the same whether Rankr tells of our own writes or not.
#[tokio::test(start_paused = true)]
async fn echoes_of_our_own_writes_make_no_event() {
    let settings = || json!({"mode": "all"});
    let mut seen = Vec::new();
    for (plan, told_at_least) in [(plan(settings()), 20), (without_echoes(settings()), 3)] {
        let scene = Scene::of(plan).await;
        day::whole(&scene, false).await;
        let sent = scene.fakes.effects().rankr.events;
        assert!(sent.values().sum::<u64>() >= told_at_least, "{sent:?}");
        scene.is_quiet().await;
        let writes = scene.fakes.write_counts();
        seen.push((told(&scene).await, writes.writes, scene.alerts().await.len()));
        scene.end().await;
    }
    assert_eq!(seen[0], seen[1]);
}

/// Both ways, by webhooks and by polls: one event for each thing that a person did.
#[tokio::test(start_paused = true)]
async fn each_thing_that_is_done_is_one_event() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let mut expected = vec!["ghl order"];
    assert_eq!(told(&scene).await, expected);
    assert_eq!(scene.poll_all().await, 0);
    let lines = json!([{"lineId": "coat", "quantity": "2"}]);
    scene.ship(&id, &json!({"status": "out_for_delivery", "lines": lines})).await;
    expected.push("rankr fulfillment");
    assert_eq!(told(&scene).await, expected);
    assert_eq!(scene.poll_all().await, 0, "the fulfilment in GoHighLevel is our own");
    scene.fulfil(&id, &[("tee", 1)], None).await;
    assert_eq!(scene.poll("fulfillments").await, 1);
    expected.push("ghl fulfillment");
    assert_eq!(told(&scene).await, expected);
    assert_eq!(scene.poll_all().await, 0, "the fulfilment in Rankr is our own");
    assert_eq!(scene.writes(System::Ghl, "POST", &format!("/payments/orders/{id}/fulfillments")), 1);
    assert_eq!(scene.sink_writes("POST", &format!("/payments/orders/{id}/fulfillments")), 1);
    scene.end().await;
}
