//! Renewals and changes of subscriptions, against a scripted vendor.

use transload_model::Payments;
use transload_sdk::fakes::Fakes;
use transload_wire::HttpError;

use super::*;
use crate::fixtures::*;
use crate::payments;

/// A monthly subscription that began with the order.
const SUBSCRIPTION: &str = r#"{"_id": "s1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "active",
    "liveMode": false, "entityType": "order", "entityId": "o1", "createdAt": "2024-04-04T16:24:27.036Z",
    "updatedAt": "2024-04-04T16:24:27.036Z", "schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}}"#;

fn charge(id: &str, at: &str) -> String {
    let charge =
        with_changed(PAYMENT, r#""_id": "t1""#, &format!(r#""_id": "{id}", "subscriptionId": "sub_1""#));
    with_changed(&charge, r#""createdAt": "2024-04-04T16:25:00.000Z""#, &format!(r#""createdAt": "{at}""#))
}

/// What was paid for the order itself.
fn paid(fakes: &Fakes) -> Payments {
    let payments = with_shop(fakes, |shop| {
        let order = shop.ghl.order("o1")?.unwrap();
        Ok(Payments::of(&order, &payments::of_order(shop, &order)?)?)
    });
    payments.unwrap().unwrap()
}

#[test]
fn a_renewal_pays_nothing_of_the_order_itself() {
    for (at, captured) in [("2024-04-05T16:20:00Z", "150.10 USD"), ("2024-05-04T16:20:00Z", "0.00 USD")] {
        let fakes = Fakes::new(SETTINGS, NOW)
            .answer("GET /payments/orders/o1?*", 200, ORDER)
            .answer("GET /payments/transactions?*", 200, &page(&[&charge("t2", at)]))
            .answer("GET /payments/subscriptions?*", 200, &page(&[SUBSCRIPTION]))
            .answer("GET /payments/subscriptions/s1?*", 200, SUBSCRIPTION);
        let payments = paid(&fakes);
        assert_eq!(payments.captured.to_string(), captured, "{at}");
    }
}

#[test]
fn without_the_scope_of_subscriptions_the_day_of_a_charge_tells_a_renewal() {
    let transactions = page(&[&charge("t1", "2024-04-04T16:25:00Z"), &charge("t2", "2024-05-04T16:20:00Z")]);
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &transactions)
        .fail("GET /payments/subscriptions?*", HttpError::Denied("not granted".to_owned()));
    let payments = paid(&fakes);
    assert_eq!(payments.captured.to_string(), "150.10 USD");
}

#[test]
fn a_change_is_news_once_and_the_beginning_is_none() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/subscriptions/s1?*", 200, SUBSCRIPTION)
        .answer("GET /contacts/c1/notes", 200, NO_NOTES)
        .answer("POST /contacts/c1/notes", 201, NOTE);
    let cx = fakes.context();
    let runs = with_shop(&fakes, |shop| Ok(shop.ghl.subscription("s1")?.unwrap())).unwrap();
    assert_eq!(last_status(&cx, "s1").unwrap(), None);
    let began = with_shop(&fakes, |shop| note(shop, Work::default(), &runs, false)).unwrap();
    assert!(began.is_empty() && writes(&fakes).is_empty());
    remember_status(&cx, &runs).unwrap();
    assert_eq!(last_status(&cx, "s1").unwrap().as_deref(), Some("active"));
    let ended = Subscription { status: SubscriptionStatus::Cancelled, ..runs };
    with_shop(&fakes, |shop| note(shop, Work::default(), &ended, true)).unwrap();
    let told = body(&writes(&fakes)[0]);
    // 2024-04-04T16:24:27.036Z.
    assert!(told.contains("Subscription is now cancelled."), "{told}");
    assert!(told.contains("[transload subscription s1 cancelled 1712247867036]"), "{told}");
}

#[test]
fn what_an_earlier_version_kept_of_a_subscription_is_read() {
    let fakes = Fakes::new(SETTINGS, NOW);
    let cx = fakes.context();
    cx.store.put("subscription/s1", br#"{"status":"past due"}"#).unwrap();
    assert_eq!(last_status(&cx, "s1").unwrap().as_deref(), Some("past due"));
}
