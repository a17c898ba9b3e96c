//! Each kind of difference is found where there is one, and not in what is as it should be.

use transload_sdk::bindings::transload::connector::types::Change;

use super::*;

const ORDERS: &str = "/payments/orders";
const PAYMENTS: &str = "/payments/transactions";
const SUBSCRIPTIONS: &str = "/payments/subscriptions";
const RANKR_ORDERS: &str = "/orders";
const RANKR_INVOICES: &str = "/invoices";

/// Nothing is found before `plant`, just `kinds` after it; and, if it `is_mended`, nothing after the flows ran that the repairs
/// ask for.
fn planted(plant: impl Fn(&World), kinds: &[&str], is_mended: bool) -> Vec<Finding> {
    let world = World::in_order(SETTINGS);
    plant_in(&world, plant, kinds, is_mended)
}

fn plant_in(world: &World, plant: impl Fn(&World), kinds: &[&str], is_mended: bool) -> Vec<Finding> {
    assert_eq!(world.kinds(), [""; 0], "before");
    plant(world);
    let found = world.run().0;
    let told: Vec<&str> = found.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(told, kinds, "{found:#?}");
    assert_eq!(
        world.run().0.iter().map(|it| &it.id).collect::<Vec<_>>(),
        found.iter().map(|it| &it.id).collect::<Vec<_>>()
    );
    let repairs: Vec<_> = found.iter().filter_map(|finding| finding.repair.as_ref()).collect();
    assert_eq!(repairs.len(), if is_mended { kinds.len() } else { 0 }, "{found:#?}");
    for repair in &repairs {
        let event = &repair.event;
        assert_eq!(event.source, "ghl");
        let done = match &event.change {
            Change::Order(order) => world.with(|both| crate::orders::sync(both, &order.id)),
            Change::Transaction(payment) => world.with(|both| crate::transactions::record(both, &payment.id)),
            Change::Invoice(invoice) => world.with(|both| crate::invoices::sync(both, &invoice.id)),
            Change::Subscription(it) => world.with(|both| crate::subscriptions::sync(both, &it.id)),
            Change::Fulfillment(_) => panic!("no repair is a fulfilment"),
        };
        done.unwrap();
    }
    if is_mended {
        assert_eq!(world.kinds(), [""; 0], "after the repair");
    }
    found
}

fn amount(side: &transload_sdk::FindingSide) -> String {
    let money = side.amount.clone().unwrap();
    transload_sdk::convert::money_in(money).unwrap().to_string()
}

#[test]
fn an_order_that_rankr_lacks_is_found_and_sent() {
    let found = planted(|world| world.remove(Of::Rankr, RANKR_ORDERS, "o1"), &["order-missing"], true);
    assert_eq!((found[0].subject.as_str(), amount(&found[0].left).as_str()), ("o1", "150.10 USD"));
    assert_eq!(found[0].right.id, None);
}

#[test]
fn an_order_that_the_settings_leave_out_is_no_difference_unless_rankr_has_it() {
    let settings = r#"{"location_id":"loc1","mode":"all","send_when":"order.total > 500"}"#;
    let world = World::of_ghl(settings);
    world.settle();
    assert_eq!(world.get(Of::Rankr, RANKR_ORDERS, "o1"), None);
    assert_eq!(world.kinds(), [""; 0]);
}

