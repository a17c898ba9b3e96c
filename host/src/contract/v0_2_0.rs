//! Version 0.2.0, which exists for tests alone: what is different in it, and how it becomes the host's own.
//!
//! A component's functions are called by the shape of their types, so only the types that changed are named here: an order, and
//! what contains one.

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit/0.1.0", "../tests/contract/0.2.0"],
        world: "transload:connector/connector@0.2.0",
        imports: { "transload:connector/store@0.2.0": async },
        exports: { default: async },
        with: { "transload:connector/types@0.1.0": crate::contract::v0_1_0::transload::connector::types },
        additional_derives: [PartialEq, Eq, Clone],
    });
}

pub(crate) use bindings::Connector;
pub(crate) use bindings::transload::connector0_2_0::types::{Order, Receipt};
pub(crate) use bindings::transload::connector0_2_0::{log, settings, store, types};

use wasmtime::component::{ComponentType, Lift};

use super as host;

/// `intake.event-page`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct EventPage {
    events: Vec<types::Event>,
    cursor: Option<String>,
    more: bool,
}

/// `reconciliation.repair`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Repair {
    title: String,
    event: types::Event,
}

/// `reconciliation.finding`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Finding {
    id: String,
    kind: String,
    severity: host::Severity,
    certainty: host::Certainty,
    subject: String,
    message: String,
    left: host::Side,
    right: host::Side,
    repair: Option<Repair>,
}

/// `reconciliation.finding-page`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct FindingPage {
    findings: Vec<Finding>,
    checked: u64,
    tallies: Vec<host::Tally>,
    cursor: Option<String>,
}

impl From<host::Order> for Order {
    /// An order of the host has no tags.
    fn from(it: host::Order) -> Order {
        let host::Order {
            id,
            number,
            status,
            payment,
            fulfillment,
            total,
            subtotal,
            discount,
            tax,
            shipping,
            paid,
            customer,
            ship_to,
            lines,
            note,
            live,
            created_at,
            updated_at,
        } = it;
        Order {
            id,
            number,
            status,
            payment,
            fulfillment,
            total,
            subtotal,
            discount,
            tax,
            shipping,
            paid,
            customer,
            ship_to,
            lines,
            tags: Vec::new(),
            note,
            live,
            created_at,
            updated_at,
        }
    }
}

impl From<Order> for host::Order {
    /// Tags are dropped: the host has no place for them.
    fn from(it: Order) -> host::Order {
        let Order {
            id,
            number,
            status,
            payment,
            fulfillment,
            total,
            subtotal,
            discount,
            tax,
            shipping,
            paid,
            customer,
            ship_to,
            lines,
            tags: _,
            note,
            live,
            created_at,
            updated_at,
        } = it;
        host::Order {
            id,
            number,
            status,
            payment,
            fulfillment,
            total,
            subtotal,
            discount,
            tax,
            shipping,
            paid,
            customer,
            ship_to,
            lines,
            note,
            live,
            created_at,
            updated_at,
        }
    }
}

impl From<types::Event> for host::Event {
    fn from(it: types::Event) -> host::Event {
        let change = match it.change {
            types::Change::Order(order) => host::Change::Order(order.into()),
            types::Change::Fulfillment(it) => host::Change::Fulfillment(it),
            types::Change::Transaction(it) => host::Change::Transaction(it),
            types::Change::Subscription(it) => host::Change::Subscription(it),
            types::Change::Invoice(it) => host::Change::Invoice(it),
        };
        let types::Event { id, source, subject, occurred_at, raw, change: _ } = it;
        host::Event { id, source, subject, occurred_at, raw, change }
    }
}

impl From<EventPage> for host::EventPage {
    fn from(it: EventPage) -> host::EventPage {
        let EventPage { events, cursor, more } = it;
        host::EventPage { events: self::events(events), cursor, more }
    }
}

impl From<Receipt> for host::Receipt {
    fn from(it: Receipt) -> host::Receipt {
        match it {
            Receipt::Done(types::Report { effects, follow_ups, alerts }) => {
                host::Receipt::Done(host::Report { effects, follow_ups: events(follow_ups), alerts })
            }
            Receipt::Skipped(reason) => host::Receipt::Skipped(reason),
        }
    }
}

impl From<Finding> for host::Finding {
    fn from(it: Finding) -> host::Finding {
        let Finding { id, kind, severity, certainty, subject, message, left, right, repair } = it;
        let repair = repair.map(|Repair { title, event }| host::Repair { title, event: event.into() });
        host::Finding { id, kind, severity, certainty, subject, message, left, right, repair }
    }
}

impl From<FindingPage> for host::FindingPage {
    fn from(it: FindingPage) -> host::FindingPage {
        let FindingPage { findings, checked, tallies, cursor } = it;
        let findings = findings.into_iter().map(Into::into).collect();
        host::FindingPage { findings, checked, tallies, cursor }
    }
}

/// Each of the host's answers is made of the one that is called the same here.
macro_rules! versioned {
    ($($host:ty: $theirs:ty => $convert:expr,)*) => {
        $(impl host::Versioned for $host {
            type V0_2_0 = $theirs;

            fn from_v0_2_0(theirs: $theirs) -> $host {
                $convert(theirs)
            }
        })*
    };
}

versioned! {
    Vec<host::Event>: Vec<types::Event> => events,
    host::EventPage: EventPage => Into::into,
    host::Receipt: Receipt => Into::into,
    host::FindingPage: FindingPage => Into::into,
}

fn events(theirs: Vec<types::Event>) -> Vec<host::Event> {
    theirs.into_iter().map(Into::into).collect()
}
