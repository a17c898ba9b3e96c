//! What the admin API answers, and the command line prints with `--json`. A released field keeps its name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contract::{Change, Event, InDoubt, Instant, Receipt};
use crate::runtime::trace::{StoredResponse, Trace};
use crate::storage::{
    Activation, AttemptRecord, DeliveryRecord, EventFilter, EventRecord, Sequence, State, Storage,
    StorageError, WorkId, WriteRecord, WriteState,
};

/// Characters of a summary: one line of a wide terminal. The receipt has all of it.
const SUMMARY_CHARS_MAX: usize = 200;

/// Follow-up events that are looked up. Connectors make a handful.
const FOLLOW_UPS_SHOWN_MAX: usize = 100;

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339, in UTC, to the millisecond.
    pub time: String,
    /// Milliseconds since 1970.
    pub ms: Instant,
}

impl Moment {
    /// The moment `ms` milliseconds after 1970 began. One beyond the year 9999 has no text.
    pub fn at(ms: Instant) -> Moment {
        let stamp = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        Moment { time: stamp.map(|stamp| format!("{stamp:.3}")).unwrap_or_default(), ms }
    }
}

/// An event in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Its number.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// Its id: the same event is never kept twice.
    pub id: String,
    /// The API that it is from.
    pub source: String,
    /// What it is about; usually an order's id.
    pub subject: String,
    /// The kind of object: `order`, `fulfillment`, `transaction`, `subscription`, `invoice`.
    pub kind: &'static str,
    /// Where it stands.
    pub state: State,
    /// Whether it is being handled at this moment. False also when no host runs.
    pub running: bool,
    /// Attempts that failed since it came or was last retried by a person.
    pub failed_attempts: u32,
    /// When the host took it in.
    pub received_at: Moment,
    /// When it is tried again, if that is decided.
    pub not_before: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Where it came from: `delivery 12`, `poll transactions`, `event 7`, `submission`.
    pub origin: String,
    /// Digest of the module that handled it last.
    pub module: Option<String>,
    /// Why it is not done, or why its last attempt failed.
    pub reason: Option<String>,
    /// What was done, in a line.
    pub summary: Option<String>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventList {
    /// Newest first.
    pub events: Vec<EventView>,
    /// What to ask for as `before` to go on; none at the end.
    pub next: Option<Sequence>,
}

/// An event, with all that is recorded of it.
#[derive(Debug, Clone, Serialize)]
pub struct EventDetail {
    /// The event.
    pub event: EventView,
    /// When it happened at the vendor, in milliseconds since 1970, as far as the vendor says.
    pub occurred_at: Option<Moment>,
    /// What it says, in the contract's terms.
    pub change: Change,
    /// What the vendor sent, if the connector kept it.
    pub raw: Option<Box<RawValue>>,
    /// What was done: effects, alerts, events that follow.
    pub receipt: Option<Receipt>,
    /// The attempts, oldest first, as far as they are kept.
    pub attempts: Vec<AttemptView>,
    /// Its writes to vendors, in the order in which they were first made.
    pub writes: Vec<WriteView>,
    /// The events that followed from it.
    pub follow_ups: Vec<FollowUp>,
}

/// An attempt at handling an event.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptView {
    /// Counts from 1, and again from 1 when a person retries the event.
    pub number: u32,
    /// Digest of the module that ran.
    pub module: String,
    /// When it began.
    pub started_at: Moment,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// What the connector's random numbers came from, in hexadecimal.
    pub seed: String,
    /// The connection's settings then.
    pub settings: Box<RawValue>,
    /// What came of it, in a few words.
    pub outcome: String,
    /// What it asked for and was answered; none if the record does not read back.
    pub trace: Option<Trace>,
}

/// A write to a vendor that is on record.
#[derive(Debug, Clone, Serialize)]
pub struct WriteView {
    /// Which of the event's writes it is.
    pub key: String,
    /// The attempt that sent it last.
    pub attempt: u32,
    /// The API of the manifest.
    pub api: String,
    /// The HTTP method.
    pub method: String,
    /// Where it went.
    pub url: String,
    /// What is done if its outcome is never known: `resend`, `verify`, `never`.
    pub in_doubt: &'static str,
    /// What came of it.
    pub state: WriteState,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The answer, if it is kept.
    pub response: Option<StoredResponse>,
    /// When it was last about to be sent.
    pub intended_at: Moment,
    /// When its outcome was known.
    pub ended_at: Option<Moment>,
}

