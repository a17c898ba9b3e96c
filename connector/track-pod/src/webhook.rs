//! Webhooks: what happened under `Metadata`, and what it happened to under `Data`.

use serde::Deserialize;
use transload_model::Instant;
use transload_wire::{http, tolerant};

use crate::Order;

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The event's name: `OrderCreated`, `OrderUpdated`, `OrderDeleted`, `RouteCreated` and others, of which no complete
    /// list is published.
    pub event: String,
    /// When it happened. Deliveries do not come in the order of it.
    pub date: Option<Instant>,
    /// The order, if it is about one. It may lack members that reading it gives, `QuantityFact` among them.
    pub order: Option<Order>,
}

/// Why a webhook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is not what Track-POD sends.
    #[error("the webhook cannot be read: {0}")]
    Unreadable(String),
    /// It does not say what happened.
    #[error("the webhook has no `Metadata.Event`, so what happened is unknown")]
    NoEvent,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    metadata: Option<Metadata>,
    data: Option<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(default, deserialize_with = "tolerant::text")]
    event: Option<String>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    date: Option<Instant>,
}

/// Reads a webhook's body.
pub fn read(body: &[u8]) -> Result<Hook, HookError> {
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|error| HookError::Unreadable(http::unreadable(body, &error)))?;
    let metadata = envelope.metadata.ok_or(HookError::NoEvent)?;
    let event = metadata.event.ok_or(HookError::NoEvent)?;
    // A route's data has a `Code`, and none of the members that name an order.
    let names_order =
        |order: &Order| order.id.is_some() || order.number.is_some() || order.track_id.is_some();
    let order = envelope.data.filter(|order| !event.starts_with("Route") && names_order(order));
    Ok(Hook { event, date: metadata.date, order })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEBHOOK: &str = include_str!("fixtures/webhook.json");

    #[test]
    fn an_order_is_under_data() {
        let hook = read(WEBHOOK.as_bytes()).unwrap();
        assert_eq!(hook.event, "OrderUpdated");
        // 2024-01-15T10:30:00Z by `date -ud … +%s`.
        assert_eq!(hook.date, Some(Instant(1_705_314_600_000)));
        let order = hook.order.unwrap();
        assert_eq!((order.id.as_deref(), order.status_id), (Some("10000345"), Some(3)));
        assert_eq!(order.goods_list[0].quantity_fact, None);
    }

    #[test]
    fn a_deleted_order_is_one_by_its_number() {
        let body = r#"{"Metadata":{"Event":"OrderDeleted","Date":"2024-01-15T10:30:00Z"},
            "Data":{"Number":"n1","Date":"2024-01-15","DeletedBy":"patrik@example.com"}}"#;
        assert_eq!(read(body.as_bytes()).unwrap().order.unwrap().number.as_deref(), Some("n1"));
    }

    #[test]
    fn a_route_is_no_order() {
        for data in [r#"{"Code":"R1","Date":"2024-01-15"}"#, r#"{"Code":"R1","Id":"7"}"#, "null", "{}"] {
            let body = format!(r#"{{"Metadata":{{"Event":"RouteUpdated"}},"Data":{data}}}"#);
            let hook = read(body.as_bytes()).unwrap();
            assert_eq!((hook.event.as_str(), hook.date, hook.order), ("RouteUpdated", None, None), "{data}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for body in ["{}", r#"{"Metadata":{}}"#, r#"{"Metadata":{"Event":""},"Data":{"Id":"1"}}"#] {
            assert_eq!(read(body.as_bytes()), Err(HookError::NoEvent), "{body}");
        }
        let body =
            r#"{"Metadata":{"Event":"OrderUpdated"},"Data":{"Id":"1","GoodsList":[{"Quantity":"many"}]}}"#;
        let error = read(body.as_bytes()).unwrap_err().to_string();
        assert!(
            error.starts_with("the webhook cannot be read: Data.GoodsList[0].Quantity: \"many\""),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn no_damage_makes_it_panic(at in 0_usize..700, byte in any::<u8>()) {
            let mut body = WEBHOOK.as_bytes().to_vec();
            if let Some(place) = body.get_mut(at) {
                *place = byte;
            }
            if let Ok(Hook { order: Some(order), .. }) = read(&body) {
                order.fulfillment("USD".parse().ok());
            }
        }
    }
}
