//! The contract's manifest, in the words that the rules know.

use transload_policy::manifest as rules;

use crate::contract;

impl From<&contract::Api> for rules::Api {
    fn from(api: &contract::Api) -> rules::Api {
        rules::Api {
            name: api.name.clone(),
            base_url: api.base_url.clone(),
            credential: (&api.credential).into(),
            endpoints: api.endpoints.iter().map(Into::into).collect(),
            rates: api.rates.iter().map(Into::into).collect(),
            idempotency_header: api.idempotency_header.clone(),
            webhook: api.webhook.as_ref().map(Into::into),
        }
    }
}

impl From<&contract::Endpoint> for rules::Endpoint {
    fn from(endpoint: &contract::Endpoint) -> rules::Endpoint {
        rules::Endpoint {
            method: match endpoint.method {
                contract::Method::Get => rules::Method::Get,
                contract::Method::Post => rules::Method::Post,
                contract::Method::Put => rules::Method::Put,
                contract::Method::Patch => rules::Method::Patch,
                contract::Method::Delete => rules::Method::Delete,
            },
            path: endpoint.path.clone(),
            path_setting: endpoint.path_setting.clone(),
            scope: endpoint.scope.clone(),
            access: match endpoint.access {
                contract::Access::Read => rules::Access::Read,
                contract::Access::Write => rules::Access::Write,
            },
            in_doubt: match endpoint.in_doubt {
                contract::InDoubt::Resend => rules::InDoubt::Resend,
                contract::InDoubt::Verify => rules::InDoubt::Verify,
                contract::InDoubt::Never => rules::InDoubt::Never,
            },
        }
    }
}

impl From<rules::Access> for contract::Access {
    fn from(access: rules::Access) -> contract::Access {
        match access {
            rules::Access::Read => contract::Access::Read,
            rules::Access::Write => contract::Access::Write,
        }
    }
}

impl From<rules::InDoubt> for contract::InDoubt {
    fn from(in_doubt: rules::InDoubt) -> contract::InDoubt {
        match in_doubt {
            rules::InDoubt::Resend => contract::InDoubt::Resend,
            rules::InDoubt::Verify => contract::InDoubt::Verify,
            rules::InDoubt::Never => contract::InDoubt::Never,
        }
    }
}

impl From<&contract::Credential> for rules::Credential {
    fn from(credential: &contract::Credential) -> rules::Credential {
        match credential {
            contract::Credential::None => rules::Credential::None,
            contract::Credential::Bearer => rules::Credential::Bearer,
            contract::Credential::Header(name) => rules::Credential::Header(name.clone()),
            contract::Credential::Oauth2(oauth2) => rules::Credential::Oauth2(rules::Oauth2 {
                authorize_url: oauth2.authorize_url.clone(),
                token_url: oauth2.token_url.clone(),
                scopes: oauth2.scopes.clone(),
            }),
        }
    }
}

impl From<&contract::Rate> for rules::Rate {
    fn from(rate: &contract::Rate) -> rules::Rate {
        rules::Rate { requests: rate.requests, per_ms: rate.per_ms }
    }
}

impl From<&contract::Webhook> for rules::Webhook {
    fn from(webhook: &contract::Webhook) -> rules::Webhook {
        rules::Webhook {
            signatures: webhook.signatures.iter().map(Into::into).collect(),
            public_keys: webhook.public_keys.clone(),
            delivery_id: (&webhook.delivery_id).into(),
        }
    }
}

impl From<&contract::Signature> for rules::Signature {
    fn from(signature: &contract::Signature) -> rules::Signature {
        match signature.clone() {
            contract::Signature::Ed25519(header) => rules::Signature::Ed25519(header),
            contract::Signature::RsaSha256(header) => rules::Signature::RsaSha256(header),
            contract::Signature::HmacSha256(header) => rules::Signature::HmacSha256(header),
            contract::Signature::StandardWebhooks => rules::Signature::StandardWebhooks,
            contract::Signature::SharedToken(header) => rules::Signature::SharedToken(header),
        }
    }
}

impl From<&contract::DeliveryId> for rules::DeliveryId {
    fn from(delivery_id: &contract::DeliveryId) -> rules::DeliveryId {
        match delivery_id.clone() {
            contract::DeliveryId::Header(name) => rules::DeliveryId::Header(name),
            contract::DeliveryId::Body(pointer) => rules::DeliveryId::Body(pointer),
            contract::DeliveryId::Digest => rules::DeliveryId::Digest,
        }
    }
}
