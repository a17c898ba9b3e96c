//! A delivery that nobody wants any more is taken off, unless the goods have left.

use transload_flows::notes;
use transload_model::{FulfillmentState, Order};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, skipped};
use transload_track_pod::{Deletion, Lookup, Rejected, Rejection};

use crate::settings::Connection;

/// Why an order is not to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was cancelled in GoHighLevel.
    Cancelled,
    /// All that was paid for it was given back.
    Refunded,
    /// A person asked for it.
    Asked,
}

impl Why {
    fn describe(self) -> &'static str {
        match self {
            Self::Cancelled => "the order was cancelled",
            Self::Refunded => "the order was refunded in full",
            Self::Asked => "somebody asked for it",
        }
    }

    /// Goods that were paid back and are gone are money lost.
    fn severity(self) -> Severity {
        match self {
            Self::Refunded => Severity::Critical,
            Self::Cancelled | Self::Asked => Severity::Warning,
        }
    }
}

fn key(order_id: &str) -> String {
    format!("called-off/{order_id}")
}

/// Whether the connector took the order's delivery off.
pub fn was_called_off(connection: &Connection, order_id: &str) -> Result<bool, Failure> {
    Ok(connection.cx.store.get(&key(order_id))?.is_some())
}

/// Whether a person had the connector take the order's delivery off, while the order itself stands.
pub fn was_asked_for(connection: &Connection, order_id: &str) -> Result<bool, Failure> {
    let reason = connection.cx.store.get(&key(order_id))?;
    Ok(reason.is_some_and(|reason| reason.value == Why::Asked.describe().as_bytes()))
}

/// Takes the delivery of `order` off.
pub fn call_off(connection: &Connection, order: &Order, why: Why) -> Result<Receipt, Failure> {
    let id = &order.id;
    let call = CallOff { connection, order, why };
    let present = match connection.track_pod.order(id)? {
        Lookup::Missing => {
            return Ok(skipped(format!("{}, and there is no delivery of {id}", why.describe())));
        }
        // An attempt of ours may have deleted it and ended before it came to the note.
        Lookup::Deleted { .. } => return call.done(Verb::Verified, "the delivery is deleted"),
        Lookup::Found(present) => present,
    };
    let state = present.fulfillment(None).state;
    match state {
        FulfillmentState::Created | FulfillmentState::Scheduled | FulfillmentState::Loaded
            if !connection.settings.shop.writes =>
        {
            Ok(call.alert(Severity::Warning, "cancelled-but-planned", "its delivery is still planned"))
        }
        FulfillmentState::Created => call.delete_or_reject(),
        FulfillmentState::Scheduled | FulfillmentState::Loaded => call.reject_or_delete(),
        FulfillmentState::OutForDelivery
        | FulfillmentState::Delivered
        | FulfillmentState::PartiallyDelivered
        | FulfillmentState::Collected => Ok(call.gone(state.describe())),
        FulfillmentState::Rejected | FulfillmentState::Cancelled => {
            call.done(Verb::Verified, "the delivery is not made")
        }
        FulfillmentState::AttemptFailed => Ok(call.alert(
            Severity::Warning,
            "cancelled-after-attempt",
            "an attempt to deliver it failed; see that it is not planned again",
        )),
        FulfillmentState::Other(state) => Ok(call.alert(
            Severity::Warning,
            "cancelled-but-planned",
            &format!("Track-POD calls its delivery {state:?}; look at it there"),
        )),
    }
}

struct CallOff<'a> {
    connection: &'a Connection<'a>,
    order: &'a Order,
    why: Why,
}

impl CallOff<'_> {
    /// An order without a route can be deleted, and not be rejected.
    fn delete_or_reject(&self) -> Result<Receipt, Failure> {
        match self.delete()? {
            Deletion::Deleted | Deletion::Missing => self.done(Verb::Deleted, "delivery deleted"),
            Deletion::TooLate { message } => match self.reject()? {
                Rejected::Accepted => self.done(Verb::Updated, "delivery rejected"),
                Rejected::NotScheduled { .. } | Rejected::Missing => Ok(self.gone(&message)),
            },
        }
    }

    /// One with a route is rejected: so the driver is told, and the dispatcher sees why the stop is not made.
    fn reject_or_delete(&self) -> Result<Receipt, Failure> {
        match self.reject()? {
            Rejected::Accepted => self.done(Verb::Updated, "delivery rejected"),
            Rejected::Missing => self.done(Verb::Verified, "the delivery is gone"),
            Rejected::NotScheduled { .. } => match self.delete()? {
                Deletion::Deleted | Deletion::Missing => self.done(Verb::Deleted, "delivery deleted"),
                Deletion::TooLate { message } => Ok(self.gone(&message)),
            },
        }
    }

    fn delete(&self) -> Result<Deletion, Failure> {
        Ok(self.connection.track_pod.delete(&self.order.id)?)
    }

    fn reject(&self) -> Result<Rejected, Failure> {
        let comment = format!("Not to be delivered: {}.", self.why.describe());
        let rejection = Rejection { comment, reason_id: None };
        Ok(self.connection.track_pod.reject(&self.order.id, &rejection)?)
    }

    fn done(&self, verb: Verb, summary: &str) -> Result<Receipt, Failure> {
        let id = &self.order.id;
        if !was_called_off(self.connection, id)? {
            self.connection.cx.store.put(&key(id), self.why.describe().as_bytes())?;
        }
        let summary = format!("{summary}: {}", self.why.describe());
        let work = Work::default().effect(verb, "track-pod", "order", id, summary);
        let text = format!("Delivery taken off: {}.", self.why.describe());
        let mark = format!("called-off {id}");
        Ok(notes::write_once(self.connection, work, self.order.customer_id(), &mark, &text)?.into())
    }

    fn gone(&self, state: &str) -> Receipt {
        let text = format!("its goods have left ({state}); see that they come back");
        self.alert(self.why.severity(), "goods-already-gone", &text)
    }

    fn alert(&self, severity: Severity, kind: &str, text: &str) -> Receipt {
        let id = &self.order.id;
        let text = format!("order {id}: {}, but {text}", self.why.describe());
        Work::default().alert(severity, kind, id, text).into()
    }
}

#[cfg(test)]
mod tests;
