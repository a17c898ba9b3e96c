//! From acceptance to the end of an event. Where how long it takes does not matter, time is virtual: whenever the
//! runtime has nothing to do, also while the disk is synced, it goes on to the next timer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::backoff::ATTEMPTS_MAX;
use super::super::{Happening, HostLimits, RequestError};
use super::fake::{Fake, Reply, event, retry, start, start_with};
use crate::contract::Failure;
use crate::storage::State;

#[tokio::test(start_paused = true)]
async fn a_delivery_is_read_and_its_events_handled() {
    let setup = start().await;
    setup.deliver("d-1", "a order-1\nb order-2").await;
    setup.settle().await;
    assert_eq!(setup.state("a").await, State::Done);
    assert_eq!(setup.state("b").await, State::Done);
    let record = setup.record("a").await;
    assert_eq!((record.origin.as_str(), record.module.as_deref()), ("delivery 1", Some("sha256:fake")));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_not_handled_twice() {
    let setup = start().await;
    setup.deliver("d-1", "a order-1").await;
    setup.deliver("d-2", "a order-1").await;
    setup.settle().await;
    assert!(!setup.host.submit("shop", event("a", "order-1")).await.unwrap());
    setup.settle().await;
    assert_eq!(setup.fake.ids(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_event_is_tried_again_before_the_next_of_its_subject() {
    let setup = start().await;
    setup.fake.script("a1", &[retry(None), Reply::Trap, Reply::Panic]);
    setup.submit("a1", "order-a").await;
    setup.submit("a2", "order-a").await;
    setup.submit("b1", "order-b").await;
    setup.settle().await;
    let handled = setup.fake.handled.lock().unwrap().clone();
    let of_a: Vec<(&str, u32)> =
        handled.iter().filter(|(id, _)| id.starts_with('a')).map(|(id, n)| (id.as_str(), *n)).collect();
    assert_eq!(of_a, [("a1", 1), ("a1", 2), ("a1", 3), ("a1", 4), ("a2", 1)]);
    // The other subject did not wait for it.
    let position = |id: &str| handled.iter().position(|(handled, _)| handled == id).unwrap();
    assert!(position("b1") < position("a2"), "{handled:?}");
    assert_eq!(setup.record("a1").await.attempts, 3);
}

#[tokio::test]
async fn a_connector_is_given_the_time_it_asks_for() {
    let setup = start().await;
    setup.fake.script("a", &[retry(Some(1_500))]);
    let begun = tokio::time::Instant::now();
    setup.submit("a", "order-1").await;
    setup.settle().await;
    assert!(begun.elapsed() >= Duration::from_millis(1_490), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_subject_goes_on() {
    let setup = start().await;
    setup.fake.script("a1", &vec![retry(None); 100]);
    setup.submit("a1", "order-a").await;
    setup.submit("a2", "order-a").await;
    setup.settle().await;
    assert_eq!(setup.fake.ids().iter().filter(|id| *id == "a1").count(), ATTEMPTS_MAX as usize);
    let record = setup.record("a1").await;
    assert_eq!((record.state, record.attempts), (State::Dead, ATTEMPTS_MAX));
    assert!(record.reason.unwrap().contains("busy"));
    assert_eq!(setup.state("a2").await, State::Done);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_event_or_delivery_is_dead_at_once() {
    let setup = start().await;
    setup.fake.script("a", &[Reply::Fail(Failure::Rejected("no such order".to_owned()))]);
    setup.submit("a", "order-1").await;
    setup.deliver("d-1", "nonsense").await;
    setup.settle().await;
    let record = setup.record("a").await;
    assert_eq!((record.state, record.reason.as_deref()), (State::Dead, Some("no such order")));
    let delivery = setup.storage.delivery(1).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.reason.as_deref()), (State::Dead, Some("this is no delivery")));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_needs_attention_waits_for_a_person() {
    let setup = start().await;
    let mut happenings = setup.host.observe();
    setup.fake.script("a1", &[Reply::Fail(Failure::NeedsAttention("bad key".to_owned()))]);
    setup.submit("a1", "order-a").await;
    setup.submit("a2", "order-a").await;
    setup.settle().await;
    setup.submit("b1", "order-b").await;
    setup.settle().await;
    assert!(setup.host.is_paused("shop").unwrap());
    assert_eq!(setup.fake.ids(), ["a1"]);
    let record = setup.record("a1").await;
    assert_eq!((record.state, record.attempts), (State::Parked, 0));
    setup.host.resume("shop").unwrap();
    setup.settle().await;
    // An earlier run may have done part of the work, so the connector is told to look: attempt 2.
    let handled = setup.fake.handled.lock().unwrap().clone();
    assert_eq!(
        handled.iter().filter(|(id, _)| id.starts_with('a')).cloned().collect::<Vec<_>>(),
        [("a1".to_owned(), 1), ("a1".to_owned(), 2), ("a2".to_owned(), 1)]
    );
    assert_eq!(setup.state("b1").await, State::Done);
    let mut paused = false;
    while let Ok(event) = happenings.try_recv() {
        paused |= event.happening == Happening::Paused { reason: "bad key".to_owned() };
    }
    assert!(paused);
}

#[tokio::test(start_paused = true)]
async fn store_writes_are_kept_with_the_end_of_the_event_or_not_at_all() {
    let setup = start().await;
    setup.fake.script("a", &[Reply::Put("k", "lost", Box::new(retry(None))), Reply::Done]);
    setup.fake.script("b", &[Reply::Put("j", "kept", Box::new(Reply::Done))]);
    setup.submit("a", "order-1").await;
    setup.submit("b", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.storage.entry("shop", "k").await.unwrap().value, None);
    assert_eq!(setup.storage.entry("shop", "j").await.unwrap().value, Some(b"kept".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_changed_meanwhile_has_the_event_run_again() {
    let setup = start().await;
    *setup.fake.rival.lock().unwrap() = Some(std::sync::Arc::clone(&setup.storage));
    setup.fake.script("a", &[Reply::Count("n"), Reply::Count("n")]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    assert_eq!(setup.fake.ids(), ["a", "a"]);
    // The rival's 100, counted up: neither write is lost.
    assert_eq!(setup.storage.entry("shop", "n").await.unwrap().value, Some(b"101".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn follow_ups_are_handled_and_unusable_ones_end_the_event() {
    let setup = start().await;
    setup.fake.script("a", &[Reply::FollowUp(Box::new(event("b", "order-2")))]);
    setup.fake.script("c", &[Reply::FollowUp(Box::new(event(&"x".repeat(201), "order-2")))]);
    setup.submit("a", "order-1").await;
    setup.submit("c", "order-3").await;
    setup.settle().await;
    assert_eq!(setup.state("b").await, State::Done);
    assert_eq!(setup.record("b").await.origin, "event 1");
    let record = setup.record("c").await;
    assert_eq!(record.state, State::Dead);
    assert!(record.reason.unwrap().contains("201 bytes"));
}

#[tokio::test]
async fn subjects_run_in_parallel_up_to_the_limit_and_each_alone() {
    let limits = HostLimits { workers_per_connection: 3, ..Default::default() };
    let setup = start_with(Fake::default(), limits, tempfile::TempDir::new().unwrap()).await;
    for number in 0..12 {
        let id = format!("e-{number}");
        setup.fake.script(&id, &[Reply::Slow(Duration::from_millis(100))]);
        setup.submit(&id, &format!("order-{}", number % 6)).await;
    }
    setup.settle().await;
    assert_eq!(setup.fake.running_most.load(Ordering::SeqCst), 3);
    assert_eq!(setup.fake.ids().len(), 12);
}

#[tokio::test(start_paused = true)]
async fn one_subject_never_runs_twice_at_once() {
    let setup = start().await;
    for number in 0..5 {
        let id = format!("e-{number}");
        setup.fake.script(&id, &[Reply::Slow(Duration::from_secs(1))]);
        setup.submit(&id, "order-1").await;
    }
    setup.settle().await;
    assert_eq!(setup.fake.running_most.load(Ordering::SeqCst), 1);
    assert_eq!(setup.fake.ids(), ["e-0", "e-1", "e-2", "e-3", "e-4"]);
}

#[tokio::test(start_paused = true)]
async fn unfinished_events_go_on_after_a_restart() {
    let setup = start().await;
    setup.fake.script("a1", &[Reply::Fail(Failure::NeedsAttention("bad key".to_owned()))]);
    setup.submit("a1", "order-a").await;
    setup.submit("a2", "order-a").await;
    setup.settle().await;
    setup.host.shutdown().await;
    let super::fake::Setup { host, storage, directory, fake, vendor } = setup;
    drop((host, fake, vendor));
    assert_eq!(std::sync::Arc::strong_count(&storage), 1, "a stopped host has let go of its storage");
    drop(storage);
    let setup = start_with(Fake::default(), HostLimits::default(), directory).await;
    setup.settle().await;
    let handled = setup.fake.handled.lock().unwrap().clone();
    assert_eq!(handled, [("a1".to_owned(), 2), ("a2".to_owned(), 2)]);
}

#[tokio::test]
async fn idle_looks_no_further_than_its_horizon() {
    let setup = start().await;
    setup.fake.script("a", &[retry(Some(2_000))]);
    setup.submit("a", "order-1").await;
    setup.host.idle(Duration::from_millis(100)).await;
    assert_eq!(setup.state("a").await, State::Waiting);
    setup.host.idle(Duration::from_hours(2)).await;
    assert_eq!(setup.state("a").await, State::Done);
}

#[tokio::test(start_paused = true)]
async fn an_actions_writes_are_kept_if_it_succeeds_and_a_check_leaves_none() {
    let setup = start().await;
    assert_eq!(setup.host.run_action("shop", "good", "{}").await.unwrap(), "{}");
    assert!(matches!(setup.host.run_action("shop", "bad", "{}").await, Err(RequestError::Failure(_))));
    setup.fake.check_passes.store(true, Ordering::SeqCst);
    assert!(setup.host.check("shop").await.unwrap()[0].ok);
    assert_eq!(setup.storage.keys("shop", "", None, 10).await.unwrap(), ["good"]);
}

#[tokio::test(start_paused = true)]
async fn unknown_connections_and_unusable_events_are_named() {
    let setup = start().await;
    let error = setup.host.submit("depot", event("a", "b")).await.unwrap_err().to_string();
    assert!(error.contains("depot") && error.contains("shop"), "{error}");
    let error = setup.host.submit("shop", event("", "b")).await.unwrap_err().to_string();
    assert!(error.contains("id has 0 bytes"), "{error}");
    let elsewhere = crate::contract::Event { source: "other".to_owned(), ..event("a", "b") };
    let error = setup.host.submit("shop", elsewhere).await.unwrap_err().to_string();
    assert!(error.contains("no API of the manifest"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn follow_ups_wait_while_far_too_many_events_do() {
    let limits = HostLimits { workers_per_connection: 1, events_waiting: 2, ..Default::default() };
    let setup = start_with(Fake::default(), limits, tempfile::TempDir::new().unwrap()).await;
    let follow_up = || Reply::FollowUp(Box::new(event("b", "order-b")));
    let attention = Reply::Fail(Failure::NeedsAttention("bad key".to_owned()));
    setup.fake.script("a", &[attention, follow_up(), follow_up()]);
    setup.submit("a", "order-a").await;
    setup.settle().await;
    // Four wait, twice as many as should; `a` is first and alone, and may add its follow-up once some are gone.
    for id in ["c1", "c2", "c3"] {
        setup.submit(id, id).await;
    }
    setup.host.resume("shop").unwrap();
    setup.settle().await;
    assert_eq!(setup.record("a").await.attempts, 1);
    assert_eq!((setup.state("a").await, setup.state("b").await), (State::Done, State::Done));
}

#[tokio::test(start_paused = true)]
async fn work_is_not_repeated_while_the_storage_takes_no_writes() {
    let setup = start().await;
    let database = rusqlite::Connection::open(setup.directory.path().join("test.sqlite")).unwrap();
    let failing = "CREATE TRIGGER full BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'no room'); END";
    database.execute(failing, []).unwrap();
    let mut happenings = setup.host.observe();
    setup.submit("a", "order-1").await;
    for _ in 0..3 {
        while !matches!(happenings.recv().await.unwrap().happening, Happening::StorageFailed { .. }) {}
    }
    assert_eq!(setup.fake.ids(), ["a"]);
    database.execute("DROP TRIGGER full", []).unwrap();
    setup.settle().await;
    assert_eq!(*setup.fake.handled.lock().unwrap(), [("a".to_owned(), 1), ("a".to_owned(), 2)]);
    assert_eq!(setup.record("a").await.attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_back_is_given_up() {
    let setup = start().await;
    let database = rusqlite::Connection::open(setup.directory.path().join("test.sqlite")).unwrap();
    let attention = Reply::Fail(Failure::NeedsAttention("bad key".to_owned()));
    setup.fake.script("a", &[attention]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    // As another version of the program might have written it.
    database.execute("UPDATE events SET change = '{\"Parcel\":{}}'", []).unwrap();
    let mut happenings = setup.host.observe();
    setup.host.resume("shop").unwrap();
    loop {
        match happenings.recv().await.unwrap().happening {
            Happening::Dead { reason, .. } => {
                assert!(reason.contains("Parcel"), "{reason}");
                break;
            }
            Happening::StorageFailed { reason } => panic!("{reason}"),
            _ => {}
        }
    }
}
