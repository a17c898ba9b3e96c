//! An order becomes a delivery.

use transload_flows::templates::Scope;
use transload_flows::{notes, orders};
use transload_model::{Decimal, Money, Order, OrderStatus, Party, Payments};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_track_pod::{Lookup, MapError, NewOrder, Order as PresentOrder, Update};

use crate::call_off::{self, Why};
use crate::payments;
use crate::settings::Connection;
use crate::terms::terms;

/// How much of the flow is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Whatever the order asks for now.
    Sync,
    /// A delivery, if there is none yet, whatever `deliver_when` and `cash_on_delivery` say: a person asked for it.
    Create,
    /// The present delivery brought up to date, and none created.
    Update,
}

/// Brings Track-POD's order for the GoHighLevel order `order_id` up to date, creating it or calling it off if need be.
pub fn sync(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    run(connection, order_id, Step::Sync)
}

/// Does `step` for the GoHighLevel order `order_id`.
pub fn run(connection: &Connection, order_id: &str, step: Step) -> Result<Receipt, Failure> {
    let (order, raw) = match orders::current(connection, order_id)? {
        Ok(found) => found,
        Err(reason) => return Ok(skipped(reason)),
    };
    if order.status == OrderStatus::Cancelled {
        return call_off::call_off(connection, &order, Why::Cancelled);
    }
    if order.total.amount.is_negative() {
        return Err(rejected(format!(
            "order {order_id} has a total below zero, {}: look at it in GoHighLevel",
            order.total
        )));
    }
    let payments = payments::of(connection, &order)?;
    if connection.settings.cancel.when_refunded && payments.all_given_back(&order) {
        return call_off::call_off(connection, &order, Why::Refunded);
    }
    let order = with_address(connection, order)?;
    let due = payments.due(&order)?;
    let scope = Scope::of_order(&order, Some(&raw), payments.captured, due);
    if step != Step::Create && !connection.settings.deliver_when.holds("deliver_when", &scope)? {
        return Ok(skipped(format!("the setting `deliver_when` leaves order {order_id} out")));
    }
    Sync { connection, order, scope, payments, due }.run(step)
}

/// What Track-POD should have of an order.
pub enum Expected {
    /// This delivery.
    Delivery(Box<NewOrder>),
    /// None: the order is called off or given back, waits for its payment, or is none that the settings deliver.
    Nothing,
    /// One that cannot be made, for this reason.
    Unclear(String),
}

/// What [`sync`] would have Track-POD hold of `order`, beside which `present` is there.
pub fn expected(
    connection: &Connection,
    order: Order,
    raw: &str,
    payments: Payments,
    present: &Lookup,
) -> Result<Expected, Failure> {
    let settings = connection.settings;
    let given_back = settings.cancel.when_refunded && payments.all_given_back(&order);
    if !settings.shop.mode.accepts(order.live) || order.status == OrderStatus::Cancelled || given_back {
        return Ok(Expected::Nothing);
    }
    let order = with_address(connection, order)?;
    let due = payments.due(&order)?;
    let scope = Scope::of_order(&order, Some(raw), payments.captured, due);
    if !settings.deliver_when.holds("deliver_when", &scope)? {
        return Ok(Expected::Nothing);
    }
    let sync = Sync { connection, order, scope, payments, due };
    let present = match present {
        Lookup::Found(present) => Some(present.as_ref()),
        Lookup::Missing | Lookup::Deleted { .. } if sync.waits() => return Ok(Expected::Nothing),
        Lookup::Missing | Lookup::Deleted { .. } => None,
    };
    match sync.wanted(present) {
        Ok(Some(wanted)) => Ok(Expected::Delivery(Box::new(wanted))),
        Ok(None) => Ok(Expected::Nothing),
        Err(Failure::Rejected(reason)) => Ok(Expected::Unclear(reason)),
        Err(failure) => Err(failure),
    }
}

/// The order with an address, if it has goods: its own snapshot of the contact may lack one; then the contact as it is now
/// is asked.
fn with_address(connection: &Connection, order: Order) -> Result<Order, Failure> {
    let has_goods = order.lines.iter().any(|line| line.physical != Some(false));
    if !has_goods || order.delivery_address().is_some_and(|address| address.is_deliverable()) {
        return Ok(order);
    }
    let customer = contact(connection, &order)?.or_else(|| order.customer.clone());
    Ok(Order { customer, ..order })
}

