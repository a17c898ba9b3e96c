//! Modules, their activations, listings, and what is forgotten.

use super::super::*;
use super::{
    Bed, Notes, attempt, delivery, event, finish, intake, intent, put, sequences, setback, skipped,
    submission,
};

fn activation(connection: &str, module: &str) -> Activation {
    Activation {
        connection: connection.to_owned(),
        module: module.to_owned(),
        configured: "sha256:configured".to_owned(),
        by: "command".to_owned(),
        reason: "a new release".to_owned(),
        at: 1_700_000_000_700,
    }
}

async fn keep(storage: &dyn Storage, digest: &str) {
    storage.keep_module(digest, Arc::from(digest.as_bytes())).await.unwrap();
}

async fn is_kept(storage: &dyn Storage, digest: &str) -> bool {
    storage.module(digest).await.unwrap().is_some()
}

/// Purge until nothing is left to forget, and answer how many rows that took.
async fn purge_all(storage: &dyn Storage, before: u64, limit: u32) -> usize {
    let mut rows = 0;
    loop {
        let gone = storage.purge(before, limit).await.unwrap();
        assert!(gone <= limit as usize, "{gone} rows at once");
        rows += gone;
        if gone < limit as usize {
            return rows;
        }
    }
}

/// An event that ended at `at`, with an attempt, two writes and raw data.
async fn ended_event(storage: &dyn Storage, id: &str, at: u64) -> Sequence {
    storage.take_in(submission(&[id])).await.unwrap();
    let (sequence, _) = sequences(storage).await.pop().unwrap();
    storage.intend(intent(WorkId::Event(sequence), "k1")).await.unwrap();
    storage.intend(intent(WorkId::Event(sequence), "k2")).await.unwrap();
    let end = Finish { at, attempt: Some(attempt(1)), ..finish(sequence, skipped(), vec![put(id, b"v", 1)]) };
    storage.finish(end).await.unwrap();
    sequence
}

pub async fn modules_are_kept_by_digest(bed: &mut impl Bed) {
    let storage = bed.storage();
    assert_eq!(storage.module("sha256:aa").await, Ok(None));
    storage.keep_module("sha256:aa", Arc::from(vec![7; 100_000])).await.unwrap();
    storage.keep_module("sha256:aa", Arc::from(vec![8; 3])).await.unwrap();
    drop(storage);
    bed.reopen().await;
    assert_eq!(bed.storage().module("sha256:aa").await, Ok(Some(vec![7; 100_000])));
}

pub async fn activations_are_listed_newest_first(bed: &mut impl Bed) {
    let storage = bed.storage();
    for number in 0..ACTIVATIONS_PER_CONNECTION_MAX + 2 {
        storage.activate(activation("shop", &format!("sha256:{number}")), Vec::new()).await.unwrap();
    }
    storage.activate(activation("depot", "sha256:depot"), Vec::new()).await.unwrap();
    let kept = storage.activations("shop", 1_000).await.unwrap();
    assert_eq!(kept.len(), ACTIVATIONS_PER_CONNECTION_MAX as usize);
    assert_eq!(kept[0], activation("shop", &format!("sha256:{}", ACTIVATIONS_PER_CONNECTION_MAX + 1)));
    assert_eq!(kept.last().unwrap().module, "sha256:2");
    assert_eq!(storage.activations("shop", 1).await.unwrap(), kept[..1]);
    assert_eq!(storage.activations("depot", 10).await.unwrap(), [activation("depot", "sha256:depot")]);
    assert_eq!(storage.activations("absent", 10).await, Ok(Vec::new()));
}

