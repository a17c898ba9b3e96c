//! Runs Transload connectors: sandboxed WebAssembly components that carry orders, fulfilments and payments between
//! business systems.
//!
//! Two ways in, one above the other:
//!
//! | You have | Use | It does |
//! |---|---|---|
//! | a product that needs integrations | [`runtime::Host`] | webhooks, polls, queues, retries, the write record, swaps, reconciliation |
//! | a platform with queues and storage of its own | [`engine::Engine`] | one call of a connector at a time, in a sandbox |
//!
//! # A host
//!
//! A [`Host`](runtime::Host) has connections; each is a module with settings, grants and credentials. What it remembers is in a
//! [`Storage`](storage::Storage), what it sends goes through [`Egress`](egress::Egress). Both can be yours:
//! [`Egress::with_transport`](egress::Egress::with_transport) sends by your HTTP client what policy, rate budgets and credentials
//! have let through, and [`HostOptions::with_egress`](runtime::HostOptions::with_egress) takes any storage; the
//! [module `storage`](storage) says what one has to do.
//!
//! Here the HTTP client is a few lines that lead to fakes of the vendors, so that the program needs no network:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use transload::contract::Receipt;
//! use transload::egress::{Egress, EgressOptions, Grant, Secret, Transport};
//! use transload::engine::{Engine, EngineOptions, HttpError};
//! use transload::runtime::{ConnectionSpec, Happening, Host, HostOptions};
//! use transload::storage::SqliteStorage;
//! use transload_sandbox::{Offline, PlaceOrder, SandboxOptions};
//!
//! /// The platform's HTTP client.
//! struct Client(Offline);
//!
//! #[async_trait::async_trait]
//! impl Transport for Client {
//!     async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
//!         Ok(self.0.call(request, 1_780_000_000_000))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Arc::new(Client(Offline::new(SandboxOptions::default())));
//! let order = client.0.place_order(PlaceOrder::default(), 1_780_000_000_000).map_err(|refused| refused.message)?;
//!
//! let component = transload_bundle::find("ghl-track-pod").ok_or("no such connector")?.component;
//! let module = Engine::new(EngineOptions::default())?.load(component).await?;
//!
//! // All that the connector asks for, at the fakes.
//! let grants = module.description().apis.iter().map(|api| {
//!     let (url, credential) = match api.name.as_str() {
//!         "ghl" => ("https://vendors.invalid/ghl", "pit-sandbox"),
//!         _ => ("https://vendors.invalid/track-pod", "sandbox-track-pod-key"),
//!     };
//!     let grant = Grant {
//!         base_url: url.parse().ok(),
//!         credential: Some(Secret::new(credential)),
//!         scopes: api.endpoints.iter().map(|endpoint| endpoint.scope.clone()).collect(),
//!         ..Grant::default()
//!     };
//!     (api.name.clone(), grant)
//! });
//! let connection = ConnectionSpec {
//!     name: "shop".to_owned(),
//!     grants: grants.collect(),
//!     settings: r#"{"location_id": "sandboxLocation00001", "mode": "all"}"#.to_owned(),
//!     webhooks: BTreeMap::new(),
//!     polls: BTreeMap::new(),
//!     read_only: false,
//!     module,
//! };
//! let directory = tempfile::tempdir()?;
//! let storage = SqliteStorage::open(&directory.path().join("platform.sqlite"))?;
//! let egress = Egress::with_transport(EgressOptions::default(), client);
//! let host = Host::start(HostOptions::with_egress(Arc::new(storage), egress), vec![connection]).await?;
//!
//! // An event of the platform's own; webhooks come in by `Host::deliver`, or by the routes of `Host::router`.
//! let mut happenings = host.observe();
//! assert!(host.submit("shop", event(&order.id)).await?);
//! let report = loop {
//!     match happenings.recv().await?.happening {
//!         Happening::EventFinished { receipt, .. } => match *receipt {
//!             Receipt::Done(report) => break report,
//!             Receipt::Skipped(reason) => return Err(reason.into()),
//!         },
//!         Happening::Failed { reason, .. } | Happening::Dead { reason, .. } => return Err(reason.into()),
//!         _ => {}
//!     }
//! };
//! assert_eq!((report.effects[0].system.as_str(), report.effects[0].kind.as_str()), ("track-pod", "order"));
//! host.shutdown().await;
//! # Ok(())
//! # }
//! # fn event(order: &str) -> transload::contract::Event {
//! #     use transload::contract::{Change, Decimal, Event, Money, Order, OrderStatus};
//! #     let total = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
//! #     let order = Order {
//! #         id: order.to_owned(), number: None, status: OrderStatus::Pending, payment: None, fulfillment: None, total,
//! #         subtotal: None, discount: None, tax: None, shipping: None, paid: None, customer: None, ship_to: None,
//! #         lines: Vec::new(), note: None, live: true, created_at: None, updated_at: None,
//! #     };
//! #     Event {
//! #         id: "from-the-platform-1".to_owned(), source: "ghl".to_owned(), subject: order.id.clone(),
//! #         occurred_at: None, raw: None, change: Change::Order(order),
//! #     }
//! # }
//! ```
//!
//! # An engine
//!
//! An [`Engine`](engine::Engine) compiles a [`Module`](engine::Module) once; each call gets a fresh
//! [`Instance`](engine::Instance), which reaches the world by [`Ports`](engine::Ports) alone: your HTTP, your store, your log.
//! There is no queue, no retry and no policy here; the implementation of [`Http`](engine::Http) decides what is allowed and adds
//! credentials, or leaves that to [`egress`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::{HeaderValue, Request, Response, header};
//! use transload::contract::{Change, Decimal, Envelope, Money, Order, OrderStatus, Receipt};
//! use transload::engine::ports::{DiscardLog, MemoryStore};
//! use transload::engine::{Engine, EngineOptions, Http, HttpError, Ports};
//! use transload_sandbox::{Offline, PlaceOrder, SandboxOptions};
//!
//! /// Leads to fakes of the vendors, with the credential of each.
//! struct Client(Offline);
//!
//! #[async_trait::async_trait]
//! impl Http for Client {
//!     async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
//!         let (tree, name, credential) = match request.uri().host() {
//!             Some("services.leadconnectorhq.com") => ("ghl", "authorization", "Bearer pit-sandbox"),
//!             Some("api.track-pod.com") => ("track-pod", "x-api-key", "sandbox-track-pod-key"),
//!             other => return Err(HttpError::Denied(format!("{other:?} is not a vendor"))),
//!         };
//!         request.headers_mut().insert(name, HeaderValue::from_static(credential));
//!         let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
//!         *request.uri_mut() = format!("/{tree}{path}").parse().map_err(|_| HttpError::Malformed(path))?;
//!         Ok(self.0.call(request, 1_780_000_000_000))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client(Offline::new(SandboxOptions::default()));
//! let id = client.0.place_order(PlaceOrder::default(), 1_780_000_000_000).map_err(|refused| refused.message)?.id;
//! let total = Money { amount: Decimal { units: 15010, exponent: 2 }, currency: "USD".to_owned() };
//! let order = Order {
//!     id: id.clone(),
//!     status: OrderStatus::Pending,
//!     total,
//!     live: true,
//!     // The connector reads the order again, so that the rest may be left out.
//! #     number: None, payment: None, fulfillment: None, subtotal: None, discount: None, tax: None, shipping: None,
//! #     paid: None, customer: None, ship_to: None, lines: Vec::new(), note: None, created_at: None, updated_at: None,
//! };
//! let envelope = Envelope {
//!     id: "from-the-platform-1".to_owned(),
//!     source: "ghl".to_owned(),
//!     subject: id,
//!     occurred_at: None,
//!     received_at: 1_780_000_000_000,
//!     attempt: 1,
//!     raw: None,
//! };
//!
//! let component = transload_bundle::find("ghl-track-pod").ok_or("no such connector")?.component;
//! let module = Engine::new(EngineOptions::default())?.load(component).await?;
//! let mut instance = module.instance(Ports {
//!     http: Arc::new(client),
//!     store: Arc::new(MemoryStore::default()),
//!     settings: Arc::from(r#"{"location_id": "sandboxLocation00001", "mode": "all"}"#),
//!     log: Arc::new(DiscardLog),
//!     now: 1_780_000_000_000,
//!     seed: 7,
//! }).await?;
//! let Ok(Receipt::Done(report)) = instance.handle(&envelope, &Change::Order(order)).await? else {
//!     return Err("nothing was done".into());
//! };
//! assert_eq!((report.effects[0].system.as_str(), report.effects[0].kind.as_str()), ("track-pod", "order"));
//! # Ok(())
//! # }
//! ```
//!
//! # What it does to your process
//!
//! It keeps no state outside its values: several engines and hosts live side by side. It installs no logger (events go to
//! [`tracing`], where you have a subscriber), no process-wide TLS provider, no handler for signals that end a process, and reads
//! no environment variable but those of the system's certificates. It works on tokio's runtimes of one thread and of many, with
//! time and I/O enabled. An engine has a thread for its clock, an [SQLite storage](storage::SqliteStorage) one to write and some to
//! read. wasmtime handles the signals of faulty machine code (SIGSEGV, SIGILL, SIGFPE), and passes on those that are not a module's.
//!
//! # Features
//!
//! | Feature | Brings | Without it |
//! |---|---|---|
//! | `sqlite` | [`storage::SqliteStorage`] | a storage of your own |
//! | `client` | [`egress::Egress::new`] and [`HostOptions::new`](runtime::HostOptions::new): pooled connections, TLS, screened addresses | [`egress::Egress::with_transport`] |
//! | `server` | [`Host::router`](runtime::Host::router), [`Host::admin_router`](runtime::Host::admin_router) and what serves them | [`Host::deliver`](runtime::Host::deliver) from your own server |
//! | `config` | [`config`]: `transload.toml` | [`ConnectionSpec`](runtime::ConnectionSpec) made by hand |
//! | `storage-conformance` | `storage::conformance`: the tests that a storage has to pass | |
//! | `cli` (default) | the program, with the bundled connectors and the sandbox; all of the above | |
//!
//! What is stable, and what the next version may change, is in `docs/embedding.md`.

#[cfg(feature = "config")]
pub mod config;
pub mod contract;
pub mod egress;
pub mod engine;
pub mod notices;
pub mod runtime;
pub mod storage;
pub mod webhook;
