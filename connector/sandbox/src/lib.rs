//! Stateful fakes of the GoHighLevel, Track-POD and Rankr APIs, for demos, tests and benches.
//!
//! One process, one TCP listener, four trees of paths:
//!
//! | Path | What |
//! |---|---|
//! | `/ghl/…` | GoHighLevel's API, paths as at `https://services.leadconnectorhq.com` |
//! | `/track-pod/…` | Track-POD's API, paths as at `https://api.track-pod.com` |
//! | `/rankr/…` | the order sink, paths as at `https://api.rankr.example`: see [`RankrDialect`] for others |
//! | `/control/…` | the sandbox's own: place and pay orders, drive deliveries, cause faults, look inside |
//!
//! The fakes follow the vendors' OpenAPI files in paths, parameters, statuses and bodies, refuse what those say is
//! refused, and keep the traps: GHL answers 401 for a missing scope, its list of orders has no items, and a repeated
//! `POST /Order` at Track-POD makes a second delivery. What the vendors do not document is decided in one place each and
//! said there. Amounts go out with the digits with which they came in; nothing here is a binary float.
//!
//! | Faked so far | |
//! |---|---|
//! | GHL | `GET /payments/orders`, `GET /payments/orders/{id}`, `GET` and `POST …/{id}/fulfillments` |
//! | | `POST /payments/orders/{id}/record-payment` |
//! | | `GET /payments/transactions`, `GET /payments/transactions/{id}` |
//! | | `GET /payments/subscriptions`, `GET /payments/subscriptions/{id}` |
//! | | `GET /invoices/`, `GET /invoices/{id}` |
//! | | `GET` and `POST /payments/integrations/provider/whitelabel` |
//! | | `GET /contacts/{id}`, `GET` and `POST …/{id}/notes`, `POST …/{id}/tags`, `POST …/{id}/workflow/{id}` |
//! | | `POST /conversations/messages` |
//! | | `POST /objects/{schema}/records`, `…/records/search`, `GET` and `PUT …/records/{id}` |
//! | | `POST /opportunities/`, `GET …/search`, `GET` and `PUT …/{id}`, `PUT …/{id}/status` |
//! | Track-POD | `GET /Test`, `GET /RejectReason`, `POST` and `PUT /Order` |
//! | | `GET` and `DELETE /Order/Id/{id}` and `/Order/Number/{number}`, `GET` and `PUT /Order/TrackId/{id}` |
//! | | `GET /Order/Number/{number}/List`, `/Order/Date/{date}`, `/Order/Route/Date/{date}` |
//! | | `GET /Order/Status/Date/{date}` |
//! | | `PUT /Order/{Id\|Number\|TrackId}/{key}/Complete` and `…/Reject` |
//! | Rankr | `GET /health`, `GET /orders`, `GET` and `PUT /orders/{id}` |
//! | | `GET` and `POST /payments/orders/{id}/fulfillments` |
//! | | `GET /payments/transactions`, `GET` and `PUT …/{id}` |
//! | | `GET /payments/subscriptions`, `GET` and `PUT …/{id}` |
//! | | `GET /invoices`, `GET` and `PUT …/{id}` |
//!
//! Decided here because the vendors do not say: GHL's lists begin with the newest, hold at most 100 items a page and read
//! filter dates as whole days in UTC; more may be fulfilled than was ordered, but no more recorded as paid than is due;
//! a recorded payment has no provider and no charge, and its `meta` only alone; a renewal names its subscription by the id
//! at the payment provider and pays nothing of the order; an order that is billed names the invoice as its source, and what
//! is paid of the invoice is paid of it, while the transaction names the invoice alone; a refund leaves an invoice as it
//! is, for no status says it; a draft is not paid; a contact that is not to be disturbed gets no message; a token
//! that begins with `pit-` registers no provider. Track-POD's `PUT /Order` leaves members that are not given as they
//! are; its times are UTC; a rescheduled order has no status again; its status webhook is called `OrderStatusUpdated`
//! and is signed as [`TRACK_POD_SIGNATURE_HEADER`] tells.
//!
//! Rankr has no vendor: the contract is "Transload order sink, v1", this project's own. What it leaves open is decided
//! here. A member that it does not name is refused with 422, though a sink may leave it aside; so is one of another form: a
//! number where an amount is a string, a time without milliseconds, an id that is not the path's. `receivedAt` is let in and not kept. Every
//! accepted write sets `receivedAt` and is told, even one that changes no member; a new or changed fulfilment sets that
//! of its order, so that a list of changed orders finds it; the time never goes back, and `updated_since` includes its
//! moment. An `Idempotency-Key` need not be there; only successes are
//! remembered for it, and another request with it is 422. `notifyCustomer` is counted and not shown again.
//!
//! # Control API
//!
//! JSON in and out, no authentication: bind it to loopback. Errors are `{"error": "…"}`. [`Control`] is its client.
//!
//! | Method and path below `/control` | Body | Answer |
//! |---|---|---|
//! | `GET /` | | [`Info`] |
//! | `PUT /webhooks/{system}` | [`Target`] | `{}`; later events go there alone |
//! | `POST /webhooks/{system}` | [`Target`] | `{}`; later events go there as well |
//! | `DELETE /webhooks/{system}` | | `{}`; events go nowhere |
//! | `GET /webhooks` | | [`Deliveries`] |
//! | `POST /webhooks/{id}/resend` | [`Resend`] | `{"ids": […]}` |
//! | `POST /ghl/orders` | [`PlaceOrder`] | [`Placed`]; fires `OrderCreate` |
//! | `PUT /ghl/orders/{id}/status` | `{"status": "…"}` | the order; fires `OrderStatusUpdate` |
//! | `POST /ghl/orders/{id}/payments` | [`Pay`] | `{"id": …}` of the transaction |
//! | `POST /ghl/transactions/{id}/refunds` | [`Refund`] | the transaction |
//! | `POST /ghl/invoices` | [`NewInvoice`] | `{"id": …}` of the draft; fires `InvoiceCreate` |
//! | `POST /ghl/invoices/{id}/send` | | the invoice; fires `InvoiceSent` |
//! | `POST /ghl/invoices/{id}/payments` | [`PayInvoice`] | `{"id": …}` of the transaction; fires `InvoicePartiallyPaid` or `InvoicePaid` |
//! | `POST /ghl/invoices/{id}/void` | | the invoice; fires `InvoiceVoid` |
//! | `PUT /ghl/invoices/{id}` | [`Edit`] | the invoice; what is due follows |
//! | `DELETE /ghl/invoices/{id}` | | `{}`; fires `InvoiceDelete` |
//! | `POST /ghl/orders/{id}/fulfillments` | [`AddFulfillment`] | the fulfilment, which a person made |
//! | `PUT /ghl/contacts/{id}` | members of a contact | `{}`; members that are there already are replaced |
//! | `POST /ghl/subscriptions` | [`Subscribe`] | `{"id": …}` of the subscription |
//! | `PUT /ghl/subscriptions/{id}` | [`Edit`] | the subscription |
//! | `POST /ghl/subscriptions/{id}/charges` | [`Charge`] | `{"id": …}` of the transaction |
//! | `POST /track-pod/orders/{key}/{step}` | see [`Step`] | the order; fires `OrderStatusUpdated` |
//! | `POST /seed` | [`Seed`] | [`Seeded`]; a history of many orders, of which nobody is told |
//! | `POST /faults` | [`Fault`] | `{}` |
//! | `GET /faults`, `DELETE /faults` | | the faults that wait; `{}` |
//! | `GET /state` | | [`Snapshot`] |
//! | `GET /ledger?after=SEQUENCE` | | [`Ledger`] |
//! | `GET /ledger/counts` | | [`WriteCounts`]; all writes, also those that a full ledger missed |
//! | `DELETE /ledger?system=…&path=…` | | `{}`; only writes to that system below that path, if they are given |
//! | `POST /reset` | | `{}`; data, faults and ledger are gone, keys and webhook targets stay |
//!
//! In Rankr, with the contract's names whatever the dialect; `{kind}` is `orders`, `transactions`, `subscriptions` or
//! `invoices`. An [`Edit`] names the event that it fires: `order.updated`, `invoice.updated`, `fulfillment.created` or
//! `fulfillment.updated`.
//!
//! | Method and path below `/control` | Body | Answer |
//! |---|---|---|
//! | `POST /rankr/{kind}` | [`AddToRankr`] | the object |
//! | `PUT /rankr/{kind}/{id}` | [`Edit`] | the object |
//! | `DELETE /rankr/{kind}/{id}` | | `{}`; an order with its fulfilments |
//! | `POST /rankr/orders/{id}/fulfillments` | [`AddToRankr`] | the fulfilment, the sink's own |
//! | `PUT /rankr/orders/{id}/fulfillments/{id}` | [`Edit`] | the fulfilment, whoever made it |
//! | `DELETE /rankr/orders/{id}/fulfillments/{id}` | | `{}` |
//!
//! To plant differences, which no vendor's API would make. Webhooks are fired only where one is asked for:
//!
//! | Method and path below `/control` | Body | Answer |
//! |---|---|---|
//! | `PUT /ghl/orders/{id}` | [`Edit`] | the order; what was paid and fulfilled stays |
//! | `DELETE /ghl/orders/{id}` | | `{}`; its transactions stay |
//! | `PUT /ghl/orders/{id}/fulfillments` | an array of fulfilments | `{}` |
//! | `PUT /ghl/transactions/{id}` | [`Edit`] | the transaction; what the order counts as paid stays |
//! | `DELETE /ghl/transactions/{id}` | | `{}`; likewise |
//! | `POST /track-pod/orders` | [`AddDelivery`] | the order, which a person made |
//! | `POST /track-pod/orders/{key}/duplicate` | [`Duplicate`] | the copy |
//! | `PUT /track-pod/orders/{key}` | [`Edit`] | the order, in whatever state it was |
//! | `DELETE /track-pod/orders/{key}` | [`Removal`] | `{}` |
//!
//! `{system}` is `ghl`, `track-pod` or `rankr`. `{key}` of a delivery order is its `TrackId`, its `Id` or its `Number`; the newest
//! order that matches is meant.
//!
//! # Offline
//!
//! [`Offline`] is the same fakes without a listener: a request is a call, the control API is functions, webhooks are
//! fetched, and the caller tells the time. With one seed and one script every run is the same, byte for byte.

