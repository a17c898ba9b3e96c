//! Which fulfilments of the two sides are the same, and what one side lacks of the other's. Pure.

use std::collections::BTreeSet;

use transload_ghl::PostedFulfillment;
use transload_model::{
    FulfillmentState, LineQuantity, NewlyFulfilled, Order, QuantityError, newly_fulfilled,
};
use transload_rankr::SinkFulfillment;

use super::links::Links;

/// What is to be done so that each side has what the other has.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The same on both sides, and not known for it yet: GoHighLevel's id and Rankr's.
    pub same: Vec<(&'a str, &'a str)>,
    /// What Rankr lacks.
    pub to_rankr: Vec<&'a PostedFulfillment>,
    /// What GoHighLevel lacks.
    pub to_ghl: Vec<ToGhl<'a>>,
}

/// A fulfilment of Rankr's that GoHighLevel lacks.
#[derive(Debug, PartialEq, Eq)]
pub struct ToGhl<'a> {
    /// The fulfilment.
    pub theirs: &'a SinkFulfillment,
    /// What of it is to be written; nothing, if the order has all of its goods.
    pub lines: Vec<LineQuantity>,
    /// What of it is beyond the order.
    pub excess: Vec<LineQuantity>,
}

/// How far a fulfilment has to have come to be written to GoHighLevel.
pub type Accepted = [FulfillmentState];

/// Makes the plan for `order`, of which GoHighLevel has the fulfilments `ours` and Rankr `theirs`.
pub fn plan<'a>(
    order: &Order,
    ours: &'a [PostedFulfillment],
    theirs: &'a [SinkFulfillment],
    links: &Links,
    accepted: &Accepted,
) -> Result<Plan<'a>, QuantityError> {
    let ordered = ordered(order);
    let mut open = Open {
        ours: ours.iter().filter(|ours| !links.has_ghl(&ours.id)).collect(),
        theirs: theirs.iter().filter(|theirs| !links.is_linked(&theirs.fulfillment.id)).collect(),
        same: Vec::new(),
    };
    open.pair(|ours, theirs| ours.id == theirs.fulfillment.id);
    open.pair(|ours, theirs| is_tracked_as(ours, theirs) && has_lines(ours, &lines_of(theirs)));
    // Of a fulfilment that was written for as much as was left to fulfil, GoHighLevel has less than Rankr.
    open.pair(|ours, theirs| is_tracked_as(ours, theirs) && is_part_of(ours, &lines_of(theirs)));
    // The same goods do not leave twice: both sides say the same of them.
    let written: Vec<LineQuantity> = ours.iter().flat_map(|ours| ours.lines.clone()).collect();
    open.pair(|ours, theirs| {
        let lines = all_of(theirs, &ordered);
        accepted.contains(&theirs.fulfillment.state)
            && has_lines(ours, &lines)
            && exceeds(&ordered, &written, &lines)
    });
    let Open { ours: to_rankr, theirs, same } = open;
    let missing =
        theirs.into_iter().filter(|theirs| !theirs.is_ours() && accepted.contains(&theirs.fulfillment.state));
    let to_ghl = limited(missing, &ordered, written)?;
    Ok(Plan { same, to_rankr, to_ghl })
}

/// What is not known to be the same as something on the other side.
struct Open<'a> {
    ours: Vec<&'a PostedFulfillment>,
    theirs: Vec<&'a SinkFulfillment>,
    same: Vec<(&'a str, &'a str)>,
}

impl Open<'_> {
    /// Takes out those that `are_same`, each once.
    fn pair(&mut self, are_same: impl Fn(&PostedFulfillment, &SinkFulfillment) -> bool) {
        self.ours.retain(|ours| {
            let Some(at) = self.theirs.iter().position(|theirs| are_same(ours, theirs)) else { return true };
            let theirs = self.theirs.remove(at);
            self.same.push((&ours.id, &theirs.fulfillment.id));
            false
        });
    }
}

/// What Rankr's fulfilment brings beyond GoHighLevel's, which is the same one: it was written for as much as was left.
pub fn beyond(
    ours: &PostedFulfillment,
    theirs: &SinkFulfillment,
) -> Result<Vec<LineQuantity>, QuantityError> {
    Ok(newly_fulfilled(&ours.lines, &lines_of(theirs), &[])?.excess)
}

