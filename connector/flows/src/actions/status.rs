//! A look at an order.

use serde::Serialize;
use transload_model::{Money, Order, Payments};
use transload_sdk::Failure;

/// An order as an action answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderStatus {
    id: String,
    status: String,
    total: Amount,
    paid: Amount,
    refunded: Amount,
    due: Amount,
}

/// An amount of money, exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amount {
    amount: String,
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { amount: money.amount.to_string(), currency: money.currency.code().to_owned() }
    }
}

impl OrderStatus {
    /// An order, and what its `payments` come to. Fails when a sum does not fit.
    pub fn new(order: Order, payments: Payments) -> Result<Self, Failure> {
        Ok(Self {
            status: order.status.describe().to_owned(),
            total: order.total.into(),
            paid: payments.captured.into(),
            refunded: payments.refunded.into(),
            due: payments.due(&order)?.into(),
            id: order.id,
        })
    }
}
