//! `transload run`: the host.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::SqliteStorage;

use super::door::Door;
use super::{Failed, journal, setup, style, usage};

/// Runs the connections of a configuration, until Ctrl-C or SIGTERM; a second one does not wait for calls under way
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
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        let hooks: Vec<String> = prepared.connections.iter().flat_map(|spec| hooks(spec, address)).collect();
        for warning in prepared.connections.iter().flat_map(ConnectionSpec::warnings) {
            tracing::warn!("{}: {warning}", self.config.display());
        }
        for receiver in prepared.receivers.iter().filter(|receiver| receiver.rules.is_empty()) {
            tracing::warn!(
                "{}: receivers.{} has no rule, so it is told nothing",
                self.config.display(),
                receiver.name
            );
        }
        let mut options = HostOptions::new(Arc::new(storage));
        options.keep = prepared.keep.or(options.keep);
        options.receivers = prepared.receivers;
        let host = Host::start(options, prepared.connections).await.map_err(usage)?;
        tokio::spawn(journal::keep(host.observe()));
        for (file, connections) in prepared.files {
            host.watch(prepared.engine.clone(), file, connections);
        }
        let door = Door::open(&host, &prepared.database).await?;
        tell(format_args!(
            "{} on http://{address}; Ctrl-C ends it. Webhooks go to",
            style::bold("transload runs")
        ));
        for hook in hooks {
            tell(format_args!("  {hook}"));
        }
        host.serve(listener, stopped()).await;
        door.close();
        tell(format_args!(
            "stopping: waiting for calls under way; once more ends it now, and they run again at the next start"
        ));
        // Nothing is lost by not waiting: what is cut off runs again at the next start.
        tokio::select! {
            () = host.shutdown() => {}
            () = stopped() => {}
        }
        Ok(())
    }
}

/// Says it to whoever reads. Unlike a command whose output is all there is to it, a host goes on when nobody does.
fn tell(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Where the webhooks of a connection's APIs go.
fn hooks(spec: &ConnectionSpec, address: SocketAddr) -> Vec<String> {
    let apis = spec.module.description().apis.iter().filter(|api| api.webhook.is_some());
    apis.map(|api| format!("http://{address}/hooks/{}/{}", spec.name, api.name)).collect()
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
