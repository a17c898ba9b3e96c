//! Orders.

use crate::{Decimal, Instant, Money, MoneyError, Party, party::Address};

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderStatus {
    /// Placed, not settled.
    Pending,
    /// Settled.
    Completed,
    /// Called off.
    Cancelled,
    /// In the source's own words.
    Other(String),
}

impl OrderStatus {
    /// As a person would say it. Events' ids have it in them, so a released text never changes.
    pub fn describe(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Other(text) => text,
        }
    }
}

/// How far an order has been paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Not at all.
    Unpaid,
    /// In part.
    PartiallyPaid,
    /// In full.
    Paid,
    /// Paid, and part of it given back.
    PartiallyRefunded,
    /// Paid, and all of it given back.
    Refunded,
    /// In the source's own words.
    Other(String),
}

/// How far an order has been fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FulfillmentStatus {
    /// Not at all.
    Unfulfilled,
    /// In part.
    PartiallyFulfilled,
    /// In full.
    Fulfilled,
    /// It will not be.
    Cancelled,
    /// In the source's own words.
    Other(String),
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the source's fulfilments call this line; lines may share it.
    pub id: String,
    /// Stock-keeping unit.
    pub sku: Option<String>,
    /// What a person would call it.
    pub name: String,
    /// May be fractional; never negative.
    pub quantity: Decimal,
    /// Price of one.
    pub unit_price: Option<Money>,
    /// Whether it has to be delivered; none when the source does not say.
    pub physical: Option<bool>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The id in the source system.
    pub id: String,
    /// The number a person would quote, where it differs from `id`.
    pub number: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// None when the source does not say; sum the transactions then.
    pub payment: Option<PaymentStatus>,
    /// How far it has been fulfilled, by the source's own account.
    pub fulfillment: Option<FulfillmentStatus>,
    /// What the customer owes for all of it.
    pub total: Money,
    /// The lines alone.
    pub subtotal: Option<Money>,
    /// What was taken off.
    pub discount: Option<Money>,
    /// Tax.
    pub tax: Option<Money>,
    /// Shipping.
    pub shipping: Option<Money>,
    /// What has been paid, refunds taken off; none when unknown.
    pub paid: Option<Money>,
    /// Who ordered.
    pub customer: Option<Party>,
    /// Where to deliver, where that differs from the customer's own address.
    pub ship_to: Option<Address>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// What the customer wrote.
    pub note: Option<String>,
    /// The id of the invoice that bills it, where there is one: payments of that invoice pay for the order, and name the
    /// invoice alone. Not in the contract; who needs it reads the order again.
    pub billed_by: Option<String>,
    /// False in a test mode of the source.
    pub live: bool,
    /// When it was placed.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}

impl Order {
    /// The customer's id in the system that the order is from.
    pub fn customer_id(&self) -> Option<&str> {
        self.customer.as_ref()?.id.as_deref()
    }

    /// Where it goes: `ship_to`, else the customer's own address.
    pub fn delivery_address(&self) -> Option<&Address> {
        self.ship_to.as_ref().or_else(|| self.customer.as_ref()?.address.as_ref())
    }

    /// What is still to be paid: the total less `paid`, never below zero. Fails when the two are of different
    /// currencies, because guessing either way would take or give away money.
    pub fn amount_due(&self, paid: Money) -> Result<Money, MoneyError> {
        let due = self.total.checked_sub(paid)?;
        Ok(if due.amount.is_negative() { Money::zero(due.currency) } else { due })
    }
}
