//! What goes wrong: orders that cannot be delivered, and what error bodies say.

use std::collections::BTreeMap;

use serde::Deserialize;
use transload_model::{Currency, Decimal, Instant, QuantityError};
use transload_wire::http::Refusal;
use transload_wire::{Response, time, tolerant};

/// Longest message that is taken from an error body, in bytes: enough for a list of validation errors, too little to
/// fill a log.
const MESSAGE_BYTES_MAX: usize = 500;

/// Why an order cannot become one of Track-POD.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A driver could not find the place.
    #[error("order {order} has no address to deliver to: it needs a street, and a city or a postal code")]
    NoAddress {
        /// The order's id.
        order: String,
    },
    /// Track-POD wants to know for whom it is.
    #[error(
        "order {order} does not say who ordered: its customer needs a name, an e-mail address or a telephone number"
    )]
    NoCustomer {
        /// The order's id.
        order: String,
    },
    /// No line is physical, or none has a quantity.
    #[error("order {order} has nothing to deliver: no line is a physical product with a quantity above zero")]
    NothingToDeliver {
        /// The order's id.
        order: String,
    },
    /// Something that must not be shortened is too long.
    #[error("order {order}: Track-POD takes at most {limit} characters in {member}, and {length} are given")]
    TooLong {
        /// The order's id.
        order: String,
        /// Track-POD's name for it.
        member: &'static str,
        /// How long it is, in UTF-16 code units.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The date is none.
    #[error("order {order}: {date:?} is not a date to deliver on: 2026-02-01 is how one is written")]
    Date {
        /// The order's id.
        order: String,
        /// What was given.
        date: String,
    },
    /// A time slot's end is none.
    #[error("order {order}: {text:?} is no {member}: 09:30:00 or 2026-02-01T09:30:00 is how one is written")]
    Time {
        /// The order's id.
        order: String,
        /// Track-POD's name for it.
        member: &'static str,
        /// What was given.
        text: String,
    },
    /// A measure is below zero.
    #[error("order {order}: {member} is {value}, which is below zero")]
    Negative {
        /// The order's id.
        order: String,
        /// Track-POD's name for it.
        member: &'static str,
        /// What was given.
        value: Decimal,
    },
    /// A custom field's id is none.
    #[error(
        "order {order}: {id:?} is not the id of a custom field: cf_ and a number are needed, as in cf_123"
    )]
    CustomField {
        /// The order's id.
        order: String,
        /// What was given.
        id: String,
    },
    /// The cash to collect is not in the order's currency, and Track-POD shows the driver no currency at all.
    #[error("order {order} is in {expected}, so no cash in {found} can be collected for it")]
    CashCurrency {
        /// The order's id.
        order: String,
        /// The order's currency.
        expected: Currency,
        /// The cash's currency.
        found: Currency,
    },
    /// The quantities of lines that share an id do not add up.
    #[error("order {order}: {error}")]
    Quantity {
        /// The order's id.
        order: String,
        /// Why.
        error: QuantityError,
    },
}

/// The members of the error bodies, of which there are two families: Track-POD's own (`Title`, `Detail`), and ASP.NET's
/// for a body that fails validation (`title`, `errors`), for which the document gives no schema.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default, rename = "Title", deserialize_with = "tolerant::text")]
    title: Option<String>,
    #[serde(default, rename = "Detail", deserialize_with = "tolerant::text")]
    detail: Option<String>,
    #[serde(default, rename = "title", deserialize_with = "tolerant::text")]
    framework_title: Option<String>,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
}

/// What a response that is no success says.
pub(crate) fn refusal(response: &Response) -> Refusal {
    Refusal { message: message(&response.body), retry_after_ms: None }
}

fn message(body: &[u8]) -> Option<String> {
    let body: ErrorBody = serde_json::from_slice(body).ok()?;
    let errors = body.errors.iter().map(|(member, problems)| format!("{member}: {}", problems.join(", ")));
    let title = body.title.or(body.framework_title);
    let detail = body.detail.filter(|detail| title.as_ref() != Some(detail));
    let parts = [title, detail].into_iter().flatten().chain(errors);
    let mut message = parts.collect::<Vec<_>>().join("; ");
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    (!message.is_empty()).then_some(message)
}

/// What is left of an order that was deleted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tombstone {
    #[serde(default, deserialize_with = "tolerant::text")]
    deleted_by: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    deleted_date: Option<String>,
}

#[derive(Deserialize)]
struct RemovedBody {
    #[serde(rename = "Order")]
    order: Option<Tombstone>,
}

/// Who deleted an order and when (in UTC, says the document), from the body of a 410. What cannot be read is none: that
/// the order is gone is what counts.
pub(crate) fn deletion(response: &Response) -> (Option<String>, Option<Instant>) {
    let body = serde_json::from_slice::<RemovedBody>(&response.body).ok();
    let order = body.and_then(|body| body.order).unwrap_or_default();
    (order.deleted_by, order.deleted_date.as_deref().and_then(time::parse_naive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_of_error_bodies_are_read() {
        for (body, said) in [
            (
                r#"{"Status":400,"Title":"Bad Request","Detail":"Order already has delivery status"}"#,
                Some("Bad Request; Order already has delivery status"),
            ),
            (
                r#"{"type":"https://tools.ietf.org/html/rfc9110","title":"One or more validation errors occurred.","status":400,
                    "traceId":"00-1","errors":{"Phone":["too long"],"GoodsList[0].Cost":["not a number","required"]}}"#,
                Some(
                    "One or more validation errors occurred.; GoodsList[0].Cost: not a number, required; Phone: too long",
                ),
            ),
            (r#"{"Detail":"gone"}"#, Some("gone")),
            ("", None),
            ("null", None),
            ("{}", None),
            ("<html>", None),
        ] {
            assert_eq!(message(body.as_bytes()).as_deref(), said, "{body}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let body = format!(r#"{{"Title":"x{}"}}"#, "é".repeat(1000));
        let message = message(body.as_bytes()).unwrap();
        assert_eq!(message.len(), MESSAGE_BYTES_MAX - 1, "x and 249 characters of two bytes");
    }
}
