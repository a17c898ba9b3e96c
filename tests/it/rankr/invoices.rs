//! Invoices are held in Rankr, and compared with what was paid for them.

use std::time::Duration;

use serde_json::json;
use transload_sandbox::{Edit, Json, NewInvoice, PayInvoice, RankrKind};

use super::scene::{coats, object, plain, scene, set};
use crate::flows::scene::Scene;

const MINUTE: Duration = Duration::from_mins(1);

/// What a merchant and a payer do to an invoice.
#[derive(Debug, Clone, Copy)]
enum Act {
    Send,
    Pay(&'static str),
    Record(&'static str),
    Void,
}

async fn act(scene: &Scene, invoice: &str, act: Act) {
    scene.later(MINUTE).await;
    let now = scene.now();
    let pay = |amount: &str, mode: Option<&str>| PayInvoice {
        amount: Some(serde_json::from_str(amount).unwrap()),
        mode: mode.map(str::to_owned),
        ..PayInvoice::default()
    };
    match act {
        Act::Send => drop(scene.fakes.send_invoice(invoice, now).unwrap()),
        Act::Pay(amount) => drop(scene.fakes.pay_invoice(invoice, pay(amount, None), now).unwrap()),
        Act::Record(amount) => {
            drop(scene.fakes.pay_invoice(invoice, pay(amount, Some("cash")), now).unwrap())
        }
        Act::Void => drop(scene.fakes.void_invoice(invoice, now).unwrap()),
    }
}

/// A draft for all of an order.
async fn billed(scene: &Scene) -> (String, String) {
    let order = scene.place(&coats()).await;
    scene.later(MINUTE).await;
    let invoice = scene.fakes.make_invoice(NewInvoice::of_order(&order), scene.now()).unwrap();
    (order, invoice)
}

fn held(scene: &Scene, invoice: &str) -> (String, String, String) {
    let record = scene.sink(RankrKind::Invoice, invoice);
    (record.status.clone(), plain(record.paid), plain(record.due))
}

fn is(status: &str, paid: &str, due: &str) -> (String, String, String) {
    (status.to_owned(), paid.to_owned(), due.to_owned())
}

/// What is done, and how Rankr has the invoice then.
fn life() -> Vec<(Act, (String, String, String))> {
    vec![
        (Act::Send, is("sent", "0", "150.1")),
        (Act::Record("50.1"), is("partially_paid", "50.1", "100")),
        (Act::Record("100"), is("paid", "150.1", "0")),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_webhook_of_an_invoice_brings_rankr_up_to_date() {
    let scene = scene().await;
    let (order, invoice) = billed(&scene).await;
    scene.settle().await;
    assert_eq!(held(&scene, &invoice), is("draft", "0", "150.1"));
    assert_eq!(scene.sink(RankrKind::Invoice, &invoice).order.as_deref(), Some(order.as_str()));
    for (step, expected) in life() {
        act(&scene, &invoice, step).await;
        scene.settle().await;
        assert_eq!(held(&scene, &invoice), expected, "{step:?}");
    }
    scene.poll_all().await;
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invoice_whose_webhooks_are_lost_is_found_by_the_poll() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    scene.intercept();
    scene.poll("invoice-list").await;
    assert_eq!(held(&scene, &invoice), is("draft", "0", "150.1"));
    for (step, expected) in life() {
        act(&scene, &invoice, step).await;
        scene.intercept();
        scene.poll("invoice-list").await;
        assert_eq!(held(&scene, &invoice), expected, "{step:?}");
    }
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn webhooks_of_an_invoice_that_come_twice_and_turned_round_leave_the_latest_state() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    for (step, _) in life() {
        act(&scene, &invoice, step).await;
    }
    let mut hooks = scene.intercept();
    hooks.reverse();
    for hook in hooks.iter().chain(&hooks) {
        assert_eq!(scene.arrive(hook).await.status(), 200);
        scene.settle().await;
        if scene.fakes.rankr_record(RankrKind::Invoice, &invoice).is_some() {
            assert_eq!(held(&scene, &invoice), is("paid", "150.1", "0"));
        }
    }
    assert_eq!(scene.sink(RankrKind::Invoice, &invoice).writes, 1);
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_paid_of_an_invoice_is_held_as_its_payment() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    for step in [Act::Send, Act::Pay("50.1"), Act::Pay("100")] {
        act(&scene, &invoice, step).await;
        scene.settle().await;
    }
    scene.poll_all().await;
    let held = scene.fakes.snapshot().rankr.transactions;
    let text = |one: &Json, name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let amounts: Vec<String> = held.iter().map(|one| text(one, "amount")).collect();
    assert_eq!(amounts, ["50.1", "100"]);
    assert!(held.iter().all(|one| text(one, "invoiceId") == invoice), "{held:?}");
    assert!(scene.alerts().await.is_empty(), "{:?}", scene.alerts().await);
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_says_otherwise_than_its_payments_is_told_of_once() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    act(&scene, &invoice, Act::Send).await;
    act(&scene, &invoice, Act::Record("50.1")).await;
    scene.settle().await;
    let says = async |paid: &str| {
        scene.later(MINUTE).await;
        let members = object(&serde_json::from_str(&format!(r#"{{"amountPaid":{paid}}}"#)).unwrap());
        let edit = Edit { members, webhook: Some("InvoiceUpdate".to_owned()) };
        scene.fakes.edit_invoice(&invoice, edit, scene.now()).unwrap();
        scene.settle().await;
    };
    says("60.1").await;
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        (alerts[0].kind.as_str(), alerts[0].subject.as_str()),
        ("invoice-payment-differs", invoice.as_str())
    );
    assert!(
        alerts[0].message.contains("60.1") && alerts[0].message.contains("50.1"),
        "{}",
        alerts[0].message
    );
    scene.poll_all().await;
    scene.is_quiet().await;
    assert_eq!(scene.alerts().await.len(), 1, "it is no news");
    says("50.1").await;
    says("60.1").await;
    assert_eq!(scene.alert_kinds().await.len(), 2, "it was right in between");
    scene.end().await;
}

/// GoHighLevel lets one be voided that was paid in cash.
#[tokio::test(start_paused = true)]
async fn a_void_invoice_with_money_on_it_is_told_of() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    act(&scene, &invoice, Act::Send).await;
    act(&scene, &invoice, Act::Record("50.1")).await;
    act(&scene, &invoice, Act::Void).await;
    scene.settle().await;
    assert_eq!(held(&scene, &invoice).0, "void");
    let alerts = scene.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].kind, "invoice-void-but-paid");
    assert!(alerts[0].message.contains("50.1"), "{}", alerts[0].message);
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_void_invoice_that_nobody_paid_is_void_in_rankr_and_one_that_is_deleted_stays() {
    let scene = scene().await;
    let (_, invoice) = billed(&scene).await;
    act(&scene, &invoice, Act::Send).await;
    act(&scene, &invoice, Act::Void).await;
    scene.settle().await;
    assert_eq!(held(&scene, &invoice).0, "void");
    let (_, draft) = billed(&scene).await;
    scene.settle().await;
    scene.fakes.delete_invoice(&draft, scene.now()).unwrap();
    scene.settle().await;
    assert_eq!(held(&scene, &draft).0, "draft");
    assert!(scene.alerts().await.is_empty());
    scene.poll_all().await;
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_is_changed_in_rankr_is_put_back_once_by_webhook_or_by_poll() {
    for by_webhook in [true, false] {
        let scene = scene().await;
        let (_, invoice) = billed(&scene).await;
        scene.settle().await;
        for round in 0..3 {
            let members = json!({"amount": "1.00"});
            if by_webhook {
                scene.edit_sink(RankrKind::Invoice, &invoice, &members).await;
            } else {
                scene.edit_sink_silently(RankrKind::Invoice, &invoice, &members).await;
                scene.poll("sink-invoices").await;
            }
            let amount = scene.sink(RankrKind::Invoice, &invoice).amount;
            assert_eq!(amount, Some(if round == 0 { "150.1" } else { "1" }.parse().unwrap()));
        }
        assert_eq!(scene.alert_kinds().await, ["edit-overruled", "systems-disagree"]);
        assert_eq!(scene.sink(RankrKind::Invoice, &invoice).writes, 2);
        scene.is_quiet().await;
        scene.end().await;
    }
}

/// A granted scope is a choice of the operator's.
#[tokio::test(start_paused = true)]
async fn without_the_scope_for_invoices_all_else_goes_on() {
    let plan = super::scene::plan(json!({"mode": "all"}));
    let without: &'static [&'static str] = &["invoices.readonly", "payments/subscriptions.readonly"];
    let scene = Scene::of(crate::flows::scene::Plan { without, ..plan }).await;
    let (order, invoice) = billed(&scene).await;
    scene.settle().await;
    scene.pay(&order, "10").await;
    scene.poll_all().await;
    assert!(scene.fakes.rankr_record(RankrKind::Invoice, &invoice).is_none());
    assert_eq!(scene.sink_money(&order).0, "10");
    assert!(!scene.host.is_paused(crate::fakes::SHOP).unwrap());
    scene.is_quiet().await;
    scene.end().await;
}

#[tokio::test(start_paused = true)]
async fn invoices_are_left_out_where_that_is_set() {
    let scene = set(json!({"mode": "all", "invoices": {"sync": false}})).await;
    let (_, invoice) = billed(&scene).await;
    scene.settle().await;
    scene.poll_all().await;
    assert!(scene.fakes.rankr_record(RankrKind::Invoice, &invoice).is_none());
    scene.is_quiet().await;
    scene.end().await;
}
