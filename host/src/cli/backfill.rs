//! `transload backfill`: taking in history.

use clap::Args;
use serde_json::json;
use transload::egress::Portion;
use transload::runtime::admin::StartedView;

use super::access::Access;
use super::desk::Desk;
use super::progress::{ended, follow};
use super::span::Span;
use super::{Failed, print_json, style};

/// Takes in what happened on the given days, as events; what is known already is not handled twice
#[derive(Args)]
#[command(
    after_help = "It works in the background, at a share of the rate budgets: it makes a request only while less than that \
                  share is used up, so that the rest stays free for live events. Ctrl-C stops it; the same command goes \
                  on where it stopped, also after a crash. Without a running host the events wait for one.\n\n\
                  Exit codes: 0 all of it is taken in, 1 it failed or was stopped, 2 usage or configuration.\n\n\
                  Examples:\n  transload backfill shop --from 2026-11-01 --to 2026-11-30\n  \
                  transload backfill shop --trigger orders --from 2026-11-01 --to 2026-11-01 --share 0.5"
)]
pub struct Backfill {
    /// The connection
    connection: String,
    /// Of this trigger only; may be given several times
    #[arg(long = "trigger", value_name = "NAME")]
    triggers: Vec<String>,
    #[command(flatten)]
    span: Span,
    /// How much of the rate budgets it may use, from 0.01 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Portion::QUARTER)]
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

impl Backfill {
    pub async fn run(self) -> Result<(), Failed> {
        let (from, to) = self.span.instants()?;
        let desk = Desk::open(&self.access, &self.connection).await?;
        let asked = json!({
            "kind": "backfill", "from": from, "to": to, "names": self.triggers,
            "share_percent": self.share.percent(), "restart": self.restart,
        });
        let started = follow(&desk, &self.connection, &asked).await?;
        let local = desk.is_local();
        desk.close().await;
        self.report(&started, local)
    }

    fn report(&self, started: &StartedView, local: bool) -> Result<(), Failed> {
        let job = &started.job;
        if self.json {
            print_json(started)?;
            return ended(job).map_err(|_| Failed::Said(1));
        }
        ended(job)?;
        let (events, new, pages) = (job.counters.events, job.counters.new_events, job.counters.pages);
        let what = format!("{events} events in {pages} pages, {new} of them new");
        say!("{}  {}: {what}", style::good("ok"), style::plain(&job.names.join(", ")));
        if local && new > 0 {
            say!("no host is running: they are handled when one is started");
        }
        Ok(())
    }
}