fn contact(connection: &Connection, order: &Order) -> Result<Option<Party>, Failure> {
    match order.customer_id() {
        Some(id) => Ok(connection.ghl.contact(id)?),
        None => Ok(None),
    }
}

/// An order that is to be delivered.
struct Sync<'a> {
    connection: &'a Connection<'a>,
    order: Order,
    scope: Scope,
    payments: Payments,
    due: Money,
}

impl Sync<'_> {
    fn run(self, step: Step) -> Result<Receipt, Failure> {
        let id = &self.order.id;
        match self.connection.track_pod.order(id)? {
            Lookup::Missing if step == Step::Update => Ok(skipped(format!("order {id} has no delivery yet"))),
            Lookup::Missing if step == Step::Sync && self.waits() => {
                Ok(skipped(format!("order {id} waits until the {} that is due is paid", self.due)))
            }
            Lookup::Missing => self.create(),
            Lookup::Found(_) if step == Step::Create => Ok(skipped(format!("order {id} has a delivery"))),
            // A payment that comes now is perhaps the driver's cash; there is nobody left to tell of it.
            Lookup::Found(present) if present.fulfillment(None).state.has_delivered() => {
                Ok(skipped(format!("order {id} is already delivered")))
            }
            Lookup::Found(present) => match call_off::was_called_off(self.connection, id)? {
                true => Ok(self.reopened()),
                false => self.bring_up_to_date(&present),
            },
            Lookup::Deleted { .. } if call_off::was_called_off(self.connection, id)? => Ok(self.reopened()),
            Lookup::Deleted { by, .. } => Ok(skipped(format!(
                "order {id} was deleted in Track-POD{}; it is not created again",
                by.map(|by| format!(" by {by}")).unwrap_or_default()
            ))),
        }
    }

    fn waits(&self) -> bool {
        !self.connection.settings.cash_on_delivery && self.due.amount.is_positive()
    }

    /// Track-POD keeps the id of what was deleted or rejected, so the connector cannot make the delivery again.
    fn reopened(&self) -> Receipt {
        let id = &self.order.id;
        let text = format!(
            "order {id} is {} again after its delivery was taken off, and Track-POD does not take its id a second time; \
             plan its delivery there by hand",
            self.order.status.describe()
        );
        Work::default().alert(Severity::Warning, "order-reopened", id, text).into()
    }

    /// What the driver is to collect. Nothing is said of cash where none is due, unless an earlier version of the delivery
    /// asked for some: whether Track-POD takes a left-out amount for zero is not documented.
    fn cash(&self, present: Option<&PresentOrder>) -> Option<Money> {
        let asked = present.and_then(|present| present.cod).is_some_and(|cod| !cod.0.is_zero());
        let due = match self.connection.settings.cash_on_delivery {
            true => self.due,
            false => Money::zero(self.due.currency),
        };
        (due.amount.is_positive() || asked).then_some(due)
    }

    /// The Track-POD order that is wanted; none if there is nothing to deliver.
    fn wanted(&self, present: Option<&PresentOrder>) -> Result<Option<NewOrder>, Failure> {
        let cod = self.cash(present);
        let terms = terms(self.connection, &self.order.id, &self.scope, &self.payments, cod)?;
        match NewOrder::from_order(&self.order, &terms) {
            Ok(wanted) => Ok(Some(wanted)),
            Err(MapError::NothingToDeliver { .. }) => Ok(None),
            Err(error @ MapError::NoAddress { .. }) => Err(rejected(format!("{error}; {}", self.advice()))),
            Err(error) => Err(rejected(error.to_string())),
        }
    }

    fn advice(&self) -> String {
        let whose =
            self.order.customer_id().map_or_else(|| "its contact".to_owned(), |id| format!("contact {id}"));
        format!("add the address to {whose} in GoHighLevel, then retry this event")
    }

    fn nothing(&self) -> Receipt {
        skipped(format!("order {} has nothing to deliver", self.order.id))
    }

    fn create(&self) -> Result<Receipt, Failure> {
        let Some(wanted) = self.wanted(None)? else { return Ok(self.nothing()) };
        let id = &self.order.id;
        if !self.connection.settings.shop.writes {
            return Ok(skipped(format!("order {id} has no delivery, and the setting `writes` is off")));
        }
        self.connection.track_pod.create(&wanted)?;
        // The answer to the creation has no tracking link; only reading the order gives it.
        let link = match self.connection.track_pod.order(id)? {
            Lookup::Found(created) => created.track_link,
            _ => None,
        };
        let cod = self.cash(None);
        let summary = format!("delivery of {} created{}", self.order.total, cash_on_delivery(cod));
        let work =
            Work::default().effect(Verb::Created, "track-pod", "order", id, summary).link(link.clone());
        let work = match cod {
            Some(cod) => work.amount(cod),
            None => work,
        };
        self.note_created(work, cod, link.as_deref())
    }

    fn bring_up_to_date(&self, present: &PresentOrder) -> Result<Receipt, Failure> {
        let Some(wanted) = self.wanted(Some(present))? else { return Ok(self.nothing()) };
        let work = address_change(Work::default(), &wanted, present);
        let id = &self.order.id;
        if !wanted.differs_from(present) {
            let work = work.effect(Verb::Verified, "track-pod", "order", id, "already as it should be");
            return self.note_created(work, wanted_cash(&wanted, self.due), present.track_link.as_deref());
        }
        if !self.connection.settings.shop.writes {
            let text =
                format!("the delivery of order {id} is not as the order is, and the setting `writes` is off");
            return Ok(work.alert(Severity::Warning, "delivery-differs", id, text).into());
        }
        self.update(work, &wanted, present)
    }

    fn update(&self, work: Work, wanted: &NewOrder, present: &PresentOrder) -> Result<Receipt, Failure> {
        let id = &self.order.id;
        match self.connection.track_pod.update(wanted)? {
            Update::Accepted => {
                let cod = wanted_cash(wanted, self.due);
                let summary = format!("delivery brought up to date{}", cash_on_delivery(cod));
                let work = work.effect(Verb::Updated, "track-pod", "order", id, summary);
                // The attempt that created the delivery may have ended before it came to the note.
                self.note_created(work, cod, present.track_link.as_deref())
            }
            // What was paid is in GoHighLevel too; a driver who has to do nothing else differently need not be told.
            Update::TooLate { .. } if !without_log(wanted).differs_from(present) => {
                Ok(skipped(format!("order {id} is past taking a note of its payments")))
            }
            Update::TooLate { message } => {
                let text = format!(
                    "order {id} changed after Track-POD stopped taking changes: {message}; tell {}",
                    told_too_late(present, self.due)
                );
                Ok(work.alert(Severity::Warning, "change-too-late", id, text).into())
            }
            Update::Missing | Update::Deleted => {
                Ok(skipped(format!("order {id} was removed from Track-POD in the meantime")))
            }
        }
    }

    fn note_created(&self, work: Work, cod: Option<Money>, link: Option<&str>) -> Result<Receipt, Failure> {
        let follow = link.map(|link| format!(" Follow it: {link}")).unwrap_or_default();
        let text = format!(
            "Delivery planned for the order of {}{}.{follow}",
            self.order.total,
            cash_on_delivery(cod)
        );
        let mark = format!("delivery-created {}", self.order.id);
        Ok(notes::write_once(self.connection, work, self.order.customer_id(), &mark, &text)?.into())
    }
}

