//! `transload receivers`: trying those who are told, and making their secrets.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde_json::json;
use transload::config::Config;
use transload::egress::Egress;
use transload::runtime::{Clock, Courier};

use super::{Failed, modules, print_json, style, usage};

/// Random bytes in a secret: as long as the hash that it keys.
const SECRET_BYTES: usize = 32;

/// What is shown of an answer, in characters.
const ANSWER_CHARS_MAX: usize = 1_000;

/// Tries a receiver of notices, or makes a secret for one
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 the receiver did not take it, 2 usage or configuration.\n\nExamples:\n  \
                  transload receivers secret > ops.secret\n  transload receivers test ops"
)]
pub struct Receivers {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(Test),
    /// Prints a new secret, for the file or variable that the configuration names
    Secret,
}

/// Sends a signed notice of the type `test` now, and shows the answer
#[derive(Args)]
struct Test {
    /// The receiver
    name: String,
    /// The configuration file
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Receivers {
    pub async fn run(self) -> Result<(), Failed> {
        match self.command {
            Command::Test(test) => test.run().await,
            Command::Secret => {
                say!("{}", secret()?);
                Ok(())
            }
        }
    }
}

impl Test {
    async fn run(self) -> Result<(), Failed> {
        let config = Config::load(&self.config, &modules::bundled()).map_err(usage)?;
        let Some(receiver) = config.receivers.iter().find(|receiver| receiver.name == self.name) else {
            let known: Vec<&str> = config.receivers.iter().map(|receiver| receiver.name.as_str()).collect();
            return Err(usage(anyhow!(
                "there is no receiver {:?}; there are: {}",
                self.name,
                known.join(", ")
            )));
        };
        let courier = Courier::new(&Egress::default(), receiver)
            .map_err(|problem| usage(anyhow!("{}: {problem}", self.config.display())))?;
        let started = Instant::now();
        let answer = courier.test(Clock::system().now()).await;
        let answer = answer.with_context(|| format!("{} does not take it", self.name))?;
        let (status, elapsed_ms) = (answer.status(), started.elapsed().as_millis());
        let said: String = String::from_utf8_lossy(answer.body()).chars().take(ANSWER_CHARS_MAX).collect();
        let took = status.is_success();
        if self.json {
            let status = status.as_u16();
            print_json(&json!({ "ok": took, "status": status, "elapsed_ms": elapsed_ms, "answer": said }))?;
        } else {
            let mark = if took { style::good("ok") } else { style::bad("no") };
            say!("{mark}  {} answered {status} within {elapsed_ms} ms", self.name);
            if !said.trim().is_empty() {
                say!("{}", style::plain(said.trim()));
            }
        }
        if took { Ok(()) } else { Err(Failed::Said(1)) }
    }
}

/// A secret that nobody can guess, as Standard Webhooks writes it.
fn secret() -> anyhow::Result<String> {
    let mut bytes = zeroize::Zeroizing::new([0; SECRET_BYTES]);
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut *bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(format!("whsec_{}", BASE64.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use transload::egress::Secret;
    use transload::notices::Signer;

    use super::*;

    #[test]
    fn a_new_secret_can_be_used_and_is_new() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_ne!(one, other);
        assert!(Signer::new(&[Secret::new(one), Secret::new(other)]).is_ok());
    }
}
