//! Jobs and findings: pages are kept whole and once, decisions last.

use super::super::*;
use super::{Bed, Notes, event, only_event, put};
use crate::contract::{Certainty, Decimal, Finding, Money, Repair, Severity, Side, Tally};

pub(crate) fn new_job(kind: JobKind) -> NewJob {
    let names = if kind == JobKind::Backfill { vec!["orders".to_owned()] } else { Vec::new() };
    let scope = JobScope { from: 1_000, to: 2_000, names };
    NewJob { connection: "shop".to_owned(), kind, scope, restart: false, at: 5_000 }
}

/// A page of `job` that brings nothing and goes on.
pub(crate) fn page(job: &JobRecord) -> JobPage {
    JobPage {
        job: job.number,
        connection: job.connection.clone(),
        pages_before: job.counters.pages,
        checked: 10,
        events: Vec::new(),
        findings: Vec::new(),
        tallies: Vec::new(),
        writes: Vec::new(),
        next: Next::Page { step: 0, cursor: Some("next".to_owned()) },
        at: 6_000,
    }
}

pub(crate) fn finding(id: &str) -> Finding {
    let amount = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
    let side = |system: &str, amount| Side {
        system: system.to_owned(),
        id: Some(id.to_owned()),
        value: None,
        amount,
    };
    Finding {
        id: id.to_owned(),
        kind: "amount".to_owned(),
        severity: Severity::Critical,
        certainty: Certainty::Confirmed,
        subject: "order-1".to_owned(),
        message: "one cent too little".to_owned(),
        left: side("ghl", Some(amount)),
        right: side("track-pod", None),
        repair: Some(Repair {
            title: "write it".to_owned(),
            event: event(&format!("repair-{id}"), "order-1"),
        }),
    }
}

/// Runs a reconciliation of this scope that finds these on its only page.
async fn reconcile(storage: &dyn Storage, scope: (u64, u64, &[&str]), findings: &[&str]) -> JobRecord {
    let (from, to, kinds) = scope;
    let names = kinds.iter().map(|&kind| kind.to_owned()).collect();
    let new = NewJob { scope: JobScope { from, to, names }, ..new_job(JobKind::Reconcile) };
    let job = storage.begin_job(new).await.unwrap().job;
    let findings = findings.iter().map(|id| finding(id)).collect();
    storage.advance_job(JobPage { findings, next: Next::End, ..page(&job) }, Arc::new(())).await.unwrap()
}

async fn state(storage: &dyn Storage, id: &str) -> FindingState {
    storage.finding("shop", id).await.unwrap().unwrap().state
}

fn decision(id: &str, decision: Decision) -> NewDecision {
    let decided = Decided { decision, reason: "seen".to_owned(), at: 7_000 };
    NewDecision { connection: "shop".to_owned(), finding: id.to_owned(), decided }
}

pub async fn a_job_goes_on_where_it_stopped(bed: &mut impl Bed) {
    let storage = bed.storage();
    let begun = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap();
    assert_eq!((begun.resumed, begun.job.state, begun.job.cursor.clone()), (false, JobState::Running, None));
    let tally = Tally {
        system: "ghl".to_owned(),
        currency: "JPY".to_owned(),
        rows: 3,
        total: Decimal { units: 300, exponent: 0 },
        matched: Decimal { units: 200, exponent: 0 },
        left_over: Decimal { units: 100, exponent: 0 },
    };
    let events = vec![event("a", "order-1"), event("b", "order-2")];
    let next = Next::Page { step: 0, cursor: Some("1".to_owned()) };
    let first = JobPage { events, next, tallies: vec![tally.clone()], ..page(&begun.job) };
    let advanced = storage.advance_job(first.clone(), Arc::new(())).await.unwrap();
    let ended = Err(StorageError::Ended(format!("job {}", advanced.number)));
    assert_eq!(storage.advance_job(first, Arc::new(())).await, ended, "no page is kept twice");
    drop(storage);
    bed.reopen().await;
    let storage = bed.storage();
    assert_eq!(storage.job(advanced.number).await, Ok(Some(advanced.clone())));
    let resumed = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap();
    assert_eq!((resumed.resumed, resumed.job.number), (true, advanced.number));
    assert_eq!((resumed.job.cursor.as_deref(), &resumed.job.tallies), (Some("1"), &vec![tally]));
    let counters = resumed.job.counters;
    assert_eq!((counters.pages, counters.checked, counters.events, counters.new_events), (1, 10, 2, 2));
    let events = vec![event("b", "order-2"), event("c", "order-2")];
    let last = JobPage { events, next: Next::End, ..page(&resumed.job) };
    let done = storage.advance_job(last, Arc::new(())).await.unwrap();
    assert_eq!((done.state, done.cursor, done.ended_at), (JobState::Done, None, Some(6_000)));
    assert_eq!((done.counters.events, done.counters.new_events), (4, 3));
    let next = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap();
    assert!(!next.resumed && next.job.number > done.number, "what is done begins anew");
}

