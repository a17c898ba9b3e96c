//! Subscriptions: a renewal charge makes the next delivery, and a subscription that ends is told of.

use transload_flows::notes;
use transload_flows::subscriptions::{self, Cycle};
use transload_flows::templates::Scope;
use transload_model::{
    FulfillmentState, Money, Order, Payments, Subscription, SubscriptionStatus, Transaction,
};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_track_pod::{Lookup, NewOrder, Terms};

use crate::renewals;
use crate::settings::Connection;
use crate::terms::terms;

/// Makes the delivery that the renewal charge `transaction` pays for, once per period. Does nothing if it is no renewal, or
/// the setting `subscriptions.renew` is off.
pub fn renewed(connection: &Connection, work: Work, transaction: &Transaction) -> Result<Work, Failure> {
    let renews = connection.settings.subscriptions.renew && transaction.subscription_id().is_some();
    let wanted = renews && transaction.status.is_captured();
    let Some(order_id) = transaction.order_id().filter(|_| wanted) else { return Ok(work) };
    let Some((order, raw)) = connection.ghl.order_with_raw(order_id)? else { return Ok(work) };
    if !connection.settings.shop.mode.accepts(order.live) || order.live != transaction.live {
        return Ok(work);
    }
    let charged_at = transaction.created_at.ok_or_else(|| {
        rejected(format!(
            "transaction {} does not say when it was made, so its period is unknown",
            transaction.id
        ))
    })?;
    let cycle = Cycle::of(connection, &order)?;
    if cycle.began_at.is_none() {
        return Err(rejected(format!(
            "neither order {order_id} nor its subscription says when it was made, so periods are unknown"
        )));
    }
    let Some(day) = cycle.start_of(charged_at) else { return Ok(work) };
    let order = Order { created_at: Some(charged_at), ..order };
    let renewal = Renewal { connection, id: renewals::delivery_id(order_id, &day), order, raw, transaction };
    renewal.deliver(work)
}

/// The delivery of one period.
struct Renewal<'a> {
    connection: &'a Connection<'a>,
    id: String,
    order: Order,
    raw: String,
    transaction: &'a Transaction,
}

impl Renewal<'_> {
    fn deliver(&self, work: Work) -> Result<Work, Failure> {
        let id = &self.id;
        let verified = |work: Work, text: &str| work.effect(Verb::Verified, "track-pod", "order", id, text);
        match self.connection.track_pod.order(id)? {
            Lookup::Missing if !self.connection.settings.shop.writes => Ok(work),
            Lookup::Missing => self.create(work),
            Lookup::Found(_) => self.note(verified(work, "the renewal has a delivery")),
            Lookup::Deleted { .. } => {
                Ok(verified(work, "the renewal's delivery was deleted; it is not created again"))
            }
        }
    }

    fn create(&self, work: Work) -> Result<Work, Failure> {
        let paid = Payments {
            captured: self.transaction.amount,
            refunded: Money::zero(self.transaction.amount.currency),
        };
        let due = Money::zero(self.order.total.currency);
        let scope =
            Scope::of_order(&self.order, Some(&self.raw), paid.captured, due).with_payment(self.transaction);
        let terms = terms(self.connection, &self.order.id, &scope, &paid, None)?;
        let reference = terms.customer_reference_id.clone().or_else(|| Some(self.order.id.clone()));
        let terms = Terms { id: Some(self.id.clone()), customer_reference_id: reference, ..terms };
        let wanted = NewOrder::from_order(&self.order, &terms)
            .map_err(|error| rejected(format!("renewal {}: {error}", self.id)))?;
        self.connection.track_pod.create(&wanted)?;
        self.connection.cx.store.put(&key(&self.order.id), self.id.as_bytes())?;
        let summary = format!("delivery of the renewal of {} created", self.transaction.amount);
        self.note(work.effect(Verb::Created, "track-pod", "order", &self.id, summary))
    }

    fn note(&self, work: Work) -> Result<Work, Failure> {
        let text = format!("Delivery planned for the renewal of {}.", self.transaction.amount);
        let mark = format!("delivery-created {}", self.id);
        notes::write_once(self.connection, work, self.order.customer_id(), &mark, &text)
    }
}

/// The store's key of the last delivery of an order's renewals.
fn key(order_id: &str) -> String {
    format!("renewal/{order_id}")
}

/// Tells of a change of the subscription `subscription_id`, once.
pub fn changed(connection: &Connection, subscription_id: &str) -> Result<Receipt, Failure> {
    let Some(subscription) = connection.ghl.subscription(subscription_id)? else {
        return Ok(skipped(format!("GoHighLevel has no subscription {subscription_id}")));
    };
    if !connection.settings.shop.mode.accepts(subscription.live) {
        return Ok(skipped(format!("the setting `mode` leaves subscription {subscription_id} out")));
    }
    let (known, status) =
        (subscriptions::last_status(connection.cx, subscription_id)?, subscription.status.describe());
    if known.as_deref() == Some(status) {
        return Ok(skipped(format!("subscription {subscription_id} is still {status}")));
    }
    let work = planned_though_ended(connection, &subscription)?;
    let work = subscriptions::note(connection, work, &subscription, known.is_some())?;
    subscriptions::remember_status(connection.cx, &subscription)?;
    if work.is_empty() {
        return Ok(skipped(format!("subscription {subscription_id} began")));
    }
    Ok(work.into())
}

fn planned_though_ended(connection: &Connection, subscription: &Subscription) -> Result<Work, Failure> {
    let ended = matches!(
        subscription.status,
        SubscriptionStatus::Cancelled | SubscriptionStatus::Unpaid | SubscriptionStatus::Expired
    );
    let Some(order_id) = subscription.order_id.as_deref().filter(|_| ended) else {
        return Ok(Work::default());
    };
    let last =
        connection.cx.store.get(&key(order_id))?.and_then(|stored| String::from_utf8(stored.value).ok());
    let id = last.as_deref().unwrap_or(order_id);
    let Lookup::Found(delivery) = connection.track_pod.order(id)? else { return Ok(Work::default()) };
    let state = delivery.fulfillment(None).state;
    let planned = [FulfillmentState::Created, FulfillmentState::Scheduled, FulfillmentState::Loaded];
    if !planned.contains(&state) {
        return Ok(Work::default());
    }
    let text = format!(
        "subscription {} is {}, but delivery {id} is {}; take it off in Track-POD if it is not to be made",
        subscription.id,
        subscription.status.describe(),
        state.describe()
    );
    Ok(Work::default().alert(Severity::Warning, "subscription-ended-but-planned", order_id, text))
}

#[cfg(test)]
mod tests;
