//! Receivers of notices, and their rules.

use url::Url;

use super::error::Problems;
use super::read::parse_each;
use super::table::{Located, Table, suggest, table};
use super::value::{Lookup, host_port, name, web_address};
use crate::contract::Severity;
use crate::egress::Secret;
use crate::notices::{Pattern, Receiver, Rule, Signer, TOPICS};
use crate::storage::severity_from_name;

/// Rules of one receiver. Each is looked at for every notice.
const RULES_MAX: usize = 100;

/// The longest pattern, in bytes: as long as the longest kind.
const PATTERN_BYTES_MAX: usize = 200;

/// The receivers of the file. `connections` are the names that rules may be about.
pub(super) fn receivers(
    root: &mut Table<'_>,
    connections: &[&str],
    lookup: &Lookup<'_>,
    problems: &mut Problems<'_>,
) -> Vec<Receiver> {
    let mut receivers: Vec<Receiver> = Vec::new();
    for item in root.array("receivers", problems).into_iter().flat_map(|list| list.value) {
        // Its name tells it from others better than its place in the file.
        let named =
            item.value.as_table().and_then(|table| table.get("name")).and_then(|it| it.get_ref().as_str());
        let key = named.map_or_else(|| item.key.clone(), |name| format!("{}.{name}", item.key));
        let Some(table) = table(Located { key, ..item }, problems) else { continue };
        let here = table.here();
        let Some(receiver) = receiver(table, connections, lookup, problems) else { continue };
        if receivers.iter().any(|other| other.name == receiver.name) {
            problems.add(&here.span, &here.key, "exists twice: rename one");
        }
        receivers.push(receiver);
    }
    receivers
}

fn receiver(
    mut table: Table<'_>,
    connections: &[&str],
    lookup: &Lookup<'_>,
    problems: &mut Problems<'_>,
) -> Option<Receiver> {
    let here = table.here();
    for (key, remedy) in [
        ("name", "set name = \"…\""),
        ("url", "set url = \"https://…\", or \"env:NAME\" if it holds a secret"),
    ] {
        if !table.has(key) {
            problems.add(&here.span, &here.key, format!("has no {key}: {remedy}"));
        }
    }
    let name = table.string("name", problems).and_then(|text| text.parse(problems, name));
    let url = table.string("url", problems).and_then(|text| text.parse(problems, |text| url(text, lookup)));
    let secrets = secrets(&mut table, lookup, problems);
    let private = table.strings("allow_private", problems);
    let allow_private = private.map(|list| parse_each(list.value, problems, host_port)).unwrap_or_default();
    let rules = table.array("rules", problems);
    if let Some(list) = rules.as_ref().filter(|list| list.value.len() > RULES_MAX) {
        problems.add(
            &list.span,
            &list.key,
            format!("has more than {RULES_MAX} rules: write patterns with `*`"),
        );
    }
    let rules = rules.into_iter().flat_map(|list| list.value);
    let rules = rules.filter_map(|item| rule(item, connections, problems)).collect();
    table.end(problems);
    Some(Receiver { name: name?, url: url?, secrets: secrets?, allow_private, rules })
}

/// Addresses of webhooks often hold a secret, which does not belong into the file.
fn url(text: &str, lookup: &Lookup<'_>) -> Result<Url, String> {
    match lookup.reference(text)? {
        // What it says is not repeated.
        Some(secret) => {
            web_address(&secret).map_err(|_| "what it leads to is no URL: it must be https://…".to_owned())
        }
        None => web_address(text),
    }
}

fn secrets(table: &mut Table<'_>, lookup: &Lookup<'_>, problems: &mut Problems<'_>) -> Option<Vec<Secret>> {
    let here = table.here();
    let one = table.string("secret", problems);
    let several = table.strings("secrets", problems);
    if let (Some(one), Some(_)) = (&one, &several) {
        problems.add(&one.span, &one.key, "is set beside `secrets`: write all of them into `secrets`");
    }
    if !table.has("secret") && several.as_ref().is_none_or(|list| list.value.is_empty()) {
        let message = "has no secret, so that nobody could tell its notices from forged ones: \
                       `transload receivers secret` makes one; set secret = \"env:NAME\" or \"file:PATH\"";
        problems.add(&here.span, &here.key, message);
        return None;
    }
    let texts: Vec<_> = one.into_iter().chain(several.into_iter().flat_map(|list| list.value)).collect();
    let secret = |text: &str| {
        let secret = lookup.secret(text)?;
        Signer::new(std::slice::from_ref(&secret)).map_err(|error| error.to_string())?;
        Ok(secret)
    };
    Some(parse_each(texts, problems, secret))
}

fn rule(
    item: Located<&toml::de::DeValue<'_>>,
    connections: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let mut table = table(item, problems)?;
    let mut patterns = |key, parse: &dyn Fn(&str) -> Result<Pattern, String>| {
        let list = table.strings(key, problems)?;
        if list.value.is_empty() {
            problems.add(
                &list.span,
                &list.key,
                "is empty, so that nothing matches: leave the key out for all",
            );
        }
        Some(parse_each(list.value, problems, parse))
    };
    let topics = patterns("types", &topic).unwrap_or_default();
    let kinds = patterns("kinds", &pattern).unwrap_or_default();
    let connections = patterns("connections", &|text| connection(text, connections)).unwrap_or_default();
    let severity = table.string("severity", problems);
    let severity = severity.and_then(|text| text.parse(problems, severity_of));
    table.end(problems);
    Some(Rule { topics, kinds, severity, connections })
}

fn topic(text: &str) -> Result<Pattern, String> {
    let pattern = pattern(text)?;
    if TOPICS.iter().any(|topic| pattern.matches(topic)) {
        return Ok(pattern);
    }
    Err(format!("no notice is of a type like {text:?}; {}", suggest(text, &TOPICS)))
}

fn connection(text: &str, connections: &[&str]) -> Result<Pattern, String> {
    let pattern = pattern(text)?;
    if connections.iter().any(|name| pattern.matches(name)) {
        return Ok(pattern);
    }
    Err(format!("there is no connection like {text:?}; {}", suggest(text, connections)))
}

fn pattern(text: &str) -> Result<Pattern, String> {
    match text.len() {
        1..=PATTERN_BYTES_MAX => Ok(Pattern::new(text)),
        _ => Err(format!("a pattern has 1 to {PATTERN_BYTES_MAX} bytes; `*` stands for any characters")),
    }
}

fn severity_of(text: &str) -> Result<Severity, String> {
    let known = ["info", "warning", "critical"];
    severity_from_name(text)
        .ok_or_else(|| format!("there is no severity {text:?}; {}", suggest(text, &known)))
}
