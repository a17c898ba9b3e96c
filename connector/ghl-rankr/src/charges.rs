//! The charges of a subscription: the last that came in, and when the next is to come. Pure.

use transload_flows::periods::{next_start, period_start};
use transload_ghl::SubscriptionDetail;
use transload_model::{Instant, Subscription, SubscriptionStatus, Transaction};
use transload_wire::time;

/// The charges that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges {
    /// When the first came: periods are counted from it, because before it there may have been a trial.
    first_at: Instant,
    /// The last one.
    pub last: Transaction,
    /// When that came.
    pub last_at: Instant,
}

impl Charges {
    /// Those of `transactions`, which are all of the subscription's order. None if none came.
    pub fn of(detail: &SubscriptionDetail, transactions: &[Transaction]) -> Option<Self> {
        let provider_id = detail.provider_id.as_deref();
        let is_ours = |transaction: &&Transaction| {
            let names = transaction.subscription_id();
            transaction.status.is_captured()
                && transaction.live == detail.subscription.live
                && names.is_some_and(|name| provider_id.is_none_or(|id| id == name))
        };
        let charges = transactions.iter().filter(is_ours);
        let charges = charges.filter_map(|charge| Some((charge.created_at?, charge)));
        let first_at = charges.clone().map(|(at, _)| at).min()?;
        let (last_at, last) = charges.max_by_key(|(at, charge)| (*at, &charge.id))?;
        Some(Self { first_at, last: last.clone(), last_at })
    }

    /// When the period after that of the last charge starts.
    fn next_start(&self, period: Option<&str>) -> Option<Instant> {
        next_start(self.first_at, period?, self.last_at)
    }

    /// The day on which the period of `at` starts; none for the first.
    fn start(&self, period: Option<&str>, at: Instant) -> Option<String> {
        period_start(self.first_at, period, at)
    }
}

/// When the next charge is to come: as GoHighLevel plans it, unless the plan is the one of a charge that came; else when the
/// next period starts. None for a subscription that does not run.
pub fn next_charge(subscription: &Subscription, charges: Option<&Charges>) -> Option<Instant> {
    use SubscriptionStatus::{Active, Other, PastDue, Trialing};
    if !matches!(subscription.status, Active | Trialing | PastDue | Other(_)) {
        return None;
    }
    let (planned, period) = (subscription.next_charge_at, subscription.period.as_deref());
    let Some(charges) = charges else { return planned };
    let last = charges.start(period, charges.last_at);
    planned.filter(|&at| charges.start(period, at) > last).or_else(|| charges.next_start(period))
}

/// When a charge has to have come. While one is late, what is planned is another try of it, so the plan does not put it off.
/// None where nobody can tell.
pub fn expected(subscription: &Subscription, charges: Option<&Charges>) -> Option<Instant> {
    let next = next_charge(subscription, charges);
    match subscription.status {
        SubscriptionStatus::Active | SubscriptionStatus::Trialing => next,
        SubscriptionStatus::PastDue => {
            charges.and_then(|charges| charges.next_start(subscription.period.as_deref())).or(next)
        }
        _ => None,
    }
}

/// The period of a charge that is due at `due`, by the day on which it starts. The same while the charge is put off within it.
pub fn period_of(subscription: &Subscription, charges: Option<&Charges>, due: Instant) -> String {
    let start = charges.and_then(|charges| charges.start(subscription.period.as_deref(), due));
    start.or_else(|| time::format_date(due)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
