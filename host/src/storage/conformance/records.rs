//! What work wrote, and what its attempts did, is remembered.

use super::super::*;
use super::{
    Bed, attempt, delivery, event, finish, intake, intent, only_event, poll, put, sequences, setback,
    skipped, submission,
};
use crate::contract::InDoubt;

/// An open event.
async fn open_event(storage: &dyn Storage) -> WorkId {
    storage.take_in(submission(&["a"])).await.unwrap();
    WorkId::Event(only_event(storage).await.sequence)
}

fn outcome(id: WorkId, key: &str, state: WriteState) -> WriteOutcome {
    let response = Some(b"HTTP/1.1 201 Created".to_vec());
    WriteOutcome { id, key: key.to_owned(), state, status: Some(201), response, at: 1_700_000_000_900 }
}

pub async fn an_intent_survives_a_restart(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    assert_eq!(storage.writes(id).await, Ok(Vec::new()));
    storage.intend(intent(id, "k")).await.unwrap();
    drop(storage);
    bed.reopen().await;
    let expected = WriteRecord {
        key: "k".to_owned(),
        attempt: 1,
        api: "track-pod".to_owned(),
        method: "POST".to_owned(),
        url: "https://api.track-pod.com/Order".to_owned(),
        in_doubt: InDoubt::Verify,
        state: WriteState::Intended,
        status: None,
        response: None,
        intended_at: 1_700_000_000_800,
        ended_at: None,
    };
    assert_eq!(bed.storage().writes(id).await, Ok(vec![expected]));
}

pub async fn a_settled_write_keeps_its_answer(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    for state in WriteState::ALL {
        storage.intend(intent(id, state.name())).await.unwrap();
        storage.settle(outcome(id, state.name(), state)).await.unwrap();
    }
    let writes = storage.writes(id).await.unwrap();
    let states: Vec<WriteState> = writes.iter().map(|write| write.state).collect();
    assert_eq!(states, WriteState::ALL);
    for write in writes {
        assert_eq!(write.response.as_deref(), Some(&b"HTTP/1.1 201 Created"[..]));
        assert_eq!((write.status, write.ended_at), (Some(201), Some(1_700_000_000_900)));
    }
}

pub async fn a_resend_takes_the_first_ones_place(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    for (key, in_doubt) in [("a", InDoubt::Resend), ("b", InDoubt::Never)] {
        storage.intend(WriteIntent { in_doubt, ..intent(id, key) }).await.unwrap();
    }
    storage.settle(outcome(id, "a", WriteState::InDoubt)).await.unwrap();
    let again = WriteIntent { attempt: 2, at: 1_700_000_001_000, ..intent(id, "a") };
    storage.intend(again).await.unwrap();
    let writes = storage.writes(id).await.unwrap();
    let [first, second] = &writes[..] else { panic!("{writes:?}") };
    assert_eq!((first.key.as_str(), first.attempt, first.state), ("a", 2, WriteState::Intended));
    assert_eq!((first.status, &first.response, first.ended_at), (None, &None, None));
    assert_eq!((first.intended_at, first.in_doubt), (1_700_000_001_000, InDoubt::Verify));
    assert_eq!((second.key.as_str(), second.in_doubt), ("b", InDoubt::Never));
}

pub async fn writes_belong_to_one_piece_of_work(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(sequence) = storage.accept(delivery("d-1")).await.unwrap() else { panic!("not new") };
    let event = open_event(&*storage).await;
    // Their numbers may be the same; their kinds are not.
    let delivery = WorkId::Delivery(sequence);
    storage.intend(intent(delivery, "of the delivery")).await.unwrap();
    storage.intend(intent(event, "of the event")).await.unwrap();
    for (id, key) in [(delivery, "of the delivery"), (event, "of the event")] {
        let keys: Vec<String> =
            storage.writes(id).await.unwrap().into_iter().map(|write| write.key).collect();
        assert_eq!(keys, [key]);
    }
    let foreign = storage.settle(outcome(delivery, "of the event", WriteState::Done)).await;
    assert!(matches!(foreign, Err(StorageError::NotFound(_))), "{foreign:?}");
}