pub async fn listings_find_every_state_and_module(bed: &mut impl Bed) {
    let storage = bed.storage();
    for (index, state) in
        [State::Received, State::Waiting, State::Parked, State::Dead].into_iter().enumerate()
    {
        let id = state.name();
        let connection = if index % 2 == 0 { "shop" } else { "depot" }.to_owned();
        let new = NewDelivery { connection: connection.clone(), ..delivery(id) };
        let Acceptance::New(delivered) = storage.accept(new).await.unwrap() else { panic!("not new") };
        storage.take_in(Intake { connection, ..submission(&[id]) }).await.unwrap();
        let sequence = sequences(&*storage).await.pop().unwrap().0;
        for work in [WorkId::Delivery(delivered), WorkId::Event(sequence)] {
            storage.set_back(setback(work, state)).await.unwrap();
        }
    }
    for (state, connection) in [
        (State::Received, "shop"),
        (State::Waiting, "depot"),
        (State::Parked, "shop"),
        (State::Dead, "depot"),
    ] {
        for (owner, found) in [(None, 1), (Some(connection), 1), (Some("elsewhere"), 0)] {
            let (connection, state) = (owner.map(str::to_owned), Some(state));
            let filter = DeliveryFilter { connection: connection.clone(), state, ..Default::default() };
            assert_eq!(storage.deliveries(filter).await.unwrap().len(), found, "{state:?} {owner:?}");
            let module = Some("sha256:00".to_owned());
            let filter = EventFilter { connection, state, module, ..Default::default() };
            assert_eq!(storage.events(filter).await.unwrap().len(), found, "{state:?} {owner:?}");
        }
    }
    let other_module = EventFilter { module: Some("sha256:11".to_owned()), ..Default::default() };
    assert_eq!(storage.events(other_module).await, Ok(Vec::new()));
}

