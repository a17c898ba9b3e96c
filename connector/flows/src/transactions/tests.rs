//! Payments and refunds, against a scripted vendor.

use transload_sdk::bindings::transload::connector::types::Report;
use transload_sdk::fakes::Fakes;

use super::*;
use crate::fixtures::*;

fn transaction(json: &str) -> Transaction {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/transactions/t1?*", 200, json);
    with_shop(&fakes, |shop| Ok(shop.ghl.transaction("t1")?.unwrap())).unwrap()
}

fn refunded(amount: &str) -> String {
    with_changed(PAYMENT, r#""amountRefunded": 0"#, &format!(r#""amountRefunded": {amount}"#))
}

fn booked(fakes: &Fakes, transaction: &Transaction) -> (Report, Option<Movement>) {
    let subject = subject(transaction).unwrap();
    let (work, movement) = with_shop(fakes, |shop| record_revenue(shop, subject, transaction)).unwrap();
    (done(work.into()), movement)
}

#[test]
fn a_payment_and_its_refund_move_the_revenue_once_each() {
    let fakes = Fakes::new(SETTINGS, NOW);
    let (first, movement) = booked(&fakes, &transaction(PAYMENT));
    assert_eq!(first.effects[0].summary, "captured 150.10 USD, refunded 0.00 USD, net 150.10 USD");
    assert_eq!(movement.unwrap().captured.to_string(), "150.10 USD");
    let (again, movement) = booked(&fakes, &transaction(PAYMENT));
    assert_eq!((verbs(&again), movement), (vec![(Verb::Verified, "store", "revenue")], None));
    let (back, movement) = booked(&fakes, &transaction(&refunded("50.05")));
    assert_eq!(back.effects[0].summary, "captured 150.10 USD, refunded 50.05 USD, net 100.05 USD");
    let movement = movement.unwrap();
    assert_eq!(
        (movement.captured.amount.is_zero(), movement.refunded.to_string()),
        (true, "50.05 USD".to_owned())
    );
    // Operators' databases have it.
    assert!(fakes.context().store.get("revenue/o1").unwrap().is_some());
}

#[test]
fn a_payment_is_booked_under_its_order_before_its_subscription_and_its_invoice() {
    let (order, subscription, invoice, other) = (
        Entity::Order("o1".to_owned()),
        Entity::Subscription("s1".to_owned()),
        Entity::Invoice("i1".to_owned()),
        Entity::Other("b1".to_owned()),
    );
    let paying = |settles: &[&Entity]| Transaction {
        settles: settles.iter().copied().cloned().collect(),
        ..transaction(PAYMENT)
    };
    for (settles, expected) in [
        (vec![&other, &invoice, &subscription, &order], Some(&order)),
        (vec![&invoice, &subscription], Some(&subscription)),
        (vec![&invoice, &other], Some(&invoice)),
        (vec![&other], None),
        (Vec::new(), None),
    ] {
        assert_eq!(subject(&paying(&settles)), expected, "{settles:?}");
    }
}

#[test]
fn a_note_says_what_came_in_and_what_failed_and_what_went_back() {
    let order = Entity::Order("o1".to_owned());
    let told = |json: &str| {
        let fakes = Fakes::new(SETTINGS, NOW).answer("GET /contacts/c1/notes", 200, NO_NOTES).answer(
            "POST /contacts/c1/notes",
            201,
            NOTE,
        );
        let payment = transaction(json);
        let noted = with_shop(&fakes, |shop| match payment.refunded {
            Some(refunded) if refunded.amount.is_positive() => {
                note_refund(shop, Work::default(), &order, &payment)
            }
            _ => note(shop, Work::default(), &order, &payment, " It is at the depot."),
        });
        noted.unwrap();
        body(&writes(&fakes)[0])
    };
    for (json, text) in [
        (
            PAYMENT.to_owned(),
            r"Payment of 150.10 USD received for order o1. It is at the depot.\n[transload payment t1]",
        ),
        (
            with_changed(PAYMENT, "succeeded", "failed"),
            r"Payment of 150.10 USD for order o1 failed.\n[transload payment-failed t1]",
        ),
        (
            refunded("50.05"),
            r"50.05 USD in all of 150.10 USD given back for order o1.\n[transload refund t1 50.05]",
        ),
    ] {
        let told = told(&json);
        assert!(told.contains(text), "{told}");
    }
}

#[test]
fn money_that_moved_has_its_order_looked_at_again() {
    let fakes = Fakes::new(SETTINGS, NOW).answer("GET /payments/orders/o1?*", 200, ORDER).answer(
        "GET /payments/orders/o1?*",
        404,
        r#"{"message":"Order not found"}"#,
    );
    let refund = transaction(&refunded("50.05"));
    let again = || with_shop(&fakes, |shop| order_again(shop, "o1", &refund)).unwrap();
    let event = again().unwrap();
    assert_eq!((event.id.as_str(), event.subject.as_str()), ("order o1 after t1 succeeded 50.05", "o1"));
    assert!(again().is_none());
}
