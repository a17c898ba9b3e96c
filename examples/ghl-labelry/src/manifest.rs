//! The manifest: what this connector is, needs and offers.

use transload_flows::listing::{ORDERS, TRANSACTIONS};
use transload_flows::schemas;
use transload_ghl::endpoints as ghl;
use transload_labelry::{CREATE_LABEL, FIND_LABELS};
use transload_sdk::Description;
use transload_sdk::manifest::{Kind, Origin, Trigger, api, description, trigger};
use transload_wire::Endpoint;

/// How often GoHighLevel is asked for what no webhook tells: 288 times a day each, of the 200,000 that it allows.
const POLL_MS: u64 = 5 * 60 * 1000;

/// GoHighLevel's calls.
const GHL: &[Endpoint] = &[
    ghl::GET_ORDER,
    ghl::LIST_ORDERS,
    ghl::LIST_TRANSACTIONS,
    ghl::GET_TRANSACTION,
    ghl::LIST_NOTES,
    ghl::CREATE_NOTE,
];

/// The manifest.
pub fn describe() -> Description {
    let title = "GoHighLevel → Labelry";
    let summary = "Makes an address label for each order that is to be sent.";
    Description {
        apis: vec![api(&transload_ghl::API, GHL), api(&transload_labelry::API, &[FIND_LABELS, CREATE_LABEL])],
        triggers: vec![
            order("orders", "An order was placed or changed", Origin::Webhook("ghl".to_owned())),
            Trigger { history: true, ..order(ORDERS, "The same, without webhooks", Origin::Poll(POLL_MS)) },
            trigger(
                TRANSACTIONS,
                "A payment was made",
                Origin::Poll(POLL_MS),
                Kind::Transaction,
                schemas::TRANSACTION,
                schemas::TRANSACTION_SAMPLE,
            ),
        ],
        settings_schema: schemas::settings(title, include_str!("../manifest/settings.json")),
        ..description("ghl-labelry", env!("CARGO_PKG_VERSION"), title, summary)
    }
}

fn order(name: &str, title: &str, origin: Origin) -> Trigger {
    trigger(name, title, origin, Kind::Order, schemas::ORDER, schemas::ORDER_SAMPLE)
}
