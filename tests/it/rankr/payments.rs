//! Payments are held in Rankr one by one, refunds and failures with them, and a person is told of what the settings say.

use serde_json::{Value, json};
use transload_sandbox::{Pay, RankrKind, System};

use super::scene::{coats, plain, scene, set};
use crate::flows::scene::Scene;

fn held(scene: &Scene, payment: &str) -> (String, String, String) {
    let record = scene.sink(RankrKind::Transaction, payment);
    (record.status.clone(), plain(record.amount), plain(record.refunded))
}

fn is(status: &str, amount: &str, refunded: &str) -> (String, String, String) {
    (status.to_owned(), amount.to_owned(), refunded.to_owned())
}

/// A try that fails.
async fn fail(scene: &Scene, order: &str) -> String {
    scene.later(std::time::Duration::from_mins(1)).await;
    let pay = Pay { amount: None, status: Some("failed".to_owned()) };
    scene.fakes.pay(order, pay, scene.now()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_payment_is_held_in_rankr_and_follows_its_refunds() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let first = scene.pay(&id, "50.05").await;
    assert_eq!(scene.poll("transactions").await, 1);
    assert_eq!(held(&scene, &first), is("succeeded", "50.05", "0"));
    let record = scene.sink(RankrKind::Transaction, &first);
    assert_eq!((record.order.as_deref(), record.currency.as_deref()), (Some(id.as_str()), Some("USD")));
    let second = scene.pay(&id, "100.05").await;
    scene.poll("transactions").await;
    scene.refund(&first, "20").await;
    assert_eq!(scene.poll("transactions").await, 1);
    assert_eq!(held(&scene, &first), is("succeeded", "50.05", "20"));
    scene.refund(&first, "30.05").await;
    scene.poll("transactions").await;
    assert_eq!(held(&scene, &first).2, "50.05");
    assert_eq!(held(&scene, &second), is("succeeded", "100.05", "0"));
    assert_eq!(scene.sink_money(&id), ("100.05".to_owned(), "50.05".to_owned()));
    assert_eq!(scene.notes_with("c1", "Payment of").len(), 2);
    assert_eq!(scene.alert_kinds().await, ["payment-refunded", "payment-refunded"]);
    scene.poll_all().await;
    scene.is_quiet().await;
    assert_eq!(scene.sink(RankrKind::Transaction, &first).writes, 3, "one for each state");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_failed_is_held_and_told_of_once() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let failed = fail(&scene, &id).await;
    scene.poll("transactions").await;
    assert_eq!(held(&scene, &failed), is("failed", "150.1", "0"));
    assert_eq!(scene.sink_order(&id).payment_status.as_deref(), Some("unpaid"));
    scene.pay(&id, "150.1").await;
    scene.poll_all().await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].kind.as_str(), alerts[0].subject.as_str()), ("payment-failed", id.as_str()));
    assert!(alerts[0].message.contains("150.10 USD"), "{}", alerts[0].message);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_settings_say_of_what_money_a_person_is_told() {
    for (alerts, expected) in [
        (json!({}), vec!["payment-failed", "payment-refunded"]),
        (json!({"payments": true}), vec!["payment-failed", "payment-received", "payment-refunded"]),
        (json!({"failures": false, "refunds": false}), vec![]),
    ] {
        let scene = set(json!({"mode": "all", "alerts": alerts})).await;
        let id = scene.place(&coats()).await;
        fail(&scene, &id).await;
        scene.poll("transactions").await;
        let payment = scene.pay(&id, "150.1").await;
        scene.poll("transactions").await;
        scene.refund(&payment, "150.1").await;
        scene.poll_all().await;
        assert_eq!(scene.alert_kinds().await, expected, "{alerts}");
        scene.is_quiet().await;
        scene.end().await;
    }
}

/// What the effects of an order say adds up to what the shop has of it.
#[tokio::test(start_paused = true)]
async fn the_revenue_record_adds_up() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let payment = scene.pay(&id, "150.1").await;
    scene.poll("transactions").await;
    scene.refund(&payment, "30.05").await;
    scene.poll("transactions").await;
    scene.poll_all().await;
    let summaries: Vec<String> = scene.effects().await.into_iter().map(|effect| effect.summary).collect();
    let last = summaries.iter().rev().find(|summary| summary.starts_with("captured ")).unwrap();
    assert_eq!(last, "captured 150.10 USD, refunded 30.05 USD, net 120.05 USD");
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn where_only_orders_are_held_what_was_paid_is_told_with_them() {
    let template = template("orders-only").await;
    let scene = set(template).await;
    let id = scene.place(&coats()).await;
    scene.pay(&id, "100").await;
    scene.fulfil(&id, &[("tee", 1)], None).await;
    scene.poll_all().await;
    let held = scene.fakes.effects().rankr;
    assert_eq!(held.orders.len(), 1);
    assert!(held.transactions.is_empty() && held.invoices.is_empty() && held.subscriptions.is_empty());
    assert!(scene.shipments(&id).is_empty());
    assert_eq!(scene.sink_money(&id).0, "100");
    assert_eq!(scene.sink_order(&id).fulfillment_status.as_deref(), Some("partially_fulfilled"));
    scene.is_quiet().await;
    assert_eq!(scene.writes(System::Ghl, "POST", &format!("/payments/orders/{id}/fulfillments")), 0);
    scene.end().await;
}

/// The settings that come with the connector under this name.
pub(crate) async fn template(name: &str) -> Value {
    let module = crate::fakes::bundled("ghl-rankr").await;
    let templates = &module.description().templates;
    let found = templates.iter().find(|template| template.name == name).unwrap();
    serde_json::from_str(&found.settings).unwrap()
}

/// Money for something that is neither an order nor an invoice of this location is money all the same.
#[tokio::test(start_paused = true)]
async fn a_payment_whose_order_is_gone_is_held_in_rankr() {
    let scene = scene().await;
    let id = scene.place(&coats()).await;
    let payment = scene.pay(&id, "100").await;
    scene.fakes.delete_order(&id).unwrap();
    scene.poll_all().await;
    assert_eq!(held(&scene, &payment), is("succeeded", "100", "0"));
    scene.is_quiet().await;
    scene.end().await;
}
