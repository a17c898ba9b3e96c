//! What happens to an order after it was made: plan, load, drive, deliver or not, try again.

use jiff::Timestamp;
use transload_model::Decimal;

use super::store::{Fact, Order, Route, Status};
use crate::json::{Json, Number, Object};

/// A reason for not delivering.
pub(super) struct Reason {
    pub id: i64,
    pub name: &'static str,
    pub list: &'static str,
}

const fn reason(id: i64, name: &'static str, list: &'static str) -> Reason {
    Reason { id, name, list }
}

/// The lists of `GET /RejectReason`. Every account has its own; these are made up.
pub(super) const REASONS: [Reason; 7] = [
    reason(2, "Nobody at home", "SiteIssue"),
    reason(3, "Address not found", "SiteIssue"),
    reason(10, "Refused by the customer", "OrderIssue"),
    reason(11, "Canceled", "OrderIssue"),
    reason(19, "Damaged", "GoodsIssue"),
    reason(20, "Missing", "GoodsIssue"),
    reason(30, "Barcode is damaged", "ScanningIssues"),
];

/// The end of a visit that brought something.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    /// What was accepted, where it differs from what was ordered.
    pub lines: Vec<CompletedLine>,
    pub cod_actual: Option<Number>,
    pub signature: Option<String>,
    pub comment: Option<String>,
    /// Local time; now without it.
    pub date: Option<String>,
}

/// What was accepted of a line. The first of the three that is given names the line.
#[derive(Debug, Default)]
pub(crate) struct CompletedLine {
    pub order_line_id: Option<String>,
    pub goods_id: Option<String>,
    pub goods_name: Option<String>,
    pub quantity: Option<Number>,
    pub reason: Option<i64>,
}

/// The end of a visit that brought nothing.
#[derive(Debug, Default)]
pub(crate) struct Rejection {
    pub reason: Option<i64>,
    pub signature: Option<String>,
    pub comment: Option<String>,
    /// Local time; now without it.
    pub date: Option<String>,
}

/// Why an order does not move: the text of a 400.
pub(crate) type Refused = String;

/// Plans the order into a route.
pub(crate) fn schedule(order: &mut Order, route: Route, now: Timestamp) -> Result<(), Refused> {
    if order.status.is_some() {
        return Err("Order already has delivery status: reschedule it".to_owned());
    }
    order.route = Some(route);
    order.changed = now;
    Ok(())
}

/// Notes that the goods are in the vehicle.
pub(crate) fn load(order: &mut Order, now: Timestamp) -> Result<(), Refused> {
    open_route(order)?.state = "Loaded";
    order.loaded = Some(now);
    order.changed = now;
    Ok(())
}

/// Starts the route.
pub(crate) fn start(order: &mut Order, now: Timestamp) -> Result<(), Refused> {
    open_route(order)?.state = "InProgress";
    set_status(order, Status::new(1, now), now);
    Ok(())
}

/// Ends the visit: delivered, or partially if less of a line was accepted than ordered.
pub(crate) fn complete(order: &mut Order, completion: Completion, now: Timestamp) -> Result<(), Refused> {
    open_route(order)?;
    let mut facts: Vec<Fact> =
        order.goods().iter().map(|line| Fact { quantity: ordered(line), reason: None }).collect();
    for line in &completion.lines {
        let index = order.goods().iter().position(|goods| line.names(goods));
        let fact =
            index.and_then(|index| facts.get_mut(index)).ok_or("A line of GoodsList is not in the order")?;
        if let Some(quantity) = &line.quantity {
            if quantity.decimal().is_none_or(|value| value.is_negative()) {
                return Err(format!("QuantityFact {} is below zero", quantity.text()));
            }
            fact.quantity = quantity.clone();
        }
        fact.reason = line.reason.map(|id| reason_name(id, &["GoodsIssue"])).transpose()?.map(str::to_owned);
    }
    let short =
        order.goods().iter().zip(&facts).any(|(line, fact)| value(&fact.quantity) < value(&ordered(line)));
    let status = Status {
        comment: completion.comment,
        signature: completion.signature,
        cod_actual: completion.cod_actual,
        date: completion.date.unwrap_or_else(|| super::clock::local(now)),
        ..Status::new(if short { 4 } else { 3 }, now)
    };
    order.facts = facts;
    end_visit(order, status, now);
    Ok(())
}

