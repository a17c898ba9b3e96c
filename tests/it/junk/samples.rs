//! What comes to the bundled connectors while nothing is damaged: the vendors' samples of webhooks and answers, and the
//! examples of the order sink's document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::Uri;
use serde_json::{Value, json};

/// Two days after the samples' orders, in milliseconds since 1970.
pub(super) const NOW: u64 = 1_712_420_000_000;

/// A connector, and what its vendors send it.
pub(super) struct Vendors {
    pub(super) connector: &'static str,
    pub(super) settings: &'static str,
    /// What is polled.
    pub(super) triggers: &'static [&'static str],
    /// What GoHighLevel sends.
    ghl_hooks: &'static [&'static str],
    /// The other vendor's name, and what it sends.
    other: &'static str,
    other_hooks: fn() -> Vec<String>,
    /// The beginning of the other vendor's host, and what it answers, by a part of the path; the first that fits.
    other_host: &'static str,
    other_answers: fn(&str) -> String,
}

/// GoHighLevel ↔ Track-POD.
pub(super) static GHL_TRACK_POD: Vendors = Vendors {
    connector: "ghl-track-pod",
    settings: r#"{"location_id":"Z4Bxl8J4SaPEPLq9IQ8g","mode":"all","cash":{"record":true},
        "subscriptions":{"renew":true}}"#,
    triggers: &["order-list", "transactions", "delivery-status", "subscriptions"],
    ghl_hooks: &[ORDER_HOOK, ORDER_WORKFLOW, PAYMENT_WORKFLOW],
    other: "track-pod",
    other_hooks: || TRACK_POD_HOOKS.map(str::to_owned).to_vec(),
    other_host: "api.track-pod",
    other_answers: track_pod,
};

/// GoHighLevel ↔ Rankr.
pub(super) static GHL_RANKR: Vendors = Vendors {
    connector: "ghl-rankr",
    settings: r#"{"location_id":"Z4Bxl8J4SaPEPLq9IQ8g","mode":"all","alerts":{"payments":true},
        "extra":{"town":"{{ order.address.city }}"}}"#,
    triggers: &[
        "order-list",
        "transactions",
        "subscriptions",
        "invoice-list",
        "fulfillments",
        "sink-orders",
        "sink-invoices",
        "overdue-charges",
    ],
    ghl_hooks: &[ORDER_HOOK, ORDER_WORKFLOW, PAYMENT_WORKFLOW, INVOICE_HOOK],
    other: "rankr",
    other_hooks: || {
        let hooks = ["OrderUpdated", "FulfillmentCreated", "FulfillmentUpdated", "InvoiceUpdated"];
        hooks.map(|hook| rankr_example(hook).to_string()).to_vec()
    },
    other_host: "api.rankr",
    other_answers: rankr,
};

const ORDER_HOOK: &str = include_str!("../../../connector/ghl/src/fixtures/order-create.json");
const INVOICE_HOOK: &str = include_str!("../../../connector/ghl/src/fixtures/invoice-paid.json");

/// What workflows send.
const ORDER_WORKFLOW: &str =
    r#"{"type":"Workflow","order_id":"660ed43bfdf9fc05a0de7a40","location":{"id":"Z4Bxl8J4SaPEPLq9IQ8g"}}"#;
const PAYMENT_WORKFLOW: &str =
    r#"{"payment":{"transaction_id":"660ed43bfdf9fc05a0de7a41"},"customData":{"location_id":""}}"#;

const TRACK_POD_HOOKS: [&str; 2] = [
    include_str!("../../../connector/track-pod/src/fixtures/webhook.json"),
    r#"{"Metadata":{"Event":"OrderDeleted","Date":"2024-01-15T10:30:00Z"},
        "Data":{"Number":"660ed43bfdf9fc05a0de7a40","Date":"2024-01-15","DeletedBy":"patrik@example.com"}}"#,
];

/// What GoHighLevel answers, by a part of the path; the first that fits.
const GHL: [(&str, &str); 13] = [
    ("fulfillments", include_str!("../../../connector/ghl/src/fixtures/fulfillments.json")),
    ("/payments/orders/", include_str!("../../../connector/ghl/src/fixtures/order.json")),
    ("/payments/orders", include_str!("../../../connector/ghl/src/fixtures/orders.json")),
    ("/payments/transactions/", include_str!("../../../connector/ghl/src/fixtures/transaction.json")),
    ("/payments/transactions", include_str!("../../../connector/ghl/src/fixtures/transactions.json")),
    ("/payments/subscriptions/", include_str!("../../../connector/ghl/src/fixtures/subscription.json")),
    ("/payments/subscriptions", include_str!("../../../connector/ghl/src/fixtures/subscriptions.json")),
    ("/notes", r#"{"notes":[{"id":"n1","body":"x"}]}"#),
    ("/contacts/", include_str!("../../../connector/ghl/src/fixtures/contact.json")),
    // The list has a slash at its end, too.
    ("/invoices/\n", include_str!("../../../connector/ghl/src/fixtures/invoices.json")),
    ("/invoices/", include_str!("../../../connector/ghl/src/fixtures/invoice.json")),
    ("/invoices", include_str!("../../../connector/ghl/src/fixtures/invoices.json")),
    ("", "{}"),
];

const TRACK_POD_ORDER: &str = include_str!("../../../connector/track-pod/src/fixtures/order.json");

/// Most of Track-POD's lists have what its order has.
fn track_pod(path: &str) -> String {
    match path {
        _ if path.contains("/Order/Id/") => TRACK_POD_ORDER.to_owned(),
        _ if path.contains("/Order") => format!("[{TRACK_POD_ORDER}]"),
        _ => "{}".to_owned(),
    }
}

static RANKR: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../connector/rankr/openapi.json")).unwrap());

/// The document's example of a schema. It has amounts as text, so none becomes a float here.
fn rankr_example(schema: &str) -> Value {
    RANKR["components"]["schemas"][schema]["examples"][0].clone()
}

fn rankr(path: &str) -> String {
    let kinds: BTreeMap<&str, &str> = BTreeMap::from([
        ("orders", "Order"),
        ("transactions", "Transaction"),
        ("subscriptions", "Subscription"),
        ("invoices", "Invoice"),
        ("fulfillments", "Fulfillment"),
    ]);
    let parts: Vec<&str> = path.split('/').collect();
    let last = parts[parts.len() - 1];
    let answer = match (kinds.get(last), parts.iter().rev().nth(1).and_then(|name| kinds.get(name))) {
        (Some(schema), _) => json!({"items": [rankr_example(schema)]}),
        (None, Some(schema)) => rankr_example(schema),
        (None, None) => rankr_example("Health"),
    };
    answer.to_string()
}

impl Vendors {
    /// The webhooks, each with the API that it is for.
    pub(super) fn hooks(&self) -> Vec<(&'static str, String)> {
        let ghl = self.ghl_hooks.iter().map(|&hook| ("ghl", hook.to_owned()));
        ghl.chain((self.other_hooks)().into_iter().map(|hook| (self.other, hook))).collect()
    }

    /// What is answered when nothing is damaged.
    pub(super) fn sound(&self, uri: &Uri) -> String {
        let path = uri.path();
        if uri.host().is_some_and(|host| host.starts_with(self.other_host)) {
            return (self.other_answers)(path);
        }
        let path = if path.ends_with('/') { format!("{path}\n") } else { path.to_owned() };
        let (_, answer) = GHL.iter().find(|(part, _)| path.contains(part)).unwrap();
        (*answer).to_owned()
    }
}
