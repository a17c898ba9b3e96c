//! A Rankr with other paths, names and words works by settings alone.

use serde_json::{Value, json};
use transload::egress::Egress;
use transload_sandbox::{RANKR_OTHER_SETTINGS, RankrDialect, SandboxOptions};

use super::day;
use super::scene::{coats, plan};
use crate::fakes::Fakes;
use crate::flows::scene::{Plan, Scene};

fn other_settings() -> Value {
    let shape: Value = serde_json::from_str(RANKR_OTHER_SETTINGS).unwrap();
    json!({"mode": "all", "rankr": shape})
}

fn other(settings: Value) -> Plan {
    let plan = plan(settings);
    let sandbox = SandboxOptions { rankr_dialect: RankrDialect::Other, ..plan.sandbox.clone() };
    Plan { sandbox, ..plan }
}

#[tokio::test(start_paused = true)]
async fn a_day_with_another_rankr_ends_as_one_with_the_contracts_own() {
    let mut days = Vec::new();
    for plan in [plan(json!({"mode": "all"})), other(other_settings())] {
        let is_other = plan.sandbox.rankr_dialect != RankrDialect::V1;
        let scene = Scene::of(plan).await;
        scene.road.take_calls("GET", "/");
        day::whole(&scene, false).await;
        scene.is_quiet().await;
        let mut held = scene.fakes.effects().rankr;
        assert_eq!(held.orders.len(), 4);
        // The event's names are the dialect's.
        held.events.clear();
        // What follows from one poll is handled side by side.
        let mut events: Vec<String> = scene.events().await.into_iter().map(|event| event.event.id).collect();
        events.sort();
        let mut alerts = scene.alert_kinds().await;
        alerts.sort();
        let paths: Vec<String> = scene.road.take_paths("/rankr/").collect();
        assert!(paths.iter().all(|path| path.starts_with("/rankr/v2/") == is_other), "{paths:?}");
        assert!(paths.len() > 50);
        days.push((events, held, alerts));
        scene.end().await;
    }
    assert_eq!(days[0], days[1]);
}

#[tokio::test(start_paused = true)]
async fn a_rankr_whose_paths_are_not_set_does_not_answer() {
    let scene = Scene::of(other(json!({"mode": "all"}))).await;
    let id = scene.place(&coats()).await;
    assert!(scene.fakes.effects().rankr.orders.is_empty());
    assert_ne!(scene.event("order").await.state, transload::storage::State::Done, "{id}");
    scene.leave().await;
}

#[tokio::test]
async fn a_path_that_cannot_be_used_is_refused_before_the_host_starts() {
    let fakes = transload_sandbox::Offline::new(SandboxOptions::default());
    let module = crate::fakes::bundled("ghl-rankr").await;
    let never = std::time::Duration::from_hours(1);
    for (path, expected) in [
        (json!({"put_order": "/sales"}), "settings.rankr.paths.put_order: \"/sales\" must have {orderId}"),
        (json!({"list_orders": "sales"}), "settings.rankr.paths.list_orders"),
        (json!({"get_order": "/sales/../{orderId}"}), "settings.rankr.paths.get_order"),
        (json!({"put_order": "/sales/{id}"}), "settings.rankr.paths.put_order"),
        (json!({"put_ordr": "/sales/{orderId}"}), "put_ordr"),
    ] {
        let settings = json!({"mode": "all", "rankr": {"paths": path}});
        let spec = Fakes::offline(&fakes).connection(module.clone(), settings, never, &[]);
        let problems = spec.problems(&Egress::default()).join("\n");
        assert!(problems.contains(expected), "{path}: {problems:?}");
    }
}
