//! What happens, as it happens.

use std::time::Instant;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use transload::contract::{Effect, Receipt, Verb};
use transload::runtime::{Happening, HostEvent};

use crate::cli::style;

/// Prints what `events` brings until the host ends.
pub async fn show(mut events: Receiver<HostEvent>, started: Instant) {
    loop {
        match events.recv().await {
            Ok(event) => {
                for line in lines(&event.happening) {
                    say!("{} {line}", style::dim(&format!("{:>8.3}s", started.elapsed().as_secs_f64())));
                }
            }
            Err(RecvError::Lagged(missed)) => {
                say!("{}", style::warn(&format!("({missed} lines left out)")))
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn lines(happening: &Happening) -> Vec<String> {
    match happening {
        Happening::DeliveryAccepted { source, .. } => {
            vec![format!("{} webhook of {source}, stored", style::bold("→"))]
        }
        Happening::DeliveryDuplicate { source, .. } => {
            vec![style::warn(&format!("→ webhook of {source}, seen before, dropped"))]
        }
        Happening::DeliveryRefused { source, status, reason } => {
            vec![style::bad(&format!("→ webhook of {source} refused with {status}: {reason}"))]
        }
        Happening::Call { method, url, status, error, elapsed_ms, .. } => {
            let answer = match (status, error) {
                (Some(status), _) => status.to_string(),
                (None, Some(error)) => error.clone(),
                (None, None) => String::new(),
            };
            vec![style::dim(&format!("    {method} {} → {answer} ({elapsed_ms} ms)", path(url)))]
        }
        Happening::EventFinished { receipt, .. } => finished(receipt),
        Happening::Failed { reason, .. } => {
            vec![style::warn(&format!("  ! {reason}; it will be tried again"))]
        }
        Happening::Dead { reason, .. } => vec![style::bad(&format!("  ✗ given up: {reason}"))],
        Happening::Parked { reason, .. } => vec![style::bad(&format!("  ✗ waits for a person: {reason}"))],
        Happening::Polled { trigger, events } if *events > 0 => {
            vec![format!("{} {trigger} polled, {events} new", style::bold("→"))]
        }
        Happening::PollFailed { trigger, reason } => {
            vec![style::warn(&format!("  ! polling {trigger} failed: {reason}"))]
        }
        Happening::StorageFailed { reason } => vec![style::bad(&format!("  ✗ {reason}"))],
        _ => Vec::new(),
    }
}

fn finished(receipt: &Receipt) -> Vec<String> {
    match receipt {
        Receipt::Skipped(reason) => vec![style::dim(&format!("  · {reason}"))],
        Receipt::Done(report) => {
            let effects = report.effects.iter().map(effect);
            let alerts = report.alerts.iter().map(|alert| style::warn(&format!("  ! {}", alert.message)));
            effects.chain(alerts).collect()
        }
    }
}

fn effect(effect: &Effect) -> String {
    let Effect { verb, system, kind, summary, .. } = effect;
    match verb {
        Verb::Verified => style::dim(&format!("  = {system} {kind}: {summary}")),
        _ => format!("  {} {system} {kind}: {summary}", style::good("✓")),
    }
}

/// A URL without scheme and host, which in the demo are always the same, and without the query.
fn path(url: &str) -> &str {
    let url = url.split('?').next().unwrap_or(url);
    url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest.split_at(at).1)).unwrap_or(url)
}
