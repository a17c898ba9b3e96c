//! Pausing a connection until a person has acted, and finding out by itself that they have.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::connection::Connection;
use super::host::Shared;
use super::observe::Happening;

/// How long after a pause the connector's check is run for the first time.
const CHECK_FIRST: Duration = Duration::from_secs(5);

/// The longest time between two checks of a paused connection: how long an operator who put it right may have to wait. A
/// check makes a few requests, so a credential that stays bad costs a vendor a few hundred a day.
const CHECK_LONGEST: Duration = Duration::from_mins(15);

impl Shared {
    /// Have a connection start nothing more, until a check of its connector passes or a person resumes it.
    pub(super) fn pause(self: &Arc<Shared>, connection: &Arc<Connection>, reason: &str) {
        let was_paused = connection.queue().pause(reason);
        if !was_paused {
            connection.pauses.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                connection = &*connection.name,
                reason,
                "the connection pauses and keeps what comes in; it goes on by itself once its check passes"
            );
            self.notices.paused(&connection.name, reason);
            self.tell(connection, || Happening::Paused { reason: reason.to_owned() });
        }
        self.activity();
        if !connection.recovering.swap(true, Ordering::SeqCst) {
            self.tasks.spawn(Arc::clone(self).recover(Arc::clone(connection)));
        }
    }

    /// Let a paused connection go on. Answers whether it was paused.
    pub(super) fn unpause(&self, connection: &Connection) -> bool {
        let was_paused = connection.queue().resume();
        if was_paused {
            connection.changed.notify_one();
            self.activity();
            tracing::info!(connection = &*connection.name, "the connection goes on");
            self.notices.resumed(&connection.name);
            self.tell(connection, || Happening::Resumed);
        }
        was_paused
    }

    /// Run the connector's check now and then, for as long as the connection is paused; resume it when all of it passes.
    /// If that was not the cause, the next event pauses it again, and the checks come less often.
    async fn recover(self: Arc<Shared>, connection: Arc<Connection>) {
        let mut stopping = self.stopping.subscribe();
        let mut tries = connection.pauses.load(Ordering::Relaxed);
        while connection.queue().is_paused() {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(delay(tries)) => {}
            }
            tries = tries.saturating_add(1);
            if connection.queue().is_paused() && self.check_passes(&connection).await {
                self.unpause(&connection);
            }
        }
        connection.recovering.store(false, Ordering::SeqCst);
        // It may have been paused again between the last look and that.
        if let Some(reason) = connection.queue().pause_reason() {
            self.pause(&connection, &reason);
        }
    }

    async fn check_passes(&self, connection: &Connection) -> bool {
        let Ok(_worker) = self.worker().await else { return false };
        let call = self.call_for_check(connection);
        match call.active.connector.check(call.ports()).await {
            Ok(Ok(probes)) => probes.iter().all(|probe| probe.ok),
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

/// How long to wait before a check, of which `tries` were in vain (from 1).
fn delay(tries: u32) -> Duration {
    CHECK_FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(CHECK_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_come_less_and_less_often() {
        let seconds: Vec<u64> = (1..=9).map(|tries| delay(tries).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(delay(u32::MAX), CHECK_LONGEST);
    }
}
