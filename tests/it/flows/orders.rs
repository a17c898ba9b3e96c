//! Orders become deliveries, and the deliveries follow them.

use serde_json::json;
use transload::storage::{State, WorkId};
use transload_sandbox::{Json, PlaceOrder, Step, System};

use super::reading::{deliver, schedule};
use super::scene::{Plan, SHOP, Scene, WORKFLOW_TOKEN};
use crate::stage::order;

/// An order of two lines, 150.10 USD in all: the amounts of the vendor's own sample.
fn two_lines() -> String {
    order("c1", "USD", "150.1", &[("p1", "1", "17"), ("p2", "1", "121")])
}

/// The same of a contact whose address is in no snapshot.
fn without_address() -> String {
    two_lines().replace(
        r#""address1":"7 Mill Lane","city":"Bath","postalCode":"BA1 1AA","country":"GB""#,
        r#""note":"""#,
    )
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_placed_becomes_a_delivery_and_one_that_changes_changes_it() {
    let scene = Scene::new().await;
    let id = scene.place(&two_lines()).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    assert_eq!(scene.text(&id, "Address"), "7 Mill Lane, Bath, BA1 1AA, GB");
    assert_eq!(scene.delivery(&id).lines.len(), 2);
    let smaller = order("c1", "USD", "34", &[("p1", "2", "17")]);
    scene.edit(&id, &smaller).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("34"));
    assert_eq!(scene.delivery(&id).lines.len(), 1, "it is the same delivery, with other goods");
    assert_eq!(scene.writes(System::TrackPod, "POST", "/Order"), 1);
    assert_eq!(scene.notes_with("c1", "Delivery planned").len(), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_changes_is_looked_at_and_webhooks_that_come_twice_and_turned_round_change_nothing() {
    let scene = Scene::new().await;
    let id = scene.order(&two_lines()).await;
    scene.fakes.set_order_status(&id, "completed", scene.now()).unwrap();
    let mut hooks = scene.intercept();
    assert_eq!(
        hooks.iter().map(|hook| hook.event.as_str()).collect::<Vec<_>>(),
        ["OrderCreate", "OrderStatusUpdate"]
    );
    hooks.reverse();
    for hook in hooks.iter().chain(&hooks) {
        scene.arrive(hook).await;
        scene.settle().await;
    }
    assert_eq!(scene.delivery(&id).lines.len(), 2);
    assert_eq!(scene.writes(System::TrackPod, "PUT", "/Order"), 0);
    assert_eq!(scene.fakes.notes("c1").len(), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_webhook_was_lost_is_found_by_polling_once() {
    let scene = Scene::new().await;
    let id = scene.order(&two_lines()).await;
    assert_eq!(scene.intercept().len(), 1);
    assert_eq!(scene.poll("order-list").await, 1);
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    assert_eq!(scene.poll("order-list").await, 0);
    scene.fakes.set_order_status(&id, "cancelled", scene.now()).unwrap();
    assert_eq!(scene.intercept().len(), 1, "this one is lost as well");
    assert_eq!(scene.poll("order-list").await, 1);
    assert!(scene.delivery(&id).removed);
    scene.end().await;
}

/// GoHighLevel's workflows sign nothing; a token in a header of ours tells where they come from.
#[tokio::test(start_paused = true)]
async fn a_workflow_tells_of_an_order_with_a_shared_token() {
    let scene = Scene::new().await;
    let id = scene.order(&two_lines()).await;
    scene.intercept();
    let body = json!({"contact_id": "c1", "customData": {"order_id": id}});
    assert_eq!(scene.workflow("guessed", &body).await.status(), 401);
    assert!(scene.fakes.delivery_orders(&id).is_empty());
    assert_eq!(scene.workflow(WORKFLOW_TOKEN, &body).await.status(), 200);
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    scene.end().await;
}

/// Track-POD answers 405 once the driver's application has the order.
#[tokio::test(start_paused = true)]
async fn an_edit_after_dispatch_is_refused_and_a_person_is_told() {
    let scene = Scene::new().await;
    let id = scene.place(&two_lines()).await;
    scene.dispatch(&id).await;
    scene.edit(&id, &order("c1", "USD", "34", &[("p1", "2", "17")])).await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.iter().map(|alert| alert.kind.as_str()).collect::<Vec<_>>(), ["change-too-late"]);
    assert!(
        alerts[0].message.contains("Sandbox Driver: to collect 34.00 USD, and not 150.10 USD"),
        "{}",
        alerts[0].message
    );
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    scene.end().await;
}

/// Track-POD keeps the address of an order that is planned into a route.
#[tokio::test(start_paused = true)]
async fn an_address_that_changes_once_the_route_is_planned_raises_an_alert() {
    let scene = Scene::new().await;
    let id = scene.place(&two_lines()).await;
    scene.drive(&id, schedule()).await;
    scene.edit(&id, &two_lines().replace("7 Mill Lane", "9 New Road")).await;
    assert!(scene.text(&id, "Address").starts_with("7 Mill Lane"));
    assert_eq!(scene.alert_kinds().await, ["address-too-late"]);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_without_an_address_is_dead_with_its_reason_until_the_address_is_added() {
    let scene = Scene::new().await;
    let id = scene.place(&without_address()).await;
    let event = scene.event("order").await;
    assert_eq!(event.state, State::Dead);
    let reason = event.reason.unwrap();
    for part in [id.as_str(), "address", "contact c1", "retry"] {
        assert!(reason.contains(part), "{part:?} is not in {reason}");
    }
    assert!(scene.fakes.delivery_orders(&id).is_empty());
    let address =
        Json::parse(r#"{"address1":"1 High Street","city":"Wells","postalCode":"BA5 2AA"}"#).unwrap();
    scene.fakes.put_contact("c1", address.as_object().unwrap()).unwrap();
    scene.host.retry(WorkId::Event(event.sequence)).await.unwrap();
    scene.settle().await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert!(scene.text(&id, "Address").starts_with("1 High Street, Wells"));
    assert_eq!(scene.fulfilled(&id), ["1 × p1, 1 × p2"]);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_address_that_only_the_contact_has_is_enough() {
    let scene = Scene::new().await;
    let address = Json::parse(r#"{"firstName":"Ada","address1":"1 High Street","city":"Wells"}"#).unwrap();
    scene.fakes.put_contact("c1", address.as_object().unwrap()).unwrap();
    let id = scene.place(&without_address()).await;
    assert!(scene.text(&id, "Address").starts_with("1 High Street, Wells"));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_says_which_orders_are_delivered() {
    let scene =
        Scene::set(json!({"mode": "all", "deliver_when": "order.physical and order.total >= 20.005"})).await;
    let small = scene.place(&order("c1", "USD", "20", &[("p1", "1", "20")])).await;
    let large = scene.place(&order("c1", "USD", "20.01", &[("p1", "1", "20.01")])).await;
    assert!(scene.fakes.delivery_orders(&small).is_empty());
    assert!(scene.reason(&format!("order {small}")).await.contains("deliver_when"));
    assert_eq!(scene.cod(&large).as_deref(), Some("20.01"));
    scene.end().await;
}

/// By GoHighLevel's documents a product is `PHYSICAL`, `DIGITAL` or a `SERVICE`.
#[tokio::test(start_paused = true)]
async fn an_order_of_digital_goods_is_not_delivered() {
    let scene = Scene::new().await;
    let digital = two_lines().replace(r#""product":{"#, r#""product":{"productType":"DIGITAL","#);
    let id = scene.place(&digital).await;
    assert!(scene.fakes.delivery_orders(&id).is_empty());
    assert!(
        scene.reason(&format!("order {id}")).await.contains("deliver_when"),
        "the default rule is `order.physical`"
    );
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn without_cash_on_delivery_an_order_waits_for_its_payment() {
    let scene = Scene::set(json!({"mode": "all", "cash_on_delivery": false})).await;
    let id = scene.place(&order("c1", "USD", "50", &[("p1", "1", "50")])).await;
    assert!(scene.reason(&format!("order {id}")).await.contains("50.00 USD"));
    scene.pay(&id, "20").await;
    scene.poll("transactions").await;
    assert!(scene.fakes.delivery_orders(&id).is_empty(), "30 USD are still due");
    scene.pay(&id, "30").await;
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id), None);
    scene.end().await;
}

/// GoHighLevel mixes what its test mode makes in with the real orders.
#[tokio::test(start_paused = true)]
async fn test_mode_rows_are_left_alone_in_live_mode_and_the_other_way_round() {
    for (mode, live) in [("live", true), ("test", false)] {
        let scene = Scene::set(json!({"mode": mode})).await;
        let tested = two_lines().replace(r#""liveMode":true"#, r#""liveMode":false"#);
        let (real, tested) = (scene.place(&two_lines()).await, scene.place(&tested).await);
        for id in [&real, &tested] {
            scene.pay(id, "150.1").await;
        }
        scene.poll("order-list").await;
        scene.poll("transactions").await;
        let (wanted, other) = if live { (real, tested) } else { (tested, real) };
        assert_eq!(scene.cod(&wanted).as_deref(), Some("0"), "{mode}: all is paid");
        assert!(scene.fakes.delivery_orders(&other).is_empty(), "{mode}");
        assert_eq!(scene.notes_with("c1", "Payment of").len(), 1, "{mode}");
        scene.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_delivery() {
    let scene = Scene::new().await;
    scene.road.lose_answer("POST", "/track-pod/Order");
    let id = scene.place(&two_lines()).await;
    assert_eq!(scene.delivery(&id).lines.len(), 2);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_of_another_location_is_left_to_that_location() {
    let scene = Scene::of(Plan::default()).await;
    let id = scene.order(&two_lines()).await;
    scene.intercept();
    let body = json!({"order_id": id, "locationId": "another"});
    assert_eq!(scene.workflow(WORKFLOW_TOKEN, &body).await.status(), 200);
    assert!(scene.fakes.delivery_orders(&id).is_empty());
    assert!(scene.events().await.is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_person_asks_for_is_delivered_whatever_the_rule_says() {
    let scene = Scene::set(json!({"mode": "all", "deliver_when": "false"})).await;
    let placed = PlaceOrder { order: Some(Json::parse(&two_lines()).unwrap()), webhook: false };
    let id = scene.fakes.place_order(placed, scene.now()).unwrap().id;
    scene.action("sync-order", &json!({"order_id": id})).await;
    assert!(scene.fakes.delivery_orders(&id).is_empty());
    scene.action("create-delivery", &json!({"order_id": id})).await;
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    scene.drive(&id, schedule()).await;
    scene.drive(&id, Step::Load).await;
    assert!(!scene.host.is_paused(SHOP).unwrap());
    scene.end().await;
}

/// Ten failures are seventeen minutes of pauses that double, and one of 429 is as long as the vendor says.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_down_or_busy_for_a_while_delays_an_order_and_loses_nothing() {
    let scene = Scene::new().await;
    for fault in [
        r#"{"system":"track-pod","method":"POST","path":"/Order","times":10,"kind":{"type":"status","status":503}}"#,
        r#"{"system":"ghl","method":"GET","path":"/payments/orders/","kind":{"type":"status","status":429,"retry_after":60}}"#,
    ] {
        scene.fakes.add_fault(serde_json::from_str(fault).unwrap()).unwrap();
    }
    let id = scene.order(&two_lines()).await;
    let placed = scene.now();
    scene.settle().await;
    assert_eq!(scene.cod(&id).as_deref(), Some("150.1"));
    assert_eq!(scene.event("order").await.attempts, 11);
    // At least half of 1 + 2 + 4 + … + 1,024 seconds.
    assert!(scene.now() - placed >= 60_000 + 1_000_000, "{}", scene.now() - placed);
    assert_eq!(scene.fakes.notes("c1").len(), 1);
    scene.end().await;
}
