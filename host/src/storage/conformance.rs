//! What every storage engine has to pass. An engine's tests name a [`Bed`] of its own in [`conformance!`], and get a test for
//! each case; the name of a case says what it holds.
//!
//! For engines outside this crate it comes with the feature `storage-conformance`. Their crate needs tokio among its
//! dev-dependencies, with the features `macros` and `rt-multi-thread`.

#![expect(missing_docs, reason = "the name of a case says what it holds")]

mod jobs;
mod lifecycle;
mod notes;
mod notices;
mod records;
mod upkeep;

use std::sync::Arc;

pub use jobs::*;
pub use lifecycle::*;
pub(crate) use notes::*;
pub use notices::*;
pub use records::*;
pub use upkeep::*;

use super::*;
use crate::contract::{
    Change, Decimal, Event, Header, InDoubt, Money, Receipt, Report, Severity, Transaction, TransactionStatus,
};

/// Storage in a place of its own.
pub trait Bed {
    /// The storage.
    fn storage(&self) -> Arc<dyn Storage>;
    /// Close it and open it again, as a restart does. No case holds the storage or a future of it then.
    fn reopen(&mut self) -> impl Future<Output = ()>;
}

/// One `#[tokio::test]` for each case of the suite, on a bed made by the given expression, which may await.
#[macro_export]
macro_rules! storage_conformance {
    ($bed:expr) => {
        $crate::storage::conformance::conformance! { $bed;
            a_delivery_is_kept_once, deliveries_differ_by_connection_and_source, a_delivery_reads_back,
            events_are_kept_once_and_counted_up, a_delivery_ends_with_its_events, a_cursor_moves_with_its_events,
            a_failed_intake_leaves_nothing, an_event_reads_back, an_event_ends_once, follow_ups_are_taken_in_with_the_end,
            a_setback_is_kept, the_dead_are_not_handed_out_again, what_was_accepted_is_found_after_a_restart,
            work_is_handed_out_in_order, listings_are_filtered_and_bounded, entries_count_their_versions,
            a_removed_entry_keeps_its_count, a_stale_comparison_is_a_conflict_and_writes_nothing,
            entries_belong_to_one_connection, keys_are_listed_by_prefix_in_byte_order, many_writers_lose_nothing,
            only_open_work_is_handled, open_and_dead_work_is_retried, open_and_dead_work_is_discarded,
            deliveries_are_retried_and_discarded, a_retry_survives_a_restart, what_died_under_a_module_is_revived,
            an_intent_survives_a_restart, a_settled_write_keeps_its_answer, a_resend_takes_the_first_ones_place,
            writes_belong_to_one_piece_of_work, an_outcome_is_kept_after_the_end, a_retry_remembers_what_was_written,
            writes_are_bounded, attempts_are_kept_with_their_commits,
            a_deliverys_attempt_is_kept_and_a_polls_is_not, only_the_last_attempts_are_kept,
            modules_are_kept_by_digest, activations_are_listed_newest_first, listings_find_every_state_and_module,
            deliveries_are_listed_newest_first, what_ended_long_ago_is_forgotten, open_and_dead_work_is_not_forgotten,
            a_purge_stops_at_its_limit, modules_go_when_nothing_names_them, a_restart_hands_out_what_a_purge_left,
            a_job_goes_on_where_it_stopped, only_the_same_scope_goes_on, a_job_that_ended_early_can_go_on,
            a_pages_events_are_handed_out, a_page_with_a_stale_entry_leaves_nothing, a_finding_reads_back,
            only_a_run_that_covers_a_finding_resolves_it, a_decision_stays_whatever_is_found,
            a_repair_is_handed_in_once, settled_findings_and_old_jobs_are_forgotten,
            notices_are_kept_with_what_they_tell, a_failed_write_tells_nothing, notices_are_filtered_and_bounded,
            a_page_tells_what_is_new_in_it, one_subject_goes_out_in_order, what_fails_waits_and_others_go,
            a_posting_ends_once, the_undelivered_are_retried_and_discarded, a_receivers_outbox_is_abandoned,
            old_notices_go_when_nobody_waits_for_them, the_outbox_survives_a_restart,
        }
    };
    ($bed:expr; $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::storage::conformance::$case(&mut $bed).await;
            }
        )*
    };
}
pub use storage_conformance as conformance;

