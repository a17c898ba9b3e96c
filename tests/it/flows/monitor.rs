//! Watching without a write: by the settings, and by the operator's word.

use serde_json::json;
use transload::storage::State;
use transload_sandbox::{Charge, Step, Subscribe};

use super::reading::{deliver, deliver_for, deliver_only, failure, reschedule};
use super::scene::{Plan, SHOP, Scene};
use crate::stage::{module, order};

/// A whole day at the vendors: every kind of event that a connector that writes would write for.
async fn day(scene: &Scene) {
    let place = async |contact: &str| scene.place(&order(contact, "USD", "30", &[("p1", "3", "10")])).await;
    // The vendors' people plan deliveries by hand, under the shop's ids, as before there was a connector.
    let by_hand = |id: &str| {
        let order = format!(
            r#"{{"Id":"{id}","Number":"{id}","Client":"Ada Fuller","Address":"7 Mill Lane, Bath","Type":0,"COD":30,
                "GoodsList":[{{"OrderLineId":"p1","GoodsName":"p1","Quantity":3,"Cost":10}}]}}"#
        );
        let order = transload_sandbox::Json::parse(&order).unwrap();
        let add = transload_sandbox::AddDelivery { order, webhook: true };
        scene.fakes.add_delivery(add, scene.now()).unwrap();
    };
    let (paid, cash, part, failed, cancelled, refunded) = (
        place("c1").await,
        place("c2").await,
        place("c3").await,
        place("c4").await,
        place("c5").await,
        place("c6").await,
    );
    for id in [&paid, &cash, &part, &failed, &cancelled, &refunded] {
        by_hand(id);
        scene.settle().await;
    }
    scene.pay(&paid, "30").await;
    let payment = scene.pay(&refunded, "30").await;
    poll(scene).await;
    for id in [&paid, &cash, &part, &failed] {
        scene.dispatch(id).await;
    }
    scene.drive(&paid, deliver()).await;
    scene.drive(&cash, deliver_for("30")).await;
    scene.drive(&part, deliver_only(&[("p1", "1")])).await;
    scene.drive(&failed, Step::Fail(failure(2))).await;
    scene.drive(&failed, reschedule()).await;
    scene.drive(&failed, Step::Start).await;
    scene.drive(&failed, Step::Reject(failure(10))).await;
    scene.set_status(&cancelled, "cancelled").await;
    scene.refund(&payment, "30").await;
    let subscription =
        scene.fakes.subscribe(Subscribe { order: paid.clone(), subscription: None }, scene.now()).unwrap();
    scene.fakes.charge(&subscription, Charge::default(), scene.now()).unwrap();
    poll(scene).await;
}

async fn poll(scene: &Scene) {
    for trigger in ["order-list", "transactions", "delivery-status", "subscriptions"] {
        scene.poll(trigger).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_monitor_watches_a_day_of_events_and_writes_nothing() {
    let module = module().await;
    let template = module.description().templates.iter().find(|it| it.name == "read-only-monitor").unwrap();
    let scene = Scene::set(serde_json::from_str(&template.settings).unwrap()).await;
    day(&scene).await;
    for action in ["sync-order", "create-delivery", "push-fulfillment", "cancel-delivery"] {
        let order =
            scene.fakes.snapshot().ghl.orders[0].order.get("_id").unwrap().as_str().unwrap().to_owned();
        scene.action(action, &json!({"order_id": order})).await;
    }
    assert_eq!(scene.fakes.write_counts().writes, 0);
    assert!(scene.fakes.ledger(0).entries.is_empty());
    let kinds = scene.alert_kinds().await;
    for kind in ["goods-rejected", "cancelled-but-planned"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} is not among {kinds:?}");
    }
    let effects = scene.effects().await;
    let revenue = "captured 30.00 USD, refunded 30.00 USD, net 0.00 USD";
    assert!(effects.iter().any(|effect| effect.summary == revenue), "the revenue is kept");
    assert!(
        effects
            .iter()
            .all(|effect| effect.system == "store" || effect.verb == transload::contract::Verb::Verified),
        "{effects:?}"
    );
    scene.end().await;
}

/// The connection pauses at the first write, and nothing that comes after is lost.
#[tokio::test(start_paused = true)]
async fn an_operator_who_denies_writes_lets_none_out_in_a_day_of_events() {
    let scene = Scene::of(Plan { read_only: true, ..Plan::default() }).await;
    day(&scene).await;
    scene.host.resume(SHOP).unwrap();
    scene.settle().await;
    assert_eq!(scene.fakes.write_counts().writes, 0);
    assert!(scene.fakes.ledger(0).entries.is_empty());
    let events = scene.events().await;
    let parked: Vec<_> = events.iter().filter(|event| event.state == State::Parked).collect();
    assert!(!parked.is_empty());
    assert!(
        parked.iter().all(|event| event.reason.as_deref().unwrap_or_default().contains("read_only")),
        "{parked:?}"
    );
    assert!(events.iter().all(|event| event.state != State::Dead), "nothing is given up");
    scene.leave().await;
}
