//! All that is recorded of one event, in the order in which it happened.

use transload::contract::{Failure, Level, Receipt, Severity};
use transload::runtime::admin::{AttemptView, EventDetail, WriteView};
use transload::runtime::{Answer, Body, CallStep, Clock, Outcome, Source, Step};
use transload::storage::{State, WriteState};

use super::list::age;
use crate::cli::changes::short;
use crate::cli::style::{self, plain};

/// What stands before the lines of a body or header.
const INDENT: &str = "      ";

/// Prints an event.
pub fn print(detail: &EventDetail, full: bool) {
    head(detail);
    for attempt in &detail.attempts {
        print_attempt(attempt, full);
    }
    print_writes(&detail.writes, full);
    if let Some(receipt) = &detail.receipt {
        print_receipt(receipt);
    }
    if !detail.follow_ups.is_empty() {
        say!("\n{}", style::bold("Follow-ups"));
    }
    for follow_up in &detail.follow_ups {
        let number = follow_up.number.map(|number| format!("event {number}")).unwrap_or_default();
        let state = follow_up.state.map(|state| state.to_string()).unwrap_or_default();
        say!("  {number}  {}  {state}", plain(&follow_up.id));
    }
    if full {
        print_raw(detail);
    }
}

fn head(detail: &EventDetail) {
    let event = &detail.event;
    let state = if event.running { style::warn("running") } else { coloured(event.state) };
    say!("{}  {state}", style::bold(&format!("Event {}: {} {}", event.number, event.kind, event.subject)));
    say!("  id          {}", plain(&event.id));
    say!("  connection  {}, from {}, {}", event.connection, plain(&event.source), plain(&event.origin));
    let since = age(Clock::system().now().saturating_sub(event.received_at.ms));
    say!("  received    {} ({since} ago)", event.received_at.time);
    if let Some(at) = &detail.occurred_at {
        say!("  occurred    {}", at.time);
    }
    if let Some(at) = &event.not_before {
        say!("  tried again {}", at.time);
    }
    if let Some(at) = &event.ended_at {
        say!("  ended       {}", at.time);
    }
    if let Some(reason) = &event.reason {
        say!("  reason      {}", style::warn(reason));
    }
}

fn print_attempt(attempt: &AttemptView, full: bool) {
    let AttemptView { number, module, started_at, elapsed_ms, outcome, .. } = attempt;
    say!(
        "\n{} {}",
        style::bold(&format!("Attempt {number}")),
        style::dim(&format!("{} on {}, {elapsed_ms} ms", started_at.time, short(module)))
    );
    match &attempt.trace {
        None => say!("  {}", style::warn("its record cannot be read")),
        Some(trace) => {
            for step in &trace.steps {
                print_step(step, full);
            }
            for write in &trace.stored {
                let done = if write.value.is_some() { "writes" } else { "removes" };
                say!("    {}", style::dim(&format!("{done} entry {}", write.key)));
                if let Some(value) = write.value.as_ref().filter(|_| full) {
                    print_body(value);
                }
            }
        }
    }
    let came_to = attempt.trace.as_ref().and_then(|trace| trace.outcome.as_ref()).and_then(reason);
    let outcome = match came_to {
        Some(reason) => format!("{outcome}: {reason}"),
        None => outcome.clone(),
    };
    let well = ["done", "skipped", "read"].iter().any(|good| outcome.starts_with(good));
    say!("  → {}", if well { style::good(&outcome) } else { style::bad(&outcome) });
}

/// Why an attempt did not end well, or had nothing to do.
fn reason(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Receipt(Receipt::Done(_))
        | Outcome::Events(_)
        | Outcome::Page(_)
        | Outcome::Output(_)
        | Outcome::Findings(_)
        | Outcome::Probes(_) => None,
        Outcome::Receipt(Receipt::Skipped(reason)) | Outcome::Error(reason) => Some(reason),
        Outcome::Failure(Failure::Retry(retry)) => Some(&retry.reason),
        Outcome::Failure(Failure::Rejected(reason) | Failure::NeedsAttention(reason)) => Some(reason),
    }
}

