//! Jobs: pages, resuming, failures, findings.

use std::time::Duration;

use super::super::{HostLimits, JobRequest, JobStatus, RequestError};
use super::fake::{Fake, Setup, event, start, start_with};
use super::vendor::Vendor;
use crate::contract::{
    Certainty, Decimal, Event, EventPage, Failure, Finding, FindingPage, Money, Repair, Retry, Severity,
    Side, Tally,
};
use crate::egress::Portion;
use crate::engine::CallError;
use crate::storage::{Decision, EventFilter, FindingFilter, FindingState, JobKind, JobState, Repairs, State};

fn request(kind: JobKind) -> JobRequest {
    JobRequest { kind, from: 1_000, to: 2_000, names: Vec::new(), share: Portion::QUARTER, restart: false }
}

fn events(events: Vec<Event>, cursor: &str, more: bool) -> Result<EventPage, Failure> {
    Ok(EventPage { events, cursor: Some(cursor.to_owned()), more })
}

fn side(id: Option<&str>) -> Side {
    let amount = Money { amount: Decimal { units: 1500, exponent: 2 }, currency: "USD".to_owned() };
    Side { system: "ghl".to_owned(), id: id.map(str::to_owned), value: None, amount: Some(amount) }
}

fn finding(id: &str, certainty: Certainty) -> Finding {
    Finding {
        id: id.to_owned(),
        kind: "order-without-delivery".to_owned(),
        severity: Severity::Warning,
        certainty,
        subject: "order-1".to_owned(),
        message: "there is no delivery".to_owned(),
        left: side(Some(id)),
        right: side(None),
        repair: Some(Repair {
            title: "create it".to_owned(),
            event: event(&format!("repair-{id}"), "order-1"),
        }),
    }
}

fn found(findings: Vec<Finding>, cursor: Option<&str>) -> FindingPage {
    FindingPage { findings, checked: 100, tallies: Vec::new(), cursor: cursor.map(str::to_owned) }
}

impl Setup {
    async fn ran(&self, request: JobRequest) -> JobStatus {
        let started = self.host.start_job("shop", request).await.unwrap();
        self.host.job_left(started.job.number).await.unwrap()
    }

    /// Runs a reconciliation that finds these.
    async fn reconciled(&self, findings: Vec<Finding>) -> JobStatus {
        self.fake.found.lock().unwrap().push_back(Ok(Ok(found(findings, None))));
        let status = self.ran(request(JobKind::Reconcile)).await;
        assert_eq!(status.job.state, JobState::Done, "{status:?}");
        status
    }

    async fn standing(&self, id: &str) -> FindingState {
        self.host.finding("shop", id).await.unwrap().unwrap().state
    }

    async fn entry(&self, key: &str) -> String {
        let value = self.storage.entry("shop", key).await.unwrap().value;
        String::from_utf8(value.unwrap_or_default()).unwrap()
    }

