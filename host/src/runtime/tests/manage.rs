//! What a person does with work that did not succeed, and what a paused connection does by itself.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::{Outcome, RequestError, Trace};
use super::fake::{Reply, retry, start};
use crate::contract::Failure;
use crate::storage::{State, StorageError, WorkId};

fn attention() -> Reply {
    Reply::Fail(Failure::NeedsAttention("bad key".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_dead_event_runs_again_when_a_person_says_so() {
    let setup = start().await;
    setup.fake.script("a", &[Reply::Fail(Failure::Rejected("no address".to_owned())), Reply::Done]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.state("a").await, State::Dead);
    assert_eq!(setup.host.retry(WorkId::Event(1)).await.unwrap(), State::Dead);
    setup.settle().await;
    assert_eq!(setup.state("a").await, State::Done);
    let error = setup.host.retry(WorkId::Event(1)).await.unwrap_err();
    assert!(matches!(error, RequestError::Storage(StorageError::Ended(_))), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_waits_is_brought_forward() {
    let setup = start().await;
    setup.fake.script("a", &[retry(Some(3_600_000)), Reply::Done]);
    setup.submit("a", "order-1").await;
    setup.host.idle(Duration::from_secs(1)).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(setup.host.retry(WorkId::Event(1)).await.unwrap(), State::Waiting);
    setup.settle().await;
    assert_eq!(setup.state("a").await, State::Done);
    assert!(begun.elapsed() < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_discarded_event_lets_the_next_of_its_subject_go_on() {
    let setup = start().await;
    setup.fake.script("a", &[retry(Some(3_600_000))]);
    setup.submit("a", "order-1").await;
    setup.submit("b", "order-1").await;
    setup.host.idle(Duration::from_secs(1)).await;
    assert_eq!(setup.host.discard(WorkId::Event(1), "a test order").await.unwrap(), State::Waiting);
    setup.host.idle(Duration::from_secs(1)).await;
    let record = setup.record("a").await;
    assert_eq!((record.state, record.reason.as_deref()), (State::Discarded, Some("a test order")));
    assert_eq!(setup.state("b").await, State::Done);
}

#[tokio::test(start_paused = true)]
async fn unknown_work_is_named() {
    let setup = start().await;
    let error = setup.host.retry(WorkId::Event(7)).await.unwrap_err().to_string();
    assert!(error.contains("event 7"), "{error}");
    let error = setup.host.discard(WorkId::Delivery(7), "x").await.unwrap_err().to_string();
    assert!(error.contains("delivery 7"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_connection_goes_on_by_itself_once_its_check_passes() {
    let setup = start().await;
    setup.fake.script("a", &[attention()]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert!(setup.host.is_paused("shop").unwrap(), "nothing was put right yet");
    assert_eq!(setup.host.connections()[0].paused.as_deref(), Some("bad key"));
    setup.fake.check_passes.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_mins(15)).await;
    assert!(!setup.host.is_paused("shop").unwrap());
    setup.settle().await;
    let record = setup.record("a").await;
    assert_eq!((record.state, record.attempts), (State::Done, 0));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_passes_in_vain_does_not_burn_the_queue() {
    let setup = start().await;
    setup.fake.check_passes.store(true, Ordering::SeqCst);
    setup.fake.script("a", &vec![attention(); 1_000]);
    setup.submit("a", "order-1").await;
    setup.submit("b", "order-2").await;
    // A day: 5 s, 10 s, … and then every quarter of an hour.
    tokio::time::sleep(Duration::from_hours(24)).await;
    let tries = setup.fake.ids().iter().filter(|id| *id == "a").count();
    assert!((90..=110).contains(&tries), "{tries}");
    let record = setup.record("a").await;
    assert_eq!(record.attempts, 0);
    assert!(matches!(record.state, State::Parked), "{:?}", record.state);
    assert_eq!(setup.state("b").await, State::Done);
}

#[tokio::test(start_paused = true)]
async fn an_event_shows_its_history() {
    let setup = start().await;
    setup.fake.script("a", &[retry(None), Reply::Send(&["GET /x", "POST /verify/a 1"])]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    let history = setup.host.history(1).await.unwrap().unwrap();
    assert!(!history.running);
    assert_eq!((history.attempts.len(), history.writes.len()), (2, 1));
    let first: Trace = serde_json::from_slice(&history.attempts[0].trace).unwrap();
    assert!(matches!(first.outcome, Some(Outcome::Failure(Failure::Retry(_)))), "{first:?}");
    assert!(setup.host.history(2).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_recorded_event_comes_out_the_same_offline() {
    let setup = start().await;
    const REQUESTS: &[&str] = &["GET /x", "POST /verify/a 1"];
    setup.fake.script("a", &[Reply::Put("k", "v", Box::new(Reply::Send(REQUESTS)))]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    let done = setup.vendor.done();
    setup.fake.script("a", &[Reply::Put("k", "v", Box::new(Reply::Send(REQUESTS)))]);
    let replay = setup.host.replay(WorkId::Event(1), None).await.unwrap();
    assert!(replay.identical && replay.diff.is_empty() && replay.unknown.is_empty(), "{replay:?}");
    assert_eq!(setup.vendor.done(), done, "nothing leaves in a replay");

    setup.fake.script("a", &[Reply::Put("k", "w", Box::new(Reply::Send(&["GET /y", "POST /verify/a 2"])))]);
    let replay = setup.host.replay(WorkId::Event(1), None).await.unwrap();
    assert!(!replay.identical && replay.broke);
    assert_eq!(replay.unknown, ["the answer to GET https://ghl.example/y"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_not_run_cannot_be_replayed() {
    let setup = start().await;
    setup.fake.script("a", &[attention()]);
    setup.submit("a", "order-1").await;
    setup.submit("b", "order-1").await;
    setup.settle().await;
    let error = setup.host.replay(WorkId::Event(2), None).await.unwrap_err().to_string();
    assert!(error.contains("event 2") && error.contains("not run yet"), "{error}");
    let error = setup.host.replay(WorkId::Event(9), None).await.unwrap_err().to_string();
    assert!(error.contains("event 9"), "{error}");
}
