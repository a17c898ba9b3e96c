//! The dispatcher and the driver.

use http::StatusCode;
use jiff::Timestamp;

use super::plant;
use super::types::{Deliver, Failure, Schedule, Step, TrackPodSnapshot};
use super::{Answer, Refused, body, invalid, missing, no_such_path, ok};
use crate::json::Json;
use crate::message::Request;
use crate::state::State;
use crate::track_pod::delivery::{self, CompletedLine, Completion, Rejection};
use crate::track_pod::store::{Found, Key, Order, Route, TrackPod};
use crate::track_pod::{self, render};

pub(super) fn route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", ["orders", key, step]) if *step != "duplicate" => {
            ok(&drive(state, key, read_step(step, request)?, now)?)
        }
        _ => plant::track_pod_route(state, route, request, now),
    }
}

fn read_step(name: &str, request: &Request) -> Result<Step, Refused> {
    Ok(match name {
        "schedule" => Step::Schedule(body(request)?),
        "load" => Step::Load,
        "start" => Step::Start,
        "deliver" => Step::Deliver(body(request)?),
        "fail" => Step::Fail(body(request)?),
        "reject" => Step::Reject(body(request)?),
        "reschedule" => Step::Reschedule(body(request)?),
        _ => return Err(no_such_path(request)),
    })
}

/// Moves a delivery order on; the order.
pub(crate) fn drive(state: &mut State, key: &str, step: Step, now: Timestamp) -> Result<Json, Refused> {
    let orders = &mut state.track_pod;
    let moved = match step {
        Step::Schedule(schedule) => {
            let route = planned(schedule, orders.new_route(now))?;
            delivery::schedule(find(orders, key)?, route, now)
        }
        Step::Load => delivery::load(find(orders, key)?, now),
        Step::Start => delivery::start(find(orders, key)?, now),
        Step::Deliver(deliver) => delivery::complete(find(orders, key)?, completion(deliver), now),
        Step::Fail(failure) => delivery::reject(find(orders, key)?, rejection(failure), 2, now),
        Step::Reject(failure) => delivery::reject(find(orders, key)?, rejection(failure), 5, now),
        Step::Reschedule(schedule) => {
            let route = planned(schedule, orders.new_route(now))?;
            delivery::reschedule(find(orders, key)?, route, now)
        }
    };
    moved.map_err(|message| Refused { status: StatusCode::CONFLICT, message })?;
    let order = find(&mut state.track_pod, key)?;
    let (track_id, shown) = (order.track_id.clone(), render::order(order));
    track_pod::emit(state, track_pod::EVENT_STATUS, &track_id, now);
    Ok(shown.into())
}

/// The order by its `TrackId`, else by its `Id`, else by its `Number`.
fn find<'a>(track_pod: &'a mut TrackPod, key: &str) -> Result<&'a mut Order, Refused> {
    let found = key_of(track_pod, key)?;
    match track_pod.find(found) {
        Found::Order(order) => Ok(order),
        _ => Err(absent(key)),
    }
}

/// The key by which there is an order.
pub(super) fn key_of<'k>(track_pod: &mut TrackPod, key: &'k str) -> Result<Key<'k>, Refused> {
    let keys = [Key::TrackId(key), Key::Id(key), Key::Number(key)];
    let is_there = |key: &Key<'_>| matches!(track_pod.find(*key), Found::Order(_));
    keys.into_iter().find(is_there).ok_or_else(|| absent(key))
}

/// The order of that `TrackId`, as the API shows it.
pub(super) fn shown(state: &mut State, track_id: &str) -> Result<Json, Refused> {
    Ok(render::order(find(&mut state.track_pod, track_id)?).into())
}

fn absent(key: &str) -> Refused {
    missing(format!("there is no delivery order {key}"))
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

/// All data of Track-POD.
pub(super) fn snapshot(state: &State) -> TrackPodSnapshot {
    let shown = |removed: bool| -> Vec<Json> {
        let orders = state.track_pod.orders.iter().filter(|order| !order.forgotten);
        let orders = orders.filter(|order| order.removed.is_some() == removed);
        orders.map(|order| render::order(order).into()).collect()
    };
    TrackPodSnapshot { orders: shown(false), removed: shown(true) }
}
