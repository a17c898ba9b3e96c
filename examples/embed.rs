//! An automation platform with two tenants. Each has a connection of its own from GoHighLevel to Track-POD: its accounts, its
//! settings, its store, its address for webhooks. A sandbox plays the vendors of each.
//!
//! `cargo run --example embed`

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use transload::contract::{Receipt, Signature};
use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{ConnectionSpec, Happening, Host, HostEvent, HostOptions};
use transload::storage::SqliteStorage;
use transload::webhook::WebhookConfig;
use transload_sandbox::{PlaceOrder, Sandbox, SandboxOptions, System, Target};

/// How long anything may take to settle.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Compiled once, however many tenants use it.
    let component = transload_bundle::find("ghl-track-pod").ok_or("no such connector")?.component;
    let module = Engine::new(EngineOptions::default())?.load(component).await?;
    let tenants = [
        ("acme", "Leave it at the door", vendors("acme").await?),
        ("bolt", "Ring twice", vendors("bolt").await?),
    ];
    let mut connections = Vec::new();
    for (name, note, vendors) in &tenants {
        connections.push(connection(name, note, vendors, &module)?);
    }
    let directory = tempfile::tempdir()?;
    let storage = SqliteStorage::open(&directory.path().join("platform.sqlite"))?;
    let host = Host::start(HostOptions::new(Arc::new(storage)), connections).await?;
    let mut happenings = host.observe();

    // The platform's own routes, and the host's below them.
    let platform = Router::new().route("/", get(async || "the platform")).nest("/connect", host.router());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let hooks = format!("http://{}/connect/hooks", listener.local_addr()?);
    let server = tokio::spawn(async move { axum::serve(listener, platform).await });

    for (name, _, vendors) in &tenants {
        let target = |name: &str| Target { url: format!("{hooks}/{name}/ghl"), events: Vec::new() };
        let control = vendors.control();
        control.set_target(System::Ghl, Some(&target(name))).await?;
        if *name == "acme" {
            // A mistake of acme's: its webhooks also go to bolt's address, where its signature proves nothing.
            control.add_target(System::Ghl, &target("bolt")).await?;
        }
        control.place_order(&PlaceOrder::default()).await?;
        control.webhooks_settled(PATIENCE).await?;
    }
    tokio::time::timeout(PATIENCE, host.idle(PATIENCE)).await?;
    while let Ok(event) = happenings.try_recv() {
        tell(&event);
    }
    for (name, _, vendors) in &tenants {
        for order in vendors.control().snapshot().await?.track_pod.orders {
            let member = |key| order.get(key).map(ToString::to_string).unwrap_or_default();
            println!(
                "{name}: Track-POD holds an order with the note {} for {}",
                member("Note"),
                member("Id")
            );
        }
    }
    host.shutdown().await;
    server.abort();
    Ok(())
}

/// The accounts of a tenant at its vendors, which only its own token and key open.
async fn vendors(tenant: &str) -> Result<Sandbox, Box<dyn Error>> {
    let (ghl_token, track_pod_key) = (format!("pit-{tenant}"), format!("key-of-{tenant}"));
    let ghl_location = format!("{tenant}Location");
    let options = SandboxOptions { ghl_token, ghl_location, track_pod_key, ..SandboxOptions::default() };
    Ok(Sandbox::start(SandboxOptions { webhook_attempts: 1, ..options }).await?)
}

/// What a tenant has set up: which accounts, what the connector may do there, and how it is to work.
fn connection(
    name: &str,
    note: &str,
    vendors: &Sandbox,
    module: &Module,
) -> Result<ConnectionSpec, Box<dyn Error>> {
    let accounts = vendors.options();
    let settings = json!({"location_id": accounts.ghl_location, "mode": "all", "delivery": {"note": note}});
    let mut grants = BTreeMap::new();
    for (api, url, credential) in [
        ("ghl", vendors.ghl_url(), &accounts.ghl_token),
        ("track-pod", vendors.track_pod_url(), &accounts.track_pod_key),
    ] {
        // A platform shows a tenant what the connector asks for, and grants what the tenant agrees to.
        let asked = module.description().apis.iter().filter(|it| it.name == api).flat_map(|it| &it.endpoints);
        let grant = Grant {
            base_url: Some(url.parse()?),
            credential: Some(Secret::new(credential.clone())),
            scopes: asked.map(|endpoint| endpoint.scope.clone()).collect(),
            private_addresses: vec![vendors.address().to_string()],
            read_only: false,
        };
        grants.insert(api.to_owned(), grant);
    }
    let ghl = WebhookConfig { public_keys: Some(vec![vendors.ghl_public_key_pem()]), ..Default::default() };
    let track_pod = WebhookConfig {
        secrets: vec![Secret::new(vendors.track_pod_secret())],
        signatures: Some(vec![Signature::HmacSha256(accounts.track_pod_signature_header.clone())]),
        ..Default::default()
    };
    Ok(ConnectionSpec {
        name: name.to_owned(),
        module: module.clone(),
        grants,
        settings: settings.to_string(),
        webhooks: BTreeMap::from([("ghl".to_owned(), ghl), ("track-pod".to_owned(), track_pod)]),
        polls: BTreeMap::new(),
        read_only: false,
    })
}

/// What a tenant sees of what happens to its connection.
fn tell(event: &HostEvent) {
    let tenant = &event.connection;
    match &event.happening {
        Happening::DeliveryAccepted { source, .. } => {
            println!("{tenant}: a webhook of {source} was accepted")
        }
        Happening::DeliveryRefused { source, status, .. } => {
            println!("{tenant}: a webhook of {source} was refused with {status}");
        }
        Happening::EventFinished { receipt, .. } => {
            if let Receipt::Done(report) = &**receipt {
                for effect in &report.effects {
                    println!("{tenant}: {} in {}: {}", effect.kind, effect.system, effect.summary);
                }
            }
        }
        _ => {}
    }
}
