//! The steps that a platform can call on their own.

mod status;

use transload_flows::actions::{self, Entry, Object, Run};
use transload_sdk::bindings::transload::connector::types::Change;
use transload_sdk::manifest::Action;
use transload_sdk::{Context, Failure, Receipt, Work, skipped};

use crate::settings::Connection;
use crate::{fulfillments, invoices, orders, reconcile, subscriptions, transactions};

const STATUS: &str = include_str!("../manifest/status.schema.json");

/// All actions, in the order in which a platform shows them.
fn table<'a>() -> [Entry<Connection<'a>>; 7] {
    [
        Entry {
            name: "sync-order",
            title: "Bring Rankr's order up to date, and each side's fulfilments with the other's",
            run: Run::Order(orders::sync),
        },
        Entry {
            name: "push-fulfillment",
            title: "Add to each side the fulfilments of an order that the other has",
            run: Run::Order(push_fulfillment),
        },
        Entry {
            name: "sync-transaction",
            title: "Bring Rankr's copy of a payment up to date",
            run: Run::Object(&Object::TRANSACTION, sync_transaction),
        },
        Entry {
            name: "sync-invoice",
            title: "Bring Rankr's invoice up to date, and compare it with its payments",
            run: Run::Object(&Object::INVOICE, invoices::sync),
        },
        Entry {
            name: "sync-subscription",
            title: "Bring Rankr's subscription up to date, and look whether its charge came",
            run: Run::Object(&Object::SUBSCRIPTION, subscriptions::sync),
        },
        Entry {
            name: "order-status",
            title: "Look up an order in both systems",
            run: Run::Look(status::look, STATUS),
        },
        Entry {
            name: "reconcile-order",
            title: "Compare an order with its payments, with Rankr's and with the fulfilments of both",
            run: Run::Compare(reconcile::order),
        },
    ]
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

/// What is written to GoHighLevel changes the order there; its event brings Rankr's up to date.
fn push_fulfillment(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    let (order, _) = match transload_flows::orders::current(connection, order_id)? {
        Ok(current) => current,
        Err(why) => return Ok(skipped(why)),
    };
    if !connection.settings.fulfillments.sync {
        return Ok(skipped("the setting `fulfillments.sync` is off"));
    }
    let (work, _) = fulfillments::sync(connection, Work::default(), &order)?;
    Ok(work.into())
}

/// What it pays for is looked at at once: nothing hands in the events that an action is followed by.
fn sync_transaction(connection: &Connection, id: &str) -> Result<Receipt, Failure> {
    let mut report = match transactions::record(connection, id)? {
        Receipt::Done(report) => report,
        left @ Receipt::Skipped(_) => return Ok(left),
    };
    for event in std::mem::take(&mut report.follow_ups) {
        let followed = match &event.change {
            Change::Order(order) => orders::sync(connection, &order.id)?,
            Change::Fulfillment(fulfillment) => orders::sync(connection, &fulfillment.order_id)?,
            Change::Transaction(transaction) => transactions::record(connection, &transaction.id)?,
            Change::Subscription(subscription) => subscriptions::sync(connection, &subscription.id)?,
            Change::Invoice(invoice) => invoices::sync(connection, &invoice.id)?,
        };
        if let Receipt::Done(more) = followed {
            report.effects.extend(more.effects);
            report.alerts.extend(more.alerts);
        }
    }
    Ok(Receipt::Done(report))
}

#[cfg(test)]
mod tests;