/// Who is to be told of a change that Track-POD did not take, and what of its cash: `the driver, Sam Wood, that …`.
fn told_too_late(present: &PresentOrder, due: Money) -> String {
    let name = present.driver_name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let asked = present.cod.map_or(Decimal::ZERO, |cod| cod.0);
    if asked == due.amount {
        return format!("the driver{name}");
    }
    let asked = Money { amount: asked, ..due };
    format!("the driver{name}: to collect {due}, and not {asked}")
}

/// Track-POD keeps the address of an order that is planned into a route, whatever an update says.
fn address_change(work: Work, wanted: &NewOrder, present: &PresentOrder) -> Work {
    if !wanted.is_planned_elsewhere(present) {
        return work;
    }
    let id = present.id.as_deref().unwrap_or_default();
    let text = format!(
        "order {id} is on a route to its former address; take it off the route in Track-POD, or tell the driver"
    );
    work.alert(Severity::Warning, "address-too-late", id, text)
}

/// `wanted` without what a driver need not know.
fn without_log(wanted: &NewOrder) -> NewOrder {
    NewOrder { note: None, custom_fields: Vec::new(), ..wanted.clone() }
}

fn wanted_cash(wanted: &NewOrder, due: Money) -> Option<Money> {
    wanted.cod.map(|cod| Money::new(cod.0, due.currency))
}

fn cash_on_delivery(cod: Option<Money>) -> String {
    match cod {
        Some(cod) if cod.amount.is_positive() => format!(", {cod} to be paid on delivery"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
