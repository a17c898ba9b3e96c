//! Deliveries.

use crate::{Decimal, Instant, Money};

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FulfillmentState {
    /// Known to the delivery system, not planned yet.
    Created,
    /// Planned into a route.
    Scheduled,
    /// On the vehicle.
    Loaded,
    /// On its way.
    OutForDelivery,
    /// Not delivered, for a reason at the site; another attempt may follow.
    AttemptFailed,
    /// Not delivered, for a reason in the order.
    Rejected,
    /// Delivered, with less than what was ordered.
    PartiallyDelivered,
    /// Delivered in full.
    Delivered,
    /// Picked up from the customer.
    Collected,
    /// Deleted or called off.
    Cancelled,
    /// In the source's own words.
    Other(String),
}

impl FulfillmentState {
    /// Whether goods changed hands towards the customer.
    pub fn has_delivered(&self) -> bool {
        matches!(self, Self::PartiallyDelivered | Self::Delivered)
    }

    /// Every state but [`Self::Other`], in the order in which a delivery may reach them.
    pub const KNOWN: [Self; 10] = [
        Self::Created,
        Self::Scheduled,
        Self::Loaded,
        Self::OutForDelivery,
        Self::AttemptFailed,
        Self::Rejected,
        Self::PartiallyDelivered,
        Self::Delivered,
        Self::Collected,
        Self::Cancelled,
    ];

    /// The state that [`Self::describe`] gives this text for.
    pub fn described(text: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|state| state.describe() == text);
        known.unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// As a person would say it. Stores keep it too, so a released text never changes.
    pub fn describe(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Scheduled => "scheduled",
            Self::Loaded => "loaded",
            Self::OutForDelivery => "out for delivery",
            Self::AttemptFailed => "attempt failed",
            Self::Rejected => "rejected",
            Self::PartiallyDelivered => "partially delivered",
            Self::Delivered => "delivered",
            Self::Collected => "collected",
            Self::Cancelled => "cancelled",
            Self::Other(text) => text,
        }
    }
}

/// How much of one line a delivery covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FulfilledLine {
    /// The id of the order's line.
    pub line_id: String,
    /// How much was ordered, as far as the delivery system knows.
    pub ordered: Option<Decimal>,
    /// What the customer has got; zero when nothing.
    pub fulfilled: Decimal,
    /// Why it is less than was ordered.
    pub reason: Option<String>,
}

/// Where a parcel can be followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracking {
    /// The number to quote.
    pub number: Option<String>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// A page that follows it.
    pub url: Option<String>,
}

/// What shows that a delivery happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Who signed.
    pub signed_by: Option<String>,
    /// Links to documents; they may expire.
    pub documents: Vec<String>,
    /// Links to photographs; they may expire.
    pub photos: Vec<String>,
    /// What the driver wrote.
    pub note: Option<String>,
}

/// One order's delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfillment {
    /// The id in the delivery system.
    pub id: String,
    /// The order it belongs to.
    pub order_id: String,
    /// Where it stands.
    pub state: FulfillmentState,
    /// Counts attempts, from 1. States are ordered within one attempt only.
    pub attempt: u32,
    /// What was delivered.
    pub lines: Vec<FulfilledLine>,
    /// Where it can be followed.
    pub tracking: Vec<Tracking>,
    /// What shows that it happened.
    pub proof: Option<Proof>,
    /// Cash that the driver took.
    pub cash_collected: Option<Money>,
    /// Why it failed or was cut short.
    pub reason: Option<String>,
    /// When the state was reached, by the delivery system's clock.
    pub happened_at: Option<Instant>,
    /// When it is expected.
    pub estimated_at: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_from_its_text() {
        for state in
            FulfillmentState::KNOWN.into_iter().chain([FulfillmentState::Other("lost at sea".to_owned())])
        {
            assert_eq!(FulfillmentState::described(state.describe()), state);
        }
    }
}
