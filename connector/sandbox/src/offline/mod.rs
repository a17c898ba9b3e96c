//! The fakes without a listener, in a time that the caller tells: for simulations that must come out the same each time.
//!
//! Nothing here reads a clock, sleeps, or takes randomness from anywhere but the seed.

pub(crate) mod effects;
mod invoices;
mod plant;
mod rankr;

use std::sync::MutexGuard;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use crate::SandboxOptions;
use crate::control::types::{Info, Pay, PlaceOrder, Placed, Refund, Snapshot, Step};
use crate::control::{self, Refused};
use crate::faults::{Fault, FaultKind};
use crate::json::{Json, Object};
use crate::ledger::Ledger;
use crate::message;
use crate::state::{Shared, State};
use crate::step::{self, REQUEST_BYTES_MAX};
use crate::system::System;
use crate::webhooks::Delivery;
use effects::{DeliveryOrder, Effects, GhlFulfillment};

/// The beginning of links in replies. RFC 2606 keeps `.invalid` from ever being a name, so nobody follows them.
pub const BASE_URL: &str = "http://sandbox.invalid";

/// A webhook that was fired and that the caller now has: to deliver, double, delay, reorder or lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineWebhook {
    /// Counts the webhooks of this sandbox from 1, in the order of the changes.
    pub id: u64,
    /// Whose webhook it is.
    pub system: System,
    /// The event: `OrderCreate`, `OrderStatusUpdated`, …
    pub event: String,
    /// The headers: content type, signature and, for GHL and Rankr, the delivery's id.
    pub headers: Vec<(String, String)>,
    /// The body, which the signature covers.
    pub body: Bytes,
}

/// The fakes without a listener: requests are calls, webhooks are fetched, time is told. For simulations.
///
/// Times are in milliseconds since 1970-01-01T00:00:00Z. A time may be before an earlier one, as the clocks of several
/// hosts are. What happens to a request on its way — a lost answer, half a body — is the caller's own to make: it
/// wraps [`Offline::call`], before or after the effect.
#[derive(Debug)]
pub struct Offline {
    shared: Shared,
    options: SandboxOptions,
}

impl Offline {
    /// Empty fakes. Ids, keys and secrets come from the seed of the options; without one, from seed 0. The options for
    /// listening and for sending webhooks have no meaning here.
    pub fn new(mut options: SandboxOptions) -> Self {
        options.seed = Some(options.seed.unwrap_or(0));
        let shared = Shared::new(State::new(&options, None), BASE_URL.to_owned());
        Self { shared, options }
    }