pub async fn only_the_same_scope_goes_on(bed: &mut impl Bed) {
    let storage = bed.storage();
    let first = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap().job;
    let mut others = [0, 1, 2, 3].map(|_| new_job(JobKind::Backfill));
    others[0].connection = "other".to_owned();
    others[1].scope.to = 2_001;
    others[2].scope.names.push("notes".to_owned());
    others[3].kind = JobKind::Reconcile;
    for other in others {
        assert!(!storage.begin_job(other).await.unwrap().resumed);
    }
    let restart = NewJob { restart: true, ..new_job(JobKind::Backfill) };
    let anew = storage.begin_job(restart).await.unwrap();
    assert!(!anew.resumed);
    assert_eq!(storage.job(first.number).await.unwrap().unwrap().state, JobState::Cancelled);
    let ended = Err(StorageError::Ended(format!("job {}", first.number)));
    assert_eq!(storage.advance_job(page(&first), Arc::new(())).await, ended);
    let backfills = JobFilter { kind: Some(JobKind::Backfill), limit: 2, ..JobFilter::default() };
    let listed: Vec<_> = storage.jobs(backfills).await.unwrap().iter().map(|job| job.number).collect();
    assert_eq!(listed, [anew.job.number, first.number + 3]);
}

pub async fn a_job_that_ended_early_can_go_on(bed: &mut impl Bed) {
    let storage = bed.storage();
    let job = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap().job;
    storage.end_job(job.number, Some("no such kind".to_owned()), Vec::new(), 6_001).await.unwrap();
    let failed = storage.job(job.number).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.reason.as_deref()), (JobState::Failed, Some("no such kind")));
    let ended = || Err(StorageError::Ended(format!("job {}", job.number)));
    assert_eq!(storage.end_job(job.number, None, Vec::new(), 6_002).await, ended());
    let resumed = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap();
    assert_eq!((resumed.resumed, resumed.job.reason, resumed.job.ended_at), (true, None, None));
    storage.end_job(job.number, None, Vec::new(), 6_003).await.unwrap();
    let cancelled = storage.job(job.number).await.unwrap().unwrap();
    assert_eq!((cancelled.state, cancelled.reason), (JobState::Cancelled, None));
    assert_eq!(storage.job(9_999).await, Ok(None));
}

pub async fn a_pages_events_are_handed_out(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = std::sync::Arc::new(Notes::default());
    storage.attach(std::sync::Arc::clone(&notes) as _).await.unwrap();
    let job = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap().job;
    let events = vec![event("a", "order-1")];
    storage.advance_job(JobPage { events, ..page(&job) }, Arc::new(())).await.unwrap();
    let kept = only_event(&*storage).await;
    assert_eq!(notes.ids(), [WorkId::Event(kept.sequence)]);
    assert_eq!(kept.origin, format!("job {}", job.number));
}

