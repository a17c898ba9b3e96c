//! What people do in Rankr, with a listener and without, and what a judge sees of it.

use bytes::Bytes;
use http::Request;
use transload_model::Decimal;
use transload_sandbox::{AddToRankr, Edit, History, Json, Offline, RankrKind, RankrLine, Seed, System};

use crate::rankr::order;
use crate::support::{Fixture, at, unpaced};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

fn told(members: &str, event: &str) -> Edit {
    Edit { members: json(members), webhook: Some(event.to_owned()) }
}

fn send(offline: &Offline, method: &str, uri: &str, body: &str, now_ms: u64) -> (u16, Json) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {}", offline.options().rankr_token));
    let answer = offline.call(request.body(Bytes::from(body.to_owned())).unwrap(), now_ms);
    (answer.status().as_u16(), json(std::str::from_utf8(answer.body()).unwrap()))
}

fn with_order() -> Offline {
    let offline = Offline::new(unpaced());
    let order = order("o1", NEW_YEAR, "150.10");
    assert_eq!(send(&offline, "PUT", "/rankr/orders/o1", &order, NEW_YEAR).0, 201);
    offline
}

#[test]
fn people_change_what_they_like_and_a_judge_sees_it() {
    let offline = with_order();
    let edit = told(r#"{"status":"completed","paymentStatus":"paid","note":null}"#, "order.updated");
    let edited = offline.rankr_edit(RankrKind::Order, "o1", edit, NEW_YEAR + 1_000).unwrap();
    assert_eq!(at(&edited, "receivedAt"), "2026-01-01T00:00:01.000Z");
    let new = r#"{"status":"delivered","trackingNumber":"T-1","lines":[{"lineId":"a","quantity":"1.50"}]}"#;
    let made = offline.rankr_add_fulfillment("o1", AddToRankr::told(json(new)), NEW_YEAR + 2_000).unwrap();
    assert_eq!(
        (at(&made, "origin"), at(&made, "happenedAt")),
        ("sink".into(), "2026-01-01T00:00:02.000Z".into())
    );
    let id = at(&made, "fulfillmentId");
    let edit = told(r#"{"status":"rejected","reason":"Broken"}"#, "fulfillment.updated");
    offline.rankr_edit_fulfillment("o1", &id, edit, NEW_YEAR + 3_000).unwrap();

    let record = offline.rankr_record(RankrKind::Order, "o1").unwrap();
    assert_eq!((record.version, record.status.as_str(), record.writes), (NEW_YEAR, "completed", 1));
    assert_eq!((record.amount, record.payment_status.as_deref()), (decimal("150.10"), Some("paid")));
    assert_eq!(record.lines, [RankrLine { id: "a".to_owned(), quantity: decimal("2") }]);
    let fulfillments = offline.rankr_fulfillments("o1");
    assert_eq!((fulfillments.len(), fulfillments[0].status.as_str()), (1, "rejected"));
    let effects = offline.effects().rankr;
    assert_eq!((&effects.orders["o1"], &effects.fulfillments["o1"]), (&record, &fulfillments));
    // The echo of the order's PUT is the first.
    let events = [("fulfillment.created", 1), ("fulfillment.updated", 1), ("order.updated", 2)];
    assert_eq!(effects.events, events.map(|(event, count)| (event.to_owned(), count)).into());
    let since = "/rankr/orders?updated_since=2026-01-01T00:00:03.000Z";
    assert_eq!(at(&send(&offline, "GET", since, "", NEW_YEAR + 4_000).1, "items.0.orderId"), "o1");

    offline.rankr_delete_fulfillment("o1", &id, NEW_YEAR + 4_000).unwrap();
    offline.rankr_delete(RankrKind::Order, "o1").unwrap();
    assert_eq!(offline.effects().rankr.orders.len() + offline.effects().rankr.fulfillments.len(), 0);
    assert_eq!(offline.rankr_delete(RankrKind::Order, "o1").unwrap_err().status, 404);
}

#[test]
fn a_fulfillment_makes_its_order_one_that_changed() {
    let offline = with_order();
    let since = "/rankr/orders?updated_since=2026-01-01T00:00:01.000Z";
    let changed = || at(&send(&offline, "GET", since, "", NEW_YEAR + 2_000).1, "items");
    assert_eq!(changed(), "[]");
    let body = r#"{"fulfillmentId":"f1","orderId":"o1","status":"created"}"#;
    let uri = "/rankr/payments/orders/o1/fulfillments";
    assert_eq!(send(&offline, "POST", uri, body, NEW_YEAR + 1_000).0, 201);
    assert!(changed().contains(r#""receivedAt":"2026-01-01T00:00:01.000Z""#), "{}", changed());
    // The same id again changes nothing.
    assert_eq!(send(&offline, "POST", uri, body, NEW_YEAR + 5_000).0, 200);
    assert!(changed().contains(r#""receivedAt":"2026-01-01T00:00:01.000Z""#), "{}", changed());
}

#[test]
fn what_people_made_gives_way_to_the_source() {
    let offline = Offline::new(unpaced());
    let new = json(r#"{"orderId":"o1","status":"pending","amount":"1","currency":"USD"}"#);
    let made = offline.rankr_add(RankrKind::Order, AddToRankr::silent(new.clone()), NEW_YEAR).unwrap();
    assert_eq!((at(&made, "version"), at(&made, "live")), ("0".into(), "true".into()));
    assert!(offline.take_webhooks().is_empty());
    let twice = offline.rankr_add(RankrKind::Order, AddToRankr::told(new), NEW_YEAR).unwrap_err();
    assert_eq!(twice.status, 409);
    let (status, body) = send(&offline, "PUT", "/rankr/orders/o1", &order("o1", 1, "2"), NEW_YEAR);
    assert_eq!((status, at(&body, "amount").as_str()), (200, "2"));
}

#[test]
fn senseless_changes_are_refused() {
    let offline = with_order();
    let wrong = |text: &str| AddToRankr::silent(json(text));
    let edit = |members: &str, event| Edit { members: json(members), webhook: event };
    let event = |name: &str| Some(name.to_owned());
    let refused = [
        offline.rankr_add(RankrKind::Invoice, wrong(r#"{"amount":1}"#), NEW_YEAR).unwrap_err(),
        offline.rankr_add_fulfillment("o1", wrong(r#"{"quantity":"1"}"#), NEW_YEAR).unwrap_err(),
        offline.rankr_edit(RankrKind::Order, "o1", edit("{}", event("order.deleted")), NEW_YEAR).unwrap_err(),
        offline
            .rankr_edit(RankrKind::Transaction, "t1", edit("{}", event("order.updated")), NEW_YEAR)
            .unwrap_err(),
        offline.rankr_add(RankrKind::Subscription, AddToRankr::told(json("{}")), NEW_YEAR).unwrap_err(),
        offline.rankr_edit(RankrKind::Invoice, "i1", edit("{}", None), NEW_YEAR).unwrap_err(),
        offline.rankr_add_fulfillment("o2", wrong("{}"), NEW_YEAR).unwrap_err(),
        offline.rankr_edit_fulfillment("o1", "f", edit("{}", None), NEW_YEAR).unwrap_err(),
        offline.rankr_edit_fulfillment("o1", "f", edit("{}", event("order.updated")), NEW_YEAR).unwrap_err(),
        offline.rankr_delete_fulfillment("o1", "f", NEW_YEAR).unwrap_err(),
    ];
    let statuses = refused.map(|refused| refused.status.as_u16());
    assert_eq!(statuses, [409, 409, 400, 400, 400, 404, 404, 404, 400, 404]);
}

#[test]
fn an_edit_may_plant_what_the_api_refuses() {
    let offline = with_order();
    let edit = Edit::silent(json(r#"{"amount":150.1,"orderId":"o9","receivedAt":"never"}"#));
    let edited = offline.rankr_edit(RankrKind::Order, "o1", edit, NEW_YEAR).unwrap();
    assert_eq!((at(&edited, "amount"), at(&edited, "orderId")), ("150.1".into(), "o1".into()));
    assert_eq!(at(&edited, "receivedAt"), "2026-01-01T00:00:00.000Z");
    assert_eq!(offline.rankr_record(RankrKind::Order, "o1").unwrap().amount, None);
}

#[tokio::test]
async fn the_control_api_has_the_same_functions() {
    let fixture = Fixture::start(unpaced()).await;
    let control = &fixture.control;
    let new = json(r#"{"orderId":"a/b","status":"pending","amount":"1","currency":"USD"}"#);
    control.rankr_add(RankrKind::Order, &AddToRankr::told(new)).await.unwrap();
    let edited = told(r#"{"status":"completed"}"#, "order.updated");
    let edited = control.rankr_edit(RankrKind::Order, "a/b", &edited).await.unwrap();
    assert_eq!(at(&edited, "status"), "completed");
    let made = control.rankr_add_fulfillment("a/b", &AddToRankr::told(json("{}"))).await.unwrap();
    let id = at(&made, "fulfillmentId");
    let edit = Edit::silent(json(r#"{"status":"loaded"}"#));
    let edited = control.rankr_edit_fulfillment("a/b", &id, &edit).await.unwrap();
    assert_eq!(at(&edited, "status"), "loaded");
    let info = control.info().await.unwrap();
    assert_eq!(
        (info.rankr_url, info.rankr_secret),
        (fixture.sandbox.rankr_url(), fixture.sandbox.rankr_secret())
    );
    assert_eq!((info.counts.rankr_orders, info.counts.rankr_transactions), (1, 0));
    control.rankr_delete_fulfillment("a/b", &id).await.unwrap();
    control.rankr_delete(RankrKind::Order, "a/b").await.unwrap();
    let refused = control.rankr_delete(RankrKind::Order, "a/b").await.unwrap_err();
    assert!(refused.to_string().contains("404"), "{refused}");
    control.reset().await.unwrap();
    assert!(control.snapshot().await.unwrap().rankr.orders.is_empty());
}

#[test]
fn a_seeded_history_is_in_rankr_too_and_agrees_with_ghl() {
    let offline = Offline::new(unpaced());
    let currencies = ["USD", "JPY", "KWD"].map(str::to_owned).to_vec();
    let seed = Seed { currencies, rankr: true, ..Seed::new(200, "2026-01-01") };
    let seeded = offline.seed(seed).unwrap().orders;
    let (ghl, rankr) = (offline.snapshot().ghl, offline.effects().rankr);
    assert_eq!((rankr.orders.len(), rankr.transactions.len()), (200, ghl.transactions.len()));
    for (order, made) in ghl.orders.iter().zip(&seeded) {
        let carried = &rankr.orders[&made.id];
        assert_eq!(carried.amount, decimal(&at(&order.order, "amount")));
        assert_eq!(carried.refunded, order.refunded.decimal());
        let paid = order.captured.decimal().unwrap().checked_sub(carried.refunded.unwrap()).unwrap();
        assert_eq!(carried.paid, Some(paid));
        assert_eq!(carried.currency.as_deref(), Some(at(&order.order, "currency").as_str()));
        let word = if made.history == History::RefundedInPart {
            "partially_refunded"
        } else {
            &order.payment_status
        };
        assert_eq!(carried.payment_status.as_deref(), Some(word), "{:?}", made.history);
        assert_eq!(rankr.fulfillments[&made.id].len(), order.fulfillments.len());
        let of_order: Vec<_> =
            rankr.transactions.values().filter(|one| one.order.as_deref() == Some(&made.id)).collect();
        assert_eq!(of_order.len(), made.transactions.len());
    }
    // What is seeded passes the sink's own checks: it can be sent again as it is.
    let state = offline.snapshot().rankr;
    for order in &state.orders {
        let uri = format!("/rankr/orders/{}", at(&order.order, "orderId"));
        assert_eq!(send(&offline, "PUT", &uri, &order.order.to_string(), NEW_YEAR).0, 200);
    }
    for transaction in &state.transactions {
        let uri = format!("/rankr/payments/transactions/{}", at(transaction, "transactionId"));
        assert_eq!(send(&offline, "PUT", &uri, &transaction.to_string(), NEW_YEAR).0, 200);
    }
    assert!(offline.take_webhooks().iter().all(|hook| hook.system == System::Rankr));
}
