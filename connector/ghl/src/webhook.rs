//! Webhooks: one flat JSON object, the object's members beside those of the envelope.
//!
//! What a workflow's Custom Webhook action sends is whatever its operator put together. Of that only the ids are taken, from
//! the places where workflows put them, and the object is read from the API.

use serde::Deserialize;
use transload_model::{Instant, Order};
use transload_wire::{http, tolerant};

use crate::error::{MISSING, MapError};
use crate::members;
use crate::order::WireOrder;

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// Something about an order.
    Order {
        /// The delivery's id, the same for every attempt at it.
        webhook_id: Option<String>,
        /// The location it is about.
        location_id: Option<String>,
        /// When the envelope says that it happened, else when the order last changed.
        occurred_at: Option<Instant>,
        /// What happened.
        kind: OrderEvent,
        /// The order as it was then.
        order: Box<Order>,
    },
    /// A workflow speaks of an order.
    OrderHint {
        /// The order's id.
        order_id: String,
        /// The location it is about, if the operator sends it.
        location_id: Option<String>,
        /// What happened, in the operator's words.
        kind: Option<String>,
    },
    /// A workflow speaks of a payment or a refund.
    TransactionHint {
        /// The transaction's id.
        transaction_id: String,
        /// The order's id, if the operator sends it as well.
        order_id: Option<String>,
        /// The location it is about, if the operator sends it.
        location_id: Option<String>,
        /// What happened, in the operator's words.
        kind: Option<String>,
    },
    /// Something about an invoice, which is to be read from the API.
    Invoice {
        /// The delivery's id, the same for every attempt at it.
        webhook_id: Option<String>,
        /// The location it is about.
        location_id: Option<String>,
        /// When the envelope says that it happened, else when the invoice last changed.
        occurred_at: Option<Instant>,
        /// The invoice's id.
        invoice_id: String,
        /// What happened.
        event: InvoiceEvent,
    },
    /// Something that is not read.
    Other {
        /// The event's name, as in `ContactCreate`.
        kind: String,
    },
}

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEvent {
    /// It was placed: `OrderCreate`.
    Create,
    /// Its status changed: `OrderStatusUpdate`. Its fulfilment status is another member, and has no event.
    StatusUpdate,
}

/// What happened to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceEvent {
    /// It was made: `InvoiceCreate`.
    Create,
    /// It changed: `InvoiceUpdate`.
    Update,
    /// It was sent: `InvoiceSent`.
    Sent,
    /// It was paid in full: `InvoicePaid`.
    Paid,
    /// It was paid in part: `InvoicePartiallyPaid`.
    PartiallyPaid,
    /// It was called off: `InvoiceVoid`.
    Void,
    /// It is gone: `InvoiceDelete`. The API no longer knows it.
    Delete,
}

impl InvoiceEvent {
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "InvoiceCreate" => Self::Create,
            "InvoiceUpdate" => Self::Update,
            "InvoiceSent" => Self::Sent,
            "InvoicePaid" => Self::Paid,
            "InvoicePartiallyPaid" => Self::PartiallyPaid,
            "InvoiceVoid" => Self::Void,
            "InvoiceDelete" => Self::Delete,
            _ => return None,
        })
    }
}

/// Why a webhook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is not what GoHighLevel sends.
    #[error("the webhook cannot be read: {0}")]
    Unreadable(String),
    /// It does not say what happened.
    #[error(
        "the webhook has neither a `type` nor the id of an order or a transaction, so what happened is unknown"
    )]
    NoType,
    /// It was cut off at GoHighLevel's 256 KB. The object itself must be read instead.
    #[error("the webhook was too large for GoHighLevel and is cut off: read the object from the API")]
    Truncated,
    /// Its object makes no sense.
    #[error(transparent)]
    Object(#[from] MapError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    webhook_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    location_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    timestamp: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    payload_too_large: Option<bool>,
}

