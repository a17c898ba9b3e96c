//! Answers that are lost and vendors that are busy or down: every write has one effect.

use serde_json::json;
use transload_sandbox::RankrKind;

use super::scene::{coats, refuse, scene};
use crate::flows::scene::Scene;

/// Each writing call that this connector makes, with what of the day it is about.
fn writes(order: &str, payment: &str) -> Vec<(&'static str, String)> {
    vec![
        ("PUT", format!("/rankr/orders/{order}")),
        ("PUT", format!("/rankr/payments/transactions/{payment}")),
        ("POST", format!("/rankr/payments/orders/{order}/fulfillments")),
        ("POST", format!("/ghl/payments/orders/{order}/fulfillments")),
        ("POST", "/ghl/contacts/c1/notes".to_owned()),
    ]
}

/// An order with a payment, a fulfilment on each side and a note.
async fn morning(scene: &Scene, id: &str) {
    scene.settle().await;
    scene.fulfil(id, &[("tee", 1)], Some("N1")).await;
    scene.poll("fulfillments").await;
    let lines = json!([{"lineId": "coat", "quantity": "2"}]);
    scene.ship(id, &json!({"status": "out_for_delivery", "trackingNumber": "P1", "lines": lines})).await;
}

fn has_each_once(scene: &Scene, id: &str, payment: &str) {
    assert_eq!(scene.fulfilled(id), ["1 × tee", "2 × coat"]);
    assert_eq!(scene.shipments(id), ["1 × tee: out_for_delivery N1", "2 × coat: out_for_delivery P1"]);
    assert_eq!(scene.sink_money(id).0, "150.1");
    assert_eq!(scene.sink(RankrKind::Transaction, payment).status, "succeeded");
    assert_eq!(scene.notes_with("c1", "Payment of 150.10 USD received").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_write_makes_no_second_effect() {
    for lost in 0..writes("", "").len() {
        let scene = scene().await;
        let id = scene.order(&coats()).await;
        let payment = scene.fakes.pay(&id, transload_sandbox::Pay::default(), scene.now()).unwrap();
        let (method, path) = writes(&id, &payment).remove(lost);
        scene.road.lose_answer(method, &path);
        morning(&scene, &id).await;
        scene.poll_all().await;
        has_each_once(&scene, &id, &payment);
        assert!(scene.alerts().await.is_empty(), "{path}: {:?}", scene.alerts().await);
        scene.is_quiet().await;
        scene.end().await;
    }
}

/// Ten refusals are seventeen minutes of pauses that double.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_busy_or_down_delays_a_write_and_loses_nothing() {
    for (system, method, path) in [
        ("rankr", "PUT", "/orders/"),
        ("rankr", "PUT", "/payments/transactions/"),
        ("rankr", "POST", "/payments/orders/"),
        ("rankr", "GET", "/"),
        ("ghl", "POST", "/payments/orders/"),
        ("ghl", "GET", "/payments/"),
    ] {
        for status in [429, 503] {
            let scene = scene().await;
            let id = scene.order(&coats()).await;
            let payment = scene.fakes.pay(&id, transload_sandbox::Pay::default(), scene.now()).unwrap();
            refuse(&scene.fakes, system, method, path, status, 8);
            morning(&scene, &id).await;
            scene.poll_all().await;
            has_each_once(&scene, &id, &payment);
            assert!(scene.alerts().await.is_empty(), "{system} {method} {path} {status}");
            scene.is_quiet().await;
            scene.end().await;
        }
    }
}
