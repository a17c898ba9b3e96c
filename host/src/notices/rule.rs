//! Which notices a receiver gets.

use crate::contract::Severity;
use crate::storage::NewNotice;

/// A text in which `*` stands for any characters, also for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern that `text` writes.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// Whether `text` is like it.
    pub fn matches(&self, text: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(start) else { return false };
        let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        // The first place of each part leaves most for the others.
        for part in between.split('*') {
            let Some(at) = text.find(part) else { return false };
            text = text.get(at + part.len()..).unwrap_or_default();
        }
        text.ends_with(end)
    }
}

/// Notices that a receiver gets: those for which everything holds that is named here. One that names nothing holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// The notice's topic is like one of these.
    pub topics: Vec<Pattern>,
    /// It is an alert or a finding whose kind is like one of these.
    pub kinds: Vec<Pattern>,
    /// It is at least this urgent.
    pub severity: Option<Severity>,
    /// It is about a connection whose name is like one of these.
    pub connections: Vec<Pattern>,
}

impl Rule {
    /// Whether a notice is meant.
    pub fn matches(&self, notice: &NewNotice) -> bool {
        is_like_one(&self.topics, Some(&notice.topic))
            && is_like_one(&self.kinds, notice.kind.as_deref())
            && self.severity.is_none_or(|least| is_at_least(notice.severity, least))
            && is_like_one(&self.connections, Some(&notice.connection))
    }
}

fn is_like_one(patterns: &[Pattern], text: Option<&str>) -> bool {
    patterns.is_empty() || text.is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text)))
}

/// Whether one severity is as urgent as another, or more.
pub(crate) fn is_at_least(severity: Severity, least: Severity) -> bool {
    severity as u8 >= least as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn notice(topic: &str, kind: Option<&str>, severity: Severity) -> NewNotice {
        NewNotice {
            topic: topic.to_owned(),
            kind: kind.map(str::to_owned),
            severity,
            connection: "shop".to_owned(),
            subject: None,
            data: String::new(),
            receivers: Vec::new(),
        }
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(*text)).collect()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("alert", "alert", true),
            ("alert", "alerts", false),
            ("*", "", true),
            ("*", "alert", true),
            ("goods-*", "goods-refused", true),
            ("goods-*", "goods-", true),
            ("goods-*", "good", false),
            ("*.handled", "order.handled", true),
            ("*.handled", "order.handled.x", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "aba", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn everything_that_a_rule_names_must_hold() {
        let alert = notice("alert", Some("goods-refused"), Severity::Warning);
        let rule = Rule {
            topics: patterns(&["finding", "alert"]),
            kinds: patterns(&["goods-*"]),
            severity: Some(Severity::Warning),
            connections: patterns(&["shop"]),
        };
        assert!(rule.matches(&alert));
        for other in [
            NewNotice { topic: "job.done".to_owned(), ..alert.clone() },
            NewNotice { kind: Some("cash-differs".to_owned()), ..alert.clone() },
            NewNotice { kind: None, ..alert.clone() },
            NewNotice { severity: Severity::Info, ..alert.clone() },
            NewNotice { connection: "depot".to_owned(), ..alert.clone() },
        ] {
            assert!(!rule.matches(&other), "{other:?}");
        }
        assert!(rule.matches(&NewNotice { severity: Severity::Critical, ..alert }));
        assert!(Rule::default().matches(&notice("job.done", None, Severity::Info)));
    }

    proptest! {
        #[test]
        fn a_text_is_like_itself_with_any_part_replaced(before in "[a-z.]{0,5}", middle in "[a-z.]{0,5}", after in "[a-z.]{0,5}") {
            let text = format!("{before}{middle}{after}");
            let pattern = Pattern::new(format!("{before}*{after}"));
            prop_assert!(pattern.matches(&text));
        }
    }
}
