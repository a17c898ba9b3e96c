//! The phase of deliveries: each day's deliveries against the orders they name.

use std::collections::BTreeMap;

use transload_flows::cursor::DAY_MS;
use transload_flows::events::GHL;
use transload_flows::reconcile::{Difference, Known, Page, Seen, memory};
use transload_model::{FulfillmentState, Instant};
use transload_sdk::{Failure, Scope};
use transload_track_pod::Order as Delivery;
use transload_wire::time;

use super::kinds::{DELIVERY_WITHOUT_ORDER, DUPLICATE_DELIVERY};
use super::snapshot::has_failed;
use super::{Cursor, Phase, TRACK_POD};
use crate::settings::Connection;

/// Days before and after the time in which a second delivery of one of its orders is looked for.
const MARGIN_DAYS: u64 = 7;

/// Orders that are looked up at GoHighLevel in a page; the rest of the day's deliveries is for the next page. See
/// [`super::orders`] for its budget.
const LOOKUPS_MAX: usize = 50;

/// Compares the deliveries of the next day, or of the rest of a busy one.
pub fn page(connection: &Connection, scope: &Scope, cursor: &mut Cursor) -> Result<Page, Failure> {
    let mut page = Page::default();
    let Some((start, date)) = date_of(scope, cursor.day) else {
        cursor.enter(Phase::Payments);
        return Ok(page);
    };
    // Nobody is to hear twice of what belongs to the days beside the time.
    let is_within = start + DAY_MS > scope.start && start < scope.end;
    let deliveries = of_day(connection, &date, scope)?;
    let mut lookups = 0;
    let before = usize::try_from(cursor.offset).unwrap_or(usize::MAX);
    for (place, delivery) in deliveries.iter().enumerate().skip(before) {
        if lookups >= LOOKUPS_MAX {
            cursor.offset = place as u64;
            return Ok(page);
        }
        page.checked += 1;
        if let Some(key) = order_key(delivery) {
            lookups +=
                usize::from(compare(connection, scope, cursor, (delivery, key), is_within, &mut page)?);
        }
    }
    cursor.day += 1;
    cursor.offset = 0;
    Ok(page)
}

/// When the day of this number begins, and the day as it is asked for; none if it is beyond the last.
pub fn date_of(scope: &Scope, day: u64) -> Option<(u64, String)> {
    let start = scope.start.saturating_sub(MARGIN_DAYS * DAY_MS) + day * DAY_MS;
    let is_beyond = start >= scope.end.saturating_add(MARGIN_DAYS * DAY_MS);
    time::format_date(Instant(start)).filter(|_| !is_beyond).map(|date| (start, date))
}

/// The first and the last day that is gone through.
fn span(scope: &Scope) -> [String; 2] {
    let margin = MARGIN_DAYS * DAY_MS;
    let days = [scope.start.saturating_sub(margin), scope.end.saturating_add(margin)];
    days.map(|day| time::format_date(Instant(day)).unwrap_or_default())
}

/// The deliveries that are for this day, or on a route of it, each once and always in the same order. A delivery on the route of
/// another day than its own is left to its own, if that is gone through too.
pub fn of_day(connection: &Connection, date: &str, scope: &Scope) -> Result<Vec<Delivery>, Failure> {
    let [first, last] = span(scope);
    let dated = connection.track_pod.orders_on(date)?;
    let routed = connection.track_pod.orders_routed_on(date)?;
    let has_own_day = |delivery: &Delivery| {
        let own = delivery.date.as_deref().and_then(|own| own.split('T').next());
        own.is_some_and(|own| own != date && own >= first.as_str() && own < last.as_str())
    };
    let all = dated.into_iter().chain(routed.into_iter().filter(|delivery| !has_own_day(delivery)));
    let each: BTreeMap<String, Delivery> = all.map(|delivery| (identity(&delivery), delivery)).collect();
    Ok(each.into_values().collect())
}

/// What tells a delivery from all others.
fn identity(delivery: &Delivery) -> String {
    let made_up = || {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{} {} {}", part(&delivery.id), part(&delivery.number), part(&delivery.date))
    };
    delivery.track_id.clone().unwrap_or_else(made_up)
}

