//! `transload preview`: what another module would have done.

use anyhow::{Context, anyhow};
use clap::Args;
use transload::runtime::{PREVIEW_EVENTS_MAX, preview_stored};
use transload::storage::Storage;

use super::access::Access;
use super::changes::{Summed, print_preview};
use super::modules::{self, Named, Supply, named};
use super::{Failed, print_json, setup, usage};

/// Runs a connection's last events through another module, from their records, and shows what would come out otherwise
#[derive(Args)]
#[command(after_help = "Nothing is changed, and nothing is sent.\n\n\
                  Exit codes: 0 nothing breaks, 1 an event fails that was handled, 2 usage.\n\nExamples:\n  \
                  transload preview shop my-connector.wasm\n  transload preview shop bundled:ghl-track-pod --events 200 --json")]
pub struct Preview {
    /// The connection
    connection: String,
    #[arg(value_parser = named, help = modules::HELP)]
    module: Named,
    /// How many of the last events, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(PREVIEW_EVENTS_MAX)))]
    events: u32,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Preview {
    pub async fn run(self) -> Result<(), Failed> {
        let (places, storage) = self.access.look()?;
        let ran = storage.activations(&self.connection, 1).await.map_err(anyhow::Error::new)?;
        if ran.is_empty() {
            return Err(usage(anyhow!(
                "no connection {:?} ever ran in {}; configured are: {}",
                self.connection,
                places.database.display(),
                places.connections.join(", ")
            )));
        }
        let supply = Supply::beside(&self.access, places.cache.as_deref(), &self.module)?;
        let bytes = supply.read(&self.module).await.map_err(modules::failed)?;
        let engine = setup::engine(places.cache)?;
        let module = engine.load(bytes).await.context("the module cannot be used")?;
        let preview = preview_stored(&storage, &self.connection, &module, self.events)
            .await
            .map_err(anyhow::Error::new)?;
        if self.json {
            print_json(&Summed::from(&preview))?;
        } else {
            print_preview(&preview);
        }
        if preview.broken() > 0 { Err(Failed::Said(1)) } else { Ok(()) }
    }
}