/// An event that followed from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// Its number; none if it is not on record.
    pub number: Option<Sequence>,
    /// Where it stands.
    pub state: Option<State>,
}

/// A delivery in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryView {
    /// Its number.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The API that it came for.
    pub source: String,
    /// The sender's id of it.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Whether it is being read at this moment. False also when no host runs.
    pub running: bool,
    /// Attempts to read it that failed.
    pub failed_attempts: u32,
    /// When it came.
    pub received_at: Moment,
    /// When it is tried again, if that is decided.
    pub not_before: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Digest of the module that read it last.
    pub module: Option<String>,
    /// Why it is not done, or why its last attempt failed.
    pub reason: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryList {
    /// Newest first.
    pub deliveries: Vec<DeliveryView>,
    /// What to ask for as `before` to go on; none at the end.
    pub next: Option<Sequence>,
}

/// A connection took up a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivationView {
    /// Digest of the module.
    pub module: String,
    /// Digest of the module that the configuration named then.
    pub configured: String,
    /// Who wanted it: `config`, `file`, `command`, `library`, `rollback`.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Moment,
}

impl From<EventRecord> for EventView {
    fn from(record: EventRecord) -> EventView {
        let EventRecord { sequence, connection, event, received_at, origin, state, attempts, .. } = record;
        EventView {
            number: sequence,
            connection,
            id: event.id,
            source: event.source,
            subject: event.subject,
            kind: kind(&event.change),
            state,
            running: false,
            failed_attempts: attempts,
            received_at: Moment::at(received_at),
            not_before: record.not_before.map(Moment::at),
            ended_at: record.ended_at.map(Moment::at),
            origin,
            module: record.module,
            reason: record.reason,
            summary: record.receipt.as_ref().map(summary),
        }
    }
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> DeliveryView {
        DeliveryView {
            number: record.sequence,
            connection: record.connection,
            source: record.source,
            id: record.id,
            state: record.state,
            running: false,
            failed_attempts: record.attempts,
            received_at: Moment::at(record.received_at),
            not_before: record.not_before.map(Moment::at),
            ended_at: record.ended_at.map(Moment::at),
            module: record.module,
            reason: record.reason,
        }
    }
}

impl From<AttemptRecord> for AttemptView {
    fn from(record: AttemptRecord) -> AttemptView {
        AttemptView {
            number: record.number,
            module: record.module,
            started_at: Moment::at(record.started_at),
            elapsed_ms: record.ended_at.saturating_sub(record.started_at),
            seed: format!("{:016x}", record.seed),
            settings: json(record.settings),
            outcome: record.outcome,
            trace: serde_json::from_slice(&record.trace).ok(),
        }
    }
}

impl From<WriteRecord> for WriteView {
    fn from(record: WriteRecord) -> WriteView {
        WriteView {
            key: record.key,
            attempt: record.attempt,
            api: record.api,
            method: record.method,
            url: record.url,
            in_doubt: match record.in_doubt {
                InDoubt::Resend => "resend",
                InDoubt::Verify => "verify",
                InDoubt::Never => "never",
            },
            state: record.state,
            status: record.status,
            response: record.response.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            intended_at: Moment::at(record.intended_at),
            ended_at: record.ended_at.map(Moment::at),
        }
    }
}

impl From<Activation> for ActivationView {
    fn from(record: Activation) -> ActivationView {
        let Activation { module, configured, by, reason, at, .. } = record;
        ActivationView { module, configured, by, reason, at: Moment::at(at) }
    }
}

impl EventList {
    /// A page of events in `storage`. None of them is marked as running.
    pub async fn read(storage: &dyn Storage, filter: EventFilter) -> Result<EventList, StorageError> {
        let limit = filter.limit;
        let events: Vec<EventView> = storage.events(filter).await?.into_iter().map(EventView::from).collect();
        let next = next(events.len(), limit, events.last().map(|event| event.number));
        Ok(EventList { events, next })
    }
}

