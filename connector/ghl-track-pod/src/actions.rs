//! The steps that a platform can call on their own.

mod findings;
mod provider;
mod report;
mod status;

use serde::Deserialize;
use transload_sdk::manifest::{Action, ActionAccess};
use transload_sdk::{Context, Failure, Receipt, rejected, skipped};
use transload_wire::Number;

use crate::call_off::{self, Why};
use crate::orders::{self, Step};
use crate::settings::Connection;
use crate::{cash, fulfillments, messages};

const ORDER_INPUT: &str = include_str!("../manifest/order-id.schema.json");
const ORDER_INPUT_SAMPLE: &str = r#"{"order_id":"660ed43bfdf9fc05a0de7a40"}"#;
const NO_INPUT: &str = r#"{"type":"object","additionalProperties":false}"#;
const RECEIPT: &str = include_str!("../manifest/receipt.schema.json");
const FINDINGS: &str = include_str!("../manifest/findings.schema.json");
const STATUS: &str = include_str!("../manifest/status.schema.json");

/// What an action does with its input.
#[derive(Clone, Copy)]
enum Run {
    /// A step of a flow, for one order; it answers what was done.
    Order(fn(&Connection, &str) -> Result<Receipt, Failure>),
    /// A look at one order; it answers JSON of its own, of this schema.
    Look(fn(&Connection, &str) -> Result<String, Failure>, &'static str),
    /// A step for one order that needs more than its id; it answers what was done.
    Told {
        schema: &'static str,
        sample: &'static str,
        step: fn(&Connection, &str) -> Result<Receipt, Failure>,
    },
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
        run: Run::Order(fulfillments::push_now),
    },
    Entry {
        name: "record-payment",
        title: "Record in GoHighLevel that an order was paid elsewhere",
        run: Run::Told {
            schema: include_str!("../manifest/record-payment.schema.json"),
            sample: r#"{"order_id":"660ed43bfdf9fc05a0de7a40","amount":"50.00","reference":"till 7, slip 4711"}"#,
            step: record_payment,
        },
    },
    Entry {
        name: "notify-customer",
        title: "Tell the customer of an order something, over the channel of the settings",
        run: Run::Told {
            schema: include_str!("../manifest/notify-customer.schema.json"),
            sample: r#"{"order_id":"660ed43bfdf9fc05a0de7a40","text":"Your order {{ order.number }} is ready."}"#,
            step: notify_customer,
        },
    },
    Entry {
        name: "order-status",
        title: "Look up an order and its delivery",
        run: Run::Look(status::look, STATUS),
    },
    Entry {
        name: "reconcile-order",
        title: "Compare an order with its payments and its delivery",
        run: Run::Look(findings::look, FINDINGS),
    },
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentInput {
    order_id: String,
    amount: Number,
    reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeInput {
    order_id: String,
    text: String,
}

/// Runs the action called `name`.
pub fn run(cx: &Context, name: &str, input: &str) -> Result<String, Failure> {
    let entry = ACTIONS.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = ACTIONS.iter().map(|entry| entry.name).collect();
        rejected(format!("no action is called {name:?}; there are {}", names.join(", ")))
    })?;
    let settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    let order_id = || read::<OrderInput>(input).map(|input| input.order_id);
    let receipt = match entry.run {
        Run::Look(look, _) => return look(&connection, &order_id()?),
        Run::Order(step) => step(&connection, &order_id()?)?,
        Run::Told { step, .. } => step(&connection, input)?,
        Run::Alone(step) => {
            read::<NoInput>(input)?;
            step(&connection)?
        }
    };
    report::json(&receipt)
}

fn read<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, Failure> {
    serde_json::from_str(input).map_err(|error| rejected(format!("the action's input: {error}")))
}

/// The actions as the manifest has them.
pub fn describe() -> Vec<Action> {
    ACTIONS.iter().map(describe_entry).collect()
}

fn describe_entry(entry: &Entry) -> Action {
    let (access, input_schema, sample, output_schema) = match entry.run {
        Run::Order(_) => (ActionAccess::Write, ORDER_INPUT, ORDER_INPUT_SAMPLE, RECEIPT),
        Run::Look(_, schema) => (ActionAccess::Read, ORDER_INPUT, ORDER_INPUT_SAMPLE, schema),
        Run::Told { schema, sample, .. } => (ActionAccess::Write, schema, sample, RECEIPT),
        Run::Alone(_) => (ActionAccess::Write, NO_INPUT, "{}", RECEIPT),
    };
    Action {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        access,
        subject: (!matches!(entry.run, Run::Alone(_))).then(|| "/order_id".to_owned()),
        input_schema: input_schema.to_owned(),
        output_schema: output_schema.to_owned(),
        sample: sample.to_owned(),
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

fn record_payment(connection: &Connection, input: &str) -> Result<Receipt, Failure> {
    let input: PaymentInput = read(input)?;
    cash::record(connection, &input.order_id, input.amount.0, &input.reference)
}

fn notify_customer(connection: &Connection, input: &str) -> Result<Receipt, Failure> {
    let input: NoticeInput = read(input)?;
    messages::notify(connection, &input.order_id, &input.text)
}

#[cfg(test)]
mod tests;
