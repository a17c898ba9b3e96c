//! GoHighLevel ↔ Rankr: orders, payments, subscriptions and invoices are held in Rankr as they are in GoHighLevel, and
//! fulfilments go both ways.
//!
//! Each flow reads what it acts on again from both APIs and writes only what is missing. So a webhook may come twice, late or
//! out of order, and an event may run again after a crash.

mod actions;
mod charges;
mod check;
mod fulfillments;
mod intake;
mod invoices;
mod manifest;
mod mirror;
mod orders;
mod reconcile;
mod settings;
mod subscriptions;
mod told;
mod transactions;
mod versions;

use transload_sdk::{
    Connector, Context, Delivery, Description, Envelope, Event, EventPage, Failure, FindingPage, Fulfillment,
    Invoice, Order, Probe, Receipt, Scope, Subscription, Transaction, Window,
};

use settings::Connection;

/// The connector.
pub struct GhlRankr;

impl Connector for GhlRankr {
    fn describe() -> Description {
        manifest::describe()
    }

    fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        intake::receive(cx, delivery)
    }

    fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
        intake::poll(cx, trigger, cursor)
    }

    fn backfill(
        cx: &Context,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<EventPage, Failure> {
        intake::backfill(cx, trigger, window, cursor)
    }

    fn on_order(cx: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
        let settings = cx.settings()?;
        orders::sync(&Connection::new(cx, &settings), &order.id)
    }

    fn on_fulfillment(cx: &Context, _: &Envelope, fulfillment: Fulfillment) -> Result<Receipt, Failure> {
        let settings = cx.settings()?;
        orders::sync(&Connection::new(cx, &settings), &fulfillment.order_id)
    }

    fn on_transaction(cx: &Context, _: &Envelope, transaction: Transaction) -> Result<Receipt, Failure> {
        let settings = cx.settings()?;
        transactions::record(&Connection::new(cx, &settings), &transaction.id)
    }

    fn on_subscription(cx: &Context, _: &Envelope, subscription: Subscription) -> Result<Receipt, Failure> {
        let settings = cx.settings()?;
        subscriptions::sync(&Connection::new(cx, &settings), &subscription.id)
    }

    fn on_invoice(cx: &Context, _: &Envelope, invoice: Invoice) -> Result<Receipt, Failure> {
        let settings = cx.settings()?;
        invoices::sync(&Connection::new(cx, &settings), &invoice.id)
    }

    fn run(cx: &Context, action: &str, input: &str) -> Result<String, Failure> {
        actions::run(cx, action, input)
    }

    fn reconcile(cx: &Context, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
        reconcile::page(cx, scope, cursor)
    }

    fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
        check::check(cx)
    }
}

transload_sdk::register!(GhlRankr);

#[cfg(test)]
mod fixtures;
