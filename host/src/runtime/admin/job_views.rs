//! Jobs and findings as the admin API answers them, and the command line prints them with `--json`. A released field keeps
//! its name.

use serde::{Deserialize, Serialize};

use super::views::{Moment, next};
use crate::contract::{Action, Certainty, Money, Repair, Severity, Side, Tally};
use crate::runtime::jobs::{JobStatus, StartedJob, decimal_text};
use crate::storage::{
    Counters, Decision, FindingFilter, FindingRecord, FindingState, JobKind, JobState, Sequence, Storage,
    StorageError,
};

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// Its number.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// What it does.
    pub kind: JobKind,
    /// The first instant that belongs to its scope.
    pub from: Moment,
    /// The first instant after it.
    pub to: Moment,
    /// Kinds of finding, none for all; or triggers.
    pub names: Vec<String>,
    /// Where it stands.
    pub state: JobState,
    /// Whether a host is at it. One that stands as running and is not live was interrupted, and can go on.
    pub live: bool,
    /// What it waits for, if it waits.
    pub waiting: Option<String>,
    /// The trigger that a backfill is at.
    pub trigger: Option<String>,
    /// How many of its triggers a backfill is done with.
    pub triggers_done: u32,
    /// What it has got through.
    #[serde(flatten)]
    pub counters: Counters,
    /// What became of the money, by system and currency.
    pub tallies: Vec<TallyView>,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was begun.
    pub started_at: Moment,
    /// When its last page was kept.
    pub updated_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// A job that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedView {
    /// The job.
    pub job: JobView,
    /// Whether an earlier one goes on where it stopped, or is under way already.
    pub resumed: bool,
}

/// What became of one system's money in one currency. Amounts are exact, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyView {
    /// The API.
    pub system: String,
    /// ISO 4217.
    pub currency: String,
    /// How many rows.
    pub rows: u64,
    /// Their sum.
    pub total: String,
    /// What of it has its counterpart.
    pub matched: String,
    /// What of it has none. With what is matched it makes up the total, exactly.
    pub left_over: String,
}

/// What one system says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideView {
    /// The API.
    pub system: String,
    /// The object's id there.
    pub id: Option<String>,
    /// The value in question.
    pub value: Option<String>,
    /// The amount in question, exact, as text.
    pub amount: Option<String>,
    /// The amount's currency.
    pub currency: Option<String>,
}

/// A run that found something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightingView {
    /// The job's number.
    pub job: Sequence,
    /// When.
    pub at: Moment,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionView {
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// How a finding could be put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairView {
    /// What would happen.
    pub title: String,
    /// The id of the event that does it.
    pub event: String,
    /// The id of the event that was handed in last, and when.
    pub submitted: Option<(String, Moment)>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// Its number.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// Its id: the same difference is never kept twice.
    pub id: String,
    /// What kind of difference it is.
    pub kind: String,
    /// How bad it is: `info`, `warning`, `critical`.
    pub severity: String,
    /// How sure it is: `confirmed`, `suggested`.
    pub certainty: String,
    /// What it is about; usually an order's id.
    pub subject: String,
    /// What it is, in a line.
    pub message: String,
    /// What one system says.
    pub left: SideView,
    /// What the other says.
    pub right: SideView,
    /// How it could be put right.
    pub repair: Option<RepairView>,
    /// Where it stands.
    pub state: FindingState,
    /// What a person decided.
    pub decision: Option<DecisionView>,
    /// The run that found it first.
    pub first_seen: SightingView,
    /// The run that found it last.
    pub last_seen: SightingView,
    /// When a run did not find it again.
    pub resolved_at: Option<Moment>,
}

/// A page of findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingList {
    /// Newest first.
    pub findings: Vec<FindingView>,
    /// What to ask for as `before` to go on; none at the end.
    pub next: Option<Sequence>,
}

/// An action of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionView {
    /// Its name.
    pub name: String,
    /// What it does, in a line.
    pub title: String,
    /// Whether it changes anything at a vendor: `read`, `write`.
    pub access: String,
    /// JSON Schema of its input.
    pub input_schema: String,
    /// Input that it takes, as JSON.
    pub sample: String,
}

