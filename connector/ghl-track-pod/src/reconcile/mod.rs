//! Comparing what both systems hold.
//!
//! A comparison goes through phases, a page at a time, each page in a fresh instance: from the second run on, first what both
//! vendors' lists tell, so that an order of which nothing has changed costs no call of its own; then every order of the time against its
//! payments, its delivery and its fulfilments; each day's deliveries against the orders they name; the payments that belong
//! to no order of the time; and last, what is left over on both sides, by amount, customer and date. Between pages the cursor
//! holds the sums, and the store what is known of each order and which rows are left over.
//!
//! It reads only. An order that stands as it did when nothing was wrong with it is not read in full again. What the settings leave
//! out is no difference.

mod deliveries;
mod goods;
mod kinds;
mod money;
mod orders;
mod outside;
mod snapshot;
mod state;
mod survey;

use serde::{Deserialize, Serialize};
use transload_flows::events::GHL;
use transload_flows::reconcile::{self, Difference, Remedy, left_over, payments};
use transload_model::{Change, Fulfillment, Order};
use transload_sdk::{Context, Failure, Finding, FindingPage, Scope, rejected};

use crate::settings::Connection;

/// Track-POD's API, as findings name it.
const TRACK_POD: &str = "track-pod";

/// What is being compared. Names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    ListedDeliveries,
    ListedPayments,
    Orders,
    Deliveries,
    Payments,
    LeftOver,
}

type Cursor = reconcile::Cursor<Phase>;

/// Compares one page of `scope`.
pub fn page(cx: &Context, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
    let first = |is_listed| if is_listed { Phase::ListedDeliveries } else { Phase::Orders };
    let mut at: Cursor = match cursor {
        Some(text) => Cursor::read(scope, &kinds::ALL, text)?,
        None => reconcile::begin(cx, scope, &kinds::ALL, first)?,
    };
    let settings = cx.settings()?;
    let both = Connection::new(cx, &settings);
    let page = match at.phase {
        Phase::ListedDeliveries => survey::page(&both, scope, &mut at),
        Phase::ListedPayments => reconcile::survey::payments(&both, scope, &mut at, Phase::Orders),
        Phase::Orders => reconcile::orders::page(&both, &both, scope, &mut at, Phase::Deliveries),
        Phase::Deliveries => deliveries::page(&both, scope, &mut at),
        Phase::Payments => payments::page(&both, scope, &mut at, Phase::LeftOver, &|_, _, _| Ok(())),
        Phase::LeftOver => left_over::page(cx, &mut at, orders::unpaid),
    }?;
    reconcile::told(cx, scope, &mut at, page)
}

/// Compares the one order `order_id`, now. Fails with `rejected` when GoHighLevel has no such order.
pub fn order(connection: &Connection, order_id: &str) -> Result<Vec<Finding>, Failure> {
    let found = reconcile::orders::compare_one(connection, connection, order_id)?;
    let found = found.ok_or_else(|| rejected(format!("GoHighLevel has no order {order_id}")))?;
    Ok(found.into_iter().map(Difference::finding).collect())
}

/// Handling `order` again.
fn by_order(order: &Order) -> Remedy {
    let title = "bring the delivery up to date with the order";
    Remedy { title, source: GHL, change: Change::Order(order.clone()) }
}

/// Handling `fulfillment` again.
fn by_delivery(fulfillment: &Fulfillment) -> Remedy {
    let title = "write what was delivered back to GoHighLevel";
    Remedy { title, source: TRACK_POD, change: Change::Fulfillment(fulfillment.clone()) }
}

#[cfg(test)]
mod tests;
