//! What comes back of a delivery, against scripted vendors.

use serde_json::{Value, json};
use transload_sdk::fakes::Fakes;
use transload_sdk::{Severity, Verb};

use super::*;
use crate::fixtures::*;

fn push(connection: &Connection) -> Result<Receipt, Failure> {
    super::push(connection, "o1")
}

/// The vendors of a delivery that is noted.
fn noted(delivery: &str) -> Fakes {
    Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1", 200, delivery)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
}

/// The vendors of a delivery that brought something.
fn posted(delivery: &str) -> Fakes {
    Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1", 200, delivery)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
}

#[test]
fn what_is_newly_delivered_is_posted_and_noted_once() {
    let part = delivery(&format!(r#""StatusId": 4, {}"#, goods([Some(1), Some(1)])));
    let whole = delivery(&format!(r#""StatusId": 3, {}"#, goods([Some(1), Some(2)])));
    let old = delivery(&goods([None, None]));
    let fakes = posted(&part)
        // The rest is delivered later: only what is new is posted.
        .answer("GET /Order/Id/o1", 200, &whole)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, r#"{"status":true,"data":[{"_id":"f1","trackings":[{"trackingNumber":"track-1"}],"items":[{"_id":"i1","name":"Tee","price":{"_id":"p1"},"qty":1},{"_id":"i2","name":"Coat","price":{"_id":"p2"},"qty":1}]}]}"#)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        // An older report of the same delivery changes nothing.
        .answer("GET /Order/Id/o1", 200, &old)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    let effects = [(Verb::Created, "ghl", "fulfillment"), (Verb::Noted, "ghl", "note")];
    assert_eq!(verbs(&done(with(&fakes, push).unwrap())), effects);
    assert_eq!(verbs(&done(with(&fakes, push).unwrap())), effects);
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("further"));
    assert!(fakes.unanswered().is_empty());

    let writes = writes(&fakes);
    let items = |request| serde_json::from_str::<Value>(&body(request)).unwrap()["items"].clone();
    assert_eq!(items(&writes[0]), json!([{"priceId": "p1", "qty": 1}, {"priceId": "p2", "qty": 1}]));
    assert_eq!(items(&writes[2]), json!([{"priceId": "p2", "qty": 1}]));
    let tracking = serde_json::from_str::<Value>(&body(&writes[0])).unwrap()["trackings"].clone();
    assert_eq!(tracking[0]["trackingNumber"], "track-1");
    assert_eq!(tracking[0]["trackingUrl"], "https://web.track-pod.com/track?id=track-1");
    assert!(body(&writes[1]).contains("Delivered in part: 1 × Tee, 1 × Coat."), "{}", body(&writes[1]));
}

#[test]
fn the_timeline_gets_the_proof_and_says_how_long_its_links_work() {
    let proof = r#""Photos": ["https://image.track-pod.com/1"], "ReportUrl": "https://report.track-pod.com/1.pdf", "DriverComment": "Left with Ada"#;
    let fakes = posted(&delivered(&format!(r#"{proof}""#)));
    with(&fakes, push).unwrap();
    let note = body(&writes(&fakes)[1]);
    for part in [
        "Signed by A. Fuller. The driver wrote: Left with Ada",
        // 2024-04-04T17:00:00Z and 24 hours, and an hour.
        r"Photographs (links work until 2024-04-05 17:00:00 UTC; after that, see Track-POD):\nhttps://image.track-pod.com/1",
        r"Delivery note (links work until 2024-04-04 18:00:00 UTC; after that, see Track-POD):\nhttps://report.track-pod.com/1.pdf",
        "[transload delivered o1 attempt 1 1×p1 2×p2]",
    ] {
        assert!(note.contains(part), "{part} is not in {note}");
    }
}

#[test]
fn a_failed_attempt_may_be_followed_by_a_delivery() {
    let failed =
        delivery(&format!(r#""StatusId": 2, "RejectReason": "Nobody home", {}"#, goods([None, None])));
    let rescheduled = delivery(&format!(r#""RescheduledTimes": 1, {}"#, goods([None, None])));
    let fakes = noted(&failed)
        .answer("GET /Order/Id/o1", 200, &rescheduled)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /Order/Id/o1", 200, &delivered(r#""RescheduledTimes": 1"#))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    assert_eq!(verbs(&done(with(&fakes, push).unwrap())), [(Verb::Noted, "ghl", "note")]);
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("scheduled: nothing to write"));
    assert_eq!(verbs(&done(with(&fakes, push).unwrap())).len(), 2);
    let notes: Vec<String> = writes(&fakes).iter().map(body).collect();
    assert!(notes[0].contains("Delivery attempt 1 failed. Reason: Nobody home."), "{}", notes[0]);
    assert!(notes[2].contains("[transload delivered o1 attempt 2"), "{}", notes[2]);
}

#[test]
fn refused_goods_are_noted_and_told_to_a_person_once() {
    let refused = delivery(&format!(r#""StatusId": 5, "RejectReason": "Damaged", {}"#, goods([None, None])));
    let fakes = noted(&refused)
        .answer("GET /Order/Id/o1", 200, &refused)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    assert_eq!(alerts(&done(with(&fakes, push).unwrap())), ["goods-rejected"]);
    assert!(alerts(&done(with(&fakes, push).unwrap())).is_empty(), "the same refusal again is no news");
}

/// The deposit was a part of the price, so the order stands.
#[test]
fn refused_goods_are_told_although_a_deposit_was_given_back() {
    let refused = delivery(&format!(r#""StatusId": 5, {}"#, goods([None, None])));
    let given_back = |amount: &str| {
        let paid = with_changed(PAYMENT, r#""amount": 150.1"#, &format!(r#""amount": {amount}"#));
        with_changed(&paid, r#""amountRefunded": 0"#, &format!(r#""amountRefunded": {amount}"#))
    };
    for (amount, told) in [("50", vec!["goods-rejected"]), ("150.1", Vec::new())] {
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /Order/Id/o1", 200, &refused)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&given_back(amount)]))
            .answer("GET /contacts/c1/notes", 200, NO_NOTES)
            .answer("POST /contacts/c1/notes", 201, NOTE);
        let known = br#"{"t1":{"captured":50,"refunded":50,"currency":"USD"}}"#;
        fakes.context().store.put("revenue/o1", known).unwrap();
        let receipt = with(&fakes, push).unwrap();
        let alerts = match &receipt {
            Receipt::Done(report) => alerts(report),
            Receipt::Skipped(_) => Vec::new(),
        };
        assert_eq!(alerts, told);
    }
}

#[test]
fn what_is_refused_of_a_delivery_is_told_line_by_line() {
    let goods = with_changed(
        &goods([Some(1), Some(1)]),
        r#""Quantity": 2,"#,
        r#""Quantity": 2, "RejectReason": "Torn","#,
    );
    let report = done(with(&posted(&delivery(&format!(r#""StatusId": 4, {goods}"#))), push).unwrap());
    assert_eq!(alerts(&report), ["goods-rejected"]);
    assert!(report.alerts[0].message.contains("1 × Coat (Torn)"), "{}", report.alerts[0].message);
}

#[test]
fn a_delivery_that_is_refused_for_a_cancelled_order_is_what_was_wanted() {
    let order = with_changed(ORDER, r#""status": "pending""#, r#""status": "cancelled""#);
    let refused = delivery(&format!(r#""StatusId": 5, {}"#, goods([None, None])));
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /Order/Id/o1", 200, &refused).answer(
        "GET /payments/orders/o1?*",
        200,
        &order,
    );
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("nothing to write"));
}

#[test]
fn a_finished_delivery_that_is_taken_back_is_told_once_and_changes_nothing() {
    let back = with_changed(
        &delivery(&format!(r#""StatusId": 2, {}"#, goods([None, None]))),
        r#""StatusDate": "2024-04-04T16:30:00""#,
        r#""StatusDate": "2024-04-04T16:50:00""#,
    );
    let fakes = posted(&delivered(""))
        .answer("GET /Order/Id/o1", 200, &back)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /Order/Id/o1", 200, &back)
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    with(&fakes, push).unwrap();
    let report = done(with(&fakes, push).unwrap());
    assert_eq!((alerts(&report), report.alerts[0].severity), (vec!["delivery-reversed"], Severity::Critical));
    why_skipped(with(&fakes, push).unwrap());
    assert_eq!(writes(&fakes).len(), 2);
}

#[test]
fn a_deleted_delivery_is_told_once() {
    let gone =
        r#"{"Order":{"Number":"o1","DeletedBy":"ann","DeletedDate":"2024-04-04T16:00:00"},"Status":410}"#;
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1", 410, gone)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE)
        .answer("GET /Order/Id/o1", 410, gone);
    let report = done(with(&fakes, push).unwrap());
    assert_eq!(alerts(&report), ["delivery-deleted"]);
    assert!(body(&writes(&fakes)[0]).contains("deleted in Track-POD by ann"));
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("that is known"));
}

#[test]
fn a_deleted_delivery_of_a_cancelled_order_alarms_nobody() {
    let order = with_changed(ORDER, r#""status": "pending""#, r#""status": "cancelled""#);
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /Order/Id/o1", 410, r#"{"Status":410}"#).answer(
        "GET /payments/orders/o1?*",
        200,
        &order,
    );
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("called off"));
}

#[test]
fn a_renewal_is_noted_and_fulfils_nothing() {
    let renewal = with_changed(&delivered(""), r#""Id": "o1""#, r#""Id": "o1-20240404""#);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /Order/Id/o1-20240404", 200, &renewal)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let report = done(with(&fakes, |connection| super::push(connection, "o1-20240404")).unwrap());
    assert_eq!(verbs(&report), [(Verb::Noted, "ghl", "note")]);
    assert!(body(&writes(&fakes)[0]).contains("[transload delivered o1-20240404 attempt 1"));
}

#[test]
fn goods_beyond_the_order_are_left_to_a_person() {
    let goods = with_changed(&goods([Some(3), Some(2)]), r#""Quantity": 1"#, r#""Quantity": 3"#);
    let fakes = posted(&delivery(&format!(r#""StatusId": 3, {goods}"#)));
    assert_eq!(alerts(&done(with(&fakes, push).unwrap())), ["delivered-too-much"]);
    let items = serde_json::from_str::<Value>(&body(&writes(&fakes)[0])).unwrap()["items"].clone();
    assert_eq!(items, json!([{"priceId": "p1", "qty": 1}, {"priceId": "p2", "qty": 2}]));
}

#[test]
fn a_connection_that_only_watches_writes_nothing_and_still_tells() {
    let refused = delivery(&format!(r#""StatusId": 5, {}"#, goods([None, None])));
    let fakes = Fakes::new(r#"{"location_id":"loc1","mode":"all","writes":false}"#, NOW)
        .answer("GET /Order/Id/o1", 200, &refused)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /Order/Id/o1", 200, &delivered(r#""COD": 150.1, "CODActual": "150.1""#))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[]));
    assert_eq!(alerts(&done(with(&fakes, push).unwrap())), ["goods-rejected"]);
    why_skipped(with(&fakes, push).unwrap());
    assert!(writes(&fakes).is_empty() && fakes.unanswered().is_empty());
}

#[test]
fn test_mode_rows_are_left_out_of_a_live_connection() {
    let fakes = Fakes::new(r#"{"location_id":"loc1"}"#, NOW)
        .answer("GET /Order/Id/o1", 200, &delivered(""))
        .answer("GET /payments/orders/o1?*", 200, ORDER);
    assert!(why_skipped(with(&fakes, push).unwrap()).contains("`mode`"));
}