pub async fn deliveries_are_listed_newest_first(bed: &mut impl Bed) {
    let storage = bed.storage();
    for number in 1..=5 {
        storage.accept(delivery(&format!("d-{number}"))).await.unwrap();
    }
    let list = async |filter: DeliveryFilter| {
        let listed = storage.deliveries(filter).await.unwrap();
        listed.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(list(DeliveryFilter::default()).await, ["d-5", "d-4", "d-3", "d-2", "d-1"]);
    let page = DeliveryFilter { limit: 2, ..Default::default() };
    let before = storage.deliveries(page.clone()).await.unwrap().last().map(|record| record.sequence);
    assert_eq!(list(DeliveryFilter { before, ..page }).await, ["d-3", "d-2"]);
    let record = storage.deliveries(DeliveryFilter::default()).await.unwrap().remove(0);
    assert_eq!((record.connection.as_str(), record.source.as_str()), ("shop", "ghl"));
    assert_eq!((record.state, record.received_at), (State::Received, 1_700_000_000_000));
}

pub async fn what_ended_long_ago_is_forgotten(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(delivered) = storage.accept(delivery("d-1")).await.unwrap() else {
        panic!("not new")
    };
    let read =
        Intake { attempt: Some(attempt(1)), at: 100, ..intake(Origin::Delivery(delivered), Vec::new()) };
    storage.take_in(read).await.unwrap();
    let old = ended_event(&*storage, "old", 100).await;
    let new = ended_event(&*storage, "new", 101).await;
    // A delivery and its attempt; an event, its attempt and two writes.
    assert_eq!(purge_all(&*storage, 101, 100).await, 6);
    let (old_id, new_id) = (WorkId::Event(old), WorkId::Event(new));
    assert!(storage.delivery(delivered).await.unwrap().unwrap().delivery.body.is_empty());
    assert_eq!(storage.attempts(WorkId::Delivery(delivered)).await, Ok(Vec::new()));
    assert_eq!(storage.event(old).await.unwrap().unwrap().event.raw, None);
    assert_eq!(
        (storage.attempts(old_id).await, storage.writes(old_id).await),
        (Ok(Vec::new()), Ok(Vec::new()))
    );
    assert_eq!(storage.event(new).await.unwrap().unwrap().event, event("new", "order-1"));
    assert_eq!(storage.attempts(new_id).await, Ok(vec![attempt(1)]));
    assert_eq!(storage.writes(new_id).await.unwrap().len(), 2);
    // Known for ever.
    assert_eq!(storage.accept(delivery("d-1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(storage.take_in(submission(&["old"])).await, Ok(0));
    assert_eq!(storage.entry("shop", "old").await.unwrap().value, Some(b"v".to_vec()));
    assert_eq!(purge_all(&*storage, 101, 100).await, 0);
}

pub async fn open_and_dead_work_is_not_forgotten(bed: &mut impl Bed) {
    let storage = bed.storage();
    let states = [State::Received, State::Waiting, State::Parked, State::Dead];
    for state in states {
        storage.take_in(submission(&[state.name()])).await.unwrap();
        let id = WorkId::Event(sequences(&*storage).await.pop().unwrap().0);
        storage.intend(intent(id, "k")).await.unwrap();
        let tried = Setback { at: 1, attempt: Some(attempt(1)), ..setback(id, state) };
        storage.set_back(tried).await.unwrap();
    }
    assert_eq!(purge_all(&*storage, u64::MAX >> 1, 100).await, 0);
    for (sequence, _) in sequences(&*storage).await {
        let id = WorkId::Event(sequence);
        assert_eq!(storage.writes(id).await.unwrap().len(), 1);
        assert_eq!(storage.attempts(id).await.unwrap().len(), 1);
        assert!(storage.event(sequence).await.unwrap().unwrap().event.raw.is_some());
        storage.discard(id, "old".to_owned(), 2).await.unwrap();
    }
    // Four events with an attempt and a write each, and the settings that no attempt names any more.
    assert_eq!(purge_all(&*storage, 3, 100).await, 13);
}

pub async fn a_purge_stops_at_its_limit(bed: &mut impl Bed) {
    let storage = bed.storage();
    for id in ["a", "b", "c"] {
        ended_event(&*storage, id, 100).await;
    }
    assert_eq!(storage.purge(101, 0).await, Ok(0));
    // Three events with an attempt and two writes each, and the settings.
    assert_eq!(purge_all(&*storage, 101, 1).await, 13);
    assert_eq!(purge_all(&*storage, 101, 1).await, 0);
}

pub async fn modules_go_when_nothing_names_them(bed: &mut impl Bed) {
    let storage = bed.storage();
    // As many as stay, and one that has fallen out of the last of its connection.
    for number in 0..=ACTIVATIONS_WITH_MODULES {
        keep(&*storage, &format!("sha256:{number}")).await;
        storage.activate(activation("shop", &format!("sha256:{number}")), Vec::new()).await.unwrap();
    }
    for digest in ["sha256:attempted", "sha256:new", "sha256:depot"] {
        keep(&*storage, digest).await;
    }
    storage.activate(activation("depot", "sha256:depot"), Vec::new()).await.unwrap();
    storage.take_in(submission(&["a"])).await.unwrap();
    let id = WorkId::Event(sequences(&*storage).await[0].0);
    let tried = AttemptRecord { module: "sha256:attempted".to_owned(), ..attempt(1) };
    storage.set_back(Setback { attempt: Some(tried), ..setback(id, State::Waiting) }).await.unwrap();
    // The first purge finds the unused ones; one of them is activated before the next.
    assert_eq!(purge_all(&*storage, 10, 100).await, 0);
    keep(&*storage, "sha256:new").await;
    storage.activate(activation("depot", "sha256:new"), Vec::new()).await.unwrap();
    assert_eq!(purge_all(&*storage, 10, 100).await, 0);
    assert_eq!(purge_all(&*storage, 11, 100).await, 1);
    assert!(!is_kept(&*storage, "sha256:0").await);
    for digest in ["sha256:1", "sha256:10", "sha256:attempted", "sha256:new", "sha256:depot"] {
        assert!(is_kept(&*storage, digest).await, "{digest}");
    }
}

pub async fn a_restart_hands_out_what_a_purge_left(bed: &mut impl Bed) {
    let storage = bed.storage();
    ended_event(&*storage, "ended", 100).await;
    storage.take_in(submission(&["open"])).await.unwrap();
    let open = sequences(&*storage).await.pop().unwrap().0;
    purge_all(&*storage, 1_000, 100).await;
    drop(storage);
    bed.reopen().await;
    let notes = Arc::new(Notes::default());
    bed.storage().attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(notes.ids(), [WorkId::Event(open)]);
}
