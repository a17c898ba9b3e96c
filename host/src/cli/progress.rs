//! Following a job to its end: a line that changes on a terminal, a line now and then on a pipe.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use transload::runtime::admin::{JobView, StartedView};
use transload::storage::{JobKind, JobState};

use super::desk::Desk;
use super::remote::segment;
use super::{Failed, style};

/// How often the host is asked how far it is.
const INTERVAL: Duration = Duration::from_millis(200);

/// How often a pipe gets a line, at most.
const LINES_INTERVAL: Duration = Duration::from_secs(5);

/// Starts a job and follows it. Ctrl-C stops the job, which can go on later. Answers it as it stands then, and whether it
/// was begun earlier.
pub async fn follow(desk: &Desk, connection: &str, job: &Value) -> Result<StartedView, Failed> {
    let path = format!("connections/{}/jobs", segment(connection));
    let StartedView { mut job, resumed } = desk.host.post(&path, job.to_string()).await?.read()?;
    let mut line = Line::new();
    if resumed {
        let pages = job.counters.pages;
        line.note(&format!(
            "job {} goes on after page {pages}, where it stopped; --restart begins anew",
            job.number
        ));
    }
    // One listener for all of it: between two, a signal would be lost.
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let mut interrupted = false;
    while job.live {
        line.show(&job);
        tokio::select! {
            _ = &mut interrupt, if !interrupted => {
                interrupted = true;
                line.note("stopping the job");
                job = desk.host.post(&format!("jobs/{}/cancel", job.number), Vec::new()).await?.read()?;
            }
            () = tokio::time::sleep(INTERVAL) => job = desk.host.get(&format!("jobs/{}", job.number)).await?,
        }
    }
    line.clear();
    Ok(StartedView { job, resumed })
}

/// Fails if a job has not come to its end, and says how it can.
pub fn ended(job: &JobView) -> Result<(), Failed> {
    let (number, pages) = (job.number, job.counters.pages);
    let again = format!("the same command goes on after page {pages}, --restart begins anew");
    match (job.state, &job.reason) {
        (JobState::Done, _) => Ok(()),
        (JobState::Failed, reason) => {
            let reason = reason.as_deref().unwrap_or("no reason is known");
            Err(Failed::Operation(anyhow!("job {number} failed: {reason}; once that is put right, {again}")))
        }
        (JobState::Cancelled, _) => Err(Failed::Operation(anyhow!("job {number} was stopped; {again}"))),
        (JobState::Running, _) => {
            Err(Failed::Operation(anyhow!("job {number} was interrupted, as the host stopped; {again}")))
        }
    }
}

/// How far a job is, in a line.
fn summary(job: &JobView) -> String {
    let counters = &job.counters;
    let done = match job.kind {
        JobKind::Reconcile => format!("{} compared, {} findings", counters.checked, counters.findings),
        JobKind::Backfill => {
            let (step, steps) = (job.triggers_done + 1, job.names.len());
            let trigger = job.trigger.as_deref().unwrap_or_default();
            let (events, new) = (counters.events, counters.new_events);
            format!("{trigger} ({step} of {steps}), {events} events, {new} of them new")
        }
    };
    let waiting = job.waiting.as_ref().map(|reason| format!("; waiting: {reason}")).unwrap_or_default();
    style::plain(&format!("page {}: {done}{waiting}", counters.pages + 1)).replace('\n', " ")
}

/// Where progress is shown: standard error, so that standard output is the result and nothing else.
enum Line {
    Bar(ProgressBar),
    Lines { shown: Instant },
}

impl Line {
    fn new() -> Line {
        if !std::io::stderr().is_terminal() {
            return Line::Lines { shown: Instant::now() };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(look) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(look);
        }
        bar.enable_steady_tick(INTERVAL);
        Line::Bar(bar)
    }

    fn show(&mut self, job: &JobView) {
        match self {
            Line::Bar(bar) => bar.set_message(summary(job)),
            Line::Lines { shown } if shown.elapsed() >= LINES_INTERVAL => {
                *shown = Instant::now();
                eprintln!("{}", summary(job));
            }
            Line::Lines { .. } => {}
        }
    }

    fn note(&self, text: &str) {
        match self {
            Line::Bar(bar) => bar.println(text),
            Line::Lines { .. } => eprintln!("{text}"),
        }
    }

    fn clear(self) {
        if let Line::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
