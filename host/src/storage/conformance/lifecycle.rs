//! Work changes its state as the diagram of `lifecycle` says, and no other way.

use super::super::*;
use super::{
    Bed, Notes, delivery, event, finish, intake, intent, only_event, sequences, setback, skipped, submission,
};
use crate::contract::{Receipt, Report};

/// An event of its own in this state, whose id is the state's name.
async fn event_in(storage: &dyn Storage, state: State) -> Sequence {
    storage.take_in(submission(&[state.name()])).await.unwrap();
    let (sequence, _) = sequences(storage).await.pop().unwrap();
    match state {
        State::Received => {}
        State::Waiting | State::Parked | State::Dead => {
            storage.set_back(setback(WorkId::Event(sequence), state)).await.unwrap();
        }
        State::Done => {
            let report = Report { effects: Vec::new(), follow_ups: Vec::new(), alerts: Vec::new() };
            storage.finish(finish(sequence, Receipt::Done(report), Vec::new())).await.unwrap();
        }
        State::Skipped => {
            storage.finish(finish(sequence, skipped(), Vec::new())).await.unwrap();
        }
        State::Discarded => {
            storage.discard(WorkId::Event(sequence), "no longer wanted".to_owned(), 5).await.unwrap();
        }
    }
    sequence
}

async fn state_of(storage: &dyn Storage, sequence: Sequence) -> State {
    storage.event(sequence).await.unwrap().unwrap().state
}

pub async fn only_open_work_is_handled(bed: &mut impl Bed) {
    let storage = bed.storage();
    for state in State::ALL {
        let sequence = event_in(&*storage, state).await;
        assert_eq!(state_of(&*storage, sequence).await, state);
        let id = WorkId::Event(sequence);
        let open = matches!(state, State::Received | State::Waiting | State::Parked);
        let expected = if open { Ok(()) } else { Err(StorageError::Ended(format!("event {sequence}"))) };
        assert_eq!(storage.intend(intent(id, "k")).await, expected, "{state}");
        assert_eq!(storage.set_back(setback(id, State::Received)).await, expected, "{state}");
        assert_eq!(storage.set_back(setback(id, State::Parked)).await, expected, "{state}");
        assert_eq!(storage.set_back(setback(id, State::Waiting)).await, expected, "{state}");
        let finished = storage.finish(finish(sequence, skipped(), Vec::new())).await.map(drop);
        assert_eq!(finished, expected, "{state}");
        let ended = if open { State::Skipped } else { state };
        assert_eq!(state_of(&*storage, sequence).await, ended);
    }
}

pub async fn open_and_dead_work_is_retried(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    for state in State::ALL {
        let sequence = event_in(&*storage, state).await;
        let id = WorkId::Event(sequence);
        notes.0.lock().unwrap().clear();
        let answer = storage.retry(id, 9).await;
        if matches!(state, State::Done | State::Skipped | State::Discarded) {
            assert_eq!(answer, Err(StorageError::Ended(format!("event {sequence}"))));
            assert_eq!((state_of(&*storage, sequence).await, notes.ids()), (state, Vec::new()));
            continue;
        }
        assert_eq!(answer, Ok(state));
        let record = storage.event(sequence).await.unwrap().unwrap();
        assert_eq!((record.state, record.attempts), (State::Received, 0));
        assert_eq!((record.not_before, record.ended_at), (None, None));
        let work = Work {
            id,
            connection: "shop".to_owned(),
            subject: Some("order-1".to_owned()),
            attempts: 0,
            not_before: None,
            resumed: true,
        };
        assert_eq!(*notes.0.lock().unwrap(), [work]);
    }
    assert_eq!(
        storage.retry(WorkId::Event(999), 9).await,
        Err(StorageError::NotFound("event 999".to_owned()))
    );
}