fn print_step(step: &Step, full: bool) {
    match step {
        Step::Call(call) => print_call(call, full),
        Step::Entry { key, value, .. } => {
            let found = if value.is_some() { "" } else { ": none" };
            say!("    {}", style::dim(&format!("reads entry {key}{found}")));
            if let Some(value) = value.as_ref().filter(|_| full) {
                print_body(value);
            }
        }
        Step::Keys { prefix, keys, .. } => {
            say!("    {}", style::dim(&format!("lists entries {prefix}*: {}", keys.len())));
        }
        Step::Line { level, message, fields } => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let line = format!("{message} {}", fields.join(" "));
            let line = line.trim_end();
            match level {
                Level::Warn | Level::Error => say!("    log: {}", style::warn(line)),
                _ => say!("    log: {}", style::dim(line)),
            }
        }
    }
}

fn print_call(call: &CallStep, full: bool) {
    let answer = match &call.reply {
        None => style::warn("no answer was waited for"),
        Some(reply) => {
            let from = match reply.from {
                Source::Vendor => "",
                Source::Record => ", from the record",
                Source::Host => ", by the host",
            };
            let time = style::dim(&format!("({} ms{from})", reply.elapsed_ms));
            let said = match &reply.answer {
                Answer::Response(response) if (200..400).contains(&response.status) => {
                    style::good(&response.status.to_string())
                }
                Answer::Response(response) => style::bad(&response.status.to_string()),
                Answer::Error { reason, .. } => style::bad(reason),
            };
            format!("{said} {time}")
        }
    };
    say!("    {} {} → {answer}", call.method, plain(&call.url));
    if full {
        print_headers('>', &call.headers);
        print_body(&call.body);
        if let Some(Answer::Response(response)) = call.reply.as_ref().map(|reply| &reply.answer) {
            print_headers('<', &response.headers);
            print_body(&response.body);
        }
    }
}

fn print_headers(mark: char, headers: &[(String, String)]) {
    for (name, value) in headers {
        say!("{INDENT}{}", style::dim(&format!("{mark} {name}: {value}")));
    }
}

fn print_body(body: &Body) {
    match body {
        Body::Text(text) if text.is_empty() => {}
        Body::Text(text) => plain(text).lines().for_each(|line| say!("{INDENT}{line}")),
        Body::Base64(text) => say!("{INDENT}{}", style::dim(&format!("base64: {text}"))),
        Body::Omitted(bytes) => say!("{INDENT}{}", style::dim(&format!("{bytes} bytes, too many to keep"))),
    }
}

fn print_writes(writes: &[WriteView], full: bool) {
    if !writes.is_empty() {
        say!("\n{}", style::bold("Writes on record"));
    }
    for write in writes {
        let state = match write.state {
            WriteState::Done => style::good(write.state.name()),
            WriteState::Refused | WriteState::Unsent => style::warn(write.state.name()),
            WriteState::Intended | WriteState::InDoubt => style::bad(write.state.name()),
        };
        let status = write.status.map(|status| format!(" {status}")).unwrap_or_default();
        let details = format!("attempt {}, in doubt: {}", write.attempt, write.in_doubt);
        say!("  {state}{status}  {} {}  {}", write.method, plain(&write.url), style::dim(&details));
        if let Some(response) = write.response.as_ref().filter(|_| full) {
            print_body(&response.body);
        }
    }
}

fn print_receipt(receipt: &Receipt) {
    let report = match receipt {
        Receipt::Skipped(_) => return,
        Receipt::Done(report) => report,
    };
    if !report.effects.is_empty() {
        say!("\n{}", style::bold("Effects"));
    }
    for effect in &report.effects {
        let line = format!("{} {} {}: {}", effect.system, effect.kind, effect.id, effect.summary);
        say!("  {}", plain(&line));
    }
    if !report.alerts.is_empty() {
        say!("\n{}", style::bold("Alerts"));
    }
    for alert in &report.alerts {
        let message = match alert.severity {
            Severity::Info => plain(&alert.message).into_owned(),
            Severity::Warning => style::warn(&alert.message),
            Severity::Critical => style::bad(&alert.message),
        };
        say!("  {}  {message}", plain(&alert.kind));
    }
}

fn print_raw(detail: &EventDetail) {
    if let Some(raw) = &detail.raw {
        say!("\n{}\n{INDENT}{}", style::bold("As the vendor sent it"), raw.get());
    }
    if let Some(attempt) = detail.attempts.last() {
        say!("\n{}\n{INDENT}{}", style::bold("Settings"), attempt.settings.get());
    }
}

fn coloured(state: State) -> String {
    match state {
        State::Done | State::Skipped => style::good(state.name()),
        State::Waiting | State::Parked => style::warn(state.name()),
        State::Dead => style::bad(state.name()),
        State::Received | State::Discarded => state.name().to_owned(),
    }
}
