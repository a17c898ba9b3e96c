//! Proving where a delivery came from, and telling deliveries apart.
//!
//! Everything here is a pure function of a delivery's headers and raw body. The first listed signature whose header is
//! present decides alone: falling back to a weaker one would let a sender pick it. Secrets and tags are compared in
//! constant time, and every configured key is tried, so the time taken does not tell which of them came close.

mod delivery;
mod keys;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use hmac::{Hmac, Mac};
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, PROXY_AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::Secret;
use crate::manifest::Signature;

pub use delivery::{DELIVERY_ID_BYTES_MAX, delivery_id};

/// How far a Standard Webhooks timestamp may be from our clock, in seconds, either way. The specification's reference
/// libraries use five minutes.
pub const TIMESTAMP_TOLERANCE_SECONDS: u64 = 300;

/// What GoHighLevel sends in a signature header when it did not sign ("Webhook Integration Guide",
/// marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide).
const NOT_SIGNED: &str = "N/A";

/// Senders pad base64 or do not; both decode.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type HmacSha256 = Hmac<Sha256>;

/// Why a verifier cannot be built. Positions count from 1, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A signature names a header that HTTP does not allow.
    #[error("`{0}` is not a header's name: write the name alone, such as x-signature")]
    Header(String),
    /// A public key cannot be read.
    #[error(
        "public key {position} is neither an Ed25519 nor an RSA key: write PEM that starts with \
         -----BEGIN PUBLIC KEY-----"
    )]
    Key {
        /// Which key.
        position: usize,
    },
    /// An RSA key is too short to prove anything.
    #[error(
        "public key {position} has {bits} bits: RSA keys need 2048 or more, ask the vendor for a longer one"
    )]
    WeakKey {
        /// Which key.
        position: usize,
        /// Its length.
        bits: usize,
    },
    /// A secret is empty, so that anyone could sign with it.
    #[error("secret {position} is empty: set it to what the sender signs with")]
    EmptySecret {
        /// Which secret.
        position: usize,
    },
    /// A Standard Webhooks secret is not base64.
    #[error("secret {position} is not base64: Standard Webhooks secrets are, after an optional `whsec_`")]
    Secret {
        /// Which secret.
        position: usize,
    },
}

/// Why a delivery is refused. The text is for the operator; the sender learns only that it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// None of the headers that could prove its origin is there.
    #[error("it is not signed: none of the headers {0} is present")]
    NoSignature(String),
    /// The configuration names no signature at all.
    #[error("nothing says how deliveries are signed: set [{0}] signatures")]
    NoSignaturesConfigured(String),
    /// There is nothing to check the signature with.
    #[error("its {header} cannot be checked: set [{table}] {key}")]
    NothingToCheckWith {
        /// The header that it came in.
        header: String,
        /// The table of the configuration.
        table: String,
        /// The key to set in it, with an example.
        key: &'static str,
    },
    /// The header is there, but says that nothing was signed.
    #[error("its {0} says that it is not signed")]
    Unsigned(String),
    /// The header occurs more than once, or what it holds is not a signature of its kind.
    #[error("its {0} is malformed")]
    Malformed(String),
    /// No key that we have made this signature for this body.
    #[error("its {0} was made with another key or for another body")]
    Mismatch(String),
    /// A header that its signature covers is missing.
    #[error("it has no {0}, which its webhook-signature covers")]
    Incomplete(&'static str),
    /// It has signatures, and none of a kind that is checked here.
    #[error("its webhook-signature holds no signature of version v1, which is the one that a secret proves")]
    OtherVersion,
    /// It was signed too long ago: a late copy, perhaps somebody else's.
    #[error(
        "it was signed {0} seconds ago, more than {TIMESTAMP_TOLERANCE_SECONDS}: it is a late copy, or a clock is wrong"
    )]
    Stale(u64),
    /// It was signed in the future.
    #[error(
        "it was signed {0} seconds from now, more than {TIMESTAMP_TOLERANCE_SECONDS}: the sender's clock or this \
         machine's is wrong"
    )]
    Early(u64),
}

/// What a delivery is checked with: one kind of signature, with every key or secret that may have made it.
enum Proof {
    Ed25519(Vec<ed25519_dalek::VerifyingKey>),
    Rsa(Vec<rsa::RsaPublicKey>),
    Hmac(Vec<HmacSha256>),
    Standard(Vec<HmacSha256>),
    /// SHA-256 of the tokens: of one length, so that comparing tells nothing about the length of a token.
    Token(Vec<[u8; 32]>),
}