pub(crate) fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        connection: "shop".to_owned(),
        source: "ghl".to_owned(),
        id: id.to_owned(),
        received_at: 1_700_000_000_000,
        headers: vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }],
        body: vec![0, 159, 146, 150],
    }
}

pub(crate) fn event(id: &str, subject: &str) -> Event {
    let total = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
    let transaction = Transaction {
        id: id.to_owned(),
        amount: total,
        refunded: None,
        status: TransactionStatus::Other("in_review".to_owned()),
        settles: Vec::new(),
        customer: None,
        method: None,
        charge_id: None,
        live: true,
        created_at: Some(u64::MAX >> 11),
        updated_at: None,
    };
    Event {
        id: id.to_owned(),
        source: "ghl".to_owned(),
        subject: subject.to_owned(),
        occurred_at: Some(1_699_999_999_999),
        raw: Some(r#"{"amount": 150.10}"#.to_owned()),
        change: Change::Transaction(transaction),
    }
}

fn intake(origin: Origin, events: Vec<Event>) -> Intake {
    Intake {
        connection: "shop".to_owned(),
        origin,
        events,
        writes: Vec::new(),
        attempt: None,
        at: 1_700_000_000_001,
    }
}

fn submission(ids: &[&str]) -> Intake {
    intake(Origin::Submission, ids.iter().map(|id| event(id, "order-1")).collect())
}

fn poll(cursor: Option<&str>, events: Vec<Event>) -> Intake {
    let origin = Origin::Poll { trigger: "transactions".to_owned(), cursor: cursor.map(str::to_owned) };
    intake(origin, events)
}

fn finish(sequence: Sequence, receipt: Receipt, writes: Vec<EntryWrite>) -> Finish {
    let (connection, module) = ("shop".to_owned(), "sha256:00".to_owned());
    Finish {
        sequence,
        connection,
        receipt,
        writes,
        module,
        attempt: None,
        notices: Vec::new(),
        at: 1_700_000_000_002,
    }
}

fn skipped() -> Receipt {
    Receipt::Skipped("nothing to do".to_owned())
}

fn put(key: &str, value: &[u8], version: u64) -> EntryWrite {
    EntryWrite { key: key.to_owned(), value: Some(value.to_vec()), version, expected: None }
}

fn setback(id: WorkId, state: State) -> Setback {
    Setback {
        id,
        state,
        attempts: 3,
        not_before: (state == State::Waiting).then_some(1_700_000_060_000),
        reason: "the vendor is down".to_owned(),
        module: "sha256:00".to_owned(),
        attempt: None,
        notices: Vec::new(),
        at: 1_700_000_000_003,
    }
}

fn attempt(number: u32) -> AttemptRecord {
    AttemptRecord {
        number,
        module: "sha256:00".to_owned(),
        started_at: 1_700_000_000_500,
        ended_at: 1_700_000_000_600,
        seed: 7,
        settings: r#"{"notes": true}"#.to_owned(),
        outcome: "retry: the vendor is down".to_owned(),
        trace: vec![0, 159, 146, 150],
    }
}

fn intent(id: WorkId, key: &str) -> WriteIntent {
    WriteIntent {
        id,
        key: key.to_owned(),
        attempt: 1,
        api: "track-pod".to_owned(),
        method: "POST".to_owned(),
        url: "https://api.track-pod.com/Order".to_owned(),
        in_doubt: InDoubt::Verify,
        at: 1_700_000_000_800,
    }
}

async fn sequences(storage: &dyn Storage) -> Vec<(Sequence, String)> {
    let events = storage.events(EventFilter::default()).await.unwrap();
    events.into_iter().rev().map(|record| (record.sequence, record.event.id)).collect()
}

async fn only_event(storage: &dyn Storage) -> EventRecord {
    storage.events(EventFilter::default()).await.unwrap().remove(0)
}

pub async fn a_delivery_is_kept_once(bed: &mut impl Bed) {
    let storage = bed.storage();
    assert!(matches!(storage.accept(delivery("d-1")).await, Ok(Acceptance::New(_))));
    assert_eq!(storage.accept(delivery("d-1")).await, Ok(Acceptance::Duplicate));
}

pub async fn deliveries_differ_by_connection_and_source(bed: &mut impl Bed) {
    let storage = bed.storage();
    let other_source = NewDelivery { source: "track-pod".to_owned(), ..delivery("d-1") };
    let other_connection = NewDelivery { connection: "depot".to_owned(), ..delivery("d-1") };
    for delivery in [delivery("d-1"), other_source, other_connection] {
        assert!(matches!(storage.accept(delivery).await, Ok(Acceptance::New(_))));
    }
}

pub async fn a_delivery_reads_back(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(sequence) = storage.accept(delivery("d-1")).await.unwrap() else { panic!("not new") };
    let stored = storage.delivery(sequence).await.unwrap().unwrap();
    assert_eq!(stored.delivery.body, delivery("d-1").body);
    assert_eq!(stored.delivery.headers, delivery("d-1").headers);
    assert_eq!((stored.state, stored.attempts, stored.id.as_str()), (State::Received, 0, "d-1"));
    assert_eq!(storage.delivery(sequence + 1).await, Ok(None));
}

pub async fn events_are_kept_once_and_counted_up(bed: &mut impl Bed) {
    let storage = bed.storage();
    assert_eq!(storage.take_in(submission(&["a", "b", "a"])).await, Ok(2));
    assert_eq!(storage.take_in(submission(&["b", "c"])).await, Ok(1));
    let kept = sequences(&*storage).await;
    let ids: Vec<&str> = kept.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(kept.is_sorted_by(|a, b| a.0 < b.0), "{kept:?}");
    let elsewhere = Intake { connection: "depot".to_owned(), ..submission(&["a"]) };
    assert_eq!(storage.take_in(elsewhere).await, Ok(1));
}

pub async fn a_delivery_ends_with_its_events(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(sequence) = storage.accept(delivery("d-1")).await.unwrap() else { panic!("not new") };
    let events = vec![event("a", "order-1")];
    assert_eq!(storage.take_in(intake(Origin::Delivery(sequence), events.clone())).await, Ok(1));
    assert_eq!(storage.delivery(sequence).await.unwrap().unwrap().state, State::Done);
    let again = storage.take_in(intake(Origin::Delivery(sequence), events)).await;
    assert_eq!(again, Err(StorageError::Ended(format!("delivery {sequence}"))));
    assert_eq!(only_event(&*storage).await.origin, format!("delivery {sequence}"));
}

pub async fn a_cursor_moves_with_its_events(bed: &mut impl Bed) {
    let storage = bed.storage();
    assert_eq!(storage.cursor("shop", "transactions").await, Ok(None));
    let page = poll(Some("page-2"), vec![event("a", "order-1")]);
    assert_eq!(storage.take_in(page).await, Ok(1));
    assert_eq!(storage.cursor("shop", "transactions").await, Ok(Some("page-2".to_owned())));
    assert_eq!(storage.cursor("depot", "transactions").await, Ok(None));
    assert_eq!(storage.take_in(poll(None, Vec::new())).await, Ok(0));
    assert_eq!(storage.cursor("shop", "transactions").await, Ok(None));
}

pub async fn a_failed_intake_leaves_nothing(bed: &mut impl Bed) {
    let storage = bed.storage();
    let stale = EntryWrite { expected: Some(7), ..put("k", b"v", 8) };
    let page =
        Intake { writes: vec![put("other", b"v", 1), stale], ..poll(Some("page-2"), vec![event("a", "o")]) };
    let outcome = storage.take_in(page).await;
    assert_eq!(outcome, Err(StorageError::Conflict { key: "k".to_owned() }));
    assert_eq!(storage.cursor("shop", "transactions").await, Ok(None));
    assert_eq!(sequences(&*storage).await, []);
    assert_eq!(storage.entry("shop", "other").await, Ok(StoredEntry::default()));
}

pub async fn an_event_reads_back(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a"])).await.unwrap();
    let record = only_event(&*storage).await;
    assert_eq!(record.event, event("a", "order-1"));
    assert_eq!((record.state, record.attempts, record.receipt), (State::Received, 0, None));
    assert_eq!((record.origin.as_str(), record.received_at), ("submission", 1_700_000_000_001));
}

pub async fn an_event_ends_once(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a"])).await.unwrap();
    let sequence = only_event(&*storage).await.sequence;
    assert_eq!(storage.finish(finish(sequence, skipped(), vec![put("k", b"1", 1)])).await, Ok(0));
    let again = storage.finish(finish(sequence, skipped(), vec![put("k", b"2", 2)])).await;
    assert_eq!(again, Err(StorageError::Ended(format!("event {sequence}"))));
    let late = storage.set_back(setback(WorkId::Event(sequence), State::Waiting)).await;
    assert_eq!(late, Err(StorageError::Ended(format!("event {sequence}"))));
    let record = only_event(&*storage).await;
    assert_eq!((record.state, record.receipt), (State::Skipped, Some(skipped())));
    assert_eq!((record.module.as_deref(), record.ended_at), (Some("sha256:00"), Some(1_700_000_000_002)));
    assert_eq!(storage.entry("shop", "k").await.unwrap().value, Some(b"1".to_vec()));
}

pub async fn follow_ups_are_taken_in_with_the_end(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a"])).await.unwrap();
    let sequence = only_event(&*storage).await.sequence;
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    let follow_ups = vec![event("a", "order-1"), event("b", "order-1")];
    let receipt = Receipt::Done(Report { effects: Vec::new(), follow_ups, alerts: Vec::new() });
    assert_eq!(storage.finish(finish(sequence, receipt, Vec::new())).await, Ok(1));
    let kept = sequences(&*storage).await;
    assert_eq!(kept.len(), 2);
    assert_eq!(notes.ids(), [WorkId::Event(sequence), WorkId::Event(kept[1].0)]);
    let follow_up = storage.event(kept[1].0).await.unwrap().unwrap();
    assert_eq!(follow_up.origin, format!("event {sequence}"));
}

pub async fn a_setback_is_kept(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.accept(delivery("d-1")).await.unwrap();
    storage.take_in(submission(&["a"])).await.unwrap();
    let sequence = only_event(&*storage).await.sequence;
    storage.set_back(setback(WorkId::Event(sequence), State::Waiting)).await.unwrap();
    let record = only_event(&*storage).await;
    assert_eq!((record.state, record.attempts), (State::Waiting, 3));
    assert_eq!(record.not_before, Some(1_700_000_060_000));
    assert_eq!(record.reason.as_deref(), Some("the vendor is down"));
    drop(storage);
    bed.reopen().await;
    let notes = Arc::new(Notes::default());
    bed.storage().attach(Arc::clone(&notes) as _).await.unwrap();
    let work = notes.0.lock().unwrap().iter().find(|work| work.subject.is_some()).cloned().unwrap();
    assert_eq!((work.attempts, work.not_before, work.resumed), (3, Some(1_700_000_060_000), true));
}

pub async fn the_dead_are_not_handed_out_again(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(delivered) = storage.accept(delivery("d-1")).await.unwrap() else {
        panic!("not new")
    };
    storage.take_in(submission(&["a", "b", "c"])).await.unwrap();
    let kept = sequences(&*storage).await;
    storage.set_back(setback(WorkId::Delivery(delivered), State::Dead)).await.unwrap();
    storage.set_back(setback(WorkId::Event(kept[0].0), State::Dead)).await.unwrap();
    storage.set_back(setback(WorkId::Event(kept[1].0), State::Parked)).await.unwrap();
    assert!(storage.event(kept[0].0).await.unwrap().unwrap().ended_at.is_some());
    assert_eq!(storage.delivery(delivered).await.unwrap().unwrap().state, State::Dead);
    drop(storage);
    bed.reopen().await;
    let notes = Arc::new(Notes::default());
    bed.storage().attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(notes.ids(), [WorkId::Event(kept[1].0), WorkId::Event(kept[2].0)]);
}

pub async fn what_was_accepted_is_found_after_a_restart(bed: &mut impl Bed) {
    let Acceptance::New(sequence) = bed.storage().accept(delivery("d-1")).await.unwrap() else {
        panic!("not new")
    };
    bed.reopen().await;
    let storage = bed.storage();
    assert_eq!(storage.accept(delivery("d-1")).await, Ok(Acceptance::Duplicate));
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(notes.ids(), [WorkId::Delivery(sequence)]);
    assert_eq!(storage.delivery(sequence).await.unwrap().unwrap().delivery.body, delivery("d-1").body);
}

pub async fn work_is_handed_out_in_order(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a", "b"])).await.unwrap();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move { storage.take_in(submission(&[&format!("n-{number}")])).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(1));
    }
    let expected: Vec<WorkId> =
        sequences(&*storage).await.iter().map(|(sequence, _)| WorkId::Event(*sequence)).collect();
    assert_eq!(notes.ids(), expected);
    assert_eq!(expected.len(), 52);
}

