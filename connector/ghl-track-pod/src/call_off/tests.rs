//! Deliveries that are taken off, against scripted vendors.

use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;
use crate::orders;

const OK: &str = r#"{"Status":200,"Title":"Ok"}"#;
const NOT_SCHEDULED: &str = r#"{"Status":400,"Title":"Bad request","Detail":"Order is not scheduled"}"#;

fn cancelled() -> String {
    with_changed(ORDER, r#""status": "pending""#, r#""status": "cancelled""#)
}

fn given_back() -> String {
    with_changed(PAYMENT, r#""amountRefunded": 0"#, r#""amountRefunded": 150.1"#)
}

/// An order that is cancelled while its delivery is as `delivery` says.
fn cancel(delivery: &str) -> Fakes {
    Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, &cancelled()).answer(
        "GET /Order/Id/o1",
        200,
        delivery,
    )
}

fn noted(fakes: Fakes) -> Fakes {
    fakes.answer("GET /contacts/c1/notes", 200, NO_NOTES).answer("POST /contacts/c1/notes", 201, NOTE)
}

fn sync(fakes: &Fakes) -> Receipt {
    with(fakes, |connection| orders::sync(connection, "o1")).unwrap()
}

fn unplanned() -> String {
    with_changed(&delivery(&goods([None, None])), r#""RouteNumber": "R1","#, "")
}

#[test]
fn a_delivery_without_a_route_is_deleted() {
    let fakes = noted(cancel(&unplanned()).answer("DELETE /Order/Id/o1", 200, OK));
    let report = done(sync(&fakes));
    assert_eq!(verbs(&report), [(Verb::Deleted, "track-pod", "order"), (Verb::Noted, "ghl", "note")]);
    let note = body(&writes(&fakes)[1]);
    assert!(note.contains("the order was cancelled") && note.contains("[transload called-off o1]"), "{note}");
    assert!(fakes.unanswered().is_empty());
}

#[test]
fn a_delivery_on_a_route_is_rejected() {
    let fakes = noted(cancel(&delivery(&goods([None, None]))).answer("PUT /Order/Id/o1/Reject", 200, ""));
    let report = done(sync(&fakes));
    assert_eq!(verbs(&report)[0], (Verb::Updated, "track-pod", "order"));
    assert!(body(&writes(&fakes)[0]).contains("the order was cancelled"));
}

#[test]
fn a_route_that_was_taken_away_meanwhile_does_not_stop_it() {
    let fakes =
        noted(
            cancel(&delivery(&goods([None, None])))
                .answer("PUT /Order/Id/o1/Reject", 400, NOT_SCHEDULED)
                .answer("DELETE /Order/Id/o1", 200, OK),
        );
    assert_eq!(verbs(&done(sync(&fakes)))[0], (Verb::Deleted, "track-pod", "order"));
}

#[test]
fn an_order_that_is_refunded_in_full_is_taken_off_and_a_deposit_is_not_that() {
    let fakes = noted(
        Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&given_back()]))
            .answer("GET /Order/Id/o1", 200, &unplanned())
            .answer("DELETE /Order/Id/o1", 200, OK),
    );
    assert_eq!(verbs(&done(sync(&fakes)))[0].0, Verb::Deleted);
    assert!(body(&writes(&fakes)[1]).contains("refunded in full"));

    let deposit = with_changed(
        &with_changed(PAYMENT, r#""amount": 150.1"#, r#""amount": 50"#),
        r#""amountRefunded": 0"#,
        r#""amountRefunded": 50"#,
    );
    let fakes = noted(
        Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&deposit]))
            .answer("GET /Order/Id/o1", 200, &unplanned())
            .answer("PUT /Order", 202, "{}"),
    );
    assert_eq!(verbs(&done(sync(&fakes)))[0].0, Verb::Updated);
}