/// Limits each of `missing` to what is left of the order, one after the other.
fn limited<'a>(
    missing: impl Iterator<Item = &'a SinkFulfillment>,
    ordered: &[LineQuantity],
    mut written: Vec<LineQuantity>,
) -> Result<Vec<ToGhl<'a>>, QuantityError> {
    let mut to_ghl = Vec::new();
    for theirs in missing {
        let lines = lines_of(theirs);
        let NewlyFulfilled { lines, excess } = match lines.is_empty() {
            // One that names no lines brings all that is left.
            true => newly_fulfilled(ordered, ordered, &written)?,
            false => {
                newly_fulfilled(ordered, &with(&written, &lines), &written).map(|new| about(new, &lines))?
            }
        };
        written.extend(lines.iter().cloned());
        to_ghl.push(ToGhl { theirs, lines, excess });
    }
    Ok(to_ghl)
}

/// Without the lines that are not of `lines`: of those, GoHighLevel itself has more than was ordered.
fn about(new: NewlyFulfilled, lines: &[LineQuantity]) -> NewlyFulfilled {
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.line_id.as_str()).collect();
    let excess = new.excess.into_iter().filter(|line| ids.contains(line.line_id.as_str())).collect();
    NewlyFulfilled { excess, ..new }
}

/// What was ordered.
pub fn ordered(order: &Order) -> Vec<LineQuantity> {
    order.lines.iter().map(|line| LineQuantity::new(&line.id, line.quantity)).collect()
}

/// What it brings; nothing, for one that names no lines.
pub fn lines_of(theirs: &SinkFulfillment) -> Vec<LineQuantity> {
    let lines = theirs.fulfillment.lines.iter();
    lines.map(|line| LineQuantity::new(&line.line_id, line.fulfilled)).collect()
}

fn all_of(theirs: &SinkFulfillment, ordered: &[LineQuantity]) -> Vec<LineQuantity> {
    let lines = lines_of(theirs);
    if lines.is_empty() { ordered.to_vec() } else { lines }
}

/// The number by which GoHighLevel knows a fulfilment of Rankr's: the parcel's, else its id.
pub fn number(theirs: &SinkFulfillment) -> &str {
    let fulfillment = &theirs.fulfillment;
    let number = fulfillment.tracking.first().and_then(|tracking| tracking.number.as_deref());
    number.unwrap_or(&fulfillment.id)
}

fn is_tracked_as(ours: &PostedFulfillment, theirs: &SinkFulfillment) -> bool {
    let mut numbers = ours.tracking.iter().filter_map(|tracking| tracking.number.as_deref());
    numbers.any(|ours| ours == number(theirs) || ours == theirs.fulfillment.id)
}

fn with(some: &[LineQuantity], more: &[LineQuantity]) -> Vec<LineQuantity> {
    some.iter().chain(more).cloned().collect()
}

/// Whether `ours` has these lines and no others.
fn has_lines(ours: &PostedFulfillment, lines: &[LineQuantity]) -> bool {
    is_within(&ours.lines, lines) && is_within(lines, &ours.lines)
}

/// Whether `ours` has some of these lines, or they are not named.
fn is_part_of(ours: &PostedFulfillment, lines: &[LineQuantity]) -> bool {
    lines.is_empty() || is_within(&ours.lines, lines)
}

/// Whether there is no more of any line in `some` than in `all`. What does not add up is in nothing.
fn is_within(some: &[LineQuantity], all: &[LineQuantity]) -> bool {
    newly_fulfilled(all, some, &[]).is_ok_and(|new| new.excess.is_empty())
}

/// Whether `lines` beside what is written would be more than was ordered.
fn exceeds(ordered: &[LineQuantity], written: &[LineQuantity], lines: &[LineQuantity]) -> bool {
    newly_fulfilled(ordered, &with(written, lines), &[]).is_ok_and(|new| !about(new, lines).excess.is_empty())
}

#[cfg(test)]
mod tests;
