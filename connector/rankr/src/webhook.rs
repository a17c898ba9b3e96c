//! Webhooks: what changed in the sink, as far as is needed to look at it there.

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_model::Instant;
use transload_wire::{http, tolerant};

use crate::record::Record;
use crate::shape::{Kind, Shape};
use crate::{SinkFulfillment, SinkInvoice, SinkOrder};

/// The contract's types of events.
pub(crate) const TYPES: &[&str] =
    &["order.updated", "fulfillment.created", "fulfillment.updated", "invoice.updated"];

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// When it happened. Deliveries do not come in the order of it.
    pub timestamp: Option<Instant>,
    /// What happened.
    pub event: Event,
}

/// What happened. Whatever else a webhook says of the object, the object is read again through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An order changed.
    OrderUpdated {
        /// Its id.
        order_id: String,
        /// The order; none if the webhook does not have all of it.
        told: Option<Box<SinkOrder>>,
    },
    /// A fulfilment was made or changed.
    Fulfillment {
        /// Its order's id.
        order_id: String,
        /// Its id.
        fulfillment_id: String,
        /// The fulfilment; none if the webhook does not have all of it.
        told: Option<Box<SinkFulfillment>>,
    },
    /// An invoice changed.
    InvoiceUpdated {
        /// Its id.
        invoice_id: String,
        /// The invoice; none if the webhook does not have all of it.
        told: Option<Box<SinkInvoice>>,
    },
    /// Something else, by its type.
    Unknown(String),
}

/// Why a webhook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is not what the sink sends.
    #[error("the webhook cannot be read: {0}")]
    Unreadable(String),
    /// It does not say what happened.
    #[error("the webhook has no `type`, so what happened is unknown")]
    NoType,
    /// It does not say what it happened to.
    #[error("the webhook {kind} has no `data.{member}`, so what it is about is unknown")]
    NoId {
        /// The event's type.
        kind: String,
        /// The member, by the contract's name.
        member: &'static str,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    timestamp: Option<Instant>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What is read of the object, whichever it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default, deserialize_with = "tolerant::text")]
    order_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    fulfillment_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    invoice_id: Option<String>,
}

