//! Subscriptions: a renewal charge makes the next delivery, and a subscription that ends is told of.

use serde::{Deserialize, Serialize};
use transload_flows::notes;
use transload_ghl::SubscriptionQuery;
use transload_model::{
    Entity, FulfillmentState, Instant, Money, Order, Subscription, SubscriptionStatus, Transaction,
};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_track_pod::{Lookup, NewOrder, Terms};
use transload_wire::{ApiError, HttpError};

use crate::orders::contact_id;
use crate::payments::Payments;
use crate::renewals;
use crate::settings::Connection;
use crate::templates::Scope;
use crate::terms::terms;

/// Makes the delivery that the renewal charge `transaction` pays for, once per period. Does nothing if it is no renewal, or
/// the setting `subscriptions.renew` is off.
pub fn renewed(connection: &Connection, work: Work, transaction: &Transaction) -> Result<Work, Failure> {
    let recurring = is_recurring(transaction);
    let wanted = connection.settings.subscriptions.renew && recurring && transaction.status.is_captured();
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

/// Those of an order's `transactions` that pay for the order itself. GoHighLevel lists the charges of a subscription's
/// later periods beside them, each of which pays for a delivery of its own.
pub fn without_renewals(
    connection: &Connection,
    order: &Order,
    transactions: Vec<Transaction>,
) -> Result<Vec<Transaction>, Failure> {
    if !transactions.iter().any(is_recurring) {
        return Ok(transactions);
    }
    let cycle = match Cycle::of(connection, order) {
        // The scope is one that a connection does without; then the day of a charge tells.
        Err(ApiError::Http { error: HttpError::Denied(_), .. }) => Cycle::unknown(order),
        cycle => cycle?,
    };
    let is_renewal = |transaction: &Transaction| {
        let at = transaction.created_at.filter(|_| is_recurring(transaction));
        at.and_then(|at| cycle.start_of(at)).is_some()
    };
    Ok(transactions.into_iter().filter(|transaction| !is_renewal(transaction)).collect())
}

fn is_recurring(transaction: &Transaction) -> bool {
    transaction.settles.iter().any(|entity| matches!(entity, Entity::Subscription(_)))
}

/// When an order's subscription began, and how long its periods are.
struct Cycle {
    began_at: Option<Instant>,
    period: Option<String>,
}

impl Cycle {
    /// Asks GoHighLevel. A charge names its subscription by the payment provider's id, which nothing finds it by; but both
    /// name the order.
    fn of(connection: &Connection, order: &Order) -> Result<Self, ApiError> {
        let query =
            SubscriptionQuery { entity_id: Some(&order.id), limit: 1, ..SubscriptionQuery::default() };
        let listed = connection.ghl.subscriptions(&query)?.rows.into_iter().next();
        // The period is told of a subscription alone.
        let Some(listed) = listed else { return Ok(Self::unknown(order)) };
        let Some(subscription) = connection.ghl.subscription(&listed.id)? else {
            return Ok(Self::unknown(order));
        };
        Ok(Self { began_at: subscription.created_at.or(order.created_at), period: subscription.period })
    }

    fn unknown(order: &Order) -> Self {
        Self { began_at: order.created_at, period: None }
    }

    /// The day on which the period starts that is paid for at `charged_at`; none if it is the first, which the order itself
    /// is.
    fn start_of(&self, charged_at: Instant) -> Option<String> {
        renewals::period_start(self.began_at?, self.period.as_deref(), charged_at)
    }
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
        notes::write_once(self.connection, work, contact_id(&self.order), &mark, &text)
    }
}

/// The store's key of the last delivery of an order's renewals.
fn key(order_id: &str) -> String {
    format!("renewal/{order_id}")
}

/// How a subscription stood when it was last handled. Field names are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Known {
    status: String,
}

/// Tells of a change of the subscription `subscription_id`, once.
pub fn changed(connection: &Connection, subscription_id: &str) -> Result<Receipt, Failure> {
    let Some(subscription) = connection.ghl.subscription(subscription_id)? else {
        return Ok(skipped(format!("GoHighLevel has no subscription {subscription_id}")));
    };
    if !connection.settings.shop.mode.accepts(subscription.live) {
        return Ok(skipped(format!("the setting `mode` leaves subscription {subscription_id} out")));
    }
    let status = subscription.status.describe().to_owned();
    let entry = format!("subscription/{subscription_id}");
    let known = match connection.cx.store.get(&entry)? {
        Some(stored) => serde_json::from_slice::<Known>(&stored.value).ok().map(|known| known.status),
        None => None,
    };
    if known.as_ref() == Some(&status) {
        return Ok(skipped(format!("subscription {subscription_id} is still {status}")));
    }
    let work = planned_though_ended(connection, &subscription)?;
    let work = note(connection, work, &subscription, known.is_some())?;
    let value = serde_json::to_vec(&Known { status }).map_err(|error| rejected(error.to_string()))?;
    connection.cx.store.put(&entry, &value)?;
    if work.is_empty() {
        return Ok(skipped(format!("subscription {subscription_id} began")));
    }
    Ok(work.into())
}

/// A note of the change. That a subscription runs is news only if it had stopped.
fn note(
    connection: &Connection,
    work: Work,
    subscription: &Subscription,
    seen: bool,
) -> Result<Work, Failure> {
    let runs = matches!(subscription.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing);
    if runs && !seen {
        return Ok(work);
    }
    let status = subscription.status.describe();
    let changed_at = subscription.updated_at.map(|at| at.0.to_string()).unwrap_or_default();
    let mark = format!("subscription {} {status} {changed_at}", subscription.id);
    let contact = subscription.customer.as_ref().and_then(|customer| customer.id.as_deref());
    notes::write_once(connection, work, contact, mark.trim_end(), &format!("Subscription is now {status}."))
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
