//! The contract's types, as the host sees them, and the versions of the contract that it runs.
//!
//! The host's own types are those of the newest released version, `wit/0.1.0`, translated by wasmtime. Another version is a
//! module beside this one, with the types that differ and how they become the host's and back: see `wit/README.md`,
//! "Another version".
//!
//! Every type here is serialisable. The JSON form is serde's default: field names in snake case, cases of variants as
//! Rust names them. It is what stored events and the `--json` outputs hold, so a released field keeps its name.

use wasmtime::component::Lift;

mod v0_1_0;
#[cfg(test)]
pub(crate) mod v0_2_0;

pub use v0_1_0::exports::transload::connector::actions::Probe;
pub use v0_1_0::exports::transload::connector::intake::{Delivery, EventPage, Header, Window};
pub use v0_1_0::exports::transload::connector::manifest::{
    Access, Action, Api, Credential, DeliveryId, Description, Endpoint, InDoubt, Method, Oauth2, Origin,
    PinnedHeader, Rate, Signature, Template, Trigger, Webhook,
};
pub use v0_1_0::exports::transload::connector::reconciliation::{
    Certainty, Finding, FindingPage, Repair, Scope, Side, Tally,
};
pub use v0_1_0::transload::connector::log::{Field, Level};
pub use v0_1_0::transload::connector::store::{Entry, Error as StoreError, KeyPage};
pub use v0_1_0::transload::connector::types::{
    Address, Alert, Change, ChangeKind, Decimal, Effect, Entity, Envelope, Event, Failure, FulfilledLine,
    Fulfillment, FulfillmentState, FulfillmentStatus, Instant, Invoice, InvoiceStatus, Line, Money, Order,
    OrderStatus, Party, PaymentStatus, Proof, Receipt, Report, Retry, Severity, Subscription,
    SubscriptionStatus, Tracking, Transaction, TransactionStatus, Verb,
};

pub(crate) use v0_1_0::Connector;
pub(crate) use v0_1_0::transload::connector::{log, settings, store, types};

/// A duration in the contract's unit, milliseconds.
pub(crate) fn millis(duration: std::time::Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

/// A version of the contract that this host runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// `wit/0.1.0`, whose types are the host's own.
    V0_1_0,
    /// `tests/contract/0.2.0`, which exists for tests alone.
    #[cfg(test)]
    V0_2_0,
}

impl Version {
    /// All of them, newest first: what exports several is run as the newest.
    pub(crate) const ALL: &[Version] = &[
        #[cfg(test)]
        Version::V0_2_0,
        Version::V0_1_0,
    ];

    /// What stands behind the `@` in the names of its interfaces.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Version::V0_1_0 => "0.1.0",
            #[cfg(test)]
            Version::V0_2_0 => "0.2.0",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Version> {
        Version::ALL.iter().copied().find(|version| version.name() == name)
    }

    /// The names of all, for a person.
    pub(crate) fn names() -> String {
        Version::ALL.iter().map(|version| version.name()).collect::<Vec<_>>().join(", ")
    }
}

/// An answer that components of another version give as a type of their own.
pub(crate) trait Versioned: Lift + Send + Sync + 'static {
    /// What it is in 0.2.0.
    #[cfg(test)]
    type V0_2_0: Lift + Send + Sync + 'static;

    /// What the host makes of it.
    #[cfg(test)]
    fn from_v0_2_0(theirs: Self::V0_2_0) -> Self;
}

/// Outside the tests there is one version, in which each answer is what the host makes of it; `v0_2_0` has these for two.
#[cfg(not(test))]
mod versioned {
    impl super::Versioned for Vec<super::Event> {}
    impl super::Versioned for super::EventPage {}
    impl super::Versioned for super::Receipt {}
    impl super::Versioned for super::FindingPage {}
}

/// The package that the contract's interfaces belong to, in every version.
pub(crate) const PACKAGE: &str = "transload:connector";

/// The interfaces that a connector exports, all of them, in every version.
pub(crate) const EXPORTS: [&str; 5] = ["manifest", "intake", "events", "actions", "reconciliation"];

/// The interfaces of the contract that a connector may import, in every version; `types` holds types only.
pub(crate) const IMPORTS: [&str; 4] = ["store", "settings", "log", "types"];