#[test]
fn the_setting_keeps_the_delivery_of_a_refunded_order() {
    let settings = r#"{"location_id":"loc1","mode":"all","cancel":{"when_refunded":false}}"#;
    let fakes = noted(
        Fakes::new(settings, NOW)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&given_back()]))
            .answer("GET /Order/Id/o1", 200, &unplanned())
            .answer("PUT /Order", 202, "{}"),
    );
    assert_eq!(verbs(&done(sync(&fakes)))[0].0, Verb::Updated);
}

#[test]
fn goods_that_have_left_are_told_to_a_person() {
    for members in
        [r#""RouteStatus": "InProgress""#, r#""StatusId": 1"#, r#""StatusId": 3"#, r#""StatusId": 4"#]
    {
        let gone = delivery(&format!("{members}, {}", goods([None, None])));
        let report = done(sync(&cancel(&gone)));
        assert_eq!(
            (report.alerts[0].kind.as_str(), report.alerts[0].severity),
            ("goods-already-gone", Severity::Warning)
        );
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&given_back()]))
            .answer("GET /Order/Id/o1", 200, &gone);
        let report = done(sync(&fakes));
        assert_eq!(
            (report.alerts[0].kind.as_str(), report.alerts[0].severity),
            ("goods-already-gone", Severity::Critical)
        );
        assert!(writes(&fakes).is_empty());
    }
    let arrived = cancel(&unplanned())
        .answer("DELETE /Order/Id/o1", 400, r#"{"Status":400,"Detail":"already has delivery status"}"#)
        .answer("PUT /Order/Id/o1/Reject", 400, NOT_SCHEDULED);
    assert_eq!(alerts(&done(sync(&arrived))), ["goods-already-gone"]);
}

#[test]
fn what_cannot_be_taken_off_is_told() {
    let failed = delivery(&format!(r#""StatusId": 2, {}"#, goods([None, None])));
    assert_eq!(alerts(&done(sync(&cancel(&failed)))), ["cancelled-after-attempt"]);
    let odd = delivery(&format!(r#""StatusId": 9, {}"#, goods([None, None])));
    assert_eq!(alerts(&done(sync(&cancel(&odd)))), ["cancelled-but-planned"]);
    let watching = Fakes::new(r#"{"location_id":"loc1","mode":"all","writes":false}"#, NOW)
        .answer("GET /payments/orders/o1?*", 200, &cancelled())
        .answer("GET /Order/Id/o1", 200, &unplanned());
    assert_eq!(alerts(&done(sync(&watching))), ["cancelled-but-planned"]);
    assert!(writes(&watching).is_empty());
    let none = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, &cancelled()).answer(
        "GET /Order/Id/o1",
        404,
        "",
    );
    assert!(why_skipped(sync(&none)).contains("no delivery"));
}

/// The order is cancelled, its delivery deleted, and then the order is opened again.
#[test]
fn an_order_that_is_opened_again_is_told_to_a_person_and_not_made_again() {
    let fakes = noted(cancel(&unplanned()).answer("DELETE /Order/Id/o1", 200, OK))
        // The same event again: an attempt may have ended between the deletion and the note.
        .answer("GET /payments/orders/o1?*", 200, &cancelled())
        .answer("GET /Order/Id/o1", 410, "")
        .answer(
            "GET /contacts/c1/notes",
            200,
            r#"{"notes":[{"id":"n1","body":"[transload called-off o1]"}]}"#,
        )
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Order/Id/o1", 410, "");
    done(sync(&fakes));
    assert_eq!(
        verbs(&done(sync(&fakes))),
        [(Verb::Verified, "track-pod", "order"), (Verb::Verified, "ghl", "note")]
    );
    assert_eq!(alerts(&done(sync(&fakes))), ["order-reopened"]);
    assert_eq!(writes(&fakes).len(), 2, "one deletion and one note");
}

#[test]
fn a_delivery_that_a_dispatcher_deleted_stays_deleted() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &page(&[]))
        .answer("GET /Order/Id/o1", 410, r#"{"Order":{"DeletedBy":"pat@example.com"}}"#);
    assert!(why_skipped(sync(&fakes)).contains("deleted in Track-POD by pat@example.com"));
}
