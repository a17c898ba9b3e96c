//! An order gets its label.

use transload_flows::templates::Rule;
use transload_flows::{Shop, notes, orders, payments};
use transload_labelry::{API, Client, Label, NewLabel};
use transload_model::Order;
use transload_sdk::{Failure, Receipt, Verb, Work, rejected, skipped};

/// Labelry, as manifests, events and effects name it.
pub const LABELRY: &str = API.name;

/// Makes a label for the GoHighLevel order `order_id` if `label_when` holds and there is none, and notes it on the contact.
pub fn make(shop: &Shop, label_when: &Rule, order_id: &str) -> Result<Receipt, Failure> {
    let (order, raw) = match orders::current(shop, order_id)? {
        Ok(found) => found,
        Err(reason) => return Ok(skipped(reason)),
    };
    let (_, scope) = payments::scope(&order, &raw, &payments::of_order(shop, &order)?)?;
    if !label_when.holds("label_when", &scope)? {
        return Ok(skipped(format!("the setting `label_when` leaves order {order_id} out")));
    }
    let labelry = Client::new(shop.cx.http);
    let (verb, label) = match labelry.find(order_id)? {
        Some(label) => (Verb::Verified, label),
        None if !shop.settings.writes => return Ok(skipped("the setting `writes` is off")),
        None => (Verb::Created, labelry.create(&wanted(&order)?)?),
    };
    let text = said(&label);
    let work = Work::default().effect(verb, LABELRY, "label", &label.id, &text).link(label.url);
    let mark = format!("label {order_id}");
    Ok(notes::write_once(shop, work, order.customer_id(), &mark, &text)?.into())
}

fn said(label: &Label) -> String {
    match &label.url {
        Some(url) => format!("Address label {}: {url}", label.id),
        None => format!("Address label {}", label.id),
    }
}

fn wanted(order: &Order) -> Result<NewLabel, Failure> {
    let id = &order.id;
    let name = order.customer.as_ref().and_then(|customer| customer.name.clone());
    let address = order.delivery_address().filter(|address| address.is_deliverable());
    let (Some(name), Some(address)) = (name, address) else {
        return Err(rejected(format!("order {id} has no name or no address to print; add it, then retry")));
    };
    Ok(NewLabel { reference: id.clone(), name, address: address.one_line() })
}