pub async fn a_page_with_a_stale_entry_leaves_nothing(bed: &mut impl Bed) {
    let storage = bed.storage();
    let job = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap().job;
    let writes = vec![put("fresh", b"1", 1), EntryWrite { expected: Some(3), ..put("stale", b"1", 4) }];
    let (findings, events) = (vec![finding("f")], vec![event("a", "order-1")]);
    let stale = JobPage { writes, findings, events, ..page(&job) };
    let conflict = Err(StorageError::Conflict { key: "stale".to_owned() });
    assert_eq!(storage.advance_job(stale, Arc::new(())).await, conflict);
    assert_eq!(storage.job(job.number).await, Ok(Some(job)));
    assert_eq!(storage.entry("shop", "fresh").await, Ok(StoredEntry::default()));
    assert_eq!(storage.finding("shop", "f").await, Ok(None));
    assert_eq!(storage.events(EventFilter::default()).await, Ok(Vec::new()));
}

pub async fn a_finding_reads_back(bed: &mut impl Bed) {
    let storage = bed.storage();
    let job = reconcile(&*storage, (1_000, 2_000, &[]), &["f", "g"]).await;
    assert_eq!((job.counters.findings, job.counters.new_findings), (2, 2));
    drop(storage);
    bed.reopen().await;
    let storage = bed.storage();
    let found = storage.finding("shop", "f").await.unwrap().unwrap();
    let seen = Sighting { job: job.number, at: 6_000 };
    let expected = FindingRecord {
        number: found.number,
        connection: "shop".to_owned(),
        finding: finding("f"),
        first_seen: seen,
        last_seen: seen,
        state: FindingState::Open,
        decided: None,
        repaired: None,
        resolved_at: None,
    };
    assert_eq!(found, expected);
    let listed = |filter| async {
        let found = storage.findings(filter).await.unwrap();
        found.into_iter().map(|it| it.finding.id).collect::<Vec<_>>()
    };
    let filter = FindingFilter { connection: Some("shop".to_owned()), ..FindingFilter::default() };
    assert_eq!(listed(filter.clone()).await, ["g", "f"]);
    assert_eq!(listed(FindingFilter { limit: 1, ..filter.clone() }).await, ["g"]);
    assert_eq!(listed(FindingFilter { before: Some(found.number + 1), ..filter.clone() }).await, ["f"]);
    assert_eq!(listed(FindingFilter { job: Some(job.number + 1), ..filter.clone() }).await, [""; 0]);
    let resolved = Some(FindingState::Resolved);
    assert_eq!(listed(FindingFilter { state: resolved, ..filter.clone() }).await, [""; 0]);
    let other = Some("other".to_owned());
    assert_eq!(listed(FindingFilter { connection: other, ..filter }).await, [""; 0]);
}

pub async fn only_a_run_that_covers_a_finding_resolves_it(bed: &mut impl Bed) {
    let storage = bed.storage();
    reconcile(&*storage, (1_000, 2_000, &[]), &["f"]).await;
    for elsewhere in [(1_001, 2_000, &[][..]), (1_000, 1_999, &[]), (0, 9_000, &["missing"])] {
        assert_eq!(reconcile(&*storage, elsewhere, &[]).await.counters.resolved, 0);
        assert_eq!(state(&*storage, "f").await, FindingState::Open);
    }
    // Found in a part of its scope, it lies there.
    reconcile(&*storage, (1_500, 3_000, &[]), &["f"]).await;
    assert_eq!(reconcile(&*storage, (1_500, 2_000, &["amount"]), &[]).await.counters.resolved, 1);
    let resolved = storage.finding("shop", "f").await.unwrap().unwrap();
    assert_eq!((resolved.state, resolved.resolved_at), (FindingState::Resolved, Some(6_000)));
    // Found once more, it stands again, and is no new one.
    let again = reconcile(&*storage, (1_000, 2_000, &[]), &["f"]).await;
    assert_eq!(again.counters.new_findings, 0);
    assert_eq!(state(&*storage, "f").await, FindingState::Open);
    assert_eq!(reconcile(&*storage, (1_500, 2_000, &[]), &[]).await.counters.resolved, 0);
    // A run that is not complete resolves nothing.
    let job = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap().job;
    storage.advance_job(page(&job), Arc::new(())).await.unwrap();
    assert_eq!(state(&*storage, "f").await, FindingState::Open);
}

