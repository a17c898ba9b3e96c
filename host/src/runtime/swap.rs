//! Exchanging the connector of a connection while events flow.
//!
//! ```text
//! fits the connection? ─► preview over recorded events ─► kept, with its activation ─► one pointer exchanged ─► watched
//!        └─ no: refused, nothing has changed                                                 goes wrong: back ◄─┘
//! ```
//!
//! A call keeps to the connector that it began with; the next one has the new. What is refused or rolled back loses no
//! event: what died of the new connector runs again on the old.

use std::sync::Arc;
use std::time::Duration;

use super::active::Active;
use super::connection::Connection;
use super::connector::Connector;
use super::guard::{Guard, Judgement, Showing};
use super::host::{Host, RequestError, Shared};
use super::observe::Happening;
use super::preview::Preview;
use crate::contract::Instant;
use crate::engine::{Module, ModuleError};
use crate::storage::{Activation, State, StorageError};

/// Activations that a rollback looks through for the module before.
const ACTIVATIONS_SEEN: u32 = 100;

/// How a module is to be exchanged.
#[derive(Debug, Clone)]
pub struct SwapRequest {
    /// Who wants it, for the record: `command`, `file`, `library`.
    pub by: String,
    /// Why, for the record.
    pub reason: String,
    /// Recorded events to run through the new module first; 0 for none.
    pub preview: u32,
    /// Activate it though it asks for scopes that are not granted, or fails on events that the present one handled.
    pub force: bool,
}

impl Default for SwapRequest {
    fn default() -> SwapRequest {
        SwapRequest { by: "library".to_owned(), reason: String::new(), preview: 0, force: false }
    }
}

/// An exchange that was made.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Swap {
    /// The connection.
    pub connection: String,
    /// Digest of the module that it runs on now.
    pub module: String,
    /// Digest of the one before.
    pub was: String,
    /// What it would have done differently, if that was asked for.
    pub preview: Option<Preview>,
}

/// Why a module was not exchanged. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// No such connection.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The module does not load.
    #[error("the module cannot be used: {0}")]
    Module(#[from] ModuleError),
    /// The module does not fit the connection's grants and settings.
    #[error("the module does not fit the connection:\n{}", .0.join("\n"))]
    Misfit(
        /// Each problem, with the key of the configuration.
        Vec<String>,
    ),
    /// The module asks for scopes that the present one did not, and that are not granted.
    #[error(
        "the module needs scopes that are not granted, and the connection would pause:\n{}\nadd them, or force the swap",
        .0.join("\n")
    )]
    Ungranted(
        /// Each key of the configuration, with the scopes that it lacks.
        Vec<String>,
    ),
    /// The module fails on events that the present one handled.
    #[error("the module fails on {} of {} recorded events that were handled; see the preview, or force the swap", .0.broken(), .0.events())]
    Fails(
        /// What was tried.
        Box<Preview>,
    ),
    /// There is no module to go back to.
    #[error("{0} has run on no other module that is still kept")]
    NothingBefore(String),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Host {
    /// Have a connection run on `module` from its next call on. A swap to the present module does nothing.
    pub async fn swap(
        &self,
        connection: &str,
        module: &Module,
        request: SwapRequest,
    ) -> Result<Swap, SwapError> {
        let connection = self.shared.connection(connection)?;
        self.shared.swap(connection, Arc::new(module.clone()), request).await
    }

    /// Have a connection run on the module that it ran on before the present one.
    pub async fn rollback(&self, connection: &str, by: &str, reason: &str) -> Result<Swap, SwapError> {
        let connection = self.shared.connection(connection)?;
        let _turn = connection.swapping.lock().await;
        self.shared.go_back(connection, by, reason).await
    }

    /// What a connection ran on, newest first.
    pub async fn activations(&self, connection: &str, limit: u32) -> Result<Vec<Activation>, RequestError> {
        let connection = self.shared.connection(connection)?;
        Ok(self.shared.storage.activations(&connection.name, limit).await?)
    }
}

impl Shared {
    pub(super) async fn swap(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        connector: Arc<dyn Connector>,
        request: SwapRequest,
    ) -> Result<Swap, SwapError> {
        let _turn = connection.swapping.lock().await;
        let present = connection.active();
        let was = present.digest().to_owned();
        let module = connector.digest().to_owned();
        let swap = |preview| Swap {
            connection: connection.name.to_string(),
            module: module.clone(),
            was: was.clone(),
            preview,
        };
        if module == was {
            return Ok(swap(None));
        }
        let active = self.fit(connection, connector, &present, request.force)?;
        let preview = match request.preview {
            0 => None,
            events => Some(self.preview(connection, &*active.connector, events).await?),
        };
        if let Some(preview) = preview.as_ref().filter(|preview| preview.broken() > 0 && !request.force) {
            return Err(SwapError::Fails(Box::new(preview.clone())));
        }
        self.storage.keep_module(&module, active.connector.bytes()).await?;
        // It gets another chance, so what it gives up from here on is given up.
        connection.taken_off().take_if(|(taken_off, _)| *taken_off == module);
        *connection.guard() = Some(Guard::new(&module, self.clock.now()));
        self.activate(connection, active, &request.by, &request.reason, false).await?;
        Ok(swap(preview))
    }

