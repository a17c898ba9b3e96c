//! GoHighLevel's fulfilments, of which it tells nobody: those of the orders that say they are fulfilled.

use serde::{Deserialize, Serialize};
use transload_flows::Listing;
use transload_flows::cursor::{bad_cursor, cursor_text, later};
use transload_flows::events::GHL;
use transload_model::{Change, FulfillmentStatus, Order};
use transload_sdk::{Event, EventPage, Failure};

use crate::fulfillments::links::Links;
use crate::fulfillments::of_ghl;
use crate::orders;
use crate::settings::Connection;

/// Most orders whose fulfilments one page asks for: a quarter of what GoHighLevel takes within ten seconds.
const ORDERS_MAX: usize = 25;

/// Where polling stands. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// The cursor of the orders' listing.
    listing: Option<String>,
    /// How many of its next page's orders are done.
    done: usize,
}

/// What is new.
pub fn poll(connection: &Connection, cursor: Option<&str>) -> Result<EventPage, Failure> {
    let cursor: Cursor = match cursor {
        None => Cursor::default(),
        Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
    };
    if !connection.settings.fulfillments.sync {
        return Ok(EventPage { events: Vec::new(), cursor: cursor_text(&cursor)?, more: false });
    }
    let page = Listing::Orders.poll(connection, cursor.listing.as_deref())?;
    let (mut events, mut asked) = (Vec::new(), 0);
    for (at, event) in page.events.into_iter().enumerate().skip(cursor.done) {
        let Change::Order(order) = event.change else { continue };
        if !may_have_new(connection, &order)? {
            continue;
        }
        if asked == ORDERS_MAX {
            let cursor = cursor_text(&Cursor { done: at, ..cursor })?;
            return Ok(EventPage { events, cursor, more: true });
        }
        asked += 1;
        events.extend(new_of(connection, &order)?);
    }
    let cursor = cursor_text(&Cursor { listing: page.cursor, done: 0 })?;
    Ok(EventPage { events, cursor, more: page.more })
}

/// Whether the order may have fulfilments that were not handled. One that is partly fulfilled may have more than the last time
/// without anything else of it being changed.
fn may_have_new(connection: &Connection, order: &Order) -> Result<bool, Failure> {
    if !connection.shop.settings.mode.accepts(order.live) {
        return Ok(false);
    }
    match order.fulfillment {
        None | Some(FulfillmentStatus::Unfulfilled | FulfillmentStatus::Cancelled) => Ok(false),
        Some(FulfillmentStatus::Fulfilled) => Ok(!orders::is_handled(connection.cx, order)?),
        Some(FulfillmentStatus::PartiallyFulfilled | FulfillmentStatus::Other(_)) => Ok(true),
    }
}

fn new_of(connection: &Connection, order: &Order) -> Result<Vec<Event>, Failure> {
    let links = Links::load(connection.cx, &order.id)?;
    let all = connection.ghl.fulfillments(&order.id).map_err(later)?;
    let new = all.iter().filter(|ours| !links.has_ghl(&ours.id));
    let event = |ours| {
        let fulfillment = of_ghl(connection.settings, &order.id, ours);
        Event {
            id: format!("fulfillment {}", fulfillment.id),
            source: GHL,
            subject: order.id.clone(),
            occurred_at: fulfillment.happened_at,
            raw: None,
            change: Change::Fulfillment(fulfillment),
        }
    };
    Ok(new.map(event).collect())
}