pub async fn listings_are_filtered_and_bounded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let ids: Vec<String> = (0..EVENTS_PER_LISTING_MAX + 5).map(|number| format!("e-{number}")).collect();
    let events = ids.iter().map(|id| event(id, if id == "e-3" { "order-2" } else { "order-1" })).collect();
    storage.take_in(intake(Origin::Submission, events)).await.unwrap();
    let list = async |filter: EventFilter| storage.events(filter).await.unwrap();
    let all = list(EventFilter::default()).await;
    assert_eq!(all.len(), EVENTS_PER_LISTING_MAX as usize);
    assert_eq!(all[0].event.id, *ids.last().unwrap());
    assert_eq!(list(EventFilter { limit: u32::MAX, ..Default::default() }).await.len(), all.len());
    let before = Some(all.last().unwrap().sequence);
    assert_eq!(list(EventFilter { before, ..Default::default() }).await.len(), 5);
    let subject = Some("order-2".to_owned());
    assert_eq!(list(EventFilter { subject, ..Default::default() }).await[0].event.id, "e-3");
    let id = Some("e-9".to_owned());
    assert_eq!(list(EventFilter { id, ..Default::default() }).await.len(), 1);
    let state = Some(State::Dead);
    assert_eq!(list(EventFilter { state, ..Default::default() }).await, []);
    let connection = Some("depot".to_owned());
    assert_eq!(list(EventFilter { connection, ..Default::default() }).await, []);
    assert_eq!(list(EventFilter { limit: 2, ..Default::default() }).await.len(), 2);
}

