//! The guest side of the Transload contract: what a connector is written against.
//!
//! A connector implements [`Connector`] in terms of the model's types and the ports of [`Context`], and calls
//! [`register!`] once. Natively, with the fakes of [`fakes`], its flows are ordinary functions under ordinary tests; built
//! for `wasm32-wasip2` the same code is a component.
//!
//! ```
//! use transload_sdk::{Connector, Context, Description, Envelope, Failure, Order, Receipt, Verb, Work};
//!
//! struct Greeter;
//!
//! impl Connector for Greeter {
//!     fn describe() -> Description {
//!         transload_sdk::manifest::description("greeter", "0.1.0", "Greeter", "Notes every order in its store.")
//!     }
//!
//!     fn on_order(cx: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
//!         cx.store.put(&format!("seen/{}", order.id), b"1")?;
//!         Ok(Work::default().effect(Verb::Recorded, "store", "order", &order.id, "seen").into())
//!     }
//! }
//!
//! transload_sdk::register!(Greeter);
//! ```

#[expect(missing_docs, reason = "generated from the contract, which documents every item")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.1.0",
        world: "connector",
        additional_derives: [PartialEq, Clone],
        generate_unused_types: true,
        pub_export_macro: true,
        export_macro_name: "export_connector",
        default_bindings_module: "transload_sdk::bindings",
    });
}

mod connector;
mod context;
pub mod convert;
mod event;
mod failure;
pub mod fakes;
pub mod guest;
pub mod manifest;
mod receipt;
#[cfg(target_family = "wasm")]
mod wasi;

pub use bindings::exports::transload::connector::actions::Probe;
pub use bindings::exports::transload::connector::intake::{Delivery, Window};
pub use bindings::exports::transload::connector::manifest::Description;
pub use bindings::exports::transload::connector::reconciliation::{
    Certainty, Finding, FindingPage, Repair, Scope, Side as FindingSide, Tally as FindingTally,
};
pub use bindings::transload::connector::log::Level;
pub use bindings::transload::connector::types::{Envelope, Failure, Receipt, Retry, Severity, Verb};
pub use connector::Connector;
pub use context::{Clock, Context, Log, Settings, Store, StoreError, Stored};
pub use event::{Event, EventPage};
pub use failure::{needs_attention, rejected};
pub use receipt::{Work, skipped};
pub use transload_model::{Fulfillment, Invoice, Order, Subscription, Transaction};
pub use transload_wire::Http;

/// Makes a [`Connector`] the one that this component exports. Only in a build for wasm does it do anything.
#[macro_export]
macro_rules! register {
    ($connector:ident) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::guest::Guest<$connector>;
    $crate::bindings::export_connector!(Component with_types_in $crate::bindings);
        };
    };
}
