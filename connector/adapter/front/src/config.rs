//! What the configuration says of webhooks.

use transload_policy::manifest::{Api, Signature};
use transload_policy::webhook::Verifier;
use transload_policy::{Keys, Secret};

use crate::answer::Problem;
use crate::bindings::transload::adapter::session;

/// What ends a key in PEM.
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// The value of `key`; none if it is not set or empty.
pub(crate) fn text(key: &str) -> Result<Option<String>, Problem> {
    session::configured(key).map_err(Problem::later)
}

/// What verifies an API's webhooks: the manifest's keys and signatures, where the configuration has no others. None if the
/// API sends none.
pub(crate) fn verifier(api: &Api) -> Result<Option<Verifier>, Problem> {
    let key = |name: &str| Keys::Flat.api(&api.name, name);
    let signatures = text(&key("signatures"))?.map(|text| signatures(&text)).transpose();
    let signatures =
        signatures.map_err(|wrong| Problem::new(500, format!("{}: {wrong}", key("signatures"))))?;
    let Some(signatures) = signatures.or_else(|| Some(api.webhook.as_ref()?.signatures.clone())) else {
        return Ok(None);
    };
    let keys = match text(&key("public_keys"))? {
        Some(text) => text
            .split_inclusive(PEM_END)
            .map(|pem| pem.trim().to_owned())
            .filter(|pem| !pem.is_empty())
            .collect(),
        None => api.webhook.as_ref().map(|webhook| webhook.public_keys.clone()).unwrap_or_default(),
    };
    let secrets = text(&key("secrets"))?.unwrap_or_default();
    let secrets: Vec<Secret> = secrets.split_whitespace().map(Secret::new).collect();
    let table = Keys::Flat.table(&api.name);
    Verifier::new(&table, signatures, &keys, &secrets)
        .map(Some)
        .map_err(|error| Problem::new(500, format!("{table}: {error}")))
}

/// `hmac-sha256:x-signature, shared-token:x-token`, strongest first.
fn signatures(text: &str) -> Result<Vec<Signature>, String> {
    let one = |part: &str| {
        let (kind, header) = part.split_once(':').unwrap_or((part, ""));
        let header = header.to_owned();
        Ok(match kind {
            "ed25519" => Signature::Ed25519(header),
            "rsa-sha256" => Signature::RsaSha256(header),
            "hmac-sha256" => Signature::HmacSha256(header),
            "shared-token" => Signature::SharedToken(header),
            "standard-webhooks" => Signature::StandardWebhooks,
            _ => {
                return Err(format!(
                    "{part:?} is not one of ed25519:HEADER, rsa-sha256:HEADER, hmac-sha256:HEADER, \
                     shared-token:HEADER, standard-webhooks"
                ));
            }
        })
    };
    text.split(',').map(|part| one(part.trim())).collect()
}