impl From<Action> for ActionView {
    fn from(action: Action) -> ActionView {
        let Action { name, title, access, input_schema, sample, .. } = action;
        let access = match access {
            crate::contract::Access::Read => "read",
            crate::contract::Access::Write => "write",
        };
        ActionView { name, title, access: access.to_owned(), input_schema, sample }
    }
}

impl From<JobStatus> for JobView {
    fn from(status: JobStatus) -> JobView {
        let JobStatus { job, live, waiting } = status;
        let step = usize::try_from(job.step).unwrap_or(usize::MAX);
        let backfill = job.kind == JobKind::Backfill;
        let done = job.state == JobState::Done;
        let trigger = if backfill && !done { job.scope.names.get(step).cloned() } else { None };
        let triggers_done = if backfill { job.step + u32::from(done) } else { 0 };
        JobView {
            number: job.number,
            connection: job.connection,
            kind: job.kind,
            from: Moment::at(job.scope.from),
            to: Moment::at(job.scope.to),
            names: job.scope.names,
            state: job.state,
            live,
            waiting,
            trigger,
            triggers_done,
            counters: job.counters,
            tallies: job.tallies.into_iter().map(TallyView::from).collect(),
            reason: job.reason,
            started_at: Moment::at(job.started_at),
            updated_at: Moment::at(job.updated_at),
            ended_at: job.ended_at.map(Moment::at),
        }
    }
}

impl From<StartedJob> for StartedView {
    fn from(StartedJob { job, resumed }: StartedJob) -> StartedView {
        StartedView { job: JobStatus { job, live: true, waiting: None }.into(), resumed }
    }
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> TallyView {
        let Tally { system, currency, rows, total, matched, left_over } = tally;
        let (total, matched, left_over) =
            (decimal_text(&total), decimal_text(&matched), decimal_text(&left_over));
        TallyView { system, currency, rows, total, matched, left_over }
    }
}

impl From<Side> for SideView {
    fn from(Side { system, id, value, amount }: Side) -> SideView {
        let (amount, currency) = match amount {
            Some(Money { amount, currency }) => (Some(decimal_text(&amount)), Some(currency)),
            None => (None, None),
        };
        SideView { system, id, value, amount, currency }
    }
}

impl From<FindingRecord> for FindingView {
    fn from(record: FindingRecord) -> FindingView {
        let FindingRecord { finding, repaired, .. } = record;
        let submitted = repaired.map(|(event, at)| (event, Moment::at(at)));
        let repair = |Repair { title, event }| RepairView { title, event: event.id, submitted };
        let severity = match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        };
        let certainty = match finding.certainty {
            Certainty::Confirmed => "confirmed",
            Certainty::Suggested => "suggested",
        };
        let decision = record.decided.map(|it| DecisionView {
            decision: it.decision,
            reason: it.reason,
            at: Moment::at(it.at),
        });
        let sighting =
            |seen: crate::storage::Sighting| SightingView { job: seen.job, at: Moment::at(seen.at) };
        FindingView {
            number: record.number,
            connection: record.connection,
            id: finding.id,
            kind: finding.kind,
            severity: severity.to_owned(),
            certainty: certainty.to_owned(),
            subject: finding.subject,
            message: finding.message,
            left: finding.left.into(),
            right: finding.right.into(),
            repair: finding.repair.map(repair),
            state: record.state,
            decision,
            first_seen: sighting(record.first_seen),
            last_seen: sighting(record.last_seen),
            resolved_at: record.resolved_at.map(Moment::at),
        }
    }
}

impl FindingList {
    /// A page of findings in `storage`.
    pub async fn read(storage: &dyn Storage, filter: FindingFilter) -> Result<FindingList, StorageError> {
        let limit = filter.limit;
        let records = storage.findings(filter).await?;
        let findings: Vec<FindingView> = records.into_iter().map(FindingView::from).collect();
        let next = next(findings.len(), limit, findings.last().map(|finding| finding.number));
        Ok(FindingList { findings, next })
    }
}
