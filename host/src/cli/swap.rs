//! `transload swap`: a connection runs on another module.

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use transload::runtime::{self, PREVIEW_EVENTS_MAX, SwapError};

use super::access::{Access, Hand};
use super::changes::{print_preview, short};
use super::discard::reason;
use super::modules::{self, Named, Supply, named};
use super::offline::Offline;
use super::remote::{Reply, query, segment};
use super::{Failed, print_json, style};

/// Has a connection run on another module from its next event on, and after a restart
#[derive(Args)]
#[command(
    after_help = "Events under way finish on the old module; none is lost or doubled. A module that does not fit the \
                  connection, or fails on recorded events that were handled, is refused. One that goes wrong later is \
                  taken off again by the host. Without a running host, the next start runs on it.\n\n\
                  Exit codes: 0 it runs on it, 1 the module is refused, 2 usage or configuration.\n\nExamples:\n  \
                  transload swap shop my-connector.wasm\n  \
                  transload swap shop my-connector.wasm --preview 200 --reason \"ticket 81\"\n  \
                  transload swap shop bundled:ghl-track-pod --force\n  \
                  transload swap shop oci://ghcr.io/acme/my-connector:1.3.0#sha256:…"
)]
pub struct Swap {
    /// The connection
    connection: String,
    #[arg(value_parser = named, help = modules::HELP)]
    module: Named,
    /// Recorded events to run through it first, at most 1,000; 0 for none
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=i64::from(PREVIEW_EVENTS_MAX)))]
    preview: u32,
    /// Swap though it asks for scopes that are not granted, or fails on recorded events
    #[arg(long)]
    force: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Swap {
    pub async fn run(self) -> Result<(), Failed> {
        let reason = reason(self.reason)?;
        let cache = self.access.places()?.cache;
        let bytes = Supply::beside(&self.access, cache.as_deref(), &self.module)?.read(&self.module).await;
        let bytes = bytes.map_err(modules::failed)?;
        let (places, hand) = self.access.act().await?;
        match hand {
            Hand::Host(host) => {
                let path = format!("connections/{}/swap", segment(&self.connection));
                let parameters = [
                    ("preview", Some(self.preview.to_string())),
                    ("force", Some(self.force.to_string())),
                    ("reason", Some(reason)),
                ];
                answered(&host.post(&query(&path, &parameters), bytes).await?, self.json)
            }
            Hand::File(storage) => {
                let offline = Offline::open(&self.access, places, storage, &self.connection).await?;
                match offline.swap(bytes, self.preview, self.force, &reason).await {
                    Ok(swap) => swapped(&swap, self.json, false),
                    Err(error) => {
                        let preview = match &error {
                            SwapError::Fails(preview) => {
                                serde_json::to_value(preview).context("a preview in JSON")?
                            }
                            _ => Value::Null,
                        };
                        refuse(&error.to_string(), preview, self.json)
                    }
                }
            }
        }
    }
}

/// Says what a running host made of it.
pub fn answered(reply: &Reply, json: bool) -> Result<(), Failed> {
    match reply.refusal() {
        None => swapped(&reply.read()?, json, true),
        Some(reason) => {
            let preview = reply.json().and_then(|mut body| body.get_mut("preview").map(Value::take));
            refuse(&reason, preview.unwrap_or_default(), json)
        }
    }
}

/// Says that it was refused, and shows the preview that was the reason, if there is one.
fn refuse(reason: &str, preview: Value, json: bool) -> Result<(), Failed> {
    if json {
        print_json(&json!({ "error": reason, "preview": preview }))?;
        return Err(Failed::Said(1));
    }
    if let Ok(preview) = serde_json::from_value::<runtime::Preview>(preview) {
        print_preview(&preview);
    }
    Err(Failed::Operation(anyhow::anyhow!("{reason}")))
}

/// Says that it was done.
pub fn swapped(swap: &runtime::Swap, json: bool, running: bool) -> Result<(), Failed> {
    if json {
        return print_json(swap);
    }
    if let Some(preview) = &swap.preview {
        print_preview(preview);
    }
    let (connection, module, was) = (&swap.connection, short(&swap.module), short(&swap.was));
    let when = if running { "runs" } else { "will run, when a host is started," };
    match module == was {
        true => say!("{}  {connection} {when} on {module}, as before", style::good("ok")),
        false => say!("{}  {connection} {when} on {module}; it was {was}", style::good("ok")),
    }
    Ok(())
}
