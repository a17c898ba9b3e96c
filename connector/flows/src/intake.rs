//! What GoHighLevel's webhooks say, as events.

use transload_ghl::webhook::{Hook, read};
use transload_sdk::{Event, Failure, rejected};

use crate::{Shop, events};

/// Reads what GoHighLevel or a workflow of it sends. An order's webhook is the event; what a workflow sends is in the
/// operator's words, and the object is what the API says of it. Fails with `rejected` for what is no webhook.
pub fn from_ghl(shop: &Shop, body: &[u8]) -> Result<Vec<Event>, Failure> {
    // A marketplace app has one address for the webhooks of all locations that installed it.
    let ours = |location: &Option<String>| {
        location.as_ref().is_none_or(|location| *location == shop.settings.location_id)
    };
    match read(body).map_err(|error| rejected(error.to_string()))? {
        Hook::Order { webhook_id, location_id, occurred_at, order, .. } if ours(&location_id) => {
            let id = match webhook_id {
                Some(webhook_id) => format!("order {} {webhook_id}", order.id),
                None => events::order_id(&order),
            };
            let raw = text(body);
            Ok(vec![Event { id, occurred_at, raw, ..events::order_event(*order) }])
        }
        Hook::OrderHint { order_id, location_id, .. } if ours(&location_id) => {
            Ok(shop.ghl.order(&order_id)?.map(events::order_event).into_iter().collect())
        }
        Hook::TransactionHint { transaction_id, location_id, .. } if ours(&location_id) => {
            Ok(shop.ghl.transaction(&transaction_id)?.map(events::transaction_event).into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// A webhook's body as events keep it; none if it is no text.
pub fn text(body: &[u8]) -> Option<String> {
    std::str::from_utf8(body).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests;