pub async fn an_outcome_is_kept_after_the_end(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    storage.intend(intent(id, "k")).await.unwrap();
    storage.discard(id, "sold out".to_owned(), 9).await.unwrap();
    storage.settle(outcome(id, "k", WriteState::Done)).await.unwrap();
    assert_eq!(storage.writes(id).await.unwrap()[0].state, WriteState::Done);
    let absent = WorkId::Event(999);
    assert_eq!(storage.intend(intent(absent, "k")).await, Err(StorageError::Ended("event 999".to_owned())));
}

pub async fn a_retry_remembers_what_was_written(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    storage.intend(intent(id, "k")).await.unwrap();
    storage.settle(outcome(id, "k", WriteState::Done)).await.unwrap();
    storage.set_back(setback(id, State::Dead)).await.unwrap();
    storage.retry(id, 9).await.unwrap();
    assert_eq!(storage.writes(id).await.unwrap()[0].state, WriteState::Done);
}

pub async fn writes_are_bounded(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    let longest = "k".repeat(WRITE_KEY_BYTES_MAX);
    storage.intend(intent(id, &longest)).await.unwrap();
    let refusal = storage.intend(intent(id, &format!("{longest}k"))).await.unwrap_err();
    assert!(matches!(refusal, StorageError::Record { .. }), "{refusal}");
    let tasks: Vec<_> = (1..WRITES_PER_WORK_MAX)
        .map(|number| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move { storage.intend(intent(id, &number.to_string())).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let refusal = storage.intend(intent(id, "one more")).await.unwrap_err();
    assert!(matches!(refusal, StorageError::Record { .. }), "{refusal}");
    storage.intend(intent(id, "1")).await.unwrap();
    assert_eq!(storage.writes(id).await.unwrap().len(), WRITES_PER_WORK_MAX as usize);
}

pub async fn attempts_are_kept_with_their_commits(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    let WorkId::Event(sequence) = id else { panic!("no event") };
    let first = Setback { attempt: Some(attempt(1)), ..setback(id, State::Waiting) };
    storage.set_back(first).await.unwrap();
    let stale = EntryWrite { expected: Some(7), ..put("k", b"v", 8) };
    let failing = Finish { attempt: Some(attempt(2)), ..finish(sequence, skipped(), vec![stale]) };
    storage.finish(failing).await.unwrap_err();
    assert_eq!(storage.attempts(id).await, Ok(vec![attempt(1)]));
    // The largest seed there is, and settings of its own.
    let second = AttemptRecord { seed: u64::MAX, settings: "{}".to_owned(), ..attempt(2) };
    let last = Finish { attempt: Some(second.clone()), ..finish(sequence, skipped(), Vec::new()) };
    storage.finish(last).await.unwrap();
    assert_eq!(storage.attempts(id).await, Ok(vec![attempt(1), second]));
    assert_eq!(storage.attempts(WorkId::Delivery(sequence)).await, Ok(Vec::new()));
}

pub async fn a_deliverys_attempt_is_kept_and_a_polls_is_not(bed: &mut impl Bed) {
    let storage = bed.storage();
    let Acceptance::New(sequence) = storage.accept(delivery("d-1")).await.unwrap() else { panic!("not new") };
    let events = vec![event("a", "order-1")];
    let read = Intake { attempt: Some(attempt(1)), ..intake(Origin::Delivery(sequence), events) };
    storage.take_in(read).await.unwrap();
    assert_eq!(storage.attempts(WorkId::Delivery(sequence)).await, Ok(vec![attempt(1)]));
    let polled = Intake { attempt: Some(attempt(1)), ..poll(None, vec![event("b", "order-1")]) };
    assert_eq!(storage.take_in(polled).await, Ok(1));
    for (event, _) in sequences(&*storage).await {
        assert_eq!(storage.attempts(WorkId::Event(event)).await, Ok(Vec::new()));
    }
}

pub async fn only_the_last_attempts_are_kept(bed: &mut impl Bed) {
    let storage = bed.storage();
    let id = open_event(&*storage).await;
    for number in 1..=ATTEMPTS_PER_WORK_MAX + 3 {
        let parked = Setback { attempt: Some(attempt(number)), ..setback(id, State::Parked) };
        storage.set_back(parked).await.unwrap();
    }
    let kept: Vec<u32> = storage.attempts(id).await.unwrap().iter().map(|attempt| attempt.number).collect();
    assert_eq!(kept, (4..=ATTEMPTS_PER_WORK_MAX + 3).collect::<Vec<_>>());
}
