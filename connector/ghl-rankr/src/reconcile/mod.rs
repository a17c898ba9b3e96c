//! Comparing what both systems hold.
//!
//! A comparison goes through phases, a page at a time, each page in a fresh instance. First, what Rankr lists is taken down; from
//! the second run on, what GoHighLevel's payments look like, too. Then GoHighLevel's lists are gone through: every order of the time against
//! its payments, Rankr's order and the fulfilments of both; payments, invoices and subscriptions against Rankr's. What lists
//! tell alike, and what in Rankr is just what was last written there, costs no call of its own; the rest is read from both
//! sides anew, and held against what the flows would write. Then GoHighLevel is asked, once, for what Rankr has and no list of GoHighLevel's had;
//! and last, what is left over of the money is matched by amount, customer and date.
//!
//! It reads only. What the settings leave out is no difference.

mod goods;
mod invoices;
mod kinds;
mod listed;
mod orders;
mod payments;
mod subscriptions;
mod unknown;
mod unlike;

use serde::{Deserialize, Serialize};
use transload_flows::reconcile::{self, Difference, left_over, survey};
use transload_sdk::{Context, Failure, Finding, FindingPage, Scope, rejected};

use crate::settings::{Connection, Settings};
use listed::Listed;

/// What is being compared. Names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    /// What Rankr lists.
    Rankr {
        kind: Listed,
        /// Where Rankr's next page begins, by Rankr; none before the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    ListedPayments,
    Orders,
    Payments,
    Invoices,
    Subscriptions,
    /// What of Rankr's no list of GoHighLevel's had.
    Unknown(Listed),
    LeftOver,
}

type Cursor = reconcile::Cursor<Phase>;

/// Compares one page of `scope`.
pub fn page(cx: &Context, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
    let settings: Settings = cx.settings()?;
    let mut at: Cursor = match cursor {
        Some(text) => Cursor::read(scope, &kinds::ALL, text)?,
        None => begin(cx, scope)?,
    };
    let both = Connection::new(cx, &settings);
    let page = match at.phase.clone() {
        Phase::Rankr { kind, after } => listed::page(&both, scope, &mut at, kind, after.as_deref()),
        Phase::ListedPayments => survey::payments(&both, scope, &mut at, Phase::Orders),
        Phase::Orders => reconcile::orders::page(&both, &both, scope, &mut at, Phase::Payments),
        Phase::Payments => payments::page(&both, scope, &mut at),
        Phase::Invoices => invoices::page(&both, scope, &mut at),
        Phase::Subscriptions => subscriptions::page(&both, scope, &mut at),
        Phase::Unknown(kind) => unknown::page(&both, &mut at, kind),
        Phase::LeftOver => {
            listed::forget(cx, &at.scope)?;
            left_over::page(cx, &mut at, orders::unpaid)
        }
    }?;
    reconcile::told(cx, scope, &mut at, page)
}

/// What follows the payments, of what the settings have held in Rankr.
fn after_payments(both: &Connection) -> Phase {
    if both.settings.own.invoices.sync { Phase::Invoices } else { after_invoices(both) }
}

/// What follows the invoices.
fn after_invoices(both: &Connection) -> Phase {
    let unknown = Phase::Unknown(Listed::Orders);
    if both.settings.own.subscriptions.sync { Phase::Subscriptions } else { unknown }
}

fn begin(cx: &Context, scope: &Scope) -> Result<Cursor, Failure> {
    let first = |_| Phase::Rankr { kind: Listed::Orders, after: None };
    let at = reconcile::begin(cx, scope, &kinds::ALL, first)?;
    // Of a run that was given up.
    listed::forget(cx, &at.scope)?;
    Ok(at)
}

/// Compares the one order `order_id`, now. Fails with `rejected` when GoHighLevel has no such order.
pub fn order(connection: &Connection, order_id: &str) -> Result<Vec<Finding>, Failure> {
    let found = reconcile::orders::compare_one(connection, connection, order_id)?;
    let found = found.ok_or_else(|| rejected(format!("GoHighLevel has no order {order_id}")))?;
    Ok(found.into_iter().map(Difference::finding).collect())
}

#[cfg(test)]
mod tests;