struct Check {
    header: HeaderName,
    proof: Proof,
}

/// How one API's deliveries to one connection are verified.
pub struct Verifier {
    table: String,
    checks: Vec<Check>,
}

impl Verifier {
    /// Build a verifier. `table` is the table of the configuration that a refusal tells the operator to complete.
    pub fn new(
        table: &str,
        signatures: impl IntoIterator<Item = impl Into<Signature>>,
        public_keys: &[String],
        secrets: &[Secret],
    ) -> Result<Verifier, WebhookError> {
        let (ed25519, rsa) = keys::parse(public_keys)?;
        keys::check_secrets(secrets)?;
        let checks = signatures
            .into_iter()
            .map(|signature| {
                Ok(match signature.into() {
                    Signature::Ed25519(name) => check(&name, Proof::Ed25519(ed25519.clone()))?,
                    Signature::RsaSha256(name) => check(&name, Proof::Rsa(rsa.clone()))?,
                    Signature::HmacSha256(name) => check(&name, Proof::Hmac(keys::hmacs(secrets)?))?,
                    Signature::StandardWebhooks => {
                        check("webhook-signature", Proof::Standard(keys::standard_hmacs(secrets)?))?
                    }
                    Signature::SharedToken(name) => check(&name, Proof::Token(keys::token_digests(secrets)))?,
                })
            })
            .collect::<Result<_, WebhookError>>()?;
        Ok(Verifier { table: table.to_owned(), checks })
    }

    /// What to set before any delivery can be verified; none if some can be.
    pub fn lacks(&self) -> Option<String> {
        if self.checks.iter().any(|check| check.proof.missing().is_none()) {
            return None;
        }
        let key = self.checks.first().and_then(|check| check.proof.missing()).unwrap_or("signatures");
        Some(format!("no webhook can be verified, so all are refused: set [{}] {key}", self.table))
    }

    /// Whether a delivery comes from whom it says it does. `now` is in seconds since 1970.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: u64) -> Result<(), Refusal> {
        if self.checks.is_empty() {
            return Err(Refusal::NoSignaturesConfigured(self.table.clone()));
        }
        let Some(check) = self.checks.iter().find(|check| headers.contains_key(&check.header)) else {
            let names: Vec<&str> = self.checks.iter().map(|check| check.header.as_str()).collect();
            return Err(Refusal::NoSignature(names.join(", ")));
        };
        let value = single(headers, &check.header)?;
        if value.is_empty() || value.eq_ignore_ascii_case(NOT_SIGNED) {
            return Err(Refusal::Unsigned(check.header.to_string()));
        }
        if let Some(key) = check.proof.missing() {
            let (header, table) = (check.header.to_string(), self.table.clone());
            return Err(Refusal::NothingToCheckWith { header, table, key });
        }
        check.verify(value, headers, body, now)
    }

    /// The headers that may be stored and handed to a connector: lower-case names, and no secret among the values.
    pub fn public_headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        headers
            .iter()
            .filter(|(name, _)| !self.is_secret(name))
            .filter_map(|(name, value)| {
                let value = value.to_str().ok()?.to_owned();
                Some((name.as_str().to_owned(), value))
            })
            .collect()
    }

    fn is_secret(&self, name: &HeaderName) -> bool {
        [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name)
            || self.checks.iter().any(|check| check.header == name && matches!(check.proof, Proof::Token(_)))
    }
}

impl Proof {
    /// The key of the configuration that has to be set before this proof can be checked.
    fn missing(&self) -> Option<&'static str> {
        match self {
            Proof::Ed25519(keys) => keys.is_empty().then_some("public_keys = [\"file:vendor.pem\"]"),
            Proof::Rsa(keys) => keys.is_empty().then_some("public_keys = [\"file:vendor.pem\"]"),
            Proof::Hmac(keys) | Proof::Standard(keys) => {
                keys.is_empty().then_some("secret = \"env:WEBHOOK_SECRET\"")
            }
            Proof::Token(tokens) => tokens.is_empty().then_some("secret = \"env:WEBHOOK_SECRET\""),
        }
    }
}

