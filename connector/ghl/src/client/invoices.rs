//! Invoices.

use serde::Deserialize;
use transload_model::{Invoice, Transaction};
use transload_wire::{ApiError, tolerant};

use super::{Client, found};
use crate::endpoints;
use crate::invoice::WireInvoice;
use crate::page::{self, InvoicePage, InvoiceQuery, Span};

/// Orders, read for their ids alone.
#[derive(Deserialize)]
struct OrderIds {
    #[serde(default, deserialize_with = "tolerant::list")]
    data: Vec<OrderId>,
}

#[derive(Deserialize)]
struct OrderId {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
}

impl Client<'_> {
    /// Some of the location's invoices. None of them names its order: see [`Client::invoice_order`].
    pub fn invoices(&self, query: &InvoiceQuery) -> Result<InvoicePage, ApiError> {
        let span = Span::new(query.start_at, query.end_at, query.limit, query.offset);
        let mut parameters = self.alt().to_vec();
        span.add_to(&mut parameters);
        let answer = self.get(&endpoints::LIST_INVOICES, &[], &parameters)?;
        page::read_invoices(&answer)
    }

    /// The invoice `id`, or none if there is none. It does not name its order: see [`Client::invoice_order`].
    pub fn invoice(&self, id: &str) -> Result<Option<Invoice>, ApiError> {
        let answer = self.get(&endpoints::GET_INVOICE, &[id], &self.alt());
        let Some(answer) = found(answer, "invoice")? else { return Ok(None) };
        let invoice = answer.read::<WireInvoice>()?.into_model();
        invoice.map(Some).map_err(|error| answer.unreadable(error.to_string()))
    }

    /// All transactions of the invoice `invoice_id`, each once. No webhook of an invoice names them.
    pub fn invoice_transactions(&self, invoice_id: &str) -> Result<Vec<Transaction>, ApiError> {
        self.entity_transactions("invoice", invoice_id)
    }

    /// The id of the order that the invoice `invoice_id` bills. No member of an invoice names it; but an order names its
    /// source, which the document's own example gives as `{ type: "invoice", id: … }`, and orders are found by it. None if
    /// there is no such order, or more than one: which of them is billed is not guessed.
    pub fn invoice_order(&self, invoice_id: &str) -> Result<Option<String>, ApiError> {
        let query = [
            ("altId", self.location_id),
            ("sourceId", invoice_id),
            // Two tell as well as all that there is more than one.
            ("limit", "2"),
            ("offset", "0"),
        ];
        let answer = self.get(&endpoints::LIST_ORDERS, &[], &query)?;
        let orders: OrderIds = answer.read()?;
        let mut ids = orders.data.into_iter();
        let (first, second) = (ids.next(), ids.next());
        let Some(order) = first.filter(|_| second.is_none()) else { return Ok(None) };
        order.id.map(Some).ok_or_else(|| answer.unreadable("data[0]._id is missing"))
    }
}
