//! A component that maps an order or matches rows and nothing else, so that benches can tell the cost of the sandbox from that of the work.

pub mod rows;

use transload_sdk::manifest::{self, Description};
use transload_sdk::{
    Connector, Context, Delivery, Envelope, Event, Failure, Order, Receipt, Verb, Work, rejected,
};
use transload_track_pod::{NewOrder, Terms};

/// The component.
pub struct Mapper;

impl Connector for Mapper {
    fn describe() -> Description {
        manifest::description(
            "mapper",
            "0.1.0",
            "Mapper",
            "Maps an order to a Track-POD order and sends nothing.",
        )
    }

    fn receive(_: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        parse(&delivery.body).map(|_| Vec::new())
    }

    fn on_order(_: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
        let json = map(&order)?;
        Ok(Work::default().effect(Verb::Verified, "track-pod", "order", &order.id, json).into())
    }

    fn run(_: &Context, _: &str, input: &str) -> Result<String, Failure> {
        let size = serde_json::from_str(input).map_err(|error| rejected(error.to_string()))?;
        serde_json::to_string(&rows::reconcile(&size)?).map_err(|error| rejected(error.to_string()))
    }
}

transload_sdk::register!(Mapper);

/// The JSON of the Track-POD order for `order`.
pub fn map(order: &Order) -> Result<String, Failure> {
    let wanted = NewOrder::from_order(order, &Terms { cod: Some(order.total), ..Terms::default() })
        .map_err(|error| rejected(error.to_string()))?;
    serde_json::to_string(&wanted).map_err(|error| rejected(error.to_string()))
}

/// The order in the body of a GoHighLevel webhook.
pub fn parse(body: &[u8]) -> Result<Order, Failure> {
    match transload_ghl::webhook::read(body) {
        Ok(transload_ghl::webhook::Hook::Order { order, .. }) => Ok(*order),
        Ok(_) => Err(rejected("no order is in the webhook")),
        Err(error) => Err(rejected(error.to_string())),
    }
}