mod control;
mod faults;
mod ghl;
mod ids;
mod json;
mod ledger;
mod message;
mod offline;
mod pace;
mod rankr;
mod seed;
mod server;
mod shelf;
mod state;
mod step;
mod system;
mod track_pod;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use control::Refused;
pub use control::client::{Control, ControlError};
pub use control::invoices::{InvoiceItem, NewInvoice, PayInvoice};
pub use control::plant::{AddDelivery, AddFulfillment, Charge, Duplicate, Edit, Removal, Subscribe};
pub use control::rankr::{AddToRankr, RankrOrderState, RankrSnapshot};
pub use control::types::{
    ContactState, Counts, Deliver, Failure, GhlSnapshot, Info, OrderState, Pay, PlaceOrder, Placed, Refund,
    Resend, Schedule, Snapshot, Step, TrackPodSnapshot,
};
pub use faults::{DELAY_MS_MAX, FAULTS_MAX, Fault, FaultKind};
pub use ghl::billing::INVOICE_ITEMS_MAX;
pub use ghl::invoices::INVOICES_MAX;
pub use ghl::opportunities::OPPORTUNITIES_MAX;
pub use ghl::payments::TRANSACTIONS_MAX;
pub use ghl::providers::PROVIDERS_MAX;
pub use ghl::records::{PROPERTIES_MAX, RECORDS_MAX};
pub use ghl::store::{
    CONTACTS_MAX, MEMBERS_MAX, NOTES_MAX, ORDERS_MAX as GHL_ORDERS_MAX, PER_ORDER_MAX, TAGS_MAX,
};
pub use ghl::subscriptions::SUBSCRIPTIONS_MAX;
pub use json::{DEPTH_MAX, Json, JsonError, Number, Object};
pub use ledger::{BODY_BYTES_MAX, ENTRIES_MAX, Entry, KINDS_MAX, Ledger, WriteCount, WriteCounts};
pub use offline::effects::{
    DeliveredLine, DeliveryOrder, Effects, GhlCharge, GhlFulfillment, GhlInvoice, GhlItem, GhlOpportunity,
    GhlRecord, RecordedPayment, SentMessage,
};
pub use offline::{BASE_URL as OFFLINE_BASE_URL, Offline, OfflineWebhook};
pub use rankr::dialect::{RANKR_OTHER_SETTINGS, RankrDialect};
pub use rankr::effects::{RankrEffects, RankrFulfillment, RankrLine, RankrRecord};
pub use rankr::kind::RankrKind;
pub use rankr::store::{FULFILLMENTS_MAX as RANKR_FULFILLMENTS_MAX, OBJECTS_MAX as RANKR_OBJECTS_MAX};
pub use rankr::{
    ANSWERS_MAX as RANKR_ANSWERS_MAX, TEXT_CHARS_MAX as RANKR_TEXT_CHARS_MAX,
    VERSION_MAX as RANKR_VERSION_MAX,
};
pub use seed::{History, SEED_CURRENCIES_MAX, SEED_DAYS_MAX, SEED_ORDERS_MAX, Seed, Seeded, SeededOrder};
pub use server::CONNECTIONS_MAX;
pub use step::REQUEST_BYTES_MAX;
pub use system::System;
pub use track_pod::store::ORDERS_MAX as TRACK_POD_ORDERS_MAX;
pub use webhooks::sign::{GHL_SIGNATURE_HEADER, TRACK_POD_SIGNATURE_HEADER};
pub use webhooks::{
    Attempt, DELIVERIES_MAX, Deliveries, Delivery, Outcome, RESEND_MAX, TARGETS_MAX, Tamper, Target,
    WAITING_MAX,
};

