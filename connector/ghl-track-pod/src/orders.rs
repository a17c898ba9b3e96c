//! An order becomes a delivery.

use transload_model::{Money, Order, OrderStatus, Party, Revenue};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_track_pod::{Lookup, MapError, NewOrder, Order as PresentOrder, Terms, Update};

use crate::notes;
use crate::settings::Connection;

/// Brings Track-POD's order for the GoHighLevel order `order_id` up to date, creating it if need be.
pub fn sync(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    let Some(order) = connection.ghl.order(order_id)? else {
        return Ok(skipped(format!("GoHighLevel has no order {order_id}")));
    };
    if !connection.settings.mode.accepts(order.live) {
        let kind = if order.live { "a live" } else { "a test" };
        return Ok(skipped(format!("{order_id} is {kind} order, and the setting `mode` leaves those out")));
    }
    if order.status == OrderStatus::Cancelled {
        return cancelled(connection, order_id);
    }
    if order.total.amount.is_negative() {
        return Err(rejected(format!(
            "order {order_id} has a total below zero, {}: look at it in GoHighLevel",
            order.total
        )));
    }
    let due = order.amount_due(paid(connection, &order)?)?;
    let present = connection.track_pod.order(order_id)?;
    let Some(wanted) = delivery(connection, order.clone(), cash(due, &present))? else {
        return Ok(skipped(format!("order {order_id} has nothing to deliver")));
    };
    match present {
        Lookup::Missing => create(connection, &order, &wanted, due),
        // A payment that comes now is perhaps the driver's cash; there is nobody left to tell of it.
        Lookup::Found(present) if present.fulfillment(None).state.has_delivered() => {
            Ok(skipped(format!("order {order_id} is already delivered")))
        }
        Lookup::Found(present) => {
            let work = address_change(Work::default(), &wanted, &present);
            if wanted.differs_from(&present) {
                return update(connection, work, &order, &wanted, due, present.track_link.as_deref());
            }
            let work = work.effect(Verb::Verified, "track-pod", "order", order_id, "already as it should be");
            note_created(connection, work, &order, due, present.track_link.as_deref())
        }
        Lookup::Deleted { by, .. } => Ok(skipped(format!(
            "order {order_id} was deleted in Track-POD{}; it is not created again",
            by.map(|by| format!(" by {by}")).unwrap_or_default()
        ))),
    }
}

/// What the driver is to collect. Nothing is said of cash where none is due, unless an earlier version of the delivery asked
/// for some: whether Track-POD takes a left-out amount for zero is not documented.
fn cash(due: Money, present: &Lookup) -> Option<Money> {
    let asked = matches!(present, Lookup::Found(present) if present.cod.is_some_and(|cod| !cod.0.is_zero()));
    (due.amount.is_positive() || asked).then_some(due)
}

/// Nothing is delivered for a cancelled order; a delivery that is planned already is taken off by a person.
fn cancelled(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    match connection.track_pod.order(order_id)? {
        Lookup::Found(_) => {
            let text = format!(
                "order {order_id} is cancelled, but Track-POD still has its delivery; delete or reject it there"
            );
            Ok(Work::default().alert(Severity::Warning, "cancelled-but-planned", order_id, text).into())
        }
        Lookup::Missing | Lookup::Deleted { .. } => Ok(skipped(format!("order {order_id} is cancelled"))),
    }
}

/// What was charged for the order: GoHighLevel's order does not say, so its transactions are summed. What was given back
/// counts as paid, or the driver would be told to collect a refund.
fn paid(connection: &Connection, order: &Order) -> Result<Money, Failure> {
    let mut revenue = Revenue::default();
    for transaction in connection.ghl.order_transactions(&order.id)? {
        revenue.record(&transaction)?;
    }
    let currency = order.total.currency;
    match revenue.totals()?.as_slice() {
        [] => Ok(Money::zero(currency)),
        [totals] if totals.captured.currency == currency => Ok(totals.captured),
        // Cash on delivery is asked for in one currency; what it should be here, no rule can tell.
        _ => Err(rejected(format!(
            "order {} is in {currency}, but was paid in another currency: its cash on delivery cannot be worked out; \
             deliver it by hand",
            order.id
        ))),
    }
}

