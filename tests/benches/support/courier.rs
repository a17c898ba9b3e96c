//! A connection that runs on a courier, and its events.

use std::collections::BTreeMap;
use std::time::Duration;

use transload::egress::{Grant, Secret};
use transload::engine::Module;
use transload::runtime::ConnectionSpec;
use transload::webhook::WebhookConfig;
use transload_tests::target::Target;

/// The connection's name.
pub const CONNECTION: &str = "bench";

/// What opens the connection's webhook.
pub const TOKEN: &str = "token";

/// A connection against `target`, with everything granted that couriers ask for.
pub fn connection(target: &Target, module: &Module) -> ConnectionSpec {
    let grant = |scopes: &[&str]| Grant {
        base_url: target.url().parse().ok(),
        credential: Some(Secret::new(TOKEN)),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        private_addresses: vec![target.address().to_string()],
        read_only: false,
    };
    let webhook = WebhookConfig { secrets: vec![Secret::new(TOKEN)], ..WebhookConfig::default() };
    ConnectionSpec {
        name: CONNECTION.to_owned(),
        module: module.clone(),
        grants: BTreeMap::from([
            ("target".to_owned(), grant(&["things.read", "things.write", "messages.write"])),
            ("keyed".to_owned(), grant(&["payments.write"])),
        ]),
        settings: "{}".to_owned(),
        webhooks: BTreeMap::from([("target".to_owned(), webhook)]),
        polls: BTreeMap::from([("polled".to_owned(), Duration::from_hours(24))]),
        read_only: false,
    }
}
