//! The manifest: what this connector is, needs and offers.

use transload_flows::listing::{INVOICES, ORDERS, SUBSCRIPTIONS, TRANSACTIONS};
use transload_flows::schemas;
use transload_ghl::endpoints as ghl;
use transload_rankr::endpoints as rankr;
use transload_sdk::Description;
use transload_sdk::manifest::{self, Kind, Origin, Template, Trigger};
use transload_wire::Endpoint;

use crate::actions;
use crate::intake::{FULFILLMENTS, OVERDUE_CHARGES, SINK_INVOICES, SINK_ORDERS};

// How often the vendors are asked for what no webhook tells. With one page a round that is 288 calls a day each for
// GoHighLevel's orders and payments, 96 for its invoices and its orders' fulfilments, 24 for its subscriptions, of the 200,000
// that it allows; once an hour a round goes over all that is watched. Rankr is asked 192 times a day.
const ORDERS_MS: u64 = 5 * 60 * 1000;
const TRANSACTIONS_MS: u64 = 5 * 60 * 1000;
const INVOICES_MS: u64 = 15 * 60 * 1000;
const FULFILLMENTS_MS: u64 = 15 * 60 * 1000;
const SUBSCRIPTIONS_MS: u64 = 60 * 60 * 1000;
const SINK_MS: u64 = 15 * 60 * 1000;
const OVERDUE_MS: u64 = 60 * 60 * 1000;

const SETTINGS_SCHEMA: &str = include_str!("../manifest/settings.schema.json");

/// A trigger's kind, and the schema and a sample of its objects.
type Shown = (Kind, &'static str, &'static str);

const ORDER: Shown = (Kind::Order, schemas::ORDER, schemas::ORDER_SAMPLE);
const FULFILLMENT: Shown =
    (Kind::Fulfillment, schemas::FULFILLMENT, include_str!("../manifest/fulfillment.sample.json"));
const TRANSACTION: Shown = (Kind::Transaction, schemas::TRANSACTION, schemas::TRANSACTION_SAMPLE);
const SUBSCRIPTION: Shown = (Kind::Subscription, schemas::SUBSCRIPTION, schemas::SUBSCRIPTION_SAMPLE);
const INVOICE: Shown = (
    Kind::Invoice,
    include_str!("../manifest/invoice.schema.json"),
    include_str!("../manifest/invoice.sample.json"),
);

/// GoHighLevel's calls.
const GHL: &[Endpoint] = &[
    ghl::GET_ORDER,
    ghl::LIST_ORDERS,
    ghl::LIST_FULFILLMENTS,
    ghl::CREATE_FULFILLMENT,
    ghl::LIST_TRANSACTIONS,
    ghl::GET_TRANSACTION,
    ghl::LIST_SUBSCRIPTIONS,
    ghl::GET_SUBSCRIPTION,
    ghl::LIST_INVOICES,
    ghl::GET_INVOICE,
    ghl::LIST_NOTES,
    ghl::CREATE_NOTE,
];

/// The manifest.
pub fn describe() -> Description {
    let summary = "Holds GoHighLevel's orders, payments, subscriptions and invoices in Rankr, carries fulfilments both ways, \
                   and tells of what does not fit.";
    let mut description =
        manifest::description("ghl-rankr", env!("CARGO_PKG_VERSION"), "GoHighLevel ↔ Rankr", summary);
    description.apis =
        vec![manifest::api(&transload_ghl::API, GHL), manifest::api(&transload_rankr::API, rankr::ALL)];
    description.triggers = triggers();
    description.actions = actions::describe();
    description.settings_schema = SETTINGS_SCHEMA.to_owned();
    description.templates = TEMPLATES.iter().map(template).collect();
    description
}

fn triggers() -> Vec<Trigger> {
    let of = |name, title, origin, (kind, schema, sample): Shown| {
        manifest::trigger(name, title, origin, kind, schema, sample)
    };
    let hook = |api: &str| Origin::Webhook(api.to_owned());
    let poll = |name, title, interval, shown| of(name, title, Origin::Poll(interval), shown);
    // What there was before can be asked for of GoHighLevel, which owns it. Subscriptions are told as they are now; how they
    // came to be so, it does not tell.
    let listing = |name, title, interval, shown| Trigger {
        history: name != SUBSCRIPTIONS,
        ..poll(name, title, interval, shown)
    };
    vec![
        of("orders", "An order was placed, or its status changed", hook("ghl"), ORDER),
        of("invoices", "An invoice was made, sent, paid or voided", hook("ghl"), INVOICE),
        of("sink-order-events", "An order was changed in Rankr", hook("rankr"), ORDER),
        of(
            "sink-fulfillment-events",
            "A fulfilment was made in Rankr, or moved on",
            hook("rankr"),
            FULFILLMENT,
        ),
        of("sink-invoice-events", "An invoice was changed in Rankr", hook("rankr"), INVOICE),
        listing(ORDERS, "An order was placed or changed (without webhooks)", ORDERS_MS, ORDER),
        listing(TRANSACTIONS, "A payment or a refund was made", TRANSACTIONS_MS, TRANSACTION),
        listing(SUBSCRIPTIONS, "A subscription began, changed or ended", SUBSCRIPTIONS_MS, SUBSCRIPTION),
        listing(INVOICES, "An invoice was made or changed (without webhooks)", INVOICES_MS, INVOICE),
        poll(FULFILLMENTS, "An order was fulfilled in GoHighLevel", FULFILLMENTS_MS, FULFILLMENT),
        poll(
            SINK_ORDERS,
            "An order was changed or fulfilled in Rankr (its webhook was lost)",
            SINK_MS,
            ORDER,
        ),
        poll(SINK_INVOICES, "An invoice was changed in Rankr (its webhook was lost)", SINK_MS, INVOICE),
        poll(OVERDUE_CHARGES, "A subscription's charge did not come", OVERDUE_MS, SUBSCRIPTION),
    ]
}

/// Ready-made settings: name, title, file.
const TEMPLATES: &[(&str, &str, &str)] = &[
    (
        "two-way",
        "Hold all that is live in Rankr, and carry fulfilments both ways",
        include_str!("../manifest/templates/two-way.json"),
    ),
    (
        "orders-only",
        "Hold live orders in Rankr, with what was paid for them, and nothing else",
        include_str!("../manifest/templates/orders-only.json"),
    ),
    (
        "read-only-monitor",
        "Watch only: raise alerts where the two differ, write nothing to either vendor",
        include_str!("../manifest/templates/read-only-monitor.json"),
    ),
];

fn template(&(name, title, settings): &(&str, &str, &str)) -> Template {
    Template { name: name.to_owned(), title: title.to_owned(), settings: settings.to_owned() }
}
