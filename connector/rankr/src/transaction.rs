//! Payments and refunds.

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Entity, Instant, Transaction, TransactionStatus};
use transload_wire::Number;

use crate::error::MapError;
use crate::member::{amount, currency, flag, instant, integer, text};
use crate::party;
use crate::record::{self, Record, Subject};
use crate::shape::Kind;
use crate::words::Words;

/// A transaction in the sink.
///
/// The sink holds one order, one invoice and one subscription that it pays for, and of the customer the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkTransaction {
    /// The transaction. One without `created_at` cannot be written.
    pub transaction: Transaction,
    /// The source's last change, in milliseconds since 1970; at most [`crate::VERSION_MAX`].
    pub version: u64,
    /// When it last changed in the sink, by the sink's clock. Not written.
    pub received_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTransaction {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(default, with = "integer", skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(default, with = "currency", skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount_refunded: Option<Number>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    timestamp: Option<Instant>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    invoice_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    subscription_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    charge_id: Option<String>,
    #[serde(default, with = "flag", skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing)]
    received_at: Option<Instant>,
}

impl Record for SinkTransaction {
    const KIND: Kind = Kind::Transaction;

    fn id(&self) -> &str {
        &self.transaction.id
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        record::write(to_wire(self))
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        record::read(body, from_wire)
    }
}

fn to_wire(sink: &SinkTransaction) -> Result<WireTransaction, MapError> {
    let transaction = &sink.transaction;
    let subject = Subject::new("transaction", &transaction.id, "transactionId")?;
    let unit = transaction.amount.currency;
    let invoice = transaction.settles.iter().find_map(|entity| match entity {
        Entity::Invoice(id) => Some(id.clone()),
        _ => None,
    });
    Ok(WireTransaction {
        transaction_id: Some(transaction.id.clone()),
        version: subject.wire_version(sink.version)?,
        amount: subject.wire_price(Some(transaction.amount))?,
        currency: Some(unit),
        amount_refunded: subject.wire_amount("amountRefunded", transaction.refunded, unit)?,
        status: Some(transaction.status.word()),
        timestamp: Some(subject.needs("timestamp", transaction.created_at)?),
        order_id: transaction.order_id().map(str::to_owned),
        invoice_id: invoice,
        subscription_id: transaction.subscription_id().map(str::to_owned),
        customer_id: party::id(transaction.customer.as_ref()),
        method: transaction.method.clone(),
        charge_id: transaction.charge_id.clone(),
        live: Some(transaction.live),
        updated_at: transaction.updated_at,
        received_at: None,
    })
}

fn from_wire(wire: WireTransaction) -> Result<SinkTransaction, MapError> {
    let id = wire.transaction_id.unwrap_or_default();
    let subject = Subject::new("transaction", &id, "transactionId")?;
    let settles = [
        wire.order_id.map(Entity::Order),
        wire.invoice_id.map(Entity::Invoice),
        wire.subscription_id.map(Entity::Subscription),
    ];
    let transaction = Transaction {
        amount: subject.needs_price(wire.amount, wire.currency)?,
        refunded: subject.money(wire.amount_refunded, wire.currency)?,
        status: TransactionStatus::of(subject.needs("status", wire.status)?),
        settles: settles.into_iter().flatten().collect(),
        customer: party::customer(wire.customer_id, None),
        method: wire.method,
        charge_id: wire.charge_id,
        live: wire.live.unwrap_or(true),
        created_at: Some(subject.needs("timestamp", wire.timestamp)?),
        updated_at: wire.updated_at,
        id: id.clone(),
    };
    Ok(SinkTransaction {
        version: subject.version(wire.version)?,
        received_at: wire.received_at,
        transaction,
    })
}
