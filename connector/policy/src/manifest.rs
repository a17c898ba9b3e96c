//! The parts of a manifest that rules go by, in the words and the JSON form of the contract's 0.1.0. Whoever has the
//! contract's own types converts them.

use serde::{Deserialize, Serialize};

/// An API that a connector talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// What configuration calls it.
    pub name: String,
    /// Where it is, unless an operator says otherwise.
    pub base_url: String,
    /// How requests prove who sends them.
    pub credential: Credential,
    /// The calls that are described.
    pub endpoints: Vec<Endpoint>,
    /// Its rate limits; all hold at once.
    pub rates: Vec<Rate>,
    /// The header in which it takes an idempotency key, if it does.
    pub idempotency_header: Option<String>,
    /// None if it sends no webhooks.
    pub webhook: Option<Webhook>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path below the base URL; `{name}` stands for one segment.
    pub path: String,
    /// A JSON Pointer to a setting that replaces the path.
    pub path_setting: Option<String>,
    /// The permission that it belongs to.
    pub scope: String,
    /// Whether it changes anything.
    pub access: Access,
    /// What becomes of a write whose outcome is unknown.
    pub in_doubt: InDoubt,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// Whether a call changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// It does not.
    Read,
    /// It does.
    Write,
}

/// What becomes of a write whose outcome is unknown, when its event runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InDoubt {
    /// It is sent again.
    Resend,
    /// It is sent again if the connector has looked.
    Verify,
    /// It is not sent again.
    Never,
}

/// How a request proves who sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// Not at all.
    None,
    /// `Authorization: Bearer`
    Bearer,
    /// By a key in this header.
    Header(String),
    /// By OAuth 2.
    Oauth2(Oauth2),
}

/// OAuth 2 with the authorization code grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oauth2 {
    /// Where a person agrees.
    pub authorize_url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// At most so many requests in any such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In milliseconds.
    pub per_ms: u64,
}

/// How an API's webhooks are verified and told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Strongest first.
    pub signatures: Vec<Signature>,
    /// PEM.
    pub public_keys: Vec<String>,
    /// Where a delivery says which it is.
    pub delivery_id: DeliveryId,
}

/// How a delivery proves where it came from; the text is a header's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// Base64 of an Ed25519 signature.
    Ed25519(String),
    /// Base64 of an RSA PKCS #1 v1.5 signature of the SHA-256.
    RsaSha256(String),
    /// Hex or base64 of an HMAC-SHA256.
    HmacSha256(String),
    /// The Standard Webhooks scheme.
    StandardWebhooks,
    /// The secret itself.
    SharedToken(String),
}

/// Where a delivery says which one it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryId {
    /// In this header.
    Header(String),
    /// In the JSON body, at this JSON Pointer.
    Body(String),
    /// Nowhere.
    Digest,
}
