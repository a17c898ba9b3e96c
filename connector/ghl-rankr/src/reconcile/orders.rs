//! What an order is held against: Rankr's, and the fulfilments of both.

use std::collections::BTreeSet;

use transload_flows::events::GHL;
use transload_flows::payments;
use transload_flows::reconcile::kinds::PAYMENT_NOT_CAPTURED;
use transload_flows::reconcile::{Counterpart, Difference, Kept, Kind, Known, Seen, Tallies, money};
use transload_model::reconcile::Side;
use transload_model::{
    Change, Fingerprint, FulfillmentStatus, Instant, Money, Order, OrderStatus, Payments, Transaction,
};
use transload_rankr::SinkOrder;
use transload_sdk::Failure;

use super::goods::{self, Goods};
use super::kinds::{ORDER_CURRENCY_DIFFERS, ORDER_DIFFERS, ORDER_MISSING, PAID_DIFFERS};
use super::listed;
use super::unlike::{self, Kinds};
use crate::mirror::RANKR;
use crate::orders::{is_sent, wanted};
use crate::settings::Connection;

const KINDS: Kinds = Kinds { missing: ORDER_MISSING, differs: kind };

fn kind(members: &BTreeSet<String>) -> Kind {
    let is_of_payments =
        |member: &String| ["amountPaid", "amountRefunded", "paymentStatus"].contains(&member.as_str());
    match () {
        () if members.contains("currency") => ORDER_CURRENCY_DIFFERS,
        () if members.iter().all(is_of_payments) => PAID_DIFFERS,
        () => ORDER_DIFFERS,
    }
}

/// An order as both systems have it at one time.
pub struct Snapshot {
    order: Order,
    transactions: Vec<Transaction>,
    payments: Payments,
    due: Money,
    /// What Rankr is to hold; none if the settings leave the order out and Rankr does not have it.
    wanted: Option<SinkOrder>,
    seen: Option<SinkOrder>,
    /// The fulfilments, where there are any.
    goods: Option<Goods>,
}

/// What Rankr's order looks like: the same until something changes that could make a difference.
pub fn print(order: &SinkOrder) -> Result<String, Failure> {
    let print = Fingerprint::new().and(listed::print(order)?);
    Ok(print.and_maybe(order.fulfillments_at.map(|at| at.0)).to_string())
}

impl Counterpart for Connection<'_> {
    /// Rankr's order, and what it looks like.
    type Present = Option<(SinkOrder, String)>;
    type Snapshot = Snapshot;

    const SYSTEM: &'static str = RANKR;

    fn look(&self, order_id: &str) -> Result<Self::Present, Failure> {
        let order = self.rankr.order(order_id)?;
        order.map(|order| print(&order).map(|print| (order, print))).transpose()
    }

    fn print(&self, present: &Self::Present) -> String {
        present.as_ref().map_or_else(|| "missing".to_owned(), |(_, print)| print.clone())
    }

    /// Rankr's payments are counted one by one.
    fn count(&self, _: &mut Tallies, _: &Order, _: &[Transaction], _: &Self::Present) -> Result<(), Failure> {
        Ok(())
    }

    fn remembered(&self, _: &Self::Present) -> Known {
        Known::default()
    }

    fn take(
        &self,
        order_id: &str,
        transactions: Vec<Transaction>,
        present: Self::Present,
    ) -> Result<Option<Snapshot>, Failure> {
        let Some((order, raw)) = self.ghl.order_with_raw(order_id)? else { return Ok(None) };
        let transactions = payments::among(self, &order, transactions)?;
        let payments = Payments::in_currency_of(&order, &transactions)?;
        let due = payments.due(&order)?;
        let seen = present.map(|(order, _)| order);
        let is_held = seen.is_some() || is_sent(self, &order, &raw, &transactions)?;
        let wanted = is_held.then(|| wanted(self, &order, &raw, &transactions)).transpose()?;
        let goods = match &seen {
            Some(seen) if is_under_way(&order, seen) => goods::read(self, &order)?,
            _ => None,
        };
        Ok(Some(Snapshot { order, transactions, payments, due, wanted, seen, goods }))
    }

    fn differences(&self, snapshot: &Snapshot, _: Instant) -> Result<Vec<Difference>, Failure> {
        let Snapshot { order, transactions, payments, .. } = snapshot;
        let change = || Change::Order(order.clone());
        let mut found = Vec::new();
        match (&snapshot.wanted, &snapshot.seen) {
            (Some(wanted), None) => {
                found.push(unlike::missing(ORDER_MISSING, wanted).repaired(unlike::again(change())));
            }
            (Some(wanted), Some(seen)) => {
                found.extend(unlike::differs(self, &KINDS, wanted, seen, change())?);
            }
            (None, _) => {}
        }
        if let Some(goods) = &snapshot.goods {
            found.extend(goods::compare(self, order, goods)?);
        }
        found.extend(money::compare(order, transactions, payments, transload_model::Decimal::ZERO)?);
        Ok(found)
    }

    /// An order that GoHighLevel calls completed is settled.
    fn unpaid(&self, snapshot: &Snapshot) -> Option<Kept> {
        let (order, due) = (&snapshot.order, snapshot.due);
        let is_owed = order.status == OrderStatus::Completed && due.amount.is_positive();
        is_owed.then(|| Kept::new(Side::Left, &order.id, due, order.customer_id(), order.created_at))
    }

    fn clean_until(&self, _: &Snapshot) -> Option<u64> {
        None
    }
}

/// Whether either side may have a fulfilment.
fn is_under_way(order: &Order, seen: &SinkOrder) -> bool {
    let has = |status: &Option<FulfillmentStatus>| {
        status.as_ref().is_some_and(|status| *status != FulfillmentStatus::Unfulfilled)
    };
    order.fulfillment.is_none()
        || has(&order.fulfillment)
        || has(&seen.order.fulfillment)
        || seen.fulfillments_at.is_some()
}

/// A completed order, and no payment that might be for it.
pub fn unpaid(order_id: &str, due: Money) -> Difference {
    let message = format!("order {order_id} is called completed, and {due} are still due");
    let (left, right) = (Seen::new(GHL, Some(order_id)).value("due").amount(due), Seen::new(GHL, None));
    Difference::new(PAYMENT_NOT_CAPTURED, order_id, left, right, message)
}