pub async fn entries_count_their_versions(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.write_entries("shop", vec![put("k", b"1", 1)]).await.unwrap();
    assert_eq!(storage.entry("shop", "k").await.unwrap().version, 1);
    // Two calls that both saw version 1 and told their connectors 2: the later write still counts up.
    storage.write_entries("shop", vec![put("k", b"2", 2)]).await.unwrap();
    storage.write_entries("shop", vec![put("k", b"3", 2)]).await.unwrap();
    let stored = storage.entry("shop", "k").await.unwrap();
    assert_eq!((stored.value, stored.version), (Some(b"3".to_vec()), 3));
    // One call wrote it four times.
    storage.write_entries("shop", vec![put("k", b"4", 7)]).await.unwrap();
    assert_eq!(storage.entry("shop", "k").await.unwrap().version, 7);
}

pub async fn a_removed_entry_keeps_its_count(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.write_entries("shop", vec![put("k", b"1", 1)]).await.unwrap();
    let removal = EntryWrite { key: "k".to_owned(), value: None, version: 2, expected: Some(1) };
    storage.write_entries("shop", vec![removal]).await.unwrap();
    assert_eq!(storage.entry("shop", "k").await, Ok(StoredEntry { value: None, version: 2 }));
    assert_eq!(storage.keys("shop", "", None, 10).await, Ok(Vec::new()));
    storage.write_entries("shop", vec![put("k", b"3", 1)]).await.unwrap();
    assert_eq!(storage.entry("shop", "k").await.unwrap().version, 3);
}

