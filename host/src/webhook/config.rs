//! What an operator says of an API's webhooks.

use crate::contract::Signature;
use crate::egress::Secret;

/// How an API's webhooks are verified.
#[derive(Debug, Clone, Default)]
pub struct WebhookConfig {
    /// PEM keys in place of the manifest's.
    pub public_keys: Option<Vec<String>>,
    /// Secrets, any of which may have signed.
    pub secrets: Vec<Secret>,
    /// Signatures in place of the manifest's.
    pub signatures: Option<Vec<Signature>>,
}
