//! Manifests, from what the vendors' crates say of their APIs.

use transload_wire::Method;
use transload_wire::api::{Access, Api, Credential, DeliveryId, Endpoint, InDoubt, Signature, Webhook};

use crate::bindings::exports::transload::connector::manifest as contract;
use crate::bindings::transload::connector::types::ChangeKind;

pub use crate::bindings::transload::connector::types::ChangeKind as Kind;
pub use contract::{Access as ActionAccess, Action, Description, Origin, Template, Trigger};

/// A manifest that names no API, trigger, action or setting yet.
pub fn description(name: &str, version: &str, title: &str, summary: &str) -> Description {
    Description {
        name: name.to_owned(),
        version: version.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        apis: Vec::new(),
        triggers: Vec::new(),
        actions: Vec::new(),
        settings_schema: r#"{"type":"object","additionalProperties":false}"#.to_owned(),
        templates: Vec::new(),
    }
}

/// An API and those of its calls that the connector makes.
pub fn api(api: &Api, endpoints: &[Endpoint]) -> contract::Api {
    contract::Api {
        name: api.name.to_owned(),
        title: api.title.to_owned(),
        base_url: api.base_url.to_owned(),
        credential: match api.credential {
            Credential::Bearer => contract::Credential::Bearer,
            Credential::Header(name) => contract::Credential::Header(name.to_owned()),
        },
        version_header: api
            .version_header
            .map(|(name, value)| contract::PinnedHeader { name: name.to_owned(), value: value.to_owned() }),
        endpoints: endpoints.iter().map(endpoint).collect(),
        rates: api
            .rates
            .iter()
            .map(|rate| contract::Rate { requests: rate.requests, per_ms: rate.per_ms })
            .collect(),
        idempotency_header: api.idempotency_header.map(str::to_owned),
        webhook: api.webhook.as_ref().map(webhook),
    }
}

/// A trigger without history.
pub fn trigger(
    name: &str,
    title: &str,
    origin: Origin,
    yields: ChangeKind,
    schema: &str,
    sample: &str,
) -> Trigger {
    Trigger {
        name: name.to_owned(),
        title: title.to_owned(),
        origin,
        yields,
        history: false,
        output_schema: schema.to_owned(),
        sample: sample.to_owned(),
    }
}

fn endpoint(endpoint: &Endpoint) -> contract::Endpoint {
    let (access, in_doubt) = match endpoint.access {
        Access::Read => (contract::Access::Read, contract::InDoubt::Resend),
        Access::Write(InDoubt::Resend) => (contract::Access::Write, contract::InDoubt::Resend),
        Access::Write(InDoubt::Verify) => (contract::Access::Write, contract::InDoubt::Verify),
        Access::Write(InDoubt::Never) => (contract::Access::Write, contract::InDoubt::Never),
    };
    contract::Endpoint {
        method: match endpoint.method {
            Method::Get => contract::Method::Get,
            Method::Post => contract::Method::Post,
            Method::Put => contract::Method::Put,
            Method::Patch => contract::Method::Patch,
            Method::Delete => contract::Method::Delete,
        },
        path: endpoint.path.to_owned(),
        path_setting: endpoint.path_setting.map(str::to_owned),
        scope: endpoint.scope.to_owned(),
        access,
        in_doubt,
    }
}

fn webhook(webhook: &Webhook) -> contract::Webhook {
    let signature = |signature: &Signature| match *signature {
        Signature::Ed25519(header) => contract::Signature::Ed25519(header.to_owned()),
        Signature::RsaSha256(header) => contract::Signature::RsaSha256(header.to_owned()),
        Signature::HmacSha256(header) => contract::Signature::HmacSha256(header.to_owned()),
        Signature::StandardWebhooks => contract::Signature::StandardWebhooks,
        Signature::SharedToken(header) => contract::Signature::SharedToken(header.to_owned()),
    };
    contract::Webhook {
        signatures: webhook.signatures.iter().map(signature).collect(),
        public_keys: webhook.public_keys.iter().map(|&key| key.to_owned()).collect(),
        delivery_id: match webhook.delivery_id {
            DeliveryId::Header(name) => contract::DeliveryId::Header(name.to_owned()),
            DeliveryId::Body(pointer) => contract::DeliveryId::Body(pointer.to_owned()),
            DeliveryId::Digest => contract::DeliveryId::Digest,
        },
    }
}