/// The id of the order that a delivery names, or of a renewal of it: as our id, else as its number or a reference. None for a
/// delivery that is none of ours.
fn order_key(delivery: &Delivery) -> Option<&str> {
    if let Some(id) = &delivery.id {
        return is_ours(id).then_some(id);
    }
    let named = [&delivery.number, &delivery.customer_reference_id, &delivery.invoice_id];
    named.into_iter().flatten().map(String::as_str).find(|text| is_ours(text))
}

/// Whether a text is an id of GoHighLevel's, 24 hexadecimal digits in every sample it publishes, or one with the day of a
/// renewal behind it. Track-POD's orders from elsewhere have ids too, and are nobody's business here.
pub fn is_ours(id: &str) -> bool {
    let (order_id, day) = id.split_once('-').unwrap_or((id, "00000000"));
    order_id.len() == 24
        && order_id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && day.len() == 8
        && day.bytes().all(|byte| byte.is_ascii_digit())
}

/// Compares one delivery. Answers whether GoHighLevel was asked for its order.
fn compare(
    connection: &Connection,
    scope: &Scope,
    cursor: &Cursor,
    (delivery, key): (&Delivery, &str),
    is_within: bool,
    page: &mut Page,
) -> Result<bool, Failure> {
    let known = memory::known(connection.cx, key)?.unwrap_or_default();
    let of_scope = known.created.is_some_and(|at| at >= scope.start && at < scope.end);
    // An order of the time that its listing did not name is gone since it was last compared.
    let is_known = known.exists && (known.run == cursor.run || !of_scope);
    let base = key.split('-').next().unwrap_or(key);
    let exists = is_known || connection.ghl.order(base)?.is_some();
    let state = delivery.fulfillment(None).state;
    if !exists && is_within && state != FulfillmentState::Cancelled {
        page.found.push(without_order(delivery, key, &state));
    }
    let identity = identity(delivery);
    let failed = has_failed(&state);
    let known_now = known.run == cursor.run || known.other_run == cursor.run;
    let other = known.other.as_ref().filter(|other| known_now && **other != identity);
    match other {
        // After an attempt that came to nothing another delivery is in order.
        Some(other) if !known.other_failed && !failed => page.found.push(doubled(key, other, delivery)),
        _ => {}
    }
    if other.is_none() || known.other_failed {
        let next =
            Known { other_run: cursor.run, other: Some(identity), other_failed: failed, exists, ..known };
        memory::remember(connection.cx, key, &next)?;
    }
    Ok(!is_known)
}

fn without_order(delivery: &Delivery, key: &str, state: &FulfillmentState) -> Difference {
    let state = state.describe();
    let message = format!("the delivery of {key} is {state}, but GoHighLevel has no such order");
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value(state);
    Difference::new(DELIVERY_WITHOUT_ORDER, key, Seen::new(GHL, None), right, message)
}

fn doubled(key: &str, first: &str, delivery: &Delivery) -> Difference {
    let second = identity(delivery);
    // Which of the two is listed first may change from day to day.
    let (one, other) =
        if first < second.as_str() { (first, second.as_str()) } else { (second.as_str(), first) };
    let message =
        format!("order {key} has two deliveries in Track-POD, {one} and {other}; delete one of them there");
    let (left, right) = (Seen::new(TRACK_POD, Some(one)), Seen::new(TRACK_POD, Some(other)));
    Difference::new(DUPLICATE_DELIVERY, key, left, right, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_ghls_form_are_ours() {
        for id in ["660ed43bfdf9fc05a0de7a40", "660ed43bfdf9fc05a0de7a40-20260201"] {
            assert!(is_ours(id), "{id}");
        }
        for id in [
            "1001",
            "shop-1001",
            "660ed43bfdf9fc05a0de7a4",
            "660ed43bfdf9fc05a0de7a40-2026",
            "zzzed43bfdf9fc05a0de7a40",
        ] {
            assert!(!is_ours(id), "{id}");
        }
    }
}
