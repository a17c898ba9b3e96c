//! What was paid for an order and given back.

use transload_model::{Money, Order, Revenue};
use transload_sdk::{Failure, rejected};

use crate::settings::Connection;
use crate::subscriptions;

/// The payments of one order, in the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payments {
    /// What came in.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
}

impl Payments {
    /// Sums the order's transactions: GoHighLevel's order does not say. Test payments of a live order are none, and neither are renewals.
    pub fn of(connection: &Connection, order: &Order) -> Result<Self, Failure> {
        let mut revenue = Revenue::default();
        let transactions = connection.ghl.order_transactions(&order.id)?;
        let transactions = subscriptions::without_renewals(connection, order, transactions)?;
        for transaction in transactions.iter().filter(|transaction| transaction.live == order.live) {
            revenue.record(transaction)?;
        }
        let currency = order.total.currency;
        match revenue.totals()?.as_slice() {
            [] => Ok(Self { captured: Money::zero(currency), refunded: Money::zero(currency) }),
            [totals] if totals.captured.currency == currency => {
                Ok(Self { captured: totals.captured, refunded: totals.refunded })
            }
            // Cash on delivery is asked for in one currency; what it should be here, no rule can tell.
            _ => Err(rejected(format!(
                "order {} is in {currency}, but was paid in another currency: its cash on delivery cannot be worked \
                 out; deliver it by hand",
                order.id
            ))),
        }
    }

    /// What is still to be paid. What was given back counts as paid, or the driver would be told to collect a refund.
    pub fn due(&self, order: &Order) -> Result<Money, Failure> {
        Ok(order.amount_due(self.captured)?)
    }

    /// Whether all that the order cost was paid, and all of it given back. A deposit that was given back is not that.
    pub fn all_given_back(&self, order: &Order) -> bool {
        let paid = self.captured.amount.is_positive() && self.captured.amount >= order.total.amount;
        paid && self.refunded.amount >= self.captured.amount
    }

    /// One line for Track-POD's order: `Paid 50.00 USD; refunded 10.00 USD.` None if nothing was paid.
    pub fn log(&self) -> Option<String> {
        if !self.captured.amount.is_positive() {
            return None;
        }
        let refunded = match self.refunded.amount.is_positive() {
            true => format!("; refunded {}", self.refunded),
            false => String::new(),
        };
        Some(format!("Paid {}{refunded}.", self.captured))
    }
}