pub async fn a_stale_comparison_is_a_conflict_and_writes_nothing(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.take_in(submission(&["a"])).await.unwrap();
    let sequence = only_event(&*storage).await.sequence;
    storage.write_entries("shop", vec![put("k", b"1", 1)]).await.unwrap();
    let stale = EntryWrite { expected: Some(0), ..put("k", b"2", 1) };
    let outcome = storage.finish(finish(sequence, skipped(), vec![put("j", b"1", 1), stale])).await;
    assert_eq!(outcome, Err(StorageError::Conflict { key: "k".to_owned() }));
    assert_eq!(only_event(&*storage).await.state, State::Received);
    assert_eq!(storage.entry("shop", "j").await, Ok(StoredEntry::default()));
    let fresh = EntryWrite { expected: Some(1), ..put("k", b"2", 2) };
    assert_eq!(storage.finish(finish(sequence, skipped(), vec![fresh])).await, Ok(0));
}

pub async fn entries_belong_to_one_connection(bed: &mut impl Bed) {
    let storage = bed.storage();
    storage.write_entries("shop", vec![put("k", b"1", 1)]).await.unwrap();
    assert_eq!(storage.entry("depot", "k").await, Ok(StoredEntry::default()));
    assert_eq!(storage.keys("depot", "", None, 10).await, Ok(Vec::new()));
}

