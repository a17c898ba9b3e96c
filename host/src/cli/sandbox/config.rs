//! A configuration for hosts that run against a sandbox.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use transload_sandbox::{Control, Sandbox, System, Target};

/// A bundled connector whose vendors a sandbox plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Connector {
    /// GoHighLevel and Track-POD
    GhlTrackPod,
    /// GoHighLevel and Rankr
    GhlRankr,
}

impl Connector {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::GhlTrackPod, Self::GhlRankr];

    /// What it is called behind `bundled:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GhlTrackPod => "ghl-track-pod",
            Self::GhlRankr => "ghl-rankr",
        }
    }

    /// What its connection is called in the configuration.
    pub fn connection(self) -> &'static str {
        match self {
            Self::GhlTrackPod => "shop",
            Self::GhlRankr => "rank",
        }
    }

    fn systems(self) -> [System; 2] {
        match self {
            Self::GhlTrackPod => [System::Ghl, System::TrackPod],
            Self::GhlRankr => [System::Ghl, System::Rankr],
        }
    }
}

/// What a configuration is made for.
pub struct Setup<'a> {
    /// The sandbox.
    pub sandbox: &'a Sandbox,
    /// Where the host will listen.
    pub host: SocketAddr,
    /// One connection for each.
    pub connectors: &'a [Connector],
    /// How often GoHighLevel is asked for what no webhook tells.
    pub poll: &'a str,
}

impl Setup<'_> {
    /// Writes into `directory` the configuration, which it answers, and the files with its credentials.
    pub fn write(&self, directory: &Path) -> anyhow::Result<PathBuf> {
        // Somebody's real configuration and credentials have the same names.
        if directory.join("transload.toml").exists() {
            bail!("{} has a transload.toml already; name another directory", directory.display());
        }
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        for (name, text) in self.keys() {
            write_private(&directory.join(name), &text)?;
        }
        let mut config = format!(include_str!("host.toml.in"), host = self.host);
        for connector in self.connectors {
            writeln!(config, "{}", self.connection(*connector))?;
        }
        let path = directory.join("transload.toml");
        write_private(&path, &config).map(|()| path)
    }

    /// Writes into `directory` the files with the sandbox's credentials, over those of an earlier one.
    pub fn write_keys(&self, directory: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        for (name, text) in self.keys() {
            let path = directory.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot replace {}", path.display()));
                }
                _ => write_private(&path, &text)?,
            }
        }
        Ok(())
    }

    /// The credentials and keys of the connectors' systems, by the names of their files.
    fn keys(&self) -> Vec<(&'static str, String)> {
        let (sandbox, options) = (self.sandbox, self.sandbox.options());
        let mut keys =
            vec![("ghl.token", options.ghl_token.clone()), ("ghl.pem", sandbox.ghl_public_key_pem())];
        for connector in self.connectors {
            keys.extend(match connector {
                Connector::GhlTrackPod => [
                    ("track-pod.key", options.track_pod_key.clone()),
                    ("track-pod.secret", sandbox.track_pod_secret()),
                ],
                Connector::GhlRankr => {
                    [("rankr.token", options.rankr_token.clone()), ("rankr.secret", sandbox.rankr_secret())]
                }
            });
        }
        keys
    }

    fn connection(&self, connector: Connector) -> String {
        let Self { sandbox, poll, .. } = self;
        let (options, address, ghl) = (sandbox.options(), sandbox.address(), sandbox.ghl_url());
        let location = &options.ghl_location;
        match connector {
            Connector::GhlTrackPod => format!(
                include_str!("shop.toml.in"),
                poll = poll,
                address = address,
                location = location,
                ghl = ghl,
                track_pod = sandbox.track_pod_url(),
                header = options.track_pod_signature_header,
            ),
            Connector::GhlRankr => format!(
                include_str!("rank.toml.in"),
                poll = poll,
                address = address,
                location = location,
                ghl = ghl,
                rankr = sandbox.rankr_url(),
            ),
        }
    }

    /// Sends the sandbox's webhooks to the connections.
    pub async fn point_webhooks(&self, control: &Control) -> anyhow::Result<()> {
        for connector in self.connectors {
            for system in connector.systems() {
                self.point(control, system, connector.connection()).await?;
            }
        }
        Ok(())
    }

    /// Sends all of the sandbox's webhooks to one connection.
    pub async fn point_all_webhooks(&self, control: &Control, connection: &str) -> anyhow::Result<()> {
        for system in [System::Ghl, System::TrackPod, System::Rankr] {
            self.point(control, system, connection).await?;
        }
        Ok(())
    }

    async fn point(&self, control: &Control, system: System, connection: &str) -> anyhow::Result<()> {
        let url = format!("http://{}/hooks/{connection}/{}", self.host, system.name());
        let target = Target { url, events: Vec::new() };
        control.add_target(system, &target).await.context("cannot set where the sandbox's webhooks go")
    }
}

/// Creates a file that only its owner can read.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}
