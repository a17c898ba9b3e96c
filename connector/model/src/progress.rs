//! How a delivery moves from state to state.
//!
//! Delivery systems retry: "not delivered" followed by "delivered" is normal, and reports of it arrive late, doubled and
//! out of order. So states are ranked within one attempt only, and a report that would take back a finished attempt is
//! flagged and not applied.

use crate::{Fulfillment, FulfillmentState, Instant};

/// How far a delivery had come when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The state.
    pub state: FulfillmentState,
    /// The attempt it belongs to.
    pub attempt: u32,
    /// When it was reached, by the delivery system's clock.
    pub happened_at: Option<Instant>,
}

/// What a report means for a delivery that had already come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It came further: act on it.
    Forward,
    /// Nothing new.
    Same,
    /// It is older than what is known: leave it.
    Stale,
    /// A finished attempt is said to be open again, or to have ended otherwise: a person must look.
    Reversal,
}

impl Progress {
    /// How far `fulfillment` has come.
    pub fn of(fulfillment: &Fulfillment) -> Self {
        Self {
            state: fulfillment.state.clone(),
            attempt: fulfillment.attempt,
            happened_at: fulfillment.happened_at,
        }
    }

    /// What `next` means, coming after `self`.
    pub fn moved_by(&self, next: &Self) -> Move {
        match next.attempt.cmp(&self.attempt) {
            std::cmp::Ordering::Greater => return Move::Forward,
            std::cmp::Ordering::Less => return Move::Stale,
            std::cmp::Ordering::Equal => {}
        }
        if next.state == self.state {
            return Move::Same;
        }
        // An attempt that failed may be followed by a delivery under the same number, because some delivery systems count an
        // attempt only when it is planned anew; and a partial delivery may be put right. But what the customer has got
        // cannot be called off.
        let called_off = next.state == FulfillmentState::Cancelled && is_handed_over(&self.state);
        if rank(&next.state) > rank(&self.state) && !called_off {
            Move::Forward
        } else {
            self.backwards(next)
        }
    }

    fn backwards(&self, next: &Self) -> Move {
        let newer = matches!((self.happened_at, next.happened_at), (Some(then), Some(now)) if now > then);
        if newer && is_final(&self.state) { Move::Reversal } else { Move::Stale }
    }
}

/// Whether goods have changed hands.
fn is_handed_over(state: &FulfillmentState) -> bool {
    state.has_delivered() || *state == FulfillmentState::Collected
}

/// Whether an attempt is over in this state.
fn is_final(state: &FulfillmentState) -> bool {
    rank(state) >= rank(&FulfillmentState::AttemptFailed)
}

/// The order of the states within one attempt.
fn rank(state: &FulfillmentState) -> u8 {
    match state {
        FulfillmentState::Other(_) => 0,
        FulfillmentState::Created => 1,
        FulfillmentState::Scheduled => 2,
        FulfillmentState::Loaded => 3,
        FulfillmentState::OutForDelivery => 4,
        FulfillmentState::AttemptFailed => 5,
        FulfillmentState::Rejected => 6,
        FulfillmentState::PartiallyDelivered => 7,
        FulfillmentState::Delivered | FulfillmentState::Collected => 8,
        FulfillmentState::Cancelled => 9,
    }
}

#[cfg(test)]
mod tests {
    use FulfillmentState::*;
    use proptest::prelude::*;

    use super::*;

    fn at(state: FulfillmentState, attempt: u32, time: u64) -> Progress {
        Progress { state, attempt, happened_at: Some(Instant(time)) }
    }

    #[test]
    fn an_attempt_runs_forward() {
        let states = [Created, Scheduled, Loaded, OutForDelivery, Delivered];
        for (earlier, later) in states.iter().zip(states.iter().skip(1)) {
            let (earlier, later) = (at(earlier.clone(), 1, 10), at(later.clone(), 1, 20));
            assert_eq!(earlier.moved_by(&later), Move::Forward);
            assert_eq!(later.moved_by(&earlier), Move::Stale);
            assert_eq!(later.moved_by(&later), Move::Same);
        }
    }

    #[test]
    fn a_failed_attempt_may_be_followed_by_another() {
        for failure in [AttemptFailed, Rejected] {
            let failed = at(failure, 1, 10);
            assert_eq!(failed.moved_by(&at(Scheduled, 2, 20)), Move::Forward);
            assert_eq!(failed.moved_by(&at(Delivered, 1, 20)), Move::Forward);
            assert_eq!(at(Delivered, 2, 30).moved_by(&failed), Move::Stale);
        }
    }

    #[test]
    fn a_partial_delivery_may_be_put_right() {
        assert_eq!(at(PartiallyDelivered, 1, 10).moved_by(&at(Delivered, 1, 10)), Move::Forward);
    }

    #[test]
    fn a_finished_attempt_is_not_taken_back() {
        let delivered = at(Delivered, 1, 10);
        assert_eq!(delivered.moved_by(&at(Rejected, 1, 20)), Move::Reversal);
        assert_eq!(delivered.moved_by(&at(Cancelled, 1, 20)), Move::Reversal);
        assert_eq!(delivered.moved_by(&at(OutForDelivery, 1, 5)), Move::Stale);
        assert_eq!(delivered.moved_by(&Progress { happened_at: None, ..at(Created, 1, 0) }), Move::Stale);
    }

    fn any_progress() -> impl Strategy<Value = Progress> {
        let known = proptest::sample::select(FulfillmentState::KNOWN.to_vec());
        let state = prop_oneof![10 => known, 1 => Just(Other("?".to_owned()))];
        (state, 1_u32..4, 0_u64..100).prop_map(|(state, attempt, time)| at(state, attempt, time))
    }

    proptest! {
        /// No two reports can each overtake the other, or events would chase each other for ever.
        #[test]
        fn moves_do_not_run_in_circles(a in any_progress(), b in any_progress()) {
            prop_assert!(!(a.moved_by(&b) == Move::Forward && b.moved_by(&a) == Move::Forward));
            prop_assert_eq!(a.moved_by(&a), Move::Same);
        }
    }
}
