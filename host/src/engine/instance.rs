//! One running copy of a connector.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;
use wasmtime::component::{self, ComponentExportIndex, ComponentNamedList, Lift, Lower};

use super::call::{CallError, INSTANTIATE, Meter, explain};
use super::functions::Functions;
use super::module::Prepared;
use super::state::State;
use super::{Engine, Limits, Ports};
use crate::contract::{
    Change, Connector, Delivery, Description, Envelope, Event, EventPage, Failure, FindingPage, Probe,
    Receipt, Scope, Window,
};

/// What a connector answered: its result, or the failure it chose.
pub type Answer<T> = Result<T, Failure>;

/// One running copy of a connector, with memory of its own.
///
/// A call that ends in a [`CallError`], or whose future is dropped before its end, stops the instance for good.
pub struct Instance {
    instance: component::Instance,
    functions: Functions,
    store: Store<State>,
    meter: Arc<Meter>,
    limits: Arc<Limits>,
    stopped: bool,
    /// Held until the instance's memory is back in the pool: dropped after `store`, which is declared before it.
    _slot: OwnedSemaphorePermit,
}

impl Instance {
    pub(super) async fn new(
        engine: &Engine,
        prepared: &Prepared,
        ports: Ports,
        limits: &Arc<Limits>,
    ) -> Result<Instance, CallError> {
        let shared = &engine.shared;
        let limits = Arc::clone(limits);
        let slot = slot(&shared.slots, &limits).await?;
        let meter = Arc::new(Meter::new());
        let mut store = Store::new(&shared.wasmtime, State::new(ports, Arc::clone(&limits)));
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.transfer_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(1);
        let (ticking, cpu) = (Arc::clone(&meter), limits.cpu);
        store.epoch_deadline_callback(move |_| ticking.tick(cpu));

        let made = meter.run(limits.call_timeout, prepared.pre.instantiate_async(&mut store)).await;
        let instance = made.map_err(|error| {
            store.data().log.end_call();
            explain(INSTANTIATE, &error, store.data(), &limits)
        })?;
        let functions = prepared.functions;
        Ok(Instance { instance, functions, store, meter, limits, stopped: false, _slot: slot })
    }

    /// Whether every function has the contract's types; says which has not.
    pub(super) fn check_types(&mut self) -> wasmtime::Result<()> {
        Connector::new(&mut self.store, &self.instance).map(drop)
    }

    /// Call one function of the connector under its limits.
    async fn call<P, R>(
        &mut self,
        call: &'static str,
        function: ComponentExportIndex,
        parameters: P,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower + Send,
        (R,): ComponentNamedList + Lift + Send + 'static,
    {
        if self.stopped {
            return Err(CallError::Stopped { call });
        }
        // Set first and cleared last, so that a caller who drops this future midway cannot call again.
        self.stopped = true;
        self.meter.reset();
        self.store.data_mut().begin_call();
        let called = async {
            let function = self.instance.get_typed_func::<P, (R,)>(&mut self.store, function)?;
            function.call_async(&mut self.store, parameters).await
        };
        let outcome = self.meter.run(self.limits.call_timeout, called).await;
        self.store.data().log.end_call();
        let (answer,) = outcome.map_err(|error| explain(call, &error, self.store.data(), &self.limits))?;
        self.stopped = false;
        Ok(answer)
    }

    pub(crate) async fn describe(&mut self) -> Result<Description, CallError> {
        self.call("describe", self.functions.describe, ()).await
    }

    /// Read a delivery and answer the events in it.
    pub async fn receive(&mut self, delivery: &Delivery) -> Result<Answer<Vec<Event>>, CallError> {
        self.call("receive", self.functions.receive, (delivery,)).await
    }

    /// Ask for what is new to a trigger.
    pub async fn poll(
        &mut self,
        trigger: &str,
        cursor: Option<&str>,
    ) -> Result<Answer<EventPage>, CallError> {
        self.call("poll", self.functions.poll, (trigger, cursor)).await
    }

    /// Ask for a trigger's history.
    pub async fn backfill(
        &mut self,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<Answer<EventPage>, CallError> {
        self.call("backfill", self.functions.backfill, (trigger, window, cursor)).await
    }

    /// Handle an event, by the handler for its kind of change.
    pub async fn handle(
        &mut self,
        envelope: &Envelope,
        change: &Change,
    ) -> Result<Answer<Receipt>, CallError> {
        let functions = self.functions;
        match change {
            Change::Order(it) => self.call("on-order", functions.on_order, (envelope, it)).await,
            Change::Fulfillment(it) => {
                self.call("on-fulfillment", functions.on_fulfillment, (envelope, it)).await
            }
            Change::Transaction(it) => {
                self.call("on-transaction", functions.on_transaction, (envelope, it)).await
            }
            Change::Subscription(it) => {
                self.call("on-subscription", functions.on_subscription, (envelope, it)).await
            }
            Change::Invoice(it) => self.call("on-invoice", functions.on_invoice, (envelope, it)).await,
        }
    }

    /// Run an action; input and answer are JSON.
    pub async fn run_action(&mut self, name: &str, input: &str) -> Result<Answer<String>, CallError> {
        self.call("run", self.functions.run, (name, input)).await
    }

    /// Try what the connector needs of its APIs.
    pub async fn check(&mut self) -> Result<Answer<Vec<Probe>>, CallError> {
        self.call("check", self.functions.check, ()).await
    }

    /// Compare one page of what two systems hold.
    pub async fn reconcile(
        &mut self,
        scope: &Scope,
        cursor: Option<&str>,
    ) -> Result<Answer<FindingPage>, CallError> {
        self.call("reconcile", self.functions.reconcile, (scope, cursor)).await
    }
}

/// Wait for room in the pool, for no longer than the call itself may take.
async fn slot(slots: &Arc<Semaphore>, limits: &Limits) -> Result<OwnedSemaphorePermit, CallError> {
    let waited = limits.call_timeout;
    match tokio::time::timeout(waited, Arc::clone(slots).acquire_owned()).await {
        Ok(Ok(slot)) => Ok(slot),
        // The semaphore is never closed, so this can only be the timeout.
        Ok(Err(_)) | Err(_) => Err(CallError::Busy { waited }),
    }
}
