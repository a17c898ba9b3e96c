//! GoHighLevel → Labelry: an order that is to be sent gets an address label, once, and the contact a note with its link.

mod labels;
mod manifest;

use serde::Deserialize;
use transload_flows::templates::Rule;
use transload_flows::{Listing, Shop, check, intake};
use transload_labelry::{Client, FIND_LABELS};
use transload_sdk::{
    Connector, Context, Delivery, Description, Envelope, Event, EventPage, Failure, Order, Probe, Receipt,
    Transaction, Window, rejected, skipped,
};

/// The connection's settings.
type Settings = transload_flows::Settings<LabelSettings>;

/// What is set beside what every connector with GoHighLevel has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelSettings {
    #[serde(default = "ready_to_go")]
    label_when: Rule,
}

fn ready_to_go() -> Rule {
    Rule::new("order.physical and order.due == 0 and order.status != \"cancelled\"")
}

/// The connector.
pub struct GhlLabelry;

impl Connector for GhlLabelry {
    fn describe() -> Description {
        manifest::describe()
    }

    fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        let settings: Settings = cx.settings()?;
        intake::from_ghl(&Shop::new(cx, &settings.shop), &delivery.body)
    }

    fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
        let settings: Settings = cx.settings()?;
        listing(trigger)?.poll(&Shop::new(cx, &settings.shop), cursor)
    }

    fn backfill(
        cx: &Context,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<EventPage, Failure> {
        let settings: Settings = cx.settings()?;
        listing(trigger)?.backfill(&Shop::new(cx, &settings.shop), window, cursor)
    }

    fn on_order(cx: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
        label(cx, &order.id)
    }

    fn on_transaction(cx: &Context, _: &Envelope, transaction: Transaction) -> Result<Receipt, Failure> {
        match transaction.order_id() {
            Some(order_id) => label(cx, order_id),
            None => Ok(skipped(format!("transaction {} pays for no order", transaction.id))),
        }
    }

    fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
        let settings: Settings = cx.settings()?;
        let shop = Shop::new(cx, &settings.shop);
        let (orders, newest) = check::orders(&shop);
        let found = Client::new(cx.http).find(check::NOBODY).map(|_| "labels can be read".to_owned());
        let labels = check::probe(labels::LABELRY, &FIND_LABELS, found);
        let rules = check::templates(&shop, newest.as_ref(), |scope| {
            settings.label_when.holds("label_when", scope).err().into_iter().collect()
        });
        Ok(vec![orders, check::transactions(&shop), labels, rules?])
    }
}

fn label(cx: &Context, order_id: &str) -> Result<Receipt, Failure> {
    let settings: Settings = cx.settings()?;
    labels::make(&Shop::new(cx, &settings.shop), &settings.label_when, order_id)
}

fn listing(trigger: &str) -> Result<Listing, Failure> {
    Listing::of(trigger).ok_or_else(|| rejected(format!("no trigger called {trigger:?} is polled")))
}

transload_sdk::register!(GhlLabelry);

#[cfg(test)]
mod tests;
