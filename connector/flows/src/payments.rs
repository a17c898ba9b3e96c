//! The payments of an order.

use transload_model::{Order, Transaction};
use transload_sdk::Failure;

use crate::{Shop, subscriptions};

/// The transactions that pay for the order itself: GoHighLevel's order does not say what was paid. Renewals of its
/// subscription are left out.
pub fn of_order(shop: &Shop, order: &Order) -> Result<Vec<Transaction>, Failure> {
    let transactions = shop.ghl.order_transactions(&order.id)?;
    subscriptions::without_renewals(shop, order, transactions)
}