pub async fn open_and_dead_work_is_discarded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    for state in State::ALL {
        let sequence = event_in(&*storage, state).await;
        let id = WorkId::Event(sequence);
        notes.1.lock().unwrap().clear();
        let answer = storage.discard(id, "sold out".to_owned(), 9).await;
        if matches!(state, State::Done | State::Skipped | State::Discarded) {
            assert_eq!(answer, Err(StorageError::Ended(format!("event {sequence}"))));
            assert_eq!(state_of(&*storage, sequence).await, state);
            continue;
        }
        assert_eq!(answer, Ok(state));
        let record = storage.event(sequence).await.unwrap().unwrap();
        assert_eq!((record.state, record.ended_at, record.not_before), (State::Discarded, Some(9), None));
        assert_eq!(record.reason.as_deref(), Some("sold out"));
        let withdrawn = ("shop".to_owned(), Some("order-1".to_owned()), id);
        let held = if state == State::Dead { Vec::new() } else { vec![withdrawn] };
        assert_eq!(*notes.1.lock().unwrap(), held, "{state}");
    }
    let absent = storage.discard(WorkId::Delivery(999), "sold out".to_owned(), 9).await;
    assert_eq!(absent, Err(StorageError::NotFound("delivery 999".to_owned())));
    drop(storage);
    bed.reopen().await;
    let notes = Arc::new(Notes::default());
    bed.storage().attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(notes.ids(), []);
}

pub async fn deliveries_are_retried_and_discarded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(sequence) = storage.accept(delivery("d-1")).await.unwrap() else { panic!("not new") };
    let id = WorkId::Delivery(sequence);
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    storage.set_back(setback(id, State::Dead)).await.unwrap();
    assert_eq!(storage.retry(id, 9).await, Ok(State::Dead));
    assert_eq!(notes.ids(), [id, id]);
    assert_eq!(storage.delivery(sequence).await.unwrap().unwrap().state, State::Received);
    assert_eq!(storage.discard(id, "spam".to_owned(), 10).await, Ok(State::Received));
    assert_eq!(*notes.1.lock().unwrap(), [("shop".to_owned(), None, id)]);
    let late = storage.take_in(intake(Origin::Delivery(sequence), vec![event("a", "order-1")])).await;
    assert_eq!(late, Err(StorageError::Ended(format!("delivery {sequence}"))));
    assert_eq!(sequences(&*storage).await, []);
    assert_eq!(storage.accept(delivery("d-1")).await, Ok(Acceptance::Duplicate));
}

pub async fn a_retry_survives_a_restart(bed: &mut impl Bed) {
    let storage = bed.storage();
    let sequence = event_in(&*storage, State::Dead).await;
    storage.retry(WorkId::Event(sequence), 9).await.unwrap();
    drop(storage);
    bed.reopen().await;
    let storage = bed.storage();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    assert_eq!(notes.ids(), [WorkId::Event(sequence)]);
    assert_eq!(only_event(&*storage).await.attempts, 0);
}

pub async fn what_died_under_a_module_is_revived(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(delivered) = storage.accept(delivery("d-1")).await.unwrap() else {
        panic!("not new")
    };
    storage.take_in(submission(&["dies", "early", "other-module", "waits", "done"])).await.unwrap();
    let elsewhere = Intake { connection: "depot".to_owned(), ..submission(&["elsewhere"]) };
    storage.take_in(elsewhere).await.unwrap();
    let kept = sequences(&*storage).await;
    let id = |name: &str| {
        let (sequence, _) = kept.iter().find(|(_, id)| id == name).unwrap();
        WorkId::Event(*sequence)
    };
    let dead = |id, at, module: &str| Setback { at, module: module.to_owned(), ..setback(id, State::Dead) };
    for setback in [
        dead(WorkId::Delivery(delivered), 100, "sha256:bad"),
        dead(id("dies"), 101, "sha256:bad"),
        dead(id("early"), 99, "sha256:bad"),
        dead(id("other-module"), 101, "sha256:good"),
        dead(id("elsewhere"), 101, "sha256:bad"),
        Setback { at: 101, module: "sha256:bad".to_owned(), ..setback(id("waits"), State::Waiting) },
    ] {
        storage.set_back(setback).await.unwrap();
    }
    let WorkId::Event(done) = id("done") else { panic!("no event") };
    let done = Finish { module: "sha256:bad".to_owned(), at: 101, ..finish(done, skipped(), Vec::new()) };
    storage.finish(done).await.unwrap();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    notes.0.lock().unwrap().clear();
    assert_eq!(storage.revive("shop", "sha256:bad", 100, 200).await, Ok(2));
    assert_eq!(notes.ids(), [WorkId::Delivery(delivered), id("dies")]);
    assert!(notes.0.lock().unwrap().iter().all(|work| work.attempts == 0 && work.resumed));
    assert_eq!(storage.revive("shop", "sha256:bad", 100, 200).await, Ok(0));
}
