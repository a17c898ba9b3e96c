//! Deliveries and payments that belong to no order, and what is left over.

use transload_sdk::Certainty;

use super::*;
use crate::reconcile::{Cursor, Phase, kinds};

/// A scope of the order's day alone, so that fifteen days are gone through.
fn one_day() -> Scope {
    // 2024-04-04T00:00:00Z.
    Scope { start: NOW - DAY, end: NOW, kinds: Vec::new() }
}

const OTHER: &str = "770ed43bfdf9fc05a0de7a41";

/// What both vendors list of the day 2024-04-04 and the day after; nothing of any other day.
#[derive(Default)]
struct World {
    orders: Vec<Case>,
    deliveries: Vec<String>,
    payments: Vec<Payment>,
    /// Orders that are looked for by id, and whether they are found, in turn.
    lookups: Vec<(&'static str, bool)>,
}

impl World {
    fn answer_orders(&self, fakes: Fakes) -> Fakes {
        let rows: Vec<String> = self.orders.iter().map(|case| case.order.json()).collect();
        let fakes = fakes.answer("GET /payments/orders?*", 200, &list(&rows));
        self.orders.iter().fold(fakes, |fakes, case| case.answer(fakes, false))
    }

    fn answer_lookups(&self, fakes: Fakes, deliveries: bool) -> Fakes {
        let of_phase = self.lookups.iter().filter(|_| deliveries == self.payments.is_empty());
        of_phase.fold(fakes, |fakes, (id, found)| {
            let call = format!("GET /payments/orders/{id}?*");
            if *found {
                fakes.answer(&call, 200, &ORDER.json())
            } else {
                fakes.answer(&call, 404, r#"{"message":"Order not found"}"#)
            }
        })
    }

    fn answer(&self, fakes: Fakes) -> Fakes {
        let mut fakes = self.answer_orders(fakes);
        // Seven days before 2024-04-04, that day, and seven after.
        for day in 0..15 {
            let deliveries =
                if day == 7 { format!("[{}]", self.deliveries.join(",")) } else { "[]".to_owned() };
            fakes = fakes.answer("GET /Order/Date/*", 200, &deliveries).answer(
                "GET /Order/Route/Date/*",
                200,
                "[]",
            );
            if day == 7 {
                fakes = self.answer_lookups(fakes, true);
            }
        }
        let rows: Vec<String> = self.payments.iter().map(Payment::json).collect();
        self.answer_lookups(fakes.answer("GET /payments/transactions?*", 200, &list(&rows)), false)
    }
}

/// All findings of a run, and its last page.
fn run(fakes: &Fakes, scope: &Scope) -> (Vec<Finding>, super::super::FindingPage) {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..100 {
        let mut page = page(fakes, scope, cursor.as_deref()).unwrap();
        found.append(&mut page.findings);
        cursor = page.cursor.clone();
        if cursor.is_none() {
            assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
            return (found, page);
        }
    }
    panic!("the run does not end");
}

fn found(world: &World) -> Vec<Finding> {
    run(&world.answer(Fakes::new(SETTINGS, NOW)), &one_day()).0
}

/// `system currency: rows, total = matched + left over`.
fn sums(page: &super::super::FindingPage) -> Vec<String> {
    let number = |decimal| transload_sdk::convert::decimal_in(decimal).unwrap().normalized();
    let told = |tally: &transload_sdk::FindingTally| {
        let (total, matched, left) = (number(tally.total), number(tally.matched), number(tally.left_over));
        format!("{} {}: {} rows, {total} = {matched} + {left}", tally.system, tally.currency, tally.rows)
    };
    page.tallies.iter().map(told).collect()
}

#[test]
fn a_day_on_which_all_is_in_order_gives_sums_and_no_findings() {
    let cash = Delivery { cod: "150.1", cash: "150.1", ..DELIVERED };
    let world = World {
        orders: vec![
            case(Order { fulfillment: "fulfilled", ..ORDER }, &[RECORDED], Some(cash))
                .posted(posted("1", "2")),
        ],
        deliveries: vec![cash.json()],
        payments: vec![RECORDED],
        lookups: Vec::new(),
    };
    let (found, last) = run(&world.answer(Fakes::new(SETTINGS, NOW)), &one_day());
    assert_eq!(kinds(&found), [""; 0]);
    assert_eq!(
        sums(&last),
        ["ghl USD: 1 rows, 150.1 = 150.1 + 0", "track-pod USD: 1 rows, 150.1 = 150.1 + 0"]
    );
}

#[test]
fn a_delivery_without_its_order_is_found_and_a_stranger_is_not() {
    let named = |names: &str| DELIVERY.named(names);
    let deliveries = vec![
        named(&format!(r#""Id":"{OTHER}","TrackId":"a""#)),
        named(r#""Id":"shop-1001","TrackId":"b""#),
        named(r#""Number":"1001","TrackId":"c""#),
    ];
    let world = World { deliveries, lookups: vec![(OTHER, false)], ..World::default() };
    let found = found(&world);
    assert_eq!(kinds(&found), ["delivery-without-order"]);
    assert_eq!((found[0].subject.as_str(), found[0].right.id.as_deref()), (OTHER, Some("a")));
}

#[test]
fn the_delivery_of_an_order_of_another_time_or_of_its_renewal_is_in_order() {
    let deliveries = vec![
        DELIVERY.named(&format!(r#""Id":"{OTHER}","TrackId":"a""#)),
        DELIVERY.named(&format!(r#""Id":"{OTHER}-20240404","TrackId":"b""#)),
    ];
    let world = World { deliveries, lookups: vec![(OTHER, true), (OTHER, true)], ..World::default() };
    assert_eq!(kinds(&found(&world)), [""; 0]);
}

#[test]
fn two_deliveries_of_one_order_are_found_by_id_number_or_reference() {
    for names in [
        format!(r#""Id":"{ID}","TrackId":"track-2""#),
        format!(r#""Number":"{ID}","TrackId":"track-2""#),
        format!(r#""Number":"1","CustomerReferenceId":"{ID}","TrackId":"track-2""#),
    ] {
        let world = World {
            orders: vec![case(ORDER, &[PAYMENT], Some(DELIVERY))],
            deliveries: vec![DELIVERY.json(), DELIVERY.named(&names)],
            ..World::default()
        };
        let found = found(&world);
        assert_eq!(kinds(&found), ["duplicate-delivery"], "{names}");
        assert_eq!(
            (found[0].left.id.as_deref(), found[0].right.id.as_deref()),
            (Some("track-1"), Some("track-2"))
        );
    }
}

#[test]
fn another_delivery_after_one_that_failed_is_in_order() {
    let refused = Delivery { status: "5", ..DELIVERY };
    let again = DELIVERY.named(&format!(r#""Number":"{ID}","TrackId":"track-2""#));
    let world = World {
        orders: vec![case(ORDER, &[PAYMENT], Some(refused))],
        deliveries: vec![refused.json(), again],
        ..World::default()
    };
    assert_eq!(kinds(&found(&world)), [""; 0]);
}

const ORPHAN: Payment = Payment { id: "t5", entity: "", charge: r#""ch_5""#, ..PAYMENT };

#[test]
fn a_payment_that_names_no_order_is_found() {
    let invoice = Payment {
        id: "t6",
        entity: r#""entityType":"invoice","entityId":"i1","#,
        charge: r#""ch_6""#,
        ..PAYMENT
    };
    let gone = Payment {
        id: "t7",
        entity: r#""entityType":"order","entityId":"770ed43bfdf9fc05a0de7a41","#,
        charge: r#""ch_7""#,
        ..PAYMENT
    };
    let twice = Payment { id: "t8", ..ORPHAN };
    let failed = Payment { id: "t9", status: "failed", ..ORPHAN };
    let test = Payment { id: "t10", live: false, ..ORPHAN };
    let world = World {
        payments: vec![ORPHAN, invoice, gone, twice, failed, test],
        lookups: vec![(OTHER, false)],
        ..World::default()
    };
    let (found, last) = run(&world.answer(Fakes::new(SETTINGS, NOW)), &one_day());
    assert_eq!(
        kinds(&found),
        ["unmatched-payment", "unmatched-payment", "unmatched-payment", "duplicate-payment"]
    );
    assert_eq!(sums(&last), ["ghl USD: 4 rows, 600.4 = 150.1 + 450.3"]);
}

/// Goods that were delivered for a payment that names no order.
fn loose() -> World {
    World {
        orders: vec![case(ORDER, &[], Some(Delivery { cod: "0", ..DELIVERED })).posted(posted("1", "2"))],
        payments: vec![ORPHAN],
        ..World::default()
    }
}

#[test]
fn a_payment_is_suggested_for_the_delivered_order_of_its_customer() {
    let found = found(&loose());
    assert_eq!(kinds(&found), ["unmatched-payment"]);
    assert_eq!(found[0].certainty, Certainty::Suggested);
    assert_eq!((found[0].left.value.as_deref(), found[0].right.value.as_deref()), (Some(ID), Some("t5")));
}

#[test]
fn what_a_person_decides_of_a_suggestion_holds_in_the_next_run() {
    for (decision, certainty, left) in [
        ("accept", None, "150.1 + 0"),
        // Then the order is unpaid, and the payment is nobody's.
        ("split", Some(Certainty::Confirmed), "0 + 150.1"),
        ("ignore", Some(Certainty::Confirmed), "0 + 150.1"),
    ] {
        let fakes = answer_survey(loose().answer(Fakes::new(SETTINGS, NOW)), &one_day(), &[], &[ORPHAN]);
        let fakes = loose().answer(fakes);
        let answered_once = |scope: &Scope| {
            let mut cursor: Option<String> = None;
            let mut found = Vec::new();
            loop {
                let mut next = page(&fakes, scope, cursor.as_deref()).unwrap();
                found.append(&mut next.findings);
                cursor = next.cursor.clone();
                if cursor.is_none() {
                    return (found, next);
                }
            }
        };
        let (first, _) = answered_once(&one_day());
        let key = format!("decision/{}", first[0].id);
        let text = format!(r#"{{"decision":"{decision}","reason":"seen at the bank"}}"#);
        fakes.context().store.put(&key, text.as_bytes()).unwrap();
        let (second, last) = answered_once(&one_day());
        assert_eq!(second.first().map(|finding| finding.certainty), certainty, "{decision}");
        assert_eq!(sums(&last), [format!("ghl USD: 1 rows, 150.1 = {left}")], "{decision}");
    }
}

#[test]
fn goods_that_nobody_paid_for_are_found_once() {
    let world = World { payments: Vec::new(), ..loose() };
    let unpaid = found(&world);
    assert_eq!(kinds(&unpaid), ["payment-not-captured"]);
    let nothing_brought =
        case(ORDER, &[], Some(Delivery { cod: "150.1", ..DELIVERED })).posted(posted("1", "2"));
    let told = found(&World { orders: vec![nothing_brought], ..World::default() });
    assert_eq!(kinds(&told), ["cash-differs"]);
}

#[test]
fn rows_beyond_the_limit_are_findings_at_once() {
    let fakes =
        Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions?*", 200, &list(&[ORPHAN.json()]));
    let mut cursor = Cursor::first(&one_day(), &kinds::ALL, 1, Phase::Payments).unwrap();
    cursor.kept = [0, 1_000];
    let next = page(&fakes, &one_day(), Some(&cursor.write().unwrap())).unwrap();
    assert_eq!(kinds(&next.findings), ["unmatched-payment"]);
    let last = page(&fakes, &one_day(), next.cursor.as_deref()).unwrap();
    assert_eq!(kinds(&last.findings), ["too-many-left-over"]);
}
