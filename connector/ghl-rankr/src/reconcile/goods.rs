//! Fulfilments: what each side has and the other lacks, and how much it comes to.

use std::collections::BTreeSet;

use transload_flows::events::GHL;
use transload_flows::reconcile::goods::{told, totals};
use transload_flows::reconcile::{Difference, Seen};
use transload_ghl::PostedFulfillment;
use transload_model::{Change, LineQuantity, Order};
use transload_rankr::SinkFulfillment;
use transload_sdk::{Failure, rejected};

use super::kinds::{FULFILLED_QUANTITY_DIFFERS, FULFILLMENT_MISSING_IN_GHL, FULFILLMENT_MISSING_IN_RANKR};
use super::unlike::again;
use crate::fulfillments::is_withdrawn;
use crate::fulfillments::links::{FULFILLMENTS_MAX, Links};
use crate::fulfillments::plan::{Plan, lines_of, ordered, plan};
use crate::mirror::RANKR;
use crate::settings::Connection;

/// The fulfilments of an order on both sides.
pub struct Goods {
    ours: Vec<PostedFulfillment>,
    theirs: Vec<SinkFulfillment>,
    links: Links,
}

/// Reads them. None if the settings do not have them carried, or Rankr's order is gone. Fails with `rejected` when they are too
/// many to compare.
pub fn read(both: &Connection, order: &Order) -> Result<Option<Goods>, Failure> {
    if !both.settings.fulfillments.sync {
        return Ok(None);
    }
    let Some(theirs) = both.rankr.fulfillments(&order.id)? else { return Ok(None) };
    let ours = both.ghl.fulfillments(&order.id)?;
    if theirs.len().max(ours.len()) > FULFILLMENTS_MAX {
        return Err(rejected(format!("it has more than {FULFILLMENTS_MAX} fulfilments")));
    }
    let links = Links::load(both.cx, &order.id)?;
    Ok(Some(Goods { ours, theirs, links }))
}

/// How they differ.
pub fn compare(both: &Connection, order: &Order, goods: &Goods) -> Result<Vec<Difference>, Failure> {
    let accepted = &both.settings.fulfillments.accepted;
    let plan = plan(order, &goods.ours, &goods.theirs, &goods.links, accepted)?;
    let mut found = Vec::new();
    for ours in &plan.to_rankr {
        found.push(missing_in_rankr(order, ours)?);
    }
    for missing in &plan.to_ghl {
        if !missing.lines.is_empty() {
            found.push(missing_in_ghl(order, missing.theirs, &missing.lines)?);
        }
        if !missing.excess.is_empty() {
            found.push(beyond(order, missing.theirs, &missing.excess)?);
        }
    }
    found.extend(quantities(order, goods, &plan)?);
    Ok(found)
}

fn missing_in_rankr(order: &Order, ours: &PostedFulfillment) -> Result<Difference, Failure> {
    let (id, goods) = (&ours.id, told(order, &ours.lines)?);
    let message =
        format!("Rankr has nothing of GoHighLevel's fulfilment {id} of {goods} of order {}", order.id);
    let (left, right) = (Seen::new(GHL, Some(id)).value(goods), Seen::new(RANKR, None));
    let difference = Difference::new(FULFILLMENT_MISSING_IN_RANKR, &order.id, left, right, message);
    Ok(difference.repaired(again(Change::Order(order.clone()))))
}

fn missing_in_ghl(
    order: &Order,
    theirs: &SinkFulfillment,
    lines: &[LineQuantity],
) -> Result<Difference, Failure> {
    let (id, goods) = (&theirs.fulfillment.id, told(order, lines)?);
    let message =
        format!("GoHighLevel has nothing of Rankr's fulfilment {id} of {goods} of order {}", order.id);
    let (left, right) = (Seen::new(GHL, None), Seen::new(RANKR, Some(id)).value(goods));
    let difference = Difference::new(FULFILLMENT_MISSING_IN_GHL, &order.id, left, right, message);
    Ok(difference.repaired(again(Change::Order(order.clone()))))
}

fn beyond(order: &Order, theirs: &SinkFulfillment, excess: &[LineQuantity]) -> Result<Difference, Failure> {
    let (id, goods) = (&theirs.fulfillment.id, told(order, excess)?);
    let message = format!("Rankr's fulfilment {id} brings {goods} beyond what is left of order {}", order.id);
    let left = Seen::new(GHL, Some(&order.id)).value(told(order, &ordered(order))?);
    let right = Seen::new(RANKR, Some(id)).value(goods);
    Ok(Difference::new(FULFILLED_QUANTITY_DIFFERS, &order.id, left, right, message))
}

/// What GoHighLevel has as fulfilled of what both sides know, against what Rankr has of it. Neither is ever lowered, so a person
/// must look.
fn quantities(order: &Order, goods: &Goods, plan: &Plan) -> Result<Option<Difference>, Failure> {
    let lacked: BTreeSet<&str> = plan.to_rankr.iter().map(|ours| ours.id.as_str()).collect();
    let same: BTreeSet<&str> = plan.same.iter().map(|(_, theirs)| *theirs).collect();
    let is_known = |theirs: &&SinkFulfillment| {
        let id = theirs.fulfillment.id.as_str();
        theirs.is_ours() || same.contains(id) || goods.links.is_linked(id)
    };
    let known: Vec<&SinkFulfillment> = goods.theirs.iter().filter(is_known).collect();
    // How much one brought that names no lines, Rankr does not say.
    if known
        .iter()
        .any(|theirs| theirs.fulfillment.lines.is_empty() && !is_withdrawn(&theirs.fulfillment.state))
    {
        return Ok(None);
    }
    let ours = goods.ours.iter().filter(|ours| !lacked.contains(ours.id.as_str()));
    let ours: Vec<LineQuantity> = ours.flat_map(|ours| ours.lines.clone()).collect();
    let theirs = known.iter().filter(|theirs| !is_withdrawn(&theirs.fulfillment.state));
    let theirs: Vec<LineQuantity> = theirs.flat_map(|theirs| lines_of(theirs)).collect();
    if totals(&ours)? == totals(&theirs)? {
        return Ok(None);
    }
    let (here, there) = (told(order, &ours)?, told(order, &theirs)?);
    let message = format!(
        "of order {}, GoHighLevel has {here} as fulfilled, and Rankr {there}, by the same fulfilments",
        order.id
    );
    let left = Seen::new(GHL, Some(&order.id)).value(here);
    let right = Seen::new(RANKR, Some(&order.id)).value(there);
    Ok(Some(Difference::new(FULFILLED_QUANTITY_DIFFERS, &order.id, left, right, message)))
}
