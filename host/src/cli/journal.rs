//! What happens, as log lines for an operator.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::{info, warn};
use transload::contract::{Receipt, Severity};
use transload::runtime::{Happening, HostEvent};

/// Logs what `events` brings until the host ends: what a person must know of as a warning, the rest as information.
pub async fn keep(mut events: Receiver<HostEvent>) {
    loop {
        match events.recv().await {
            Ok(event) => write(&event.connection, &event.happening),
            Err(RecvError::Lagged(missed)) => warn!(missed, "too much happened at once to log all of it"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn write(connection: &str, happening: &Happening) {
    match happening {
        Happening::DeliveryAccepted { source, id, .. } => info!(connection, source, id, "webhook stored"),
        Happening::DeliveryDuplicate { source, id } => info!(connection, source, id, "webhook seen before"),
        Happening::DeliveryRefused { source, status, reason } => {
            warn!(connection, source, status, reason, "webhook refused");
        }
        Happening::EventFinished { sequence, receipt, elapsed_ms, .. } => {
            finished(connection, *sequence, receipt, *elapsed_ms);
        }
        Happening::Failed { work, reason, .. } => {
            warn!(connection, %work, reason, "failed, will be tried again")
        }
        Happening::Dead { work, reason } => {
            warn!(connection, %work, reason, "given up; it stays in the database")
        }
        Happening::Parked { work, reason } => warn!(connection, %work, reason, "waits for a person"),
        Happening::Paused { reason } => {
            warn!(connection, reason, "paused; put it right, see `transload check`, and restart the host");
        }
        Happening::Resumed => info!(connection, "resumed"),
        Happening::Polled { trigger, events } => info!(connection, trigger, events, "polled"),
        Happening::PollFailed { trigger, reason } => warn!(connection, trigger, reason, "poll failed"),
        // The storage logs its own failures; calls and lines of connectors belong to a timeline.
        _ => {}
    }
}

fn finished(connection: &str, sequence: u64, receipt: &Receipt, elapsed_ms: u64) {
    match receipt {
        Receipt::Skipped(reason) => info!(connection, event = sequence, elapsed_ms, reason, "skipped"),
        Receipt::Done(report) => {
            let effects: Vec<&str> = report.effects.iter().map(|effect| effect.summary.as_str()).collect();
            info!(connection, event = sequence, elapsed_ms, effects = effects.join("; "), "done");
            for alert in &report.alerts {
                match alert.severity {
                    Severity::Info => info!(connection, kind = alert.kind, "{}", alert.message),
                    Severity::Warning | Severity::Critical => {
                        warn!(connection, kind = alert.kind, "{}", alert.message)
                    }
                }
            }
        }
    }
}
