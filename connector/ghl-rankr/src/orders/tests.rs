//! Orders against scripted vendors.

use proptest::prelude::*;
use transload_model::{Decimal, Instant};
use transload_sdk::Verb;
use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

/// ORDER as it is held when PAYMENT pays for it. 2024-04-04T16:25:00Z, the payment's, by `date -ud … +%s`.
const HELD: &str = r#"{"orderId":"o1","version":1712247900000,"status":"pending","paymentStatus":"paid","amount":"150.1","currency":"USD","amountPaid":"150.1","amountRefunded":"0","customerId":"c1","customer":{"customerId":"c1","name":"Ada Fuller","phone":"+15550100"},"shipTo":{"lines":["1 High Street"],"city":"Leeds","postalCode":"LS1 4AP","country":"GB"},"lines":[{"lineId":"p1","name":"Tee","quantity":"1","unitPrice":"17"},{"lineId":"p2","name":"Coat","quantity":"2","unitPrice":"60.5"}],"live":false,"createdAt":"2024-04-04T16:24:27.036Z","updatedAt":"2024-04-04T16:24:31.297Z"}"#;

const NO_SINK_FULFILLMENTS: &str = r#"{"items":[]}"#;

/// GoHighLevel's answers, and what Rankr has.
fn asked(settings: &str, order: &str, payments: &[&str], seen: (u16, &str)) -> Fakes {
    Fakes::new(settings, NOW)
        .answer("GET /payments/orders/o1?*", 200, order)
        .answer("GET /payments/transactions?*", 200, &page(payments))
        .answer("GET /orders/o1", seen.0, seen.1)
}

/// No side has a fulfilment.
fn none_fulfilled(fakes: Fakes) -> Fakes {
    fakes.answer("GET /payments/orders/o1/fulfillments", 200, NO_SINK_FULFILLMENTS).answer(
        "GET /payments/orders/o1/fulfillments?*",
        200,
        NO_FULFILLMENTS,
    )
}

fn report(fakes: &Fakes) -> Report {
    let report = done(with(fakes, |connection| sync(connection, "o1")).unwrap());
    assert_eq!(fakes.unanswered(), Vec::<String>::new());
    report
}

fn skips(fakes: &Fakes) -> String {
    why_skipped(with(fakes, |connection| sync(connection, "o1")).unwrap())
}

#[test]
fn an_order_is_held_with_what_was_paid_for_it() {
    let fakes = asked(SETTINGS, ORDER, &[PAYMENT], (404, MISSING)).answer("PUT /orders/o1", 201, TAKEN);
    let fakes = none_fulfilled(fakes);
    let report = report(&fakes);
    assert_eq!(verbs(&report), [(Verb::Created, "rankr", "order")]);
    let sent = writes(&fakes);
    assert_eq!((sent.len(), body(&sent[0])), (1, HELD.to_owned()));
}

#[test]
fn an_order_that_is_held_as_it_is_is_verified_with_five_reads() {
    let fakes = none_fulfilled(asked(SETTINGS, ORDER, &[PAYMENT], (200, HELD)));
    assert_eq!(verbs(&report(&fakes)), [(Verb::Verified, "rankr", "order")]);
    assert_eq!((fakes.sent().len(), writes(&fakes).len()), (5, 0));
}