    async fn count(&self) -> usize {
        self.host.events(EventFilter::default()).await.unwrap().len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_backfill_takes_in_page_after_page() {
    let setup = start().await;
    setup.settle().await;
    setup.fake.cursors.lock().unwrap().clear();
    setup.fake.pages.lock().unwrap().extend([
        events(vec![event("a", "order-1"), event("b", "order-2")], "1", true),
        events(vec![event("b", "order-2"), event("c", "order-1")], "2", false),
    ]);
    let status = setup.ran(request(JobKind::Backfill)).await;
    let counters = status.job.counters;
    assert_eq!(status.job.state, JobState::Done);
    assert_eq!((counters.pages, counters.events, counters.new_events), (2, 4, 3));
    assert_eq!((status.live, status.job.scope.names), (false, vec!["transactions".to_owned()]));
    assert_eq!(*setup.fake.cursors.lock().unwrap(), [None, Some("1".to_owned())]);
    assert_eq!(setup.fake.scopes.lock().unwrap()[0], ("transactions".to_owned(), 1_000, 2_000));
    setup.settle().await;
    assert_eq!(setup.record("c").await.origin, format!("job {}", status.job.number));
    assert_eq!(setup.state("c").await, State::Done);
    // The poll's cursor is another's.
    assert_eq!(setup.storage.cursor("shop", "transactions").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_after_its_last_page_when_the_process_dies() {
    let setup = start().await;
    setup.settle().await;
    setup.fake.pages.lock().unwrap().extend([
        events(vec![event("a", "order-1")], "1", true),
        events(vec![event("b", "order-1")], "2", false),
    ]);
    *setup.fake.page_time.lock().unwrap() = Duration::from_secs(60);
    let number = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap().job.number;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let Setup { host, storage, directory, .. } = setup;
    // Half of the second page is lost with the process.
    host.shutdown().await;
    drop((host, storage));
    let setup = start_with(Fake::default(), HostLimits::default(), directory).await;
    let status = setup.host.job(number).await.unwrap().unwrap();
    assert_eq!((status.job.state, status.live, status.job.counters.pages), (JobState::Running, false, 1));
    setup.settle().await;
    setup.fake.cursors.lock().unwrap().clear();
    setup.fake.pages.lock().unwrap().extend([events(vec![event("b", "order-1")], "2", false)]);
    let started = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap();
    assert_eq!((started.resumed, started.job.number), (true, number));
    let status = setup.host.job_left(number).await.unwrap();
    assert_eq!((status.job.state, status.job.counters.new_events), (JobState::Done, 2));
    assert_eq!(*setup.fake.cursors.lock().unwrap(), [Some("1".to_owned())]);
    assert_eq!(setup.entry("pages").await, "xx", "the connector's own entries went with the pages");
    // A job that is done begins anew.
    let again = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap();
    assert!(!again.resumed && again.job.number > number);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_goes_on_or_begins_anew_as_it_is_asked() {
    let setup = start().await;
    setup.settle().await;
    *setup.fake.page_time.lock().unwrap() = Duration::from_secs(60);
    let endless = (0..100).map(|page| events(Vec::new(), &page.to_string(), true));
    setup.fake.pages.lock().unwrap().extend(endless);
    let number = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap().job.number;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let twice = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap();
    assert_eq!((twice.resumed, twice.job.number), (true, number), "one under way is not begun twice");
    let status = setup.host.cancel_job(number).await.unwrap();
    assert_eq!((status.job.state, status.live, status.job.counters.pages), (JobState::Cancelled, false, 1));
    let resumed = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap();
    assert_eq!((resumed.resumed, resumed.job.number, resumed.job.state), (true, number, JobState::Running));
    let restart = JobRequest { restart: true, ..request(JobKind::Backfill) };
    let anew = setup.host.start_job("shop", restart).await.unwrap();
    assert!(!anew.resumed && anew.job.number > number && anew.job.cursor.is_none());
    // The one before is left.
    let before = setup.host.job_left(number).await.unwrap();
    assert_eq!((before.job.state, before.job.counters.pages), (JobState::Cancelled, 1));
    setup.host.cancel_job(anew.job.number).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_busy_vendor_is_waited_for_and_a_refusal_is_not() {
    let setup = start().await;
    setup.settle().await;
    let busy = || Failure::Retry(Retry { reason: "busy".to_owned(), after_ms: Some(5_000) });
    setup.fake.found.lock().unwrap().extend([
        Ok(Err(busy())),
        Ok(Err(busy())),
        Ok(Ok(found(Vec::new(), Some("1")))),
        Err(CallError::Trap { call: "reconcile", reason: "unreachable".to_owned() }),
        Ok(Ok(found(Vec::new(), None))),
    ]);
    let begun = tokio::time::Instant::now();
    let status = setup.ran(request(JobKind::Reconcile)).await;
    assert_eq!((status.job.state, status.job.counters.pages), (JobState::Done, 2));
    assert!(begun.elapsed() >= Duration::from_secs(10), "{:?}", begun.elapsed());

    for (failure, reason) in [
        (Failure::Rejected("unknown kind".to_owned()), "unknown kind"),
        (Failure::NeedsAttention("bad key".to_owned()), "bad key; a person has to act first"),
    ] {
        setup.fake.found.lock().unwrap().push_back(Ok(Err(failure)));
        let status = setup.ran(JobRequest { to: 3_000, ..request(JobKind::Reconcile) }).await;
        assert_eq!((status.job.state, status.job.reason.as_deref()), (JobState::Failed, Some(reason)));
    }
    assert!(!setup.host.is_paused("shop").unwrap(), "a job's trouble is not the connection's");
    // Put right, the same request goes on.
    let resumed = setup.host.start_job("shop", JobRequest { to: 3_000, ..request(JobKind::Reconcile) }).await;
    assert!(resumed.unwrap().resumed);
}

#[tokio::test(start_paused = true)]
async fn pages_that_break_the_contract_fail_the_job() {
    let setup = start().await;
    setup.settle().await;
    let twice = vec![finding("f", Certainty::Confirmed), finding("f", Certainty::Confirmed)];
    let mut stranger = finding("f", Certainty::Confirmed);
    stranger.right.system = "elsewhere".to_owned();
    let sums = Tally {
        system: "ghl".to_owned(),
        currency: "USD".to_owned(),
        rows: 2,
        total: Decimal { units: 300, exponent: 2 },
        matched: Decimal { units: 2, exponent: 0 },
        left_over: Decimal { units: 99, exponent: 2 },
    };
    for (page, part) in [
        (found(twice, None), "two findings have the id \"f\""),
        (found(vec![stranger], None), "\"elsewhere\", which is no API"),
        (found(vec![finding("", Certainty::Confirmed)], None), "the id of finding \"\" has 0 bytes"),
        (
            FindingPage { tallies: vec![sums], ..found(Vec::new(), None) },
            "total is 3.00, but 2 is matched and 0.99",
        ),
    ] {
        setup.fake.found.lock().unwrap().push_back(Ok(Ok(page)));
        let status = setup.ran(JobRequest { restart: true, ..request(JobKind::Reconcile) }).await;
        let reason = status.job.reason.unwrap();
        assert_eq!(status.job.state, JobState::Failed);
        assert!(reason.contains(part), "{reason}");
    }
    let stuck = [found(Vec::new(), Some("1")), found(Vec::new(), Some("1"))];
    setup.fake.found.lock().unwrap().extend(stuck.map(|page| Ok(Ok(page))));
    let status = setup.ran(JobRequest { restart: true, ..request(JobKind::Reconcile) }).await;
    assert!(status.job.reason.unwrap().contains("would never come to an end"));
    assert_eq!(setup.host.findings(FindingFilter::default()).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_entry_was_changed_meanwhile_is_fetched_again() {
    let setup = start().await;
    setup.settle().await;
    *setup.fake.rival.lock().unwrap() = Some(setup.storage.clone());
    let page = || Ok(Ok(found(vec![finding("f", Certainty::Confirmed)], None)));
    setup.fake.found.lock().unwrap().extend([page(), page()]);
    let status = setup.ran(request(JobKind::Reconcile)).await;
    let counters = status.job.counters;
    assert_eq!((counters.pages, counters.findings, counters.new_findings), (1, 1, 1));
    assert_eq!(setup.entry("pages").await, "xx", "the rival's x and the page's");
}

#[tokio::test(start_paused = true)]
async fn a_decision_lasts_and_is_told_to_the_connector() {
    let setup = start().await;
    setup.settle().await;
    setup.reconciled(vec![finding("f", Certainty::Suggested), finding("g", Certainty::Suggested)]).await;
    let decided = setup.host.decide("shop", "f", Decision::Ignore, "a test order").await.unwrap();
    assert_eq!(decided.state, FindingState::Ignored);
    assert_eq!(setup.entry("decision/f").await, r#"{"decision":"ignore","reason":"a test order"}"#);
    let later = setup.reconciled(vec![finding("f", Certainty::Confirmed)]).await;
    let kept = setup.host.finding("shop", "f").await.unwrap().unwrap();
    assert_eq!((kept.state, kept.last_seen.job), (FindingState::Ignored, later.job.number));
    assert_eq!(kept.decided.unwrap().reason, "a test order");
    assert!(kept.first_seen.job < kept.last_seen.job);
    assert_eq!(setup.standing("g").await, FindingState::Resolved);
    assert_eq!(later.job.counters.resolved, 1);
    let open = FindingFilter { state: Some(FindingState::Open), ..FindingFilter::default() };
    assert_eq!(setup.host.findings(open).await.unwrap(), []);
    let changed = setup.host.decide("shop", "f", Decision::Split, "two orders").await.unwrap();
    assert_eq!(changed.state, FindingState::Open);
    let error = setup.host.decide("shop", "x", Decision::Accept, "").await.unwrap_err();
    assert!(error.to_string().contains("there is no finding \"x\" of shop"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn repairs_are_handed_in_once() {
    let setup = start().await;
    setup.settle().await;
    let both = || vec![finding("sure", Certainty::Confirmed), finding("unsure", Certainty::Suggested)];
    let job = setup.reconciled(both()).await.job.number;
    assert_eq!(setup.host.repair("shop", Some(job + 1)).await.unwrap(), Repairs::default());
    let repairs = setup.host.repair("shop", Some(job)).await.unwrap();
    assert_eq!(repairs, Repairs { submitted: 1, known: 0 });
    assert_eq!(setup.host.repair("shop", Some(job)).await.unwrap(), Repairs::default());
    assert_eq!(setup.standing("sure").await, FindingState::Repairing);
    setup.settle().await;
    assert_eq!(setup.state("repair-sure").await, State::Done);
    setup.host.decide("shop", "unsure", Decision::Accept, "it is theirs").await.unwrap();
    assert_eq!(setup.host.repair("shop", None).await.unwrap(), Repairs { submitted: 1, known: 0 });
    // The next run still finds one of them: it stands again, and the same repair is not handed in again.
    setup.settle().await;
    setup.reconciled(vec![finding("sure", Certainty::Confirmed)]).await;
    assert_eq!(setup.standing("sure").await, FindingState::Open);
    assert_eq!(setup.standing("unsure").await, FindingState::Resolved);
    assert_eq!(setup.host.repair("shop", None).await.unwrap(), Repairs::default());
    assert_eq!(setup.count().await, 2);
    setup.host.decide("shop", "sure", Decision::Split, "no").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn jobs_read_only_and_keep_to_their_share() {
    let setup = start().await;
    setup.settle().await;
    *setup.fake.page_request.lock().unwrap() = Some("POST /verify/orders");
    assert_eq!(setup.ran(request(JobKind::Backfill)).await.job.state, JobState::Done);
    assert!(setup.entry("said").await.contains("only read"), "{}", setup.entry("said").await);
    assert_eq!(setup.vendor.done(), Vec::<String>::new());
    *setup.fake.page_request.lock().unwrap() = Some("GET /orders");
    let share = Portion::from_percent(7).unwrap();
    setup.ran(JobRequest { share, ..request(JobKind::Reconcile) }).await;
    let Vendor { shares, reads, .. } = &*setup.vendor;
    assert_eq!((shares.lock().unwrap().as_slice(), *reads.lock().unwrap()), (&[25, 7][..], 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_for_its_turn_with_the_rate_budget_without_giving_up() {
    let setup = start().await;
    setup.settle().await;
    *setup.fake.page_request.lock().unwrap() = Some("POST /verify/orders");
    setup.vendor.fates(&[super::vendor::Fate::Busy; 30]);
    let busy = || Ok(Err(Failure::Retry(Retry { reason: "429".to_owned(), after_ms: None })));
    setup.fake.found.lock().unwrap().extend((0..30).map(|_| busy()));
    let begun = tokio::time::Instant::now();
    let status = setup.ran(request(JobKind::Reconcile)).await;
    assert_eq!(status.job.state, JobState::Done);
    // Each answer said to come back in seven seconds.
    assert_eq!(begun.elapsed().as_secs(), 210);
}

#[tokio::test(start_paused = true)]
async fn a_backfill_does_not_outrun_the_queue() {
    let limits = HostLimits { events_waiting: 2, workers_per_connection: 1, ..HostLimits::default() };
    let setup = start_with(Fake::default(), limits, tempfile::TempDir::new().unwrap()).await;
    setup.settle().await;
    for id in ["a", "b", "c"] {
        setup.fake.script(id, &[super::fake::Reply::Slow(Duration::from_secs(1_000))]);
    }
    setup.fake.pages.lock().unwrap().extend([
        events(["a", "b", "c"].map(|id| event(id, id)).to_vec(), "1", true),
        events(vec![event("d", "d")], "2", false),
    ]);
    let number = setup.host.start_job("shop", request(JobKind::Backfill)).await.unwrap().job.number;
    tokio::time::sleep(Duration::from_secs(500)).await;
    let status = setup.host.job(number).await.unwrap().unwrap();
    assert_eq!(status.job.counters.pages, 1);
    assert!(status.waiting.unwrap().contains("as many as may wait"));
    assert_eq!(setup.host.job_left(number).await.unwrap().job.state, JobState::Done);
    setup.settle().await;
    assert_eq!(setup.count().await, 4);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_is_said() {
    let setup = start().await;
    setup.settle().await;
    let wrong = |request, part: &'static str| {
        let host = setup.host.clone();
        async move {
            let error = host.start_job("shop", request).await.unwrap_err();
            assert!(matches!(error, RequestError::Job(_)) && error.to_string().contains(part), "{error}");
        }
    };
    wrong(JobRequest { to: 1_000, ..request(JobKind::Reconcile) }, "ends before it starts").await;
    let names = vec!["orders".to_owned()];
    wrong(JobRequest { names, ..request(JobKind::Backfill) }, "it tells that of: transactions").await;
    let names = (0..101).map(|name| name.to_string()).collect();
    wrong(JobRequest { names, ..request(JobKind::Reconcile) }, "more than 100").await;
    *setup.fake.page_time.lock().unwrap() = Duration::from_secs(60);
    for to in 0..8 {
        let request = JobRequest { to: 2_000 + to, ..request(JobKind::Reconcile) };
        setup.host.start_job("shop", request).await.unwrap();
    }
    wrong(JobRequest { to: 9_000, ..request(JobKind::Reconcile) }, "8 jobs are under way").await;
    let jobs = setup.host.jobs(crate::storage::JobFilter::default()).await.unwrap();
    assert_eq!(jobs.iter().filter(|status| status.live).count(), 8);
}
