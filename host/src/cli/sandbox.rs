//! `transload sandbox`: the vendors' fakes, on their own.

pub mod config;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use transload_sandbox::{Sandbox as Fakes, SandboxOptions};

use super::{Failed, print_json, style, usage};
use config::{Connector, Setup};

/// Runs fakes of the vendors' APIs on this machine, until Ctrl-C
#[derive(Args)]
#[command(
    after_help = "Examples:\n  transload sandbox\n  transload sandbox --write shop      # then: transload run --config shop/transload.toml\n  \
                  transload sandbox --keys sandbox    # for a configuration of your own, with a connection `shop`"
)]
pub struct Sandbox {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:4010", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Where the host that will run against it listens; webhooks go there
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDRESS:PORT")]
    host: SocketAddr,
    /// Write a configuration, and the credentials it names, for a host that runs against this sandbox
    #[arg(long, value_name = "DIRECTORY")]
    write: Option<PathBuf>,
    /// Write the credentials and keys alone, for a configuration of your own; those of an earlier sandbox are replaced
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "write")]
    keys: Option<PathBuf>,
    /// With --keys: the connection that gets all webhooks
    #[arg(long, value_name = "NAME", default_value = "shop", requires = "keys")]
    connection: String,
    /// Print the addresses and credentials as one JSON document
    #[arg(long)]
    json: bool,
}

impl Sandbox {
    pub async fn run(self) -> Result<(), Failed> {
        let options = SandboxOptions { listen: self.listen, ..SandboxOptions::default() };
        let fakes = Fakes::start(options).await.map_err(usage)?;
        let setup = Setup { sandbox: &fakes, host: self.host, connectors: &Connector::ALL, poll: "5s" };
        match &self.keys {
            Some(directory) => {
                setup.write_keys(directory).map_err(Failed::Usage)?;
                setup.point_all_webhooks(&fakes.control(), &self.connection).await?;
            }
            None => setup.point_webhooks(&fakes.control()).await?,
        }
        let config = self.write.as_ref().map(|directory| setup.write(directory)).transpose();
        let config = config.map_err(Failed::Usage)?;
        self.announce(&fakes, config.as_deref())?;
        tokio::signal::ctrl_c().await.map_err(|error| Failed::Operation(error.into()))?;
        fakes.shutdown().await;
        Ok(())
    }

    fn announce(&self, fakes: &Fakes, config: Option<&Path>) -> Result<(), Failed> {
        let options = fakes.options();
        if self.json {
            return print_json(&json!({
                "ghl": {"url": fakes.ghl_url(), "token": options.ghl_token, "location": options.ghl_location,
                        "public_key": fakes.ghl_public_key_pem()},
                "track_pod": {"url": fakes.track_pod_url(), "key": options.track_pod_key,
                              "webhook_secret": fakes.track_pod_secret()},
                "rankr": {"url": fakes.rankr_url(), "token": options.rankr_token,
                          "webhook_secret": fakes.rankr_secret()},
                "control": fakes.control_url(),
            }));
        }
        say!("{}", style::bold("The sandbox is running; Ctrl-C ends it."));
        say!(
            "GoHighLevel  {}   bearer token {}   location {}",
            fakes.ghl_url(),
            options.ghl_token,
            options.ghl_location
        );
        say!("Track-POD    {}   X-API-KEY {}", fakes.track_pod_url(), options.track_pod_key);
        say!("Rankr        {}   bearer token {}", fakes.rankr_url(), options.rankr_token);
        say!("Control      {}   place orders, drive deliveries, cause faults", fakes.control_url());
        say!(
            "\nPlace an order:    curl -X POST {}/ghl/orders -H 'content-type: application/json' -d '{{}}'",
            fakes.control_url()
        );
        match (config, &self.keys) {
            (Some(path), _) => say!("Run a host on it:  transload run --config {}", path.display()),
            (None, Some(keys)) => say!("Its keys are in    {}", keys.display()),
            (None, None) => say!("Run a host on it:  start the sandbox with --write DIRECTORY"),
        }
        Ok(())
    }
}
