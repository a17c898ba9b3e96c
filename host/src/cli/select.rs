//! Which work `retry` and `discard` are about, and doing it.

use anyhow::ensure;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use transload::runtime::Clock;
use transload::storage::{
    DeliveryFilter, EVENTS_PER_LISTING_MAX, EventFilter, SqliteStorage, State, Storage, WorkId,
};

use super::access::{Access, Hand};
use super::{Failed, print_json, style};

/// Pieces of work that are selected by state without `--yes`: as many as a person reads through.
const UNASKED_MAX: usize = 20;

/// Pieces of work of one selection. More are taken in several turns.
const SELECTED_MAX: usize = 100_000;

/// Which work.
#[derive(Args)]
pub struct Selection {
    /// Numbers of events; delivery:N for a delivery
    #[arg(value_name = "ID", value_parser = work, required_unless_present = "state")]
    ids: Vec<WorkId>,
    /// All events and deliveries in this state: dead, parked, waiting or received
    #[arg(long, value_parser = open_or_dead, conflicts_with = "ids")]
    state: Option<State>,
    /// Of this connection only
    #[arg(long, value_name = "NAME", requires = "state")]
    connection: Option<String>,
    /// Go on when --state selects more than 20
    #[arg(long)]
    yes: bool,
}

/// What a person decides about work.
pub enum Verdict {
    /// It runs again.
    Retry,
    /// It is given up, for this reason.
    Discard(String),
}

/// Work, and what came of the decision about it.
#[derive(Serialize, Deserialize)]
struct Decided {
    work: WorkId,
    was: State,
    state: State,
}

impl Selection {
    /// Decides about all of it; prints what came of each. Fails if any could not be decided about.
    pub async fn decide(&self, access: &Access, verdict: &Verdict, json: bool) -> Result<(), Failed> {
        let (_, hand) = access.act().await?;
        let (mut decided, mut failed) = (Vec::new(), Vec::new());
        for work in self.work(access).await? {
            match hand.decide(work, verdict).await {
                Ok(done) => {
                    if !json {
                        let (was, state) = (done.was, done.state);
                        say!("{}  {work} was {was} and is {state}", style::good("ok"));
                    }
                    decided.push(done);
                }
                Err(error) => {
                    if !json {
                        say!("{}  {error:#}", style::bad("no"));
                    }
                    failed.push(json!({ "work": work, "error": format!("{error:#}") }));
                }
            }
        }
        if json {
            print_json(&json!({ "decided": decided, "failed": failed }))?;
        } else if decided.is_empty() && failed.is_empty() {
            say!("nothing is selected");
        } else if matches!(hand, Hand::File(_)) && matches!(verdict, Verdict::Retry) {
            say!("no host is running: it happens when one is started");
        }
        if failed.is_empty() { Ok(()) } else { Err(Failed::Said(1)) }
    }

    /// The work, oldest first.
    async fn work(&self, access: &Access) -> Result<Vec<WorkId>, Failed> {
        let Some(state) = self.state else { return Ok(self.ids.clone()) };
        let (_, storage) = access.look()?;
        let mut work =
            select(&storage, state, self.connection.as_deref()).await.map_err(anyhow::Error::new)?;
        work.reverse();
        allowed(work.len(), state, self.yes).map_err(Failed::Usage)?;
        Ok(work)
    }
}

/// Fails if so many have to be confirmed and are not.
fn allowed(count: usize, state: State, yes: bool) -> anyhow::Result<()> {
    ensure!(
        count <= UNASKED_MAX || yes,
        "{count} are {state}; add --yes to decide about all of them at once"
    );
    Ok(())
}

