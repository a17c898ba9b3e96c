//! What a customer is told of a delivery, and when it is too late to tell.

use crate::{Fulfillment, FulfillmentState, Instant};

/// How long after a state was reached the customer may still be told of it, in milliseconds. Delivery systems write
/// local times without an offset, which differ from UTC by up to 14 hours; a day of delay, a pause of the connection for
/// one, is left beside that. What was reached before is history.
const TELL_MS_MAX: u64 = (24 + 14) * 60 * 60 * 1000;

/// A message to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The goods are on their way.
    OutForDelivery,
    /// All was delivered.
    Delivered,
    /// Some was delivered.
    PartlyDelivered,
    /// Nobody could take the goods.
    AttemptFailed,
}

impl Notice {
    /// Every notice.
    pub const ALL: [Self; 4] =
        [Self::OutForDelivery, Self::Delivered, Self::PartlyDelivered, Self::AttemptFailed];

    /// What the customer is told when `fulfillment` is seen at `now`; none if its state is of no concern to the customer,
    /// or was reached too long ago.
    pub fn of(fulfillment: &Fulfillment, now: Instant) -> Option<Self> {
        let age_ms = fulfillment.happened_at.map_or(0, |then| now.0.saturating_sub(then.0));
        if age_ms > TELL_MS_MAX {
            return None;
        }
        match fulfillment.state {
            FulfillmentState::OutForDelivery => Some(Self::OutForDelivery),
            FulfillmentState::Delivered => Some(Self::Delivered),
            FulfillmentState::PartiallyDelivered => Some(Self::PartlyDelivered),
            FulfillmentState::AttemptFailed => Some(Self::AttemptFailed),
            // Refused goods are a matter between merchant and customer; the rest tells the customer nothing.
            _ => None,
        }
    }

    /// Its name in settings and stores; never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::PartlyDelivered => "partly_delivered",
            Self::AttemptFailed => "attempt_failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(state: FulfillmentState, at: u64) -> Fulfillment {
        Fulfillment {
            id: "f1".to_owned(),
            order_id: "o1".to_owned(),
            state,
            attempt: 1,
            lines: Vec::new(),
            tracking: Vec::new(),
            proof: None,
            cash_collected: None,
            reason: None,
            happened_at: Some(Instant(at)),
            estimated_at: None,
        }
    }

    #[test]
    fn each_state_has_at_most_one_message() {
        let of = |state| Notice::of(&reached(state, 1000), Instant(1000));
        assert_eq!(of(FulfillmentState::OutForDelivery), Some(Notice::OutForDelivery));
        assert_eq!(of(FulfillmentState::Delivered), Some(Notice::Delivered));
        assert_eq!(of(FulfillmentState::PartiallyDelivered), Some(Notice::PartlyDelivered));
        assert_eq!(of(FulfillmentState::AttemptFailed), Some(Notice::AttemptFailed));
        let told = FulfillmentState::KNOWN.into_iter().filter_map(of).count();
        assert_eq!(told, Notice::ALL.len(), "the other states are of no concern to the customer");
        assert_eq!(of(FulfillmentState::Other("lost".to_owned())), None);
    }

    #[test]
    fn nobody_is_told_of_what_is_history() {
        let delivered = reached(FulfillmentState::Delivered, 1000);
        assert!(Notice::of(&delivered, Instant(1000 + TELL_MS_MAX)).is_some());
        assert!(Notice::of(&delivered, Instant(1001 + TELL_MS_MAX)).is_none());
        assert!(Notice::of(&delivered, Instant(0)).is_some(), "local time may be ahead of UTC");
        let undated = Fulfillment { happened_at: None, ..delivered };
        assert!(Notice::of(&undated, Instant(u64::MAX)).is_some());
    }
}
