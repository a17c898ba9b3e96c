//! What happens, as log lines for an operator.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::{info, warn};
use transload::contract::{Receipt, Severity};
use transload::runtime::{Happening, HostEvent};

/// Logs what `events` brings until the host ends: alerts as warnings, the rest as information.
pub async fn keep(mut events: Receiver<HostEvent>) {
    loop {
        match events.recv().await {
            Ok(event) => write(&event.connection, &event.happening),
            Err(RecvError::Lagged(missed)) => warn!(missed, "too much happened at once to log all of it"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// The library logs by itself what fails; what goes well is logged here.
fn write(connection: &str, happening: &Happening) {
    match happening {
        Happening::DeliveryAccepted { source, id, .. } => info!(connection, source, id, "webhook stored"),
        Happening::DeliveryDuplicate { source, id } => info!(connection, source, id, "webhook seen before"),
        Happening::EventFinished { sequence, receipt, elapsed_ms, .. } => {
            finished(connection, *sequence, receipt, *elapsed_ms);
        }
        Happening::Resumed => info!(connection, "resumed"),
        Happening::Polled { trigger, events } if *events > 0 => info!(connection, trigger, events, "polled"),
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
