//! Every record goes out and comes back unchanged, with every field set and with none.

use proptest::option::of;
use proptest::prelude::*;
use transload_model::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}"
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0_u8..=18).prop_map(|(units, exponent)| Decimal::new(units, exponent).unwrap())
}

fn any_money() -> impl Strategy<Value = Money> {
    let currency = prop_oneof![Just("USD"), Just("JPY"), Just("KWD")];
    (any_decimal(), currency).prop_map(|(amount, code)| Money::new(amount, code.parse().unwrap()))
}

fn any_instant() -> impl Strategy<Value = Option<Instant>> {
    of(any::<u64>().prop_map(Instant))
}

prop_compose! {
    fn any_address()(lines in proptest::collection::vec(text(), 0..3), rest in (of(text()), of(text()), of(text()), of(text()))) -> Address {
        Address { lines, city: rest.0, region: rest.1, postal_code: rest.2, country: rest.3 }
    }
}

prop_compose! {
    fn any_party()(id in of(text()), name in of(text()), email in of(text()), phone in of(text()), address in of(any_address())) -> Party {
        Party { id, name, email, phone, address }
    }
}

prop_compose! {
    fn any_line()(id in text(), sku in of(text()), name in text(), quantity in any_decimal(), unit_price in of(any_money()), physical in of(any::<bool>())) -> Line {
        Line { id, sku, name, quantity, unit_price, physical }
    }
}

prop_compose! {
    fn any_order()(
        ids in (text(), of(text()), of(text())),
        status in prop_oneof![Just(OrderStatus::Pending), Just(OrderStatus::Completed), Just(OrderStatus::Cancelled), text().prop_map(OrderStatus::Other)],
        payment in of(prop_oneof![Just(PaymentStatus::Unpaid), Just(PaymentStatus::PartiallyPaid), Just(PaymentStatus::Paid), Just(PaymentStatus::PartiallyRefunded), Just(PaymentStatus::Refunded), text().prop_map(PaymentStatus::Other)]),
        fulfillment in of(prop_oneof![Just(FulfillmentStatus::Unfulfilled), Just(FulfillmentStatus::PartiallyFulfilled), Just(FulfillmentStatus::Fulfilled), Just(FulfillmentStatus::Cancelled), text().prop_map(FulfillmentStatus::Other)]),
        total in any_money(),
        sums in (of(any_money()), of(any_money()), of(any_money()), of(any_money()), of(any_money())),
        customer in of(any_party()), ship_to in of(any_address()),
        lines in proptest::collection::vec(any_line(), 0..3),
        live in any::<bool>(), created_at in any_instant(), updated_at in any_instant(),
    ) -> Order {
        Order {
            id: ids.0, number: ids.1, note: ids.2, status, payment, fulfillment, total, subtotal: sums.0, discount: sums.1,
            tax: sums.2, billed_by: None, shipping: sums.3, paid: sums.4, customer, ship_to, lines, live, created_at, updated_at,
        }
    }
}

fn any_state() -> impl Strategy<Value = FulfillmentState> {
    use FulfillmentState::*;
    prop_oneof![
        Just(Created),
        Just(Scheduled),
        Just(Loaded),
        Just(OutForDelivery),
        Just(AttemptFailed),
        Just(Rejected),
        Just(PartiallyDelivered),
        Just(Delivered),
        Just(Collected),
        Just(Cancelled),
        text().prop_map(Other),
    ]
}

prop_compose! {
    fn any_fulfillment()(
        ids in (text(), text(), of(text())), state in any_state(), attempt in any::<u32>(),
        lines in proptest::collection::vec((text(), of(any_decimal()), any_decimal(), of(text())), 0..3),
        tracking in proptest::collection::vec((of(text()), of(text()), of(text())), 0..2),
        proof in of((of(text()), proptest::collection::vec(text(), 0..2), proptest::collection::vec(text(), 0..2), of(text()))),
        cash_collected in of(any_money()), happened_at in any_instant(), estimated_at in any_instant(),
    ) -> Fulfillment {
        Fulfillment {
            id: ids.0, order_id: ids.1, reason: ids.2, state, attempt,
            lines: lines.into_iter().map(|(line_id, ordered, fulfilled, reason)| FulfilledLine { line_id, ordered, fulfilled, reason }).collect(),
            tracking: tracking.into_iter().map(|(number, carrier, url)| Tracking { number, carrier, url }).collect(),
            proof: proof.map(|(signed_by, documents, photos, note)| Proof { signed_by, documents, photos, note }),
            cash_collected, happened_at, estimated_at,
        }
    }
}

