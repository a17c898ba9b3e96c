//! GoHighLevel ↔ Rankr: orders, payments, subscriptions and invoices are held in Rankr as they are in GoHighLevel, and
//! fulfilments go both ways.
//!
//! Each flow reads what it acts on again from both APIs and writes only what is missing. So a webhook may come twice, late or
//! out of order, and an event may run again after a crash.

mod charges;
mod invoices;
mod mirror;
mod settings;
mod subscriptions;
mod told;
mod transactions;
mod versions;

use transload_sdk::{
    Connector, Context, Description, Envelope, Failure, Invoice, Receipt, Subscription, Transaction, manifest,
};

use settings::Connection;

/// The connector.
pub struct GhlRankr;

impl Connector for GhlRankr {
    fn describe() -> Description {
        manifest::description(
            "ghl-rankr",
            env!("CARGO_PKG_VERSION"),
            "GoHighLevel ↔ Rankr",
            "Holds GoHighLevel's orders, payments, subscriptions and invoices in Rankr, and carries fulfilments both ways.",
        )
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
}

transload_sdk::register!(GhlRankr);

#[cfg(test)]
mod fixtures;
