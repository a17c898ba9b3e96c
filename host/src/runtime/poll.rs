//! Polling: what has no webhook is asked for. A page's cursor is committed with the page's events.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::backoff;
use super::connection::Connection;
use super::host::Shared;
use super::observe::Happening;
use super::trouble::{Trouble, check_events, shortened};
use crate::contract::EventPage;
use crate::storage::{Intake, Origin};

/// The shortest time between two polls, whatever a manifest says.
pub(super) const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// The time between the first polls of two connections when a host starts: 200 a second. Ten thousand would otherwise ask
/// their vendors, and the storage, all at once.
pub(super) const STAGGER: Duration = Duration::from_millis(5);

/// Pages that one round fetches. A vendor with more than these in store is left alone until the next round, so that one
/// trigger cannot keep a worker for ever.
const PAGES_PER_ROUND_MAX: usize = 100;

impl Shared {
    /// See that a task polls each trigger of what the connection runs on, for the first time after `wait`.
    pub(super) fn start_polls(self: &Arc<Shared>, connection: &Arc<Connection>, wait: Duration) {
        for trigger in connection.active().polls.keys() {
            if connection.polled().insert(trigger.clone()) {
                connection.polling.fetch_add(1, Ordering::SeqCst);
                let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
                self.tasks.spawn(shared.poll_forever(connection, trigger.clone(), wait));
            }
        }
    }

    /// Poll a trigger for as long as the host runs and the connector has it. The first round has been counted as under
    /// way by the caller.
    async fn poll_forever(self: Arc<Shared>, connection: Arc<Connection>, trigger: String, wait: Duration) {
        let mut stopping = self.stopping.subscribe();
        let mut failures = 0;
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(wait) => {}
        }
        loop {
            let outcome = self.poll_if_room(&connection, &trigger).await;
            connection.polling.fetch_sub(1, Ordering::SeqCst);
            self.activity();
            let Some(interval) = self.interval(&connection, &trigger) else { return };
            let wait = match outcome {
                Ok(()) => {
                    failures = 0;
                    interval
                }
                Err(trouble) => {
                    failures += 1;
                    let after = if let Trouble::Retry { after, .. } = trouble { after } else { None };
                    interval.max(backoff::delay(failures, after, fastrand::u64(..)))
                }
            };
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(wait) => {}
            }
            connection.polling.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often to poll a trigger; none if the connector has it no more, and then nobody polls it.
    fn interval(&self, connection: &Connection, trigger: &str) -> Option<Duration> {
        let mut polled = connection.polled();
        let interval = connection.active().polls.get(trigger).copied();
        if interval.is_none() {
            polled.remove(trigger);
        }
        interval
    }

    async fn poll_if_room(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        trigger: &str,
    ) -> Result<(), Trouble> {
        let closed = {
            let queue = connection.queue();
            queue.is_paused() || queue.is_full()
        };
        if closed {
            return Ok(());
        }
        self.poll_round(connection, trigger).await.map(drop)
    }

    /// Fetch pages until there are no more, and answer how many events were new. Failures are told to those who watch.
    pub(super) async fn poll_round(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        trigger: &str,
    ) -> Result<usize, Trouble> {
        let turn = connection.poll_turn(trigger);
        let _turn = turn.lock().await;
        let outcome = self.poll_pages(connection, trigger).await;
        match &outcome {
            Ok(events) => {
                let events = *events;
                self.tell(connection, || Happening::Polled { trigger: trigger.to_owned(), events });
            }
            Err(trouble) => self.poll_failed(connection, trigger, trouble),
        }
        outcome
    }

    fn poll_failed(self: &Arc<Shared>, connection: &Arc<Connection>, trigger: &str, trouble: &Trouble) {
        let reason = match trouble {
            Trouble::Retry { reason, .. } | Trouble::Rejected(reason) | Trouble::NeedsAttention(reason) => {
                reason.clone()
            }
            Trouble::Throttled { .. } => "the credential's rate budget is used up".to_owned(),
            Trouble::Storage(error) => error.to_string(),
        };
        match trouble {
            Trouble::NeedsAttention(_) => self.pause(connection, &reason),
            _ => tracing::warn!(connection = &*connection.name, trigger, reason, "a poll failed"),
        }
        self.tell(connection, || Happening::PollFailed { trigger: trigger.to_owned(), reason });
    }

    async fn poll_pages(&self, connection: &Connection, trigger: &str) -> Result<usize, Trouble> {
        let mut cursor = self.storage.cursor(&connection.name, trigger).await?;
        let mut events = 0;
        for _ in 0..PAGES_PER_ROUND_MAX {
            let (page, new) = match self.poll_page(connection, trigger, cursor.as_deref()).await {
                // The connector does not know its cursor any more, as after an update: start over.
                Err(Trouble::Rejected(_)) if cursor.is_some() => {
                    self.poll_page(connection, trigger, None).await?
                }
                other => other?,
            };
            events += new;
            let stuck = page.cursor == cursor && new == 0;
            cursor = page.cursor;
            if !page.more || stuck || connection.queue().is_full() || *self.stopping.borrow() {
                break;
            }
        }
        Ok(events)
    }

    /// Fetch and keep one page. Answers what is left of it, and how many of its events were new.
    async fn poll_page(
        &self,
        connection: &Connection,
        trigger: &str,
        cursor: Option<&str>,
    ) -> Result<(EventPage, usize), Trouble> {
        let _worker = self.worker().await?;
        let call = self.call_for_poll(connection);
        let page = call.active.connector.poll(call.ports(), trigger, cursor).await?;
        let mut page = page.map_err(|failure| call.recorder.explain(failure))?;
        check_events(call.active.description(), &page.events)
            .map_err(|reason| Trouble::Retry { reason: shortened(reason), after: None })?;
        let intake = Intake {
            connection: connection.name.to_string(),
            origin: Origin::Poll { trigger: trigger.to_owned(), cursor: page.cursor.clone() },
            events: std::mem::take(&mut page.events),
            writes: call.take_writes(),
            attempt: None,
            at: self.clock.now(),
        };
        let new = self.storage.take_in(intake).await?;
        Ok((page, new))
    }
}
