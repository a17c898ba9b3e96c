//! Notices: kept with what they tell, and sent to each receiver once and in order.

use super::*;
use crate::contract::Finding;

const AT: u64 = 1_700_000_000_002;

/// A notice for the receivers `ops` and `board`.
fn notice(topic: &str, subject: &str) -> NewNotice {
    NewNotice {
        topic: topic.to_owned(),
        kind: (topic == "alert").then(|| "goods-refused".to_owned()),
        severity: if topic == "alert" { Severity::Warning } else { Severity::Info },
        connection: "shop".to_owned(),
        subject: Some(subject.to_owned()),
        data: format!(r#"{{"subject":"{subject}","amount":"150.10"}}"#),
        receivers: vec!["ops".to_owned(), "board".to_owned()],
    }
}

async fn journal(storage: &dyn Storage) -> Vec<NoticeRecord> {
    storage.notices_after(0, 0).await.unwrap()
}

/// The subjects that may be sent to `ops` now.
async fn due(storage: &dyn Storage, now: Instant) -> Vec<String> {
    let due = storage.due_postings("ops", now, 100).await.unwrap();
    due.postings.into_iter().filter_map(|posting| posting.notice.subject).collect()
}

async fn first(storage: &dyn Storage) -> PostingRecord {
    storage.due_postings("ops", AT, 1).await.unwrap().postings.remove(0)
}

fn outcome(number: Sequence, state: PostingState) -> PostingOutcome {
    let waits = state == PostingState::Waiting;
    PostingOutcome {
        number,
        state,
        attempts: 1,
        not_before: waits.then_some(AT + 5_000),
        status: Some(if state == PostingState::Delivered { 204 } else { 503 }),
        reason: (state != PostingState::Delivered).then(|| "it answered 503".to_owned()),
        at: AT + 1,
    }
}

pub async fn notices_are_kept_with_what_they_tell(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    storage.take_in(submission(&["a", "b"])).await.unwrap();
    let kept = sequences(&*storage).await;
    let told = vec![notice("transaction.handled", "order-1"), notice("alert", "order-1")];
    let end = Finish { notices: told.clone(), ..finish(kept[0].0, skipped(), Vec::new()) };
    storage.finish(end.clone()).await.unwrap();
    assert!(storage.finish(end).await.is_err(), "an event that ends twice tells once");
    let dead = vec![notice("event.dead", "order-1")];
    let setback = Setback { notices: dead, ..setback(WorkId::Event(kept[1].0), State::Dead) };
    storage.set_back(setback).await.unwrap();
    storage.notify(vec![notice("connection.paused", "")], AT).await.unwrap();
    let activation = Activation {
        connection: "shop".to_owned(),
        module: "sha256:01".to_owned(),
        configured: "sha256:00".to_owned(),
        by: "command".to_owned(),
        reason: String::new(),
        at: AT,
    };
    storage.activate(activation, vec![notice("connector.swapped", "")]).await.unwrap();
    let journal = journal(&*storage).await;
    let topics: Vec<&str> = journal.iter().map(|notice| notice.topic.as_str()).collect();
    assert_eq!(
        topics,
        ["transaction.handled", "alert", "event.dead", "connection.paused", "connector.swapped"]
    );
    assert!(journal.is_sorted_by(|a, b| a.sequence < b.sequence), "{journal:?}");
    let alert = NoticeRecord {
        sequence: journal[1].sequence,
        topic: "alert".to_owned(),
        kind: Some("goods-refused".to_owned()),
        severity: Severity::Warning,
        connection: "shop".to_owned(),
        subject: Some("order-1".to_owned()),
        data: r#"{"subject":"order-1","amount":"150.10"}"#.to_owned(),
        at: AT,
    };
    assert_eq!(journal[1], alert);
    let noted = notes.2.lock().unwrap().clone();
    let expected: Vec<_> =
        journal.iter().map(|notice| (notice.sequence, vec!["ops".to_owned(), "board".to_owned()])).collect();
    assert_eq!(noted, expected);
    let counts = storage.posting_counts().await.unwrap();
    let count = |receiver: &str| PostingCount {
        receiver: receiver.to_owned(),
        state: PostingState::Waiting,
        count: 5,
    };
    assert_eq!(counts, [count("board"), count("ops")]);
}

pub async fn a_failed_write_tells_nothing(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a"])).await.unwrap();
    let sequence = only_event(&*storage).await.sequence;
    let stale = vec![EntryWrite { expected: Some(7), ..put("k", b"v", 8) }];
    let torn = Finish { notices: vec![notice("alert", "order-1")], ..finish(sequence, skipped(), stale) };
    assert_eq!(storage.finish(torn).await, Err(StorageError::Conflict { key: "k".to_owned() }));
    assert_eq!(journal(&*storage).await, []);
    assert_eq!(storage.posting_counts().await, Ok(Vec::new()));
}

pub async fn notices_are_filtered_and_bounded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let elsewhere = NewNotice { connection: "depot".to_owned(), ..notice("order.handled", "o-3") };
    let told = vec![notice("order.handled", "o-1"), notice("alert", "o-2"), elsewhere];
    storage.notify(told, AT).await.unwrap();
    let all = journal(&*storage).await;
    let find = async |filter: NoticeFilter| {
        let found = storage.notices(filter).await.unwrap();
        found.into_iter().filter_map(|notice| notice.subject).collect::<Vec<_>>()
    };
    let like = |topic: &str| NoticeFilter { topic: Some(topic.to_owned()), ..NoticeFilter::default() };
    assert_eq!(find(NoticeFilter::default()).await, ["o-3", "o-2", "o-1"]);
    assert_eq!(find(like("order.*")).await, ["o-3", "o-1"]);
    assert_eq!(find(like("alert")).await, ["o-2"]);
    let urgent = NoticeFilter { severity: Some(Severity::Warning), ..NoticeFilter::default() };
    assert_eq!(find(urgent).await, ["o-2"]);
    let calm = NoticeFilter { severity: Some(Severity::Info), ..NoticeFilter::default() };
    assert_eq!(find(calm).await.len(), 3);
    let depot = NoticeFilter { connection: Some("depot".to_owned()), ..NoticeFilter::default() };
    assert_eq!(find(depot).await, ["o-3"]);
    let page = NoticeFilter { before: Some(all[2].sequence), limit: 1, ..NoticeFilter::default() };
    assert_eq!(find(page).await, ["o-2"]);
    let rest = storage.notices_after(all[0].sequence, 1).await.unwrap();
    assert_eq!(rest, [all[1].clone()]);
    assert_eq!(storage.notices_after(all[2].sequence, 0).await, Ok(Vec::new()));
}

