//! Each kind of difference is found where there is one, and not in an order that is as it should be.

use transload_sdk::{Certainty, Severity};

use super::*;

/// Nothing is found of `case`.
fn is_clean(case: &Case) {
    assert_eq!(kinds(&case.findings(SETTINGS, false)), [""; 0]);
}

/// Just this is found of `case`.
fn only(case: &Case, kind: &str) -> Finding {
    let mut found = case.findings(SETTINGS, false);
    assert_eq!(kinds(&found), [kind]);
    found.remove(0)
}

fn amount(side: &transload_sdk::FindingSide) -> String {
    let money = side.amount.clone().unwrap();
    transload_sdk::convert::money_in(money).unwrap().to_string()
}

/// The repair's API, and what kind of object is handled again.
fn repair(finding: &Finding) -> Option<(&str, &str)> {
    let event = &finding.repair.as_ref()?.event;
    assert_eq!(event.id, format!("repair {}", finding.id));
    assert_eq!(event.subject, ID);
    use transload_sdk::bindings::transload::connector::types::Change;
    let kind = match &event.change {
        Change::Order(_) => "order",
        Change::Fulfillment(_) => "fulfillment",
        _ => "another",
    };
    Some((event.source.as_str(), kind))
}

#[test]
fn what_is_as_it_should_be_gives_no_finding() {
    let cash = Delivery { cod: "150.10", ..DELIVERY };
    let fulfilled = Order { fulfillment: "fulfilled", ..ORDER };
    let half = Payment { amount: "75.05", ..PAYMENT };
    for case in [
        // Paid and planned; unpaid and planned with cash on delivery; paid in two equal parts.
        case(ORDER, &[PAYMENT], Some(DELIVERY)),
        case(ORDER, &[PAYMENT], Some(Delivery { cod: "0", ..DELIVERY })),
        case(ORDER, &[], Some(cash)),
        case(ORDER, &[half, Payment { id: "t2", charge: r#""ch_2""#, ..half }], Some(DELIVERY)),
        // A payment that failed is none.
        case(ORDER, &[Payment { status: "failed", ..PAYMENT }], Some(cash)),
        // Delivered and written down; the driver's cash is recorded.
        case(fulfilled, &[PAYMENT], Some(DELIVERED)).posted(posted("1", "2.0")),
        case(fulfilled, &[RECORDED], Some(Delivery { cod: "150.1", cash: r#""150.10""#, ..DELIVERED }))
            .posted(posted("1", "2")),
        // Delivered in part, for a part of the cash.
        case(
            ORDER,
            &[Payment { amount: "89.6", ..RECORDED }],
            Some(Delivery { status: "4", fact: ["1", "1"], cod: "150.1", cash: "89.6", ..DELIVERY }),
        )
        .posted(posted("1", "1")),
        // Paid after the driver had left with the demand: nothing was collected.
        case(fulfilled, &[PAYMENT], Some(Delivery { cod: "150.1", ..DELIVERED })).posted(posted("1", "2")),
        // Given back in part; given back in full after the customer refused the goods.
        case(ORDER, &[Payment { refunded: "50", ..PAYMENT }], Some(DELIVERY)),
        case(ORDER, &[Payment { refunded: "150.10", ..PAYMENT }], Some(Delivery { status: "5", ..DELIVERY })),
        // Cancelled in both systems, or before there was a delivery.
        case(Order { status: "cancelled", ..ORDER }, &[], Some(Delivery { status: "5", ..DELIVERY })),
        case(Order { status: "cancelled", ..ORDER }, &[], None),
        // Nothing to deliver; all given back before it was.
        case(Order { product: "DIGITAL", status: "completed", ..ORDER }, &[PAYMENT], None),
        case(ORDER, &[Payment { refunded: "150.1", ..PAYMENT }], None),
        // A collection brings the customer nothing.
        case(ORDER, &[PAYMENT], Some(Delivery { kind: 1, status: "3", ..DELIVERY })),
        case(Order { status: "completed", ..ORDER }, &[PAYMENT], Some(DELIVERY)),
    ] {
        is_clean(&case);
    }
}

#[test]
fn what_the_settings_leave_out_gives_no_finding() {
    let settings = |more: &str| format!(r#"{{"location_id":"loc1","mode":"live",{more}}}"#);
    let clean =
        |case: Case, more: &str| assert_eq!(kinds(&case.findings(&settings(more), false)), [""; 0], "{more}");
    clean(case(ORDER, &[], None), r#""cash_on_delivery":false"#);
    clean(case(ORDER, &[PAYMENT], None), r#""deliver_when":"order.total > 200""#);
    let refunded = Payment { refunded: "150.1", ..PAYMENT };
    clean(case(ORDER, &[refunded], Some(DELIVERY)), r#""cancel":{"when_refunded":false}"#);
    let cash = Delivery { cod: "150.1", cash: "150.1", ..DELIVERED };
    clean(case(ORDER, &[], Some(cash)).posted(posted("1", "2")), r#""cash":{"record":false}"#);
}

#[test]
fn an_order_without_delivery_is_found_and_synced() {
    let found = case(ORDER, &[PAYMENT], None).findings(SETTINGS, true);
    assert_eq!(kinds(&found), ["order-without-delivery"]);
    assert_eq!((found[0].severity, found[0].certainty), (Severity::Critical, Certainty::Confirmed));
    assert_eq!((amount(&found[0].left), &found[0].right.id), ("150.10 USD".to_owned(), &None));
    assert_eq!(repair(&found[0]), Some(("ghl", "order")));
}

#[test]
fn an_order_that_cannot_be_delivered_says_why_and_is_not_synced() {
    let order = Order { address: r#""phone":"+15550100""#, ..ORDER };
    let fakes = case(order, &[PAYMENT], None)
        .answer(Fakes::new(SETTINGS, NOW), false)
        .answer("GET /contacts/c1", 200, r#"{"contact":{"id":"c1","firstName":"Ada"}}"#)
        .answer(&format!("GET /Order/Number/{ID}/List"), 404, "");
    let cx = fakes.context();
    let settings = cx.settings().unwrap();
    let found = crate::reconcile::order(&Connection::new(&cx, &settings), ID).unwrap();
    assert_eq!(kinds(&found), ["order-without-delivery"]);
    assert!(found[0].message.contains("address"), "{}", found[0].message);
    assert!(found[0].repair.is_none());
}

#[test]
fn a_delivery_that_a_person_made_is_one() {
    let by_hand = Case {
        by_hand: Some(r#""Number":"660ed43bfdf9fc05a0de7a40","TrackId":"t""#),
        ..case(ORDER, &[PAYMENT], None)
    };
    assert_eq!(kinds(&by_hand.findings(SETTINGS, true)), [""; 0]);
}

#[test]
fn an_order_of_the_last_minutes_is_left_in_peace() {
    // Placed at 16:24:27.036.
    let fakes = |now| case(ORDER, &[PAYMENT], None).answer(Fakes::new(SETTINGS, now), true);
    let found = |now| {
        let fakes = fakes(now);
        let cx = fakes.context();
        let settings = cx.settings().unwrap();
        crate::reconcile::order(&Connection::new(&cx, &settings), ID).unwrap().len()
    };
    let ten_minutes = 1_712_247_867_036 + 600_000;
    assert_eq!((found(ten_minutes - 1), found(ten_minutes)), (0, 1));
}

#[test]
fn planned_quantities_are_those_ordered() {
    let finding =
        only(&case(ORDER, &[PAYMENT], Some(Delivery { coats: "1", ..DELIVERY })), "quantity-differs");
    assert_eq!(finding.left.value.as_deref(), Some("1 × Tee, 2 × Coat"));
    assert_eq!(finding.right.value.as_deref(), Some("1 × Tee, 1 × Coat"));
    assert_eq!(repair(&finding), Some(("ghl", "order")));
    let gone = Delivery { coats: "1", status: "1", ..DELIVERY };
    assert_eq!(repair(&only(&case(ORDER, &[PAYMENT], Some(gone)), "quantity-differs")), None);
}

#[test]
fn more_than_was_ordered_is_found() {
    let much = Delivery { fact: ["1", "3"], ..DELIVERED };
    let finding = only(&case(ORDER, &[PAYMENT], Some(much)).posted(posted("1", "2")), "quantity-differs");
    assert_eq!(finding.right.value.as_deref(), Some("1 × Tee, 3 × Coat"));
}

#[test]
fn what_was_delivered_is_written_back() {
    let finding =
        only(&case(ORDER, &[PAYMENT], Some(DELIVERED)).posted(posted("1", "1")), "fulfillment-missing");
    assert!(finding.message.starts_with("1 × Coat of order"), "{}", finding.message);
    assert_eq!(repair(&finding), Some(("track-pod", "fulfillment")));
}

#[test]
fn what_is_written_back_was_delivered() {
    let part = Delivery { status: "4", fact: ["1", "1"], ..DELIVERY };
    let exceeding = case(ORDER, &[PAYMENT], Some(part)).posted(posted("1", "2"));
    let found = exceeding.findings(SETTINGS, true);
    assert_eq!(kinds(&found), ["fulfillment-exceeds-delivery"]);
    assert!(found[0].message.starts_with("1 × Coat of order"), "{}", found[0].message);
    assert!(found[0].repair.is_none(), "fulfilments cannot be lowered");
    let planned = case(ORDER, &[PAYMENT], Some(DELIVERY)).posted(posted("1", "0"));
    assert_eq!(kinds(&planned.findings(SETTINGS, true)), ["fulfillment-exceeds-delivery"]);
    // Track-POD answered the copy of a delivery that has taken place.
    let twin = Case { by_hand: Some(r#""Id":"660ed43bfdf9fc05a0de7a40","TrackId":"track-2""#), ..planned };
    assert_eq!(kinds(&twin.findings(SETTINGS, true)), [""; 0]);
}

#[test]
fn the_driver_asks_for_what_is_due() {
    let paid_half = Payment { amount: "75.05", ..PAYMENT };
    let finding =
        only(&case(ORDER, &[paid_half], Some(Delivery { cod: "150.1", ..DELIVERY })), "cash-differs");
    assert_eq!(
        (amount(&finding.left), amount(&finding.right)),
        ("75.05 USD".to_owned(), "150.10 USD".to_owned())
    );
    assert_eq!(repair(&finding), Some(("ghl", "order")));
    only(&case(ORDER, &[], Some(DELIVERY)), "cash-differs");
    only(&case(ORDER, &[PAYMENT], Some(Delivery { cod: "150.1", ..DELIVERY })), "cash-differs");
}

#[test]
fn the_driver_brings_what_was_asked_for() {
    let brought = |cash| Delivery { cod: "150.1", cash, ..DELIVERED };
    let recorded = |amount| Payment { amount, ..RECORDED };
    let fewer = case(ORDER, &[recorded("100")], Some(brought(r#""100""#))).posted(posted("1", "2"));
    let finding = only(&fewer, "cash-differs");
    assert_eq!(
        (amount(&finding.left), amount(&finding.right)),
        ("150.10 USD".to_owned(), "100.00 USD".to_owned())
    );
    assert!(finding.repair.is_none());
    let all_recorded = case(ORDER, &[RECORDED], Some(brought(r#""100""#))).posted(posted("1", "2"));
    only(&all_recorded, "cash-differs");
    let more = case(ORDER, &[recorded("150.1")], Some(brought(r#""160""#))).posted(posted("1", "2"));
    only(&more, "cash-differs");
    let nothing = case(ORDER, &[], Some(brought("null"))).posted(posted("1", "2"));
    only(&nothing, "cash-differs");
    let unclear = case(ORDER, &[PAYMENT], Some(brought(r#""1,500""#))).posted(posted("1", "2"));
    assert_eq!(only(&unclear, "cash-differs").right.value.as_deref(), Some("1,500"));
}

#[test]
fn cash_that_was_collected_is_recorded() {
    let cash = Delivery { cod: "150.1", cash: r#""150.1""#, ..DELIVERED };
    let finding = only(&case(ORDER, &[], Some(cash)).posted(posted("1", "2")), "cash-not-recorded");
    assert_eq!(
        (amount(&finding.left), amount(&finding.right)),
        ("0.00 USD".to_owned(), "150.10 USD".to_owned())
    );
    assert_eq!(repair(&finding), Some(("track-pod", "fulfillment")));
    let part = Payment { amount: "100", ..RECORDED };
    let finding = only(&case(ORDER, &[part], Some(cash)).posted(posted("1", "2")), "cash-not-recorded");
    assert!(finding.message.contains("50.10 USD are not recorded"), "{}", finding.message);
}

#[test]
fn a_completed_order_was_paid_and_none_is_paid_beyond_its_total() {
    let completed = Order { status: "completed", ..ORDER };
    let part = Payment { amount: "100", ..PAYMENT };
    let cash = Delivery { cod: "50.1", ..DELIVERY };
    only(&case(completed, &[part], Some(cash)), "payment-not-captured");
    let over = Payment { amount: "151", ..PAYMENT };
    let finding = only(&case(ORDER, &[over], Some(DELIVERY)), "paid-differs");
    assert_eq!(
        (amount(&finding.left), amount(&finding.right)),
        ("150.10 USD".to_owned(), "151.00 USD".to_owned())
    );
}

#[test]
fn money_that_went_back_and_goods_that_did_not_are_found() {
    let refunded = Payment { refunded: "150.1", status: "refunded", ..PAYMENT };
    let delivered = case(ORDER, &[refunded], Some(DELIVERED)).posted(posted("1", "2"));
    assert_eq!(only(&delivered, "refund-but-delivered").severity, Severity::Critical);
    let planned = only(&case(ORDER, &[refunded], Some(DELIVERY)), "refunded-and-delivery-planned");
    assert_eq!(repair(&planned), Some(("ghl", "order")));
}

#[test]
fn payments_of_another_currency_or_mode_are_found() {
    let completed = Order { status: "completed", ..ORDER };
    let only_euros = Payment { currency: "EUR", ..PAYMENT };
    only(&case(completed, &[only_euros], Some(Delivery { cod: "150.1", ..DELIVERY })), "currency-differs");
    let euros = Payment { id: "t2", currency: "EUR", charge: r#""ch_2""#, ..PAYMENT };
    only(&case(ORDER, &[PAYMENT, euros], Some(DELIVERY)), "currency-differs");
    let test = Payment { id: "t2", live: false, charge: r#""ch_2""#, ..PAYMENT };
    let finding = only(&case(ORDER, &[PAYMENT, test], Some(DELIVERY)), "test-live-mix");
    assert_eq!((finding.left.value.as_deref(), finding.right.value.as_deref()), (Some("live"), Some("test")));
}

#[test]
fn a_payment_made_twice_is_one_finding() {
    let same_charge = Payment { id: "t2", at: "2024-04-09T10:00:00Z", ..PAYMENT };
    let finding = only(&case(ORDER, &[PAYMENT, same_charge], Some(DELIVERY)), "duplicate-payment");
    assert_eq!(finding.certainty, Certainty::Confirmed);
    let alike = Payment { id: "t2", charge: r#""ch_2""#, at: "2024-04-04T16:40:00Z", ..PAYMENT };
    let finding = only(&case(ORDER, &[PAYMENT, alike], Some(DELIVERY)), "duplicate-payment");
    assert_eq!((finding.certainty, finding.right.id.as_deref()), (Certainty::Suggested, Some("t2")));
    let later = Payment { at: "2024-04-09T10:00:00Z", ..alike };
    only(&case(ORDER, &[PAYMENT, later], Some(DELIVERY)), "paid-differs");
}

#[test]
fn a_cancelled_order_has_no_delivery_under_way() {
    let cancelled = Order { status: "cancelled", ..ORDER };
    let finding = only(&case(cancelled, &[], Some(DELIVERY)), "status-drift");
    assert_eq!(repair(&finding), Some(("ghl", "order")));
    let gone = case(cancelled, &[PAYMENT], Some(DELIVERED)).posted(posted("1", "2"));
    assert_eq!(repair(&only(&gone, "status-drift")), None);
}

#[test]
fn a_delivery_that_was_deleted_is_not_made_again_unseen() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions?*", 200, &list(&[PAYMENT.json()]))
        .answer(&format!("GET /Order/Id/{ID}"), 410, "")
        .answer(&format!("GET /payments/orders/{ID}?*"), 200, &ORDER.json());
    let cx = fakes.context();
    let settings = cx.settings().unwrap();
    let found = crate::reconcile::order(&Connection::new(&cx, &settings), ID).unwrap();
    assert_eq!(kinds(&found), ["status-drift"]);
    assert!(found[0].repair.is_none());
}

#[test]
fn a_delivery_that_nobody_plans_is_late_after_a_week() {
    let waiting = case(ORDER, &[PAYMENT], Some(Delivery { route: "null", ..DELIVERY }));
    let found = |now| {
        let fakes = waiting.answer(Fakes::new(SETTINGS, now), false);
        let cx = fakes.context();
        let settings = cx.settings().unwrap();
        crate::reconcile::order(&Connection::new(&cx, &settings), ID).unwrap()
    };
    // It is for 2024-04-05, which is later than the order.
    let late_at = NOW + 7 * DAY;
    assert_eq!(kinds(&found(late_at - 1)), [""; 0]);
    let (then, later) = (found(late_at), found(late_at + 3 * DAY));
    assert_eq!((kinds(&then), then[0].severity), (vec!["late"], Severity::Info));
    assert_eq!(then[0].id, later[0].id, "it is the same finding every day");
}
