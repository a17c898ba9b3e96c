//! The steps that a platform can call on their own.

mod status;

use serde::Deserialize;
use transload_flows::actions::{self, Entry, Run, read};
use transload_flows::provider;
use transload_sdk::manifest::Action;
use transload_sdk::{Context, Failure, Receipt, skipped};
use transload_wire::Number;

use crate::call_off::{self, Why};
use crate::orders::{self, Step};
use crate::settings::Connection;
use crate::{cash, fulfillments, messages, reconcile};

const STATUS: &str = include_str!("../manifest/status.schema.json");

/// All actions, in the order in which a platform shows them.
fn table<'a>() -> [Entry<Connection<'a>>; 10] {
    [
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
            run: Run::Compare(reconcile::order),
        },
        Entry {
            name: "register-provider",
            title: "Register the payment provider of the settings in GoHighLevel",
            run: Run::Alone(register_provider),
        },
    ]
}

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
    let table = table();
    let entry = actions::find(&table, name)?;
    let settings = cx.settings()?;
    entry.run(&Connection::new(cx, &settings), input)
}

/// The actions as the manifest has them.
pub fn describe() -> Vec<Action> {
    table().iter().map(Entry::describe).collect()
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

fn register_provider(connection: &Connection) -> Result<Receipt, Failure> {
    provider::register(connection, connection.settings.provider.as_ref())
}

#[cfg(test)]
mod tests;
