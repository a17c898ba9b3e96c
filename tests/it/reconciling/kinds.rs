//! The kinds of difference, and how each is planted.

use transload_sandbox::{AddDelivery, Duplicate, History, Json, Object, Pay, PlaceOrder, Refund, Removal};

use super::audit::{DAY_MS, FIRST_DAY};
use super::garden::{Bed, Garden, edit, text};
use crate::stage::order;

/// A side on which there is nothing.
const NOTHING_IN_GHL: &str = "ghl: - | - | -";
const NOTHING_IN_TRACK_POD: &str = "track-pod: - | - | -";

impl Garden<'_> {
    /// Three or more of each kind, and a few changes that are in order.
    pub(super) fn plant_all(&mut self) {
        for round in 0..3 {
            self.order_without_delivery();
            self.delivery_without_order();
            self.duplicate_delivery(round);
            self.quantity_differs(round);
            self.fulfillment_missing(round);
            self.fulfillment_exceeds_delivery();
            self.cash_differs(round);
            self.cash_not_recorded();
            self.payment_not_captured(round);
            self.paid_differs();
            self.refunded(History::Paid);
            self.refunded(History::Planned);
            self.currency_differs();
            self.status_drift(round);
            self.late();
            self.unmatched_payment(round);
            self.suggested_payment();
            self.duplicate_payment(round);
            self.test_live_mix();
            self.unreadable();
            self.nothing(round);
        }
    }

    fn order_without_delivery(&mut self) {
        let bed = self.take(History::Planned);
        self.forget_delivery(&bed);
        let left = bed.order(&format!("completed | {}", bed.total));
        self.expect("order-without-delivery", &bed.id, left, NOTHING_IN_TRACK_POD.into(), true);
    }

    fn forget_delivery(&self, bed: &Bed) {
        let removal = Removal { forget: true, webhook: false };
        self.offline.delete_delivery(&bed.delivery, removal, self.now).unwrap();
    }

    fn delivery_without_order(&mut self) {
        let bed = self.take(History::PlannedCash);
        self.offline.delete_order(&bed.id).unwrap();
        let right = bed.track("scheduled | -");
        self.expect("delivery-without-order", &bed.id, NOTHING_IN_GHL.into(), right, false);
    }

    fn duplicate_delivery(&mut self, round: usize) {
        let bed = self.take([History::Paid, History::Planned, History::RefundedInPart][round]);
        let copy = self.offline.duplicate_delivery(&bed.delivery, Duplicate::default(), self.now).unwrap();
        let mut ids = [bed.delivery.as_str(), text(&copy, "TrackId")];
        ids.sort_unstable();
        let [left, right] = ids.map(|id| format!("track-pod: {id} | - | -"));
        self.expect("duplicate-delivery", &bed.id, left, right, false);
    }

    /// Another quantity on a route, one more brought than ordered, and one less planned than was brought.
    fn quantity_differs(&mut self, round: usize) {
        let bed = self.take([History::Planned, History::Paid, History::Paid][round]);
        let (name, by) = [("Quantity", 1), ("QuantityFact", 1), ("Quantity", -1)][round];
        let first = |place: usize, quantity: i64| if place == 0 { quantity + by } else { quantity };
        let change = |place: usize, line: &mut Object| {
            let quantity: i64 = line.get("Quantity").unwrap().to_string().parse().unwrap();
            line.set(name, first(place, quantity));
        };
        self.edit_delivery(&bed.delivery, bed.lines(change));
        let (left, right) = (format!("{} | -", bed.told(|_, quantity| quantity)), bed.told(first));
        let (left, right) = (bed.order(&left), bed.track(&format!("{right} | -")));
        self.expect("quantity-differs", &bed.id, left, right, round == 0);
    }

    fn fulfillment_missing(&mut self, round: usize) {
        let bed = self.take([History::Paid, History::PaidInParts, History::DeliveredInPart][round]);
        self.offline.set_fulfillments(&bed.id, Vec::new(), self.now).unwrap();
        // Of the first line of what was delivered in part, one piece was missing.
        let short = i64::from(round == 2);
        let brought = bed.told(|place, quantity| quantity - if place == 0 { short } else { 0 });
        let (left, right) = (bed.order("nothing | -"), bed.track(&format!("{brought} | -")));
        self.expect("fulfillment-missing", &bed.id, left, right, true);
    }

    fn fulfillment_exceeds_delivery(&mut self) {
        let bed = self.take(History::DeliveredInPart);
        let twice = [bed.fulfillments.clone(), bed.fulfillments.clone()].concat();
        self.offline.set_fulfillments(&bed.id, twice, self.now).unwrap();
        let brought = |place: usize, quantity: i64| quantity - i64::from(place == 0);
        let written = bed.told(|place, quantity| 2 * brought(place, quantity));
        let (left, right) = (bed.order(&format!("{written} | -")), bed.told(brought));
        let right = bed.track(&format!("{right} | -"));
        self.expect("fulfillment-exceeds-delivery", &bed.id, left, right, false);
    }

    /// The driver is to ask for too much, for nothing; and he brought too little.
    fn cash_differs(&mut self, round: usize) {
        let bed = self.take([History::PlannedCash, History::PlannedCash, History::Cash][round]);
        let one = bed.money(&Json::from(1_i64));
        let (left, right) = if round == 2 {
            self.edit_delivery(&bed.delivery, Json::object([("CODActual", 1_i64.into())]));
            (bed.track(&format!("asked for | {}", bed.total)), bed.track(&format!("collected | {one}")))
        } else {
            let asked = Json::from(1 - round);
            self.edit_delivery(&bed.delivery, Json::object([("COD", asked.clone())]));
            let asked = bed.money(&asked);
            (bed.order(&format!("due | {}", bed.total)), bed.track(&format!("asked for | {asked}")))
        };
        self.expect("cash-differs", &bed.id, left, right, round != 2);
    }

    /// The webhook of a delivery was lost: neither goods nor cash are written down.
    fn cash_not_recorded(&mut self) {
        let bed = self.take(History::PlannedCash);
        let status = [("StatusId", 3_i64.into()), ("CODActual", bed.amount.clone())];
        self.edit_delivery(&bed.delivery, Json::object(status));
        let brought =
            |_: usize, line: &mut Object| line.set("QuantityFact", line.get("Quantity").unwrap().clone());
        self.edit_delivery(&bed.delivery, bed.lines(brought));
        let goods = bed.told(|_, quantity| quantity);
        let (left, right) = (bed.order("nothing | -"), bed.track(&format!("{goods} | -")));
        self.expect("fulfillment-missing", &bed.id, left, right, true);
        let left = bed.order(&format!("recorded | {}", bed.money(&Json::from(0_i64))));
        let right = bed.track(&format!("collected | {}", bed.total));
        self.expect("cash-not-recorded", &bed.id, left, right, true);
    }

    fn payment_not_captured(&mut self, round: usize) {
        let bed = self.take([History::Paid, History::PaidInParts, History::Paid][round]);
        let payment = self.edit_payment(&bed.payments[0], "{}");
        self.offline.delete_transaction(&bed.payments[0]).unwrap();
        let due = bed.money(payment.get("amount").unwrap());
        let left = bed.order(&format!("due | {due}"));
        self.expect("payment-not-captured", &bed.id, left, NOTHING_IN_GHL.into(), false);
    }

    fn paid_differs(&mut self) {
        let bed = self.take(History::Paid);
        let more = bed.amount.as_decimal().unwrap().checked_add(1.into()).unwrap();
        self.edit_payment(&bed.payments[0], &format!(r#"{{"amount":{more}}}"#));
        let (left, right) = (bed.order(&format!("- | {}", bed.total)), bed.money(&more.into()));
        self.expect("paid-differs", &bed.id, left, format!("ghl: - | - | {right}"), false);
    }

    /// All of the money was given back, and the goods were not.
    fn refunded(&mut self, history: History) {
        let bed = self.take(history);
        self.offline.refund(&bed.payments[0], Refund::default(), self.now).unwrap();
        let left = bed.order(&format!("refunded | {}", bed.total));
        if history == History::Planned {
            let right = bed.track("scheduled | -");
            self.expect("refunded-and-delivery-planned", &bed.id, left, right, true);
        } else {
            self.expect("refund-but-delivered", &bed.id, left, bed.track("delivered | -"), false);
        }
    }

    fn currency_differs(&mut self) {
        let bed = self.take(History::Paid);
        // As many decimal places as any currency of the history has.
        self.edit_payment(&bed.payments[0], r#"{"currency":"BHD"}"#);
        let left = bed.order(&format!("- | {}", bed.total));
        let amount = bed.total.replace(&bed.currency, "BHD");
        let right = format!("ghl: {} | - | {amount}", bed.payments[0]);
        self.expect("currency-differs", &bed.id, left, right, false);
    }

    /// Cancelled on its way and after it, by a webhook that was lost; and a delivery that somebody deleted.
    fn status_drift(&mut self, round: usize) {
        let bed = self.take([History::Planned, History::Paid, History::Planned][round]);
        if round == 2 {
            self.offline.delete_delivery(&bed.delivery, Removal::default(), self.now).unwrap();
            let right = format!("track-pod: {} | deleted | -", bed.id);
            return self.expect("status-drift", &bed.id, bed.order("completed | -"), right, false);
        }
        self.offline.set_order_status(&bed.id, "cancelled", self.now).unwrap();
        let right = bed.track(["scheduled | -", "delivered | -"][round]);
        self.expect("status-drift", &bed.id, bed.order("cancelled | -"), right, round == 0);
    }

    /// A delivery that was never planned, for a day in the first three weeks.
    fn late(&mut self) {
        let bed = loop {
            let bed = self.take(History::Paid);
            if bed.placed.as_str() < "2026-01-21" {
                break bed;
            }
        };
        let copy = self.offline.duplicate_delivery(&bed.delivery, Duplicate::default(), self.now).unwrap();
        self.forget_delivery(&bed);
        let day = &bed.placed[..10];
        let track_id = text(&copy, "TrackId");
        self.edit_delivery(track_id, Json::object([("Date", format!("{day}T00:00:00").into())]));
        self.offline.set_fulfillments(&bed.id, Vec::new(), self.now).unwrap();
        let right = format!("track-pod: {track_id} | not planned | -");
        self.expect("late", &bed.id, bed.order(&format!("placed on {day} | -")), right, false);
    }

    /// A payment whose order is gone, by a customer who has no other.
    fn unmatched_payment(&mut self, round: usize) {
        let amount = ["17.31", "23.57", "31.97"][round];
        let document = order(&format!("stranger-{round}"), "USD", amount, &[("price", "1", amount)]);
        let placed = PlaceOrder { order: Some(Json::parse(&document).unwrap()), webhook: false };
        let at = FIRST_DAY + (round as u64 + 10) * DAY_MS;
        let id = self.offline.place_order(placed, at).unwrap().id;
        let payment = self.offline.pay(&id, Pay::default(), at).unwrap();
        self.offline.delete_order(&id).unwrap();
        let right = format!("ghl: {payment} | - | {amount} USD");
        self.expect("unmatched-payment", &payment, NOTHING_IN_GHL.into(), right, false);
    }

    /// A payment that names an order that there never was; its own order lacks just that money.
    fn suggested_payment(&mut self) {
        let bed = self.take(History::Paid);
        let payment = &bed.payments[0];
        self.edit_payment(payment, r#"{"entityId":"ffffffffffffffffffffffff"}"#);
        let left = bed.order(&format!("{} | {}", bed.id, bed.total));
        let right = format!("ghl: {payment} | {payment} | {}", bed.total);
        self.expect("unmatched-payment", payment, left, right, false);
    }

    /// The same charge twice, or just the same again.
    fn duplicate_payment(&mut self, round: usize) {
        let bed = self.take(History::Paid);
        let first = self.edit_payment(&bed.payments[0], "{}");
        let again = Pay { amount: Some(number(&bed.amount)), status: None };
        let second = self.offline.pay(&bed.id, again, self.now).unwrap();
        let created = text(&first, "createdAt").replace(":00.", ":30.");
        self.edit_payment(&second, &format!(r#"{{"createdAt":"{created}"}}"#));
        if round != 0 {
            let charge = text(&first, "chargeId");
            self.edit_payment(&second, &format!(r#"{{"chargeId":"{charge}"}}"#));
        }
        let mut ids = [(text(&first, "createdAt"), bed.payments[0].as_str()), (&created, &second)];
        ids.sort_unstable();
        let [left, right] = ids.map(|(_, id)| format!("ghl: {id} | - | {}", bed.total));
        self.expect("duplicate-payment", &bed.id, left, right, false);
    }

    fn test_live_mix(&mut self) {
        let bed = self.take(History::Paid);
        self.edit_payment(&bed.payments[0], r#"{"liveMode":false}"#);
        let left = bed.order(&format!("live | {}", bed.total));
        let right = format!("ghl: {} | test | {}", bed.payments[0], bed.total);
        self.expect("test-live-mix", &bed.id, left, right, false);
    }

    fn unreadable(&mut self) {
        let bed = self.take(History::Paid);
        let half = r#"{"items":[{"name":"Half a line"}],"updatedAt":"2026-02-03T12:00:00.000Z"}"#;
        self.offline.edit_order(&bed.id, edit(half), self.now).unwrap();
        let left = bed.order(&format!("- | {}", bed.total));
        self.expect("unreadable", &bed.id, left, NOTHING_IN_TRACK_POD.into(), false);
    }

    /// What is in order: a payment that failed, a part given back, and a delivery of somebody else's.
    fn nothing(&mut self, round: usize) {
        let bed = self.take(History::Paid);
        let failed = Pay { amount: Some(number(&bed.amount)), status: Some("failed".to_owned()) };
        self.offline.pay(&bed.id, failed, self.now).unwrap();
        let bed = self.take(History::Paid);
        let part = Refund { amount: Some(number(&Json::from(1_i64))) };
        self.offline.refund(&bed.payments[0], part, self.now).unwrap();
        let foreign = format!(
            r#"{{"Id":"erp-{round}","Number":"{round}","Client":"Acme","Address":"1 Main Street","Date":"2026-01-15T00:00:00",
            "GoodsList":[{{"OrderLineId":"1","GoodsName":"Box","Quantity":1}}]}}"#
        );
        let foreign = AddDelivery { order: Json::parse(&foreign).unwrap(), webhook: false };
        self.offline.add_delivery(foreign, self.now).unwrap();
    }
}

fn number(amount: &Json) -> transload_sandbox::Number {
    match amount {
        Json::Number(number) => number.clone(),
        other => panic!("{other} is no number"),
    }
}
