//! A payment or a refund is written down, held in Rankr, and told of where the settings want it. What it pays for is looked
//! at again, which follows: GoHighLevel says nothing of a part payment or a refund.

use transload_flows::transactions::{after, id_of, note, note_refund, order_again, record_revenue, subject};
use transload_flows::{events, granted};
use transload_ghl::SubscriptionQuery;
use transload_model::{Entity, Money, Movement, Subscription, Transaction, TransactionStatus};
use transload_rankr::{Client, Put, SinkTransaction};
use transload_sdk::{Event, Failure, Receipt, Severity, Work, skipped};
use transload_wire::ApiError;

use crate::mirror::{self, Mirrored};
use crate::settings::Connection;
use crate::{told, versions};

/// Most subscriptions that one order begins; each recurring product of it is one.
const SUBSCRIPTIONS_MAX: u32 = 100;

impl Mirrored for SinkTransaction {
    const NAME: &'static str = "transaction";

    fn subject(&self) -> &str {
        self.transaction.order_id().unwrap_or(&self.transaction.id)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn amount(&self) -> Option<Money> {
        Some(self.transaction.amount)
    }

    fn bare(&self) -> Self {
        Self { version: 0, received_at: None, ..self.clone() }
    }

    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError> {
        client.transaction(id)
    }

    fn put(&self, client: &Client) -> Result<Put, ApiError> {
        client.put_transaction(self)
    }
}

/// As it is to be held in Rankr. Fails with `rejected` if nothing says when it was made or changed.
pub fn held(transaction: Transaction) -> Result<SinkTransaction, Failure> {
    let object = format!("transaction {}", transaction.id);
    let version = versions::newest(&object, [transaction.updated_at, transaction.created_at])?;
    Ok(SinkTransaction { transaction, version, received_at: None })
}

/// Brings the GoHighLevel transaction `transaction_id` to where it belongs.
pub fn record(connection: &Connection, transaction_id: &str) -> Result<Receipt, Failure> {
    let Some(transaction) = connection.ghl.transaction(transaction_id)? else {
        return Ok(skipped(format!("GoHighLevel has no transaction {transaction_id}")));
    };
    if !connection.settings.shop.mode.accepts(transaction.live) {
        return Ok(skipped(format!("the setting `mode` leaves transaction {transaction_id} out")));
    }
    // Money for something that is none of this connector's is money all the same.
    let subject = subject(&transaction).cloned().unwrap_or_else(|| Entity::Other(transaction.id.clone()));
    let (work, movement) = record_revenue(connection, &subject, &transaction)?;
    let work = match connection.settings.transactions.sync {
        true => bring(connection, work, &subject, &transaction)?,
        false => work,
    };
    let work = tell(connection, work, &subject, &transaction, movement)?;
    // A payment that is pending or failed moves nothing, and neither does a second look.
    match movement.is_some_and(|movement| !movement.is_zero()) {
        true => Ok(look_again(connection, work, &transaction)?.into()),
        false => Ok(work.into()),
    }
}

/// Has Rankr hold it, and the contact's timeline say so.
fn bring(
    connection: &Connection,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
) -> Result<Work, Failure> {
    let work = mirror::bring(connection, work, &held(transaction.clone())?)?;
    let work = note(connection, work, subject, transaction, "")?;
    note_refund(connection, work, subject, transaction)
}

/// Tells of what moved, as the settings say; of a charge that failed, once.
fn tell(
    connection: &Connection,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
    movement: Option<Movement>,
) -> Result<Work, Failure> {
    let (wanted, about) = (&connection.settings.alerts, id_of(subject));
    let (id, amount) = (&transaction.id, transaction.amount);
    let mut work = work;
    if let Some(Movement { captured, refunded }) = movement {
        if wanted.payments && captured.amount.is_positive() {
            let text = format!("{captured} arrived: payment {id} for {about}");
            work = work.alert(Severity::Info, "payment-received", about, text);
        }
        if wanted.refunds && refunded.amount.is_positive() {
            let text = format!("{refunded} of {amount} was given back: payment {id} for {about}");
            work = work.alert(Severity::Warning, "payment-refunded", about, text);
        }
    }
    let failed = wanted.failures && transaction.status == TransactionStatus::Failed;
    if failed && told::is_news(connection.cx, "payment-failed", id, "failed")? {
        let text = format!("a charge of {amount} failed: payment {id} for {about}");
        work = work.alert(Severity::Warning, "payment-failed", about, text);
    }
    Ok(work)
}

/// What follows: a look at the order, the invoice and the subscriptions that it pays for.
fn look_again(connection: &Connection, work: Work, transaction: &Transaction) -> Result<Work, Failure> {
    let mut follow_ups = Vec::new();
    if let Some(order_id) = transaction.order_id() {
        follow_ups.extend(order_again(connection, order_id, transaction)?);
        if transaction.subscription_id().is_some() && connection.settings.subscriptions.sync {
            follow_ups.extend(subscriptions_again(connection, order_id, transaction)?);
        }
    }
    if let Some(invoice_id) = transaction.invoice_id().filter(|_| connection.settings.invoices.sync) {
        follow_ups.extend(invoice_again(connection, invoice_id, transaction)?);
    }
    Ok(follow_ups.into_iter().fold(work, Work::follow_up))
}

/// The order's subscriptions; a row of a list does not tell which of them was charged.
fn subscriptions_again(
    connection: &Connection,
    order_id: &str,
    transaction: &Transaction,
) -> Result<Vec<Event>, Failure> {
    let query =
        SubscriptionQuery { entity_id: Some(order_id), limit: SUBSCRIPTIONS_MAX, ..Default::default() };
    let Some(page) = granted(connection.ghl.subscriptions(&query))? else { return Ok(Vec::new()) };
    let event = |subscription: Subscription| {
        let id = format!("subscription {} {}", subscription.id, after(transaction));
        Event { id, occurred_at: transaction.updated_at, ..events::subscription_event(subscription) }
    };
    Ok(page.rows.into_iter().map(event).collect())
}

fn invoice_again(
    connection: &Connection,
    invoice_id: &str,
    transaction: &Transaction,
) -> Result<Option<Event>, Failure> {
    let invoice = granted(connection.ghl.invoice(invoice_id))?.flatten();
    Ok(invoice.map(|invoice| {
        let id = format!("invoice {invoice_id} {}", after(transaction));
        Event { id, occurred_at: transaction.updated_at, ..events::invoice_event(invoice) }
    }))
}

#[cfg(test)]
mod tests;
