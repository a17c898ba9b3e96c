//! GoHighLevel ↔ Rankr: orders, payments, subscriptions and invoices are held in Rankr as they are in GoHighLevel, and
//! fulfilments go both ways.
//!
//! Each flow reads what it acts on again from both APIs and writes only what is missing. So a webhook may come twice, late or
//! out of order, and an event may run again after a crash.

mod mirror;
mod settings;

use transload_sdk::{Connector, Description, manifest};

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
}

transload_sdk::register!(GhlRankr);
