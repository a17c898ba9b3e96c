//! Listings, which all have one shape.

use serde::Deserialize;
use transload_model::{Instant, Invoice, Order, Subscription, Transaction};
use transload_wire::http::Answer;
use transload_wire::{ApiError, time, tolerant};

use crate::MapError;
use crate::invoice::WireInvoice;

/// Some rows of a listing. Their order is not documented, so pages may overlap and rows may come twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// Some of a location's orders, without their lines.
pub type OrderPage = Page<Order>;

/// Some of a location's transactions.
pub type TransactionPage = Page<Transaction>;

/// Some of a location's subscriptions, without their periods.
pub type SubscriptionPage = Page<Subscription>;

/// Some of a location's invoices.
pub type InvoicePage = Page<Invoice>;

/// Which orders to list. Days are UTC; with which field GoHighLevel compares them, and whether the last one counts, is
/// not documented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// From this day on.
    pub start_at: Option<Instant>,
    /// Until this day.
    pub end_at: Option<Instant>,
    /// Most rows to answer.
    pub limit: u32,
    /// How many rows to skip.
    pub offset: u64,
}

/// Which transactions to list. Days are as in [`OrderQuery`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionQuery<'a> {
    /// From this day on.
    pub start_at: Option<Instant>,
    /// Until this day.
    pub end_at: Option<Instant>,
    /// Those that pay for this order, or this invoice.
    pub entity_id: Option<&'a str>,
    /// Those that renew this subscription, by the id that the payment provider gave it.
    pub subscription_id: Option<&'a str>,
    /// Most rows to answer.
    pub limit: u32,
    /// How many rows to skip.
    pub offset: u64,
}

/// Which subscriptions to list. Days are as in [`OrderQuery`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubscriptionQuery<'a> {
    /// From this day on.
    pub start_at: Option<Instant>,
    /// Those that this order started. A charge names a subscription by the payment provider's id, for which there is no
    /// filter; but it names the order too.
    pub entity_id: Option<&'a str>,
    /// Most rows to answer.
    pub limit: u32,
    /// How many rows to skip.
    pub offset: u64,
}

/// Which invoices to list. Days are as in [`OrderQuery`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InvoiceQuery {
    /// From this day on.
    pub start_at: Option<Instant>,
    /// Until this day.
    pub end_at: Option<Instant>,
    /// Most rows to answer.
    pub limit: u32,
    /// How many rows to skip.
    pub offset: u64,
}

/// Adds the members of a query that every listing has.
pub(crate) struct Span {
    start: Option<String>,
    end: Option<String>,
    limit: String,
    offset: String,
}

impl Span {
    pub(crate) fn new(start: Option<Instant>, end: Option<Instant>, limit: u32, offset: u64) -> Self {
        let day = |instant: Option<Instant>| instant.and_then(time::format_date);
        Self { start: day(start), end: day(end), limit: limit.to_string(), offset: offset.to_string() }
    }

    pub(crate) fn add_to<'q>(&'q self, query: &mut Vec<(&'q str, &'q str)>) {
        query.extend(self.start.as_deref().map(|day| ("startAt", day)));
        query.extend(self.end.as_deref().map(|day| ("endAt", day)));
        query.extend([("limit", self.limit.as_str()), ("offset", self.offset.as_str())]);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
struct WireList<T> {
    #[serde(default, deserialize_with = "tolerant::list")]
    data: Vec<T>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    total_count: Option<i64>,
}

/// Reads a listing. Without `totalCount` nobody could tell a last page from a broken one, and a payment would be missed.
pub(crate) fn read<'de, W: Deserialize<'de>, T>(
    answer: &'de Answer,
    into_model: fn(W) -> Result<T, MapError>,
) -> Result<Page<T>, ApiError> {
    let list: WireList<W> = answer.read()?;
    page(answer, list.data, total(answer, list.total_count)?, into_model)
}

/// The listing of invoices, whose members have other names.
#[derive(Deserialize)]
struct WireInvoices {
    #[serde(default, deserialize_with = "tolerant::list")]
    invoices: Vec<WireInvoice>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    total: Option<i64>,
}

/// Reads a listing of invoices, as [`read`] does others.
pub(crate) fn read_invoices(answer: &Answer) -> Result<InvoicePage, ApiError> {
    let list: WireInvoices = answer.read()?;
    let total = list.total.and_then(|total| u64::try_from(total).ok());
    let total = total.ok_or_else(|| answer.unreadable("total is missing or below zero"))?;
    page(answer, list.invoices, total, WireInvoice::into_model)
}

fn page<W, T>(
    answer: &Answer,
    rows: Vec<W>,
    total: u64,
    into_model: fn(W) -> Result<T, MapError>,
) -> Result<Page<T>, ApiError> {
    let rows = rows.into_iter().map(into_model).collect::<Result<_, _>>();
    Ok(Page { rows: rows.map_err(|error| answer.unreadable(error.to_string()))?, total })
}

/// How many rows a listing has in all.
pub(crate) fn count(answer: &Answer) -> Result<u64, ApiError> {
    let list: WireList<serde::de::IgnoredAny> = answer.read()?;
    total(answer, list.total_count)
}

fn total(answer: &Answer, total_count: Option<i64>) -> Result<u64, ApiError> {
    let total = total_count.and_then(|total| u64::try_from(total).ok());
    total.ok_or_else(|| answer.unreadable("totalCount is missing or below zero"))
}
