//! Payments, refunds, subscriptions and invoices: each is in the sink as it is in the shop.

use std::collections::BTreeMap;

use transload_sandbox::{Effects, Json};

use super::super::super::order::Payment;
use super::super::super::shop::scaled;
use super::super::sale::{Edits, Sale};
use super::{Judged, is_copy, value};

/// All money that moved by the order's and the bill's payments.
fn payments(sale: &Sale) -> Vec<Payment> {
    let mut payments = sale.order.payments.clone();
    let charges = sale.order.renewals.iter().flat_map(|it| &it.charges);
    payments.extend(charges.map(|(charge, _)| charge.clone()));
    payments.extend(sale.bill.iter().flat_map(|bill| bill.payments.clone()));
    payments
}

/// No cent appears, vanishes or changes its currency: what the sink holds adds up to what was paid and given back.
pub(super) fn sums(sales: &[Sale], effects: &Effects, violations: &mut Vec<String>) {
    let mut expected: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for sale in sales {
        for payment in payments(sale) {
            let sum = expected.entry(sale.order.currency).or_default();
            *sum = (sum.0 + payment.captured(), sum.1 + payment.refunded());
        }
    }
    let mut seen: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for record in effects.rankr.transactions.values() {
        let currency = record.currency.as_deref().unwrap_or_default();
        let places = sales.iter().find(|it| it.order.currency == currency).map_or(0, |it| it.order.places);
        let units = |amount: Option<_>| {
            amount.and_then(|it: transload_model::Decimal| scaled(&it.to_string(), places))
        };
        let sum = seen.entry(currency).or_default();
        if record.status != "failed" {
            sum.0 += units(record.amount).unwrap_or_default();
        }
        sum.1 += units(record.refunded).unwrap_or_default();
    }
    if expected != seen {
        violations.push(format!("expected {expected:?} paid and given back, the sink adds up to {seen:?}"));
    }
}

impl Judged<'_> {
    pub(super) fn money(&mut self) {
        for payment in payments(self.sale) {
            match self.effects.rankr.transactions.get(&payment.id) {
                Some(record) if is_copy(record, &payment, &self.sale.order) => {}
                record => self.fail(format!("expected {payment:?}, the sink has {record:?}")),
            }
        }
        self.subscription();
        self.invoice();
    }

    fn subscription(&mut self) {
        let Some(renewals) = &self.sale.order.renewals else { return };
        let status = if renewals.is_cancelled { "cancelled" } else { "active" };
        let last = self.last_charges();
        let all = &self.snapshot.rankr.subscriptions;
        let text = |json: &Json, name: &str| json.get(name).and_then(value);
        let copy = all.iter().find(|it| text(it, "subscriptionId").as_deref() == Some(renewals.id.as_str()));
        let member = |name| copy.and_then(|copy| text(copy, name));
        let seen = (member("status"), member("orderId"), member("currency"));
        let own = |text: &str| Some(text.to_owned());
        let order = &self.sale.order;
        let expected = (own(status), own(&order.id), own(order.currency));
        if seen != expected {
            self.fail(format!("subscription {}: expected {expected:?}, the sink has {seen:?}", renewals.id));
        }
        let charge = member("lastTransactionId");
        if last.is_empty() != charge.is_none() || charge.as_ref().is_some_and(|it| !last.contains(it)) {
            self.fail(format!(
                "subscription {}: charged last by {last:?}, the sink has {charge:?}",
                renewals.id
            ));
        }
    }

    /// The subscription's charges that came in last; several, if they came at once.
    fn last_charges(&self) -> Vec<String> {
        let charges = self.sale.order.renewals.iter().flat_map(|it| &it.charges);
        let paid: Vec<&str> = charges.filter(|(it, _)| it.succeeded).map(|(it, _)| it.id.as_str()).collect();
        let text = |json: &Json, name: &str| json.get(name).and_then(value);
        let all = self.snapshot.ghl.transactions.iter();
        let made = all.filter_map(|it| Some((text(it, "createdAt")?, text(it, "_id")?)));
        let made: Vec<(String, String)> = made.filter(|(_, id)| paid.contains(&id.as_str())).collect();
        let last = made.iter().map(|(at, _)| at.clone()).max();
        made.into_iter().filter(|(at, _)| Some(at) == last.as_ref()).map(|(_, id)| id).collect()
    }

    fn invoice(&mut self) {
        let Some(bill) = &self.sale.bill else { return };
        let text = |json: &Json, name: &str| json.get(name).and_then(value);
        let id = bill.id.as_str();
        let own =
            self.snapshot.ghl.invoices.iter().find(|it| text(it, "_id").as_deref() == Some(id)).cloned();
        let copy =
            self.snapshot.rankr.invoices.iter().find(|it| text(it, "invoiceId").as_deref() == Some(id));
        let (Some(own), Some(copy)) = (own, copy.cloned()) else {
            return self.fail(format!("the sink has no invoice {id}"));
        };
        let never = Edits::default();
        for (member, name) in [
            ("status", "status"),
            ("amount", "total"),
            ("currency", "currency"),
            ("amountPaid", "amountPaid"),
            ("amountDue", "amountDue"),
        ] {
            let edits = if ["status", "amountDue"].contains(&member) { &bill.edits } else { &never };
            self.equal(id, edits, member, text(&own, name).as_deref(), text(&copy, member).as_deref());
        }
    }
}