/// Reads a webhook's body.
pub fn read(body: &[u8]) -> Result<Hook, HookError> {
    let envelope: Envelope = parse(body)?;
    let event = match envelope.kind.as_deref() {
        Some("OrderCreate") => OrderEvent::Create,
        Some("OrderStatusUpdate") => OrderEvent::StatusUpdate,
        kind => match kind.and_then(InvoiceEvent::of) {
            Some(event) => return invoice(body, envelope, event),
            None => return hint(body, envelope),
        },
    };
    if envelope.payload_too_large == Some(true) {
        return Err(HookError::Truncated);
    }
    let order = parse::<WireOrder>(body)?.into_model()?;
    Ok(Hook::Order {
        webhook_id: envelope.webhook_id,
        location_id: envelope.location_id,
        occurred_at: envelope.timestamp.or(order.updated_at),
        kind: event,
        order: Box::new(order),
    })
}

/// The members of an invoice that its webhook is read for. The published samples have no envelope; their `status` says
/// `delete` of one that is gone, and is none that the API gives.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceBody {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    alt_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
}

/// What an invoice's webhook says. One that was cut off says as much, if its id is still there.
fn invoice(body: &[u8], envelope: Envelope, event: InvoiceEvent) -> Result<Hook, HookError> {
    let invoice: InvoiceBody = parse(body)?;
    let missing = || match envelope.payload_too_large {
        Some(true) => HookError::Truncated,
        _ => MapError { object: "the invoice".to_owned(), member: "_id".to_owned(), problem: MISSING }.into(),
    };
    let invoice_id = invoice.id.filter(|id| is_id(id)).ok_or_else(missing)?;
    Ok(Hook::Invoice {
        webhook_id: envelope.webhook_id,
        location_id: envelope.location_id.or(invoice.alt_id),
        occurred_at: envelope.timestamp.or(invoice.updated_at),
        invoice_id,
        event,
    })
}

/// Where an operator's body has the id of an order: as a workflow's own members, or under the custom data that the action
/// adds.
const ORDER_PLACES: &[&[&str]] = &[
    &["order_id"],
    &["orderId"],
    &["order", "id"],
    &["order", "_id"],
    &["customData", "order_id"],
    &["customData", "orderId"],
    &["customData", "order", "id"],
];

/// Where it has the id of a transaction: `payment.transaction_id` is a variable of the Payment Received trigger.
const TRANSACTION_PLACES: &[&[&str]] = &[
    &["transaction_id"],
    &["transactionId"],
    &["transaction", "id"],
    &["transaction", "_id"],
    &["payment", "transaction_id"],
    &["payment", "transactionId"],
    &["refund", "transaction_id"],
    &["refund", "transactionId"],
    &["customData", "transaction_id"],
    &["customData", "transactionId"],
    &["customData", "payment", "transaction_id"],
];

/// Where it has the id of the location.
const LOCATION_PLACES: &[&[&str]] =
    &[&["locationId"], &["location_id"], &["location", "id"], &["customData", "location_id"]];

/// Longest id that is taken from an operator's body, in bytes. The service's ids have 24; a longer one is something else.
const ID_BYTES_MAX: usize = 100;

/// What a body says that is no event of ours. A transaction comes first: it names its order, and an order does not name
/// the payment that was made just now.
fn hint(body: &[u8], envelope: Envelope) -> Result<Hook, HookError> {
    let members = members::members(std::str::from_utf8(body).unwrap_or_default());
    let first = |places: &[&[&str]]| {
        places.iter().find_map(|place| members::at(&members, place).filter(|id| is_id(id)))
    };
    let (order, transaction) = (first(ORDER_PLACES), first(TRANSACTION_PLACES));
    let location_id = first(LOCATION_PLACES);
    let kind = envelope.kind;
    if let Some(transaction_id) = transaction {
        return Ok(Hook::TransactionHint { transaction_id, order_id: order, location_id, kind });
    }
    if let Some(order_id) = order {
        return Ok(Hook::OrderHint { order_id, location_id, kind });
    }
    kind.map(|kind| Hook::Other { kind }).ok_or(HookError::NoType)
}

