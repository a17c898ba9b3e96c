//! What the vendors say, as events.

use serde::{Deserialize, Serialize};
use transload_ghl::TransactionQuery;
use transload_model::{Change, Instant, Transaction};
use transload_sdk::{Context, Delivery, Event, EventPage, Failure, Retry, rejected};
use transload_wire::ApiError;

use crate::settings::Settings;

/// The trigger that polls GoHighLevel's transactions.
pub const TRANSACTIONS: &str = "transactions";

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// Rows of a page. GoHighLevel documents no maximum; 100 is what its clients use.
const PAGE_ROWS: u32 = 100;

/// Reads a webhook.
pub fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
    match delivery.source.as_str() {
        "ghl" => from_ghl(cx, &delivery.body),
        "track-pod" => from_track_pod(&delivery.body),
        other => Err(rejected(format!("no webhooks of {other:?} are known"))),
    }
}

fn from_ghl(cx: &Context, body: &[u8]) -> Result<Vec<Event>, Failure> {
    use transload_ghl::webhook::{Hook, read};
    let hook = read(body).map_err(|error| rejected(error.to_string()))?;
    let Hook::Order { webhook_id, location_id, occurred_at, order, .. } = hook else {
        return Ok(Vec::new());
    };
    // A marketplace app has one address for the webhooks of all locations that installed it.
    let settings: Settings = cx.settings()?;
    if location_id.is_some_and(|location_id| location_id != settings.location_id) {
        return Ok(Vec::new());
    }
    let which =
        webhook_id.unwrap_or_else(|| format!("{} {}", order.status.describe(), millis(order.updated_at)));
    Ok(vec![Event {
        id: format!("order {} {which}", order.id),
        source: "ghl",
        subject: order.id.clone(),
        occurred_at,
        raw: text(body),
        change: Change::Order(*order),
    }])
}

fn from_track_pod(body: &[u8]) -> Result<Vec<Event>, Failure> {
    let hook = transload_track_pod::webhook::read(body).map_err(|error| rejected(error.to_string()))?;
    // Orders that were not made here carry no id of ours; whoever made them looks after them.
    let Some((order, id)) = hook.order.and_then(|order| order.id.clone().map(|id| (order, id))) else {
        return Ok(Vec::new());
    };
    // The webhook has no id of its own, so what makes it this one stands in.
    let status = order.status_id.map(|status| status.to_string()).unwrap_or_default();
    let changed = order.change_date.as_deref().unwrap_or_default();
    let event_id = format!("delivery {id} {} {} {status} {changed}", hook.event, millis(hook.date));
    Ok(vec![Event {
        id: event_id,
        source: "track-pod",
        subject: id,
        occurred_at: hook.date,
        raw: text(body),
        change: Change::Fulfillment(order.fulfillment(None)),
    }])
}

/// A time as it stands in an event's id.
fn millis(instant: Option<Instant>) -> String {
    instant.map(|instant| instant.0.to_string()).unwrap_or_default()
}

fn text(body: &[u8]) -> Option<String> {
    std::str::from_utf8(body).ok().map(str::to_owned)
}

/// Where polling stands. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Rows made before this are history, and left alone.
    since: u64,
    /// When the last look at everything that may still be refunded began.
    wide_at: u64,
    /// The round under way: where it started to look, and how many rows it has seen.
    round: Option<Round>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    start: u64,
    offset: u64,
}

/// Asks GoHighLevel for transactions, a page at a time.
///
/// It sends no webhook for payments or refunds, and its list cannot be asked for what changed, only for what was made
/// since a day. So every round looks at the last two days (which field the day is compared with, and in which time zone, is
/// not documented), and once an hour at everything that may still be refunded. What was seen before has the same event
/// id, and the host drops it.
pub fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
    if trigger != TRANSACTIONS {
        return Err(rejected(format!("no trigger called {trigger:?} is polled; there is {TRANSACTIONS:?}")));
    }
    let settings: Settings = cx.settings()?;
    let now = cx.clock.now().0;
    let mut cursor = match cursor {
        // A payment may have been made while the connection was being set up, so the first look goes a day back.
        None => Cursor { since: now.saturating_sub(DAY_MS), wide_at: now, round: None },
        Some(text) => serde_json::from_str(text)
            .map_err(|error| rejected(format!("not a cursor of this trigger: {error}")))?,
    };
    let round = cursor.round.take().unwrap_or_else(|| begin_round(&mut cursor, &settings, now));
    let ghl = transload_ghl::Client::new(cx.http, &settings.location_id).version(&settings.ghl_version);
    let query = TransactionQuery {
        start_at: Some(Instant(round.start)),
        limit: PAGE_ROWS,
        offset: round.offset,
        ..TransactionQuery::default()
    };
    let page = ghl.transactions(&query).map_err(later)?;
    let seen = round.offset + page.rows.len() as u64;
    let more = !page.rows.is_empty() && seen < page.total;
    cursor.round = more.then_some(Round { offset: seen, ..round });
    let since = Instant(cursor.since);
    let events = page
        .rows
        .into_iter()
        .filter(|transaction| transaction.created_at.is_none_or(|created_at| created_at >= since))
        .map(transaction_event)
        .collect();
    let cursor = serde_json::to_string(&cursor).map_err(|error| rejected(error.to_string()))?;
    Ok(EventPage { events, cursor: Some(cursor), more })
}

/// What the vendor refuses today is asked for again: `rejected` would tell the host that the cursor is bad, and to start
/// over without it would leave out the refunds of older payments.
fn later(error: ApiError) -> Failure {
    match error.into() {
        Failure::Rejected(reason) => Failure::Retry(Retry { reason, after_ms: None }),
        other => other,
    }
}

fn begin_round(cursor: &mut Cursor, settings: &Settings, now: u64) -> Round {
    let wide = now.saturating_sub(cursor.wide_at) >= HOUR_MS;
    if wide {
        cursor.wide_at = now;
    }
    let days = if wide { u64::from(settings.refund_days).max(2) } else { 2 };
    Round { start: now.saturating_sub(days * DAY_MS), offset: 0 }
}

/// The event of a transaction as it stands: a new one whenever its status or what was given back changes.
fn transaction_event(transaction: Transaction) -> Event {
    let refunded =
        transaction.refunded.map(|refunded| refunded.amount.normalized().to_string()).unwrap_or_default();
    Event {
        id: format!("transaction {} {} {refunded}", transaction.id, transaction.status.describe()),
        source: "ghl",
        subject: transaction.order_id().unwrap_or(&transaction.id).to_owned(),
        occurred_at: transaction.updated_at.or(transaction.created_at),
        raw: None,
        change: Change::Transaction(transaction),
    }
}
