//! `transload rollback`: back to the module before.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::Failed;
use super::access::{Access, Hand};
use super::discard::reason;
use super::offline::Offline;
use super::remote::segment;
use super::swap::{answered, swapped};

/// Has a connection run on the module that it ran on before the present one
#[derive(Args)]
#[command(
    after_help = "Twice in a row leads back to where it began.\n\nExit codes: 0 it runs on it, 1 there is none to go back \
                  to, 2 usage or configuration.\n\nExamples:\n  transload rollback shop\n  \
                  transload rollback shop --reason \"notes are doubled\""
)]
pub struct Rollback {
    /// The connection
    connection: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Rollback {
    pub async fn run(self) -> Result<(), Failed> {
        let reason = reason(self.reason)?;
        let (places, hand) = self.access.act().await?;
        match hand {
            Hand::Host(host) => {
                let path = format!("connections/{}/rollback", segment(&self.connection));
                let body = serde_json::to_vec(&json!({ "reason": reason })).context("a reason in JSON")?;
                answered(&host.post(&path, body).await?, self.json)
            }
            Hand::File(storage) => {
                let offline = Offline::open(&self.access, places, storage, &self.connection).await?;
                let swap = offline.rollback(&reason).await.map_err(anyhow::Error::new)?;
                swapped(&swap, self.json, false)
            }
        }
    }
}