/// Whether the text may be an id. A workflow variable that has no value is sent as it is written: `{{order.id}}`.
fn is_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= ID_BYTES_MAX && text.bytes().all(known)
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, HookError> {
    serde_json::from_slice(body).map_err(|error| HookError::Unreadable(http::unreadable(body, &error)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREATE: &str = include_str!("fixtures/order-create.json");
    const INVOICE_PAID: &str = include_str!("fixtures/invoice-paid.json");

    #[test]
    fn an_order_lies_flat_in_its_envelope() {
        let Ok(Hook::Order { webhook_id, location_id, occurred_at, kind, order }) = read(CREATE.as_bytes())
        else {
            panic!("not an order")
        };
        assert_eq!(webhook_id.as_deref(), Some("0b4a5a52-8c0f-4a8a-9d8e-3f1f5c3b7d10"));
        assert_eq!(location_id.as_deref(), Some("Z4Bxl8J4SaPEPLq9IQ8g"));
        // 2024-04-04T16:24:32Z by `date -ud … +%s`.
        assert_eq!(occurred_at, Some(Instant(1_712_247_872_000)));
        assert_eq!(kind, OrderEvent::Create);
        assert_eq!(order.total.to_string(), "150.10 USD");
    }

    #[test]
    fn the_published_sample_has_no_webhook_id_and_no_timestamp() {
        let sample = CREATE
            .replace(r#""timestamp": "2024-04-04T16:24:32.000Z","#, "")
            .replace(r#""webhookId": "0b4a5a52-8c0f-4a8a-9d8e-3f1f5c3b7d10","#, "")
            .replace("OrderCreate", "OrderStatusUpdate");
        let Ok(Hook::Order { webhook_id, occurred_at, kind, order, .. }) = read(sample.as_bytes()) else {
            panic!("not an order")
        };
        assert_eq!((webhook_id, kind), (None, OrderEvent::StatusUpdate));
        assert_eq!(occurred_at, order.updated_at);
    }

    #[test]
    fn an_invoice_s_events_name_the_invoice() {
        for (kind, event) in [
            ("InvoiceCreate", InvoiceEvent::Create),
            ("InvoiceUpdate", InvoiceEvent::Update),
            ("InvoiceSent", InvoiceEvent::Sent),
            ("InvoicePaid", InvoiceEvent::Paid),
            ("InvoicePartiallyPaid", InvoiceEvent::PartiallyPaid),
            ("InvoiceVoid", InvoiceEvent::Void),
            ("InvoiceDelete", InvoiceEvent::Delete),
        ] {
            let hook = Hook::Invoice {
                webhook_id: Some("5f4b1c3e-2f86-4c1f-9f0b-6f7c52a1de90".to_owned()),
                location_id: Some("Z4Bxl8J4SaPEPLq9IQ8g".to_owned()),
                // 2024-02-02T10:00:01Z by `date -ud … +%s`.
                occurred_at: Some(Instant(1_706_868_001_000)),
                invoice_id: "6578278e879ad2646715ba9c".to_owned(),
                event,
            };
            assert_eq!(read(INVOICE_PAID.replace("InvoicePaid", kind).as_bytes()), Ok(hook));
        }
    }

    #[test]
    fn an_invoice_s_event_needs_no_more_than_its_name_and_the_id() {
        let read = |members: &str| read(format!(r#"{{"type":"InvoiceVoid"{members}}}"#).as_bytes());
        let hook = Hook::Invoice {
            webhook_id: None,
            location_id: Some("l1".to_owned()),
            occurred_at: Some(Instant(1_706_868_000_000)),
            invoice_id: "i1".to_owned(),
            event: InvoiceEvent::Void,
        };
        let members = r#","_id":"i1","altId":"l1","updatedAt":"2024-02-02T10:00:00Z","payloadTooLarge":true,"total":[]"#;
        assert_eq!(read(members), Ok(hook));
        assert_eq!(read(r#","payloadTooLarge":true"#), Err(HookError::Truncated));
        for members in ["", r#","_id":"../../oauth""#] {
            assert_eq!(read(members).unwrap_err().to_string(), "the invoice: _id is missing", "{members}");
        }
    }

    #[test]
    fn other_events_are_named_and_not_read() {
        let note = r#"{"type":"NoteCreate","locationId":"l","id":"n","body":"hi","amount":"none"}"#;
        assert_eq!(read(note.as_bytes()), Ok(Hook::Other { kind: "NoteCreate".to_owned() }));
    }

    fn order_hint(id: &str) -> Hook {
        Hook::OrderHint { order_id: id.to_owned(), location_id: None, kind: None }
    }

    fn transaction_hint(id: &str) -> Hook {
        Hook::TransactionHint { transaction_id: id.to_owned(), order_id: None, location_id: None, kind: None }
    }

    #[test]
    fn a_workflow_s_body_is_read_for_the_ids_at_their_usual_places() {
        for (body, hook) in [
            (r#"{"order_id":"o1"}"#, order_hint("o1")),
            (r#"{"orderId":" o1 ","amount":1e400}"#, order_hint("o1")),
            (r#"{"order":{"id":"o1","total":[]}}"#, order_hint("o1")),
            (r#"{"order":{"_id":"o1"}}"#, order_hint("o1")),
            (r#"{"order":"o1","customData":{"order_id":"o2"}}"#, order_hint("o2")),
            (r#"{"order_id":"{{order.id}}","customData":{"orderId":"o2"}}"#, order_hint("o2")),
            (r#"{"transaction_id":"t1"}"#, transaction_hint("t1")),
            (r#"{"payment":{"transaction_id":"t1","total_amount":"12"}}"#, transaction_hint("t1")),
            (r#"{"refund":{"transactionId":"t1"}}"#, transaction_hint("t1")),
            (r#"{"customData":{"transaction_id":"t1"}}"#, transaction_hint("t1")),
        ] {
            assert_eq!(read(body.as_bytes()), Ok(hook), "{body}");
        }
        let body = r#"{"type":"Payment Received","order_id":"o1","payment":{"transaction_id":"t1"},"location":{"id":"l1"}}"#;
        let text = |text: &str| Some(text.to_owned());
        let hook = Hook::TransactionHint {
            transaction_id: "t1".to_owned(),
            order_id: text("o1"),
            location_id: text("l1"),
            kind: text("Payment Received"),
        };
        assert_eq!(read(body.as_bytes()), Ok(hook));
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        for id in ["", "{{order.id}}", "../../oauth", "a b", &"x".repeat(ID_BYTES_MAX + 1)] {
            let body = format!(r#"{{"order_id":"{id}"}}"#);
            assert_eq!(read(body.as_bytes()), Err(HookError::NoType), "{id}");
        }
        let longest = "x".repeat(ID_BYTES_MAX);
        let body = format!(r#"{{"order_id":"{longest}"}}"#);
        assert_eq!(read(body.as_bytes()), Ok(order_hint(&longest)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, message) in [
            (
                "{}",
                "the webhook has neither a `type` nor the id of an order or a transaction, so what happened is unknown",
            ),
            (
                r#"{"data":{"type":"OrderCreate"}}"#,
                "the webhook has neither a `type` nor the id of an order or a transaction, so what happened is unknown",
            ),
            (
                r#"{"type":"OrderCreate","payloadTooLarge":true}"#,
                "the webhook was too large for GoHighLevel and is cut off: read the object from the API",
            ),
            (
                r#"{"type":"OrderCreate","_id":"o1","status":"pending","amount":1}"#,
                "order o1: currency is missing",
            ),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap_err().to_string(), message);
        }
        let error = read(br#"{"type":"OrderCreate","_id":"o1","amount":"lots","status":"x"}"#)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("the webhook cannot be read: amount: \"lots\""), "{error}");
        let error = read(b"order=1").unwrap_err().to_string();
        assert!(error.ends_with("in order=1"), "{error}");
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        /// A sample that was damaged in one place, as a proxy or an attacker might.
        #[test]
        fn no_damage_makes_it_panic(at in 0_usize..3000, byte in any::<u8>()) {
            let mut body = CREATE.as_bytes().to_vec();
            if let Some(place) = body.get_mut(at) {
                *place = byte;
            }
            let _ = read(&body);
        }
    }
}
