//! Every action of the connector to Rankr, with its sample; input and answer are checked against their schemas.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use transload_sandbox::{
    AddFulfillment, AddToRankr, Edit, Json, NewInvoice, PayInvoice, RankrKind, Subscribe, System,
};

use crate::fakes::{SHOP, bundled};
use crate::flows::actions::run_sample;
use crate::flows::scene::{Plan, Scene};
use crate::stage::order;

const CONNECTOR: &str = "ghl-rankr";

async fn scene(settings: Value) -> Scene {
    Scene::of(Plan { connector: CONNECTOR, settings, ..Plan::default() }).await
}

async fn run(scene: &Scene, name: &str, id: &str) -> Value {
    run_sample(scene, &bundled(CONNECTOR).await, name, id).await
}

/// An order of two coats at 50 USD, which no webhook tells of.
fn two_coats(scene: &Scene) -> String {
    let document = Json::parse(&order("c1", "USD", "100", &[("coat", "2", "50")])).unwrap();
    let placed = transload_sandbox::PlaceOrder { order: Some(document), webhook: false };
    scene.fakes.place_order(placed, scene.now()).unwrap().id
}

fn object(value: &Value) -> Json {
    Json::parse(&value.to_string()).unwrap()
}

/// The effects but for those that only say that all is as it should be: verb, system and kind.
fn effects(answer: &Value) -> Vec<String> {
    let told = |effect: &Value, name: &str| effect[name].as_str().unwrap().to_owned();
    let effects = answer["effects"].as_array().unwrap().iter();
    let shown = effects.map(|it| ["verb", "system", "kind"].map(|name| told(it, name)).join(" "));
    shown.filter(|shown| !shown.starts_with("verified")).collect()
}

#[tokio::test(start_paused = true)]
async fn every_action_does_its_step_once_and_answers_by_its_schema() {
    let scene = scene(json!({"mode": "all"})).await;
    let id = two_coats(&scene);
    let mut by_now = BTreeSet::new();
    let mut step = async |name: &'static str, id: &str| {
        by_now.insert(name.to_owned());
        run(&scene, name, id).await
    };

    let found = step("reconcile-order", &id).await;
    assert_eq!(found["findings"][0]["kind"], "order-missing");
    assert_eq!(found["findings"][0]["left"]["amount"], "100.00 USD");
    assert_eq!(effects(&step("sync-order", &id).await), ["created rankr order"]);
    assert_eq!(step("reconcile-order", &id).await["findings"], json!([]));

    let payment = scene.pay(&id, "30").await;
    let paid = effects(&step("sync-transaction", &payment).await);
    for effect in ["created rankr transaction", "updated rankr order"] {
        assert!(paid.contains(&effect.to_owned()), "{paid:?}");
    }
    let status = step("order-status", &id).await;
    assert_eq!(status["order"]["due"], json!({"amount": "70", "currency": "USD"}));
    assert_eq!(status["rankr"]["paid"], json!({"amount": "30", "currency": "USD"}));

    let coat = [object(&json!({"priceId": "coat", "qty": 1}))].to_vec();
    let new = AddFulfillment { items: coat, ..AddFulfillment::default() };
    scene.fakes.add_fulfillment(&id, new, scene.now()).unwrap();
    let shipped = json!({"status": "delivered", "lines": [{"lineId": "coat", "quantity": "1"}]});
    scene.fakes.rankr_add_fulfillment(&id, AddToRankr::silent(object(&shipped)), scene.now()).unwrap();
    let pushed = effects(&step("push-fulfillment", &id).await);
    assert_eq!(pushed, ["created ghl fulfillment", "created rankr fulfillment"]);
    assert_eq!(scene.fulfilled(&id), ["1 × coat", "1 × coat"]);
    assert_eq!(scene.fakes.rankr_fulfillments(&id).len(), 2);

    let invoice = scene.fakes.make_invoice(NewInvoice::of_order(&id), scene.now()).unwrap();
    scene.fakes.send_invoice(&invoice, scene.now()).unwrap();
    scene.fakes.pay_invoice(&invoice, PayInvoice::default(), scene.now()).unwrap();
    scene.intercept();
    let billed = effects(&step("sync-invoice", &invoice).await);
    assert_eq!(billed, ["created rankr invoice"]);
    let subscribe = Subscribe { order: id.clone(), subscription: None };
    let subscription = scene.fakes.subscribe(subscribe, scene.now()).unwrap();
    let subscribed = effects(&step("sync-subscription", &subscription).await);
    assert!(subscribed.contains(&"created rankr subscription".to_owned()), "{subscribed:?}");

    let module = bundled(CONNECTOR).await;
    let known = module.description().actions.iter().map(|action| action.name.clone());
    assert_eq!(by_now, known.collect(), "every action was run");
    once(&scene, &[&id, &payment, &invoice, &subscription]).await;
    scene.end().await;
}