impl DeliveryList {
    /// A page of records, of which at most `limit` were asked for.
    pub fn of(records: Vec<DeliveryRecord>, limit: u32) -> DeliveryList {
        let deliveries: Vec<DeliveryView> = records.into_iter().map(DeliveryView::from).collect();
        let next = next(deliveries.len(), limit, deliveries.last().map(|delivery| delivery.number));
        DeliveryList { deliveries, next }
    }
}

impl EventDetail {
    /// All that `storage` has of an event. It is not marked as running.
    pub async fn read(storage: &dyn Storage, number: Sequence) -> Result<Option<EventDetail>, StorageError> {
        let Some(record) = storage.event(number).await? else { return Ok(None) };
        let id = WorkId::Event(number);
        let (attempts, writes) = (storage.attempts(id).await?, storage.writes(id).await?);
        let mut follow_ups = Vec::new();
        if let Some(Receipt::Done(report)) = &record.receipt {
            for event in report.follow_ups.iter().take(FOLLOW_UPS_SHOWN_MAX) {
                follow_ups.push(follow_up(storage, &record.connection, event).await?);
            }
        }
        let EventRecord { event, receipt, .. } = record.clone();
        Ok(Some(EventDetail {
            event: EventView::from(record),
            occurred_at: event.occurred_at.map(Moment::at),
            change: event.change,
            raw: event.raw.map(json),
            receipt,
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
            writes: writes.into_iter().map(WriteView::from).collect(),
            follow_ups,
        }))
    }
}

async fn follow_up(storage: &dyn Storage, connection: &str, event: &Event) -> Result<FollowUp, StorageError> {
    let filter = EventFilter {
        connection: Some(connection.to_owned()),
        id: Some(event.id.clone()),
        limit: 1,
        ..EventFilter::default()
    };
    let record = storage.events(filter).await?.into_iter().next();
    Ok(FollowUp {
        id: event.id.clone(),
        subject: event.subject.clone(),
        number: record.as_ref().map(|record| record.sequence),
        state: record.as_ref().map(|record| record.state),
    })
}

/// Where the next page begins, if this one is full.
pub(super) fn next(rows: usize, limit: u32, last: Option<Sequence>) -> Option<Sequence> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    last.filter(|_| limit > 0 && rows >= limit)
}

/// Text that is JSON, as it is; any other, as a JSON string.
fn json(text: String) -> Box<RawValue> {
    RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::Order(_) => "order",
        Change::Fulfillment(_) => "fulfillment",
        Change::Transaction(_) => "transaction",
        Change::Subscription(_) => "subscription",
        Change::Invoice(_) => "invoice",
    }
}

fn summary(receipt: &Receipt) -> String {
    let text = match receipt {
        Receipt::Skipped(reason) => reason.clone(),
        Receipt::Done(report) => {
            let effects: Vec<&str> = report.effects.iter().map(|effect| effect.summary.as_str()).collect();
            effects.join("; ")
        }
    };
    match text.char_indices().nth(SUMMARY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_in_rfc_3339_and_in_milliseconds() {
        // 2009-02-13T23:31:30Z is 1234567890 seconds after the epoch.
        let moment = Moment::at(1_234_567_890_007);
        assert_eq!((moment.time.as_str(), moment.ms), ("2009-02-13T23:31:30.007Z", 1_234_567_890_007));
        assert_eq!(Moment::at(u64::MAX).time, "");
    }

    #[test]
    fn text_keeps_every_digit_and_is_always_json() {
        assert_eq!(json(r#"{"a":150.10}"#.to_owned()).get(), r#"{"a":150.10}"#);
        assert_eq!(json("no json".to_owned()).get(), r#""no json""#);
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        assert_eq!(next(50, 50, Some(7)), Some(7));
        assert_eq!(next(49, 50, Some(7)), None);
        assert_eq!(next(0, 50, None), None);
    }

    #[test]
    fn a_long_summary_is_cut() {
        let text = summary(&Receipt::Skipped("é".repeat(SUMMARY_CHARS_MAX + 1)));
        assert_eq!(text.chars().count(), SUMMARY_CHARS_MAX + 1);
        assert!(text.ends_with('…'));
        assert_eq!(
            summary(&Receipt::Skipped("é".repeat(SUMMARY_CHARS_MAX))).chars().count(),
            SUMMARY_CHARS_MAX
        );
    }
}
