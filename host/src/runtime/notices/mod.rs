//! Telling the outside what happens: what is told, to whom, and seeing that it arrives.
//!
//! ```text
//! an event ends, a job ends, a module is swapped ─► journal and outbox, in the transaction of that ─► awake
//! a connection pauses or goes on, which is not stored ─► a queue ─► journal and outbox ─────────────────┤
//!                              streams, each with its place in the journal (`admin`) ◄──────────────────┤
//!                              one task for each receiver (`delivery`): due ─► signed ─► posted ◄───────┘
//! ```

mod courier;
mod data;
mod delivery;
mod manage;
mod object;
mod payload;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};

use super::options::HostError;
use crate::contract::{Change, Envelope, Finding, Receipt};
use crate::egress::Egress;
use crate::notices::Receiver;
use crate::storage::{Herald, JobRecord, JobState, NewNotice, Sequence, WorkId};

pub use courier::Courier;
pub use delivery::AT_ONCE_MAX;
pub use manage::ReceiverStatus;
pub use payload::{Payload, webhook_id};

use queue::Queue;

/// Receivers of one host. Each takes a task, and sixteen rules for every notice.
pub const RECEIVERS_MAX: usize = 64;

/// Streams of one host at once. Each reads the journal for itself.
pub const STREAMS_MAX: usize = 32;

/// What a host needs to tell the outside.
pub(super) struct Notices {
    desks: Vec<Arc<Desk>>,
    /// The number of the journal's latest notice, as far as it was said since the start.
    pub(super) latest: watch::Sender<Sequence>,
    queue: Queue,
}

/// One receiver, and what leads to it.
struct Desk {
    receiver: Receiver,
    courier: Courier,
    /// Told when there is something for it.
    wake: Notify,
    /// Whether it has answered that it is gone, since a person last had something sent again.
    gone: AtomicBool,
}

impl Notices {
    /// Get ready to tell `receivers`. Fails with all that is wrong with them.
    pub(super) fn new(egress: &Egress, receivers: Vec<Receiver>) -> Result<Notices, HostError> {
        let (mut desks, mut problems) = (Vec::<Arc<Desk>>::new(), Vec::new());
        if receivers.len() > RECEIVERS_MAX {
            problems.push(format!("receivers: {} are more than {RECEIVERS_MAX}", receivers.len()));
        }
        for receiver in receivers {
            if desks.iter().any(|desk| desk.receiver.name == receiver.name) {
                problems.push(format!("receivers.{} exists twice: rename one", receiver.name));
            }
            match Courier::new(egress, &receiver) {
                Ok(courier) => {
                    let (wake, gone) = (Notify::new(), AtomicBool::new(false));
                    desks.push(Arc::new(Desk { receiver, courier, wake, gone }));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(HostError::Receivers(problems));
        }
        Ok(Notices { desks, latest: watch::Sender::new(0), queue: Queue::default() })
    }

    /// Notices, each with those whose rules it matches.
    fn addressed(&self, mut notices: Vec<NewNotice>) -> Vec<NewNotice> {
        for notice in &mut notices {
            let wanting = self.desks.iter().filter(|desk| desk.receiver.wants(notice));
            notice.receivers = wanting.map(|desk| desk.receiver.name.clone()).collect();
        }
        notices
    }

    fn receivers(&self) -> Vec<ReceiverStatus> {
        let status = |desk: &Arc<Desk>| ReceiverStatus {
            name: desk.receiver.name.clone(),
            host: desk.courier.host(),
            gone: desk.gone.load(Ordering::SeqCst),
        };
        self.desks.iter().map(status).collect()
    }

    /// Something is in the journal, and perhaps in outboxes.
    pub(super) fn kept(&self, sequence: Sequence, receivers: &[String]) {
        self.latest.send_if_modified(|latest| {
            let newer = sequence > *latest;
            *latest = (*latest).max(sequence);
            newer
        });
        for desk in self.desks.iter().filter(|desk| receivers.contains(&desk.receiver.name)) {
            desk.wake.notify_one();
        }
    }

    /// A person wants something sent again: whoever was gone may be back.
    fn sent_again(&self, receiver: &str) {
        for desk in self.desks.iter().filter(|desk| desk.receiver.name == receiver) {
            desk.gone.store(false, Ordering::SeqCst);
            desk.wake.notify_one();
        }
    }

    pub(super) fn handled(
        &self,
        connection: &str,
        number: Sequence,
        envelope: &Envelope,
        change: &Change,
        receipt: &Receipt,
    ) -> Vec<NewNotice> {
        self.addressed(data::handled(connection, number, envelope, change, receipt))
    }

    pub(super) fn dead(
        &self,
        connection: &str,
        subject: Option<&str>,
        id: WorkId,
        failed_attempts: u32,
        reason: &str,
    ) -> Vec<NewNotice> {
        self.addressed(vec![data::dead(connection, subject, id, failed_attempts, reason)])
    }

    pub(super) fn swapped(
        &self,
        connection: &str,
        module: &str,
        was: &str,
        by: &str,
        reason: &str,
        back: bool,
    ) -> Vec<NewNotice> {
        self.addressed(vec![data::swapped(connection, module, was, by, reason, back)])
    }

    pub(super) fn job_failed(&self, job: &JobRecord, reason: &str) -> Vec<NewNotice> {
        self.addressed(vec![data::job_ended(job, Some(reason))])
    }

    /// Tell that a connection pauses, as soon as the storage has it.
    pub(super) fn paused(&self, connection: &str, reason: &str) {
        self.queue.push(self.addressed(vec![data::paused(connection, reason)]));
    }

    /// Tell that a connection goes on.
    pub(super) fn resumed(&self, connection: &str) {
        self.queue.push(self.addressed(vec![data::resumed(connection)]));
    }
}

/// Says what is to be told of the pages of jobs.
/// Does not hold the host: storage lets go of it on its own thread, which must not be the one that closes the storage.
pub(super) struct JobHerald(pub(super) Arc<Notices>);

impl Herald for JobHerald {
    fn announce(&self, job: &JobRecord, news: &[&Finding]) -> Vec<NewNotice> {
        let findings = news.iter().map(|finding| data::finding(job, finding));
        let end = (job.state == JobState::Done).then(|| data::job_ended(job, None));
        self.0.addressed(findings.chain(end).collect())
    }
}
