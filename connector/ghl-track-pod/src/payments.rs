//! What was paid for an order, as far as its delivery has to know.

use transload_flows::payments;
use transload_model::{Order, Payments};
use transload_sdk::{Failure, rejected};

use crate::settings::Connection;

/// Sums the order's payments. Fails with `rejected` for an order that was paid in another currency.
pub fn of(connection: &Connection, order: &Order) -> Result<Payments, Failure> {
    let transactions = payments::of_order(connection, order)?;
    // Cash on delivery is asked for in one currency; what it should be here, no rule can tell.
    Payments::of(order, &transactions)?.ok_or_else(|| {
        rejected(format!(
            "order {} is in {}, but was paid in another currency: its cash on delivery cannot be worked out; deliver it \
             by hand",
            order.id, order.total.currency
        ))
    })
}

/// One line for Track-POD's order: `Paid 50.00 USD; refunded 10.00 USD.` None if nothing was paid.
pub fn log(payments: &Payments) -> Option<String> {
    if !payments.captured.amount.is_positive() {
        return None;
    }
    let refunded = match payments.refunded.amount.is_positive() {
        true => format!("; refunded {}", payments.refunded),
        false => String::new(),
    };
    Some(format!("Paid {}{refunded}.", payments.captured))
}