impl Check {
    fn verify(&self, value: &str, headers: &HeaderMap, body: &[u8], now: u64) -> Result<(), Refusal> {
        let malformed = || Refusal::Malformed(self.header.to_string());
        let genuine = match &self.proof {
            Proof::Ed25519(keys) => {
                let bytes = BASE64.decode(value).map_err(|_| malformed())?;
                let signature = ed25519_dalek::Signature::from_slice(&bytes).map_err(|_| malformed())?;
                any_passes(keys, |key| choice(key.verify_strict(body, &signature).is_ok()))
            }
            Proof::Rsa(keys) => {
                let signature = BASE64.decode(value).map_err(|_| malformed())?;
                let digest = Sha256::digest(body);
                let scheme = rsa::Pkcs1v15Sign::new::<Sha256>();
                any_passes(keys, |key| choice(key.verify(scheme.clone(), &digest, &signature).is_ok()))
            }
            Proof::Hmac(keys) => {
                let tag = hmac_tag(value).ok_or_else(malformed)?;
                any_passes(keys, |key| key.clone().chain_update(body).finalize().into_bytes().ct_eq(&tag))
            }
            Proof::Standard(keys) => standard(keys, value, headers, body, now)?,
            Proof::Token(digests) => {
                let given = Sha256::digest(value);
                any_passes(digests, |digest| digest.ct_eq(given.as_slice()))
            }
        };
        if genuine.into() { Ok(()) } else { Err(Refusal::Mismatch(self.header.to_string())) }
    }
}

fn check(header: &str, proof: Proof) -> Result<Check, WebhookError> {
    let header =
        HeaderName::from_bytes(header.as_bytes()).map_err(|_| WebhookError::Header(header.to_owned()))?;
    Ok(Check { header, proof })
}

/// Whether any key passes. All are tried, whatever the first say.
fn any_passes<T>(keys: &[T], passes: impl Fn(&T) -> Choice) -> Choice {
    keys.iter().fold(Choice::from(0), |found, key| found | passes(key))
}

fn choice(passes: bool) -> Choice {
    Choice::from(u8::from(passes))
}

/// A header's only value. Two values would leave open which of them was meant.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<&'h str, Refusal> {
    let malformed = || Refusal::Malformed(name.to_string());
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map(str::trim).map_err(|_| malformed()),
        _ => Err(malformed()),
    }
}

/// The bytes of an HMAC-SHA256 tag in hex or base64. The two cannot be confused: 32 bytes are 64 characters of hex and
/// 43 or 44 of base64.
fn hmac_tag(value: &str) -> Option<[u8; 32]> {
    let value = value.strip_prefix("sha256=").unwrap_or(value);
    let bytes = if value.len() == 64 { hex::decode(value).ok()? } else { BASE64.decode(value).ok()? };
    bytes.try_into().ok()
}

/// Check a delivery by the Standard Webhooks specification (standardwebhooks.com): the tag covers id, time and body, and
/// the header lists tags separated by spaces, each after its version.
fn standard(
    keys: &[HmacSha256],
    value: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: u64,
) -> Result<Choice, Refusal> {
    let id = covered(headers, "webhook-id")?;
    let timestamp = covered(headers, "webhook-timestamp")?;
    let signed_at: u64 = timestamp.parse().map_err(|_| Refusal::Malformed("webhook-timestamp".to_owned()))?;
    let tags: Vec<&str> = value.split(' ').filter_map(|tag| tag.strip_prefix("v1,")).collect();
    if tags.is_empty() {
        return Err(Refusal::OtherVersion);
    }
    let tags: Vec<Vec<u8>> = tags.into_iter().filter_map(|tag| BASE64.decode(tag).ok()).collect();
    let prefix = format!("{id}.{timestamp}.");
    let genuine = any_passes(keys, |key| {
        let tag = key.clone().chain_update(&prefix).chain_update(body).finalize().into_bytes();
        any_passes(&tags, |given| tag.ct_eq(given.as_slice()))
    });
    let apart = now.abs_diff(signed_at);
    // The time is looked at only if it is genuine: an unsigned one says nothing.
    if bool::from(genuine) && apart > TIMESTAMP_TOLERANCE_SECONDS {
        return Err(if signed_at > now { Refusal::Early(apart) } else { Refusal::Stale(apart) });
    }
    Ok(genuine)
}

/// A header that a Standard Webhooks signature covers.
fn covered<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, Refusal> {
    let header = HeaderName::from_static(name);
    if !headers.contains_key(&header) {
        return Err(Refusal::Incomplete(name));
    }
    let value = single(headers, &header)?;
    if value.is_empty() { Err(Refusal::Incomplete(name)) } else { Ok(value) }
}
