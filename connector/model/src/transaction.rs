//! Payments and refunds.

use crate::{Instant, Money, Party};

/// Where a transaction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Under way.
    Pending,
    /// The money arrived.
    Succeeded,
    /// It did not.
    Failed,
    /// All of it was given back.
    Refunded,
    /// Part of it was given back.
    PartiallyRefunded,
    /// The customer disputes it.
    Disputed,
    /// In the source's own words.
    Other(String),
}

impl TransactionStatus {
    /// As a person would say it. Events' ids have it in them, so a released text never changes.
    pub fn describe(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially refunded",
            Self::Disputed => "disputed",
            Self::Other(text) => text,
        }
    }

    /// Whether the money arrived, even if it left again.
    pub fn is_captured(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Refunded | Self::PartiallyRefunded)
    }
}

/// Something that a payment settles, with its id in the source system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// An order.
    Order(String),
    /// An invoice.
    Invoice(String),
    /// A subscription.
    Subscription(String),
    /// Some other kind of thing, as `kind:id`.
    Other(String),
}

/// Money that moved, or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The id in the source system.
    pub id: String,
    /// What was charged; never negative.
    pub amount: Money,
    /// What was given back so far, in all.
    pub refunded: Option<Money>,
    /// Where it stands.
    pub status: TransactionStatus,
    /// What it pays for.
    pub settles: Vec<Entity>,
    /// Who paid.
    pub customer: Option<Party>,
    /// Card, cash and so on, in the source's words.
    pub method: Option<String>,
    /// The payment provider's own id.
    pub charge_id: Option<String>,
    /// False in a test mode of the source.
    pub live: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}

impl Transaction {
    /// The customer's id in the system that the transaction is from.
    pub fn customer_id(&self) -> Option<&str> {
        self.customer.as_ref()?.id.as_deref()
    }

    /// The order that it pays for, if it names one.
    pub fn order_id(&self) -> Option<&str> {
        self.settles.iter().find_map(|entity| match entity {
            Entity::Order(id) => Some(id.as_str()),
            _ => None,
        })
    }

    /// The invoice that it pays, if it names one.
    pub fn invoice_id(&self) -> Option<&str> {
        self.settles.iter().find_map(|entity| match entity {
            Entity::Invoice(id) => Some(id.as_str()),
            _ => None,
        })
    }

    /// The subscription that it renews, if it names one.
    pub fn subscription_id(&self) -> Option<&str> {
        self.settles.iter().find_map(|entity| match entity {
            Entity::Subscription(id) => Some(id.as_str()),
            _ => None,
        })
    }
}