/// Tells of each finding that is news, and of the job's end.
struct Crier;

impl Herald for Crier {
    fn announce(&self, job: &JobRecord, news: &[&Finding]) -> Vec<NewNotice> {
        let mut told: Vec<NewNotice> = news.iter().map(|finding| notice("finding", &finding.id)).collect();
        if job.state == JobState::Done {
            told.push(notice("job.done", &job.counters.new_findings.to_string()));
        }
        told
    }
}

pub async fn a_page_tells_what_is_new_in_it(bed: &mut impl Bed) {
    let storage = bed.storage();
    let run = async |findings: Vec<Finding>| {
        let job = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap().job;
        let page = JobPage { findings, next: Next::End, ..page(&job) };
        storage.advance_job(page, Arc::new(Crier)).await.unwrap();
        let told = journal(&*storage).await;
        told.into_iter().filter_map(|notice| notice.subject).collect::<Vec<_>>()
    };
    assert_eq!(run(vec![finding("f"), finding("g")]).await, ["f", "g", "2"]);
    // Found again; the other is resolved, as this run covers it.
    assert_eq!(run(vec![finding("f")]).await, ["f", "g", "2", "0"]);
    // What stands again is news, though it is not new.
    assert_eq!(run(vec![finding("f"), finding("g")]).await, ["f", "g", "2", "0", "g", "0"]);
    let job = storage.begin_job(new_job(JobKind::Backfill)).await.unwrap().job;
    let told = vec![notice("job.failed", "no such kind")];
    storage.end_job(job.number, Some("no such kind".to_owned()), told.clone(), AT).await.unwrap();
    assert!(storage.end_job(job.number, None, told, AT).await.is_err());
    assert_eq!(journal(&*storage).await.len(), 7);
}

