//! The steps that a platform can call on their own.

mod provider;
mod report;
mod status;

use serde::Deserialize;
use transload_sdk::manifest::{Action, ActionAccess};
use transload_sdk::{Context, Failure, Receipt, rejected, skipped};

use crate::call_off::{self, Why};
use crate::fulfillments;
use crate::orders::{self, Step};
use crate::settings::Connection;

const ORDER_INPUT: &str = include_str!("../manifest/order-id.schema.json");
const ORDER_INPUT_SAMPLE: &str = r#"{"order_id":"660ed43bfdf9fc05a0de7a40"}"#;
const NO_INPUT: &str = r#"{"type":"object","additionalProperties":false}"#;
const RECEIPT: &str = include_str!("../manifest/receipt.schema.json");
const STATUS: &str = include_str!("../manifest/status.schema.json");

/// What an action does with its input.
#[derive(Clone, Copy)]
enum Run {
    /// A step of a flow, for one order; it answers what was done.
    Order(fn(&Connection, &str) -> Result<Receipt, Failure>),
    /// A look at one order; it answers JSON of its own.
    Look(fn(&Connection, &str) -> Result<String, Failure>),
    /// A step that is about no order.
    Alone(fn(&Connection) -> Result<Receipt, Failure>),
}

/// An action: its name, its title for people, and what it does.
struct Entry {
    name: &'static str,
    title: &'static str,
    run: Run,
}

/// All actions, in the order in which a platform shows them.
const ACTIONS: &[Entry] = &[
    Entry {
        name: "sync-order",
        title: "Create, update or call off the delivery of an order, as the order asks for",
        run: Run::Order(orders::sync),
    },
    Entry {
        name: "create-delivery",
        title: "Create the delivery of an order",
        run: Run::Order(create_delivery),
    },
    Entry {
        name: "update-delivery",
        title: "Bring the delivery of an order up to date",
        run: Run::Order(update_delivery),
    },
    Entry {
        name: "cancel-delivery",
        title: "Call the delivery of an order off",
        run: Run::Order(cancel_delivery),
    },
    Entry {
        name: "push-fulfillment",
        title: "Write what was delivered of an order back to GoHighLevel",
        run: Run::Order(fulfillments::push),
    },
    Entry { name: "order-status", title: "Look up an order and its delivery", run: Run::Look(status::look) },
    Entry {
        name: "register-provider",
        title: "Register the payment provider of the settings in GoHighLevel",
        run: Run::Alone(provider::register),
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderInput {
    order_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoInput {}

/// Runs the action called `name`.
pub fn run(cx: &Context, name: &str, input: &str) -> Result<String, Failure> {
    let entry = ACTIONS.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = ACTIONS.iter().map(|entry| entry.name).collect();
        rejected(format!("no action is called {name:?}; there are {}", names.join(", ")))
    })?;
    let refused = |error: serde_json::Error| rejected(format!("the input of {name}: {error}"));
    let order_id = || serde_json::from_str::<OrderInput>(input).map(|input| input.order_id).map_err(refused);
    let settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    match entry.run {
        Run::Look(look) => look(&connection, &order_id()?),
        Run::Order(step) => report::json(&step(&connection, &order_id()?)?),
        Run::Alone(step) => {
            serde_json::from_str::<NoInput>(input).map_err(refused)?;
            report::json(&step(&connection)?)
        }
    }
}

/// The actions as the manifest has them.
pub fn describe() -> Vec<Action> {
    ACTIONS.iter().map(describe_entry).collect()
}

fn describe_entry(entry: &Entry) -> Action {
    let about_order = !matches!(entry.run, Run::Alone(_));
    let looks = matches!(entry.run, Run::Look(_));
    Action {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        access: if looks { ActionAccess::Read } else { ActionAccess::Write },
        subject: about_order.then(|| "/order_id".to_owned()),
        input_schema: if about_order { ORDER_INPUT } else { NO_INPUT }.to_owned(),
        output_schema: if looks { STATUS } else { RECEIPT }.to_owned(),
        sample: if about_order { ORDER_INPUT_SAMPLE } else { "{}" }.to_owned(),
    }
}

fn create_delivery(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    orders::run(connection, order_id, Step::Create)
}

fn update_delivery(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    orders::run(connection, order_id, Step::Update)
}

fn cancel_delivery(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    match connection.ghl.order(order_id)? {
        Some(order) => call_off::call_off(connection, &order, Why::Asked),
        None => Ok(skipped(format!("GoHighLevel has no order {order_id}"))),
    }
}
