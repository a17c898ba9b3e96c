//! Subscriptions.

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Instant, Subscription, SubscriptionStatus};
use transload_wire::Number;

use crate::error::MapError;
use crate::member::{amount, currency, flag, instant, integer, text};
use crate::party;
use crate::record::{self, Record, Subject};
use crate::shape::Kind;
use crate::words::Words;

/// A subscription in the sink. Of the customer it holds the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// The source's last change, in milliseconds since 1970; at most [`crate::VERSION_MAX`].
    pub version: u64,
    /// When it was last charged.
    pub last_charge_at: Option<Instant>,
    /// The transaction of that charge.
    pub last_transaction_id: Option<String>,
    /// When it last changed in the sink, by the sink's clock. Not written.
    pub received_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSubscription {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    subscription_id: Option<String>,
    #[serde(default, with = "integer", skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(default, with = "currency", skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    next_charge_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    last_charge_at: Option<Instant>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    last_transaction_id: Option<String>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
    #[serde(default, with = "flag", skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing)]
    received_at: Option<Instant>,
}

impl Record for SinkSubscription {
    const KIND: Kind = Kind::Subscription;

    fn id(&self) -> &str {
        &self.subscription.id
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        record::write(to_wire(self))
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        record::read(body, from_wire)
    }
}

fn to_wire(sink: &SinkSubscription) -> Result<WireSubscription, MapError> {
    let subscription = &sink.subscription;
    let subject = Subject::new("subscription", &subscription.id, "subscriptionId")?;
    let unit = subscription.amount.map(|amount| amount.currency);
    Ok(WireSubscription {
        subscription_id: Some(subscription.id.clone()),
        version: subject.wire_version(sink.version)?,
        status: Some(subscription.status.word()),
        order_id: subscription.order_id.clone(),
        amount: subject.wire_price(subscription.amount)?,
        currency: unit,
        period: subscription.period.clone(),
        customer_id: party::id(subscription.customer.as_ref()),
        next_charge_at: subscription.next_charge_at,
        last_charge_at: sink.last_charge_at,
        last_transaction_id: sink.last_transaction_id.clone(),
        ended_at: subscription.ended_at,
        live: Some(subscription.live),
        created_at: subscription.created_at,
        updated_at: subscription.updated_at,
        received_at: None,
    })
}

fn from_wire(wire: WireSubscription) -> Result<SinkSubscription, MapError> {
    let id = wire.subscription_id.unwrap_or_default();
    let subject = Subject::new("subscription", &id, "subscriptionId")?;
    let subscription = Subscription {
        status: SubscriptionStatus::of(subject.needs("status", wire.status)?),
        order_id: wire.order_id,
        amount: subject.price(wire.amount, wire.currency)?,
        period: wire.period,
        customer: party::customer(wire.customer_id, None),
        next_charge_at: wire.next_charge_at,
        ended_at: wire.ended_at,
        live: wire.live.unwrap_or(true),
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        id: id.clone(),
    };
    Ok(SinkSubscription {
        version: subject.version(wire.version)?,
        last_charge_at: wire.last_charge_at,
        last_transaction_id: wire.last_transaction_id,
        received_at: wire.received_at,
        subscription,
    })
}
