//! Invoices.

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Instant, Invoice, InvoiceStatus};
use transload_wire::Number;

use crate::error::MapError;
use crate::member::{amount, currency, flag, instant, integer, text};
use crate::party;
use crate::record::{self, Record, Subject};
use crate::shape::Kind;
use crate::words::Words;

/// An invoice in the sink. Of the customer it holds the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkInvoice {
    /// The invoice.
    pub invoice: Invoice,
    /// The source's last change, in milliseconds since 1970; at most [`crate::VERSION_MAX`].
    pub version: u64,
    /// When it last changed in the sink, by the sink's clock. Not written.
    pub received_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireInvoice {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    invoice_id: Option<String>,
    #[serde(default, with = "integer", skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(default, with = "currency", skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount_paid: Option<Number>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount_due: Option<Number>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    due_at: Option<Instant>,
    #[serde(default, with = "flag", skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing)]
    received_at: Option<Instant>,
}

impl Record for SinkInvoice {
    const KIND: Kind = Kind::Invoice;

    fn id(&self) -> &str {
        &self.invoice.id
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        record::write(to_wire(self))
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        record::read(body, from_wire)
    }
}

fn to_wire(sink: &SinkInvoice) -> Result<WireInvoice, MapError> {
    let invoice = &sink.invoice;
    let subject = Subject::new("invoice", &invoice.id, "invoiceId")?;
    let unit = invoice.total.currency;
    Ok(WireInvoice {
        invoice_id: Some(invoice.id.clone()),
        version: subject.wire_version(sink.version)?,
        number: invoice.number.clone(),
        status: Some(invoice.status.word()),
        order_id: invoice.order_id.clone(),
        amount: subject.wire_price(Some(invoice.total))?,
        currency: Some(unit),
        amount_paid: subject.wire_amount("amountPaid", invoice.paid, unit)?,
        amount_due: subject.wire_amount("amountDue", invoice.due, unit)?,
        customer_id: party::id(invoice.customer.as_ref()),
        due_at: invoice.due_at,
        live: Some(invoice.live),
        created_at: invoice.created_at,
        updated_at: invoice.updated_at,
        received_at: None,
    })
}

fn from_wire(wire: WireInvoice) -> Result<SinkInvoice, MapError> {
    let id = wire.invoice_id.unwrap_or_default();
    let subject = Subject::new("invoice", &id, "invoiceId")?;
    let invoice = Invoice {
        number: wire.number,
        status: InvoiceStatus::of(subject.needs("status", wire.status)?),
        order_id: wire.order_id,
        total: subject.needs_price(wire.amount, wire.currency)?,
        paid: subject.money(wire.amount_paid, wire.currency)?,
        due: subject.money(wire.amount_due, wire.currency)?,
        customer: party::customer(wire.customer_id, None),
        due_at: wire.due_at,
        live: wire.live.unwrap_or(true),
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        id: id.clone(),
    };
    Ok(SinkInvoice { version: subject.version(wire.version)?, received_at: wire.received_at, invoice })
}
