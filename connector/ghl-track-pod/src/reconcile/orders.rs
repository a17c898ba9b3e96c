//! What an order is held against: its delivery.

use transload_flows::events::GHL;
use transload_flows::payments;
use transload_flows::reconcile::kinds::PAYMENT_NOT_CAPTURED;
use transload_flows::reconcile::tallies::tied;
use transload_flows::reconcile::{Counterpart, Difference, Kept, Known, Seen, Tallies};
use transload_model::reconcile::Side;
use transload_model::{FulfillmentState, Instant, Money, Order, Payments, Transaction};
use transload_sdk::Failure;
use transload_track_pod::Lookup;

use super::kinds::FULFILLMENT_EXCEEDS_DELIVERY;
use super::snapshot::{self, Snapshot};
use super::{TRACK_POD, goods, money, outside, state};
use crate::orders::expected;
use crate::settings::Connection;

impl Counterpart for Connection<'_> {
    type Present = Lookup;
    type Snapshot = Snapshot;

    const SYSTEM: &'static str = TRACK_POD;

    fn look(&self, order_id: &str) -> Result<Lookup, Failure> {
        Ok(self.track_pod.order(order_id)?)
    }

    fn print(&self, present: &Lookup) -> String {
        outside::lookup(present)
    }

    /// Track-POD's cash is matched as far as it is recorded.
    fn count(
        &self,
        sums: &mut Tallies,
        order: &Order,
        transactions: &[Transaction],
        present: &Lookup,
    ) -> Result<(), Failure> {
        let Lookup::Found(delivery) = present else { return Ok(()) };
        let cash = delivery.fulfillment(Some(order.total.currency)).cash_collected;
        let Some(cash) = cash else { return Ok(()) };
        let is_counted =
            |payment: &&Transaction| payment.status.is_captured() && transload_ghl::is_recorded(payment);
        let recorded = transactions.iter().filter(is_counted);
        let recorded = recorded.map(|payment| tied(Side::Left, &payment.id, &order.id, payment.amount));
        let collected = tied(Side::Right, &order.id, &order.id, cash);
        sums.count_tied(TRACK_POD, recorded.chain([collected]).collect())
    }

    fn remembered(&self, present: &Lookup) -> Known {
        let Lookup::Found(delivery) = present else { return Known::default() };
        Known {
            other: delivery.track_id.clone(),
            other_failed: snapshot::has_failed(&delivery.fulfillment(None).state),
            ..Known::default()
        }
    }

    fn take(
        &self,
        order_id: &str,
        transactions: Vec<Transaction>,
        present: Lookup,
    ) -> Result<Option<Snapshot>, Failure> {
        let Some((order, raw)) = self.ghl.order_with_raw(order_id)? else { return Ok(None) };
        let transactions = payments::among(self, &order, transactions)?;
        let payments = Payments::in_currency_of(&order, &transactions)?;
        let due = payments.due(&order)?;
        let expected = expected(self, order.clone(), &raw, payments, &present)?;
        let posted = match present {
            Lookup::Found(_) => self.ghl.fulfillments(order_id)?,
            Lookup::Missing | Lookup::Deleted { .. } => Vec::new(),
        };
        Ok(Some(Snapshot { order, transactions, lookup: present, posted, expected, payments, due }))
    }

    fn differences(&self, snapshot: &Snapshot, now: Instant) -> Result<Vec<Difference>, Failure> {
        let mut found = state::compare(self, snapshot, now.0)?;
        found.extend(goods::compare(snapshot)?);
        found.extend(money::compare(self, snapshot)?);
        let exceeds = |difference: &Difference| difference.kind() == FULFILLMENT_EXCEEDS_DELIVERY;
        if found.iter().any(exceeds) && has_delivered_twin(self, snapshot)? {
            found.retain(|difference| !exceeds(difference));
        }
        Ok(found)
    }

    /// Goods that are delivered and not paid for. What the part that a customer took of an order costs, nobody says.
    fn unpaid(&self, snapshot: &Snapshot) -> Option<Kept> {
        let (_, fulfillment) = snapshot.delivery()?;
        let (order, due) = (&snapshot.order, snapshot.due);
        let is_owed = fulfillment.state == FulfillmentState::Delivered && due.amount.is_positive();
        is_owed.then(|| Kept::new(Side::Left, &order.id, due, order.customer_id(), order.created_at))
    }

    fn clean_until(&self, snapshot: &Snapshot) -> Option<u64> {
        state::clean_until(snapshot)
    }
}

/// Whether Track-POD has another delivery of the order that did deliver. It answers one of those that share an id, and that
/// there are two is a finding of its own.
fn has_delivered_twin(connection: &Connection, snapshot: &Snapshot) -> Result<bool, Failure> {
    let Some((delivery, _)) = snapshot.delivery() else { return Ok(false) };
    let number = delivery.number.as_ref().unwrap_or(&snapshot.order.id);
    let twins = connection.track_pod.orders_numbered(number)?;
    let is_twin = |twin: &transload_track_pod::Order| {
        twin.track_id != delivery.track_id && twin.fulfillment(None).state.has_delivered()
    };
    Ok(twins.iter().any(is_twin))
}

/// Goods that are delivered, and no payment that might be for them.
pub fn unpaid(order_id: &str, due: Money) -> Difference {
    let message = format!("the goods of order {order_id} are delivered, and {due} are still due");
    let (left, right) = (Seen::new(GHL, Some(order_id)).value("due").amount(due), Seen::new(GHL, None));
    Difference::new(PAYMENT_NOT_CAPTURED, order_id, left, right, message)
}
