//! Recurring orders.

use crate::{Instant, Money, Party};

/// Where a subscription stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// In a free trial.
    Trialing,
    /// Running and paid.
    Active,
    /// A charge is late.
    PastDue,
    /// Charges have been given up.
    Unpaid,
    /// Held by someone.
    Paused,
    /// Ended by someone.
    Cancelled,
    /// Ran out.
    Expired,
    /// Never properly began.
    Incomplete,
    /// In the source's own words.
    Other(String),
}

impl SubscriptionStatus {
    /// As a person would say it. Events' ids have it in them, so a released text never changes.
    pub fn describe(&self) -> &str {
        match self {
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Incomplete => "incomplete",
            Self::Other(text) => text,
        }
    }
}

/// A recurring order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The id in the source system.
    pub id: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// The order that started it.
    pub order_id: Option<String>,
    /// What one period costs.
    pub amount: Option<Money>,
    /// The length of one period as an ISO 8601 duration.
    pub period: Option<String>,
    /// Who subscribed.
    pub customer: Option<Party>,
    /// When the next charge is due.
    pub next_charge_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// False in a test mode of the source.
    pub live: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}