prop_compose! {
    fn any_transaction()(
        ids in (text(), of(text()), of(text())), amount in any_money(), refunded in of(any_money()),
        status in { use TransactionStatus::*; prop_oneof![Just(Pending), Just(Succeeded), Just(Failed), Just(Refunded), Just(PartiallyRefunded), Just(Disputed), text().prop_map(Other)] },
        settles in proptest::collection::vec(prop_oneof![text().prop_map(Entity::Order), text().prop_map(Entity::Invoice), text().prop_map(Entity::Subscription), text().prop_map(Entity::Other)], 0..3),
        customer in of(any_party()), live in any::<bool>(), created_at in any_instant(), updated_at in any_instant(),
    ) -> Transaction {
        Transaction { id: ids.0, method: ids.1, charge_id: ids.2, amount, refunded, status, settles, customer, live, created_at, updated_at }
    }
}

prop_compose! {
    fn any_subscription()(
        ids in (text(), of(text()), of(text())), amount in of(any_money()),
        status in { use SubscriptionStatus::*; prop_oneof![Just(Trialing), Just(Active), Just(PastDue), Just(Unpaid), Just(Paused), Just(Cancelled), Just(Expired), Just(Incomplete), text().prop_map(Other)] },
        customer in of(any_party()), live in any::<bool>(),
        times in (any_instant(), any_instant(), any_instant(), any_instant()),
    ) -> Subscription {
        Subscription {
            id: ids.0, order_id: ids.1, period: ids.2, amount, status, customer, live, next_charge_at: times.0,
            ended_at: times.1, created_at: times.2, updated_at: times.3,
        }
    }
}

prop_compose! {
    fn any_invoice()(
        ids in (text(), of(text()), of(text())), total in any_money(), paid in of(any_money()), due in of(any_money()),
        status in { use InvoiceStatus::*; prop_oneof![Just(Draft), Just(Sent), Just(PartiallyPaid), Just(Paid), Just(Void), text().prop_map(Other)] },
        customer in of(any_party()), live in any::<bool>(), times in (any_instant(), any_instant(), any_instant()),
    ) -> Invoice {
        Invoice {
            id: ids.0, number: ids.1, order_id: ids.2, total, paid, due, status, customer, live, due_at: times.0,
            created_at: times.1, updated_at: times.2,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn orders(order in any_order()) {
        prop_assert_eq!(order_in(order_out(order.clone())).unwrap(), order);
    }

    #[test]
    fn fulfillments(fulfillment in any_fulfillment()) {
        prop_assert_eq!(fulfillment_in(fulfillment_out(fulfillment.clone())).unwrap(), fulfillment);
    }

    #[test]
    fn transactions(transaction in any_transaction()) {
        prop_assert_eq!(transaction_in(transaction_out(transaction.clone())).unwrap(), transaction);
    }

    #[test]
    fn subscriptions(subscription in any_subscription()) {
        prop_assert_eq!(subscription_in(subscription_out(subscription.clone())).unwrap(), subscription);
    }

    #[test]
    fn invoices(invoice in any_invoice()) {
        prop_assert_eq!(invoice_in(invoice_out(invoice.clone())).unwrap(), invoice);
    }
}

#[test]
fn amounts_keep_their_places() {
    let money = Money::new("150.10".parse().unwrap(), "USD".parse().unwrap());
    let out = money_out(money);
    assert_eq!((out.amount.units, out.amount.exponent, out.currency.as_str()), (15010, 2, "USD"));
}

#[test]
fn what_the_model_cannot_hold_is_refused() {
    let amount = contract::Decimal { units: 1, exponent: 19 };
    assert!(money_in(contract::Money { amount, currency: "USD".to_owned() }).is_err());
    let amount = contract::Decimal { units: 1, exponent: 0 };
    assert!(money_in(contract::Money { amount, currency: "dollars".to_owned() }).is_err());
}
