//! What the control API takes and gives. The client and the server share these types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rankr::RankrSnapshot;
use crate::json::{Json, Number};
use crate::webhooks::Tamper;

/// Where everything is, what opens it, and how much there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// The base URL of the GHL fake.
    pub ghl_url: String,
    /// The bearer token that it accepts.
    pub ghl_token: String,
    /// The id of its location.
    pub ghl_location: String,
    /// The public key that verifies its webhooks, as SPKI PEM.
    pub ghl_public_key_pem: String,
    /// The base URL of the Track-POD fake.
    pub track_pod_url: String,
    /// The key that it accepts.
    pub track_pod_key: String,
    /// The header in which its webhooks are signed.
    pub track_pod_signature_header: String,
    /// The secret that verifies its webhooks.
    pub track_pod_secret: String,
    /// The base URL of the Rankr fake.
    pub rankr_url: String,
    /// The bearer token that it accepts.
    pub rankr_token: String,
    /// The secret that verifies its webhooks: `whsec_` and base64.
    pub rankr_secret: String,
    /// How much there is.
    pub counts: Counts,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Orders in GHL.
    pub ghl_orders: usize,
    /// Transactions in GHL.
    pub ghl_transactions: usize,
    /// Orders in Track-POD, deleted ones too.
    pub track_pod_orders: usize,
    /// Orders in Rankr.
    pub rankr_orders: usize,
    /// Transactions in Rankr.
    pub rankr_transactions: usize,
    /// Writes in the ledger.
    pub ledger_entries: usize,
    /// Writes that the full ledger missed.
    pub ledger_missed: u64,
    /// All writes since the ledger was emptied, those that it missed too.
    pub ledger_writes: u64,
    /// Webhooks that have not ended.
    pub webhooks_waiting: usize,
}

/// An order to place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// The order, in the form of GHL's webhook. Without `_id`, times and statuses it gets new ones. Without an order the
    /// built-in sample is placed: 150.10 USD, made of 138 for two lines (17 and 121) and 12.10 tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Json>,
    /// Whether `OrderCreate` is fired.
    #[serde(default = "yes")]
    pub webhook: bool,
}

impl Default for PlaceOrder {
    fn default() -> Self {
        Self { order: None, webhook: true }
    }
}

fn yes() -> bool {
    true
}

/// The order that was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The order's id.
    pub id: String,
    /// The contact's id, if the order names one.
    pub contact_id: Option<String>,
}

/// A payment, or a try.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    /// The amount in the order's currency; all that is due without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// The transaction's status; `succeeded` without it. Only that one counts as paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Money given back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// The amount; all that is left of the payment without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
}

/// A webhook to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// How often, at most [`RESEND_MAX`](crate::RESEND_MAX).
    pub times: u32,
    /// What is wrong with it.
    #[serde(default)]
    pub tamper: Tamper,
}

/// What happens to a delivery order. The name of the variant in kebab-case is the last segment of the path, what it holds
/// is the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It is planned into a route.
    Schedule(Schedule),
    /// It is loaded into the vehicle.
    Load,
    /// The route starts: status 1.
    Start,
    /// It is delivered: status 3, or 4 if less was accepted than ordered.
    Deliver(Deliver),
    /// The visit fails because of the site: status 2.
    Fail(Failure),
    /// The order is refused: status 5.
    Reject(Failure),
    /// After a failed visit it is planned once more; its status is empty again.
    Reschedule(Schedule),
}

/// How an order is planned. What is left out is made up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The route's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The route's date, `2024-05-13`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The driver's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

/// What was handed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// Accepted quantities by `OrderLineId`; lines that are not named were accepted in full.
    #[serde(default)]
    pub lines: BTreeMap<String, Number>,
    /// The cash that was collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cod_actual: Option<Number>,
    /// Who signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_name: Option<String>,
    /// What the driver noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Why nothing was handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The id of a reason from `GET /RejectReason`. Its list decides between status 2 and 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<i64>,
    /// What the driver noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// All data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// GHL's.
    pub ghl: GhlSnapshot,
    /// Track-POD's.
    pub track_pod: TrackPodSnapshot,
    /// Rankr's.
    pub rankr: RankrSnapshot,
}

/// GHL's data, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GhlSnapshot {
    /// The orders.
    pub orders: Vec<OrderState>,
    /// The transactions, in the shape of the API's list.
    pub transactions: Vec<Json>,
    /// The subscriptions, in the shape of the API's list.
    pub subscriptions: Vec<Json>,
    /// The invoices, in the shape of the API and of the webhook.
    pub invoices: Vec<Json>,
    /// The contacts.
    pub contacts: Vec<ContactState>,
    /// The whitelabel payment providers.
    pub providers: Vec<Json>,
    /// The records of custom objects.
    pub records: Vec<Json>,
    /// The opportunities.
    pub opportunities: Vec<Json>,
}

/// An order in GHL and what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    /// The order, in the shape of the webhook.
    pub order: Json,
    /// Its fulfilments, oldest first.
    pub fulfillments: Vec<Json>,
    /// What was paid for the order itself; a subscription's renewals are not in it.
    pub captured: Number,
    /// What was given back.
    pub refunded: Number,
    /// `unpaid`, `partially_paid`, `paid` or `refunded`.
    pub payment_status: String,
}

/// A contact and what was sent to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactState {
    /// The contact.
    pub contact: Json,
    /// Its notes, oldest first.
    pub notes: Vec<Json>,
    /// The messages that were sent to it, oldest first.
    pub messages: Vec<Json>,
    /// The ids of workflows, once for each time that it was added to one.
    pub workflows: Vec<String>,
}

/// Track-POD's data, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackPodSnapshot {
    /// The orders that are there, in the shape of the API. Doubles are all in it.
    pub orders: Vec<Json>,
    /// The orders that were deleted, in the same shape.
    pub removed: Vec<Json>,
}