pub async fn a_decision_stays_whatever_is_found(bed: &mut impl Bed) {
    let storage = bed.storage();
    reconcile(&*storage, (1_000, 2_000, &[]), &["f"]).await;
    let missing = StorageError::NotFound("finding \"x\" of shop".to_owned());
    assert_eq!(storage.decide(decision("x", Decision::Ignore)).await, Err(missing));
    let decided = storage.decide(decision("f", Decision::Ignore)).await.unwrap();
    assert_eq!(decided.state, FindingState::Ignored);
    let entry = storage.entry("shop", "decision/f").await.unwrap();
    assert_eq!(entry.value.as_deref(), Some(&br#"{"decision":"ignore","reason":"seen"}"#[..]));
    drop(storage);
    bed.reopen().await;
    let storage = bed.storage();
    reconcile(&*storage, (1_000, 2_000, &[]), &["f"]).await;
    let kept = storage.finding("shop", "f").await.unwrap().unwrap();
    assert_eq!((kept.state, kept.decided), (FindingState::Ignored, decided.decided));
    assert_eq!(reconcile(&*storage, (1_000, 2_000, &[]), &[]).await.counters.resolved, 1);
    reconcile(&*storage, (1_000, 2_000, &[]), &["f"]).await;
    assert_eq!(state(&*storage, "f").await, FindingState::Ignored);
    let changed = storage.decide(decision("f", Decision::Accept)).await.unwrap();
    assert_eq!(changed.state, FindingState::Open);
    assert_eq!(storage.entry("shop", "decision/f").await.unwrap().version, 2);
}

pub async fn a_repair_is_handed_in_once(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = std::sync::Arc::new(Notes::default());
    storage.attach(std::sync::Arc::clone(&notes) as _).await.unwrap();
    let job = reconcile(&*storage, (1_000, 2_000, &[]), &["f", "g", "h"]).await.number;
    storage.decide(decision("g", Decision::Split)).await.unwrap();
    let one = Repairs { submitted: 1, known: 0 };
    assert_eq!(storage.repair("shop", Some(job), 1, 8_000).await, Ok(one));
    assert_eq!(storage.repair("other", None, 9, 8_000).await, Ok(Repairs::default()));
    assert_eq!(storage.repair("shop", Some(job), 9, 8_001).await, Ok(one));
    assert_eq!(storage.repair("shop", None, 9, 8_002).await, Ok(Repairs::default()));
    assert_eq!(notes.ids().len(), 2);
    let repaired = storage.finding("shop", "f").await.unwrap().unwrap();
    assert_eq!(repaired.state, FindingState::Repairing);
    assert_eq!(repaired.repaired, Some(("repair-f".to_owned(), 8_000)));
    // Found again while its event is open, it is under repair; afterwards it stands again.
    reconcile(&*storage, (1_000, 2_000, &[]), &["f", "g", "h"]).await;
    assert_eq!(state(&*storage, "f").await, FindingState::Repairing);
    storage.discard(notes.ids()[0], "no".to_owned(), 8_003).await.unwrap();
    reconcile(&*storage, (1_000, 2_000, &[]), &["f", "g", "h"]).await;
    assert_eq!(state(&*storage, "f").await, FindingState::Open);
    assert_eq!(storage.repair("shop", None, 9, 8_004).await, Ok(Repairs::default()));
}

pub async fn settled_findings_and_old_jobs_are_forgotten(bed: &mut impl Bed) {
    let storage = bed.storage();
    reconcile(&*storage, (1_000, 2_000, &[]), &["settled", "decided"]).await;
    storage.decide(decision("decided", Decision::Split)).await.unwrap();
    reconcile(&*storage, (1_000, 2_000, &[]), &["open"]).await;
    let running = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap().job.number;
    assert_eq!(storage.purge(6_000, 100).await, Ok(0), "they ended at 6,000");
    assert_eq!(storage.purge(6_001, 100).await, Ok(3));
    assert_eq!(storage.finding("shop", "settled").await, Ok(None));
    assert_eq!(state(&*storage, "decided").await, FindingState::Resolved);
    assert_eq!(state(&*storage, "open").await, FindingState::Open);
    let left: Vec<_> =
        storage.jobs(JobFilter::default()).await.unwrap().iter().map(|job| job.number).collect();
    assert_eq!(left, [running]);
}
