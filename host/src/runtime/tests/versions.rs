//! Two versions of the contract in one host: see `wit/README.md`, "Another version".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::super::{ConnectionSpec, DeliveryOutcome, Host, HostOptions};
use super::fake::TOKEN;
use crate::config::WebhookConfig;
use crate::contract::{Change, Decimal, Envelope, Event, Failure, Money, Order, OrderStatus, Receipt};
use crate::egress::{Grant, Secret};
use crate::engine::ports::MemoryStore;
use crate::engine::{Engine, EngineOptions, Module, Ports, Store};
use crate::storage::{EventFilter, EventRecord, SqliteStorage, State};

/// How long anything may take to settle.
const PATIENCE: Duration = Duration::from_secs(10);

async fn load(engine: &Engine, bytes: &'static [u8]) -> Module {
    engine.load(bytes).await.unwrap()
}

fn engine() -> Engine {
    Engine::new(EngineOptions { instances_max: 4, ..EngineOptions::default() }).unwrap()
}

/// A connection whose calls come to nothing.
fn spec(name: &str, module: Module) -> ConnectionSpec {
    let apis = || module.description().apis.iter().map(|api| api.name.clone());
    // Where nothing listens: what the courier polls for is tried again later.
    let address = "127.0.0.1:9";
    let grant = Grant {
        base_url: Some(format!("http://{address}").parse().unwrap()),
        credential: Some(Secret::new(TOKEN)),
        scopes: vec!["things.read".to_owned()],
        private_addresses: vec![address.to_owned()],
        read_only: false,
    };
    let webhook = WebhookConfig { secrets: vec![Secret::new(TOKEN)], ..WebhookConfig::default() };
    ConnectionSpec {
        name: name.to_owned(),
        grants: apis().filter(|api| api == "target").map(|api| (api, grant.clone())).collect(),
        settings: "{}".to_owned(),
        webhooks: if name == "newer" {
            BTreeMap::from([("shop".to_owned(), webhook)])
        } else {
            BTreeMap::new()
        },
        polls: BTreeMap::new(),
        read_only: false,
        module,
    }
}

/// An order of 150.10 USD, whose note tells the courier what to do.
fn event(id: &str, source: &str) -> Event {
    let total = Money { amount: Decimal { units: 15_010, exponent: 2 }, currency: "USD".to_owned() };
    let order = Order {
        id: id.to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total,
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: Vec::new(),
        note: Some("put-store k v".to_owned()),
        live: true,
        created_at: None,
        updated_at: None,
    };
    let (id, subject) = (id.to_owned(), id.to_owned());
    let change = Change::Order(order);
    Event { id, source: source.to_owned(), subject, occurred_at: None, raw: None, change }
}

/// The events of a connection, oldest first, all of them done, each with what its one effect says.
async fn done(host: &Host, connection: &str) -> Vec<(String, String)> {
    let filter = EventFilter { connection: Some(connection.to_owned()), ..EventFilter::default() };
    let events = host.events(filter).await.unwrap();
    let said = |it: &EventRecord| {
        assert_eq!(it.state, State::Done, "{it:?}");
        let Some(Receipt::Done(report)) = &it.receipt else { panic!("{it:?}") };
        report.effects.iter().map(|effect| effect.summary.clone()).collect::<Vec<_>>().join(", ")
    };
    events.iter().rev().map(|it| (it.event.id.clone(), said(it))).collect()
}

#[tokio::test]
async fn components_of_two_versions_run_side_by_side() {
    let engine = engine();
    let older = load(&engine, transload_tests::COURIER_GUEST).await;
    let newer = load(&engine, transload_tests::NEWER_GUEST).await;
    assert_eq!((older.contract_version(), newer.contract_version()), ("0.1.0", "0.2.0"));

    let directory = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
    let specs = vec![spec("older", older), spec("newer", newer)];
    let host = Host::start(HostOptions::new(Arc::new(storage)), specs).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-token", TOKEN.parse().unwrap());
    for order in ["o1", "o2"] {
        let body = Bytes::from_static(order.as_bytes());
        let outcome = host.deliver("newer", "shop", &headers, body).await;
        assert!(matches!(outcome, DeliveryOutcome::Accepted { .. }), "{outcome:?}");
        host.idle(PATIENCE).await;
        assert!(host.submit("older", event(order, "target")).await.unwrap());
    }
    host.idle(PATIENCE).await;

    // The tag that the newer one gave its order was dropped on the way through the host, which has no place for it.
    let number = |id: &str, count: u32| (id.to_owned(), format!("number {count}, with 0 tags"));
    assert_eq!(done(&host, "newer").await, [number("o1", 1), number("o1-again", 2), number("o2", 3)]);
    let ids: Vec<String> = done(&host, "older").await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["o1", "o2"]);
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_not_the_hosts_own_is_told_to_a_newer_component_in_its_words() {
    let module = load(&engine(), transload_tests::NEWER_GUEST).await;
    let store = Arc::new(MemoryStore::default());
    Store::put(store.as_ref(), "orders", b"many".to_vec()).await.unwrap();
    let mut instance = module.instance(Ports { store, ..Ports::nothing() }).await.unwrap();
    let event = event("o1", "shop");
    let Event { id, source, subject, occurred_at, raw, .. } = event.clone();
    let envelope = Envelope { id, source, subject, occurred_at, received_at: 0, attempt: 1, raw };
    let answer = instance.handle(&envelope, &event.change).await.unwrap();
    let Err(Failure::Rejected(reason)) = answer else { panic!("{answer:?}") };
    assert_eq!(reason, "Error::Conflict(1)", "an entry that is no count is not counted up");
}
