//! The manifest: what this connector is, needs and offers.

use transload_flows::listing::{ORDERS, SUBSCRIPTIONS, TRANSACTIONS};
use transload_flows::schemas;
use transload_ghl::endpoints as ghl;
use transload_sdk::Description;
use transload_sdk::manifest::{self, Kind, Origin, Template, Trigger};
use transload_track_pod::endpoints as track_pod;
use transload_wire::Endpoint;

use crate::actions;
use crate::intake::DELIVERIES;

// How often GoHighLevel and Track-POD are asked for what no webhook tells. With one page a round that is 288 calls a day for
// orders, 288 for transactions and 24 for subscriptions, of the 200,000 that GoHighLevel allows; once an hour a round goes
// over all that is watched: 10,000 orders and as many payments are 200 pages, 4,800 calls a day. Track-POD is asked 144 times
// a day, and takes 400 calls a minute.
const ORDERS_MS: u64 = 5 * 60 * 1000;
const TRANSACTIONS_MS: u64 = 5 * 60 * 1000;
const SUBSCRIPTIONS_MS: u64 = 60 * 60 * 1000;
const DELIVERIES_MS: u64 = 10 * 60 * 1000;

const SETTINGS_SCHEMA: &str = include_str!("../manifest/settings.schema.json");
const FULFILLMENT_SAMPLE: &str = include_str!("../manifest/fulfillment.sample.json");

/// GoHighLevel's calls.
const GHL: &[Endpoint] = &[
    ghl::GET_ORDER,
    ghl::LIST_ORDERS,
    ghl::LIST_FULFILLMENTS,
    ghl::CREATE_FULFILLMENT,
    ghl::RECORD_PAYMENT,
    ghl::LIST_TRANSACTIONS,
    ghl::GET_TRANSACTION,
    ghl::LIST_SUBSCRIPTIONS,
    ghl::GET_SUBSCRIPTION,
    ghl::GET_CONTACT,
    ghl::LIST_NOTES,
    ghl::CREATE_NOTE,
    ghl::ADD_TAGS,
    ghl::ADD_TO_WORKFLOW,
    ghl::SEND_MESSAGE,
    ghl::LIST_PROVIDERS,
    ghl::CREATE_PROVIDER,
    ghl::SEARCH_RECORDS,
    ghl::CREATE_RECORD,
    ghl::UPDATE_RECORD,
    ghl::SEARCH_OPPORTUNITIES,
    ghl::CREATE_OPPORTUNITY,
    ghl::UPDATE_OPPORTUNITY,
];

/// Track-POD's calls.
const TRACK_POD: &[Endpoint] = &[
    track_pod::TEST,
    track_pod::GET_ORDER_BY_ID,
    track_pod::CREATE_ORDER,
    track_pod::UPDATE_ORDER,
    track_pod::DELETE_ORDER,
    track_pod::REJECT_ORDER,
    track_pod::LIST_CHANGED,
    track_pod::LIST_BY_DATE,
    track_pod::LIST_BY_ROUTE_DATE,
    track_pod::LIST_BY_NUMBER,
];

/// The manifest.
pub fn describe() -> Description {
    let summary = "Turns GoHighLevel orders into Track-POD deliveries, writes deliveries back as fulfilments and notes, \
                   and keeps a revenue record of each order's payments and refunds.";
    let mut description =
        manifest::description("ghl-track-pod", env!("CARGO_PKG_VERSION"), "GoHighLevel ↔ Track-POD", summary);
    description.apis =
        vec![manifest::api(&transload_ghl::API, GHL), manifest::api(&transload_track_pod::API, TRACK_POD)];
    description.triggers = triggers();
    description.actions = actions::describe();
    description.settings_schema = SETTINGS_SCHEMA.to_owned();
    description.templates = TEMPLATES.iter().map(template).collect();
    description
}

fn triggers() -> Vec<Trigger> {
    let ghl = || Origin::Webhook("ghl".to_owned());
    let track_pod = || Origin::Webhook("track-pod".to_owned());
    let poll = |name, title, interval, kind, schema, sample| {
        let trigger = manifest::trigger(name, title, Origin::Poll(interval), kind, schema, sample);
        // Subscriptions are told as they are now; how they came to be so, GoHighLevel does not tell.
        Trigger { history: name != SUBSCRIPTIONS, ..trigger }
    };
    let order = (Kind::Order, schemas::ORDER, schemas::ORDER_SAMPLE);
    let delivery = (Kind::Fulfillment, schemas::FULFILLMENT, FULFILLMENT_SAMPLE);
    let transaction = (Kind::Transaction, schemas::TRANSACTION, schemas::TRANSACTION_SAMPLE);
    let subscription = (Kind::Subscription, schemas::SUBSCRIPTION, schemas::SUBSCRIPTION_SAMPLE);
    vec![
        manifest::trigger(
            "orders",
            "An order was placed, or its status changed",
            ghl(),
            order.0,
            order.1,
            order.2,
        ),
        manifest::trigger(
            "deliveries",
            "A delivery moved on",
            track_pod(),
            delivery.0,
            delivery.1,
            delivery.2,
        ),
        poll(
            ORDERS,
            "An order was placed or changed (without webhooks)",
            ORDERS_MS,
            order.0,
            order.1,
            order.2,
        ),
        poll(
            TRANSACTIONS,
            "A payment or a refund was made",
            TRANSACTIONS_MS,
            transaction.0,
            transaction.1,
            transaction.2,
        ),
        poll(
            DELIVERIES,
            "A delivery moved on (its webhook was lost)",
            DELIVERIES_MS,
            delivery.0,
            delivery.1,
            delivery.2,
        ),
        poll(
            SUBSCRIPTIONS,
            "A subscription began, changed or ended",
            SUBSCRIPTIONS_MS,
            subscription.0,
            subscription.1,
            subscription.2,
        ),
    ]
}

/// Ready-made settings: name, title, file.
const TEMPLATES: &[(&str, &str, &str)] = &[
    (
        "delivery",
        "Deliver every live order that is paid",
        include_str!("../manifest/templates/delivery.json"),
    ),
    (
        "delivery-with-cod",
        "Deliver every live order; the driver collects what is not paid",
        include_str!("../manifest/templates/delivery-with-cod.json"),
    ),
    (
        "click-and-collect",
        "Customers collect at the depot; the counter hands over with the Track-POD app, nothing is driven",
        include_str!("../manifest/templates/click-and-collect.json"),
    ),
    (
        "read-only-monitor",
        "Watch only: keep revenue and progress, raise alerts, write nothing to either vendor",
        include_str!("../manifest/templates/read-only-monitor.json"),
    ),
];

fn template(&(name, title, settings): &(&str, &str, &str)) -> Template {
    Template { name: name.to_owned(), title: title.to_owned(), settings: settings.to_owned() }
}
