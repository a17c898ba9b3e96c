//! The payments of an order.

use transload_model::{MoneyError, Order, Payments, Transaction};
use transload_sdk::Failure;

use crate::templates::Scope;
use crate::{Shop, subscriptions};

/// The transactions that pay for the order itself: GoHighLevel's order does not say what was paid. Renewals of its
/// subscription are left out.
pub fn of_order(shop: &Shop, order: &Order) -> Result<Vec<Transaction>, Failure> {
    let transactions = shop.ghl.order_transactions(&order.id)?;
    subscriptions::without_renewals(shop, order, transactions)
}

/// What was paid for `order` by `transactions`, none if some of it is of another currency; and what rules and templates see
/// of the order, of which `raw` is GoHighLevel's own JSON.
pub fn scope(
    order: &Order,
    raw: &str,
    transactions: &[Transaction],
) -> Result<(Option<Payments>, Scope), MoneyError> {
    let paid = Payments::of(order, transactions)?;
    // Money of another currency pays for an unknown part of it.
    let known = paid.map_or_else(|| Payments::in_currency_of(order, transactions), Ok)?;
    Ok((paid, Scope::of_order(order, Some(raw), known.captured, known.due(order)?)))
}
