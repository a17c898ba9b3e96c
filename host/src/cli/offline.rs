//! Exchanging a connection's module while no host runs: what the next start takes up is written into the database, after
//! the same checks that a host makes.

use std::sync::Arc;

use anyhow::anyhow;
use transload::config::Places;
use transload::egress::Egress;
use transload::engine::{Engine, Module};
use transload::runtime::{Clock, ConnectionSpec, Swap, SwapError, preview_stored};
use transload::storage::{ACTIVATIONS_PER_CONNECTION_MAX, Activation, SqliteStorage, Storage, StorageError};

use super::access::Access;
use super::{Failed, setup, usage};

/// A connection of a database that no host has.
pub struct Offline {
    storage: SqliteStorage,
    engine: Engine,
    /// The connection with the module that the configuration names.
    spec: ConnectionSpec,
    /// What it ran on, newest first. Never empty.
    activations: Vec<Activation>,
}

impl Offline {
    /// Gets the connection ready. What a start would write down of the configured module is written down here.
    pub async fn open(
        access: &Access,
        places: Places,
        storage: SqliteStorage,
        connection: &str,
    ) -> Result<Offline, Failed> {
        if access.database.is_some() {
            return Err(usage(anyhow!(
                "no host is running, and without the configuration the module cannot be checked against its connection: \
                 use --config in place of --database"
            )));
        }
        let engine = setup::engine(places.cache)?;
        let (spec, _) = setup::connection(&access.config, connection, &engine).await?;
        let mut offline = Offline { storage, engine, spec, activations: Vec::new() };
        offline.activations = offline.recorded().await?;
        let configured = offline.spec.module.digest();
        if offline.activations.first().is_none_or(|last| last.configured != configured) {
            let module = offline.spec.module.clone();
            offline.activate(&module, "config", "").await.map_err(anyhow::Error::new)?;
            offline.activations = offline.recorded().await?;
        }
        Ok(offline)
    }

    /// Has the next start run on the module in `bytes`, unless it is refused.
    pub async fn swap(
        &self,
        bytes: Vec<u8>,
        preview: u32,
        force: bool,
        reason: &str,
    ) -> Result<Swap, SwapError> {
        let (connection, was) = (self.spec.name.clone(), self.present().to_owned());
        let module = self.engine.load(bytes).await?;
        let mut swap = Swap { connection, module: module.digest().to_owned(), was, preview: None };
        if swap.module == swap.was {
            return Ok(swap);
        }
        self.fit(&module)?;
        let ungranted = self.spec_on(&module).newly_ungranted(&self.present_module().await?);
        if !ungranted.is_empty() && !force {
            return Err(SwapError::Ungranted(ungranted));
        }
        if preview > 0 {
            let preview = preview_stored(&self.storage, &self.spec.name, &module, preview).await?;
            if preview.broken() > 0 && !force {
                return Err(SwapError::Fails(Box::new(preview)));
            }
            swap.preview = Some(preview);
        }
        self.activate(&module, "command", reason).await?;
        Ok(swap)
    }

    /// Has the next start run on the module before the present one.
    pub async fn rollback(&self, reason: &str) -> Result<Swap, SwapError> {
        let (name, was) = (&self.spec.name, self.present().to_owned());
        let nothing = || SwapError::NothingBefore(name.clone());
        let before = self.activations.iter().find(|it| it.module != was).ok_or_else(nothing)?;
        let bytes = self.storage.module(&before.module).await?.ok_or_else(nothing)?;
        let module = self.engine.load(bytes).await?;
        self.fit(&module)?;
        self.activate(&module, "command", reason).await?;
        Ok(Swap { connection: name.clone(), module: module.digest().to_owned(), was, preview: None })
    }

    /// Digest of the module that the next start would run on.
    fn present(&self) -> &str {
        self.activations.first().map_or(self.spec.module.digest(), |last| &last.module)
    }

    /// That module; the configured one if it is not kept or does not load, as a start would have it.
    async fn present_module(&self) -> Result<Module, StorageError> {
        let loaded = match self.storage.module(self.present()).await? {
            Some(bytes) => self.engine.load(bytes).await.ok(),
            None => None,
        };
        Ok(loaded.unwrap_or_else(|| self.spec.module.clone()))
    }

    async fn recorded(&self) -> anyhow::Result<Vec<Activation>> {
        Ok(self.storage.activations(&self.spec.name, ACTIVATIONS_PER_CONNECTION_MAX).await?)
    }

    /// The connection as it would be on `module`.
    fn spec_on(&self, module: &Module) -> ConnectionSpec {
        ConnectionSpec { module: module.clone(), ..self.spec.clone() }
    }

    fn fit(&self, module: &Module) -> Result<(), SwapError> {
        let problems = self.spec_on(module).problems(&Egress::default());
        if problems.is_empty() { Ok(()) } else { Err(SwapError::Misfit(problems)) }
    }

    async fn activate(&self, module: &Module, by: &str, reason: &str) -> Result<(), StorageError> {
        self.storage.keep_module(module.digest(), Arc::clone(module.bytes())).await?;
        let activation = Activation {
            connection: self.spec.name.clone(),
            module: module.digest().to_owned(),
            configured: self.spec.module.digest().to_owned(),
            by: by.to_owned(),
            reason: reason.to_owned(),
            at: Clock::system().now(),
        };
        self.storage.activate(activation, Vec::new()).await
    }
}
