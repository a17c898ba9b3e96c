//! `transload decide`: what a person decides about a finding.

use clap::Args;
use serde_json::json;
use transload::runtime::Clock;
use transload::runtime::admin::FindingView;
use transload::storage::{Decided, Decision, NewDecision, Storage as _};

use super::access::{Access, Hand};
use super::discard::reason;
use super::remote::segment;
use super::{Failed, print_json, style};

/// Decides about a finding, for good: later runs keep the decision, and the connector is told
#[derive(Args)]
#[command(
    after_help = "accept: what was tied together belongs together, and its repair may be made. split: it does not belong \
                  together. ignore: leave it, and list it no more. A later decision takes the place of an earlier \
                  one.\n\nExit codes: 0 decided, 1 there is no such finding, 2 usage.\n\nExamples:\n  \
                  transload decide shop order-64f1c0/amount accept --reason \"paid in two parts\"\n  \
                  transload decide shop order-64f1c0/missing ignore --reason \"a test order\""
)]
pub struct Decide {
    /// The connection
    connection: String,
    /// The finding's id
    finding: String,
    /// accept, split or ignore
    #[arg(value_parser = decision)]
    decision: Decision,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

fn decision(text: &str) -> Result<Decision, String> {
    let names: Vec<&str> = Decision::ALL.into_iter().map(Decision::name).collect();
    Decision::from_name(text).ok_or_else(|| format!("the decisions are {}", names.join(", ")))
}

impl Decide {
    pub async fn run(self) -> Result<(), Failed> {
        let Decide { connection, finding, decision, access, json, .. } = self;
        let reason = reason(self.reason)?;
        let (_, hand) = access.act().await?;
        let decided: FindingView = match hand {
            Hand::Host(host) => {
                let path =
                    format!("connections/{}/findings/{}/decide", segment(&connection), segment(&finding));
                let body = json!({ "decision": decision, "reason": reason });
                host.post(&path, body.to_string()).await?.read()?
            }
            Hand::File(storage) => {
                let decided = Decided { decision, reason, at: Clock::system().now() };
                let decision = NewDecision { connection, finding, decided };
                storage.decide(decision).await.map_err(anyhow::Error::new)?.into()
            }
        };
        if json {
            return print_json(&decided);
        }
        say!("{}  {} is {} now", style::good("ok"), style::plain(&decided.id), decided.state);
        Ok(())
    }
}