use state::{Shared, State};

/// How a sandbox is set up. The default suits a test: loopback, a free port, all scopes, the vendors' rate limits.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The bearer token that the GHL fake accepts. The default is public; nothing real is behind it.
    pub ghl_token: String,
    /// The id of the GHL location (sub-account) that holds all data.
    pub ghl_location: String,
    /// The scopes of the token; all of them if none are given.
    pub ghl_scopes: Option<Vec<String>>,
    /// The key that the Track-POD fake accepts. The default is public; nothing real is behind it.
    pub track_pod_key: String,
    /// The header in which Track-POD's webhooks are signed. The vendor's own name for it is not public.
    pub track_pod_signature_header: String,
    /// The bearer token that the Rankr fake accepts. The default is public; nothing real is behind it.
    pub rankr_token: String,
    /// The paths and names that the Rankr fake uses.
    pub rankr_dialect: RankrDialect,
    /// Whether the Rankr fake also tells of what arrives by its API.
    pub rankr_echoes: bool,
    /// Whether the vendors' request rates are enforced and shown in headers. A bench needs this off.
    pub pacing: bool,
    /// How often a webhook is tried before it has failed.
    pub webhook_attempts: u32,
    /// The pause between two tries. GHL waits minutes; a test should not.
    pub webhook_pause: Duration,
    /// Makes ids, keys and secrets the same in every run. Random without it.
    pub seed: Option<u64>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ghl_token: "pit-sandbox".to_owned(),
            ghl_location: "sandboxLocation00001".to_owned(),
            ghl_scopes: None,
            track_pod_key: "sandbox-track-pod-key".to_owned(),
            track_pod_signature_header: TRACK_POD_SIGNATURE_HEADER.to_owned(),
            rankr_token: "sandbox-rankr-token".to_owned(),
            rankr_dialect: RankrDialect::V1,
            rankr_echoes: true,
            pacing: true,
            webhook_attempts: 5,
            webhook_pause: Duration::from_millis(200),
            seed: None,
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}: {source}; choose another address, or port 0 for a free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A header name is not one.
    #[error("{0:?} is not a header name: use letters, digits and hyphens")]
    Header(String),
}

