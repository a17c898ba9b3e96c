//! `transload replay`: a recorded attempt, run again offline.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use transload::runtime::{self, recorded_fixture, recorded_module, replay_stored};
use transload::storage::{SqliteStorage, Storage, WorkId};

use super::access::Access;
use super::changes::{print_difference, short};
use super::select::work;
use super::{Failed, modules, print_json, setup, style};

/// Runs an event's last attempt again from its record, with no network, and compares what it does
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it does the same, 1 it does not, or cannot be run, 2 usage.\n\nExamples:\n  \
                  transload replay 12\n  transload replay 12 --module my-connector.wasm\n  \
                  transload replay delivery:7 --module bundled:ghl-track-pod --json\n  \
                  transload replay 12 --fixture fixtures/order.json --title \"an order is placed\""
)]
pub struct Replay {
    /// The number of an event; delivery:N for a delivery
    #[arg(value_name = "ID", value_parser = work)]
    id: WorkId,
    /// A component file, or bundled:NAME; the module that ran it then, if this is left out
    #[arg(long)]
    module: Option<String>,
    /// Keep the record in this file, for `transload test --fixtures`. It holds what the vendors answered: names and
    /// addresses as well, but no credential
    #[arg(long, value_name = "FILE")]
    fixture: Option<PathBuf>,
    /// What the fixture shows, in a line; the file's name if this is left out
    #[arg(long, requires = "fixture", value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Whether the same module did the same; none if it was another module.
    deterministic: Option<bool>,
    #[serde(flatten)]
    replay: &'a runtime::Replay,
}

impl Replay {
    pub async fn run(self) -> Result<(), Failed> {
        let (places, storage) = self.access.look()?;
        let bytes = match &self.module {
            Some(name) => modules::read(&modules::source(name)).map_err(Failed::Usage)?,
            None => recorded(&storage, self.id).await?,
        };
        let engine = setup::engine(places.cache)?;
        let module = engine.load(bytes).await.context("the module cannot be used")?;
        let replay = replay_stored(&storage, self.id, &module).await.map_err(anyhow::Error::new)?;
        let same_module = replay.module == replay.recorded_module;
        if let Some(path) = &self.fixture {
            self.keep(path, &storage).await?;
        }
        if self.json {
            print_json(&Report { deterministic: same_module.then_some(replay.identical), replay: &replay })?;
        } else {
            print(&replay, same_module);
        }
        if replay.identical { Ok(()) } else { Err(Failed::Said(1)) }
    }
}

impl Replay {
    async fn keep(&self, path: &Path, storage: &SqliteStorage) -> anyhow::Result<()> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let title = self.title.as_deref().unwrap_or(&name);
        let fixture = recorded_fixture(storage, self.id, title).await?;
        fixture.check_whole()?;
        std::fs::write(path, fixture.write()?).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The module that ran it then.
async fn recorded(storage: &SqliteStorage, work: WorkId) -> anyhow::Result<Vec<u8>> {
    let digest = recorded_module(storage, work).await?;
    let bytes = storage.module(&digest).await?;
    bytes.ok_or_else(|| {
        anyhow!("the module {digest}, which ran it then, is not kept any more; name one with --module")
    })
}

fn print(replay: &runtime::Replay, same_module: bool) {
    let runtime::Replay { work, attempt, recorded_module, module, .. } = replay;
    let modules = match same_module {
        true => short(module).to_owned(),
        false => format!("{} in place of {}", short(module), short(recorded_module)),
    };
    say!("{}", style::dim(&format!("attempt {attempt} at {work}, on {modules}")));
    if replay.identical {
        say!("{}", style::good("identical"));
        return;
    }
    print_difference(replay);
    if same_module {
        say!("{}", style::bad("the same module did something else: it was not deterministic"));
    }
}
