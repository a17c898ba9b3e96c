//! `transload demo`: the whole path on this machine, over real HTTP, with nothing set up.

mod checks;
mod evidence;
mod report;
mod story;
mod timeline;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use transload::runtime::{Host, HostOptions};
use transload::storage::SqliteStorage;
use transload_sandbox::{Control, Sandbox, SandboxOptions};

use super::{Failed, print_json, setup, style};
use evidence::Evidence;

/// Shows orders becoming deliveries and coming back fulfilled, on this machine, with nothing set up
#[derive(Args)]
#[command(
    long_about = "Starts fakes of GoHighLevel and Track-POD, a host with the bundled connector and a throw-away database, and \
                  runs real scenarios over HTTP: an order is placed, paid, delivered and refunded, another is delivered in \
                  part, webhooks come twice or are forged, vendors fail. Then reads both systems back and checks that each \
                  effect happened exactly once. Exit code 0 only if all checks hold.",
    after_help = "Examples:\n  transload demo\n  transload demo --json | jq .checks\n  transload demo --keep ./demo   # look at demo/transload.sqlite afterwards"
)]
pub struct Demo {
    /// Print one JSON document at the end, and nothing before
    #[arg(long)]
    json: bool,
    /// Keep the configuration and the database in this directory
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
}

/// The story polls when it wants to, so that the timeline is not full of polls that bring nothing.
const POLL: &str = "1h";

/// Times that a refused webhook is tried: twice shows that it stays refused.
const WEBHOOK_ATTEMPTS: u32 = 2;

/// What the story acts on.
pub struct Stage {
    /// The sandbox's control API.
    pub control: Control,
    /// The host.
    pub host: Host,
    /// Whether to say what happens.
    pub loud: bool,
}

impl Demo {
    pub async fn run(self) -> Result<(), Failed> {
        let started = Instant::now();
        let scratch = tempfile::tempdir().context("cannot create a temporary directory")?;
        let directory = self.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
        if directory.join("transload.sqlite").exists() {
            return Err(Failed::Usage(anyhow!(
                "{} holds an earlier demo; name another directory",
                directory.display()
            )));
        }
        let sandbox = Sandbox::start(SandboxOptions {
            webhook_attempts: WEBHOOK_ATTEMPTS,
            ..SandboxOptions::default()
        })
        .await
        .context("cannot start the sandbox")?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        let config = setup::write_sandbox_config(&directory, &sandbox, address, POLL)?;
        let prepared = setup::prepare(&config).await?;
        let storage = SqliteStorage::open(&prepared.database).context("cannot create the database")?;
        let host = Host::start(HostOptions::new(Arc::new(storage)), prepared.connections)
            .await
            .context("cannot start the host")?;
        let server = tokio::spawn({
            let host = host.clone();
            async move { host.serve(listener, std::future::pending()).await }
        });
        setup::point_webhooks(&sandbox.control(), address).await?;

        let stage = Stage { control: sandbox.control(), host, loud: !self.json };
        let shown = stage.loud.then(|| tokio::spawn(timeline::show(stage.host.observe(), started)));
        let outcome = self.play_and_judge(&stage, started).await;
        stage.host.shutdown().await;
        server.abort();
        if let Some(shown) = shown {
            shown.abort();
        }
        sandbox.shutdown().await;
        outcome
    }

    async fn play_and_judge(&self, stage: &Stage, started: Instant) -> Result<(), Failed> {
        let orders = story::play(stage).await?;
        // The timeline is printed by a task of its own; let it catch up before the tables.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let evidence = Evidence::gather(stage, orders).await?;
        let checks = checks::all(&evidence);
        let ok = checks.iter().all(|check| check.ok);
        if self.json {
            print_json(&json!({
                "ok": ok,
                "elapsed_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                "orders": report::rows(&evidence),
                "checks": checks,
            }))?;
        } else {
            report::print(&evidence, &checks);
            let verdict =
                if ok { style::good("All checks hold.") } else { style::bad("Some checks do not hold.") };
            say!("\n{verdict} ({:.1?})", started.elapsed());
        }
        if ok { Ok(()) } else { Err(Failed::Said(1)) }
    }
}
