//! What a failure leads to.

use std::time::Duration;

use super::super::backoff::ATTEMPTS_MAX;
use super::super::connector::Connector as _;
use super::super::trouble::{EVENTS_PER_CALL_MAX, REASON_BYTES_MAX, Trouble, check_events, judge, shortened};
use super::fake::{Fake, event};
use crate::contract::Event;
use crate::storage::{State, StorageError};

const NOW: u64 = 1_700_000_000_000;

fn busy(after: Option<Duration>) -> Trouble {
    Trouble::Retry { reason: "busy".to_owned(), after }
}

#[test]
fn the_last_attempt_is_the_last() {
    let verdict = judge(&busy(None), ATTEMPTS_MAX - 2, NOW, 0);
    assert_eq!((verdict.state, verdict.attempts), (State::Waiting, ATTEMPTS_MAX - 1));
    let verdict = judge(&busy(None), ATTEMPTS_MAX - 1, NOW, 0);
    assert_eq!((verdict.state, verdict.attempts), (State::Dead, ATTEMPTS_MAX));
}

#[test]
fn a_retry_waits_from_now() {
    let verdict = judge(&busy(Some(Duration::from_secs(10))), 0, NOW, 0);
    assert_eq!(verdict.not_before, Some(NOW + 10_000));
}

#[test]
fn attention_uses_no_attempt_and_a_failing_storage_decides_nothing() {
    let verdict = judge(&Trouble::NeedsAttention("key".to_owned()), 4, NOW, 0);
    assert_eq!((verdict.state, verdict.attempts, verdict.not_before), (State::Parked, 4, None));
    let verdict = judge(&Trouble::Storage(StorageError::Stopped), 4, NOW, 0);
    assert_eq!((verdict.state, verdict.attempts), (State::Waiting, 4));
    let conflict = Trouble::from(StorageError::Conflict { key: "k".to_owned() });
    assert_eq!(judge(&conflict, 0, NOW, 0).state, State::Waiting);
}

#[test]
fn reasons_are_bounded_and_cut_between_characters() {
    assert_eq!(shortened("é".repeat(REASON_BYTES_MAX / 2)).len(), REASON_BYTES_MAX);
    let cut = shortened(format!("x{}", "é".repeat(REASON_BYTES_MAX / 2)));
    assert!(cut.ends_with('…') && cut.len() <= REASON_BYTES_MAX + '…'.len_utf8());
}

#[test]
fn events_of_one_call_are_bounded() {
    let fake = Fake::default();
    let events = vec![event("a", "b"); EVENTS_PER_CALL_MAX];
    assert_eq!(check_events(fake.description(), &events), Ok(()));
    let events = vec![event("a", "b"); EVENTS_PER_CALL_MAX + 1];
    assert!(check_events(fake.description(), &events).unwrap_err().contains("10001"));
    assert_eq!(check_events(fake.description(), &[event(&"i".repeat(200), &"s".repeat(200))]), Ok(()));
    assert!(check_events(fake.description(), &[event("a", "")]).is_err());
}

#[test]
fn events_happened_at_a_time_that_can_be_kept() {
    let fake = Fake::default();
    let at = |occurred_at| check_events(fake.description(), &[Event { occurred_at, ..event("a", "b") }]);
    // The last millisecond of the year 9999.
    assert_eq!(at(Some(253_402_300_799_999)), Ok(()));
    assert!(at(Some(253_402_300_800_000)).unwrap_err().contains("occurred-at"));
    assert_eq!(at(None), Ok(()));
}
