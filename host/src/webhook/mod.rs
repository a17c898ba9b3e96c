//! Proving where a delivery came from, and telling deliveries apart: the rules of `transload-policy`, for the contract's types.

mod config;

pub use config::WebhookConfig;
pub use transload_policy::manifest::DeliveryId;
pub use transload_policy::webhook::{
    DELIVERY_ID_BYTES_MAX, Refusal, TIMESTAMP_TOLERANCE_SECONDS, Verifier, WebhookError, delivery_id,
};
