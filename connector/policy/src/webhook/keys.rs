//! Public keys and secrets, ready for use.

use base64::Engine as _;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use hmac::Mac as _;
use rsa::RsaPublicKey;
use rsa::traits::PublicKeyParts as _;
use sha2::{Digest as _, Sha256};

use super::{BASE64, HmacSha256, WebhookError};
use crate::Secret;

/// NIST SP 800-131A disallows shorter RSA keys.
const RSA_BITS_MIN: usize = 2048;

/// Sort PEM public keys by their kind.
pub(super) fn parse(pems: &[String]) -> Result<(Vec<VerifyingKey>, Vec<RsaPublicKey>), WebhookError> {
    let (mut ed25519, mut rsa) = (Vec::new(), Vec::new());
    for (position, pem) in (1..).zip(pems) {
        let pem = pem.trim();
        if let Ok(key) = VerifyingKey::from_public_key_pem(pem) {
            ed25519.push(key);
            continue;
        }
        let key = RsaPublicKey::from_public_key_pem(pem).map_err(|_| WebhookError::Key { position })?;
        let bits = key.n().bits();
        if bits < RSA_BITS_MIN {
            return Err(WebhookError::WeakKey { position, bits });
        }
        rsa.push(key);
    }
    Ok((ed25519, rsa))
}

/// An empty secret is a mistake that would let anyone sign.
pub(super) fn check_secrets(secrets: &[Secret]) -> Result<(), WebhookError> {
    match secrets.iter().position(|secret| secret.expose().is_empty()) {
        Some(index) => Err(WebhookError::EmptySecret { position: index + 1 }),
        None => Ok(()),
    }
}

/// Secrets whose text is the key.
pub(super) fn hmacs(secrets: &[Secret]) -> Result<Vec<HmacSha256>, WebhookError> {
    (1..).zip(secrets).map(|(position, secret)| hmac(position, secret.expose().as_bytes())).collect()
}

/// Secrets as Standard Webhooks writes them: the key in base64, usually after `whsec_`.
pub(super) fn standard_hmacs(secrets: &[Secret]) -> Result<Vec<HmacSha256>, WebhookError> {
    (1..)
        .zip(secrets)
        .map(|(position, secret)| {
            let text = secret.expose();
            let text = text.strip_prefix("whsec_").unwrap_or(text);
            let key = BASE64.decode(text).map_err(|_| WebhookError::Secret { position })?;
            if key.is_empty() { Err(WebhookError::EmptySecret { position }) } else { hmac(position, &key) }
        })
        .collect()
}

/// SHA-256 of each secret.
pub(super) fn token_digests(secrets: &[Secret]) -> Vec<[u8; 32]> {
    secrets.iter().map(|secret| Sha256::digest(secret.expose()).into()).collect()
}

fn hmac(position: usize, key: &[u8]) -> Result<HmacSha256, WebhookError> {
    HmacSha256::new_from_slice(key).map_err(|_| WebhookError::Secret { position })
}
