//! Which delivery it is.

use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::manifest::DeliveryId;

/// The longest id that is taken from a sender, in bytes. Ids are UUIDs or counters; a longer one is something else, and
/// the digest stands in for it.
pub const DELIVERY_ID_BYTES_MAX: usize = 200;

/// A delivery's id: the same for every attempt of the sender. Where the delivery does not say what `rule` expects, the
/// SHA-256 of its body stands in, so that a repeated attempt is still recognised.
pub fn delivery_id(rule: &DeliveryId, headers: &HeaderMap, body: &[u8]) -> String {
    let given = match rule {
        DeliveryId::Header(name) => {
            // As it is signed where it is signed: blanks around it must not make two deliveries of one.
            headers.get(name.as_str()).and_then(|value| value.to_str().ok()).map(|id| id.trim().to_owned())
        }
        DeliveryId::Body(pointer) => at(body, pointer),
        DeliveryId::Digest => None,
    };
    given.filter(|id| usable(id)).unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))))
}

fn at(body: &[u8], pointer: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.pointer(pointer)? {
        Value::String(id) => Some(id.clone()),
        // A number beyond 64 bits would come back rounded, and two ids could become one.
        Value::Number(id) if id.is_u64() || id.is_i64() => Some(id.to_string()),
        _ => None,
    }
}

fn usable(id: &str) -> bool {
    !id.trim().is_empty() && id.len() <= DELIVERY_ID_BYTES_MAX && !id.chars().any(char::is_control)
}
