//! Every action of the manifest, once, with its sample; input and answer are checked against their schemas.

use serde_json::{Value, json};
use transload::engine::Module;

use super::reading::deliver_for;
use super::scene::{SHOP, Scene};
use crate::stage::{module, order};

fn settings() -> Value {
    json!({
        "mode": "all",
        "deliver_when": "false",
        "messages": {"channel": "sms", "delivered": "Delivered."},
        "provider": {"unique_name": "northern-payments", "title": "Northern Payments", "provider": "nmi",
            "description": "Cards", "image_url": "https://example.com/logo.png"},
    })
}

fn check(schema: &str, value: &Value, what: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{what}: {faults:?} in {value:#}");
}

/// Runs an action of a connector with its own sample, of which only the object that it is about is another.
pub(crate) async fn run_sample(scene: &Scene, module: &Module, name: &str, id: &str) -> Value {
    let actions = &module.description().actions;
    let action = actions.iter().find(|action| action.name == name);
    let action = action.unwrap_or_else(|| panic!("no action {name}"));
    let mut input: Value = serde_json::from_str(&action.sample).unwrap();
    if let Some(subject) = &action.subject {
        *input.pointer_mut(subject).unwrap() = json!(id);
    }
    check(&action.input_schema, &input, &format!("the sample of {name}"));
    let answer = scene.action(name, &input).await;
    check(&action.output_schema, &answer, &format!("the answer of {name}"));
    answer
}

async fn run(scene: &Scene, name: &str, order_id: &str) -> Value {
    run_sample(scene, &module().await, name, order_id).await
}

#[tokio::test(start_paused = true)]
async fn every_action_does_its_step_with_its_sample_and_answers_by_its_schema() {
    let scene = Scene::set(settings()).await;
    // 100 USD, so that the sample's payment of 50.00 leaves something for the driver.
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    let mut run_by_now = Vec::new();
    let mut step = async |name: &'static str, id: &str| {
        run_by_now.push(name);
        run(&scene, name, id).await
    };

    let synced = step("sync-order", &id).await;
    assert_eq!(synced["done"], false, "`deliver_when` leaves it out: {synced}");
    let created = step("create-delivery", &id).await;
    assert_eq!((&created["effects"][0]["verb"], scene.cod(&id).as_deref()), (&json!("created"), Some("100")));
    let recorded = step("record-payment", &id).await;
    assert_eq!(recorded["effects"][0]["verb"], "recorded");
    assert_eq!(scene.recorded(&id), ["50"]);
    let again = run(&scene, "record-payment", &id).await;
    assert_eq!(
        (&again["done"], scene.recorded(&id).len()),
        (&json!(false), 1),
        "one reference is one payment"
    );
    // The rule of these settings leaves every order out, and the action keeps to it.
    let updated = step("update-delivery", &id).await;
    assert_eq!(updated["done"], false);
    let told = step("notify-customer", &id).await;
    assert_eq!(told["effects"][0]["verb"], "notified");
    assert_eq!(scene.messages("c1"), [format!("Your order {id} is ready.")]);

    let status = step("order-status", &id).await;
    assert_eq!(status["order"]["due"], json!({"amount": "50", "currency": "USD"}));
    assert_eq!(status["delivery"]["state"], "created");
    let findings = step("reconcile-order", &id).await;
    assert!(findings["findings"].is_array());
    let registered = step("register-provider", &id).await;
    assert_eq!(registered["effects"][0]["verb"], "created");
    assert_eq!(run(&scene, "register-provider", &id).await["effects"][0]["verb"], "verified");
    assert_eq!(scene.fakes.snapshot().ghl.providers.len(), 1);

    scene.dispatch(&id).await;
    scene.step(&id, deliver_for("50")).await;
    scene.intercept();
    let pushed = step("push-fulfillment", &id).await;
    let verbs: Vec<&str> =
        pushed["effects"].as_array().unwrap().iter().map(|it| it["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["created", "noted", "recorded", "notified"], "{pushed}");
    assert_eq!(scene.fulfilled(&id), ["2 × p1"]);

    let other = scene.place(&order("c2", "USD", "10", &[("p1", "1", "10")])).await;
    run(&scene, "create-delivery", &other).await;
    let cancelled = step("cancel-delivery", &other).await;
    assert_eq!(cancelled["effects"][0]["verb"], "deleted");
    assert!(scene.delivery(&other).removed);

    let module = module().await;
    let mut known: Vec<&str> =
        module.description().actions.iter().map(|action| action.name.as_str()).collect();
    known.sort_unstable();
    run_by_now.sort_unstable();
    assert_eq!(run_by_now, known, "every action was run");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_brought_up_to_date_by_hand() {
    let scene = Scene::set(json!({"mode": "all"})).await;
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    scene.pay(&id, "30").await;
    let updated = run(&scene, "update-delivery", &id).await;
    assert_eq!((&updated["effects"][0]["verb"], scene.cod(&id).as_deref()), (&json!("updated"), Some("70")));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_lost_its_delivery_is_found_when_it_is_compared() {
    let scene = Scene::new().await;
    let id = scene.place(&order("c1", "USD", "100", &[("p1", "2", "50")])).await;
    assert_eq!(run(&scene, "reconcile-order", &id).await["findings"], json!([]));
    let forget = transload_sandbox::Removal { forget: true, webhook: false };
    scene.fakes.delete_delivery(&id, forget, scene.now()).unwrap();
    assert_eq!(
        run(&scene, "reconcile-order", &id).await["findings"],
        json!([]),
        "its event may still be under way"
    );
    // Ten minutes after an order was placed it ought to have a delivery.
    scene.later(std::time::Duration::from_mins(10)).await;
    let found = run(&scene, "reconcile-order", &id).await;
    assert_eq!(found["findings"][0]["kind"], "order-without-delivery");
    assert_eq!(found["findings"][0]["left"]["amount"], "100.00 USD");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_action_on_an_order_that_is_not_there_says_so() {
    let scene = Scene::new().await;
    for name in ["sync-order", "create-delivery", "cancel-delivery", "push-fulfillment", "record-payment"] {
        let answer = run(&scene, name, "nobody").await;
        assert_eq!(answer["done"], false, "{name}: {answer}");
    }
    let unknown = scene.host.run_action(SHOP, "launch", "{}").await.unwrap_err();
    assert!(unknown.to_string().contains("launch"), "{unknown}");
    assert_eq!(scene.fakes.write_counts().writes, 0);
    scene.end().await;
}
