//! What an attempt did, as lines a person can compare.

use similar::{ChangeTag, TextDiff};

use super::trace::{Body, CallStep, Outcome, Step, Trace};
use crate::contract::{Effect, Event, Failure, Receipt};

/// Lines of a difference that are the same, before and after one that is not.
const CONTEXT_LINES: usize = 2;

/// What `trace` came to: outcome, effects, alerts, follow-ups, requests that write, entries of the store.
pub(super) fn lines(trace: &Trace) -> Vec<String> {
    lines_with(trace, changes)
}

/// The same with all requests.
pub(crate) fn all_lines(trace: &Trace) -> Vec<String> {
    lines_with(trace, |_| true)
}

/// Whether a request changes anything, as far as is known.
fn changes(call: &CallStep) -> bool {
    call.reply.as_ref().is_none_or(|reply| reply.write) && call.method != "GET"
}

fn lines_with(trace: &Trace, shown: impl Fn(&CallStep) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    match &trace.outcome {
        None => lines.push("no outcome".to_owned()),
        Some(outcome) => render_outcome(outcome, &mut lines),
    }
    for step in &trace.steps {
        if let Step::Call(call) = step
            && shown(call)
        {
            lines.push(format!("request {} {}", call.method, call.url));
            render_body(&call.body, &mut lines);
        }
    }
    for write in &trace.stored {
        match &write.value {
            None => lines.push(format!("entry {} is removed", write.key)),
            Some(value) => {
                lines.push(format!("entry {}", write.key));
                render_body(value, &mut lines);
            }
        }
    }
    lines
}

/// The lines of two runs, each with `-` (only then), `+` (only now) or a blank before it. Long stretches of what is the
/// same are left out.
pub(crate) fn diff(was: &[String], is: &[String]) -> Vec<String> {
    let (was, is): (Vec<&str>, Vec<&str>) =
        (was.iter().map(String::as_str).collect(), is.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&was, &is);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT_LINES) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{mark} {}", change.value()));
        }
    }
    lines
}

fn render_outcome(outcome: &Outcome, lines: &mut Vec<String>) {
    match outcome {
        Outcome::Receipt(Receipt::Skipped(reason)) => lines.push(format!("skipped: {reason}")),
        Outcome::Receipt(Receipt::Done(report)) => {
            lines.push("done".to_owned());
            lines.extend(report.effects.iter().map(render_effect));
            for alert in &report.alerts {
                lines.push(format!("alert {}: {}", alert.kind, alert.message));
            }
            lines.extend(report.follow_ups.iter().map(|event| format!("then {}", render_event(event))));
        }
        Outcome::Events(events) => {
            lines.push(format!("read: {} events", events.len()));
            lines.extend(events.iter().map(render_event));
        }
        Outcome::Page(page) => {
            lines.push(format!(
                "read: {} events, cursor {:?}, more {}",
                page.events.len(),
                page.cursor,
                page.more
            ));
            lines.extend(page.events.iter().map(render_event));
        }
        Outcome::Output(output) => {
            lines.push("answered".to_owned());
            render_body(&Body::Text(output.clone()), lines);
        }
        Outcome::Findings(page) => {
            lines.push(format!("compared: {} objects, cursor {:?}", page.checked, page.cursor));
            lines.extend(page.findings.iter().map(|it| format!("finding {}: {}", it.id, it.message)));
            lines.extend(page.tallies.iter().map(json));
        }
        Outcome::Probes(probes) => lines.extend(probes.iter().map(json)),
        Outcome::Failure(Failure::Retry(retry)) => lines.push(format!("to be tried again: {}", retry.reason)),
        Outcome::Failure(Failure::Rejected(reason)) => lines.push(format!("rejected: {reason}")),
        Outcome::Failure(Failure::NeedsAttention(reason)) => lines.push(format!("needs attention: {reason}")),
        Outcome::Error(reason) => lines.push(format!("failed: {reason}")),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn render_effect(effect: &Effect) -> String {
    let Effect { verb, system, kind, id, summary, amount, .. } = effect;
    let amount = amount
        .as_ref()
        .map(|money| format!(" [{} × 10^-{} {}]", money.amount.units, money.amount.exponent, money.currency));
    let verb = format!("{verb:?}").to_lowercase();
    format!("effect {verb} {system} {kind} {id}: {summary}{}", amount.unwrap_or_default())
}

fn render_event(event: &Event) -> String {
    // The object itself, as it is stored; a change in it is a change of what is handled.
    let change = json(&event.change);
    format!("event {} about {}: {change}", event.id, event.subject)
}

/// A body by its lines; JSON with a line for each member, so that a difference is small.
fn render_body(body: &Body, lines: &mut Vec<String>) {
    let text = match body {
        Body::Text(text) => text.clone(),
        Body::Base64(text) => format!("base64 {text}"),
        Body::Omitted(bytes) => format!("{bytes} bytes that were not kept"),
    };
    let pretty = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text).map(|_| indented(&text));
    let text = pretty.unwrap_or(text);
    lines.extend(text.lines().map(|line| format!("  {line}")));
}

/// JSON with a line for each member. Only blanks are added: numbers keep their digits, because they may be amounts.
fn indented(json: &str) -> String {
    let (mut text, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    for character in json.chars() {
        if quoted {
            text.push(character);
            quoted = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '"' => quoted = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            blank if blank.is_ascii_whitespace() => continue,
            _ => {}
        }
        if matches!(character, '}' | ']') {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push(character);
        if matches!(character, '{' | '[' | ',') {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spread_over_lines_and_keeps_its_digits() {
        let text = indented(r#"{"a":150.10,"b":[1,"x, \"{y}"],"c":{}}"#);
        let squeezed: String = text.lines().map(str::trim).collect();
        assert_eq!(squeezed, r#"{"a":150.10,"b":[1,"x, \"{y}"],"c":{}}"#);
        assert!(text.lines().any(|line| line == "  \"a\":150.10,"), "{text}");
        assert!(text.lines().any(|line| line == "    \"x, \\\"{y}\""), "{text}");
    }

    #[test]
    fn a_difference_shows_what_was_and_what_is() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let found = diff(&lines("a b c d e f g"), &lines("a b c d x f g"));
        assert_eq!(found, ["  c", "  d", "- e", "+ x", "  f", "  g"]);
        assert!(diff(&lines("a b"), &lines("a b")).is_empty());
    }
}
