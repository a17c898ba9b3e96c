//! The dispatcher and the driver.

use http::StatusCode;
use jiff::Timestamp;

use super::types::{Deliver, Failure, Schedule, TrackPodSnapshot};
use super::{Answer, Refused, body, invalid, missing, no_such_path, ok};
use crate::json::Json;
use crate::message::Request;
use crate::state::State;
use crate::track_pod::delivery::{self, CompletedLine, Completion, Rejection};
use crate::track_pod::store::{Found, Key, Order, Route, TrackPod};
use crate::track_pod::{self, render};

pub(super) fn route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", ["orders", key, step]) => drive(state, key, step, request, now),
        _ => Err(no_such_path(request)),
    }
}

fn drive(state: &mut State, key: &str, step: &str, request: &Request, now: Timestamp) -> Answer {
    let moved = match step {
        "schedule" | "reschedule" => {
            let route = planned(body(request)?, state.track_pod.new_route(now))?;
            let order = find(&mut state.track_pod, key)?;
            let plan = if step == "schedule" { delivery::schedule } else { delivery::reschedule };
            plan(order, route, now)
        }
        _ => visit(find(&mut state.track_pod, key)?, step, request, now)?,
    };
    moved.map_err(|refused| Refused(StatusCode::CONFLICT, refused))?;
    let order = find(&mut state.track_pod, key)?;
    let (track_id, shown) = (order.track_id.clone(), render::order(order));
    track_pod::emit(state, track_pod::EVENT_STATUS, &track_id, now);
    ok(&shown)
}

/// What the driver does with an order that is planned.
fn visit(
    order: &mut Order,
    step: &str,
    request: &Request,
    now: Timestamp,
) -> Result<Result<(), delivery::Refused>, Refused> {
    Ok(match step {
        "load" => delivery::load(order, now),
        "start" => delivery::start(order, now),
        "deliver" => delivery::complete(order, completion(body(request)?), now),
        "fail" => delivery::reject(order, rejection(body(request)?), 2, now),
        "reject" => delivery::reject(order, rejection(body(request)?), 5, now),
        _ => return Err(no_such_path(request)),
    })
}

/// The order by its `TrackId`, else by its `Id`, else by its `Number`.
fn find<'a>(track_pod: &'a mut TrackPod, key: &str) -> Result<&'a mut Order, Refused> {
    let keys = [Key::TrackId(key), Key::Id(key), Key::Number(key)];
    let is_there = |key: &&Key<'_>| matches!(track_pod.find(**key), Found::Order(_));
    let found = keys.iter().find(is_there).copied();
    match found.map(|key| track_pod.find(key)) {
        Some(Found::Order(order)) => Ok(order),
        _ => Err(missing(format!("there is no delivery order {key}"))),
    }
}

fn planned(schedule: Schedule, route: Route) -> Result<Route, Refused> {
    let date = match schedule.date {
        Some(date) if date.parse::<jiff::civil::Date>().is_err() => {
            return Err(invalid(format!("date {date:?}: write it as 2024-05-13")));
        }
        Some(date) => format!("{date}T00:00:00"),
        None => route.date,
    };
    let number = schedule.route.unwrap_or(route.number);
    Ok(Route { number, date, driver: schedule.driver.unwrap_or(route.driver), ..route })
}

fn completion(deliver: Deliver) -> Completion {
    let lines = deliver.lines.into_iter().map(|(id, quantity)| CompletedLine {
        order_line_id: Some(id),
        quantity: Some(quantity),
        ..CompletedLine::default()
    });
    Completion {
        lines: lines.collect(),
        cod_actual: deliver.cod_actual,
        signature: deliver.signature_name,
        comment: deliver.comment,
        date: None,
    }
}

fn rejection(failure: Failure) -> Rejection {
    Rejection { reason: failure.reason, comment: failure.comment, ..Rejection::default() }
}

pub(super) fn snapshot(state: &State) -> TrackPodSnapshot {
    let shown = |removed: bool| -> Vec<Json> {
        let orders = state.track_pod.orders.iter().filter(|order| order.removed.is_some() == removed);
        orders.map(|order| render::order(order).into()).collect()
    };
    TrackPodSnapshot { orders: shown(false), removed: shown(true) }
}
