//! A connector that makes exactly the calls that its events name, so that a test decides what an event does and counts
//! what came of it.
//!
//! A webhook's body is `{"id": "e1", "order": "o1", "do": ["get a", "get b", "create c"]}`. It becomes the event `e1` of
//! the order `o1`; the order's note carries the steps, one a line, and `on-order` takes them in turn:
//!
//! | Step | What it does |
//! |---|---|
//! | `get ID` | `GET /things/ID` |
//! | `create NAME` | `POST /things`, whose outcome has to be looked for when it is unknown |
//! | `ensure NAME` | `GET /things/NAME`, and `POST /things` if that is not there: how a connector looks before it writes |
//! | `put ID` | `PUT /things/ID`, which may be sent again |
//! | `message TEXT` | `POST /messages`, which may not |
//! | `pay TEXT` | `POST /payments` of the API that takes an idempotency key |
//! | `put-store KEY VALUE` | writes an entry of the store |
//! | `count KEY` | adds one to an entry of the store |
//! | `follow ID STEP` | hands on an event `ID` of the same order, with one step; at the end, if there is one |
//! | `trap` | traps |
//! | `trap-if-version VERSION` | traps in the module of that version |
//! | `retry [MS]`, `reject`, `attention` | fails in that way |
//! | `retry-until ATTEMPT` | fails with `retry` in the attempts before that one |
//!
//! The body of every `POST` and `PUT` is `{"name": …, "event": …}` with the rest of the step and the event's id. Each
//! write is an effect, whose summary is the response's body. A status that is no success fails the event: with `retry` for
//! 408, 425, 429 and 5xx, `needs-attention` for 401, 403 and 407, and `rejected` for the others.
//!
//! The settings may put other paths in place of `/things/{id}` of `get` (`paths.get`) and of `/things` (`paths.create`).
//!
//! There are three components of it, the same but for their [`Variant`].

mod intake;
mod manifest;
mod steps;

use std::marker::PhantomData;

use transload_sdk::{
    Connector, Context, Delivery, Description, Envelope, Event, EventPage, Failure, Order, Probe, Receipt,
};

pub use manifest::{IDEMPOTENCY_HEADER, KEYED, POLLED, TARGET};

/// What tells one courier from another.
pub trait Variant {
    /// The version in the manifest.
    const VERSION: &'static str;
    /// What every effect's summary begins with.
    const PREFIX: &'static str;
    /// Whether it traps in every event.
    const TRAPS: bool = false;
}

/// The courier as it begins.
pub struct First;

impl Variant for First {
    const VERSION: &'static str = "0.1.0";
    const PREFIX: &'static str = "";
}

/// The next version, which is told by its effects.
pub struct Next;

impl Variant for Next {
    const VERSION: &'static str = "0.2.0";
    const PREFIX: &'static str = "next: ";
}

/// A version that fails every event.
pub struct Bad;

impl Variant for Bad {
    const VERSION: &'static str = "0.3.0";
    const PREFIX: &'static str = "bad: ";
    const TRAPS: bool = true;
}

/// The connector.
pub struct Courier<V>(PhantomData<V>);

impl<V: Variant> Connector for Courier<V> {
    fn describe() -> Description {
        manifest::describe(V::VERSION)
    }

    fn receive(_: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        Ok(vec![intake::receive(&delivery.body)?])
    }

    fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
        intake::poll(cx, trigger, cursor)
    }

    fn on_order(cx: &Context, envelope: &Envelope, order: Order) -> Result<Receipt, Failure> {
        if V::TRAPS {
            std::process::abort();
        }
        steps::run::<V>(cx, envelope, &order)
    }

    fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
        Ok(vec![steps::probe(cx)])
    }
}

#[cfg(test)]
mod tests;
