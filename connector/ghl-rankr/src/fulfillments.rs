//! Fulfilments go both ways: what one side has is added to the other, once. Nothing is lowered and nothing deleted, because
//! GoHighLevel's cannot be.

pub mod links;
pub mod plan;

use transload_flows::events::GHL;
use transload_flows::fulfillments::counted;
use transload_flows::notes;
use transload_ghl::{NewFulfillment, PostedFulfillment};
use transload_model::{FulfilledLine, Fulfillment, FulfillmentState, LineQuantity, Order, Tracking};
use transload_rankr::{ORIGIN, Posted, SinkFulfillment};
use transload_sdk::{Context, Failure, Severity, Verb, Work, rejected};

use crate::mirror::RANKR;
use crate::settings::{Connection, Settings};
use links::{FULFILLMENTS_MAX, Links};
use plan::{ToGhl, beyond, number, plan};

/// Adds to each side of `order` what the other has. Answers whether anything was written to GoHighLevel, where the order has
/// changed by it.
pub fn sync(connection: &Connection, work: Work, order: &Order) -> Result<(Work, bool), Failure> {
    let settings = &connection.settings.fulfillments;
    if !settings.sync {
        return Ok((work, false));
    }
    let Some(theirs) = connection.rankr.fulfillments(&order.id)? else { return Ok((work, false)) };
    let ours = connection.ghl.fulfillments(&order.id)?;
    if theirs.len().max(ours.len()) > FULFILLMENTS_MAX {
        return Err(rejected(format!("order {} has more than {FULFILLMENTS_MAX} fulfilments", order.id)));
    }
    let links = Links::load(connection.cx, &order.id)?;
    let mut sync = Sync { connection, order, links, work, wrote: false };
    for theirs in &theirs {
        sync.follow(theirs)?;
    }
    let plan = plan(order, &ours, &theirs, &sync.links, &settings.accepted)?;
    for (ghl, rankr) in plan.same {
        sync.links.link(ghl, rankr);
        sync.effect(Verb::Verified, RANKR, rankr, format!("is GoHighLevel's fulfilment {ghl}"));
        // An attempt that wrote it and then failed has told nobody of what it left out.
        let (ours, theirs) =
            (ours.iter().find(|one| one.id == ghl), theirs.iter().find(|one| one.fulfillment.id == rankr));
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            sync.tell_of_excess(theirs, &beyond(ours, theirs)?);
        }
    }
    for missing in &plan.to_ghl {
        sync.write_to_ghl(missing)?;
    }
    sync.post_to_rankr(&plan.to_rankr)?;
    for theirs in &theirs {
        sync.tell_of_withdrawal(theirs);
    }
    sync.links.save(connection.cx)?;
    Ok((sync.work, sync.wrote))
}

/// Whether what Rankr tells of a fulfilment was handled.
pub fn is_handled(cx: &Context, theirs: &SinkFulfillment) -> Result<bool, Failure> {
    Ok(Links::load(cx, &theirs.fulfillment.order_id)?.is_handled(theirs))
}

struct Sync<'a> {
    connection: &'a Connection<'a>,
    order: &'a Order,
    links: Links,
    work: Work,
    wrote: bool,
}

