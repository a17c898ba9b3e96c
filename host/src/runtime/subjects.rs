//! One call at a time for each subject.
//!
//! The queue keeps the events of a subject in order. Actions have no place in it, but look before they write as events do;
//! two that looked at the same time would both find nothing, and both write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// The subjects of one connection that a call is about right now, or that one waits for.
#[derive(Debug, Default)]
pub(super) struct Subjects(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

/// The turn of one call. The next one begins when it is dropped.
pub(super) struct Turn<'s> {
    subjects: &'s Subjects,
    subject: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Subjects {
    /// Wait until no other call is about `subject`.
    pub(super) async fn enter(&self, subject: &str) -> Turn<'_> {
        let turn = Arc::clone(self.turns().entry(subject.to_owned()).or_default());
        let mut entered = Turn { subjects: self, subject: subject.to_owned(), guard: None };
        entered.guard = Some(turn.lock_owned().await);
        entered
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        // The map is whole between its methods, and none of them panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut turns = self.subjects.turns();
        // Whoever waits holds the turn as well, and takes it only from the map, which is locked.
        if turns.get(&self.subject).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn one_call_at_a_time_and_nothing_is_left_behind() {
        let subjects = Arc::new(Subjects::default());
        let inside = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let calls = (0..200).map(|number| {
            let (subjects, inside) = (Arc::clone(&subjects), Arc::clone(&inside));
            tokio::spawn(async move {
                let which = number % 2;
                let _turn = subjects.enter(["a", "b"][which]).await;
                assert_eq!(inside[which].fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                inside[which].fetch_sub(1, Ordering::SeqCst);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        assert!(subjects.turns().is_empty());
    }

    #[tokio::test]
    async fn a_call_that_gives_up_waiting_leaves_nothing_behind() {
        let subjects = Subjects::default();
        let turn = subjects.enter("a").await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(10), subjects.enter("a"));
        assert!(waiting.await.is_err());
        drop(turn);
        assert!(subjects.turns().is_empty());
    }
}