/// Whoever runs them again changes nothing.
async fn once(scene: &Scene, [id, payment, invoice, subscription]: &[&str; 4]) {
    // What has changed of the order by then.
    run(scene, "sync-order", id).await;
    let writes = scene.fakes.write_counts();
    for (name, id) in [
        ("sync-order", id),
        ("push-fulfillment", id),
        ("sync-transaction", payment),
        ("sync-invoice", invoice),
        ("sync-subscription", subscription),
    ] {
        assert_eq!(effects(&run(scene, name, id).await), [""; 0], "{name}");
    }
    assert_eq!(scene.fakes.write_counts(), writes);
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_answer_was_lost_is_done_once_when_it_is_asked_again() {
    let scene = scene(json!({"mode": "all"})).await;
    let id = two_coats(&scene);
    scene.road.lose_answer("PUT", &format!("/rankr/orders/{id}"));
    let lost = scene.host.run_action(SHOP, "sync-order", &json!({"order_id": id}).to_string()).await;
    assert!(lost.is_err(), "{lost:?}");
    run(&scene, "sync-order", &id).await;
    assert_eq!(scene.fakes.rankr_record(RankrKind::Order, &id).unwrap().writes, 1);
    assert_eq!(scene.writes(System::Rankr, "PUT", "/orders"), 1);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_comparison_by_hand_names_what_differs_and_writes_nothing() {
    let scene = scene(json!({"mode": "all"})).await;
    let id = two_coats(&scene);
    run(&scene, "sync-order", &id).await;
    let edit = Edit::silent(object(&json!({"amount": "10.00"})));
    scene.fakes.rankr_edit(RankrKind::Order, &id, edit, scene.now()).unwrap();
    let writes = scene.fakes.write_counts();
    let found = run(&scene, "reconcile-order", &id).await;
    let finding = &found["findings"][0];
    assert_eq!(finding["kind"], "order-differs");
    assert_eq!(
        (&finding["left"]["amount"], &finding["right"]["amount"]),
        (&json!("100.00 USD"), &json!("10.00 USD"))
    );
    assert!(finding["repair"].is_string());
    run(&scene, "order-status", &id).await;
    assert_eq!(scene.fakes.write_counts(), writes);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_action_on_what_is_not_there_says_so() {
    let scene = scene(json!({"mode": "all"})).await;
    for name in ["sync-order", "push-fulfillment", "sync-transaction", "sync-invoice", "sync-subscription"] {
        let answer = run(&scene, name, "nobody").await;
        assert_eq!(answer["done"], false, "{name}: {answer}");
    }
    let unknown = scene.host.run_action(SHOP, "launch", "{}").await.unwrap_err();
    assert!(unknown.to_string().contains("launch"), "{unknown}");
    assert_eq!(scene.fakes.write_counts().writes, 0);
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_action_keeps_to_what_the_settings_leave_out() {
    let settings = json!({"mode": "all", "transactions": {"sync": false}, "subscriptions": {"sync": false},
        "invoices": {"sync": false}, "fulfillments": {"sync": false}, "send_when": "order.total > 500"});
    let scene = scene(settings).await;
    let id = two_coats(&scene);
    let invoice = scene.fakes.make_invoice(NewInvoice::of_order(&id), scene.now()).unwrap();
    let subscribe = Subscribe { order: id.clone(), subscription: None };
    let subscription = scene.fakes.subscribe(subscribe, scene.now()).unwrap();
    scene.intercept();
    for (name, id) in [
        ("sync-order", &id),
        ("push-fulfillment", &id),
        ("sync-invoice", &invoice),
        ("sync-subscription", &subscription),
    ] {
        assert_eq!(effects(&run(&scene, name, id).await), [""; 0], "{name}");
    }
    assert_eq!(scene.fakes.write_counts().writes, 0);
    scene.end().await;
}
