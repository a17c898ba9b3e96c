//! What happens, as it happens, for whoever watches: timelines, dashboards, tests.

use serde::Serialize;
use tokio::sync::broadcast;

use super::clock::Clock;
use super::trace::Source;
use crate::contract::{ChangeKind, Instant, Level, Receipt};
use crate::storage::{Sequence, State, WorkId};

/// Happenings that are kept for a watcher that lags behind. It loses the oldest beyond these, and is told that it did.
pub(super) const KEPT_MAX: usize = 4_096;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostEvent {
    /// When.
    pub at: Instant,
    /// To which connection.
    pub connection: String,
    /// What.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Happening {
    /// A delivery was verified and kept.
    DeliveryAccepted {
        /// The API that it came for.
        source: String,
        /// The sender's id of it.
        id: String,
        /// Our number for it.
        sequence: Sequence,
    },
    /// A delivery had been kept before.
    DeliveryDuplicate {
        /// The API that it came for.
        source: String,
        /// The sender's id of it.
        id: String,
    },
    /// A delivery was refused, or there was no room for it.
    DeliveryRefused {
        /// The API that it came for.
        source: String,
        /// The HTTP status of the answer.
        status: u16,
        /// Why, for the operator.
        reason: String,
    },
    /// The connector has read a delivery.
    DeliveryRead {
        /// Our number for it.
        sequence: Sequence,
        /// New events in it.
        events: usize,
    },
    /// An attempt to handle an event begins.
    EventStarted {
        /// The event's number.
        sequence: Sequence,
        /// Its id.
        id: String,
        /// What it is about.
        subject: String,
        /// Which kind of object it is about.
        kind: ChangeKind,
        /// Counts from 1.
        attempt: u32,
    },
    /// An event was handled, and the result is on the disk.
    EventFinished {
        /// The event's number.
        sequence: Sequence,
        /// What was done.
        receipt: Box<Receipt>,
        /// New events that follow from it.
        follow_ups: usize,
        /// How long the attempt took.
        elapsed_ms: u64,
    },
    /// An attempt failed; another follows.
    Failed {
        /// What failed.
        work: WorkId,
        /// Why.
        reason: String,
        /// When it is tried again.
        retry_at: Instant,
    },
    /// A delivery or event was given up.
    Dead {
        /// What was given up.
        work: WorkId,
        /// Why.
        reason: String,
    },
    /// A delivery or event waits for a person; its connection pauses.
    Parked {
        /// What waits.
        work: WorkId,
        /// What the person has to do.
        reason: String,
    },
    /// The connection starts nothing until it is resumed.
    Paused {
        /// Why.
        reason: String,
    },
    /// The connection goes on.
    Resumed,
    /// Work is run again, or given up, because a person said so.
    Decided {
        /// The work.
        work: WorkId,
        /// Where it stands now.
        state: State,
        /// Where it stood before.
        was: State,
    },
    /// Another module handles the connection's work from now on.
    Swapped {
        /// Its digest.
        module: String,
        /// The digest of the one before.
        was: String,
        /// Who wanted it: `command`, `file`, `library` or `rollback`.
        by: String,
        /// Why.
        reason: String,
    },
    /// A trigger was polled.
    Polled {
        /// The trigger.
        trigger: String,
        /// New events.
        events: usize,
    },
    /// A poll failed; the next one follows.
    PollFailed {
        /// The trigger.
        trigger: String,
        /// Why.
        reason: String,
    },
    /// The connector made a request, or was denied one.
    Call {
        /// What it was handling; none for polls, actions and checks.
        work: Option<WorkId>,
        /// The API of the manifest.
        api: Option<String>,
        /// The method.
        method: String,
        /// Where to.
        url: String,
        /// Where the answer came from.
        from: Source,
        /// The response's status.
        status: Option<u16>,
        /// Why there is no response.
        error: Option<String>,
        /// How long it took.
        elapsed_ms: u64,
    },
    /// The connector wrote a line.
    Line {
        /// What it was handling; none for polls, actions and checks.
        work: Option<WorkId>,
        /// How much it matters.
        level: Level,
        /// The line.
        message: String,
        /// Named values.
        fields: Vec<(String, String)>,
    },
    /// The storage failed; what it concerns is tried again.
    StorageFailed {
        /// Why.
        reason: String,
    },
}

/// Where happenings go.
#[derive(Clone)]
pub(super) struct Feed(broadcast::Sender<HostEvent>);

impl Feed {
    pub(super) fn new() -> Feed {
        Feed(broadcast::channel(KEPT_MAX).0)
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<HostEvent> {
        self.0.subscribe()
    }

    /// Tell those who watch. `happening` is made only if somebody does.
    pub(super) fn tell(&self, connection: &str, clock: Clock, happening: impl FnOnce() -> Happening) {
        if self.0.receiver_count() > 0 {
            let event =
                HostEvent { at: clock.now(), connection: connection.to_owned(), happening: happening() };
            // The last watcher may have left since.
            let _ = self.0.send(event);
        }
    }
}
