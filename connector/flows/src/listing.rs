//! GoHighLevel's listings, a page at a time.
//!
//! They cannot be asked for what changed, only for what was made since a day (which field the day is compared with, and in
//! which time zone, is not documented). So every round looks at the last two days, and once an hour at everything that is
//! still watched. What was seen before has the same event id, and the host drops it.

use serde::{Deserialize, Serialize};
use transload_ghl::{InvoiceQuery, OrderQuery, SubscriptionQuery, TransactionQuery};
use transload_model::Instant;
use transload_sdk::{Event, EventPage, Failure, Window};
use transload_wire::ApiError;

use crate::cursor::{DAY_MS, HOUR_MS, bad_cursor, cursor_text, later};
use crate::events::{invoice_event, order_event, subscription_event, transaction_event};
use crate::{Shop, ShopSettings};

/// The trigger that polls GoHighLevel's orders, for setups without its webhooks.
pub const ORDERS: &str = "order-list";

/// The trigger that polls GoHighLevel's transactions.
pub const TRANSACTIONS: &str = "transactions";

/// The trigger that polls GoHighLevel's subscriptions.
pub const SUBSCRIPTIONS: &str = "subscriptions";

/// The trigger that polls GoHighLevel's invoices, for setups without its webhooks.
pub const INVOICES: &str = "invoice-list";

/// Rows of a page. GoHighLevel documents no maximum; 100 is what its clients use.
const PAGE_ROWS: u32 = 100;

/// A listing that is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Orders, for setups without webhooks.
    Orders,
    /// Transactions, for which there are no webhooks.
    Transactions,
    /// Subscriptions, for which there are none either.
    Subscriptions,
    /// Invoices, for setups without webhooks.
    Invoices,
}

/// Where polling stands. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Rows made before this are history, and left alone.
    since: u64,
    /// When the last look at everything that is still watched began.
    wide_at: u64,
    /// The round under way: where it started to look, and how many rows it has seen.
    round: Option<Round>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    start: u64,
    offset: u64,
}

/// Where a backfill stands: how many rows it has seen.
#[derive(Default, Serialize, Deserialize)]
struct Seen {
    offset: u64,
}

/// A page of rows as events, each with the time by which it is old or new.
struct Rows {
    events: Vec<(Option<Instant>, Event)>,
    total: u64,
}

impl Listing {
    /// The listing that the trigger of this name polls; none if it is another's.
    pub fn of(trigger: &str) -> Option<Self> {
        match trigger {
            ORDERS => Some(Self::Orders),
            TRANSACTIONS => Some(Self::Transactions),
            SUBSCRIPTIONS => Some(Self::Subscriptions),
            INVOICES => Some(Self::Invoices),
            _ => None,
        }
    }

    /// What is new. Fails with `rejected` for a cursor that is none of this trigger's.
    pub fn poll(self, shop: &Shop, cursor: Option<&str>) -> Result<EventPage, Failure> {
        let now = shop.cx.clock.now().0;
        let mut cursor = match cursor {
            // A payment may have been made while the connection was being set up, so the first look goes a day back.
            None => Cursor { since: now.saturating_sub(DAY_MS), wide_at: now, round: None },
            Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
        };
        let round = cursor.round.take().unwrap_or_else(|| self.begin_round(&mut cursor, shop.settings, now));
        let start = (round.start > 0).then_some(Instant(round.start));
        let rows = match self.page(shop, start, None, round.offset) {
            // Subscriptions and invoices are asked for whether or not there are any, so one that may not be asked is none.
            Err(error) if matches!(self, Self::Subscriptions | Self::Invoices) && error.is_ungranted() => {
                return Ok(EventPage { events: Vec::new(), cursor: cursor_text(&cursor)?, more: false });
            }
            rows => rows.map_err(later)?,
        };
        let seen = round.offset + rows.events.len() as u64;
        let more = !rows.events.is_empty() && seen < rows.total;
        cursor.round = more.then_some(Round { offset: seen, ..round });
        let since = Instant(cursor.since);
        let events = rows.events.into_iter().filter(|(at, _)| at.is_none_or(|at| at >= since));
        Ok(EventPage {
            events: events.map(|(_, event)| event).collect(),
            cursor: cursor_text(&cursor)?,
            more,
        })
    }

    /// What was made within `window`. Fails with `rejected` for a cursor that is none of this history's.
    pub fn backfill(self, shop: &Shop, window: Window, cursor: Option<&str>) -> Result<EventPage, Failure> {
        let seen: Seen = match cursor {
            None => Seen::default(),
            Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
        };
        // Days may be those of another time zone than UTC, so a day more is asked for on both sides and left out here.
        let start = Instant(window.start.saturating_sub(DAY_MS));
        let end = Instant(window.end.saturating_add(DAY_MS));
        let rows = self.page(shop, Some(start), Some(end), seen.offset).map_err(later)?;
        let offset = seen.offset + rows.events.len() as u64;
        let more = !rows.events.is_empty() && offset < rows.total;
        let within = |at: &Option<Instant>| at.is_some_and(|at| (window.start..window.end).contains(&at.0));
        let events = rows.events.into_iter().filter(|(at, _)| within(at)).map(|(_, event)| event).collect();
        Ok(EventPage { events, cursor: if more { cursor_text(&Seen { offset })? } else { None }, more })
    }

    fn begin_round(self, cursor: &mut Cursor, settings: &ShopSettings, now: u64) -> Round {
        let wide = now.saturating_sub(cursor.wide_at) >= HOUR_MS;
        if wide {
            cursor.wide_at = now;
        }
        let watched = match self {
            Self::Orders | Self::Invoices => settings.order_days,
            Self::Transactions => settings.refund_days,
            // A subscription changes as long as it lives, whenever it was made.
            Self::Subscriptions => return Round { start: 0, offset: 0 },
        };
        let days = if wide { u64::from(watched).max(2) } else { 2 };
        Round { start: now.saturating_sub(days * DAY_MS), offset: 0 }
    }

    fn page(
        self,
        shop: &Shop,
        start_at: Option<Instant>,
        end_at: Option<Instant>,
        offset: u64,
    ) -> Result<Rows, ApiError> {
        let ghl = &shop.ghl;
        let limit = PAGE_ROWS;
        Ok(match self {
            Self::Orders => {
                let page = ghl.orders(&OrderQuery { start_at, end_at, limit, offset })?;
                let events = page.rows.into_iter().map(|order| (order.created_at, order_event(order)));
                Rows { events: events.collect(), total: page.total }
            }
            Self::Transactions => {
                let query =
                    TransactionQuery { start_at, end_at, limit, offset, ..TransactionQuery::default() };
                let page = ghl.transactions(&query)?;
                let events = page.rows.into_iter().map(|row| (row.created_at, transaction_event(row)));
                Rows { events: events.collect(), total: page.total }
            }
            Self::Subscriptions => {
                let page =
                    ghl.subscriptions(&SubscriptionQuery { start_at, limit, offset, ..Default::default() })?;
                let events = page.rows.into_iter().map(|row| {
                    let changed_at = row.updated_at.or(row.created_at);
                    (changed_at, subscription_event(row))
                });
                Rows { events: events.collect(), total: page.total }
            }
            Self::Invoices => {
                let page = ghl.invoices(&InvoiceQuery { start_at, end_at, limit, offset })?;
                let events = page.rows.into_iter().map(|row| (row.created_at, invoice_event(row)));
                Rows { events: events.collect(), total: page.total }
            }
        })
    }
}

#[cfg(test)]
mod tests;
