//! When which charge is expected, in the store: by the time, so that those that are late are found without asking anybody.

use serde::{Deserialize, Serialize};
use transload_flows::cursor::HOUR_MS;
use transload_flows::events::GHL;
use transload_model::{Change, Instant, Subscription, SubscriptionStatus};
use transload_sdk::{Context, Event, EventPage, Failure, rejected};
use transload_wire::time;

use crate::settings::Subscriptions;

/// Most late charges that one page of the poll tells of: each is an event with two reads.
pub const OVERDUE_MAX: u32 = 100;

const PREFIX: &str = "due/";

/// What is known of a subscription whose charge is expected. Field names are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    status: String,
    live: bool,
}

/// Sixteen digits hold every time that a version can be, and sort as the times do.
fn key(due: Instant, subscription_id: &str) -> String {
    format!("{PREFIX}{:016}/{subscription_id}", due.0)
}

fn read_key(key: &str) -> Option<(Instant, &str)> {
    let (due, id) = key.strip_prefix(PREFIX)?.split_once('/')?;
    Some((Instant(due.parse().ok()?), id))
}

/// Where the key of a subscription's entry is found again.
fn pointer(subscription_id: &str) -> String {
    format!("expected/{subscription_id}")
}

/// Whether a charge that was due has not come within the time of grace.
pub fn is_overdue(due: Instant, now: Instant, settings: &Subscriptions) -> bool {
    due.0.saturating_add(u64::from(settings.grace_hours) * HOUR_MS) <= now.0
}

/// Notes when the next charge is expected. Nothing changes while that stays the same, so that a late one is found once.
pub fn expect(cx: &Context, subscription: &Subscription, expected: Option<Instant>) -> Result<(), Failure> {
    let pointer = pointer(&subscription.id);
    let before = cx.store.get(&pointer)?.and_then(|stored| String::from_utf8(stored.value).ok());
    let wanted = expected.map(|due| key(due, &subscription.id));
    if before == wanted {
        return Ok(());
    }
    if let Some(before) = &before {
        cx.store.delete(before)?;
    }
    let Some(key) = wanted else { return Ok(cx.store.delete(&pointer)?) };
    let entry = Entry {
        order: subscription.order_id.clone(),
        status: subscription.status.describe().to_owned(),
        live: subscription.live,
    };
    let value = serde_json::to_vec(&entry).map_err(|error| rejected(error.to_string()))?;
    cx.store.put(&key, &value)?;
    cx.store.put(&pointer, key.as_bytes())?;
    Ok(())
}

/// The poll of charges that are late: an event for each, once. Asks no vendor. Fails with `rejected` for an entry of the store
/// that is none of this poll's.
pub fn overdue(cx: &Context, settings: &Subscriptions) -> Result<EventPage, Failure> {
    let now = cx.clock.now();
    let (keys, next) = cx.store.list_keys(PREFIX, None, OVERDUE_MAX)?;
    let mut events = Vec::new();
    let mut more = next.is_some();
    for key in &keys {
        let unreadable = || rejected(format!("the store's entry {key} cannot be read"));
        let (due, id) = read_key(key).ok_or_else(unreadable)?;
        if !is_overdue(due, now, settings) {
            more = false;
            break;
        }
        let stored = cx.store.get(key)?.ok_or_else(unreadable)?;
        let entry = serde_json::from_slice(&stored.value).map_err(|_| unreadable())?;
        cx.store.delete(key)?;
        events.push(event(id, due, entry));
    }
    Ok(EventPage { events, cursor: None, more })
}

fn event(id: &str, due: Instant, entry: Entry) -> Event {
    let subscription = Subscription {
        id: id.to_owned(),
        status: status(entry.status),
        order_id: entry.order,
        amount: None,
        period: None,
        customer: None,
        next_charge_at: Some(due),
        ended_at: None,
        live: entry.live,
        created_at: None,
        updated_at: None,
    };
    Event {
        id: format!("subscription {id} due {}", time::format(due).unwrap_or_default()),
        source: GHL,
        subject: super::subject(&subscription).to_owned(),
        occurred_at: Some(due),
        raw: None,
        change: Change::Subscription(subscription),
    }
}

/// The status of these words, of those in which a charge is expected.
fn status(text: String) -> SubscriptionStatus {
    use SubscriptionStatus::{Active, Other, PastDue, Trialing};
    let known = [Active, Trialing, PastDue].into_iter().find(|status| status.describe() == text);
    known.unwrap_or(Other(text))
}