/// Ends the visit without a delivery. The list of the reason decides what it is: an issue of the site is status 2, one of
/// the order 5; without a reason it is `without_reason`.
pub(crate) fn reject(
    order: &mut Order,
    rejection: Rejection,
    without_reason: i64,
    now: Timestamp,
) -> Result<(), Refused> {
    open_route(order)?;
    let reason = rejection.reason.map(|id| reason_name(id, &["SiteIssue", "OrderIssue"])).transpose()?;
    let list = REASONS.iter().find(|known| Some(known.id) == rejection.reason).map(|known| known.list);
    let id = match list {
        Some("SiteIssue") => 2,
        Some(_) => 5,
        None => without_reason,
    };
    let nothing = |_: &Json| Fact { quantity: Decimal::ZERO.into(), reason: None };
    order.facts = order.goods().iter().map(nothing).collect();
    let status = Status {
        comment: rejection.comment,
        signature: rejection.signature,
        date: rejection.date.unwrap_or_else(|| super::clock::local(now)),
        reason: reason.map(str::to_owned),
        ..Status::new(id, now)
    };
    end_visit(order, status, now);
    Ok(())
}

/// Plans a visit that brought nothing once more. That the status is empty again afterwards is our reading: the vendor
/// documents the counter only.
pub(crate) fn reschedule(order: &mut Order, route: Route, now: Timestamp) -> Result<(), Refused> {
    if !order.status.as_ref().is_some_and(|status| matches!(status.id, 2 | 5)) {
        return Err("Only an order that was not delivered can be rescheduled".to_owned());
    }
    order.status = None;
    order.status_changed = Some(now);
    order.loaded = None;
    order.facts.clear();
    order.rescheduled += 1;
    order.route = Some(route);
    order.changed = now;
    Ok(())
}

/// The route of an order that is planned and not visited yet.
fn open_route(order: &mut Order) -> Result<&mut Route, Refused> {
    if order.status.as_ref().is_some_and(|status| status.id != 1) {
        return Err("Order already has delivery status".to_owned());
    }
    order.route.as_mut().ok_or_else(|| "Order is not scheduled".to_owned())
}

fn end_visit(order: &mut Order, status: Status, now: Timestamp) {
    if let Some(route) = &mut order.route {
        route.state = "Closed";
    }
    set_status(order, status, now);
}

fn set_status(order: &mut Order, status: Status, now: Timestamp) {
    order.status = Some(status);
    order.status_changed = Some(now);
    order.changed = now;
}

fn ordered(line: &Json) -> Number {
    match line.get("Quantity") {
        Some(Json::Number(quantity)) => quantity.clone(),
        _ => Decimal::ZERO.into(),
    }
}

fn value(number: &Number) -> Decimal {
    number.decimal().unwrap_or(Decimal::ZERO)
}

fn reason_name(id: i64, lists: &[&str]) -> Result<&'static str, Refused> {
    let known = REASONS.iter().find(|known| known.id == id && lists.contains(&known.list));
    known
        .map(|known| known.name)
        .ok_or_else(|| format!("Reject reason {id} is not in {}", lists.join(" or ")))
}

impl CompletedLine {
    fn names(&self, goods: &Json) -> bool {
        let is = |name: &str, wanted: &String| goods.get(name).and_then(Json::as_str) == Some(wanted);
        if let Some(id) = &self.order_line_id {
            is("OrderLineId", id)
        } else if let Some(id) = &self.goods_id {
            is("GoodsId", id)
        } else {
            self.goods_name.as_ref().is_some_and(|name| is("GoodsName", name))
        }
    }
}

impl Completion {
    /// Reads a `CompleteOrder` that passed its schema.
    pub fn read(body: &Object) -> Self {
        let lines = body.get("GoodsList").and_then(Json::as_array).unwrap_or_default();
        let lines = lines.iter().filter_map(Json::as_object).map(|line| CompletedLine {
            order_line_id: text(line, "OrderLineId"),
            goods_id: text(line, "GoodsId"),
            goods_name: text(line, "GoodsName"),
            quantity: number(line, "QuantityFact"),
            reason: integer(line, "GoodsRejectReasonId"),
        });
        Self {
            lines: lines.collect(),
            cod_actual: number(body, "CODActual"),
            signature: text(body, "SignatureName"),
            comment: text(body, "DriverComment"),
            date: text(body, "StatusDate"),
        }
    }
}

impl Rejection {
    /// Reads a `RejectOrder` that passed its schema.
    pub fn read(body: &Object) -> Self {
        Self {
            reason: integer(body, "RejectReasonId"),
            signature: text(body, "SignatureName"),
            comment: text(body, "DriverComment"),
            date: text(body, "StatusDate"),
        }
    }
}

fn text(object: &Object, name: &str) -> Option<String> {
    object.str(name).map(str::to_owned)
}

fn number(object: &Object, name: &str) -> Option<Number> {
    match object.get(name) {
        Some(Json::Number(number)) => Some(number.clone()),
        _ => None,
    }
}

fn integer(object: &Object, name: &str) -> Option<i64> {
    number(object, name)?.text().parse().ok()
}