pub async fn keys_are_listed_by_prefix_in_byte_order(bed: &mut impl Bed) {
    let storage = bed.storage();
    let keys = ["order/1", "order/10", "order/2", "order/\u{10FFFF}", "order0", "orde", "order/é"];
    let writes = keys.iter().map(|key| put(key, b"", 1)).collect();
    storage.write_entries("shop", writes).await.unwrap();
    let page = storage.keys("shop", "order/", None, 2).await.unwrap();
    assert_eq!(page, ["order/1", "order/10"]);
    let page = storage.keys("shop", "order/", Some("order/10"), 10).await.unwrap();
    assert_eq!(page, ["order/2", "order/é", "order/\u{10FFFF}"]);
    assert_eq!(storage.keys("shop", "", None, 10).await.unwrap().len(), keys.len());
    assert_eq!(storage.keys("shop", "ORDER", None, 10).await, Ok(Vec::new()));
}

pub async fn many_writers_lose_nothing(bed: &mut impl Bed) {
    let storage = bed.storage();
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let storage = Arc::clone(&storage);
            // Every fourth is a duplicate of another one.
            let id = format!("d-{}", if number % 4 == 0 { number + 1 } else { number });
            tokio::spawn(async move { storage.accept(delivery(&id)).await.unwrap() })
        })
        .collect();
    let mut new = Vec::new();
    for task in tasks {
        if let Acceptance::New(sequence) = task.await.unwrap() {
            new.push(sequence);
        }
    }
    new.sort_unstable();
    new.dedup();
    assert_eq!(new.len(), 150);
}
