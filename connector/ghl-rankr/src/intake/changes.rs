//! What changed in Rankr, for webhooks that were lost.

use serde::{Deserialize, Serialize};
use transload_flows::cursor::{bad_cursor, cursor_text, later};
use transload_model::Instant;
use transload_rankr::{Page, Query};
use transload_sdk::{Event, EventPage, Failure};
use transload_wire::ApiError;

use super::sink::{of_invoice, of_order};
use crate::settings::Connection;

/// How far a look goes back behind the one before: what a clock that runs late and an answer that came late may hide.
const OVERLAP_MS: u64 = 15 * 60 * 1000;

/// Where polling stands. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Changes up to this time are known.
    looked_at: u64,
    /// The look under way, if it was too much for one page.
    look: Option<Look>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    /// When it began.
    start: u64,
    /// Rankr's cursor of the next page.
    next: String,
}

/// What is new of the orders and their fulfilments.
pub fn orders(connection: &Connection, cursor: Option<&str>) -> Result<EventPage, Failure> {
    poll(connection, cursor, |query| connection.rankr.orders(query), of_order)
}

/// What is new of the invoices.
pub fn invoices(connection: &Connection, cursor: Option<&str>) -> Result<EventPage, Failure> {
    poll(connection, cursor, |query| connection.rankr.invoices(query), of_invoice)
}

fn poll<T>(
    connection: &Connection,
    cursor: Option<&str>,
    list: impl Fn(&Query) -> Result<Page<T>, ApiError>,
    event: fn(&Connection, T) -> Result<Option<Event>, Failure>,
) -> Result<EventPage, Failure> {
    let now = connection.cx.clock.now().0;
    let Cursor { looked_at, look } = match cursor {
        None => Cursor { looked_at: now, look: None },
        Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
    };
    let page = list(&Query {
        updated_since: Some(Instant(looked_at.saturating_sub(OVERLAP_MS))),
        cursor: look.as_ref().map(|look| look.next.as_str()),
        limit: None,
    });
    let start = look.as_ref().map_or(now, |look| look.start);
    let page = match page.map_err(later) {
        // A page that cannot be had is perhaps one whose cursor is too old: the next look begins anew.
        Err(Failure::Retry(_)) if look.is_some() => {
            let cursor = cursor_text(&Cursor { looked_at, look: None })?;
            return Ok(EventPage { events: Vec::new(), cursor, more: false });
        }
        page => page?,
    };
    let mut events = Vec::new();
    for item in page.items {
        events.extend(event(connection, item)?);
    }
    let look = page.next_cursor.map(|next| Look { start, next });
    let more = look.is_some();
    let looked_at = if more { looked_at } else { start };
    Ok(EventPage { events, cursor: cursor_text(&Cursor { looked_at, look })?, more })
}