    /// Check that a connector can take the present one's place.
    fn fit(
        &self,
        connection: &Connection,
        connector: Arc<dyn Connector>,
        present: &Active,
        force: bool,
    ) -> Result<Active, SwapError> {
        let (name, next) = (&connection.name, connector.description());
        let new = connection.terms.newly_ungranted(name, present.description(), next);
        if !new.is_empty() && !force {
            return Err(SwapError::Ungranted(new));
        }
        let prepared =
            connection.terms.prepare(&connection.name, connector, &self.egress, present.egress.as_ref());
        prepared.map_err(SwapError::Misfit)
    }

    /// Write an activation down, and only then exchange what the connection runs on. `back` says that it goes back.
    async fn activate(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        active: Active,
        by: &str,
        reason: &str,
        back: bool,
    ) -> Result<(), StorageError> {
        let (module, was) = (active.digest().to_owned(), connection.active().digest().to_owned());
        let activation = Activation {
            connection: connection.name.to_string(),
            module: module.clone(),
            configured: connection.configured.clone(),
            by: by.to_owned(),
            reason: reason.to_owned(),
            at: self.clock.now(),
        };
        let notices = self.notices.swapped(&connection.name, &module, &was, by, reason, back);
        self.storage.activate(activation, notices).await?;
        connection.activate(Arc::new(active));
        self.start_polls(connection, Duration::ZERO);
        tracing::info!(
            connection = &*connection.name,
            module,
            was,
            by,
            reason,
            "the connection runs on another module"
        );
        let (by, reason) = (by.to_owned(), reason.to_owned());
        self.tell(connection, || Happening::Swapped { module, was, by, reason });
        Ok(())
    }

    /// Activate the module before the present one. To be called while no other swap is under way.
    async fn go_back(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        by: &str,
        reason: &str,
    ) -> Result<Swap, SwapError> {
        let present = connection.active();
        let was = present.digest().to_owned();
        let nothing = || SwapError::NothingBefore(connection.name.to_string());
        let activations = self.storage.activations(&connection.name, ACTIVATIONS_SEEN).await?;
        let before = activations.into_iter().find(|it| it.module != was).ok_or_else(nothing)?;
        let connector = match connection.connector_before(&before.module) {
            Some(connector) => connector,
            None => {
                let bytes = self.storage.module(&before.module).await?.ok_or_else(nothing)?;
                present.connector.sibling(bytes).await?
            }
        };
        let active = self.fit(connection, connector, &present, true)?;
        *connection.guard() = None;
        self.activate(connection, active, by, reason, true).await?;
        Ok(Swap { connection: connection.name.to_string(), module: before.module, was, preview: None })
    }

    /// Note how an event went on `module`, and go back to the module before if it goes wrong.
    pub(super) fn watch_module(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        module: &str,
        event: u64,
        showing: Showing,
        reason: &str,
    ) {
        let mut guard = connection.guard();
        let Some(watched) = guard.as_mut().filter(|guard| guard.module == module) else { return };
        let since = watched.since;
        match watched.note(event, showing, reason, self.clock.now()) {
            Judgement::Watch => {}
            Judgement::Keep => *guard = None,
            Judgement::GoBack(reason) => {
                *guard = None;
                let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
                self.tasks.spawn(shared.reject(connection, module.to_owned(), since, reason));
            }
        }
    }

    /// Take a module that goes wrong off, and run again what died of it.
    async fn reject(
        self: Arc<Shared>,
        connection: Arc<Connection>,
        module: String,
        since: Instant,
        reason: String,
    ) {
        let _turn = connection.swapping.lock().await;
        if connection.active().digest() != module {
            return;
        }
        tracing::warn!(
            connection = &*connection.name,
            module,
            reason,
            "the new module goes wrong and is taken off"
        );
        if let Err(error) = self.go_back(&connection, "rollback", &reason).await {
            tracing::error!(connection = &*connection.name, %error, "cannot go back to the module before");
            return;
        }
        // From here on, what still dies of it asks for its own revival. What died before is in the storage.
        *connection.taken_off() = Some((module.clone(), since));
        self.revive(&connection, &module, since).await;
    }

    /// Run again what died of a module that was taken off.
    async fn revive(&self, connection: &Connection, module: &str, since: Instant) {
        match self.storage.revive(&connection.name, module, since, self.clock.now()).await {
            Ok(revived) => {
                tracing::info!(connection = &*connection.name, revived, "events run again that died of it")
            }
            Err(error) => self.storage_failed(connection, &error),
        }
        // If it paused the connection, that is over.
        self.unpause(connection);
    }

    /// Run work again that was given up or parked, if a module did so that was taken off meanwhile: the call was under
    /// way then, and kept to the module that it had begun with.
    pub(super) async fn revive_late(&self, connection: &Connection, module: &str, state: State) {
        let taken_off = connection.taken_off().clone();
        if let (State::Dead | State::Parked, Some((taken_off, since))) = (state, taken_off)
            && taken_off == module
        {
            self.revive(connection, module, since).await;
        }
    }
}
