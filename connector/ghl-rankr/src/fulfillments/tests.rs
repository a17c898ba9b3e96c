//! Fulfilments both ways, against scripted vendors.

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;

const OURS: &str = r#"{"_id": "g1", "trackings": [{"trackingNumber": "T1", "shippingCarrier": "DHL", "trackingUrl": "https://t.example/1"}],
    "items": [{"price": {"_id": "p1"}, "qty": 1}], "createdAt": "2024-04-04T16:30:00.000Z"}"#;

/// OURS as Rankr is told of it.
const POSTED: &str = r#"{"fulfillmentId":"g1","orderId":"o1","status":"out_for_delivery","origin":"ghl","trackingNumber":"T1","trackingUrl":"https://t.example/1","carrier":"DHL","lines":[{"lineId":"p1","quantity":"1"}],"happenedAt":"2024-04-04T16:30:00.000Z"}"#;

/// A fulfilment of Rankr's of both coats.
fn theirs(state: &str, more: &str) -> String {
    format!(
        r#"{{"fulfillmentId": "r1", "orderId": "o1", "status": "{state}", "lines": [{{"lineId": "p2", "quantity": "2"}}],
            "updatedAt": "2024-04-04T16:40:00.000Z"{more}}}"#
    )
}

fn sink_list(items: &[&str]) -> String {
    format!(r#"{{"items":[{}]}}"#, items.join(","))
}

fn ghl_list(items: &[&str]) -> String {
    format!(r#"{{"status":true,"data":[{}]}}"#, items.join(","))
}

fn both(fakes: Fakes, theirs: &[&str], ours: &[&str]) -> Fakes {
    fakes.answer("GET /payments/orders/o1/fulfillments", 200, &sink_list(theirs)).answer(
        "GET /payments/orders/o1/fulfillments?*",
        200,
        &ghl_list(ours),
    )
}

fn order() -> Order {
    let fakes = Fakes::new(SETTINGS, NOW).answer("*", 200, ORDER);
    with(&fakes, |connection| Ok(connection.ghl.order("o1")?.unwrap())).unwrap()
}

fn fakes() -> Fakes {
    Fakes::new(SETTINGS, NOW)
}

/// Brings both sides together, and answers what was done and whether GoHighLevel's order has changed by it.
fn run(fakes: &Fakes) -> (Report, bool) {
    let (work, wrote) = with(fakes, |connection| sync(connection, Work::default(), &order())).unwrap();
    assert_eq!(fakes.unanswered(), Vec::<String>::new());
    (done(work.into()), wrote)
}

const GHL_POST: &str = "POST /payments/orders/o1/fulfillments";
const SINK_GET: &str = "GET /payments/orders/o1/fulfillments";

#[test]
fn gohighlevels_is_posted_with_its_id_and_parcel_and_posted_once() {
    let stored =
        with_changed(POSTED, r#""happenedAt""#, r#""updatedAt":"2024-04-04T17:00:00Z","happenedAt""#);
    let fakes = both(fakes(), &[], &[OURS]).answer(GHL_POST, 201, POSTED).answer(
        SINK_GET,
        200,
        &sink_list(&[&stored]),
    );
    let fakes = both(fakes, &[&stored], &[OURS]);
    let first = with(&fakes, |connection| sync(connection, Work::default(), &order())).unwrap();
    let report = done(first.0.into());
    assert_eq!(verbs(&report), [(Verb::Created, "rankr", "fulfillment")]);
    assert_eq!(report.effects[0].summary, "fulfilled 1 × Tee, as GoHighLevel says");
    assert!(!first.1, "GoHighLevel's order is as it was");
    assert_eq!(body(&writes(&fakes)[0]), POSTED);
    assert!(run(&fakes).0.effects.is_empty());
    let links = Links::load(&fakes.context(), "o1").unwrap();
    assert!(links.has_ghl("g1") && links.is_linked("g1"));
    // 2024-04-04T17:00:00Z by `date -ud … +%s`.
    assert_eq!(links.newest().map(|at| at.0), Some(1_712_250_000_000));
}

#[test]
fn how_it_is_posted_is_a_setting() {
    let settings = r#"{"location_id":"loc1","mode":"all","fulfillments":{"posted_as":"delivered","notify_customer":true}}"#;
    let fakes = both(Fakes::new(settings, NOW), &[], &[OURS]).answer(GHL_POST, 201, POSTED).answer(
        SINK_GET,
        200,
        &sink_list(&[]),
    );
    run(&fakes);
    let body = body(&writes(&fakes)[0]);
    assert!(body.contains(r#""status":"delivered""#) && body.contains(r#""notifyCustomer":true"#), "{body}");
}

#[test]
fn one_that_rankr_took_before_is_not_a_second_one() {
    let fakes = both(fakes(), &[], &[OURS]).answer(GHL_POST, 200, POSTED);
    let (report, _) = run(&fakes.answer(SINK_GET, 200, &sink_list(&[POSTED])));
    assert_eq!(verbs(&report), [(Verb::Verified, "rankr", "fulfillment")]);
}

#[test]
fn rankrs_is_written_with_its_id_as_its_number() {
    let r1 = theirs("out_for_delivery", r#", "trackingUrl": "https://r.example/1""#);
    let fakes = both(fakes(), &[&r1], &[]).answer(GHL_POST, 200, FULFILLED);
    let (report, wrote) = run(&fakes);
    assert!(wrote);
    assert_eq!(verbs(&report), [(Verb::Created, "ghl", "fulfillment")]);
    assert_eq!(report.effects[0].link.as_deref(), Some("https://r.example/1"));
    let expected = concat!(
        r#"{"altId":"loc1","altType":"location","trackings":[{"trackingNumber":"r1","trackingUrl":"https://r.example/1"}],"#,
        r#""items":[{"priceId":"p2","qty":2}],"notifyCustomer":false}"#,
    );
    assert_eq!(body(&writes(&fakes)[0]), expected);
}

#[test]
fn one_that_has_not_left_is_remembered_and_not_written() {
    let r1 = theirs("scheduled", "");
    let fakes = both(fakes(), &[&r1], &[]);
    let (report, wrote) = run(&fakes);
    assert!(report.effects.is_empty() && !wrote);
    let told = transload_rankr::Record::read(r1.as_bytes()).unwrap();
    assert!(is_handled(&fakes.context(), &told).unwrap());
    for change in [("scheduled", "loaded"), ("16:40:00", "16:41:00")] {
        let moved = with_changed(&r1, change.0, change.1);
        let told = transload_rankr::Record::read(moved.as_bytes()).unwrap();
        assert!(!is_handled(&fakes.context(), &told).unwrap(), "{change:?}");
    }
}

#[test]
fn a_write_whose_answer_was_lost_is_found_again() {
    let r1 = theirs("delivered", "");
    let written = r#"{"_id": "g9", "trackings": [{"trackingNumber": "r1"}], "items": [{"price": {"_id": "p2"}, "qty": 2}]}"#;
    let fakes = both(fakes(), &[&r1], &[written]);
    let (report, wrote) = run(&fakes);
    assert!(!wrote);
    assert_eq!(report.effects[0].summary, "is GoHighLevel's fulfilment g9");
    assert!(writes(&fakes).is_empty());
}

#[test]
fn what_a_write_whose_answer_was_lost_left_out_is_told_of() {
    let r1 = with_changed(&theirs("delivered", ""), r#""quantity": "2""#, r#""quantity": "3""#);
    let written = r#"{"_id": "g9", "trackings": [{"trackingNumber": "r1"}], "items": [{"price": {"_id": "p2"}, "qty": 2}]}"#;
    let fakes = both(both(fakes(), &[&r1], &[written]), &[&r1], &[written]);
    let report = done(with(&fakes, look).unwrap().into());
    assert_eq!(alerts(&report), ["fulfilled-too-much"]);
    assert!(report.alerts[0].message.contains("r1 brings 1 of line p2 beyond"), "{:?}", report.alerts);
    assert!(alerts(&run(&fakes).0).is_empty(), "it is told once");
    assert!(writes(&fakes).is_empty());
}

#[test]
fn what_is_beyond_the_order_is_told_of_once_and_not_written() {
    let r1 = with_changed(&theirs("delivered", ""), r#""quantity": "2""#, r#""quantity": "3.0""#);
    let fakes = both(fakes(), &[&r1], &[]).answer(GHL_POST, 200, FULFILLED);
    let (report, _) = run(&fakes);
    assert_eq!(alerts(&report), ["fulfilled-too-much"]);
    assert!(report.alerts[0].message.contains("r1 brings 1.0 of line p2 beyond"), "{:?}", report.alerts);
    assert!(body(&writes(&fakes)[0]).contains(r#"{"priceId":"p2","qty":2}"#));
    // Goods of which none are left.
    let full = r#"{"_id": "g1", "items": [{"price": {"_id": "p2"}, "qty": 1}]}"#;
    let full = [full, r#"{"_id": "g2", "items": [{"price": {"_id": "p2"}, "qty": 1}]}"#];
    let settings = r#"{"location_id":"loc1","mode":"all","writes":false}"#;
    let fakes = both(both(Fakes::new(settings, NOW), &[&r1], &full), &[&r1], &full);
    let told =
        |report: &Report| report.alerts.iter().filter(|alert| alert.kind == "fulfilled-too-much").count();
    let (first, second) = (with(&fakes, look), with(&fakes, look));
    assert_eq!((told(&done(first.unwrap().into())), told(&done(second.unwrap().into()))), (1, 0));
}

fn look(connection: &Connection) -> Result<Work, Failure> {
    sync(connection, Work::default(), &order()).map(|(work, _)| work)
}

#[test]
fn a_linked_one_that_moves_on_is_noted_once_each() {
    let (out, delivered) =
        (theirs("out_for_delivery", ""), theirs("delivered", r#", "trackingNumber": "T7""#));
    let written = r#"{"_id": "f1", "trackings": [{"trackingNumber": "r1"}], "items": [{"price": {"_id": "p2"}, "qty": 2}]}"#;
    let fakes = both(fakes(), &[&out], &[]).answer(GHL_POST, 200, FULFILLED);
    let fakes = both(fakes, &[&delivered], &[written])
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let fakes = both(fakes, &[&delivered], &[written]);
    with(&fakes, look).unwrap();
    let report = done(with(&fakes, look).unwrap().into());
    assert_eq!(verbs(&report), [(Verb::Noted, "ghl", "note")]);
    assert_eq!(report.effects[0].summary, "Fulfilment r1 is delivered. Parcel T7.");
    assert!(body(&writes(&fakes)[1]).contains("[transload fulfillment r1 delivered]"));
    assert!(run(&fakes).0.effects.is_empty());
}

#[test]
fn a_parcel_that_gets_a_number_is_noted_too() {
    let (before, after) = (theirs("delivered", ""), theirs("delivered", r#", "trackingNumber": "T7""#));
    let fakes = both(fakes(), &[&before], &[]).answer(GHL_POST, 200, FULFILLED);
    let fakes = both(fakes, &[&after], &[]);
    let fakes =
        fakes.answer("GET /contacts/c1/notes", 200, NO_NOTES).answer("POST /contacts/c1/notes", 201, NOTE);
    with(&fakes, look).unwrap();
    run(&fakes);
    assert!(body(&writes(&fakes)[1]).contains("[transload fulfillment r1 parcel T7]"));
}

#[test]
fn one_that_is_called_off_after_it_was_written_is_told_of_once() {
    let (out, off) = (theirs("delivered", ""), theirs("cancelled", r#", "reason": "no stock""#));
    let fakes = both(fakes(), &[&out], &[]).answer(GHL_POST, 200, FULFILLED);
    let fakes =
        both(fakes, &[&off], &[]).fail("GET /contacts/c1/notes", HttpError::Denied("not granted".to_owned()));
    let fakes = both(fakes, &[&off], &[]);
    with(&fakes, look).unwrap();
    let first = done(with(&fakes, look).unwrap().into());
    assert_eq!(alerts(&first), ["fulfillment-withdrawn"]);
    assert_eq!(first.alerts[0].severity, Severity::Critical);
    assert!(first.alerts[0].message.contains("r1 of order o1 is cancelled (no stock)"), "{:?}", first.alerts);
    assert!(alerts(&done(with(&fakes, look).unwrap().into())).is_empty());
    // Nothing was written of this one, so nothing is to be taken back.
    let fakes = both(Fakes::new(SETTINGS, NOW), &[&off], &[]);
    assert!(alerts(&run(&fakes).0).is_empty());
}

#[test]
fn a_connection_that_only_watches_tells_what_each_lacks() {
    let settings = r#"{"location_id":"loc1","mode":"all","writes":false}"#;
    let fakes = both(Fakes::new(settings, NOW), &[&theirs("delivered", "")], &[OURS]);
    let (report, wrote) = run(&fakes);
    assert_eq!(alerts(&report), ["fulfillment-differs", "fulfillment-differs"]);
    assert!(!wrote && writes(&fakes).is_empty());
    assert!(report.alerts[0].message.starts_with("GoHighLevel lacks Rankr's fulfilment r1 of 2 × Coat;"));
    assert!(report.alerts[1].message.starts_with("Rankr lacks GoHighLevel's fulfilment g1 of 1 × Tee;"));
}

#[test]
fn they_may_be_left_out_and_an_order_may_be_gone() {
    let off = r#"{"location_id":"loc1","mode":"all","fulfillments":{"sync":false}}"#;
    assert!(run(&Fakes::new(off, NOW)).0.effects.is_empty());
    let gone = fakes().answer(SINK_GET, 404, MISSING);
    assert!(run(&gone).0.effects.is_empty());
    let vanishes = both(fakes(), &[], &[OURS]).answer(GHL_POST, 404, MISSING);
    assert!(run(&vanishes).0.effects.is_empty());
    assert!(vanishes.context().store.get("links/o1").unwrap().is_none());
}

#[test]
fn more_fulfilments_than_an_order_can_have_are_refused() {
    let many = vec![theirs("created", ""); FULFILLMENTS_MAX + 1];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let fakes = both(fakes(), &many, &[]);
    let failure = with(&fakes, look).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains("more than 1000 fulfilments")));
    let fakes = both(Fakes::new(SETTINGS, NOW), &many[1..], &[]);
    assert!(with(&fakes, look).is_ok());
}
