//! The contract's types, as the host sees them: `wit/0.1.0`, translated by wasmtime.
//!
//! Every type here is serialisable. The JSON form is serde's default: field names in snake case, cases of variants as
//! Rust names them. It is what stored events and the `--json` outputs hold, so a released field keeps its name.

mod bindings {
    #![expect(missing_docs, reason = "generated from wit/, where undocumented fields explain themselves")]

    wasmtime::component::bindgen!({
        path: "../wit/0.1.0",
        world: "connector",
        imports: { "transload:connector/store": async },
        exports: { default: async },
        additional_derives: [PartialEq, Eq, Clone, serde::Serialize, serde::Deserialize],
    });
}

pub use bindings::exports::transload::connector::actions::Probe;
pub use bindings::exports::transload::connector::intake::{Delivery, EventPage, Header, Window};
pub use bindings::exports::transload::connector::manifest::{
    Access, Action, Api, Credential, DeliveryId, Description, Endpoint, InDoubt, Method, Oauth2, Origin,
    PinnedHeader, Rate, Signature, Template, Trigger, Webhook,
};
pub use bindings::exports::transload::connector::reconciliation::{
    Certainty, Finding, FindingPage, Repair, Scope, Side, Tally,
};
pub use bindings::transload::connector::log::{Field, Level};
pub use bindings::transload::connector::store::{Entry, Error as StoreError, KeyPage};
pub use bindings::transload::connector::types::{
    Address, Alert, Change, ChangeKind, Decimal, Effect, Entity, Envelope, Event, Failure, FulfilledLine,
    Fulfillment, FulfillmentState, FulfillmentStatus, Instant, Invoice, InvoiceStatus, Line, Money, Order,
    OrderStatus, Party, PaymentStatus, Proof, Receipt, Report, Retry, Severity, Subscription,
    SubscriptionStatus, Tracking, Transaction, TransactionStatus, Verb,
};

pub(crate) use bindings::Connector;
pub(crate) use bindings::transload::connector::{log, settings, store, types};

/// A duration in the contract's unit, milliseconds.
pub(crate) fn millis(duration: std::time::Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Versions of the contract that this host runs, newest first.
pub const VERSIONS: [&str; 1] = ["0.1.0"];

/// The package that the contract's interfaces belong to.
pub(crate) const PACKAGE: &str = "transload:connector";

/// The interfaces that a connector exports, all of them.
pub(crate) const EXPORTS: [&str; 5] = ["manifest", "intake", "events", "actions", "reconciliation"];

/// The interfaces of the contract that a connector may import; `types` holds types only.
pub(crate) const IMPORTS: [&str; 4] = ["store", "settings", "log", "types"];