/// The Track-POD order that the GoHighLevel order asks for; none if it has nothing to deliver. The order's own snapshot of
/// the contact may lack an address; then the contact as it is now is asked.
fn delivery(
    connection: &Connection,
    mut order: Order,
    cod: Option<Money>,
) -> Result<Option<NewOrder>, Failure> {
    let terms = Terms { cod, note: order.note.clone(), ..Terms::default() };
    match NewOrder::from_order(&order, &terms) {
        Err(MapError::NoAddress { .. }) => {}
        other => return finish(other),
    }
    order.customer = contact(connection, &order)?.or(order.customer);
    finish(NewOrder::from_order(&order, &terms))
}

fn finish(mapped: Result<NewOrder, MapError>) -> Result<Option<NewOrder>, Failure> {
    match mapped {
        Ok(wanted) => Ok(Some(wanted)),
        Err(MapError::NothingToDeliver { .. }) => Ok(None),
        Err(error) => Err(rejected(error.to_string())),
    }
}

fn contact(connection: &Connection, order: &Order) -> Result<Option<Party>, Failure> {
    match contact_id(order) {
        Some(id) => Ok(connection.ghl.contact(id)?),
        None => Ok(None),
    }
}

fn create(connection: &Connection, order: &Order, wanted: &NewOrder, due: Money) -> Result<Receipt, Failure> {
    connection.track_pod.create(wanted)?;
    // The answer to the creation has no tracking link; only reading the order gives it.
    let link = match connection.track_pod.order(&order.id)? {
        Lookup::Found(created) => created.track_link,
        _ => None,
    };
    let summary = format!("delivery of {} created{}", order.total, cash_on_delivery(due));
    let work =
        Work::default().effect(Verb::Created, "track-pod", "order", &order.id, summary).link(link.clone());
    let work = if due.amount.is_positive() { work.amount(due) } else { work };
    note_created(connection, work, order, due, link.as_deref())
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

fn update(
    connection: &Connection,
    work: Work,
    order: &Order,
    wanted: &NewOrder,
    due: Money,
    link: Option<&str>,
) -> Result<Receipt, Failure> {
    match connection.track_pod.update(wanted)? {
        Update::Accepted => {
            let summary = format!("delivery brought up to date{}", cash_on_delivery(due));
            let work = work.effect(Verb::Updated, "track-pod", "order", &order.id, summary);
            // The attempt that created the delivery may have ended before it came to the note.
            note_created(connection, work, order, due, link)
        }
        Update::TooLate { message } => {
            let text = format!(
                "order {} changed after Track-POD stopped taking changes: {message}; tell the driver",
                order.id
            );
            Ok(work.alert(Severity::Warning, "change-too-late", &order.id, text).into())
        }
        Update::Missing | Update::Deleted => {
            Ok(skipped(format!("order {} was removed from Track-POD in the meantime", order.id)))
        }
    }
}

fn note_created(
    connection: &Connection,
    work: Work,
    order: &Order,
    due: Money,
    link: Option<&str>,
) -> Result<Receipt, Failure> {
    let follow = link.map(|link| format!(" Follow it: {link}")).unwrap_or_default();
    let text = format!("Delivery planned for the order of {}{}.{follow}", order.total, cash_on_delivery(due));
    let mark = format!("delivery-created {}", order.id);
    Ok(notes::write_once(connection, work, contact_id(order), &mark, &text)?.into())
}

fn cash_on_delivery(due: Money) -> String {
    if due.amount.is_positive() { format!(", {due} to be paid on delivery") } else { String::new() }
}

/// The contact that an order belongs to.
pub fn contact_id(order: &Order) -> Option<&str> {
    order.customer.as_ref()?.id.as_deref()
}
