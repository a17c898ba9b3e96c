//! `transload push`: a module into a registry.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use transload::distribution::{Artifact, ModuleSource, OciReference, Remote};
use transload::engine::{Engine, EngineOptions};

use super::modules::{self, Named, Supply, named};
use super::transfer::Transfer;
use super::{Failed, print_json, pull, style, usage};

/// Puts a module into an OCI registry, as an artifact that other tools know, too
#[derive(Args)]
#[command(
    after_help = "Only what a host would run is pushed. Credentials come from [registries.\"HOST\"] of the configuration, \
                  from `docker login`, or from TRANSLOAD_REGISTRY_USERNAME and TRANSLOAD_REGISTRY_PASSWORD.\n\nExamples:\n  \
                  transload push my-connector.wasm oci://ghcr.io/acme/my-connector:1.2.0\n  \
                  transload push bundled:ghl-rankr oci://127.0.0.1:5000/ghl-rankr:1 --json"
)]
pub struct Push {
    #[arg(value_parser = named, help = modules::HELP)]
    module: Named,
    /// Where to: oci://HOST/REPOSITORY:TAG
    #[arg(value_name = "REFERENCE")]
    target: OciReference,
    /// The configuration file, for its [registries]; none is needed
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    reference: String,
    /// Digest of the artifact's manifest, by which other tools pin it.
    manifest: String,
    /// Digest of the module, by which a configuration pins it.
    digest: String,
    size_bytes: usize,
}

impl Push {
    pub async fn run(self) -> Result<(), Failed> {
        let bytes = Supply::perhaps(&self.config, &self.module)?.read(&self.module).await;
        let bytes = bytes.map_err(modules::failed)?;
        let engine = Engine::new(EngineOptions::default()).map_err(anyhow::Error::new)?;
        let loaded = engine.load(bytes).await;
        let module = loaded.with_context(|| format!("module {}", self.module.source)).map_err(usage)?;
        let target = Named { source: ModuleSource::Remote(Remote::Oci(self.target.clone())), pin: None };
        let supply = Supply::perhaps(&self.config, &target)?;
        let transfer = Transfer::of(&self.target);
        transfer.at(0, Some(module.size_bytes() as u64));
        let pushed = supply.fetcher().push(&Artifact::of(&module), &self.target).await;
        drop(transfer);
        let pushed = pushed.map_err(|error| modules::failed(error.into()))?;
        let report = Report {
            reference: self.target.to_string(),
            manifest: pushed.manifest.to_string(),
            digest: pushed.digest.to_string(),
            size_bytes: module.size_bytes(),
        };
        if self.json {
            return print_json(&report);
        }
        say!("{}  {}, {} bytes", style::good("ok"), report.reference, report.size_bytes);
        say!("manifest  {}", report.manifest);
        pull::print_pin(&target.source, &pushed.digest);
        Ok(())
    }
}
