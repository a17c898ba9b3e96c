//! Fulfilments, against a scripted vendor.

use transload_model::FulfilledLine;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;
use crate::progress;

/// So many of each of the order's two lines, of which there are to be one and two.
fn delivery(order: &Order, delivered: [&str; 2]) -> Fulfillment {
    let lines = order.lines.iter().zip(delivered).map(|(line, fulfilled)| FulfilledLine {
        line_id: line.id.clone(),
        ordered: Some(line.quantity),
        fulfilled: fulfilled.parse().unwrap(),
        reason: Some("Torn".to_owned()),
    });
    Fulfillment {
        id: "d1".to_owned(),
        order_id: order.id.clone(),
        state: FulfillmentState::PartiallyDelivered,
        attempt: 1,
        lines: lines.collect(),
        tracking: Vec::new(),
        proof: None,
        cash_collected: None,
        reason: None,
        happened_at: None,
        estimated_at: None,
    }
}

fn order() -> Order {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    with_shop(&fakes, |shop| Ok(shop.ghl.order("o1")?.unwrap())).unwrap()
}

fn post(fakes: &Fakes, known: &mut Known, delivered: [&str; 2]) -> Report {
    let order = order();
    let fulfillment = delivery(&order, delivered);
    let cx = fakes.context();
    let settings = cx.settings().unwrap();
    done(post_new(&Shop::new(&cx, &settings), Work::default(), known, (&order, &fulfillment)).unwrap().into())
}

const ONE_EACH: &str = r#"{"status":true,"data":[{"_id":"f1","items":[{"_id":"i1","price":{"_id":"p1"},"qty":1},{"_id":"i2","price":{"_id":"p2"},"qty":1}]}]}"#;

#[test]
fn only_what_is_not_written_down_yet_is_posted() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, ONE_EACH)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, ONE_EACH);
    let mut known = progress::load(&fakes.context(), "d1").unwrap();
    let report = post(&fakes, &mut known, ["1", "2"]);
    assert_eq!(report.effects[0].summary, "fulfilled 1 × Coat");
    assert_eq!(verbs(&post(&fakes, &mut known, ["1", "1"])), [(Verb::Verified, "ghl", "fulfillment")]);
    assert_eq!(writes(&fakes).len(), 1);
}

#[test]
fn what_is_beyond_the_order_is_told_once_even_where_nothing_is_written() {
    let fakes = Fakes::new(r#"{"location_id":"loc1","mode":"all","writes":false}"#, NOW);
    let mut known = progress::load(&fakes.context(), "d1").unwrap();
    assert_eq!(alerts(&post(&fakes, &mut known, ["1", "3"])), ["delivered-too-much"]);
    assert!(alerts(&post(&fakes, &mut known, ["1", "3"])).is_empty());
    assert!(fakes.sent().is_empty());
}

#[test]
fn refused_goods_are_told_line_by_line_and_once() {
    let order = order();
    let mut known = progress::load(&Fakes::new(SETTINGS, NOW).context(), "d1").unwrap();
    let part = delivery(&order, ["1", "1"]);
    let mut tell = |fulfillment: &Fulfillment| {
        done(tell_of_refusal(Work::default(), &mut known, &order, fulfillment).into())
    };
    let told = tell(&part);
    assert!(told.alerts[0].message.contains("did not accept 1 × Coat (Torn)"), "{:?}", told.alerts);
    assert!(tell(&part).alerts.is_empty());
    assert!(tell(&delivery(&order, ["1", "2"])).alerts.is_empty());
    let refused = Fulfillment { state: FulfillmentState::Rejected, ..delivery(&order, ["0", "0"]) };
    assert!(tell(&refused).alerts[0].message.contains("none of order o1"));
}

#[test]
fn a_mark_is_another_when_more_is_delivered() {
    let order = order();
    assert_eq!(mark("d1", &delivery(&order, ["1", "0"])), "partially delivered d1 attempt 1 1×p1");
    assert_eq!(mark("d1", &delivery(&order, ["1", "2.0"])), "partially delivered d1 attempt 1 1×p1 2×p2");
    assert_eq!(mark("d1", &delivery(&order, ["0", "0"])), "partially delivered d1 attempt 1");
}
