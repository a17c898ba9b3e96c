//! Invoices.

use crate::{Instant, Money, Party};

/// Where an invoice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Not sent.
    Draft,
    /// Sent, not paid.
    Sent,
    /// Paid in part.
    PartiallyPaid,
    /// Paid in full.
    Paid,
    /// Called off.
    Void,
    /// In the source's own words.
    Other(String),
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The id in the source system.
    pub id: String,
    /// The number a person would quote.
    pub number: Option<String>,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// The order it bills.
    pub order_id: Option<String>,
    /// What it asks for.
    pub total: Money,
    /// What has been paid.
    pub paid: Option<Money>,
    /// What is left to pay.
    pub due: Option<Money>,
    /// Who is billed.
    pub customer: Option<Party>,
    /// When it is due.
    pub due_at: Option<Instant>,
    /// False in a test mode of the source.
    pub live: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}
