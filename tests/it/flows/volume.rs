//! A thousand orders, page by page.

use std::time::Duration;

use serde_json::json;
use transload::egress::Portion;
use transload::runtime::JobRequest;
use transload::storage::{JobKind, JobState, State};
use transload_sandbox::{History, Seed, Seeded, System};

use super::road::Call;
use super::scene::{SHOP, Scene};

const ORDERS: usize = 1_000;

/// 2026-01-05T00:00:00Z, in milliseconds since 1970.
const MONDAY: u64 = 1_767_571_200_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The fakes' history says nothing of payments to drivers.
async fn scene() -> Scene {
    Scene::set(json!({"mode": "all", "delivery": {"log_payments": "none"}})).await
}

/// A thousand orders of that Monday, which both systems hold as a connector would have left them, in three currencies.
async fn busy_monday(scene: &Scene) -> Seeded {
    scene.later(Duration::from_hours(20)).await;
    let currencies = ["USD", "JPY", "KWD"].map(str::to_owned).into();
    scene.fakes.seed(Seed { days: 1, currencies, ..Seed::new(ORDERS, "2026-01-05") }).unwrap()
}

/// The pages that were asked for: their offsets.
fn offsets(calls: &[Call]) -> Vec<usize> {
    let parameter = |call: &Call, name: &str| -> Option<usize> {
        let pairs = call.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
    };
    calls
        .iter()
        .map(|call| {
            assert_eq!(parameter(call, "limit"), Some(100), "{call:?}");
            parameter(call, "offset").unwrap_or_default()
        })
        .collect()
}

fn pages() -> Vec<usize> {
    (0..ORDERS / 100).map(|page| page * 100).collect()
}

fn lists(scene: &Scene) -> Vec<Call> {
    let calls = scene.road.take_calls("GET", "/ghl/payments/orders");
    calls.into_iter().filter(|call| call.path == "/ghl/payments/orders").collect()
}

/// Nothing is made twice of what was there: no delivery, no fulfilment, no payment.
fn assert_nothing_doubled(scene: &Scene, seeded: &Seeded) {
    for order in &seeded.orders {
        assert_eq!(scene.fakes.delivery_orders(&order.id).len(), 1);
    }
    let writes = scene.fakes.write_counts().operations;
    let but_notes = writes.iter().filter(|it| it.path != "/contacts/{}/notes").collect::<Vec<_>>();
    assert!(but_notes.is_empty(), "{but_notes:?}");
    let planned = |history| matches!(history, History::Planned | History::PlannedCash);
    let planned = seeded.orders.iter().filter(|order| planned(order.history)).count();
    assert_eq!(
        scene.writes(System::Ghl, "POST", "/contacts"),
        planned,
        "one note for each that is still planned"
    );
}

#[tokio::test(start_paused = true)]
async fn a_thousand_orders_are_polled_in_pages_of_a_hundred() {
    let scene = scene().await;
    let seeded = busy_monday(&scene).await;
    lists(&scene);
    assert_eq!(scene.host.poll_now(SHOP, "order-list").await.unwrap(), ORDERS);
    assert_eq!(offsets(&lists(&scene)), pages());
    scene.settle().await;
    assert_nothing_doubled(&scene, &seeded);
    lists(&scene);
    assert_eq!(scene.poll("order-list").await, 0, "the second round finds nothing new");
    assert_eq!(offsets(&lists(&scene)), pages());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_orders_are_backfilled_in_pages_of_a_hundred() {
    let scene = scene().await;
    let seeded = busy_monday(&scene).await;
    lists(&scene);
    for new in [ORDERS as u64, 0] {
        let request = JobRequest {
            kind: JobKind::Backfill,
            from: MONDAY,
            to: MONDAY + DAY_MS,
            names: vec!["order-list".to_owned()],
            share: Portion::WHOLE,
            restart: true,
        };
        let job = scene.host.start_job(SHOP, request).await.unwrap().job;
        let job = scene.host.job_left(job.number).await.unwrap().job;
        assert_eq!(job.state, JobState::Done, "{:?}", job);
        assert_eq!((job.counters.events, job.counters.new_events), (ORDERS as u64, new));
        scene.settle().await;
    }
    assert_nothing_doubled(&scene, &seeded);
    assert!(scene.events().await.iter().all(|event| matches!(event.state, State::Done | State::Skipped)));
    scene.end().await;
}
