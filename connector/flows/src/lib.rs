//! The GoHighLevel half of a connector: what every one with GoHighLevel on one side needs, whatever is on the other.
//!
//! A connector makes a [`Shop`] of its ports and settings, and calls from its flows what is here.

pub mod actions;
pub mod check;
pub mod cursor;
pub mod events;
pub mod fixtures;
pub mod fulfillments;
pub mod intake;
pub mod listing;
pub mod notes;
pub mod orders;
pub mod payment_record;
pub mod payments;
pub mod periods;
pub mod progress;
pub mod provider;
pub mod reconcile;
pub mod revenue;
pub mod schemas;
mod settings;
mod shop;
pub mod subscriptions;
pub mod templates;
pub mod transactions;

pub use listing::Listing;
pub use settings::{Mode, Settings, ShopSettings};
pub use shop::{Shop, granted};