#[test]
fn an_order_that_ghl_lacks_is_found() {
    let found = planted(|world| world.copy(Of::Rankr, RANKR_ORDERS, "o1", "o9"), &["order-unknown"], false);
    assert_eq!((found[0].left.id.as_deref(), found[0].right.id.as_deref()), (None, Some("o9")));
    // One that was made at another time is another run's.
    let elsewhere = |world: &World| {
        world.copy(Of::Rankr, RANKR_ORDERS, "o1", "o9");
        world.edit(Of::Rankr, RANKR_ORDERS, "o9", r#""createdAt":"2024"#, r#""createdAt":"2023"#);
    };
    planted(elsewhere, &[], false);
}

#[test]
fn an_order_that_was_changed_in_rankr_is_found_and_put_back() {
    let edit = |from: &'static str, to: &'static str| {
        move |world: &World| world.edit(Of::Rankr, RANKR_ORDERS, "o1", from, to)
    };
    let found = planted(edit(r#""status":"pending""#, r#""status":"completed""#), &["order-differs"], true);
    let values = (found[0].left.value.as_deref(), found[0].right.value.as_deref());
    assert_eq!(values, (Some("status pending"), Some("status completed")));
    planted(edit(r#""quantity":"2""#, r#""quantity":"3""#), &["order-differs"], true);
    planted(edit(r#""amount":"150.1""#, r#""amount":"150.11""#), &["order-differs"], true);
    planted(edit(r#""currency":"USD""#, r#""currency":"EUR""#), &["order-currency-differs"], true);
    let found = planted(edit(r#""amountPaid":"150.1""#, r#""amountPaid":"15.01""#), &["paid-differs"], true);
    assert_eq!(found[0].right.value.as_deref(), Some("amountPaid 15.01"));
    // Another way to write the same.
    planted(edit(r#""amount":"150.1""#, r#""amount":"150.10""#), &[], false);
}

#[test]
fn what_is_newer_in_rankr_is_found_and_not_mended() {
    let newer = |world: &World| {
        world.edit(Of::Rankr, RANKR_ORDERS, "o1", r#""status":"pending""#, r#""status":"completed""#);
        world.edit(Of::Rankr, RANKR_ORDERS, "o1", r#""version":17"#, r#""version":27"#);
    };
    planted(newer, &["order-differs"], false);
}

#[test]
fn what_something_in_rankr_sets_again_and_again_is_found_and_not_mended() {
    let world = World::in_order(SETTINGS);
    for _ in 0..2 {
        world.edit(Of::Rankr, RANKR_ORDERS, "o1", r#""status":"pending""#, r#""status":"completed""#);
        world.with(|both| crate::orders::sync(both, "o1")).unwrap();
    }
    let found = world.run().0;
    assert_eq!((found.len(), found[0].kind.as_str(), found[0].repair.is_none()), (1, "order-differs", true));
}

#[test]
fn an_order_that_changed_in_ghl_is_found_and_sent_again() {
    let changed = |world: &World| {
        world.edit(Of::Ghl, ORDERS, "o1", "pending", "cancelled");
        world.edit(
            Of::Ghl,
            ORDERS,
            "o1",
            r#""updatedAt": "2024-04-04T16:24:31"#,
            r#""updatedAt": "2024-04-04T16:59:31"#,
        );
    };
    planted(changed, &["order-differs"], true);
}

#[test]
fn a_payment_that_rankr_lacks_or_has_otherwise_is_found_and_sent() {
    planted(|world| world.remove(Of::Rankr, PAYMENTS, "t1"), &["payment-missing"], true);
    let edit = |from: &'static str, to: &'static str| {
        move |world: &World| world.edit(Of::Rankr, PAYMENTS, "t1", from, to)
    };
    let found = planted(edit(r#""amount":"150.1""#, r#""amount":"15.01""#), &["payment-differs"], true);
    assert_eq!(
        (amount(&found[0].left), amount(&found[0].right)),
        ("150.10 USD".to_owned(), "15.01 USD".to_owned())
    );
    planted(edit(r#""status":"succeeded""#, r#""status":"failed""#), &["payment-differs"], true);
    planted(edit(r#""amountRefunded":"0""#, r#""amountRefunded":"1""#), &["payment-differs"], true);
    planted(edit(r#""method":"stripe""#, r#""method":"cash""#), &["payment-differs"], true);
    planted(edit(r#""currency":"USD""#, r#""currency":"EUR""#), &["payment-currency-differs"], true);
}

#[test]
fn a_refund_that_nobody_told_of_is_found_on_the_payment_and_on_the_order() {
    let refund = |world: &World| {
        world.edit(Of::Ghl, PAYMENTS, "t1", r#""amountRefunded": 0"#, r#""amountRefunded": 50"#);
        world.edit(
            Of::Ghl,
            PAYMENTS,
            "t1",
            r#""updatedAt": "2024-04-04T16:25"#,
            r#""updatedAt": "2024-04-04T16:58"#,
        );
    };
    planted(refund, &["paid-differs", "payment-differs"], true);
}

#[test]
fn a_payment_that_ghl_lacks_is_found() {
    let found = planted(|world| world.copy(Of::Rankr, PAYMENTS, "t1", "t9"), &["payment-unknown"], false);
    assert_eq!(amount(&found[0].right), "150.10 USD");
}

/// Order `o1` is fulfilled in part, and both systems know.
fn shipped() -> World {
    let world = World::of_ghl(SETTINGS);
    world.edit(Of::Ghl, ORDERS, "o1", "unfulfilled", "partially_fulfilled");
    let tracking = r#"[{"trackingNumber": "N1"}]"#;
    let coat = r#"{"price": {"_id": "p2"}, "qty": 1}"#;
    world.fulfill(Of::Ghl, "o1", &format!(r#"{{"_id": "f1", "trackings": {tracking}, "items": [{coat}]}}"#));
    world.settle();
    world
}

#[test]
fn a_fulfilment_that_rankr_lacks_is_found_and_posted() {
    let posted = |world: &World| {
        world.fulfill(Of::Ghl, "o1", r#"{"_id": "f2", "items": [{"price": {"_id": "p1"}, "qty": 1}]}"#);
        // GoHighLevel's order changes with it; how it says so is not what is tried here.
        world.edit(Of::Ghl, ORDERS, "o1", "16:24:31.297Z", "16:24:31.298Z");
        world.edit(Of::Rankr, RANKR_ORDERS, "o1", "16:24:31.297Z", "16:24:31.298Z");
    };
    let found = plant_in(&shipped(), posted, &["fulfillment-missing-in-rankr"], true);
    assert_eq!(found[0].left.value.as_deref(), Some("1 × Tee"));
}

#[test]
fn a_fulfilment_that_ghl_lacks_is_found_and_written_and_one_that_has_not_left_is_not() {
    let made = |state: &str| {
        format!(
            r#"{{"fulfillmentId":"r1","orderId":"o1","status":"{state}","lines":[{{"lineId":"p1","quantity":"1"}}],
                "updatedAt":"2024-04-04T16:40:00.000Z"}}"#
        )
    };
    // Rankr says on its order when its fulfilments changed.
    let told = |world: &World, state: &str| {
        world.fulfill(Of::Rankr, "o1", &made(state));
        world.edit(
            Of::Rankr,
            RANKR_ORDERS,
            "o1",
            r#"{"orderId""#,
            r#"{"fulfillmentsAt":"2024-04-04T16:40:00.000Z","orderId""#,
        );
    };
    let found = planted(|world| told(world, "delivered"), &["fulfillment-missing-in-ghl"], true);
    assert_eq!((found[0].left.id.as_deref(), found[0].right.id.as_deref()), (None, Some("r1")));
    planted(|world| told(world, "scheduled"), &[], false);
}

#[test]
fn quantities_that_differ_are_found_and_left_to_a_person() {
    let told = |from: &'static str, to: &'static str| {
        move |world: &World| {
            world.edit_fulfillment("o1", from, to);
            world.edit(
                Of::Rankr,
                RANKR_ORDERS,
                "o1",
                r#"{"orderId""#,
                r#"{"fulfillmentsAt":"2024-04-04T16:40:00.000Z","orderId""#,
            );
        }
    };
    let kinds = ["fulfilled-quantity-differs"];
    let found = plant_in(&shipped(), told(r#""quantity":"1""#, r#""quantity":"2""#), &kinds, false);
    let values = (found[0].left.value.as_deref(), found[0].right.value.as_deref());
    assert_eq!(values, (Some("1 × Coat"), Some("2 × Coat")));
    // What was withdrawn in Rankr stays as fulfilled in GoHighLevel.
    let found = plant_in(&shipped(), told("out_for_delivery", "cancelled"), &kinds, false);
    assert_eq!(found[0].right.value.as_deref(), Some("nothing"));
}

#[test]
fn more_than_was_ordered_is_found_once() {
    let too_much = |world: &World| {
        let made = r#"{"fulfillmentId":"r1","orderId":"o1","status":"delivered","lines":[{"lineId":"p1","quantity":"4"}]}"#;
        world.fulfill(Of::Rankr, "o1", made);
        world.edit(
            Of::Rankr,
            RANKR_ORDERS,
            "o1",
            r#"{"orderId""#,
            r#"{"fulfillmentsAt":"2024-04-04T16:40:00.000Z","orderId""#,
        );
    };
    let world = World::in_order(SETTINGS);
    too_much(&world);
    assert_eq!(world.kinds(), ["fulfillment-missing-in-ghl", "fulfilled-quantity-differs"]);
    world.with(|both| crate::orders::sync(both, "o1")).unwrap();
    let found = world.run().0;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].right.value.as_deref(), Some("4 × Tee"));
}

#[test]
fn invoices_are_found_as_orders_are() {
    planted(|world| world.remove(Of::Rankr, RANKR_INVOICES, "i1"), &["invoice-missing"], true);
    planted(|world| world.copy(Of::Rankr, RANKR_INVOICES, "i1", "i9"), &["invoice-unknown"], false);
    let edit = |from: &'static str, to: &'static str| {
        move |world: &World| world.edit(Of::Rankr, RANKR_INVOICES, "i1", from, to)
    };
    planted(edit(r#""amountPaid":"50""#, r#""amountPaid":"60""#), &["invoice-differs"], true);
    planted(edit(r#""number":"19""#, r#""number":"20""#), &["invoice-differs"], true);
}

#[test]
fn an_invoice_whose_payments_do_not_come_to_what_it_says_is_found() {
    let lost = |world: &World| world.edit(Of::Ghl, PAYMENTS, "t3", r#""amount": 50"#, r#""amount": 40"#);
    let world = World::in_order(SETTINGS);
    lost(&world);
    let found = world.run().0;
    let kinds: Vec<&str> = found.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["payment-differs", "invoice-payment-differs"]);
    assert_eq!(
        (amount(&found[1].left), amount(&found[1].right)),
        ("50.00 USD".to_owned(), "40.00 USD".to_owned())
    );
    let euros =
        |world: &World| world.edit(Of::Ghl, PAYMENTS, "t3", r#""currency": "USD""#, r#""currency": "EUR""#);
    let world = World::in_order(SETTINGS);
    euros(&world);
    assert_eq!(world.kinds(), ["payment-currency-differs", "invoice-payment-differs"]);
}

#[test]
fn subscriptions_are_found_as_orders_are() {
    planted(|world| world.remove(Of::Rankr, SUBSCRIPTIONS, "s1"), &["subscription-missing"], true);
    planted(|world| world.copy(Of::Rankr, SUBSCRIPTIONS, "s1", "s9"), &["subscription-unknown"], false);
    let edit = |from: &'static str, to: &'static str| {
        move |world: &World| world.edit(Of::Rankr, SUBSCRIPTIONS, "s1", from, to)
    };
    planted(edit(r#""status":"active""#, r#""status":"paused""#), &["subscription-differs"], true);
    planted(
        edit(r#""nextChargeAt":"2024-05"#, r#""nextChargeAt":"2024-06"#),
        &["subscription-differs"],
        true,
    );
}

#[test]
fn a_charge_that_did_not_come_is_found_after_the_time_of_grace() {
    let world = World::in_order(SETTINGS);
    // 2024-05-04T16:25:00Z by `date -ud … +%s`, when the charge of May is due.
    let due = 1_714_839_900_000;
    world.at(due + DAY - 1);
    assert_eq!(world.kinds(), [""; 0]);
    world.at(due + DAY);
    let found = world.run().0;
    assert_eq!((found.len(), found[0].kind.as_str()), (1, "charge-missed"));
    assert_eq!(found[0].left.value.as_deref(), Some("due on 2024-05-04"));
    assert!(found[0].repair.is_none());
}

#[test]
fn a_completed_order_without_its_money_and_money_without_an_order_are_told_together() {
    let unpaid = |world: &World| {
        world.remove(Of::Ghl, PAYMENTS, "t1");
        world.remove(Of::Rankr, PAYMENTS, "t1");
        world.edit(Of::Ghl, ORDERS, "o1", "pending", "completed");
        world.edit(Of::Ghl, ORDERS, "o1", "16:24:31.297Z", "16:59:31.297Z");
    };
    let world = World::in_order(SETTINGS);
    unpaid(&world);
    world.settle();
    assert_eq!(world.kinds(), ["payment-not-captured"]);
    // A payment of its amount and customer that names no order.
    let stray = crate::fixtures::with_changed(
        crate::fixtures::PAYMENT,
        r#""entityType": "order", "entityId": "o1","#,
        "",
    );
    world.put(Of::Ghl, PAYMENTS, "t1", &stray);
    world.settle();
    let found = world.run().0;
    assert_eq!((found.len(), found[0].kind.as_str()), (1, "unmatched-payment"), "{found:#?}");
    assert_eq!((found[0].certainty, found[0].left.id.as_deref()), (Certainty::Suggested, Some("o1")));
}

#[test]
fn an_order_that_is_paid_twice_or_in_another_mode_or_currency_is_found() {
    let beside = |edits: &[(&str, &str)]| {
        let world = World::of_ghl(SETTINGS);
        world.copy(Of::Ghl, PAYMENTS, "t1", "t9");
        for (from, to) in edits {
            world.edit(Of::Ghl, PAYMENTS, "t9", from, to);
        }
        world.settle();
        world.kinds()
    };
    assert_eq!(beside(&[]), ["duplicate-payment"]);
    assert_eq!(beside(&[(r#""liveMode": false"#, r#""liveMode": true"#)]), ["test-live-mix"]);
    assert_eq!(beside(&[("USD", "EUR")]), ["currency-differs"]);
    assert_eq!(beside(&[("150.1", "1"), ("ch_1", "ch_9")]), ["paid-differs"]);
}

#[test]
fn what_cannot_be_read_is_a_finding_and_keeps_nothing_else_from_being_compared() {
    let world = World::in_order(SETTINGS);
    world.edit(Of::Ghl, ORDERS, "o1", r#""qty": 1, "#, "");
    world.edit(Of::Ghl, ORDERS, "o1", "16:24:31", "16:24:32");
    world.remove(Of::Rankr, RANKR_ORDERS, "o2");
    let found = world.run().0;
    let kinds: Vec<&str> = found.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["unreadable", "order-missing"]);
}
