//! What a failure means for the work that failed.

use std::time::Duration;

use super::backoff::{self, ATTEMPTS_MAX};
use crate::contract::{Alert, Description, Event, Failure, Instant, Receipt, Report, Severity};
use crate::engine::CallError;
use crate::storage::{State, StorageError};

/// The longest reason that is kept, in bytes.
pub(super) const REASON_BYTES_MAX: usize = 4 << 10;

/// Events that one call may bring. A page of a vendor's listing has a hundred.
pub(super) const EVENTS_PER_CALL_MAX: usize = 10_000;

/// How long work waits at least, and at most, when the rate budget was used up, in milliseconds. The most is a day, after
/// which every vendor's budget has started over.
const THROTTLED_MS_MIN: u64 = 100;
const THROTTLED_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// The longest id or subject of an event, in bytes; the contract says so.
const NAME_BYTES_MAX: usize = 200;

/// The last millisecond of the year 9999, after which dates have no common written form.
const OCCURRED_AT_MAX: Instant = 253_402_300_799_999;

/// Why work did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may succeed later.
    Retry { reason: String, after: Option<Duration> },
    /// It was not its turn with the vendor: the rate budget of the credential was used up. Uses up no attempt, or work
    /// would be given up for no other fault than that there is much of it.
    Throttled { after: Duration },
    /// It never will.
    Rejected(String),
    /// A person must act first.
    NeedsAttention(String),
    /// It was not the work's fault: our storage failed.
    Storage(StorageError),
}

impl Trouble {
    /// The same; if it is tried again, not before `wait` is over.
    pub(super) fn not_before(self, wait: Duration) -> Trouble {
        match self {
            Trouble::Retry { reason, after } => {
                Trouble::Retry { reason, after: Some(after.unwrap_or_default().max(wait)) }
            }
            other => other,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        match failure {
            Failure::Retry(retry) => Trouble::Retry {
                reason: shortened(retry.reason),
                after: retry.after_ms.map(Duration::from_millis),
            },
            Failure::Rejected(reason) => Trouble::Rejected(shortened(reason)),
            Failure::NeedsAttention(reason) => Trouble::NeedsAttention(shortened(reason)),
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Trouble {
        Trouble::Retry { reason: shortened(error.to_string()), after: None }
    }
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Trouble {
        match error {
            StorageError::Conflict { .. } => Trouble::Retry { reason: error.to_string(), after: None },
            StorageError::Record { .. } => Trouble::Rejected(error.to_string()),
            other => Trouble::Storage(other),
        }
    }
}

/// What happens next to work that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) not_before: Option<Instant>,
    pub(super) reason: String,
}

/// Decide it, for work that had failed `attempts` times before.
pub(super) fn judge(trouble: &Trouble, attempts: u32, now: Instant, random: u64) -> Verdict {
    let failed = attempts.saturating_add(1);
    match trouble {
        Trouble::Retry { reason, .. } if failed >= ATTEMPTS_MAX => Verdict {
            state: State::Dead,
            attempts: failed,
            not_before: None,
            reason: format!("given up after {failed} attempts; the last said: {reason}"),
        },
        Trouble::Retry { reason, after } => {
            let delay = backoff::delay(failed, *after, random);
            let not_before = now.saturating_add(crate::contract::millis(delay));
            Verdict {
                state: State::Waiting,
                attempts: failed,
                not_before: Some(not_before),
                reason: reason.clone(),
            }
        }
        Trouble::Throttled { after } => {
            // Spread over as much again, so that what waited does not come back together.
            let wait = crate::contract::millis(*after).clamp(THROTTLED_MS_MIN, THROTTLED_MS_MAX);
            let not_before = now.saturating_add(wait).saturating_add(random % (wait + 1));
            let reason = "the credential's rate budget is used up; it waits its turn".to_owned();
            Verdict { state: State::Waiting, attempts, not_before: Some(not_before), reason }
        }
        Trouble::Rejected(reason) => {
            Verdict { state: State::Dead, attempts: failed, not_before: None, reason: reason.clone() }
        }
        Trouble::NeedsAttention(reason) => {
            Verdict { state: State::Parked, attempts, not_before: None, reason: reason.clone() }
        }
        // The caller runs it again without asking; should it ask, that is the answer.
        Trouble::Storage(error) => {
            let (state, reason) = (State::Waiting, error.to_string());
            Verdict { state, attempts, not_before: Some(now), reason }
        }
    }
}

/// Check what a connector hands over as events.
pub(crate) fn check_events(description: &Description, events: &[Event]) -> Result<(), String> {
    if events.len() > EVENTS_PER_CALL_MAX {
        return Err(format!(
            "the connector handed over {} events at once, more than {EVENTS_PER_CALL_MAX}: it should answer in pages",
            events.len()
        ));
    }
    for event in events {
        for (what, text) in [("id", &event.id), ("subject", &event.subject)] {
            if text.is_empty() || text.len() > NAME_BYTES_MAX {
                return Err(format!(
                    "the connector handed over an event whose {what} has {} bytes; 1 to {NAME_BYTES_MAX} are allowed",
                    text.len()
                ));
            }
        }
        if event.occurred_at.is_some_and(|at| at > OCCURRED_AT_MAX) {
            return Err(format!("event {:?} says occurred-at a time after the year 9999", event.id));
        }
        if !description.apis.iter().any(|api| api.name == event.source) {
            return Err(format!(
                "event {:?} names the source {:?}, which is no API of the manifest",
                event.id, event.source
            ));
        }
    }
    Ok(())
}

/// The events of a receipt.
pub(crate) fn follow_ups(receipt: &Receipt) -> &[Event] {
    match receipt {
        Receipt::Done(report) => &report.follow_ups,
        Receipt::Skipped(_) => &[],
    }
}

/// A text of a bounded length.
pub(super) fn shortened(mut text: String) -> String {
    if text.len() > REASON_BYTES_MAX {
        text.truncate(text.floor_char_boundary(REASON_BYTES_MAX));
        text.push('…');
    }
    text
}

/// A receipt with an alert for each write that may have been made and is not made again. People have to know, because
/// nobody else can find out.
pub(super) fn with_alerts(receipt: Receipt, possibly_made: &[String], subject: &str) -> Receipt {
    if possibly_made.is_empty() {
        return receipt;
    }
    let alerts = possibly_made.iter().map(|write| Alert {
        severity: Severity::Warning,
        kind: "possibly-sent".to_owned(),
        message: format!(
            "{write} may have been sent by an earlier attempt whose answer was lost; it is not sent again"
        ),
        subject: subject.to_owned(),
    });
    let mut report = match receipt {
        Receipt::Done(report) => report,
        Receipt::Skipped(_) => Report { effects: Vec::new(), follow_ups: Vec::new(), alerts: Vec::new() },
    };
    report.alerts.extend(alerts);
    Receipt::Done(report)
}
