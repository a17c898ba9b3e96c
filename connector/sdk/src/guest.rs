//! What stands between the component's exports and a [`crate::Connector`].

use std::marker::PhantomData;

/// The component that a [`crate::Connector`] becomes.
pub struct Guest<C>(PhantomData<C>);

#[cfg(target_family = "wasm")]
mod exports {
    use super::Guest;
    use crate::bindings::exports::transload::connector::{actions, events, intake, manifest, reconciliation};
    use crate::bindings::transload::connector::types::{self, Envelope, Failure, Receipt};
    use crate::{Connector, convert, rejected, wasi};

    impl<C: Connector> manifest::Guest for Guest<C> {
        fn describe() -> manifest::Description {
            C::describe()
        }
    }

    impl<C: Connector> intake::Guest for Guest<C> {
        fn receive(delivery: intake::Delivery) -> Result<Vec<types::Event>, Failure> {
            let events = C::receive(&wasi::context(), &delivery)?;
            Ok(events.into_iter().map(convert::event_out).collect())
        }

        fn poll(trigger: String, cursor: Option<String>) -> Result<intake::EventPage, Failure> {
            C::poll(&wasi::context(), &trigger, cursor.as_deref()).map(convert::page_out)
        }

        fn backfill(
            trigger: String,
            window: intake::Window,
            cursor: Option<String>,
        ) -> Result<intake::EventPage, Failure> {
            C::backfill(&wasi::context(), &trigger, window, cursor.as_deref()).map(convert::page_out)
        }
    }

    macro_rules! handler {
        ($name:ident, $record:ident, $read:path) => {
            fn $name(envelope: Envelope, object: types::$record) -> Result<Receipt, Failure> {
                let object =
                    $read(object).map_err(|error| rejected(format!("event {}: {error}", envelope.id)))?;
                C::$name(&wasi::context(), &envelope, object)
            }
        };
    }

    impl<C: Connector> events::Guest for Guest<C> {
        handler!(on_order, Order, convert::order_in);
        handler!(on_fulfillment, Fulfillment, convert::fulfillment_in);
        handler!(on_transaction, Transaction, convert::transaction_in);
        handler!(on_subscription, Subscription, convert::subscription_in);
        handler!(on_invoice, Invoice, convert::invoice_in);
    }

    impl<C: Connector> actions::Guest for Guest<C> {
        fn run(name: String, input: String) -> Result<String, Failure> {
            C::run(&wasi::context(), &name, &input)
        }

        fn check() -> Result<Vec<actions::Probe>, Failure> {
            C::check(&wasi::context())
        }
    }

    impl<C: Connector> reconciliation::Guest for Guest<C> {
        fn reconcile(
            scope: reconciliation::Scope,
            cursor: Option<String>,
        ) -> Result<reconciliation::FindingPage, Failure> {
            C::reconcile(&wasi::context(), &scope, cursor.as_deref())
        }
    }
}
