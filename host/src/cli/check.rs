//! `transload check`: is everything in order?

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use serde::Serialize;
use transload::contract::{Failure, Probe};
use transload::egress::{CallObserver, CallRecord, Egress};
use transload::engine::ports::{DiscardLog, NoStore};
use transload::engine::{HttpError, Ports};
use transload::notices::Receiver;
use transload::runtime::{Clock, ConnectionSpec, Courier};

use super::{Failed, print_json, setup, style};

/// Checks a configuration, its modules and credentials, and tries a harmless read for each permission that has one
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all is in order, 2 something is not.\n\nExamples:\n  transload check\n  \
                        transload check --config shop/transload.toml --json"
)]
pub struct Check {
    /// The configuration file
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// One thing that was tried.
#[derive(Serialize)]
struct Finding {
    connection: String,
    api: String,
    scope: String,
    ok: bool,
    /// What was seen, or the file, the key and what is wrong.
    message: String,
}

/// Whether a receiver of notices can be reached.
#[derive(Serialize)]
struct Reached {
    name: String,
    ok: bool,
    message: String,
}

impl Check {
    pub async fn run(self) -> Result<(), Failed> {
        let prepared = match setup::prepare(&self.config).await {
            Err(Failed::Usage(problems)) if self.json => {
                let problems = format!("{problems:#}");
                let problems: Vec<&str> = problems.lines().collect();
                print_json(&serde_json::json!({"ok": false, "problems": problems}))?;
                return Err(Failed::Said(2));
            }
            other => other?,
        };
        let egress = Egress::default();
        let (mut findings, mut warnings) = (Vec::new(), Vec::new());
        let receivers = self.receivers(&egress, &prepared.receivers, &mut warnings).await?;
        for spec in prepared.connections {
            warnings.extend(spec.warnings());
            findings.extend(self.probe(&egress, spec).await);
        }
        let checks = findings.len() + receivers.len();
        let failed = findings.iter().filter(|finding| !finding.ok).count()
            + receivers.iter().filter(|receiver| !receiver.ok).count();
        if self.json {
            print_json(&serde_json::json!({
                "ok": failed == 0, "checks": findings, "receivers": receivers, "warnings": warnings,
            }))?;
            if failed > 0 {
                return Err(Failed::Said(2));
            }
        } else {
            print(&findings);
            for Reached { name, ok, message } in &receivers {
                let mark = if *ok { style::good("ok") } else { style::bad("no") };
                say!("{mark}  {:<50} {message}", format!("receiver {name}"));
            }
            for warning in warnings {
                say!("{}  {}: {warning}", style::warn("!!"), self.config.display());
            }
        }
        match failed {
            0 => Ok(()),
            count => Err(Failed::Usage(anyhow::anyhow!("{count} of {} checks failed", checks))),
        }
    }

