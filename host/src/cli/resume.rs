//! `transload resume`: a paused connection goes on.

use anyhow::anyhow;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::access::{Access, Hand};
use super::remote::segment;
use super::{Failed, print_json, style};

/// Lets a paused connection go on at once, without waiting for its check to pass; what waits for a person runs first
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it goes on, 1 no host runs, 2 usage.\n\nExamples:\n  transload resume shop"
)]
pub struct Resume {
    /// The connection
    connection: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What the host answers.
#[derive(Serialize, Deserialize)]
struct Resumed {
    connection: String,
    was_paused: bool,
}

impl Resume {
    pub async fn run(self) -> Result<(), Failed> {
        let (places, hand) = self.access.act().await?;
        let Hand::Host(host) = hand else {
            return Err(Failed::Operation(anyhow!(
                "no host is running on {}: a connection is not paused when it starts",
                places.database.display()
            )));
        };
        let path = format!("connections/{}/resume", segment(&self.connection));
        let resumed: Resumed = host.post(&path, Vec::new()).await?.read()?;
        if self.json {
            return print_json(&resumed);
        }
        match resumed.was_paused {
            true => say!("{}  {} goes on", style::good("ok"), resumed.connection),
            false => say!("{}  {} was not paused", style::good("ok"), resumed.connection),
        }
        Ok(())
    }
}
