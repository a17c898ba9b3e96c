//! An order as both systems have it at one time.

use transload_ghl::PostedFulfillment;
use transload_model::{Fulfillment, FulfillmentState, LineQuantity, Money, Order, Payments, Transaction};
use transload_track_pod::Lookup;

use crate::orders::Expected;

/// An order, its money and its delivery.
pub struct Snapshot {
    pub order: Order,
    pub transactions: Vec<Transaction>,
    pub lookup: Lookup,
    /// What is written down as fulfilled; nothing is read where nothing could be.
    pub posted: Vec<PostedFulfillment>,
    /// What the settings make of it.
    pub expected: Expected,
    /// What came in, in the order's own currency and mode.
    pub payments: Payments,
    /// What is still to be paid.
    pub due: Money,
}

impl Snapshot {
    /// The delivery, if there is one.
    pub fn delivery(&self) -> Option<(&transload_track_pod::Order, Fulfillment)> {
        match &self.lookup {
            Lookup::Found(delivery) => {
                Some((delivery, delivery.fulfillment(Some(self.order.total.currency))))
            }
            _ => None,
        }
    }

    /// Whether GoHighLevel calls the order fulfilled, by whatever way its goods went.
    pub fn is_fulfilled(&self) -> bool {
        self.order.fulfillment == Some(transload_model::FulfillmentStatus::Fulfilled)
    }

    pub fn ordered(&self) -> Vec<LineQuantity> {
        let goods = self.order.lines.iter().filter(|line| line.physical != Some(false));
        goods.map(|line| LineQuantity::new(&line.id, line.quantity)).collect()
    }

    pub fn written(&self) -> Vec<LineQuantity> {
        self.posted.iter().flat_map(|posted| posted.lines.iter().cloned()).collect()
    }
}

/// Whether a delivery waits for its day, so that Track-POD still takes changes of it.
pub fn is_planned(state: &FulfillmentState) -> bool {
    matches!(state, FulfillmentState::Created | FulfillmentState::Scheduled | FulfillmentState::Loaded)
}

/// Whether a delivery goes out unless somebody calls it off.
pub fn is_under_way(state: &FulfillmentState) -> bool {
    is_planned(state) || *state == FulfillmentState::OutForDelivery
}

/// Whether a delivery may still go out.
pub fn is_open(state: &FulfillmentState) -> bool {
    is_under_way(state) || *state == FulfillmentState::AttemptFailed
}

/// Whether a delivery came to nothing.
pub fn has_failed(state: &FulfillmentState) -> bool {
    matches!(
        state,
        FulfillmentState::AttemptFailed | FulfillmentState::Rejected | FulfillmentState::Cancelled
    )
}
