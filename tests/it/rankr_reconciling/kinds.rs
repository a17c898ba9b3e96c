//! The kinds of difference, and how each is planted.

use serde_json::json;
use transload_sandbox::{AddFulfillment, AddToRankr, Edit, History, RankrKind, Refund};

use super::plot::{Plot, number, object, text};
use crate::reconciling::audit::{DAY_MS, FIRST_DAY};

/// A side on which there is nothing.
const NOTHING_IN_GHL: &str = "ghl: - | - | -";
const NOTHING_IN_RANKR: &str = "rankr: - | - | -";

/// Noon of a day in January, as Rankr writes it.
const NOON: &str = "2026-01-15T12:00:00.000Z";

impl Plot<'_> {
    /// Two of each kind, and changes that are in order.
    pub(super) fn plant_all(&mut self) {
        for round in 0..2 {
            self.orders(round);
            self.payments(round);
            self.fulfillments();
            self.invoices(round);
            self.subscriptions(round);
            self.money(round);
            self.strangers(round);
            self.unreadable();
        }
    }

    fn orders(&mut self, round: u64) {
        let id = self.order_silently(&format!("late-{round}"), FIRST_DAY + (round + 5) * DAY_MS);
        self.expect("order-missing", &id, &format!("ghl: {id} | - | 30 USD"), NOTHING_IN_RANKR);

        let id = format!("stray-{round}");
        self.add_to_sink(
            RankrKind::Order,
            &json!({"orderId": id, "status": "pending", "amount": "12.50",
            "currency": "USD", "createdAt": NOON}),
        );
        self.expect("order-unknown", &id, NOTHING_IN_GHL, &format!("rankr: {id} | - | -"));

        let id = self.take(History::Paid).id;
        let worth = self.edit_sink(RankrKind::Order, &id, &json!({"status": "on hold"}));
        let left = format!("ghl: {id} | status completed | {worth}");
        self.expect("order-differs", &id, &left, &format!("rankr: {id} | status on hold | {worth}"));

        let id = self.take(History::Paid).id;
        let (_, currency) = self.amount(RankrKind::Order, &id);
        let worth = self.edit_sink(RankrKind::Order, &id, &json!({"currency": "BHD"}));
        let left = format!("ghl: {id} | currency {currency} | {worth}");
        let right = format!("rankr: {id} | currency BHD | {}", worth.replace(&currency, "BHD"));
        self.expect("order-currency-differs", &id, &left, &right);

        let id = self.take(History::Paid).id;
        let (total, _) = self.amount(RankrKind::Order, &id);
        let worth = self.edit_sink(RankrKind::Order, &id, &json!({"amountPaid": "0.01"}));
        let left = format!("ghl: {id} | amountPaid {total} | {worth}");
        self.expect("paid-differs", &id, &left, &format!("rankr: {id} | amountPaid 0.01 | {worth}"));
    }

    fn payments(&mut self, round: u64) {
        let bed = self.take(History::PaidInParts);
        let payment = &bed.transactions[0];
        let worth = self.worth(RankrKind::Transaction, payment);
        self.offline.rankr_delete(RankrKind::Transaction, payment).unwrap();
        let left = format!("ghl: {payment} | - | {worth}");
        self.expect("payment-missing", &bed.id, &left, NOTHING_IN_RANKR);

        let id = format!("stray-payment-{round}");
        self.add_to_sink(
            RankrKind::Transaction,
            &json!({"transactionId": id, "status": "succeeded",
            "amount": "9.90", "currency": "USD", "timestamp": NOON}),
        );
        self.expect("payment-unknown", &id, NOTHING_IN_GHL, &format!("rankr: {id} | - | 9.9 USD"));

        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let (amount, currency) = self.amount(RankrKind::Transaction, payment);
        let worth = self.edit_sink(RankrKind::Transaction, payment, &json!({"amount": "1"}));
        let left = format!("ghl: {payment} | amount {amount} | {worth}");
        let right = format!("rankr: {payment} | amount 1 | 1 {currency}");
        self.expect("payment-differs", &bed.id, &left, &right);

        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let (_, currency) = self.amount(RankrKind::Transaction, payment);
        let worth = self.edit_sink(RankrKind::Transaction, payment, &json!({"currency": "BHD"}));
        let left = format!("ghl: {payment} | currency {currency} | {worth}");
        let right = format!("rankr: {payment} | currency BHD | {}", worth.replace(&currency, "BHD"));
        self.expect("payment-currency-differs", &bed.id, &left, &right);
    }

    /// Of what was delivered in part, one piece of the first line is left.
    fn fulfillments(&mut self) {
        let id = self.take(History::DeliveredInPart).id;
        let (line, name) = self.first_line(&id);
        let items = vec![object(&json!({"priceId": line, "qty": 1}))];
        let new = AddFulfillment { items, ..AddFulfillment::default() };
        let made = self.offline.add_fulfillment(&id, new, self.now).unwrap();
        let left = format!("ghl: {} | 1 × {name} | -", text(&made, "_id"));
        self.expect("fulfillment-missing-in-rankr", &id, &left, NOTHING_IN_RANKR);
        // GoHighLevel's order says that it is fulfilled now.
        self.follows("order-differs", &id);

        let id = self.take(History::DeliveredInPart).id;
        let (line, name) = self.first_line(&id);
        let shipped = json!({"status": "delivered", "lines": [{"lineId": line, "quantity": "1"}]});
        let new = AddToRankr::silent(object(&shipped));
        let made = self.offline.rankr_add_fulfillment(&id, new, self.now).unwrap();
        let right = format!("rankr: {} | 1 × {name} | -", text(&made, "fulfillmentId"));
        self.expect("fulfillment-missing-in-ghl", &id, NOTHING_IN_GHL, &right);

        let id = self.take(History::Paid).id;
        let made = &self.offline.rankr_fulfillments(&id)[0].id;
        let cancelled = Edit::silent(object(&json!({"status": "cancelled"})));
        self.offline.rankr_edit_fulfillment(&id, made, cancelled, self.now).unwrap();
        self.follows("fulfilled-quantity-differs", &id);
    }

    fn invoices(&mut self, round: u64) {
        let id = self.take_invoice();
        let worth = self.worth(RankrKind::Invoice, &id);
        self.offline.rankr_delete(RankrKind::Invoice, &id).unwrap();
        self.expect("invoice-missing", &id, &format!("ghl: {id} | - | {worth}"), NOTHING_IN_RANKR);

        let id = format!("stray-invoice-{round}");
        self.add_to_sink(
            RankrKind::Invoice,
            &json!({"invoiceId": id, "status": "sent", "amount": "5",
            "currency": "USD", "createdAt": NOON}),
        );
        self.expect("invoice-unknown", &id, NOTHING_IN_GHL, &format!("rankr: {id} | - | -"));

        let id = self.take_invoice();
        let worth = self.edit_sink(RankrKind::Invoice, &id, &json!({"status": "void"}));
        let left = format!("ghl: {id} | status paid | {worth}");
        self.expect("invoice-differs", &id, &left, &format!("rankr: {id} | status void | {worth}"));

        // Somebody wrote by hand that less was paid than came in.
        let id = self.take_invoice();
        let (amount, currency) = self.amount(RankrKind::Invoice, &id);
        let edit = Edit::silent(object(&json!({"amountPaid": 1})));
        self.offline.edit_invoice(&id, edit, self.now).unwrap();
        let came = super::plot::money(amount.parse().unwrap(), &currency);
        let (left, right) = (format!("ghl: {id} | - | 1 {currency}"), format!("ghl: - | - | {came}"));
        self.expect("invoice-payment-differs", &id, &left, &right);
        self.follows("invoice-differs", &id);
    }

    fn subscriptions(&mut self, round: u64) {
        let order_of = |plot: &Self, id: &str| {
            plot.offline.rankr_record(RankrKind::Subscription, id).unwrap().order.unwrap()
        };
        let id = self.take_subscription();
        let subject = order_of(self, &id);
        self.offline.rankr_delete(RankrKind::Subscription, &id).unwrap();
        let left = format!("ghl: {id} | - | 30 USD");
        self.expect("subscription-missing", &subject, &left, NOTHING_IN_RANKR);

        let id = format!("stray-subscription-{round}");
        self.add_to_sink(
            RankrKind::Subscription,
            &json!({"subscriptionId": id, "status": "active",
            "createdAt": NOON}),
        );
        self.expect("subscription-unknown", &id, NOTHING_IN_GHL, &format!("rankr: {id} | - | -"));

        let id = self.take_subscription();
        let subject = order_of(self, &id);
        self.edit_sink(RankrKind::Subscription, &id, &json!({"status": "paused"}));
        let left = format!("ghl: {id} | status active | 30 USD");
        let right = format!("rankr: {id} | status paused | 30 USD");
        self.expect("subscription-differs", &subject, &left, &right);

        // Charged on the first of January, and on no day since.
        let [subject, id, _] = self.subscribe(&format!("monthly-{round}"), FIRST_DAY + round);
        self.expect(
            "charge-missed",
            &subject,
            &format!("ghl: {id} | due on 2026-02-01 | 30 USD"),
            NOTHING_IN_GHL,
        );
        for kind in ["subscription-missing", "order-missing", "payment-missing"] {
            self.follows(kind, &subject);
        }
    }

    fn money(&mut self, round: u64) {
        // A payment that is gone.
        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let worth = self.worth(RankrKind::Transaction, payment);
        self.offline.delete_transaction(payment).unwrap();
        let left = format!("ghl: {} | due | {worth}", bed.id);
        self.expect("payment-not-captured", &bed.id, &left, NOTHING_IN_GHL);
        self.expect("payment-unknown", payment, NOTHING_IN_GHL, &format!("rankr: {payment} | - | {worth}"));
        self.follows("paid-differs", &bed.id);

        // In another currency, of as many decimal places as any of the history has.
        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let (_, currency) = self.amount(RankrKind::Transaction, payment);
        let worth = self.worth(RankrKind::Order, &bed.id);
        self.edit_payment(payment, &json!({"currency": "BHD"}));
        let left = format!("ghl: {} | - | {worth}", bed.id);
        let right = format!("ghl: {payment} | - | {}", worth.replace(&currency, "BHD"));
        self.expect("currency-differs", &bed.id, &left, &right);
        self.follows("payment-currency-differs", &bed.id);
        self.follows("paid-differs", &bed.id);

        // The same charge twice.
        let bed = self.take(History::Paid);
        let first = self.edit_payment(&bed.transactions[0], &json!({}));
        let second = self.pay(&bed.id, &number(first.get("amount").unwrap()), None);
        let (created, charge) = (text(&first, "createdAt"), text(&first, "chargeId"));
        self.edit_payment(&second, &json!({"createdAt": created, "chargeId": charge}));
        let worth = self.worth(RankrKind::Order, &bed.id);
        let mut ids = [&bed.transactions[0], &second];
        ids.sort_unstable();
        let [left, right] = ids.map(|id| format!("ghl: {id} | - | {worth}"));
        self.expect("duplicate-payment", &bed.id, &left, &right);
        self.follows("payment-missing", &bed.id);
        self.follows("order-differs", &bed.id);

        // A test payment of a live order.
        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let worth = self.worth(RankrKind::Order, &bed.id);
        self.edit_payment(payment, &json!({"liveMode": false}));
        let left = format!("ghl: {} | live | {worth}", bed.id);
        self.expect("test-live-mix", &bed.id, &left, &format!("ghl: {payment} | test | {worth}"));
        self.follows("payment-differs", &bed.id);
        self.follows("paid-differs", &bed.id);

        // Given back, and tried once more; nobody told.
        let bed = self.take(History::Paid);
        let part = Refund { amount: Some(number(&object(&json!(1)))) };
        self.offline.refund(&bed.transactions[0], part, self.now).unwrap();
        self.follows("payment-differs", &bed.id);
        self.follows("paid-differs", &bed.id);
        let bed = self.take(History::Paid);
        let failed = self.pay(&bed.id, &number(&object(&json!(round + 1))), Some("failed"));
        self.edit_payment(&failed, &json!({"createdAt": NOON}));
        let (_, currency) = self.amount(RankrKind::Order, &bed.id);
        let left = format!("ghl: {failed} | - | {} {currency}", round + 1);
        self.expect("payment-missing", &bed.id, &left, NOTHING_IN_RANKR);
        self.follows("order-differs", &bed.id);
    }

    /// Payments without an order: by a customer who has no other, and one whose amount and customer tell whose it is.
    fn strangers(&mut self, round: u64) {
        let id = self.order_silently(&format!("stranger-{round}"), FIRST_DAY + (round + 10) * DAY_MS);
        let payment = self.pay(&id, &number(&object(&json!(30))), None);
        let created = json!({"createdAt": NOON});
        self.edit_payment(&payment, &created);
        self.offline.delete_order(&id).unwrap();
        self.expect("unmatched-payment", &payment, NOTHING_IN_GHL, &format!("ghl: {payment} | - | 30 USD"));
        self.follows("payment-missing", &id);

        let bed = self.take(History::Paid);
        let payment = &bed.transactions[0];
        let worth = self.worth(RankrKind::Order, &bed.id);
        let elsewhere = format!("{round:024}");
        self.edit_payment(payment, &json!({"entityId": elsewhere, "updatedAt": "2026-02-03T12:00:00.000Z"}));
        let left = format!("ghl: {} | {} | {worth}", bed.id, bed.id);
        let right = format!("ghl: {payment} | {payment} | {worth}");
        self.expect("unmatched-payment", payment, &left, &right);
        self.follows("payment-differs", &elsewhere);
        self.follows("paid-differs", &bed.id);
    }

    fn unreadable(&mut self) {
        let id = self.take(History::Paid).id;
        let worth = self.worth(RankrKind::Order, &id);
        let half = json!({"items": [{"name": "Half a line"}], "updatedAt": "2026-02-03T12:00:00.000Z"});
        self.offline.edit_order(&id, Edit::silent(object(&half)), self.now).unwrap();
        self.expect("unreadable", &id, &format!("ghl: {id} | - | {worth}"), NOTHING_IN_RANKR);
    }
}
