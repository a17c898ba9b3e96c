//! Payments are noticed by polling, written down once, and change what the driver collects.

use serde_json::{Value, json};
use transload_sandbox::{Edit, Json, Pay, System};

use super::reading::deliver;
use super::scene::{Scene, WORKFLOW_TOKEN};
use crate::stage::order;

/// An order of 100 USD that nobody has paid.
fn hundred() -> String {
    order("c1", "USD", "100", &[("p1", "1", "100")])
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_confirmed_is_noted_and_tagged_once_and_linked_to_its_delivery() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    scene.pay(&id, "100").await;
    assert_eq!(scene.poll("transactions").await, 1);
    assert_eq!(scene.poll("transactions").await, 0);
    let notes = scene.notes_with("c1", "Payment of");
    let expected = format!(
        "Payment of 100.00 USD received for order {id}. Track-POD delivery {}, {}",
        scene.delivery(&id).track_id,
        scene.text(&id, "TrackLink")
    );
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with(&expected), "{} is not {expected}", notes[0]);
    assert_eq!(scene.fakes.effects().tags["c1"], ["order-paid"]);
    assert!(scene.text(&id, "Note").ends_with("Paid 100.00 USD."), "the driver is told as well");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_after_planning_lowers_the_cash_to_collect() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    scene.pay(&id, "40.01").await;
    assert_eq!(scene.cod(&id).as_deref(), Some("100"), "GoHighLevel tells nobody of a part payment");
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id).as_deref(), Some("59.99"));
    scene.pay(&id, "59.99").await;
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id).as_deref(), Some("0"));
    let effects = scene.effects().await;
    let last = effects.iter().rev().find(|effect| effect.kind == "revenue").unwrap();
    assert_eq!(last.summary, "captured 100.00 USD, refunded 0.00 USD, net 100.00 USD");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_after_dispatch_has_a_person_tell_the_driver() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    scene.dispatch(&id).await;
    scene.pay(&id, "40").await;
    scene.poll("transactions").await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].kind, "change-too-late");
    assert!(alerts[0].message.contains("to collect 60.00 USD, and not 100.00 USD"), "{}", alerts[0].message);
    assert_eq!(scene.cod(&id).as_deref(), Some("100"));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_fails_is_noted_and_moves_nothing() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    let failed = Pay { amount: None, status: Some("failed".to_owned()) };
    scene.fakes.pay(&id, failed, scene.now()).unwrap();
    scene.poll("transactions").await;
    assert_eq!(scene.notes_with("c1", "Payment of 100.00 USD").len(), 1);
    assert_eq!(scene.notes_with("c1", "failed.").len(), 1);
    assert_eq!(scene.cod(&id).as_deref(), Some("100"));
    assert_eq!(scene.fakes.effects().tags["c1"], Vec::<String>::new());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_test_payment_of_a_live_order_is_no_money() {
    let scene = Scene::set(json!({"mode": "live"})).await;
    let id = scene.place(&hundred()).await;
    let paid = scene.fakes.pay(&id, Pay::default(), scene.now()).unwrap();
    let test = Edit::silent(Json::parse(r#"{"liveMode":false}"#).unwrap());
    scene.fakes.edit_transaction(&paid, test).unwrap();
    scene.settle().await;
    scene.poll("transactions").await;
    assert_eq!(scene.cod(&id).as_deref(), Some("100"));
    assert!(scene.notes_with("c1", "Payment of").is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_workflow_tells_of_a_payment_before_it_is_polled() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    let paid = scene.pay(&id, "25").await;
    let body = json!({"payment": {"transaction_id": paid}});
    assert_eq!(scene.workflow("guessed", &body).await.status(), 401);
    assert_eq!(scene.cod(&id).as_deref(), Some("100"));
    assert_eq!(scene.workflow(WORKFLOW_TOKEN, &body).await.status(), 200);
    assert_eq!(scene.cod(&id).as_deref(), Some("75"));
    assert_eq!(scene.poll("transactions").await, 0, "it is the same event");
    scene.end().await;
}

fn object() -> Value {
    json!({"mode": "all", "payment_record": {
        "kind": "object", "schema_key": "custom_objects.payments", "order_property": "order_id",
        "properties": {"amount": "{{ payment.amount }} {{ order.currency }}", "paid": "{{ order.paid }}",
            "delivery": "{{ delivery.link }}"},
    }})
}

#[tokio::test(start_paused = true)]
async fn a_payment_is_written_to_a_record_of_a_custom_object_one_for_each_order() {
    let scene = Scene::set(object()).await;
    let id = scene.place(&hundred()).await;
    scene.pay(&id, "40.5").await;
    scene.road.lose_answer("POST", "/ghl/objects/custom_objects.payments/records");
    scene.poll("transactions").await;
    scene.pay(&id, "59.5").await;
    scene.poll("transactions").await;
    let records = scene.fakes.effects().records.remove("custom_objects.payments").unwrap();
    assert_eq!(records.len(), 1);
    let properties = &records[0].properties;
    assert_eq!(properties["order_id"], id);
    assert_eq!((properties["amount"].as_str(), properties["paid"].as_str()), ("59.50 USD", "100.00"));
    assert_eq!(properties["delivery"], scene.text(&id, "TrackLink"));
    assert!(scene.fakes.effects().tags["c1"].is_empty());
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_is_written_to_an_opportunity_one_for_each_order() {
    let record = json!({"kind": "opportunity", "pipeline_id": "pipe", "stage_id": "stage", "name": "Sale {{ order.number }}"});
    let scene = Scene::set(json!({"mode": "all", "payment_record": record})).await;
    let id = scene.place(&hundred()).await;
    scene.pay(&id, "40.5").await;
    scene.road.lose_answer("POST", "/ghl/opportunities/");
    scene.poll("transactions").await;
    scene.pay(&id, "59.5").await;
    scene.poll("transactions").await;
    let opportunities = scene.fakes.effects().opportunities;
    assert_eq!(opportunities.len(), 1);
    let won = &opportunities[0];
    assert_eq!(
        (won.name.as_str(), won.status.as_str(), won.contact.as_str()),
        (format!("Sale {id}").as_str(), "won", "c1")
    );
    assert_eq!(won.value.unwrap().normalized().to_string(), "100");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn lost_answers_write_a_payment_down_once() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    scene.road.lose_answer("PUT", "/track-pod/Order");
    scene.pay(&id, "100").await;
    scene.road.lose_answer("POST", "/ghl/contacts/c1/notes");
    scene.road.lose_answer("POST", "/ghl/contacts/c1/tags");
    scene.poll("transactions").await;
    assert_eq!(scene.notes_with("c1", "Payment of").len(), 1);
    assert_eq!(scene.fakes.effects().tags["c1"], ["order-paid"]);
    assert_eq!(scene.cod(&id).as_deref(), Some("0"));
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn payments_are_logged_in_a_custom_field_if_that_is_set() {
    let settings = json!({"mode": "all", "delivery": {"log_payments": "cf_12", "note": "Ring twice."}});
    let scene = Scene::set(settings).await;
    let id = scene.place(&hundred()).await;
    scene.pay(&id, "10").await;
    scene.poll("transactions").await;
    let fields = scene.shown(&id, "CustomFields").unwrap().to_string();
    assert!(fields.contains("cf_12") && fields.contains("Paid 10.00 USD."), "{fields}");
    assert_eq!(scene.text(&id, "Note"), "Ring twice.");
    scene.end().await;
}

/// Nothing that a payment changes reaches a delivery that is over.
#[tokio::test(start_paused = true)]
async fn a_payment_after_delivery_is_written_down_and_nothing_more() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    scene.dispatch(&id).await;
    scene.drive(&id, deliver()).await;
    assert_eq!(scene.alert_kinds().await, ["cash-differs"], "nothing was collected, and 100 USD were due");
    scene.pay(&id, "100").await;
    scene.poll("transactions").await;
    assert_eq!(scene.notes_with("c1", "Payment of 100.00 USD").len(), 1);
    assert_eq!(scene.writes(System::TrackPod, "PUT", "/Order"), 0);
    scene.end().await;
}

/// What a payment is for is told by its `entityType` and `entityId`.
#[tokio::test(start_paused = true)]
async fn a_payment_of_an_invoice_or_a_subscription_is_noted_for_that() {
    let scene = Scene::new().await;
    let id = scene.place(&hundred()).await;
    for kind in ["invoice", "subscription"] {
        let paid = scene
            .fakes
            .pay(&id, Pay { amount: Some(serde_json::from_str("10").unwrap()), status: None }, scene.now())
            .unwrap();
        let of = Json::parse(&format!(r#"{{"entityType":"{kind}","entityId":"{kind}-1"}}"#)).unwrap();
        scene.fakes.edit_transaction(&paid, Edit::silent(of)).unwrap();
    }
    scene.poll("transactions").await;
    for kind in ["invoice", "subscription"] {
        assert_eq!(
            scene.notes_with("c1", &format!("Payment of 10.00 USD received for {kind} {kind}-1.")).len(),
            1
        );
        let effects = scene.effects().await;
        let kept = effects
            .iter()
            .find(|effect| effect.kind == "revenue" && effect.id == format!("{kind}-1"))
            .unwrap();
        assert_eq!(kept.summary, "captured 10.00 USD, refunded 0.00 USD, net 10.00 USD");
    }
    scene.end().await;
}
