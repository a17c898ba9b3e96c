//! What goes wrong: objects that cannot be mapped, and what problem documents say.

use serde::Deserialize;
use transload_wire::http::Refusal;
use transload_wire::{Response, tolerant};

/// Longest message that is taken from a problem document, in bytes: enough for a list of what is wrong with a body, too
/// little to fill a log.
const MESSAGE_BYTES_MAX: usize = 500;

/// Why an object of the sink is not one of the model, or the other way about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {member} {problem}")]
pub struct MapError {
    /// The object: `order 660ed43bfdf9fc05a0de7a40`.
    pub object: String,
    /// The member of it, by the contract's name: `lines[1].quantity`.
    pub member: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A member that is not there, where nothing else can be put in its place.
pub(crate) const MISSING: &str = "is missing";

/// A member that the model keeps at zero or above.
pub(crate) const NEGATIVE: &str = "is below zero";

/// An amount beside an amount of another currency, where the object has room for one currency.
pub(crate) const MIXED: &str = "is not in the currency of the object's amount";

/// A version that a JSON number does not carry exactly everywhere.
pub(crate) const VERSION: &str = "is not between 0 and 9007199254740991";

/// A problem document (RFC 9457), as far as it is read.
#[derive(Default, Deserialize)]
pub(crate) struct Problem {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    detail: Option<String>,
}

impl Problem {
    /// The document in `response`; none where there is no JSON object, as in a proxy's page.
    pub(crate) fn of(response: &Response) -> Option<Self> {
        // A list would be read as the members in their order.
        response.body.trim_ascii_start().starts_with(b"{").then_some(())?;
        serde_json::from_slice(&response.body).ok()
    }

    /// Whether a 409 is about a version that is older than what is stored. One that gives no type has no other reason.
    pub(crate) fn is_stale_version(&self) -> bool {
        let kind = self.kind.as_deref().filter(|&kind| kind != "about:blank");
        kind.is_none_or(|kind| kind.rsplit('/').next() == Some("stale-version"))
    }

    /// What it says to a person.
    pub(crate) fn message(self) -> Option<String> {
        let parts = [self.title, self.detail].into_iter().flatten().collect::<Vec<_>>();
        let mut message = parts.join(": ");
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        (!message.is_empty()).then_some(message)
    }
}

/// What a response that is no success says.
pub(crate) fn refusal(response: &Response) -> Refusal {
    Refusal { message: Problem::of(response).and_then(Problem::message), retry_after_ms: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(body: &str) -> Option<Problem> {
        Problem::of(&Response { status: 409, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn a_problem_is_read_for_its_words() {
        for (body, said) in [
            (
                r#"{"type":"https://x/problems/bad-body","title":"Unprocessable","status":422,"detail":"amount is missing"}"#,
                Some("Unprocessable: amount is missing"),
            ),
            (r#"{"detail":"gone"}"#, Some("gone")),
            (r#"{"title":"Conflict","detail":""}"#, Some("Conflict")),
            ("{}", None),
        ] {
            assert_eq!(problem(body).unwrap().message().as_deref(), said, "{body}");
        }
        for body in ["", "null", "[\"a\",\"b\",\"c\"]", "<html>", "{\"title\":[]}"] {
            assert!(problem(body).is_none(), "{body}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let body = format!(r#"{{"title":"x{}"}}"#, "é".repeat(1000));
        let message = problem(&body).unwrap().message().unwrap();
        assert_eq!(message.len(), MESSAGE_BYTES_MAX - 1, "x and 249 characters of two bytes");
    }

    #[test]
    fn a_conflict_is_a_stale_version_unless_it_names_another_reason() {
        for (body, stale) in [
            (r#"{"type":"https://x/problems/stale-version"}"#, true),
            (r#"{"type":"stale-version"}"#, true),
            (r#"{"type":"about:blank","title":"Conflict"}"#, true),
            ("{}", true),
            (r#"{"type":"https://x/problems/idempotency-key-reused"}"#, false),
            (r#"{"type":"https://x/stale-version/other"}"#, false),
        ] {
            assert_eq!(problem(body).unwrap().is_stale_version(), stale, "{body}");
        }
    }
}
