//! `transload run`: the host.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use transload::runtime::{Host, HostOptions};
use transload::storage::SqliteStorage;

use super::{Failed, setup, style, usage};

/// Runs the connections of a configuration, until Ctrl-C or SIGTERM
#[derive(Args)]
#[command(
    after_help = "Examples:\n  transload run\n  transload run --config shop/transload.toml\n  TRANSLOAD_LOG=info transload run"
)]
pub struct Run {
    /// The configuration file
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
}

impl Run {
    pub async fn run(self) -> Result<(), Failed> {
        let prepared = setup::prepare(&self.config).await?;
        let listener = TcpListener::bind(prepared.listen)
            .await
            .with_context(|| {
                format!(
                    "{}: host.listen: cannot listen on {}; is another host running?",
                    self.config.display(),
                    prepared.listen
                )
            })
            .map_err(Failed::Usage)?;
        let storage = SqliteStorage::open(&prepared.database).map_err(|error| {
            usage(anyhow::Error::new(error).context(format!("{}: host.database", self.config.display())))
        })?;
        let names: Vec<String> =
            prepared.connections.iter().map(|connection| connection.name.clone()).collect();
        let host =
            Host::start(HostOptions::new(Arc::new(storage)), prepared.connections).await.map_err(usage)?;
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        println!("{} on http://{address}, connections: {}", style::bold("transload runs"), names.join(", "));
        println!("webhooks go to http://{address}/hooks/CONNECTION/API; Ctrl-C ends it");
        axum::serve(listener, host.router())
            .with_graceful_shutdown(stopped())
            .await
            .context("the HTTP server failed")?;
        host.shutdown().await;
        Ok(())
    }
}

/// Waits for Ctrl-C or, where there is such a thing, SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // An error here would mean that no signal can be waited for; the process can still be killed.
    let _ = tokio::signal::ctrl_c().await;
}