pub async fn one_subject_goes_out_in_order(bed: &mut impl Bed) {
    let storage = bed.storage();
    let elsewhere = NewNotice { connection: "depot".to_owned(), ..notice("alert", "o-1") };
    let nameless = NewNotice { subject: None, ..notice("connection.paused", "") };
    let told =
        vec![notice("alert", "o-1"), notice("alert", "o-1"), notice("alert", "o-2"), elsewhere, nameless];
    storage.notify(told, AT).await.unwrap();
    assert_eq!(due(&*storage, AT - 1).await, Vec::<String>::new());
    assert_eq!(due(&*storage, AT).await, ["o-1", "o-2", "o-1"], "and the nameless one");
    let one = first(&*storage).await;
    storage.settle_posting(outcome(one.number, PostingState::Delivered)).await.unwrap();
    let next = first(&*storage).await;
    assert_eq!((next.notice.subject.as_deref(), next.number > one.number), (Some("o-1"), true));
    assert_eq!(due(&*storage, AT).await.len(), 3);
    assert_eq!(storage.due_postings("board", AT, 100).await.unwrap().postings.len(), 4);
    assert_eq!(storage.due_postings("nobody", AT, 100).await, Ok(DuePostings::default()));
}

pub async fn what_fails_waits_and_others_go(bed: &mut impl Bed) {
    let storage = bed.storage();
    let told = vec![notice("alert", "o-1"), notice("alert", "o-1"), notice("alert", "o-2")];
    storage.notify(told, AT).await.unwrap();
    let one = first(&*storage).await;
    storage.settle_posting(outcome(one.number, PostingState::Waiting)).await.unwrap();
    assert_eq!(due(&*storage, AT).await, ["o-2"], "the second of the subject waits behind the first");
    let later = storage.due_postings("ops", AT, 100).await.unwrap();
    assert_eq!(later.next, Some(AT + 5_000));
    let again = storage.due_postings("ops", AT + 5_000, 100).await.unwrap();
    let first = again.postings.iter().find(|posting| posting.number == one.number).unwrap();
    assert_eq!((first.attempts, first.status), (1, Some(503)));
    assert_eq!(first.reason.as_deref(), Some("it answered 503"));
    assert_eq!((again.postings.len(), again.next), (2, None));
}

pub async fn a_posting_ends_once(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.notify(vec![notice("alert", "o-1")], AT).await.unwrap();
    let number = first(&*storage).await.number;
    storage.settle_posting(outcome(number, PostingState::Delivered)).await.unwrap();
    let ended = || StorageError::Ended(format!("notice {number} of the outbox"));
    assert_eq!(storage.settle_posting(outcome(number, PostingState::Dead)).await, Err(ended()));
    assert_eq!(storage.retry_posting(number, AT).await, Err(ended()));
    assert_eq!(storage.discard_posting(number, String::new(), AT).await, Err(ended()));
    let missing = StorageError::NotFound("notice 99 of the outbox".to_owned());
    assert_eq!(storage.retry_posting(99, AT).await, Err(missing));
    let filter = PostingFilter { state: Some(PostingState::Delivered), ..PostingFilter::default() };
    let delivered = storage.postings(filter).await.unwrap();
    assert_eq!((delivered.len(), delivered[0].status, delivered[0].ended_at), (1, Some(204), Some(AT + 1)));
}