#[test]
fn a_status_goes_through() {
    let completed = with_changed(ORDER, r#""status": "pending""#, r#""status": "completed""#);
    let fakes = none_fulfilled(asked(SETTINGS, &completed, &[PAYMENT], (200, HELD)));
    let fakes = fakes.answer("PUT /orders/o1", 200, TAKEN);
    assert_eq!(report(&fakes).effects[0].summary, "brought up to date: status");
    assert!(body(&writes(&fakes)[0]).contains(r#""status":"completed""#));
}

#[test]
fn a_refund_is_a_newer_version() {
    let refunded = with_changed(PAYMENT, r#""amountRefunded": 0"#, r#""amountRefunded": 50.05"#);
    let refunded = with_changed(
        &refunded,
        r#""updatedAt": "2024-04-04T16:25:00.000Z""#,
        r#""updatedAt": "2024-04-04T16:45:00Z""#,
    );
    let fakes = none_fulfilled(asked(SETTINGS, ORDER, &[&refunded], (200, HELD)));
    let fakes = fakes.answer("PUT /orders/o1", 200, TAKEN);
    assert_eq!(
        report(&fakes).effects[0].summary,
        "brought up to date: amountPaid, amountRefunded, paymentStatus"
    );
    let body = body(&writes(&fakes)[0]);
    // 150.1 - 50.05; 2024-04-04T16:45:00Z by `date -ud … +%s`.
    for member in [
        r#""version":1712249100000"#,
        r#""paymentStatus":"partially_refunded""#,
        r#""amountPaid":"100.05""#,
        r#""amountRefunded":"50.05""#,
    ] {
        assert!(body.contains(member), "{member} in {body}");
    }
}

#[test]
fn money_of_another_currency_leaves_unknown_what_was_paid() {
    let euros = with_changed(PAYMENT, r#""currency": "USD""#, r#""currency": "EUR""#);
    let fakes = asked(SETTINGS, ORDER, &[&euros], (404, MISSING)).answer("PUT /orders/o1", 201, TAKEN);
    let fakes = none_fulfilled(fakes);
    report(&fakes);
    let body = body(&writes(&fakes)[0]);
    for member in ["paymentStatus", "amountPaid", "amountRefunded"] {
        assert!(!body.contains(member), "{member} in {body}");
    }
}

#[test]
fn a_rule_says_which_orders_are_sent_but_not_which_are_kept_up_to_date() {
    let settings = r#"{"location_id":"loc1","mode":"all","send_when":"order.total > 500"}"#;
    let fakes = asked(settings, ORDER, &[PAYMENT], (404, MISSING));
    assert_eq!(skips(&fakes), "the setting `send_when` leaves order o1 out");
    let fakes = none_fulfilled(asked(settings, ORDER, &[PAYMENT], (200, HELD)));
    assert_eq!(verbs(&report(&fakes)), [(Verb::Verified, "rankr", "order")]);
}

#[test]
fn what_is_not_to_be_acted_on_is_not() {
    let fakes = Fakes::new(r#"{"location_id":"loc1"}"#, NOW).answer("GET /payments/orders/o1?*", 200, ORDER);
    assert!(skips(&fakes).contains("o1 is a test order"), "the mode is live");
    let missing = r#"{"statusCode":400,"message":"Order not found"}"#;
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 400, missing);
    assert_eq!(skips(&fakes), "GoHighLevel has no order o1");
}

#[test]
fn further_members_are_templates() {
    let settings = r#"{"location_id":"loc1","mode":"all",
        "extra":{"town":"{{ order.address.city }}","kind":"{{ raw.altType }}","none":"{{ order.note }}"}}"#;
    let fakes = asked(settings, ORDER, &[PAYMENT], (404, MISSING)).answer("PUT /orders/o1", 201, TAKEN);
    report(&none_fulfilled(fakes));
    let fakes = asked(settings, ORDER, &[PAYMENT], (404, MISSING)).answer("PUT /orders/o1", 201, TAKEN);
    let fakes = none_fulfilled(fakes);
    report(&fakes);
    let body = body(&writes(&fakes)[0]);
    assert!(body.contains(r#""extra":{"kind":"location","town":"Leeds"}"#), "{body}");
    let wrong = r#"{"location_id":"loc1","mode":"all","extra":{"town":"{{ order.town }}"}}"#;
    let fakes = asked(wrong, ORDER, &[PAYMENT], (404, MISSING));
    let failure = with(&fakes, |connection| sync(connection, "o1")).unwrap_err();
    assert!(
        matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("`extra.town`")),
        "{failure:?}"
    );
}

#[test]
fn a_connection_that_only_watches_writes_nothing() {
    let settings = r#"{"location_id":"loc1","mode":"all","writes":false}"#;
    let fakes = asked(settings, ORDER, &[PAYMENT], (404, MISSING));
    assert_eq!(alerts(&report(&fakes)), ["order-differs"]);
    assert!(writes(&fakes).is_empty());
}

#[test]
fn an_order_is_handled_until_it_changes() {
    let fakes = none_fulfilled(asked(SETTINGS, ORDER, &[PAYMENT], (200, HELD)));
    report(&fakes);
    let cx = fakes.context();
    let order = |json: &str| {
        let fakes = Fakes::new(SETTINGS, NOW).answer("*", 200, json);
        with(&fakes, |connection| Ok(connection.ghl.order("o1")?.unwrap())).unwrap()
    };
    assert!(is_handled(&cx, &order(ORDER)).unwrap());
    for (from, to) in [
        (r#""status": "pending""#, r#""status": "completed""#),
        (r#""updatedAt": "2024-04-04T16:24:31.297Z""#, r#""updatedAt": "2024-04-04T16:24:31.298Z""#),
        (r#""amount": 150.1"#, r#""amount": 150.1, "fulfillmentStatus": "fulfilled""#),
    ] {
        assert!(!is_handled(&cx, &order(&with_changed(ORDER, from, to))).unwrap(), "{to}");
    }
}

#[test]
fn an_order_without_times_has_no_version() {
    let timeless = with_changed(ORDER, r#""createdAt": "2024-04-04T16:24:27.036Z""#, r#""createdAt": null"#);
    let timeless =
        with_changed(&timeless, r#""updatedAt": "2024-04-04T16:24:31.297Z""#, r#""updatedAt": null"#);
    let fakes = asked(SETTINGS, &timeless, &[], (404, MISSING));
    let failure = with(&fakes, |connection| sync(connection, "o1")).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains("order o1")), "{failure:?}");
}

#[test]
fn how_far_an_order_is_paid_follows_from_the_sums() {
    let money = |text: &str| Money::new(text.parse().unwrap(), "USD".parse().unwrap());
    for (total, captured, refunded, status) in [
        ("150.1", "0", "0", PaymentStatus::Unpaid),
        ("150.1", "150.09", "0", PaymentStatus::PartiallyPaid),
        ("150.1", "150.10", "0", PaymentStatus::Paid),
        ("150.1", "200", "0", PaymentStatus::Paid),
        ("0", "0", "0", PaymentStatus::Paid),
        ("150.1", "150.1", "0.01", PaymentStatus::PartiallyRefunded),
        ("150.1", "50", "50.00", PaymentStatus::Refunded),
    ] {
        let paid = Payments { captured: money(captured), refunded: money(refunded) };
        assert_eq!(payment_status(money(total), paid), status, "{captured} - {refunded} of {total}");
    }
}

proptest! {
    /// An order says that it is paid when nothing is due, and that it is unpaid when all of it is.
    #[test]
    fn a_status_agrees_with_what_is_due(total in 1..10_000_i64, captured in 0..20_000_i64) {
        let money = |cents: i64| Money::new(Decimal::new(cents, 2).unwrap(), "USD".parse().unwrap());
        let paid = Payments { captured: money(captured), refunded: money(0) };
        let status = payment_status(money(total), paid);
        prop_assert_eq!(status == PaymentStatus::Paid, captured >= total);
        prop_assert_eq!(status == PaymentStatus::Unpaid, captured == 0);
    }

    /// A later change of the order or of any of its payments never makes the version fall.
    #[test]
    fn a_version_only_grows(times in prop::collection::vec(0..1_000_u64, 1..6), later in 0..1_000_u64) {
        let newest = |times: &[u64]| versions::newest("o", times.iter().map(|&at| Some(Instant(at)))).unwrap();
        let before = newest(&times);
        prop_assert!(newest(&[times, vec![later]].concat()) >= before);
    }
}

#[test]
fn a_rankr_that_says_itself_that_an_order_is_fulfilled_has_edited_nothing() {
    let r1 = r#"{"items":[{"fulfillmentId":"r1","orderId":"o1","status":"delivered"}]}"#;
    let said =
        with_changed(HELD, r#""amount":"150.1""#, r#""fulfillmentStatus":"fulfilled","amount":"150.1""#);
    let fulfilled =
        with_changed(ORDER, r#""amount": 150.1"#, r#""amount": 150.1, "fulfillmentStatus": "fulfilled""#);
    let fakes = asked(SETTINGS, ORDER, &[PAYMENT], (200, &said))
        .answer("GET /payments/orders/o1/fulfillments", 200, r1)
        .answer("GET /payments/orders/o1/fulfillments?*", 200, NO_FULFILLMENTS)
        .answer("POST /payments/orders/o1/fulfillments", 200, FULFILLED)
        .answer("GET /payments/orders/o1?*", 200, &fulfilled);
    let entry = format!(r#"{{"version":1712247900000,"sent":{HELD}}}"#);
    fakes.context().store.put("sent/order/o1", entry.as_bytes()).unwrap();
    let report = report(&fakes);
    assert_eq!(verbs(&report), [(Verb::Created, "ghl", "fulfillment"), (Verb::Verified, "rankr", "order")]);
    assert!(alerts(&report).is_empty(), "{:?}", report.alerts);
    // The order that GoHighLevel's polls find now is the one that was read after the write.
    let stored = fakes.context().store.get("seen/order/o1").unwrap().unwrap();
    assert!(stored.value.ends_with(b" fulfilled"));
}