    /// Answers a request to a vendor: `/ghl/…`, `/track-pod/…` or `/rankr/…`, as a path or behind any host. Its effect has
    /// happened when this returns. Any other path is answered with 404.
    pub fn call(&self, request: Request<Bytes>, now_ms: u64) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if body.len() > REQUEST_BYTES_MAX {
            return step::too_large().into_response();
        }
        let (tree, path) = step::split_tree(head.uri.path());
        let Some(system) = System::from_name(tree) else {
            return step::no_such_tree(tree, "/ghl, /track-pod or /rankr").into_response();
        };
        let query = head.uri.query().unwrap_or_default();
        let request = message::Request::new(head.method, path, query, head.headers, body);
        let (_, reply) = step::step(&mut self.lock(), BASE_URL, system, &request, moment(now_ms));
        // A fault without a reply cannot be set here.
        reply.map_or_else(|| Response::new(Bytes::new()), message::Reply::into_response)
    }

    /// The webhooks since the last call, oldest first. Every event has one. [`WAITING_MAX`](crate::WAITING_MAX) wait at most;
    /// see [`Offline::webhooks_refused`].
    pub fn take_webhooks(&self) -> Vec<OfflineWebhook> {
        self.lock().webhooks.take().into_iter().map(OfflineWebhook::from).collect()
    }

    /// Webhooks that were not made because too many waited to be taken. A check of webhooks must first see that this is 0.
    pub fn webhooks_refused(&self) -> u64 {
        self.lock().webhooks.refused()
    }

    /// URLs, credentials and counts.
    pub fn info(&self) -> Info {
        control::info(&self.lock(), BASE_URL)
    }

    /// Places an order.
    pub fn place_order(&self, order: PlaceOrder, now_ms: u64) -> Result<Placed, Refused> {
        control::ghl::place(&mut self.lock(), order, moment(now_ms))
    }

    /// Pays an order, or tries to, and returns the transaction's id.
    pub fn pay(&self, order: &str, pay: Pay, now_ms: u64) -> Result<String, Refused> {
        control::ghl::pay(&mut self.lock(), order, pay, moment(now_ms))
    }

    /// Refunds a transaction, which is returned.
    pub fn refund(&self, transaction: &str, refund: Refund, now_ms: u64) -> Result<Json, Refused> {
        control::ghl::refund(&mut self.lock(), transaction, refund, moment(now_ms))
    }

    /// Sets an order's status and returns the order.
    pub fn set_order_status(&self, order: &str, status: &str, now_ms: u64) -> Result<Json, Refused> {
        control::ghl::set_status(&mut self.lock(), order, status, moment(now_ms))
    }

    /// Sets members of a contact, which is made if it is not there.
    pub fn put_contact(&self, id: &str, members: &Object) -> Result<(), Refused> {
        Ok(self.lock().ghl.put_contact(id, members)?)
    }

    /// Moves a delivery order on and returns it. The key is its `TrackId`, `Id` or `Number`.
    pub fn drive(&self, key: &str, step: Step, now_ms: u64) -> Result<Json, Refused> {
        control::track_pod::drive(&mut self.lock(), key, step, moment(now_ms))
    }

    /// Makes a request be answered with a status. Other faults need a connection to harm, so they are refused.
    pub fn add_fault(&self, fault: Fault) -> Result<(), Refused> {
        if !matches!(fault.kind, FaultKind::Status { .. }) {
            let kind = fault.kind.name();
            return Err(control::invalid(format!("fault {kind}: harm the answer of the call instead")));
        }
        self.lock().faults.add(fault).map_err(control::invalid)
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// All data of all systems, as the vendors would show it. [`Offline::effects`] is cheaper to judge by.
    pub fn snapshot(&self) -> Snapshot {
        control::snapshot(&self.lock())
    }

    /// The writes after the one with this sequence number; 0 for all.
    pub fn ledger(&self, after: u64) -> Ledger {
        self.lock().ledger.after(after)
    }

    /// Looks at the ledger without copying it. `look` must not call this sandbox.
    pub fn read_ledger<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.lock().ledger)
    }

    /// Empties the ledger.
    pub fn clear_ledger(&self) {
        self.lock().ledger = Ledger::default();
    }

    /// Everything that connectors write, by the object it belongs to.
    pub fn effects(&self) -> Effects {
        Effects::of(&self.lock())
    }

    /// The delivery orders with this `Id`, oldest first, deleted ones too. Two that are not removed are a double.
    pub fn delivery_orders(&self, id: &str) -> Vec<DeliveryOrder> {
        effects::delivery_orders(&self.lock(), id)
    }

    /// The fulfilments of a GHL order, oldest first; empty too if there is no such order.
    pub fn fulfillments(&self, order: &str) -> Vec<GhlFulfillment> {
        effects::fulfillments(&self.lock(), order)
    }

    /// The texts of a contact's notes, oldest first; empty too if there is no such contact.
    pub fn notes(&self, contact: &str) -> Vec<String> {
        effects::notes(&self.lock(), contact)
    }

    /// What it was made with; the seed is always there.
    pub fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// The base URL of the GHL fake.
    pub fn ghl_url(&self) -> String {
        format!("{BASE_URL}/{}", System::Ghl.name())
    }

    /// The base URL of the Track-POD fake.
    pub fn track_pod_url(&self) -> String {
        format!("{BASE_URL}/{}", System::TrackPod.name())
    }

    /// The public key that verifies GHL's webhooks, as SPKI PEM.
    pub fn ghl_public_key_pem(&self) -> String {
        self.lock().webhooks.keys.ghl_public_key_pem()
    }

    /// The secret that verifies Track-POD's webhooks.
    pub fn track_pod_secret(&self) -> String {
        self.lock().webhooks.keys.track_pod_secret().to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

/// The time as the fakes keep it. What is beyond their calendar, the year 9999, is its end.
fn moment(now_ms: u64) -> Timestamp {
    i64::try_from(now_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

impl From<Delivery> for OfflineWebhook {
    fn from(delivery: Delivery) -> Self {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(delivery.headers);
        Self {
            id: delivery.id,
            system: delivery.system,
            event: delivery.event,
            headers,
            body: delivery.body.into(),
        }
    }
}
