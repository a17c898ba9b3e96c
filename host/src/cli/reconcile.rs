//! `transload reconcile`: comparing what two systems hold.

use clap::Args;
use serde::Serialize;
use serde_json::json;
use transload::egress::Portion;
use transload::runtime::admin::{FindingList, JobView, StartedView};
use transload::storage::{EVENTS_PER_LISTING_MAX, Repairs};

use super::access::Access;
use super::desk::Desk;
use super::findings::{print_findings, print_tallies};
use super::progress::{ended, follow};
use super::remote::{query, segment};
use super::span::Span;
use super::{Failed, print_json, style};

/// Compares what the systems of a connection hold of the given days, and lists the differences
#[derive(Args)]
#[command(
    after_help = "It writes to no vendor, and works in the background, at a share of the rate budgets. Ctrl-C stops it; the \
                  same command goes on where it stopped, also after a crash. What a person decided about a finding \
                  (`transload decide`) lasts. --repair hands in, once each, the proposed repairs of confirmed findings, \
                  and of others that were accepted, as events.\n\n\
                  Exit codes: 0 compared, whatever was found, 1 it failed or was stopped, 2 usage or configuration.\n\n\
                  Examples:\n  transload reconcile shop --from 2026-11-01 --to 2026-11-30\n  \
                  transload reconcile shop --from 2026-11-01 --to 2026-11-30 --kind order-without-delivery --json\n  \
                  transload reconcile shop --from 2026-11-01 --to 2026-11-30 --repair"
)]
pub struct Reconcile {
    /// The connection
    connection: String,
    #[command(flatten)]
    span: Span,
    /// Look for this kind of finding only; may be given several times
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Hand in the repairs that may be made
    #[arg(long)]
    repair: bool,
    /// How much of the rate budgets it may use, from 0.01 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Portion::HALF)]
    share: Portion,
    /// Begin anew, though an earlier one could go on
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What came of it, for `--json`.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    started: StartedView,
    #[serde(flatten)]
    list: FindingList,
    /// None unless repairs were asked for.
    repairs: Option<Repairs>,
}

impl Reconcile {
    pub async fn run(self) -> Result<(), Failed> {
        let (from, to) = self.span.instants()?;
        let desk = Desk::open(&self.access, &self.connection).await?;
        let asked = json!({
            "kind": "reconcile", "from": from, "to": to, "names": self.kinds,
            "share_percent": self.share.percent(), "restart": self.restart,
        });
        let started = follow(&desk, &self.connection, &asked).await?;
        let report = self.ask(&desk, started).await?;
        let local = desk.is_local();
        desk.close().await;
        if self.json {
            print_json(&report)?;
            return ended(&report.started.job).map_err(|_| Failed::Said(1));
        }
        ended(&report.started.job)?;
        print(&report, local);
        Ok(())
    }

    /// Has repairs handed in, if that is wanted, and asks for what was found.
    async fn ask(&self, desk: &Desk, started: StartedView) -> Result<Report, Failed> {
        let (number, connection) = (started.job.number.to_string(), segment(&self.connection));
        let repairs = match self.repair && ended(&started.job).is_ok() {
            true => {
                let path =
                    query(&format!("connections/{connection}/repair"), &[("job", Some(number.clone()))]);
                Some(desk.host.post(&path, Vec::new()).await?.read()?)
            }
            false => None,
        };
        let shown = [("job", Some(number)), ("limit", Some(EVENTS_PER_LISTING_MAX.to_string()))];
        let list = desk.host.get(&query(&format!("connections/{connection}/findings"), &shown)).await?;
        Ok(Report { started, list, repairs })
    }
}

fn print(report: &Report, local: bool) {
    let job = &report.started.job;
    let more = format!("more: transload findings {} --state all --before", job.connection);
    print_findings(&report.list, &more);
    print_tallies(&job.tallies);
    say!("{}  {}", style::good("ok"), summary(job));
    if let Some(Repairs { submitted, known }) = report.repairs {
        say!("{submitted} repairs were handed in as events; {known} were known before");
        if local && submitted > 0 {
            say!("no host is running: they are made when one is started");
        }
    }
}

fn summary(job: &JobView) -> String {
    let counters = &job.counters;
    format!(
        "{} compared in {} pages: {} findings, {} of them new; {} earlier ones are resolved",
        counters.checked, counters.pages, counters.findings, counters.new_findings, counters.resolved
    )
}