impl Sync<'_> {
    fn effect(&mut self, verb: Verb, system: &str, id: &str, summary: String) {
        self.work = std::mem::take(&mut self.work).effect(verb, system, "fulfillment", id, summary);
    }

    fn alert(&mut self, severity: Severity, kind: &str, text: String) {
        self.work = std::mem::take(&mut self.work).alert(severity, kind, &self.order.id, text);
    }

    /// Remembers how far a fulfilment of Rankr's has come, and notes it for one that GoHighLevel has.
    fn follow(&mut self, theirs: &SinkFulfillment) -> Result<(), Failure> {
        let fulfillment = &theirs.fulfillment;
        let link = self.links.of(theirs);
        let moved = link.state() != fulfillment.state;
        let parcel = fulfillment.tracking.first().and_then(|tracking| tracking.number.as_deref());
        let renumbered = parcel.filter(|parcel| link.number() != Some(parcel));
        link.reach(theirs);
        let (id, state) = (&fulfillment.id, fulfillment.state.describe());
        let mark = match renumbered {
            _ if link.ghl.is_none() => return Ok(()),
            _ if moved => format!("fulfillment {id} {state}"),
            Some(parcel) => format!("fulfillment {id} parcel {parcel}"),
            None => return Ok(()),
        };
        let work = std::mem::take(&mut self.work);
        let contact_id = self.order.customer_id();
        self.work = notes::write_once(self.connection, work, contact_id, &mark, &told(fulfillment))?;
        Ok(())
    }

    /// Tells, once, of a fulfilment that is called off though GoHighLevel has it.
    fn tell_of_withdrawal(&mut self, theirs: &SinkFulfillment) {
        let Fulfillment { id, state, reason, .. } = &theirs.fulfillment;
        let link = self.links.of(theirs);
        if !is_withdrawn(state)
            || link.ghl.is_none()
            || !link.tells(&format!("withdrawn {}", state.describe()))
        {
            return;
        }
        let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let text = format!(
            "Rankr says that fulfilment {id} of order {} is {}{why}; GoHighLevel has it as fulfilled and cannot take it \
             back: see to the goods and the money by hand",
            self.order.id,
            state.describe()
        );
        self.alert(Severity::Critical, "fulfillment-withdrawn", text);
    }

    fn write_to_ghl(&mut self, missing: &ToGhl) -> Result<(), Failure> {
        let theirs = missing.theirs;
        let id = &theirs.fulfillment.id;
        self.tell_of_excess(theirs, &missing.excess);
        if missing.lines.is_empty() {
            return Ok(());
        }
        let goods = counted(&missing.lines, self.order);
        if !self.connection.shop.settings.writes {
            self.differs(format!("GoHighLevel lacks Rankr's fulfilment {id} of {goods}"));
            return Ok(());
        }
        let known = theirs.fulfillment.tracking.first().cloned().unwrap_or_default();
        let tracking = Tracking { number: Some(number(theirs).to_owned()), ..known };
        let link = tracking.url.clone();
        let new = NewFulfillment {
            lines: missing.lines.clone(),
            tracking: vec![tracking],
            notify_customer: self.connection.shop.settings.notify_customer,
        };
        let posted = self.connection.ghl.create_fulfillment(&self.order.id, &new)?;
        self.effect(
            Verb::Created,
            GHL,
            &posted,
            format!("fulfilled {goods}, as Rankr's fulfilment {id} says"),
        );
        self.work = std::mem::take(&mut self.work).link(link);
        self.links.link(&posted, id);
        self.wrote = true;
        Ok(())
    }

    fn tell_of_excess(&mut self, theirs: &SinkFulfillment, excess: &[LineQuantity]) {
        let id = &theirs.fulfillment.id;
        for LineQuantity { line_id, quantity } in excess {
            let mark = format!("too much {}×{line_id}", quantity.normalized());
            if self.links.of(theirs).tells(&mark) {
                let text = format!(
                    "Rankr's fulfilment {id} brings {quantity} of line {line_id} beyond what is left of order {}; that is not \
                     written to GoHighLevel",
                    self.order.id
                );
                self.alert(Severity::Warning, "fulfilled-too-much", text);
            }
        }
    }

    fn differs(&mut self, what: String) {
        let text = format!("{what}; the setting `writes` is off, so it stays so");
        self.alert(Severity::Warning, "fulfillment-differs", text);
    }

    /// What was posted is read again: by the times that Rankr gives it, its polls are known to tell nothing new.
    fn post_to_rankr(&mut self, missing: &[&PostedFulfillment]) -> Result<(), Failure> {
        let mut posted = Vec::new();
        for &ours in missing {
            if !self.connection.shop.settings.writes {
                let goods = counted(&ours.lines, self.order);
                self.differs(format!("Rankr lacks GoHighLevel's fulfilment {} of {goods}", ours.id));
            } else if self.post(ours)? {
                posted.push(ours.id.as_str());
            }
        }
        if posted.is_empty() {
            return Ok(());
        }
        for stored in self.connection.rankr.fulfillments(&self.order.id)?.unwrap_or_default() {
            if posted.contains(&stored.fulfillment.id.as_str()) {
                self.links.of(&stored).reach(&stored);
            }
        }
        Ok(())
    }

    /// Whether Rankr has it now; it has not if its order is gone.
    fn post(&mut self, ours: &PostedFulfillment) -> Result<bool, Failure> {
        let settings = self.connection.settings;
        let new = SinkFulfillment {
            fulfillment: of_ghl(settings, &self.order.id, ours),
            origin: Some(ORIGIN.to_owned()),
            notify_customer: settings.fulfillments.notify_customer,
            updated_at: None,
        };
        let goods = counted(&ours.lines, self.order);
        match self.connection.rankr.post_fulfillment(&new)? {
            Posted::NoOrder => return Ok(false),
            Posted::Created => {
                self.effect(
                    Verb::Created,
                    RANKR,
                    &ours.id,
                    format!("fulfilled {goods}, as GoHighLevel says"),
                );
            }
            Posted::Known(_) => {
                self.effect(Verb::Verified, RANKR, &ours.id, "the fulfilment was already there".to_owned());
            }
        }
        self.links.of(&new);
        self.links.link(&ours.id, &ours.id);
        Ok(true)
    }
}

/// GoHighLevel's fulfilment in the model's terms.
pub fn of_ghl(settings: &Settings, order_id: &str, ours: &PostedFulfillment) -> Fulfillment {
    let lines = ours.lines.iter().map(|line| FulfilledLine {
        line_id: line.line_id.clone(),
        ordered: None,
        fulfilled: line.quantity,
        reason: None,
    });
    Fulfillment {
        id: ours.id.clone(),
        order_id: order_id.to_owned(),
        state: settings.fulfillments.posted_as.clone(),
        attempt: 1,
        lines: lines.collect(),
        tracking: ours.tracking.clone(),
        proof: None,
        cash_collected: None,
        reason: None,
        happened_at: ours.created_at,
        estimated_at: None,
    }
}

/// Whether a fulfilment came to nothing.
pub fn is_withdrawn(state: &FulfillmentState) -> bool {
    matches!(state, FulfillmentState::Cancelled | FulfillmentState::Rejected)
}

/// What the contact's timeline says of a fulfilment that has moved on.
fn told(fulfillment: &Fulfillment) -> String {
    let reason = fulfillment.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let tracking = fulfillment.tracking.first();
    let parcel = tracking.and_then(|tracking| tracking.number.as_ref());
    let parcel = parcel.map(|parcel| format!(" Parcel {parcel}.")).unwrap_or_default();
    let page = tracking.and_then(|tracking| tracking.url.as_ref());
    let page = page.map(|page| format!(" Follow it: {page}")).unwrap_or_default();
    format!("Fulfilment {} is {}{reason}.{parcel}{page}", fulfillment.id, fulfillment.state.describe())
}

#[cfg(test)]
mod tests;