/// Reads the body of a webhook of a sink of this shape.
pub fn read(body: &[u8], shape: &Shape) -> Result<Hook, HookError> {
    let body = shape.inward(Kind::Event, body);
    let envelope: Envelope<'_> = parse(&body)?;
    let kind = envelope.kind.ok_or(HookError::NoType)?;
    let object = match kind.as_str() {
        "order.updated" => Kind::Order,
        "fulfillment.created" | "fulfillment.updated" => Kind::Fulfillment,
        "invoice.updated" => Kind::Invoice,
        _ => return Ok(Hook { timestamp: envelope.timestamp, event: Event::Unknown(kind) }),
    };
    let body = envelope.data.map(|data| shape.inward(object, data.get().as_bytes())).unwrap_or_default();
    let data: Data = if body.is_empty() { Data::default() } else { parse(&body)? };
    let event = data.into_event(object, &kind, &body)?;
    Ok(Hook { timestamp: envelope.timestamp, event })
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, HookError> {
    serde_json::from_slice(body).map_err(|error| HookError::Unreadable(http::unreadable(body, &error)))
}

impl Data {
    fn into_event(self, object: Kind, kind: &str, body: &[u8]) -> Result<Event, HookError> {
        let needs =
            |id: Option<String>, member| id.ok_or_else(|| HookError::NoId { kind: kind.to_owned(), member });
        Ok(match object {
            Kind::Fulfillment => Event::Fulfillment {
                order_id: needs(self.order_id, "orderId")?,
                fulfillment_id: needs(self.fulfillment_id, "fulfillmentId")?,
                told: whole(body),
            },
            Kind::Invoice => {
                Event::InvoiceUpdated { invoice_id: needs(self.invoice_id, "invoiceId")?, told: whole(body) }
            }
            _ => Event::OrderUpdated { order_id: needs(self.order_id, "orderId")?, told: whole(body) },
        })
    }
}

fn whole<T: Record>(body: &[u8]) -> Option<Box<T>> {
    T::read(body).ok().map(Box::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{example, example_text};

    fn hook(body: &str) -> Result<Hook, HookError> {
        read(body.as_bytes(), &Shape::default())
    }

    #[test]
    fn each_type_tells_what_to_look_at() {
        let body = example_text("OrderUpdated");
        let hook_of_order = hook(&body).unwrap();
        // 2026-01-05T08:00:01.500Z by `date -ud … +%s`.
        assert_eq!(hook_of_order.timestamp, Some(Instant(1_767_600_001_500)));
        let expected = Event::OrderUpdated { order_id: "5f0d4e8ab3c1".to_owned(), told: data(&body) };
        assert_eq!(hook_of_order.event, expected);
        for schema in ["FulfillmentCreated", "FulfillmentUpdated"] {
            let body = example_text(schema);
            let (order_id, fulfillment_id) = ("5f0d4e8ab3c1".to_owned(), "f-9".to_owned());
            let expected = Event::Fulfillment { order_id, fulfillment_id, told: data(&body) };
            assert_eq!(hook(&body).unwrap().event, expected);
        }
        let body = example_text("InvoiceUpdated");
        let expected = Event::InvoiceUpdated { invoice_id: "i-12".to_owned(), told: data(&body) };
        assert_eq!(hook(&body).unwrap().event, expected);
        let body = r#"{"type":"customer.merged","data":7}"#;
        assert_eq!(hook(body).unwrap().event, Event::Unknown("customer.merged".to_owned()));
    }

    /// The whole object of an example.
    fn data<T: Record>(body: &str) -> Option<Box<T>> {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        Some(Box::new(T::read(body["data"].to_string().as_bytes()).unwrap()))
    }

    #[test]
    fn an_object_that_is_not_whole_is_to_be_read_elsewhere() {
        let body = r#"{"type":"fulfillment.created","data":{"fulfillmentId":"f","orderId":"o"}}"#;
        let (order_id, fulfillment_id) = ("o".to_owned(), "f".to_owned());
        assert_eq!(hook(body).unwrap().event, Event::Fulfillment { order_id, fulfillment_id, told: None });
    }

    #[test]
    fn a_sink_with_other_names_and_words_is_read_by_its_settings() {
        let shape: Shape = serde_json::from_str(
            r#"{"fields": {"event": {"type": "event", "data": "/payload/object"}, "order": {"orderId": "external_id"}},
                "statuses": {"event": {"order.updated": "sale.changed"}}}"#,
        )
        .unwrap();
        let body = r#"{"event":"sale.changed","payload":{"object":{"external_id":"o1","orderId":"x"}}}"#;
        let expected = Event::OrderUpdated { order_id: "o1".to_owned(), told: None };
        assert_eq!(read(body.as_bytes(), &shape).unwrap().event, expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for body in ["{}", r#"{"type":null}"#, r#"{"type":" ","data":{}}"#] {
            assert_eq!(hook(body), Err(HookError::NoType), "{body}");
        }
        for (kind, member) in [
            ("order.updated", "orderId"),
            ("fulfillment.created", "orderId"),
            ("invoice.updated", "invoiceId"),
        ] {
            for data in ["null", "{}", r#"{"fulfillmentId":"f"}"#] {
                let body = format!(r#"{{"type":"{kind}","data":{data}}}"#);
                let error = HookError::NoId { kind: kind.to_owned(), member };
                assert_eq!(hook(&body), Err(error), "{body}");
            }
        }
        let mut body = example("OrderUpdated");
        body["data"]["orderId"] = serde_json::json!([]);
        let error = hook(&body.to_string()).unwrap_err().to_string();
        assert!(error.starts_with("the webhook cannot be read: orderId[0]: expected text"), "{error}");
    }
}
