//! Subscriptions are held in Rankr with their last and next charge, and a charge that does not come is told of.

mod watch;

use transload_flows::granted;
use transload_flows::subscriptions::{last_status, note, remember_status};
use transload_ghl::SubscriptionDetail;
use transload_model::{Instant, Money, Subscription, SubscriptionStatus};
use transload_rankr::{Client, Put, SinkSubscription};
use transload_sdk::{Failure, Receipt, Severity, Work, skipped};
use transload_wire::{ApiError, time};

use crate::charges::{Charges, expected, next_charge, period_of};
use crate::mirror::{self, Mirrored};
use crate::settings::Connection;
use crate::{told, versions};

pub use watch::{is_overdue, overdue};

impl Mirrored for SinkSubscription {
    const NAME: &'static str = "subscription";

    fn subject(&self) -> &str {
        subject(&self.subscription)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn amount(&self) -> Option<Money> {
        self.subscription.amount
    }

    fn bare(&self) -> Self {
        Self { version: 0, received_at: None, ..self.clone() }
    }

    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError> {
        client.subscription(id)
    }

    fn put(&self, client: &Client) -> Result<Put, ApiError> {
        client.put_subscription(self)
    }
}

fn subject(subscription: &Subscription) -> &str {
    subscription.order_id.as_ref().unwrap_or(&subscription.id)
}

/// Brings the GoHighLevel subscription `subscription_id` to Rankr, and tells of its end and of a charge that is missing.
pub fn sync(connection: &Connection, subscription_id: &str) -> Result<Receipt, Failure> {
    if !connection.settings.subscriptions.sync {
        return Ok(skipped("the setting `subscriptions.sync` is off"));
    }
    let Some(found) = granted(connection.ghl.subscription_detail(subscription_id))? else {
        return Ok(skipped("subscriptions are not granted"));
    };
    let Some(detail) = found else {
        return Ok(skipped(format!("GoHighLevel has no subscription {subscription_id}")));
    };
    let subscription = &detail.subscription;
    if !connection.settings.shop.mode.accepts(subscription.live) {
        return Ok(skipped(format!("the setting `mode` leaves subscription {subscription_id} out")));
    }
    let charges = charges(connection, &detail)?;
    let work = mirror::bring(connection, Work::default(), &held(subscription, charges.as_ref())?)?;
    let work = tell_of_end(connection, work, subscription)?;
    let expected = expected(subscription, charges.as_ref());
    watch::expect(connection.cx, subscription, expected)?;
    let Some(due) = expected else { return Ok(work.into()) };
    let period = period_of(subscription, charges.as_ref(), due);
    Ok(tell_of_missing(connection, work, subscription, due, &period)?.into())
}

/// The charges of a subscription. None if none came.
pub fn charges(connection: &Connection, detail: &SubscriptionDetail) -> Result<Option<Charges>, Failure> {
    // A charge names the payment provider's subscription, by which nothing is listed; but both name the order.
    let transactions = match &detail.subscription.order_id {
        Some(order_id) => connection.ghl.order_transactions(order_id)?,
        None => Vec::new(),
    };
    Ok(Charges::of(detail, &transactions))
}

/// As it is to be held in Rankr. Fails with `rejected` if nothing says when it was made or changed.
pub fn held(subscription: &Subscription, charges: Option<&Charges>) -> Result<SinkSubscription, Failure> {
    let changed_at = [subscription.updated_at, subscription.created_at];
    let charged_at = charges.and_then(|charges| charges.last.updated_at.or(charges.last.created_at));
    let object = format!("subscription {}", subscription.id);
    let version = versions::newest(&object, changed_at.into_iter().chain([charged_at]))?;
    let next_charge_at = next_charge(subscription, charges);
    Ok(SinkSubscription {
        subscription: Subscription { next_charge_at, ..subscription.clone() },
        version,
        last_charge_at: charges.map(|charges| charges.last_at),
        last_transaction_id: charges.map(|charges| charges.last.id.clone()),
        received_at: None,
    })
}

/// A note of a change of its status, and an alert when it ends. One that had ended when it was first seen is history.
fn tell_of_end(connection: &Connection, work: Work, subscription: &Subscription) -> Result<Work, Failure> {
    let (id, status) = (&subscription.id, subscription.status.describe());
    let known = last_status(connection.cx, id)?;
    if known.as_deref() == Some(status) {
        return Ok(work);
    }
    let work = note(connection, work, subscription, known.is_some())?;
    remember_status(connection.cx, subscription)?;
    let ended = matches!(
        subscription.status,
        SubscriptionStatus::Cancelled | SubscriptionStatus::Unpaid | SubscriptionStatus::Expired
    );
    Ok(match known.filter(|_| ended) {
        Some(known) => {
            let text = format!("subscription {id} was {known} and is now {status}");
            work.alert(Severity::Info, "subscription-ended", subject(subscription), text)
        }
        None => work,
    })
}

/// An alert, once a period, when a charge has not come within the time of grace.
fn tell_of_missing(
    connection: &Connection,
    work: Work,
    subscription: &Subscription,
    due: Instant,
    period: &str,
) -> Result<Work, Failure> {
    let (id, now) = (&subscription.id, connection.cx.clock.now());
    let missing = watch::is_overdue(due, now, &connection.settings.subscriptions);
    if !missing || !told::is_news(connection.cx, "charge-missed", id, period)? {
        return Ok(work);
    }
    let amount = subscription.amount.map(|amount| format!(" of {amount}")).unwrap_or_default();
    let text = format!(
        "the charge{amount} of subscription {id} was due on {} and has not come; GoHighLevel says that it is {}",
        time::format_date(due).unwrap_or_default(),
        subscription.status.describe()
    );
    Ok(work.alert(Severity::Warning, "charge-missed", subject(subscription), text))
}

#[cfg(test)]
mod tests;
