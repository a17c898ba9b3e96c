//! `transload outbox`: notices on their way to receivers.

use std::io::IsTerminal as _;

use anyhow::ensure;
use clap::{Args, Subcommand};
use comfy_table::ContentArrangement;
use serde::{Deserialize, Serialize};
use serde_json::json;
use transload::runtime::Clock;
use transload::runtime::admin::{PostingList, PostingView};
use transload::storage::{
    EVENTS_PER_LISTING_MAX, NoticeStorage as _, PostingFilter, PostingState, Sequence, SqliteStorage,
};

use super::access::{Access, Hand};
use super::events::age;
use super::{Failed, discard, print_json, style};

const HEADING: [&str; 8] = ["Number", "Age", "Receiver", "Type", "Subject", "State", "Failed", "Reason"];

/// The narrowest table, in columns; on a narrower terminal its lines are broken.
const WIDTH_MIN: u16 = 100;

/// Notices that --all-dead selects without --yes: as many as a person reads through.
const UNASKED_MAX: usize = 20;

/// Notices of one selection. More are taken in several turns.
const SELECTED_MAX: usize = 100_000;

/// Shows what waits for receivers and what could not be delivered; has it sent again or gives it up
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 done, 1 some could not be decided about, 2 usage.\n\nExamples:\n  transload outbox\n  \
                  transload outbox --receiver ops --state dead\n  transload outbox retry 12\n  \
                  transload outbox retry --all-dead --receiver ops --yes\n  \
                  transload outbox discard 12 --reason \"told by phone\""
)]
pub struct Outbox {
    #[command(subcommand)]
    verdict: Option<Verdict>,
    /// For this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,
    /// In this state: waiting, delivered, dead, discarded
    #[arg(long, value_parser = state)]
    state: Option<PostingState>,
    /// Older than this number, to go on where a list ended
    #[arg(long, value_name = "N")]
    before: Option<Sequence>,
    /// How many, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(EVENTS_PER_LISTING_MAX)))]
    limit: u32,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Verdict {
    Retry(Retry),
    Discard(Discard),
}

/// Has notices sent again that are dead or waiting, under the same webhook-id
#[derive(Args)]
struct Retry {
    /// Numbers of the outbox
    #[arg(value_name = "ID", required_unless_present = "all_dead")]
    ids: Vec<Sequence>,
    /// All that could not be delivered
    #[arg(long, conflicts_with = "ids")]
    all_dead: bool,
    /// For this receiver only
    #[arg(long, value_name = "NAME", requires = "all_dead")]
    receiver: Option<String>,
    /// Go on when --all-dead selects more than 20
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Gives notices up for good that are dead or waiting
#[derive(Args)]
struct Discard {
    /// Numbers of the outbox
    #[arg(value_name = "ID", required = true)]
    ids: Vec<Sequence>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A notice, and what came of the decision about it.
#[derive(Serialize, Deserialize)]
struct Decided {
    number: Sequence,
    was: PostingState,
    state: PostingState,
}

fn state(text: &str) -> Result<PostingState, String> {
    let names: Vec<&str> = PostingState::ALL.into_iter().map(PostingState::name).collect();
    PostingState::from_name(text).ok_or_else(|| format!("the states are {}", names.join(", ")))
}

impl Outbox {
    pub async fn run(self) -> Result<(), Failed> {
        match self.verdict {
            Some(Verdict::Retry(retry)) => retry.run().await,
            Some(Verdict::Discard(discard)) => discard.run().await,
            None => {
                let (_, storage) = self.access.look()?;
                let Outbox { receiver, state, before, limit, json, .. } = self;
                let filter = PostingFilter { receiver, state, before, limit };
                let list = PostingList::read(&storage, filter).await.map_err(anyhow::Error::new)?;
                if json {
                    return print_json(&list);
                }
                print(&list);
                Ok(())
            }
        }
    }
}

impl Retry {
    async fn run(self) -> Result<(), Failed> {
        let numbers = if self.all_dead {
            let (_, storage) = self.access.look()?;
            let dead = dead(&storage, self.receiver).await.map_err(anyhow::Error::new)?;
            allowed(dead.len(), self.yes).map_err(Failed::Usage)?;
            dead
        } else {
            self.ids
        };
        decide(&self.access, &numbers, None, self.json).await
    }
}

impl Discard {
    async fn run(self) -> Result<(), Failed> {
        let reason = discard::reason(self.reason)?;
        decide(&self.access, &self.ids, Some(&reason), self.json).await
    }
}

/// All that is dead, oldest first.
async fn dead(
    storage: &SqliteStorage,
    receiver: Option<String>,
) -> Result<Vec<Sequence>, transload::storage::StorageError> {
    let (mut numbers, mut before) = (Vec::new(), None);
    while numbers.len() < SELECTED_MAX {
        let (state, limit) = (Some(PostingState::Dead), EVENTS_PER_LISTING_MAX);
        let filter = PostingFilter { receiver: receiver.clone(), state, before, limit };
        let page = storage.postings(filter).await?;
        numbers.extend(page.iter().map(|posting| posting.number));
        before = page.last().map(|posting| posting.number);
        if before.is_none() {
            break;
        }
    }
    numbers.truncate(SELECTED_MAX);
    numbers.reverse();
    Ok(numbers)
}

/// Fails if so many have to be confirmed and are not.
fn allowed(count: usize, yes: bool) -> anyhow::Result<()> {
    ensure!(
        count <= UNASKED_MAX || yes,
        "{count} notices are dead; add --yes to have all of them sent again"
    );
    Ok(())
}

/// Has notices sent again or, for a reason, given up; prints what came of each.
async fn decide(
    access: &Access,
    numbers: &[Sequence],
    reason: Option<&str>,
    json: bool,
) -> Result<(), Failed> {
    let (_, hand) = access.act().await?;
    let (mut decided, mut failed) = (Vec::new(), Vec::new());
    for number in numbers {
        match one(&hand, *number, reason).await {
            Ok(done) => {
                if !json {
                    let (ok, was, state) = (style::good("ok"), done.was, done.state);
                    say!("{ok}  notice {number} of the outbox was {was} and is {state}");
                }
                decided.push(done);
            }
            Err(error) => {
                if !json {
                    say!("{}  {error:#}", style::bad("no"));
                }
                failed.push(json!({ "number": number, "error": format!("{error:#}") }));
            }
        }
    }
    if json {
        print_json(&json!({ "decided": decided, "failed": failed }))?;
    } else if matches!(hand, Hand::File(_)) && reason.is_none() {
        say!("no host is running: it happens when one is started");
    }
    if failed.is_empty() { Ok(()) } else { Err(Failed::Said(1)) }
}

async fn one(hand: &Hand, number: Sequence, reason: Option<&str>) -> anyhow::Result<Decided> {
    let now = Clock::system().now();
    match (hand, reason) {
        (Hand::Host(host), None) => host.post(&format!("outbox/{number}/retry"), Vec::new()).await?.read(),
        (Hand::Host(host), Some(reason)) => {
            let body = serde_json::to_vec(&json!({ "reason": reason }))?;
            host.post(&format!("outbox/{number}/discard"), body).await?.read()
        }
        (Hand::File(storage), None) => {
            let was = storage.retry_posting(number, now).await?.state;
            Ok(Decided { number, was, state: PostingState::Waiting })
        }
        (Hand::File(storage), Some(reason)) => {
            let was = storage.discard_posting(number, reason.to_owned(), now).await?.state;
            Ok(Decided { number, was, state: PostingState::Discarded })
        }
    }
}

fn print(list: &PostingList) {
    if !std::io::stdout().is_terminal() {
        for posting in &list.outbox {
            say!("{}", cells(posting, posting.at.time.clone()).join("\t"));
        }
        return;
    }
    let now = Clock::system().now();
    for count in &list.counts {
        say!("{}: {} {}", count.receiver, count.count, count.state);
    }
    let mut table = style::table(&HEADING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_some_and(|width| width < WIDTH_MIN) {
        table.set_width(WIDTH_MIN);
    }
    for posting in &list.outbox {
        table.add_row(cells(posting, age(now.saturating_sub(posting.at.ms))));
    }
    say!("{table}");
    if let Some(next) = list.next {
        say!("{}", style::dim(&format!("more: --before {next}")));
    }
}

fn cells(posting: &PostingView, time: String) -> Vec<String> {
    let text = |text: &str| style::plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned();
    vec![
        posting.number.to_string(),
        time,
        posting.receiver.clone(),
        posting.topic.clone(),
        text(posting.subject.as_deref().unwrap_or("-")),
        posting.state.to_string(),
        posting.failed_attempts.to_string(),
        text(posting.reason.as_deref().unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_person_reads_through_has_to_be_confirmed() {
        assert!(allowed(20, false).is_ok());
        assert!(allowed(21, false).unwrap_err().to_string().contains("21 notices are dead; add --yes"));
        assert!(allowed(21, true).is_ok());
    }
}
