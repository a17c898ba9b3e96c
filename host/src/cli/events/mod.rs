//! `transload events`: what came in, and what became of it.

mod list;
mod timeline;

pub use list::age;

use std::collections::BTreeSet;

use anyhow::anyhow;
use clap::Args;
use serde::Deserialize;
use transload::config::Places;
use transload::runtime::admin::{DeliveryList, EventDetail, EventList};
use transload::storage::{
    ACTIVATIONS_PER_CONNECTION_MAX, DeliveryFilter, EVENTS_PER_LISTING_MAX, EventFilter, Sequence,
    SqliteStorage, State, Storage,
};

use super::access::Access;
use super::remote::{Remote, query};
use super::{Failed, print_json, select, usage};

/// Lists events, newest first; or shows all that is recorded of one: attempts, requests, writes, alerts
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 there is no such event, 2 usage.\n\nExamples:\n  transload events\n  \
                  transload events --connection shop --state dead\n  transload events --subject 64f1c0 --limit 5 --json\n  \
                  transload events 12\n  transload events 12 --full"
)]
pub struct Events {
    /// The number of one event
    #[arg(value_name = "ID", conflicts_with_all = ["connection", "state", "subject", "event", "module", "before", "deliveries"])]
    id: Option<Sequence>,
    /// Of this connection
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// In this state: received, waiting, parked, done, skipped, dead, discarded
    #[arg(long, value_parser = select::state)]
    state: Option<State>,
    /// About this subject; usually an order's id
    #[arg(long)]
    subject: Option<String>,
    /// With this id of the event itself, not its number
    #[arg(long, value_name = "TEXT")]
    event: Option<String>,
    /// Handled last by the module whose digest begins with this
    #[arg(long, value_name = "DIGEST")]
    module: Option<String>,
    /// Older than this number, to go on where a list ended
    #[arg(long, value_name = "N")]
    before: Option<Sequence>,
    /// How many, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(EVENTS_PER_LISTING_MAX)))]
    limit: u32,
    /// List webhooks' deliveries, which events are read from
    #[arg(long, conflicts_with_all = ["subject", "event", "module"])]
    deliveries: bool,
    /// With one event: show headers and bodies too
    #[arg(long, requires = "id")]
    full: bool,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is asked of a running host's listing: who runs. The file has the rest.
#[derive(Deserialize)]
struct Running {
    #[serde(alias = "events", alias = "deliveries")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    number: Sequence,
    running: bool,
}

/// The same of one event.
#[derive(Deserialize)]
struct One {
    event: Row,
}

impl Events {
    pub async fn run(self) -> Result<(), Failed> {
        let (places, storage) = self.access.look()?;
        let host = Remote::find(&places.database).await;
        match self.id {
            Some(number) => self.show(number, &storage, host).await,
            None if self.deliveries => self.list_deliveries(&storage, host).await,
            None => self.list(&places, &storage, host).await,
        }
    }

    async fn show(
        &self,
        number: Sequence,
        storage: &SqliteStorage,
        host: Option<Remote>,
    ) -> Result<(), Failed> {
        let detail = EventDetail::read(storage, number).await.map_err(anyhow::Error::new)?;
        let mut detail =
            detail.ok_or_else(|| anyhow!("there is no event {number}; `transload events` lists them"))?;
        if let Some(host) = host {
            let one = host.get::<One>(&format!("events/{number}")).await;
            detail.event.running = one.is_ok_and(|one| one.event.running);
        }
        if self.json {
            return print_json(&detail);
        }
        timeline::print(&detail, self.full);
        Ok(())
    }

    async fn list(
        &self,
        places: &Places,
        storage: &SqliteStorage,
        host: Option<Remote>,
    ) -> Result<(), Failed> {
        let module = match &self.module {
            Some(digest) => Some(self.digest(digest, places, storage).await?),
            None => None,
        };
        let filter = EventFilter {
            connection: self.connection.clone(),
            id: self.event.clone(),
            subject: self.subject.clone(),
            state: self.state,
            module: module.clone(),
            before: self.before,
            limit: self.limit,
        };
        let mut list = EventList::read(storage, filter).await.map_err(anyhow::Error::new)?;
        let mut asked = self.asked();
        asked.extend([("subject", self.subject.clone()), ("id", self.event.clone()), ("module", module)]);
        let running = running(host, &query("events", &asked)).await;
        for event in &mut list.events {
            event.running = running.contains(&event.number);
        }
        if self.json {
            return print_json(&list);
        }
        list::events(&list);
        Ok(())
    }

    async fn list_deliveries(&self, storage: &SqliteStorage, host: Option<Remote>) -> Result<(), Failed> {
        let Events { state, before, limit, .. } = *self;
        let filter = DeliveryFilter { connection: self.connection.clone(), state, before, limit };
        let records = storage.deliveries(filter).await.map_err(anyhow::Error::new)?;
        let mut list = DeliveryList::of(records, limit);
        let running = running(host, &query("deliveries", &self.asked())).await;
        for delivery in &mut list.deliveries {
            delivery.running = running.contains(&delivery.number);
        }
        if self.json {
            return print_json(&list);
        }
        list::deliveries(&list);
        Ok(())
    }

    fn asked(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("connection", self.connection.clone()),
            ("state", self.state.map(|state| state.to_string())),
            ("before", self.before.map(|before| before.to_string())),
            ("limit", Some(self.limit.to_string())),
        ]
    }

    /// The whole digest that begins with `text`, among the modules that the connections ran on.
    async fn digest(&self, text: &str, places: &Places, storage: &SqliteStorage) -> Result<String, Failed> {
        let wanted = format!("sha256:{}", text.trim_start_matches("sha256:").to_ascii_lowercase());
        let mut found = BTreeSet::new();
        for connection in self.connection.iter().chain(&places.connections) {
            let ran = storage.activations(connection, ACTIVATIONS_PER_CONNECTION_MAX).await;
            let ran = ran.map_err(anyhow::Error::new)?.into_iter().map(|it| it.module);
            found.extend(ran.filter(|digest| digest.starts_with(&wanted)));
        }
        match (found.pop_first(), found.is_empty()) {
            (Some(digest), true) => Ok(digest),
            (Some(_), false) => Err(usage(anyhow!("several modules begin with {text}; give more digits"))),
            // A module of long ago, or a database without its configuration: the digest may still be whole.
            (None, _) => Ok(wanted),
        }
    }
}

/// What runs now, of what `path` lists. Nothing if no host answers.
async fn running(host: Option<Remote>, path: &str) -> BTreeSet<Sequence> {
    let Some(host) = host else { return BTreeSet::new() };
    let rows = host.get::<Running>(path).await.map(|running| running.rows).unwrap_or_default();
    rows.into_iter().filter(|row| row.running).map(|row| row.number).collect()
}
