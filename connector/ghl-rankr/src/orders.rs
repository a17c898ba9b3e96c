//! An order of GoHighLevel's is held in Rankr, with what was paid for it; and fulfilments go both ways.

use transload_flows::events::order_id;
use transload_flows::orders;
use transload_flows::payments::{self, scope};
use transload_model::{FulfillmentStatus, Money, Order, PaymentStatus, Payments, Transaction};
use transload_rankr::{Client, Put, SinkOrder};
use transload_sdk::{Context, Failure, Receipt, Work, skipped};
use transload_wire::ApiError;

use crate::mirror::{self, Mirrored};
use crate::settings::Connection;
use crate::{fulfillments, versions};

/// Brings Rankr's order up to date with the GoHighLevel order `order_id`, and each side's fulfilments with the other's.
pub fn sync(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    let (order, raw) = match orders::current(connection, order_id)? {
        Ok(found) => found,
        Err(reason) => return Ok(skipped(reason)),
    };
    let transactions = payments::of_order(connection, &order)?;
    let seen = connection.rankr.order(order_id)?;
    if seen.is_none() && !is_sent(connection, &order, &raw, &transactions)? {
        return Ok(skipped(format!("the setting `send_when` leaves order {order_id} out")));
    }
    let sync = Sync { connection, transactions, seen };
    let work = match sync.seen {
        None => sync.send(order, raw)?,
        Some(_) => sync.update(order, raw)?,
    };
    Ok(work.into())
}

struct Sync<'a> {
    connection: &'a Connection<'a>,
    transactions: Vec<Transaction>,
    seen: Option<SinkOrder>,
}

impl Sync<'_> {
    /// Rankr has no such order, and so no fulfilment of it either.
    fn send(&self, order: Order, raw: String) -> Result<Work, Failure> {
        let work = self.mirror(Work::default(), &order, &raw)?;
        let work = match self.connection.shop.settings.writes {
            true => fulfillments::sync(self.connection, work, &order)?.0,
            false => work,
        };
        remember(self.connection.cx, &order)?;
        Ok(work)
    }

    /// A Rankr that has fulfilled an order may well say so in the order, which is no edit of it: so GoHighLevel hears of it
    /// first, and then says the same.
    fn update(&self, order: Order, raw: String) -> Result<Work, Failure> {
        let (work, wrote) = fulfillments::sync(self.connection, Work::default(), &order)?;
        let (order, raw) = match wrote {
            true => self.connection.ghl.order_with_raw(&order.id)?.unwrap_or((order, raw)),
            false => (order, raw),
        };
        let work = self.mirror(work, &order, &raw)?;
        remember(self.connection.cx, &order)?;
        Ok(work)
    }

    fn mirror(&self, work: Work, order: &Order, raw: &str) -> Result<Work, Failure> {
        let wanted = wanted(self.connection, order, raw, &self.transactions)?;
        mirror::bring_seen(self.connection, work, &wanted, self.seen.as_ref())
    }
}

/// Whether the settings have Rankr told of `order`, for which `transactions` pay.
pub fn is_sent(
    connection: &Connection,
    order: &Order,
    raw: &str,
    transactions: &[Transaction],
) -> Result<bool, Failure> {
    let (_, scope) = scope(order, raw, transactions)?;
    connection.settings.send_when.holds("send_when", &scope)
}

/// What Rankr is to hold of `order`, for which `transactions` pay. What was paid is unknown if some of it is of another
/// currency.
pub fn wanted(
    connection: &Connection,
    order: &Order,
    raw: &str,
    transactions: &[Transaction],
) -> Result<SinkOrder, Failure> {
    let (payments, scope) = scope(order, raw, transactions)?;
    let paid_at = transactions.iter().map(|transaction| transaction.updated_at.or(transaction.created_at));
    let changed_at = [order.updated_at, order.created_at].into_iter().chain(paid_at);
    let version = versions::newest(&format!("order {}", order.id), changed_at)?;
    let paid = payments.map(|paid| paid.captured.checked_sub(paid.refunded)).transpose()?;
    let order = Order {
        payment: payments.map(|paid| payment_status(order.total, paid)),
        paid,
        // The sink's customer has no address of his own.
        ship_to: order.delivery_address().cloned(),
        ..order.clone()
    };
    Ok(SinkOrder {
        version,
        refunded: payments.map(|paid| paid.refunded),
        extra: connection.settings.extra(&scope)?,
        received_at: None,
        fulfillments_at: None,
        order,
    })
}

/// How far an order of `total` is paid.
pub fn payment_status(total: Money, paid: Payments) -> PaymentStatus {
    let (captured, refunded) = (paid.captured.amount, paid.refunded.amount);
    if refunded.is_positive() {
        return if refunded >= captured { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded };
    }
    if captured >= total.amount {
        PaymentStatus::Paid
    } else if captured.is_positive() {
        PaymentStatus::PartiallyPaid
    } else {
        PaymentStatus::Unpaid
    }
}

/// How an order stands: the polls find it in the same state until it changes.
fn state(order: &Order) -> String {
    let fulfilled = match &order.fulfillment {
        None => "",
        Some(FulfillmentStatus::Unfulfilled) => "unfulfilled",
        Some(FulfillmentStatus::PartiallyFulfilled) => "partially fulfilled",
        Some(FulfillmentStatus::Fulfilled) => "fulfilled",
        Some(FulfillmentStatus::Cancelled) => "cancelled",
        Some(FulfillmentStatus::Other(text)) => text,
    };
    format!("{} {fulfilled}", order_id(order))
}

fn key(order_id: &str) -> String {
    format!("seen/order/{order_id}")
}

/// Remembers that the order was handled as it is. A fulfilment that was written to GoHighLevel changes the order there, and is
/// no news to the one who wrote it.
fn remember(cx: &Context, order: &Order) -> Result<(), Failure> {
    if !is_handled(cx, order)? {
        cx.store.put(&key(&order.id), state(order).as_bytes())?;
    }
    Ok(())
}

/// Whether the order was handled as it is.
pub fn is_handled(cx: &Context, order: &Order) -> Result<bool, Failure> {
    let stored = cx.store.get(&key(&order.id))?;
    Ok(stored.is_some_and(|stored| stored.value == state(order).as_bytes()))
}

impl Mirrored for SinkOrder {
    const NAME: &'static str = "order";

    fn subject(&self) -> &str {
        &self.order.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn amount(&self) -> Option<Money> {
        Some(self.order.total)
    }

    fn bare(&self) -> Self {
        Self { version: 0, received_at: None, fulfillments_at: None, ..self.clone() }
    }

    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError> {
        client.order(id)
    }

    fn put(&self, client: &Client) -> Result<Put, ApiError> {
        client.put_order(self)
    }
}

#[cfg(test)]
mod tests;