impl Hand {
    async fn decide(&self, work: WorkId, verdict: &Verdict) -> anyhow::Result<Decided> {
        match (self, verdict) {
            (Hand::Host(host), _) => {
                let (action, body) = match verdict {
                    Verdict::Retry => ("retry", Vec::new()),
                    Verdict::Discard(reason) => {
                        ("discard", serde_json::to_vec(&json!({ "reason": reason }))?)
                    }
                };
                let (kind, number) = match work {
                    WorkId::Event(number) => ("events", number),
                    WorkId::Delivery(number) => ("deliveries", number),
                };
                host.post(&format!("{kind}/{number}/{action}"), body).await?.read()
            }
            (Hand::File(storage), Verdict::Retry) => {
                let was = storage.retry(work, Clock::system().now()).await?;
                Ok(Decided { work, was, state: State::Received })
            }
            (Hand::File(storage), Verdict::Discard(reason)) => {
                let was = storage.discard(work, reason.clone(), Clock::system().now()).await?;
                Ok(Decided { work, was, state: State::Discarded })
            }
        }
    }
}

/// The work in a state, newest first, events before the deliveries that bring more of them.
async fn select(
    storage: &SqliteStorage,
    state: State,
    connection: Option<&str>,
) -> Result<Vec<WorkId>, transload::storage::StorageError> {
    let (state, connection) = (Some(state), connection.map(str::to_owned));
    let limit = EVENTS_PER_LISTING_MAX;
    let (mut work, mut before) = (Vec::new(), None);
    loop {
        let filter =
            EventFilter { connection: connection.clone(), state, before, limit, ..EventFilter::default() };
        let page = storage.events(filter).await?;
        work.extend(page.iter().map(|event| WorkId::Event(event.sequence)));
        before = page.last().map(|event| event.sequence);
        if before.is_none() || work.len() >= SELECTED_MAX {
            break;
        }
    }
    before = None;
    while work.len() < SELECTED_MAX {
        let page = storage
            .deliveries(DeliveryFilter { connection: connection.clone(), state, before, limit })
            .await?;
        work.extend(page.iter().map(|delivery| WorkId::Delivery(delivery.sequence)));
        before = page.last().map(|delivery| delivery.sequence);
        if before.is_none() {
            break;
        }
    }
    work.truncate(SELECTED_MAX);
    Ok(work)
}

/// `12` or `event:12` for an event, `delivery:12` for a delivery.
pub fn work(text: &str) -> Result<WorkId, String> {
    let (kind, number) = text.split_once(':').unwrap_or(("event", text));
    let wrong = || "write the number of an event, or delivery:N for a delivery".to_owned();
    let number = number.parse().map_err(|_| wrong())?;
    match kind {
        "event" => Ok(WorkId::Event(number)),
        "delivery" => Ok(WorkId::Delivery(number)),
        _ => Err(wrong()),
    }
}

/// A state by its name.
pub fn state(text: &str) -> Result<State, String> {
    let names: Vec<&str> = State::ALL.into_iter().map(State::name).collect();
    State::from_name(text).ok_or_else(|| format!("the states are {}", names.join(", ")))
}

fn open_or_dead(text: &str) -> Result<State, String> {
    let state = state(text)?;
    if state.can_retry() { Ok(state) } else { Err(format!("what is {state} has ended for good")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_person_reads_through_has_to_be_confirmed() {
        assert!(allowed(20, State::Dead, false).is_ok());
        assert!(allowed(21, State::Dead, false).unwrap_err().to_string().contains("21 are dead; add --yes"));
        assert!(allowed(21, State::Dead, true).is_ok());
    }

    #[test]
    fn work_is_named_by_its_number() {
        assert_eq!(work("12"), Ok(WorkId::Event(12)));
        assert_eq!(work("event:12"), Ok(WorkId::Event(12)));
        assert_eq!(work("delivery:7"), Ok(WorkId::Delivery(7)));
        for wrong in ["", "x", "-1", "order:1", "delivery:", "12:event"] {
            assert!(work(wrong).is_err(), "{wrong}");
        }
        assert!(open_or_dead("done").is_err());
        assert_eq!(open_or_dead("dead"), Ok(State::Dead));
    }
}
