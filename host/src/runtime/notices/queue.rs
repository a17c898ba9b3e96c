//! Notices of what is not stored, such as a pause: they are kept in the order in which they were made.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::super::host::Shared;
use crate::storage::NewNotice;

/// Notices that wait for the storage. A connection pauses every few seconds at most; when the storage fails for long, the
/// oldest are the least worth telling.
const WAITING_MAX: usize = 1_024;

/// How long to wait before trying a storage again that failed.
const STORAGE_RETRY: Duration = Duration::from_secs(5);

/// What waits to be kept.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<NewNotice>>,
    pushed: Notify,
}

impl Queue {
    pub(super) fn push(&self, notices: Vec<NewNotice>) {
        self.change(|waiting| waiting.extend(notices));
        self.pushed.notify_one();
    }

    fn take(&self) -> Vec<NewNotice> {
        self.change(std::mem::take)
    }

    /// Put back what could not be kept.
    fn put_back(&self, notices: Vec<NewNotice>) {
        self.change(|waiting| drop(waiting.splice(..0, notices)));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<NewNotice>) -> T) -> T {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut waiting);
        let over = waiting.len().saturating_sub(WAITING_MAX);
        waiting.drain(..over);
        answer
    }
}

impl Shared {
    /// Keep what is pushed, for as long as the host runs; what was pushed before a stop as well.
    pub(in crate::runtime) async fn keep_notices(self: Arc<Shared>) {
        let mut stopping = self.stopping.subscribe();
        let queue = &self.notices.queue;
        loop {
            // Looked at first: what is pushed before a stop is taken after it.
            let stopped = *self.stopping.borrow();
            let waiting = queue.take();
            if waiting.is_empty() {
                if stopped {
                    return;
                }
                tokio::select! {
                    biased;
                    _ = stopping.wait_for(|stopping| *stopping) => {}
                    () = queue.pushed.notified() => {}
                }
                continue;
            }
            let Err(error) = self.storage.notify(waiting.clone(), self.clock.now()).await else { continue };
            tracing::error!(%error, "cannot keep notices of what happened");
            if stopped {
                return;
            }
            queue.put_back(waiting);
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = tokio::time::sleep(STORAGE_RETRY) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::notices::data;

    #[test]
    fn the_oldest_are_dropped_when_nothing_can_be_kept() {
        let queue = Queue::default();
        for number in 0..=WAITING_MAX {
            queue.push(vec![data::paused("shop", &number.to_string())]);
        }
        let taken = queue.take();
        assert_eq!(taken.len(), WAITING_MAX);
        assert_eq!(taken[0], data::paused("shop", "1"));
        queue.push(vec![data::resumed("shop")]);
        queue.put_back(taken);
        let all = queue.take();
        assert_eq!(all[0], data::paused("shop", "2"), "there is room for one less");
        assert_eq!(all.last(), Some(&data::resumed("shop")));
        assert!(queue.take().is_empty());
    }
}
