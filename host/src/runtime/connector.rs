//! What the runtime needs of a connector. The engine's modules are the only kind outside tests.

use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::{
    Change, Delivery, Description, Envelope, Event, EventPage, Failure, FindingPage, Probe, Receipt, Scope,
    Window,
};
use crate::engine::{CallError, Module, ModuleError, Ports};

/// A connector's answer, or why there is none.
pub(super) type Answer<T> = Result<Result<T, Failure>, CallError>;

/// A connector. Each call runs by itself: none sees what another left in memory.
#[async_trait]
pub(super) trait Connector: Send + Sync {
    fn description(&self) -> &Description;
    fn digest(&self) -> &str;
    /// The module's own bytes.
    fn bytes(&self) -> Arc<[u8]>;
    /// The largest module that its engine takes, in bytes.
    #[cfg(feature = "server")]
    fn bytes_max(&self) -> usize;
    /// Another connector, from its bytes, in the same engine.
    async fn sibling(&self, bytes: Vec<u8>) -> Result<Arc<dyn Connector>, ModuleError>;
    async fn receive(&self, ports: Ports, delivery: &Delivery) -> Answer<Vec<Event>>;
    async fn handle(&self, ports: Ports, envelope: &Envelope, change: &Change) -> Answer<Receipt>;
    async fn poll(&self, ports: Ports, trigger: &str, cursor: Option<&str>) -> Answer<EventPage>;
    async fn backfill(
        &self,
        ports: Ports,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Answer<EventPage>;
    async fn reconcile(&self, ports: Ports, scope: &Scope, cursor: Option<&str>) -> Answer<FindingPage>;
    async fn run_action(&self, ports: Ports, name: &str, input: &str) -> Answer<String>;
    async fn check(&self, ports: Ports) -> Answer<Vec<Probe>>;
}

#[async_trait]
impl Connector for Module {
    fn description(&self) -> &Description {
        Module::description(self)
    }

    fn digest(&self) -> &str {
        Module::digest(self)
    }

    fn bytes(&self) -> Arc<[u8]> {
        Arc::clone(Module::bytes(self))
    }

    #[cfg(feature = "server")]
    fn bytes_max(&self) -> usize {
        self.engine().limits().module_bytes
    }

    async fn sibling(&self, bytes: Vec<u8>) -> Result<Arc<dyn Connector>, ModuleError> {
        Ok(Arc::new(self.engine().load(bytes).await?))
    }

    async fn receive(&self, ports: Ports, delivery: &Delivery) -> Answer<Vec<Event>> {
        self.instance(ports).await?.receive(delivery).await
    }

    async fn handle(&self, ports: Ports, envelope: &Envelope, change: &Change) -> Answer<Receipt> {
        self.instance(ports).await?.handle(envelope, change).await
    }

    async fn poll(&self, ports: Ports, trigger: &str, cursor: Option<&str>) -> Answer<EventPage> {
        self.instance(ports).await?.poll(trigger, cursor).await
    }

    async fn backfill(
        &self,
        ports: Ports,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Answer<EventPage> {
        self.job_instance(ports).await?.backfill(trigger, window, cursor).await
    }

    async fn reconcile(&self, ports: Ports, scope: &Scope, cursor: Option<&str>) -> Answer<FindingPage> {
        self.job_instance(ports).await?.reconcile(scope, cursor).await
    }

    async fn run_action(&self, ports: Ports, name: &str, input: &str) -> Answer<String> {
        self.instance(ports).await?.run_action(name, input).await
    }

    async fn check(&self, ports: Ports) -> Answer<Vec<Probe>> {
        self.instance(ports).await?.check().await
    }
}