/// A running sandbox. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    options: SandboxOptions,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    webhooks: JoinHandle<()>,
}

impl Sandbox {
    /// Starts to listen. Must be called within a tokio runtime, which then runs the sandbox.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        if http::HeaderName::try_from(&options.track_pod_signature_header).is_err() {
            return Err(SandboxError::Header(options.track_pod_signature_header));
        }
        let listen_error = |source| SandboxError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;

        let (queue, queued) = mpsc::channel(WAITING_MAX);
        let shared = Arc::new(Shared::new(State::new(&options, Some(queue)), format!("http://{address}")));
        let retries =
            webhooks::deliver::Retries { attempts: options.webhook_attempts, pause: options.webhook_pause };
        let webhooks = tokio::spawn(webhooks::deliver::run(Arc::clone(&shared), queued, retries));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::run(listener, Arc::clone(&shared), stopped));
        Ok(Self { shared, options, address, stop, server, webhooks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the GHL fake: `http://127.0.0.1:PORT/ghl`.
    pub fn ghl_url(&self) -> String {
        format!("{}/ghl", self.shared.base_url)
    }

    /// The base URL of the Track-POD fake: `http://127.0.0.1:PORT/track-pod`.
    pub fn track_pod_url(&self) -> String {
        format!("{}/track-pod", self.shared.base_url)
    }

    /// The base URL of the Rankr fake: `http://127.0.0.1:PORT/rankr`.
    pub fn rankr_url(&self) -> String {
        format!("{}/rankr", self.shared.base_url)
    }

    /// The base URL of the control API: `http://127.0.0.1:PORT/control`.
    pub fn control_url(&self) -> String {
        format!("{}/control", self.shared.base_url)
    }

    /// A client of the control API.
    pub fn control(&self) -> Control {
        Control::new(&self.control_url())
    }

    /// What it was started with.
    pub fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// The public key that verifies GHL's webhooks, as SPKI PEM.
    pub fn ghl_public_key_pem(&self) -> String {
        self.shared.lock().webhooks.keys.ghl_public_key_pem()
    }

    /// The secret that verifies Track-POD's webhooks.
    pub fn track_pod_secret(&self) -> String {
        self.shared.lock().webhooks.keys.track_pod_secret().to_owned()
    }

    /// The secret that verifies Rankr's webhooks: `whsec_` and base64.
    pub fn rankr_secret(&self) -> String {
        self.shared.lock().webhooks.keys.rankr_secret()
    }

    /// Stops listening and lets requests that have begun end, for at most five seconds. Webhooks that wait are not sent.
    pub async fn shutdown(mut self) {
        self.webhooks.abort();
        let _ = self.stop.send(true);
        // An error would be a panic in the server; there is nothing left to stop then.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.webhooks.abort();
        self.server.abort();
    }
}
