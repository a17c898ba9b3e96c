//! `transload demo`: the whole path on this machine, over real HTTP, with nothing set up.

mod check;
mod evidence;
mod goods;
mod rankr;
mod receiver;
mod report;
mod stage;
mod timeline;
mod track_pod;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;

use super::sandbox::config::Connector;
use super::{Failed, print_json, style};
use report::{Outcome, millis};
use stage::Stage;

/// Shows what the bundled connectors do, on this machine, with nothing set up
#[derive(Args)]
#[command(
    long_about = "Starts fakes of GoHighLevel, Track-POD and Rankr, a host with a bundled connector and a throw-away database, and \
                  runs real scenarios over HTTP. ghl-track-pod: an order is placed, paid, delivered and refunded, another is \
                  delivered in part. ghl-rankr: orders, payments, invoices and a subscription come to Rankr, fulfilments go both \
                  ways, an edit is put back. Webhooks come twice or are forged, vendors fail, and an alert is told by a signed \
                  webhook. Then reads all systems back and checks that each effect happened exactly once. Exit code 0 only \
                  if all checks hold.",
    after_help = "Examples:\n  transload demo\n  transload demo --connector ghl-rankr\n  transload demo --json | jq \
                  '.connectors[].checks'\n  transload demo --keep ./demo   # look at demo/ghl-rankr/transload.sqlite afterwards"
)]
pub struct Demo {
    /// Only this connector; left out: one after the other
    #[arg(long, value_enum)]
    connector: Option<Connector>,
    /// Print one JSON document at the end, and nothing before
    #[arg(long)]
    json: bool,
    /// Keep configuration and database of each connector in a directory of its own in this one
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub async fn run(self) -> Result<(), Failed> {
        let started = Instant::now();
        let scratch = tempfile::tempdir().context("cannot create a temporary directory")?;
        let root = self.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
        let connectors = self.connector.map_or_else(|| Connector::ALL.to_vec(), |connector| vec![connector]);
        for connector in &connectors {
            let directory = root.join(connector.name());
            if directory.join("transload.sqlite").exists() {
                return Err(Failed::Usage(anyhow!(
                    "{} holds an earlier demo; name another directory",
                    directory.display()
                )));
            }
        }
        let mut outcomes = Vec::new();
        for connector in connectors {
            let outcome = self.play(connector, &root.join(connector.name()), started).await?;
            outcomes.push((connector.name(), outcome));
        }
        self.sum_up(&outcomes, started)
    }

    async fn play(
        &self,
        connector: Connector,
        directory: &Path,
        started: Instant,
    ) -> Result<Outcome, Failed> {
        let loud = (!self.json).then_some(started);
        if loud.is_some() {
            say!("\n{}", style::bold(&format!("═══ {} ═══", connector.name())));
        }
        let begun = Instant::now();
        let stage = Stage::set(connector, directory, loud).await?;
        let told = match connector {
            Connector::GhlTrackPod => track_pod::run(&stage).await,
            Connector::GhlRankr => rankr::run(&stage).await,
        };
        stage.strike().await;
        let (orders, table, checks) = told?;
        let ok = checks.iter().all(|check| check.ok);
        Ok(Outcome { ok, elapsed_ms: millis(begun.elapsed()), orders, table, checks })
    }

    fn sum_up(&self, outcomes: &[(&str, Outcome)], started: Instant) -> Result<(), Failed> {
        let ok = outcomes.iter().all(|(_, outcome)| outcome.ok);
        if self.json {
            let elapsed_ms = millis(started.elapsed());
            let outcomes: BTreeMap<_, _> =
                outcomes.iter().map(|(connector, outcome)| (connector, outcome)).collect();
            print_json(&json!({ "ok": ok, "elapsed_ms": elapsed_ms, "connectors": outcomes }))?;
        } else {
            for (connector, outcome) in outcomes {
                report::print(connector, outcome);
            }
            let verdict =
                if ok { style::good("All checks hold.") } else { style::bad("Some checks do not hold.") };
            say!("\n{verdict} ({:.1?})", started.elapsed());
        }
        if ok { Ok(()) } else { Err(Failed::Said(1)) }
    }
}
