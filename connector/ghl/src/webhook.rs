//! Webhooks: one flat JSON object, the object's members beside those of the envelope.

use serde::Deserialize;
use transload_model::{Instant, Order};
use transload_wire::{http, tolerant};

use crate::error::MapError;
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

/// Why a webhook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is not what GoHighLevel sends.
    #[error("the webhook cannot be read: {0}")]
    Unreadable(String),
    /// It does not say what happened.
    #[error("the webhook has no `type`, so what happened is unknown")]
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
    let kind = envelope.kind.ok_or(HookError::NoType)?;
    let event = match kind.as_str() {
        "OrderCreate" => OrderEvent::Create,
        "OrderStatusUpdate" => OrderEvent::StatusUpdate,
        _ => return Ok(Hook::Other { kind }),
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

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, HookError> {
    serde_json::from_slice(body).map_err(|error| HookError::Unreadable(http::unreadable(body, &error)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREATE: &str = include_str!("fixtures/order-create.json");

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
    fn other_events_are_named_and_not_read() {
        let note = r#"{"type":"NoteCreate","locationId":"l","id":"n","body":"hi","amount":"none"}"#;
        assert_eq!(read(note.as_bytes()), Ok(Hook::Other { kind: "NoteCreate".to_owned() }));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, message) in [
            ("{}", "the webhook has no `type`, so what happened is unknown"),
            (r#"{"data":{"type":"OrderCreate"}}"#, "the webhook has no `type`, so what happened is unknown"),
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