pub async fn the_undelivered_are_retried_and_discarded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    storage.notify(vec![notice("alert", "o-1"), notice("alert", "o-2")], AT).await.unwrap();
    let number = first(&*storage).await.number;
    storage.settle_posting(outcome(number, PostingState::Dead)).await.unwrap();
    assert_eq!(due(&*storage, AT).await, ["o-2"]);
    let stood = storage.retry_posting(number, AT + 9).await.unwrap();
    assert_eq!((stood.state, stood.attempts), (PostingState::Dead, 1));
    assert_eq!(due(&*storage, AT + 9).await, ["o-2", "o-1"]);
    assert_eq!(notes.2.lock().unwrap().last().unwrap().1, ["ops"]);
    let stood = storage.discard_posting(number, "told by phone".to_owned(), AT + 10).await.unwrap();
    assert_eq!((stood.state, stood.attempts), (PostingState::Waiting, 0));
    assert_eq!(due(&*storage, AT + 10).await, ["o-2"]);
    let filter = PostingFilter { receiver: Some("ops".to_owned()), limit: 1, ..PostingFilter::default() };
    let newest = storage.postings(filter).await.unwrap();
    let older = PostingFilter { before: Some(newest[0].number), ..PostingFilter::default() };
    let discarded =
        storage.postings(PostingFilter { receiver: Some("ops".to_owned()), ..older }).await.unwrap();
    assert_eq!((discarded.len(), discarded[0].state), (1, PostingState::Discarded));
    assert_eq!(discarded[0].reason.as_deref(), Some("told by phone"));
}

pub async fn a_receivers_outbox_is_abandoned(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.notify(vec![notice("alert", "o-1"), notice("alert", "o-2")], AT).await.unwrap();
    assert_eq!(storage.abandon_postings("ops", "it is gone", AT).await, Ok(2));
    assert_eq!(storage.abandon_postings("ops", "it is gone", AT).await, Ok(0));
    assert_eq!(due(&*storage, AT).await, Vec::<String>::new());
    assert_eq!(storage.due_postings("board", AT, 9).await.unwrap().postings.len(), 2);
    let filter = PostingFilter { state: Some(PostingState::Dead), ..PostingFilter::default() };
    let dead = storage.postings(filter).await.unwrap();
    assert_eq!((dead.len(), dead[0].reason.as_deref()), (2, Some("it is gone")));
}

pub async fn old_notices_go_when_nobody_waits_for_them(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.notify(vec![notice("alert", "o-1"), notice("alert", "o-2")], AT).await.unwrap();
    let unheard = NewNotice { receivers: Vec::new(), ..notice("alert", "o-3") };
    storage.notify(vec![unheard.clone()], AT).await.unwrap();
    storage.notify(vec![unheard], AT + 100).await.unwrap();
    storage.abandon_postings("board", "it is gone", AT + 1).await.unwrap();
    let number = first(&*storage).await.number;
    storage.settle_posting(outcome(number, PostingState::Delivered)).await.unwrap();
    // Two postings to the board, one to the operators, and the notices of o-1 and o-3; o-2 still waits to be delivered.
    assert_eq!(storage.purge(AT + 100, 100).await, Ok(5));
    let left = journal(&*storage).await;
    let subjects: Vec<_> = left.iter().filter_map(|notice| notice.subject.as_deref()).collect();
    assert_eq!(subjects, ["o-2", "o-3"]);
    assert_eq!(due(&*storage, AT).await, ["o-2"]);
}

pub async fn the_outbox_survives_a_restart(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.notify(vec![notice("alert", "o-1"), notice("alert", "o-1")], AT).await.unwrap();
    let number = first(&*storage).await.number;
    storage.settle_posting(outcome(number, PostingState::Delivered)).await.unwrap();
    let before = journal(&*storage).await;
    drop(storage);
    bed.reopen().await;
    let storage = bed.storage();
    assert_eq!(journal(&*storage).await, before);
    let waiting = first(&*storage).await;
    assert!(waiting.number > number, "{waiting:?}");
}
