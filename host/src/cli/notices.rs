//! `transload notices`: what the host told the outside.

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::Args;
use comfy_table::ContentArrangement;
use transload::contract::Severity;
use transload::notices::Pattern;
use transload::runtime::Clock;
use transload::runtime::admin::{NoticeList, NoticeView};
use transload::storage::{
    EVENTS_PER_LISTING_MAX, NoticeFilter, NoticeStorage as _, Sequence, SqliteStorage, severity_from_name,
};

use super::access::Access;
use super::events::age;
use super::{Failed, print_json, style};

const HEADING: [&str; 7] = ["Notice", "Age", "Type", "Severity", "Connection", "Subject", "What"];

/// The narrowest table, in columns; on a narrower terminal its lines are broken.
const WIDTH_MIN: u16 = 100;

/// How often the journal is looked at for what is new: sooner than a person notices.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Lists what was told to receivers and streams, newest first: alerts, what was handled, what is dead, pauses, swaps, findings
#[derive(Args)]
#[command(after_help = "Exit codes: 0 done, 2 usage.\n\nExamples:\n  transload notices\n  \
                  transload notices --type alert --severity warning\n  \
                  transload notices --type 'fulfillment.*' --connection shop --follow --json")]
pub struct Notices {
    /// Whose type is like this; `*` stands for any characters
    #[arg(long = "type", value_name = "PATTERN")]
    topic: Option<String>,
    /// Of this connection
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// At least this urgent: info, warning, critical
    #[arg(long, value_parser = severity)]
    severity: Option<Severity>,
    /// Older than this number, to go on where a list ended
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    before: Option<Sequence>,
    /// How many, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(EVENTS_PER_LISTING_MAX)))]
    limit: u32,
    /// Print what comes from now on, a line each, until Ctrl-C
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document; with --follow one in each line
    #[arg(long)]
    json: bool,
}

fn severity(text: &str) -> Result<Severity, String> {
    severity_from_name(text).ok_or_else(|| "the severities are info, warning, critical".to_owned())
}

impl Notices {
    pub async fn run(self) -> Result<(), Failed> {
        let (_, storage) = self.access.look()?;
        let filter = NoticeFilter {
            connection: self.connection,
            topic: self.topic,
            severity: self.severity,
            before: self.before,
            limit: self.limit,
        };
        if self.follow {
            return follow(&storage, filter, self.json).await;
        }
        let list = NoticeList::read(&storage, filter).await.map_err(anyhow::Error::new)?;
        if self.json {
            return print_json(&list);
        }
        print(&list);
        Ok(())
    }
}

/// Prints what comes into the journal, whoever writes it.
async fn follow(storage: &SqliteStorage, filter: NoticeFilter, json: bool) -> Result<(), Failed> {
    let newest = NoticeFilter { limit: 1, ..NoticeFilter::default() };
    let newest = storage.notices(newest).await.map_err(anyhow::Error::new)?;
    let mut place = newest.first().map_or(0, |notice| notice.sequence);
    let topic = filter.topic.map(Pattern::new);
    loop {
        let page = storage.notices_after(place, EVENTS_PER_LISTING_MAX).await.map_err(anyhow::Error::new)?;
        if page.is_empty() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        for notice in page {
            place = notice.sequence;
            let wanted = filter.connection.as_ref().is_none_or(|it| *it == notice.connection)
                && topic.as_ref().is_none_or(|it| it.matches(&notice.topic))
                && filter.severity.is_none_or(|least| notice.severity as u8 >= least as u8);
            if wanted {
                print_line(&notice.into(), json)?;
            }
        }
    }
}

fn print_line(notice: &NoticeView, json: bool) -> Result<(), Failed> {
    if json {
        let text = serde_json::to_string(notice).map_err(|error| Failed::Operation(error.into()))?;
        say!("{text}");
    } else {
        say!("{}", cells(notice, notice.at.time.clone()).join("\t"));
    }
    Ok(())
}

fn print(list: &NoticeList) {
    if !std::io::stdout().is_terminal() {
        for notice in &list.notices {
            say!("{}", cells(notice, notice.at.time.clone()).join("\t"));
        }
        return;
    }
    let now = Clock::system().now();
    let mut table = style::table(&HEADING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_some_and(|width| width < WIDTH_MIN) {
        table.set_width(WIDTH_MIN);
    }
    for notice in &list.notices {
        table.add_row(cells(notice, age(now.saturating_sub(notice.at.ms))));
    }
    say!("{table}");
    if let Some(next) = list.next {
        say!("{}", style::dim(&format!("more: --before {next}")));
    }
}

fn cells(notice: &NoticeView, time: String) -> Vec<String> {
    let text = |text: &str| style::plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned();
    vec![
        notice.number.to_string(),
        time,
        notice.topic.clone(),
        notice.severity.clone(),
        notice.connection.clone(),
        text(notice.subject.as_deref().unwrap_or("-")),
        text(&what(notice)),
    ]
}

/// What a notice tells, in a line.
fn what(notice: &NoticeView) -> String {
    let Ok(data) = serde_json::from_str::<serde_json::Value>(notice.data.get()) else { return String::new() };
    let said = |key: &str| data.get(key)?.as_str().map(str::to_owned);
    let effects = data.get("effects").and_then(serde_json::Value::as_array);
    let effects: Vec<&str> =
        effects.into_iter().flatten().filter_map(|effect| effect.get("summary")?.as_str()).collect();
    let text = said("message").or_else(|| said("reason")).unwrap_or_else(|| effects.join("; "));
    match &notice.kind {
        Some(kind) => format!("{kind}: {text}"),
        None => text,
    }
}
