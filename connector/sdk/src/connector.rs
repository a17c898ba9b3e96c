//! What a connector does.

use transload_model::{Fulfillment, Invoice, Order, Subscription, Transaction};

use crate::{
    Context, Delivery, Description, Envelope, Event, EventPage, Failure, FindingPage, Probe, Receipt, Scope,
    Window, rejected, skipped,
};

/// A connector. Every function has the meaning and the failures that the contract (`wit/`) gives it; what a connector
/// leaves out answers that it has no such thing.
pub trait Connector {
    /// The manifest. Needs nothing and cannot fail.
    fn describe() -> Description;

    /// Reads a verified webhook.
    fn receive(_cx: &Context, _delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }

    /// Asks a vendor for what is new to a trigger.
    fn poll(_cx: &Context, trigger: &str, _cursor: Option<&str>) -> Result<EventPage, Failure> {
        Err(rejected(format!("no trigger called {trigger:?} is polled")))
    }

    /// Asks a vendor for a trigger's history.
    fn backfill(
        _cx: &Context,
        trigger: &str,
        _window: Window,
        _cursor: Option<&str>,
    ) -> Result<EventPage, Failure> {
        Err(rejected(format!("trigger {trigger:?} has no history")))
    }

    /// An order was placed or changed.
    fn on_order(_cx: &Context, _envelope: &Envelope, _order: Order) -> Result<Receipt, Failure> {
        Ok(skipped("this connector has no use for orders"))
    }

    /// A delivery was planned, moved on, failed or ended.
    fn on_fulfillment(
        _cx: &Context,
        _envelope: &Envelope,
        _fulfillment: Fulfillment,
    ) -> Result<Receipt, Failure> {
        Ok(skipped("this connector has no use for fulfilments"))
    }

    /// Money moved.
    fn on_transaction(
        _cx: &Context,
        _envelope: &Envelope,
        _transaction: Transaction,
    ) -> Result<Receipt, Failure> {
        Ok(skipped("this connector has no use for transactions"))
    }

    /// A subscription started, renewed, changed or ended.
    fn on_subscription(
        _cx: &Context,
        _envelope: &Envelope,
        _subscription: Subscription,
    ) -> Result<Receipt, Failure> {
        Ok(skipped("this connector has no use for subscriptions"))
    }

    /// An invoice was made, sent, paid or voided.
    fn on_invoice(_cx: &Context, _envelope: &Envelope, _invoice: Invoice) -> Result<Receipt, Failure> {
        Ok(skipped("this connector has no use for invoices"))
    }

    /// Runs an action. `input` and the answer are JSON.
    fn run(_cx: &Context, action: &str, _input: &str) -> Result<String, Failure> {
        Err(rejected(format!("no action is called {action:?}")))
    }

    /// Tries one harmless read for each API and scope.
    fn check(_cx: &Context) -> Result<Vec<Probe>, Failure> {
        Ok(Vec::new())
    }

    /// Compares one page of what two systems hold.
    fn reconcile(_cx: &Context, _scope: &Scope, _cursor: Option<&str>) -> Result<FindingPage, Failure> {
        Err(rejected("this connector compares nothing"))
    }
}
