//! The manifest: what this connector is, needs and offers. A host grants from it, and a platform draws its forms from it.

use transload_ghl::{API, endpoints};
use transload_sdk::Description;
use transload_sdk::manifest::{Action, ActionAccess, Kind, Origin, api, description, trigger};
use transload_wire::Endpoint;

/// The action that notes an order by hand.
pub const NOTE_ORDER: &str = "note-order";

/// The calls that are made. A host refuses every other one.
const CALLS: &[Endpoint] = &[
    endpoints::GET_ORDER,
    endpoints::LIST_ORDERS,
    endpoints::LIST_NOTES,
    endpoints::CREATE_NOTE,
];

/// The manifest.
pub fn describe() -> Description {
    let title = "Orders as notes";
    let summary = "Notes each new GoHighLevel order on its contact, once.";
    let orders = trigger(
        "orders",
        "An order was placed",
        Origin::Webhook(API.name.to_owned()),
        Kind::Order,
        include_str!("../manifest/order.schema.json"),
        r#"{"id":"660ed43bfdf9fc05a0de7a40"}"#,
    );
    let note_order = Action {
        name: NOTE_ORDER.to_owned(),
        title: "Note an order on its contact".to_owned(),
        access: ActionAccess::Write,
        subject: Some("/order_id".to_owned()),
        input_schema: include_str!("../manifest/note-order.input.json").to_owned(),
        output_schema: include_str!("../manifest/note-order.output.json").to_owned(),
        sample: r#"{"order_id":"660ed43bfdf9fc05a0de7a40"}"#.to_owned(),
    };
    Description {
        apis: vec![api(&API, CALLS)],
        triggers: vec![orders],
        actions: vec![note_order],
        settings_schema: include_str!("../manifest/settings.schema.json").to_owned(),
        ..description("{{name}}", env!("CARGO_PKG_VERSION"), title, summary)
    }
}