    /// Looks whether those who are told can be reached. Sends them nothing.
    async fn receivers(
        &self,
        egress: &Egress,
        receivers: &[Receiver],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Reached>, Failed> {
        let mut reached = Vec::new();
        for receiver in receivers {
            let name = receiver.name.clone();
            if receiver.rules.is_empty() {
                warnings.push(format!(
                    "receivers.{name} has no rule, so it is told nothing: add receivers.rules"
                ));
            }
            let courier =
                Courier::new(egress, receiver).map_err(|problem| Failed::Usage(anyhow::anyhow!(problem)))?;
            let (ok, message) = match courier.resolve().await {
                Ok(()) => (true, format!("{} has an address; nothing was sent", courier.host())),
                Err(error) => (false, format!("{}: receivers.{name}.url: {error}", self.config.display())),
            };
            reached.push(Reached { name, ok, message });
        }
        Ok(reached)
    }

    /// Runs the connector's own check, and says for each probe that failed which key is to blame.
    async fn probe(&self, egress: &Egress, spec: ConnectionSpec) -> Vec<Finding> {
        let calls = Arc::new(Calls::default());
        let finding = |api: &str, scope: &str, ok, message| Finding {
            connection: spec.name.clone(),
            api: api.to_owned(),
            scope: scope.to_owned(),
            ok,
            message,
        };
        match ask(egress, &spec, calls.clone()).await {
            Ok(probes) => probes
                .into_iter()
                .map(|probe| {
                    let message =
                        if probe.ok { probe.message.clone() } else { self.blame(&spec, &probe, &calls) };
                    finding(&probe.api, &probe.scope, probe.ok, message)
                })
                .collect(),
            Err(reason) => {
                let message = format!("{}: connections.{}: {reason}", self.config.display(), spec.name);
                vec![finding("", "", false, message)]
            }
        }
    }

    /// `file: key: what is wrong`. The connector only knows that a call failed; the host knows which, and why.
    fn blame(&self, spec: &ConnectionSpec, probe: &Probe, calls: &Calls) -> String {
        let connection = &spec.name;
        let file = self.config.display();
        let key = |name: &str| format!("{file}: connections.{connection}.apis.{}.{name}", probe.api);
        match calls.first_problem(&probe.api) {
            Some(Problem::Denied(reason)) => format!("{}: {reason}", key("scopes")),
            Some(Problem::Unreachable(reason)) => {
                let (key, url) = (key("base_url"), base_url(spec, &probe.api));
                format!("{key}: {url} cannot be reached: {reason}; check the address and that the API is up")
            }
            Some(Problem::Refused) => format!("{}: {}", key("credential"), probe.message),
            None => format!("{file}: connections.{connection}: {}", probe.message),
        }
    }
}

async fn ask(egress: &Egress, spec: &ConnectionSpec, calls: Arc<Calls>) -> Result<Vec<Probe>, String> {
    let http = egress
        .connection(&spec.name, spec.module.description(), &spec.settings, spec.grants.clone())
        .map_err(|error| error.to_string())?
        .observed(calls);
    let ports = Ports {
        http: Arc::new(http),
        store: Arc::new(NoStore),
        settings: spec.settings.as_str().into(),
        log: Arc::new(DiscardLog),
        now: Clock::system().now(),
        seed: fastrand::u64(..),
    };
    let mut instance = spec.module.instance(ports).await.map_err(|error| error.to_string())?;
    match instance.check().await.map_err(|error| error.to_string())? {
        Ok(probes) => Ok(probes),
        Err(Failure::Retry(retry)) => Err(retry.reason),
        Err(Failure::Rejected(reason) | Failure::NeedsAttention(reason)) => Err(reason),
    }
}

/// Why an API did not answer.
enum Problem {
    Denied(String),
    Unreachable(String),
    Refused,
}

/// The calls that a check made.
#[derive(Default)]
struct Calls(Mutex<Vec<CallRecord>>);

impl CallObserver for Calls {
    fn called(&self, record: CallRecord) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }
}

impl Calls {
    fn first_problem(&self, api: &str) -> Option<Problem> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|call| call.api.as_deref() == Some(api)).find_map(|call| match &call.outcome {
            Err(HttpError::Denied(reason)) => Some(Problem::Denied(reason.clone())),
            Err(error) => Some(Problem::Unreachable(error.to_string())),
            Ok(status) if matches!(status.as_u16(), 401 | 403) => Some(Problem::Refused),
            Ok(_) => None,
        })
    }
}

/// Where the API is: where the operator says, else where the manifest does.
fn base_url(spec: &ConnectionSpec, api: &str) -> String {
    let configured = spec.grants.get(api).and_then(|grant| grant.base_url.as_ref()).map(ToString::to_string);
    let apis = &spec.module.description().apis;
    configured
        .or_else(|| apis.iter().find(|known| known.name == api).map(|known| known.base_url.clone()))
        .unwrap_or_default()
}

fn print(findings: &[Finding]) {
    for finding in findings {
        let mark = if finding.ok { style::good("ok") } else { style::bad("no") };
        let what = [finding.connection.as_str(), &finding.api, &finding.scope].join(" ");
        say!("{mark}  {:<50} {}", what.trim_end(), finding.message);
    }
}
