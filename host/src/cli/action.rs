//! `transload action`: a connector's actions, by hand.

use std::io::Read as _;

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use transload::runtime::admin::ActionView;

use super::access::Access;
use super::desk::Desk;
use super::remote::segment;
use super::{Failed, print_json, style, usage};

/// The largest input, in bytes; the host takes no larger one.
const INPUT_BYTES_MAX: u64 = 1 << 20;

/// Runs an action of a connection's connector and prints its answer; without a name, lists the actions
#[derive(Args)]
#[command(
    after_help = "An action that is about an order takes its turn with the events of that order, on a running host. What it \
                  writes to vendors is not remembered: running it twice does it twice, unless the connector looks \
                  first.\n\nExit codes: 0 done, 1 it failed, 2 usage or configuration.\n\nExamples:\n  \
                  transload action shop\n  transload action shop sync-order --input '{\"order_id\":\"64f1c0\"}'\n  \
                  transload action shop sync-order --input @order.json\n  \
                  echo '{\"order_id\":\"64f1c0\"}' | transload action shop sync-order --input -"
)]
pub struct Action {
    /// The connection
    connection: String,
    /// The action
    name: Option<String>,
    /// Its input, as JSON; @FILE reads a file, - standard input
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "name")]
    input: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Deserialize)]
struct List {
    actions: Vec<ActionView>,
}

impl Action {
    pub async fn run(self) -> Result<(), Failed> {
        let input = input(&self.input).map_err(Failed::Usage)?;
        let desk = Desk::open(&self.access, &self.connection).await?;
        let outcome = self.ask(&desk, input).await;
        desk.close().await;
        outcome
    }

    async fn ask(&self, desk: &Desk, input: String) -> Result<(), Failed> {
        let path = format!("connections/{}/actions", segment(&self.connection));
        let list: List = desk.host.get(&path).await?;
        let Some(name) = &self.name else { return self.list(&list) };
        if !list.actions.iter().any(|action| action.name == *name) {
            let known: Vec<&str> = list.actions.iter().map(|action| action.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(usage(anyhow!("the connector has no action {name:?}; it has: {known}")));
        }
        // As it came: reading its numbers and writing them again could change them.
        let output = desk.host.post(&format!("{path}/{}", segment(name)), input).await?.text()?;
        say!("{}", style::plain(&output));
        Ok(())
    }

    fn list(&self, list: &List) -> Result<(), Failed> {
        if self.json {
            return print_json(list);
        }
        for ActionView { name, title, access, sample, .. } in &list.actions {
            say!("{}  {} ({access})", style::bold(name), style::plain(title));
            say!("  {}", style::dim(sample));
        }
        if list.actions.is_empty() {
            say!("the connector has no actions");
        }
        Ok(())
    }
}

/// The input that is asked for, if it is JSON.
fn input(asked: &str) -> anyhow::Result<String> {
    let text = if asked == "-" {
        read(std::io::stdin().lock()).context("standard input")?
    } else if let Some(file) = asked.strip_prefix('@') {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {file}"))?;
        read(opened).with_context(|| file.to_owned())?
    } else {
        asked.to_owned()
    };
    let _: serde::de::IgnoredAny = serde_json::from_str(&text).context("--input is not JSON")?;
    Ok(text)
}

fn read(from: impl std::io::Read) -> anyhow::Result<String> {
    let mut text = String::new();
    from.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= INPUT_BYTES_MAX, "it has more than {INPUT_BYTES_MAX} bytes");
    Ok(text)
}
