//! Events: handled one after another, with what follows from them.

use std::collections::{BTreeSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::answer::Problem;
use crate::bindings::transload::adapter::session::{self, Access};
use crate::bindings::transload::connector::events;
use crate::bindings::transload::connector::types::{Change, Envelope, Event, Receipt};
use crate::call::call;

/// Events of one request, those that follow included. An order's webhook has a handful; more go round in a circle.
const EVENTS_MAX: usize = 200;

/// What handlers are told of earlier attempts: there may have been one, since the sender comes back after a failure and
/// nothing here counts. So they look before they write.
const ATTEMPT: u32 = 2;

/// What became of an event.
#[derive(Serialize)]
pub(crate) struct Handled {
    id: String,
    subject: String,
    /// None for an event that was handled before.
    receipt: Option<Receipt>,
}

/// Handle events and those that follow. Fails with the first failure; what is done stays done.
pub(crate) fn handle(events: Vec<Event>) -> Result<Vec<Handled>, Problem> {
    let mut queue = VecDeque::from(events);
    let mut seen = BTreeSet::new();
    let mut handled = Vec::new();
    while let Some(event) = queue.pop_front() {
        if !seen.insert(event.id.clone()) {
            continue;
        }
        if seen.len() > EVENTS_MAX {
            return Err(Problem::new(500, format!("more than {EVENTS_MAX} events follow from one request")));
        }
        let (id, subject) = (event.id.clone(), event.subject.clone());
        let receipt = one(event)?;
        if let Some(Receipt::Done(report)) = &receipt {
            queue.extend(report.follow_ups.iter().cloned());
        }
        handled.push(Handled { id, subject, receipt });
    }
    Ok(handled)
}

/// Handle one event; none if it was handled before.
fn one(event: Event) -> Result<Option<Receipt>, Problem> {
    let name = format!("event/{}", hex::encode(Sha256::digest(&event.id)));
    if session::recall(&name).map_err(Problem::later)?.is_some() {
        return Ok(None);
    }
    let Event { id, source, subject, occurred_at, raw, change } = event;
    let envelope = Envelope { id, source, subject, occurred_at, received_at: now(), attempt: ATTEMPT, raw };
    let run = || match &change {
        Change::Order(order) => events::on_order(&envelope, order),
        Change::Fulfillment(fulfillment) => events::on_fulfillment(&envelope, fulfillment),
        Change::Transaction(transaction) => events::on_transaction(&envelope, transaction),
        Change::Subscription(subscription) => events::on_subscription(&envelope, subscription),
        Change::Invoice(invoice) => events::on_invoice(&envelope, invoice),
    };
    let keep = |_: &Receipt| {
        session::remember(&name, b"handled");
        Ok(())
    };
    call(Access::Event, run, keep).map(Some)
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
