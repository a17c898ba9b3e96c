//! `transload findings`: what reconciliations found, and what was decided about it.

use std::io::IsTerminal as _;

use anyhow::anyhow;
use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement};
use transload::runtime::admin::{FindingList, FindingView, SideView, TallyView};
use transload::storage::{EVENTS_PER_LISTING_MAX, FindingFilter, FindingState, Sequence, Storage as _};

use super::access::Access;
use super::{Failed, print_json, style, usage};

const HEADING: [&str; 9] =
    ["Finding", "Severity", "Kind", "Subject", "Left", "Right", "Certainty", "State", "Repair"];

/// The narrowest table, in columns; on a narrower terminal its lines are broken.
const WIDTH_MIN: u16 = 120;

/// Lists what reconciliations found, newest first; or shows one finding
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 there is no such finding, 2 usage.\n\nExamples:\n  transload findings shop\n  \
                  transload findings shop --state resolved --json\n  transload findings shop order-64f1c0/missing"
)]
pub struct Findings {
    /// The connection
    connection: String,
    /// The id of one finding
    #[arg(value_name = "ID", conflicts_with_all = ["state", "before"])]
    id: Option<String>,
    /// In this state: open, repairing, resolved, ignored, all
    #[arg(long, default_value = "open", value_parser = states)]
    state: States,
    /// Older than this number, to go on where a list ended
    #[arg(long, value_name = "N")]
    before: Option<Sequence>,
    /// How many, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(EVENTS_PER_LISTING_MAX)))]
    limit: u32,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// One state or all of them.
#[derive(Clone, Copy)]
struct States(Option<FindingState>);

fn states(text: &str) -> Result<States, String> {
    match FindingState::from_name(text) {
        Some(state) => Ok(States(Some(state))),
        None if text == "all" => Ok(States(None)),
        None => {
            let names: Vec<&str> = FindingState::ALL.into_iter().map(FindingState::name).collect();
            Err(format!("the states are {}, all", names.join(", ")))
        }
    }
}

impl Findings {
    pub async fn run(self) -> Result<(), Failed> {
        let (places, storage) = self.access.look()?;
        let known = &places.connections;
        if !known.is_empty() && !known.contains(&self.connection) {
            return Err(usage(anyhow!(
                "there is no connection {:?}; there are: {}",
                self.connection,
                known.join(", ")
            )));
        }
        if let Some(id) = &self.id {
            let found = storage.finding(&self.connection, id).await.map_err(anyhow::Error::new)?;
            let found =
                found.ok_or_else(|| anyhow!("there is no finding {id:?} of {}", self.connection))?.into();
            if self.json {
                return print_json(&found);
            }
            print_one(&found);
            return Ok(());
        }
        let filter = FindingFilter {
            connection: Some(self.connection),
            state: self.state.0,
            job: None,
            before: self.before,
            limit: self.limit,
        };
        let list = FindingList::read(&storage, filter).await.map_err(anyhow::Error::new)?;
        if self.json {
            return print_json(&list);
        }
        print_findings(&list, "more: --before");
        Ok(())
    }
}

/// Prints findings, the gravest first: a table on a terminal, a line each on a pipe. `more` says how to go on.
pub fn print_findings(list: &FindingList, more: &str) {
    let rank = |finding: &FindingView| match finding.severity.as_str() {
        "critical" => 0,
        "warning" => 1,
        _ => 2,
    };
    let mut findings: Vec<&FindingView> = list.findings.iter().collect();
    findings.sort_by_key(|finding| (rank(finding), finding.number));
    if !std::io::stdout().is_terminal() {
        for finding in findings {
            say!("{}", cells(finding).join("\t"));
        }
        return;
    }
    if !findings.is_empty() {
        let mut table = style::table(&HEADING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_some_and(|width| width < WIDTH_MIN) {
            table.set_width(WIDTH_MIN);
        }
        for finding in findings {
            let colour = match finding.severity.as_str() {
                "critical" => Color::Red,
                "warning" => Color::Yellow,
                _ => Color::Reset,
            };
            let cells = cells(finding).into_iter().enumerate();
            table.add_row(cells.map(|(column, text)| {
                let cell = Cell::new(text);
                if column == 1 { cell.fg(colour) } else { cell }
            }));
        }
        say!("{table}");
    }
    if let Some(next) = list.next {
        say!("{}", style::dim(&format!("{more} {next}")));
    }
}

/// Prints what became of the money, by system and currency.
pub fn print_tallies(tallies: &[TallyView]) {
    for TallyView { system, currency, rows, total, matched, left_over } in tallies {
        let text = format!(
            "{system} {currency}: {rows} rows, total {total} = matched {matched} + left over {left_over}"
        );
        say!("{}", line(&text));
    }
}

fn print_one(finding: &FindingView) {
    let FindingView { id, kind, severity, certainty, subject, message, state, .. } = finding;
    say!("{} {}", style::bold(&format!("Finding {id}:")), line(message));
    say!("  {severity} {}, {certainty}, about {}: {state}", line(kind), line(subject));
    say!("  left   {}", side(&finding.left));
    say!("  right  {}", side(&finding.right));
    if let Some(repair) = &finding.repair {
        say!("  repair {} (event {})", line(&repair.title), line(&repair.event));
        if let Some((event, at)) = &repair.submitted {
            say!("         handed in at {} as event {}", at.time, line(event));
        }
    }
    if let Some(decision) = &finding.decision {
        say!("  {} at {}: {}", decision.decision.name(), decision.at.time, line(&decision.reason));
    }
    let (first, last) = (&finding.first_seen, &finding.last_seen);
    say!(
        "  found first at {} by job {}, last at {} by job {}",
        first.at.time,
        first.job,
        last.at.time,
        last.job
    );
}

fn cells(finding: &FindingView) -> [String; 9] {
    let state = match &finding.decision {
        Some(decision) => format!("{}, {}", finding.state, decision.decision.name()),
        None => finding.state.to_string(),
    };
    [
        line(&finding.id),
        finding.severity.clone(),
        line(&finding.kind),
        line(&finding.subject),
        side(&finding.left),
        side(&finding.right),
        finding.certainty.clone(),
        state,
        line(finding.repair.as_ref().map_or("-", |repair| &repair.title)),
    ]
}

/// What one system says: `ghl 64f1c0 150.10 USD`.
fn side(side: &SideView) -> String {
    let none = Some("-".to_owned()).filter(|_| side.id.is_none());
    let money = side.amount.as_ref().zip(side.currency.as_ref());
    let money = money.map(|(amount, currency)| format!("{amount} {currency}"));
    let parts = [Some(side.system.clone()), side.id.clone(), none, side.value.clone(), money];
    line(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// A text in one line.
fn line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    style::plain(&words).into_owned()
}
