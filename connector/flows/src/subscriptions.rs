//! Subscriptions: which charges renew one, which period a charge pays for, and what is told of a change.

use serde::{Deserialize, Serialize};
use transload_ghl::SubscriptionQuery;
use transload_model::{Instant, Order, Subscription, SubscriptionStatus, Transaction};
use transload_sdk::{Context, Failure, Work, rejected};
use transload_wire::ApiError;

use crate::periods::period_start;
use crate::{Shop, notes};

/// Those of an order's `transactions` that pay for the order itself. GoHighLevel lists the charges of a subscription's
/// later periods beside them, each of which pays for a delivery of its own.
pub fn without_renewals(
    shop: &Shop,
    order: &Order,
    transactions: Vec<Transaction>,
) -> Result<Vec<Transaction>, Failure> {
    if !transactions.iter().any(renews) {
        return Ok(transactions);
    }
    let cycle = match Cycle::of(shop, order) {
        // The scope is one that a connection does without; then the day of a charge tells.
        Err(error) if error.is_ungranted() => Cycle::unknown(order),
        cycle => cycle?,
    };
    let is_renewal = |transaction: &Transaction| {
        let at = transaction.created_at.filter(|_| renews(transaction));
        at.and_then(|at| cycle.start_of(at)).is_some()
    };
    Ok(transactions.into_iter().filter(|transaction| !is_renewal(transaction)).collect())
}

/// When an order's subscription began, and how long its periods are.
pub struct Cycle {
    /// When it began; none if neither it nor its order says.
    pub began_at: Option<Instant>,
    /// An ISO 8601 duration; none if no subscription says.
    pub period: Option<String>,
}

impl Cycle {
    /// Asks GoHighLevel. A charge names its subscription by the payment provider's id, which nothing finds it by; but both
    /// name the order.
    pub fn of(shop: &Shop, order: &Order) -> Result<Self, ApiError> {
        let query =
            SubscriptionQuery { entity_id: Some(&order.id), limit: 1, ..SubscriptionQuery::default() };
        let listed = shop.ghl.subscriptions(&query)?.rows.into_iter().next();
        // The period is told of a subscription alone.
        let Some(listed) = listed else { return Ok(Self::unknown(order)) };
        let Some(subscription) = shop.ghl.subscription(&listed.id)? else {
            return Ok(Self::unknown(order));
        };
        Ok(Self { began_at: subscription.created_at.or(order.created_at), period: subscription.period })
    }

    fn unknown(order: &Order) -> Self {
        Self { began_at: order.created_at, period: None }
    }

    /// The day on which the period starts that is paid for at `charged_at`; none if it is the first, which the order itself
    /// is.
    pub fn start_of(&self, charged_at: Instant) -> Option<String> {
        period_start(self.began_at?, self.period.as_deref(), charged_at)
    }
}

fn renews(transaction: &Transaction) -> bool {
    transaction.subscription_id().is_some()
}

/// How a subscription stood when it was last handled. Field names are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Known {
    status: String,
}

fn key(subscription_id: &str) -> String {
    format!("subscription/{subscription_id}")
}

/// The status in which the subscription was last handled; none if it never was.
pub fn last_status(cx: &Context, subscription_id: &str) -> Result<Option<String>, Failure> {
    let stored = cx.store.get(&key(subscription_id))?;
    Ok(stored
        .and_then(|stored| serde_json::from_slice::<Known>(&stored.value).ok())
        .map(|known| known.status))
}

/// Remembers that the subscription was handled in its present status.
pub fn remember_status(cx: &Context, subscription: &Subscription) -> Result<(), Failure> {
    let known = Known { status: subscription.status.describe().to_owned() };
    let value = serde_json::to_vec(&known).map_err(|error| rejected(error.to_string()))?;
    cx.store.put(&key(&subscription.id), &value)?;
    Ok(())
}

/// A note of a change of its status. That a subscription runs is news only if it `was_known` before, so that it had stopped.
pub fn note(shop: &Shop, work: Work, subscription: &Subscription, was_known: bool) -> Result<Work, Failure> {
    let runs = matches!(subscription.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing);
    if runs && !was_known {
        return Ok(work);
    }
    let status = subscription.status.describe();
    let changed_at = subscription.updated_at.map(|at| at.0.to_string()).unwrap_or_default();
    let mark = format!("subscription {} {status} {changed_at}", subscription.id);
    let contact = subscription.customer.as_ref().and_then(|customer| customer.id.as_deref());
    notes::write_once(shop, work, contact, mark.trim_end(), &format!("Subscription is now {status}."))
}

#[cfg(test)]
mod tests;
