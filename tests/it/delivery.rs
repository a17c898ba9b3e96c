//! The main path: the real component, through the real host, against the sandbox.

use std::path::Path;

use serde_json::Value;
use transload::contract::Receipt;
use transload::storage::State;
use transload_sandbox::{Deliver, FaultKind, Json, Pay, PlaceOrder, Step, System};

use crate::stage::{Stage, order};

/// A vendor's request schema, kept as facts of its OpenAPI file: types, lengths, required members.
fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/schemas").join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_writes_are_valid_by_the_vendors_schemas() {
    let stage = Stage::new().await;
    let id = stage.place(&order("c1", "USD", "150.1", &[("p1", "1", "17"), ("p2", "1", "121")])).await;
    stage.drive(&id, Step::Deliver(Deliver::default())).await;
    let fulfilments = format!("/payments/orders/{id}/fulfillments");
    for (system, path, name) in [
        (System::TrackPod, "/Order", "track-pod.new-order.json"),
        (System::Ghl, fulfilments.as_str(), "ghl.create-fulfillment.json"),
        (System::Ghl, "/contacts/c1/notes", "ghl.create-note.json"),
    ] {
        let writes = stage.writes(system, "POST", path).await;
        assert!(!writes.is_empty(), "nothing was written to {path}");
        let schema = schema(name);
        for write in writes {
            let body: Value = serde_json::from_str(&write.body).unwrap();
            let faults: Vec<String> = schema.iter_errors(&body).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{path}: {faults:?} in {body:#}");
        }
    }
    stage.end().await;
}

