//! What goes wrong: objects that cannot be mapped, and what error bodies say.

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_wire::Response;
use transload_wire::http::Refusal;

/// Longest message that is taken from an error body, in bytes: enough for a list of validation errors, too little to
/// fill a log.
const MESSAGE_BYTES_MAX: usize = 500;

/// Why an object of GoHighLevel is not one of the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {member} {problem}")]
pub struct MapError {
    /// The object: `order 660ed43bfdf9fc05a0de7a40`.
    pub object: String,
    /// The member of it: `items[1].price._id`.
    pub member: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A member that is not there, where nothing else can be put in its place.
pub(crate) const MISSING: &str = "is missing";

/// A member that the model keeps at zero or above.
pub(crate) const NEGATIVE: &str = "is below zero";

/// The members of the error bodies, of which there are two families: `{statusCode, message, error}` and
/// `{status, message, name, traceId}`. The status is taken from the response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "transload_wire::tolerant::text")]
    trace_id: Option<String>,
}

/// What a response that is no success says.
pub(crate) fn refusal(response: &Response) -> Refusal {
    Refusal { message: message(&response.body), retry_after_ms: wait_ms(response) }
}

fn message(body: &[u8]) -> Option<String> {
    let body: ErrorBody<'_> = serde_json::from_slice(body).ok()?;
    let mut message = body.message.and_then(words).or_else(|| body.error.and_then(words))?;
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    if let Some(trace_id) = body.trace_id {
        message.push_str(&format!(" (traceId {trace_id})"));
    }
    Some(message)
}

/// A string, or the strings of a list: a validation error has one for each member that is wrong.
fn words(value: &RawValue) -> Option<String> {
    let words = serde_json::from_str::<String>(value.get())
        .or_else(|_| serde_json::from_str::<Vec<String>>(value.get()).map(|words| words.join("; ")));
    words.ok().filter(|words| !words.trim().is_empty())
}

/// How long to wait after a 429, which comes without `Retry-After`: to the end of the day's allowance if that is used
/// up and its end is told, else for the length of the burst window.
fn wait_ms(response: &Response) -> Option<u64> {
    if response.status != 429 {
        return None;
    }
    let number = |name| response.header(name)?.trim().parse::<u64>().ok();
    let daily = number("x-ratelimit-daily-remaining")
        .filter(|&remaining| remaining == 0)
        .and_then(|_| number("x-ratelimit-daily-reset"));
    daily.or_else(|| number("x-ratelimit-interval-milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Option<String> {
        message(body.as_bytes())
    }

    #[test]
    fn both_families_of_error_bodies_are_read() {
        for (body, message) in [
            (r#"{"statusCode":400,"message":"Order not found"}"#, "Order not found"),
            (
                r#"{"statusCode":401,"message":"The token is not authorized for this scope.","error":"Unauthorized"}"#,
                "The token is not authorized for this scope.",
            ),
            (
                r#"{"statusCode":422,"message":["altId must be a string","limit must be a number"],"error":"Unprocessable Entity"}"#,
                "altId must be a string; limit must be a number",
            ),
            (
                r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"d3b1"}"#,
                "Order not found (traceId d3b1)",
            ),
            (r#"{"statusCode":401,"error":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"message":"","error":"Bad Request"}"#, "Bad Request"),
        ] {
            assert_eq!(said(body).as_deref(), Some(message));
        }
        for body in ["", "<html>", "null", "[]", "7", "{}", r#"{"message":{"a":1}}"#, r#"{"message":[]}"#] {
            assert_eq!(said(body), None, "{body}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let body = format!(r#"{{"message":"{}","traceId":"t"}}"#, "é".repeat(1000));
        assert_eq!(said(&body).unwrap(), format!("{} (traceId t)", "é".repeat(MESSAGE_BYTES_MAX / 2)));
    }

    #[test]
    fn the_wait_after_a_429_is_in_the_rate_headers() {
        let wait = |status, headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
            wait_ms(&Response { status, headers, body: Vec::new() })
        };
        let burst = ("x-ratelimit-interval-milliseconds", "10000");
        assert_eq!(wait(429, &[burst]), Some(10_000));
        assert_eq!(wait(429, &[burst, ("x-ratelimit-daily-remaining", "5")]), Some(10_000));
        let used_up = ("x-ratelimit-daily-remaining", "0");
        assert_eq!(wait(429, &[burst, used_up, ("x-ratelimit-daily-reset", "3600000")]), Some(3_600_000));
        assert_eq!(wait(429, &[burst, used_up]), Some(10_000));
        assert_eq!(wait(429, &[("x-ratelimit-interval-milliseconds", "soon")]), None);
        assert_eq!(wait(500, &[burst]), None);
    }
}
