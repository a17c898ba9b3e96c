//! Webhooks: what changed in the sink, as far as is needed to look at it there.

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_model::Instant;
use transload_wire::{http, tolerant};

use crate::fulfillment::ORIGIN;
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
        /// The version that the sink holds, which is the one we wrote where nobody else did.
        version: Option<u64>,
        /// The order; none if the webhook does not have all of it.
        told: Option<Box<SinkOrder>>,
    },
    /// A fulfilment was made or changed.
    Fulfillment {
        /// Its order's id.
        order_id: String,
        /// Its id.
        fulfillment_id: String,
        /// Whether we posted it.
        is_ours: bool,
        /// The fulfilment; none if the webhook does not have all of it.
        told: Option<Box<SinkFulfillment>>,
    },
    /// An invoice changed.
    InvoiceUpdated {
        /// Its id.
        invoice_id: String,
        /// As for an order.
        version: Option<u64>,
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
    #[serde(default, deserialize_with = "tolerant::text")]
    origin: Option<String>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    version: Option<i64>,
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
        let version = self.version.and_then(|version| u64::try_from(version).ok());
        let needs =
            |id: Option<String>, member| id.ok_or_else(|| HookError::NoId { kind: kind.to_owned(), member });
        Ok(match object {
            Kind::Fulfillment => Event::Fulfillment {
                order_id: needs(self.order_id, "orderId")?,
                fulfillment_id: needs(self.fulfillment_id, "fulfillmentId")?,
                is_ours: self.origin.as_deref() == Some(ORIGIN),
                told: whole(body),
            },
            Kind::Invoice => Event::InvoiceUpdated {
                invoice_id: needs(self.invoice_id, "invoiceId")?,
                version,
                told: whole(body),
            },
            _ => Event::OrderUpdated {
                order_id: needs(self.order_id, "orderId")?,
                version,
                told: whole(body),
            },
        })
    }
}

fn whole<T: Record>(body: &[u8]) -> Option<Box<T>> {
    T::read(body).ok().map(Box::new)
}