#[test]
fn the_schemas_refuse_what_the_vendors_would() {
    for (name, body) in [
        ("track-pod.new-order.json", r#"{"Client":"a","Address":"b","Type":2}"#),
        ("track-pod.new-order.json", r#"{"Client":"a","Address":"b","Unknown":1}"#),
        (
            "ghl.create-fulfillment.json",
            r#"{"altId":"l","altType":"location","trackings":[],"notifyCustomer":true}"#,
        ),
        ("ghl.create-note.json", r#"{"title":"no body"}"#),
    ] {
        assert!(!schema(name).is_valid(&serde_json::from_str(body).unwrap()), "{name}: {body}");
    }
}

/// Unpaid, so the total is to be collected: the text of the amount is the same on both sides, digit for digit.
#[tokio::test(flavor = "multi_thread")]
async fn awkward_amounts_arrive_with_every_digit() {
    let stage = Stage::new().await;
    let amounts = [
        ("USD", "150.1"),
        // 0.1 + 0.2, which as binary floats make 0.30000000000000004.
        ("USD", "0.3"),
        ("JPY", "3000"),
        ("KWD", "1.125"),
        // One above what a double can count to, and all that fits in 64 bits.
        ("USD", "90071992547409.93"),
        ("IQD", "9223372036854775.807"),
    ];
    for (index, (currency, amount)) in amounts.into_iter().enumerate() {
        let id = stage.place(&order(&format!("c{index}"), currency, amount, &[("p1", "1", amount)])).await;
        let writes = stage.writes(System::TrackPod, "POST", "/Order").await;
        let write = writes.iter().find(|write| write.body.contains(&id)).unwrap();
        assert!(write.body.contains(&format!("\"COD\":{amount}")), "{currency} {amount}: {}", write.body);
        assert!(write.body.contains(&format!("\"Cost\":{amount}")), "{currency} {amount}: {}", write.body);
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_is_not_collected() {
    let stage = Stage::new().await;
    let id = stage.place(&order("c1", "USD", "0.3", &[("p1", "3", "0.1")])).await;
    stage
        .control
        .pay(&id, &Pay { amount: Some(serde_json::from_str("0.1").unwrap()), status: None })
        .await
        .unwrap();
    stage.host.run_action("shop", "sync-order", &format!(r#"{{"order_id":"{id}"}}"#)).await.unwrap();
    let snapshot = stage.control.snapshot().await.unwrap();
    let cod = snapshot.track_pod.orders[0].get("COD").and_then(Json::as_decimal).unwrap();
    assert_eq!(cod.normalized().to_string(), "0.2", "0.3 less 0.1, which floats make 0.19999999999999998");
    stage.end().await;
}

/// The vendor did it and the answer was lost. The next attempt looks first, and finds it done.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_doubles_nothing() {
    let stage = Stage::new().await;
    stage.fault(System::TrackPod, "POST", "/Order", FaultKind::DropAfter).await;
    stage.fault(System::Ghl, "POST", "/contacts/c1/notes", FaultKind::DropAfter).await;
    let id = stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    let fulfilments = format!("/payments/orders/{id}/fulfillments");
    stage.fault(System::Ghl, "POST", &fulfilments, FaultKind::DropAfter).await;
    stage.drive(&id, Step::Deliver(Deliver::default())).await;

    let snapshot = stage.control.snapshot().await.unwrap();
    assert_eq!(snapshot.track_pod.orders.len(), 1);
    assert_eq!(snapshot.ghl.orders[0].fulfillments.len(), 1);
    assert_eq!(snapshot.ghl.contacts[0].notes.len(), 2, "one for the plan and one for the delivery");
    assert!(stage.control.faults().await.unwrap().is_empty(), "every fault was met");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_come_twice_and_late_change_nothing() {
    let stage = Stage::new().await;
    let id = stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    stage.drive(&id, Step::Deliver(Deliver::default())).await;
    let before = stage.control.snapshot().await.unwrap();
    for webhook in stage.control.webhooks().await.unwrap().deliveries {
        stage.control.resend(webhook.id, 2, transload_sandbox::Tamper::None).await.unwrap();
    }
    stage.settle().await;
    assert_eq!(stage.control.snapshot().await.unwrap(), before);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_answers_what_it_did() {
    let stage = Stage::new().await;
    let id = stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    let input = format!(r#"{{"order_id":"{id}"}}"#);
    let answer = stage.host.run_action("shop", "sync-order", &input).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["effects"][0]["verb"], "verified", "it was already there: {answer}");
    let answer = stage.host.run_action("shop", "push-fulfillment", &input).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["done"], false);
    let error = stage.host.run_action("shop", "sync-order", r#"{"id":1}"#).await.unwrap_err();
    assert!(error.to_string().contains("expected `order_id`"), "{error}");
    stage.end().await;
}

/// Each looks before it writes, so all would find nothing if they looked at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn actions_take_turns_with_the_events_of_their_order() {
    let stage = Stage::new().await;
    let order = Json::parse(&order("c1", "USD", "20", &[("p1", "2", "10")])).unwrap();
    let placed = PlaceOrder { order: Some(order), webhook: true };
    let id = stage.control.place_order(&placed).await.unwrap().id;
    let actions: Vec<_> = (0..8)
        .map(|_| {
            let (host, input) = (stage.host.clone(), format!(r#"{{"order_id":"{id}"}}"#));
            tokio::spawn(async move { host.run_action("shop", "sync-order", &input).await })
        })
        .collect();
    for action in actions {
        action.await.unwrap().unwrap();
    }
    stage.settle().await;
    let snapshot = stage.control.snapshot().await.unwrap();
    assert_eq!(snapshot.track_pod.orders.len(), 1);
    assert_eq!(snapshot.ghl.contacts[0].notes.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_polled_into_the_revenue_record() {
    let stage = Stage::new().await;
    let id = stage.place(&order("c1", "KWD", "1.125", &[("p1", "1", "1.125")])).await;
    stage.control.pay(&id, &Pay::default()).await.unwrap();
    for _ in 0..2 {
        stage.host.poll_now("shop", "transactions").await.unwrap();
        stage.settle().await;
    }
    let events = stage.events().await;
    let paid: Vec<_> = events.iter().filter(|event| event.event.id.starts_with("transaction")).collect();
    assert_eq!(paid.len(), 1, "the second poll brought nothing new");
    let Some(Receipt::Done(report)) = &paid[0].receipt else { panic!("{:?}", paid[0]) };
    assert_eq!(report.effects[0].summary, "captured 1.125 KWD, refunded 0.000 KWD, net 1.125 KWD");
    let amount = report.effects[0].amount.as_ref().unwrap();
    assert_eq!((amount.amount.units, amount.amount.exponent, amount.currency.as_str()), (1125, 3, "KWD"));
    stage.end().await;
}

/// The polls with which a connection begins meet the refusal before the order does.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_pauses_the_connection_and_loses_nothing() {
    let stage = Stage::with(|spec| {
        let grant = spec.grants.get_mut("track-pod").unwrap();
        grant.credential = Some(transload::egress::Secret::new("wrong"));
    })
    .await;
    stage.settle().await;
    stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    let shop = stage.host.connections().remove(0);
    let reason = shop.paused.unwrap();
    assert!(reason.contains("401"), "{reason}");
    assert_eq!(shop.deliveries, 1, "the order waits");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_not_granted_names_the_line_that_would() {
    let stage = Stage::with(|spec| {
        spec.grants.get_mut("track-pod").unwrap().scopes.retain(|scope| scope != "orders.write");
    })
    .await;
    stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    let events = stage.events().await;
    assert_eq!(events[0].state, State::Parked);
    let reason = events[0].reason.as_deref().unwrap();
    assert!(reason.contains(r#"add "orders.write" to connections.shop.apis.track-pod.scopes"#), "{reason}");
    assert!(stage.writes(System::TrackPod, "POST", "/Order").await.is_empty());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_lets_no_write_out() {
    let stage = Stage::with(|spec| spec.read_only = true).await;
    stage.place(&order("c1", "USD", "20", &[("p1", "2", "10")])).await;
    let reason = stage.events().await[0].reason.clone().unwrap();
    assert!(reason.contains("read_only"), "{reason}");
    assert!(stage.control.ledger(0).await.unwrap().entries.is_empty());
    stage.end().await;
}
