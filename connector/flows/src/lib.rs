//! The GoHighLevel half of a connector: what every one with GoHighLevel on one side needs, whatever is on the other.
//!
//! A connector makes a [`Shop`] of its ports and settings, and calls from its flows what is here.

pub mod cursor;
pub mod events;
pub mod fixtures;
pub mod intake;
pub mod listing;
pub mod notes;
pub mod revenue;
mod settings;
mod shop;

pub use listing::Listing;
pub use settings::{Mode, Settings, ShopSettings};
pub use shop::Shop;
