//! Exchanging a connection's module while no host runs: what the next start takes up is written into the database, after
//! the same checks that a host makes.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use transload::config::Places;
use transload::egress::Egress;
use transload::engine::{Engine, Module};
use transload::runtime::{ConnectionSpec, Preview, Swap, preview_stored};
use transload::storage::{ACTIVATIONS_PER_CONNECTION_MAX, Activation, SqliteStorage, Storage};

use super::access::{Access, now};
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

/// Why a module is not taken up.
pub struct Refused {
    /// In words.
    pub reason: String,
    /// What it would have done, if that is why.
    pub preview: Option<Preview>,
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
        let spec = setup::connection(&access.config, connection, &engine).await?;
        let mut offline = Offline { storage, engine, spec, activations: Vec::new() };
        offline.activations = offline.recorded().await?;
        let configured = offline.spec.module.digest();
        if offline.activations.first().is_none_or(|last| last.configured != configured) {
            let module = offline.spec.module.clone();
            offline.activate(&module, "config", "").await?;
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
    ) -> anyhow::Result<Result<Swap, Refused>> {
        let was = self.present()?.to_owned();
        let refused = |reason| Ok(Err(Refused { reason, preview: None }));
        let module = match self.engine.load(bytes).await {
            Ok(module) => module,
            Err(error) => return refused(format!("the module cannot be used: {error}")),
        };
        let connection = self.spec.name.clone();
        let mut swap = Swap { connection, module: module.digest().to_owned(), was, preview: None };
        if swap.module == swap.was {
            return Ok(Ok(swap));
        }
        if let Err(error) = self.fit(&module) {
            return refused(format!("{error:#}"));
        }
        let ungranted = self.ungranted(&module).await?;
        if !ungranted.is_empty() && !force {
            return refused(format!(
                "the module needs scopes that are not granted:\n{}\nadd them, or force the swap",
                ungranted.join("\n")
            ));
        }
        if preview > 0 {
            swap.preview = Some(preview_stored(&self.storage, &self.spec.name, &module, preview).await?);
        }
        if let Some(preview) = swap.preview.take_if(|preview| preview.broken() > 0 && !force) {
            let (broken, events) = (preview.broken(), preview.events());
            let reason = format!(
                "the module fails on {broken} of {events} recorded events that were handled; force the swap if that is right"
            );
            return Ok(Err(Refused { reason, preview: Some(preview) }));
        }
        self.activate(&module, "command", reason).await?;
        Ok(Ok(swap))
    }

    /// Has the next start run on the module before the present one.
    pub async fn rollback(&self, reason: &str) -> anyhow::Result<Swap> {
        let (name, was) = (&self.spec.name, self.present()?.to_owned());
        let nothing = || anyhow!("{name} has run on no other module that is still kept");
        let before = self.activations.iter().find(|it| it.module != was).ok_or_else(nothing)?;
        let bytes = self.storage.module(&before.module).await?.ok_or_else(nothing)?;
        let module = self.engine.load(bytes).await.context("the kept module cannot be used")?;
        self.fit(&module)?;
        self.activate(&module, "command", reason).await?;
        Ok(Swap { connection: name.clone(), module: module.digest().to_owned(), was, preview: None })
    }

    /// Digest of the module that the next start would run on.
    fn present(&self) -> anyhow::Result<&str> {
        let last = self.activations.first().context("nothing was activated")?;
        Ok(&last.module)
    }

    async fn recorded(&self) -> anyhow::Result<Vec<Activation>> {
        Ok(self.storage.activations(&self.spec.name, ACTIVATIONS_PER_CONNECTION_MAX).await?)
    }

    fn fit(&self, module: &Module) -> anyhow::Result<()> {
        let spec = ConnectionSpec { module: module.clone(), ..self.spec.clone() };
        let problems = spec.problems(&Egress::default());
        if problems.is_empty() {
            return Ok(());
        }
        Err(anyhow!("the module does not fit the connection:\n{}", problems.join("\n")))
    }

    /// What `module` asks for in vain and the present one does not.
    async fn ungranted(&self, module: &Module) -> anyhow::Result<Vec<String>> {
        let present = self.storage.module(self.present()?).await?;
        let present = match present {
            Some(bytes) => self.engine.load(bytes).await.ok(),
            None => None,
        };
        let warnings =
            |module: &Module| ConnectionSpec { module: module.clone(), ..self.spec.clone() }.warnings();
        let known = warnings(present.as_ref().unwrap_or(&self.spec.module));
        Ok(warnings(module).into_iter().filter(|warning| !known.contains(warning)).collect())
    }

    async fn activate(&self, module: &Module, by: &str, reason: &str) -> anyhow::Result<()> {
        self.storage.keep_module(module.digest(), Arc::clone(module.bytes())).await?;
        let activation = Activation {
            connection: self.spec.name.clone(),
            module: module.digest().to_owned(),
            configured: self.spec.module.digest().to_owned(),
            by: by.to_owned(),
            reason: reason.to_owned(),
            at: now(),
        };
        Ok(self.storage.activate(activation).await?)
    }
}
