//! What the settings make of an order: the same rules by which its delivery is made.

use transload_model::{Money, Order, OrderStatus};
use transload_sdk::Failure;
use transload_track_pod::{Lookup, MapError, NewOrder, Terms};

use super::snapshot::Takings;
use crate::settings::Connection;
use crate::templates::Scope;

/// What Track-POD should have of an order.
pub enum Wanted {
    /// This delivery.
    Delivery(Box<NewOrder>),
    /// None: the order is cancelled, given back, waits for its payment, or is none that the settings deliver.
    Nothing,
    /// One that cannot be made, for this reason.
    Unclear(String),
}

/// What Track-POD should have of `order`.
pub fn wanted(
    connection: &Connection,
    order: &Order,
    raw: &str,
    takings: &Takings,
    present: &Lookup,
) -> Result<Wanted, Failure> {
    let settings = connection.settings;
    let waits = !settings.cash_on_delivery && takings.due.amount.is_positive();
    let given_back = settings.cancel.when_refunded && takings.is_refunded();
    if order.status == OrderStatus::Cancelled || waits || given_back || !settings.mode.accepts(order.live) {
        return Ok(Wanted::Nothing);
    }
    let scope = Scope::of_order(order, Some(raw), takings.captured, takings.due);
    if !settings.deliver_when.holds("deliver_when", &scope)? {
        return Ok(Wanted::Nothing);
    }
    let terms = Terms { cod: cash(takings.due, present), ..Terms::default() };
    match NewOrder::from_order(order, &terms) {
        Ok(wanted) => Ok(Wanted::Delivery(Box::new(wanted))),
        Err(MapError::NothingToDeliver { .. }) => Ok(Wanted::Nothing),
        Err(error) => Ok(Wanted::Unclear(error.to_string())),
    }
}

fn cash(due: Money, present: &Lookup) -> Option<Money> {
    let asked = matches!(present, Lookup::Found(present) if present.cod.is_some_and(|cod| !cod.0.is_zero()));
    (due.amount.is_positive() || asked).then_some(due)
}
