//! Orders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::{Currency, Instant, Line, Money, Order, OrderStatus};
use transload_wire::{Number, tolerant};

use crate::error::{MapError, NEGATIVE};
use crate::member::{amount, currency, flag, free, instant, integer, text};
use crate::party::{self, WireAddress, WireCustomer};
use crate::record::{self, Record, Subject};
use crate::shape::Kind;
use crate::words::Words;

/// An order in the sink.
///
/// The sink does not hold what makes up the total (`subtotal`, `discount`, `tax`, `shipping`), the customer's own address
/// and whether a line is physical; these are none in an order that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkOrder {
    /// The order.
    pub order: Order,
    /// The source's last change, in milliseconds since 1970; at most [`crate::VERSION_MAX`].
    pub version: u64,
    /// What was given back, in all; none when unknown.
    pub refunded: Option<Money>,
    /// Free members.
    pub extra: BTreeMap<String, String>,
    /// When it last changed in the sink, by the sink's clock. Not written.
    pub received_at: Option<Instant>,
    /// When any of its fulfilments last changed in the sink, by the sink's clock; none if it has none. Not written.
    pub fulfillments_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireOrder {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(default, with = "integer", skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    payment_status: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    fulfillment_status: Option<String>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(default, with = "currency", skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount_paid: Option<Number>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    amount_refunded: Option<Number>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<WireCustomer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<WireAddress>,
    #[serde(default, deserialize_with = "tolerant::list", skip_serializing_if = "Vec::is_empty")]
    lines: Vec<WireLine>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, with = "flag", skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    #[serde(default, with = "free", skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<String, String>,
    #[serde(default, with = "instant", skip_serializing)]
    received_at: Option<Instant>,
    #[serde(default, with = "instant", skip_serializing)]
    fulfillments_at: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLine {
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    line_id: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    quantity: Option<Number>,
    #[serde(default, with = "amount", skip_serializing_if = "Option::is_none")]
    unit_price: Option<Number>,
}

impl Record for SinkOrder {
    const KIND: Kind = Kind::Order;

    fn id(&self) -> &str {
        &self.order.id
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        record::write(to_wire(self))
    }

    fn read(body: &[u8]) -> Result<Self, String> {
        record::read(body, from_wire)
    }
}

fn to_wire(sink: &SinkOrder) -> Result<WireOrder, MapError> {
    let order = &sink.order;
    let subject = Subject::new("order", &order.id, "orderId")?;
    let unit = order.total.currency;
    let lines = order.lines.iter().enumerate().map(|(index, line)| wire_line(&subject, index, line, unit));
    Ok(WireOrder {
        order_id: Some(order.id.clone()),
        version: subject.wire_version(sink.version)?,
        number: order.number.clone(),
        status: Some(order.status.word()),
        payment_status: order.payment.as_ref().map(Words::word),
        fulfillment_status: order.fulfillment.as_ref().map(Words::word),
        amount: subject.wire_price(Some(order.total))?,
        currency: Some(unit),
        amount_paid: subject.wire_amount("amountPaid", order.paid, unit)?,
        amount_refunded: subject.wire_amount("amountRefunded", sink.refunded, unit)?,
        customer_id: party::id(order.customer.as_ref()),
        customer: order.customer.as_ref().and_then(WireCustomer::from_model),
        ship_to: order.ship_to.as_ref().and_then(WireAddress::from_model),
        lines: lines.collect::<Result<_, _>>()?,
        note: order.note.clone(),
        live: Some(order.live),
        created_at: order.created_at,
        updated_at: order.updated_at,
        extra: sink.extra.clone(),
        received_at: None,
        fulfillments_at: None,
    })
}

fn wire_line(subject: &Subject<'_>, index: usize, line: &Line, unit: Currency) -> Result<WireLine, MapError> {
    let member = |name: &str| format!("lines[{index}].{name}");
    if line.quantity.is_negative() {
        return Err(subject.error(&member("quantity"), NEGATIVE));
    }
    Ok(WireLine {
        line_id: Some(line.id.clone()),
        sku: line.sku.clone(),
        name: Some(line.name.clone()).filter(|name| !name.is_empty()),
        quantity: Some(Number(line.quantity)),
        unit_price: subject.wire_amount(&member("unitPrice"), line.unit_price, unit)?,
    })
}

fn from_wire(wire: WireOrder) -> Result<SinkOrder, MapError> {
    let id = wire.order_id.unwrap_or_default();
    let subject = Subject::new("order", &id, "orderId")?;
    let unit = wire.currency;
    let lines =
        wire.lines.into_iter().enumerate().map(|(index, line)| line.into_model(&subject, index, unit));
    let order = Order {
        number: wire.number,
        status: OrderStatus::of(subject.needs("status", wire.status)?),
        payment: wire.payment_status.map(Words::of),
        fulfillment: wire.fulfillment_status.map(Words::of),
        total: subject.needs_price(wire.amount, unit)?,
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: subject.money(wire.amount_paid, unit)?,
        customer: party::customer(wire.customer_id, wire.customer),
        ship_to: wire.ship_to.and_then(WireAddress::into_model),
        lines: lines.collect::<Result<_, _>>()?,
        note: wire.note,
        live: wire.live.unwrap_or(true),
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        id: id.clone(),
    };
    Ok(SinkOrder {
        version: subject.version(wire.version)?,
        refunded: subject.money(wire.amount_refunded, unit)?,
        extra: wire.extra,
        received_at: wire.received_at,
        fulfillments_at: wire.fulfillments_at,
        order,
    })
}

impl WireLine {
    fn into_model(
        self,
        subject: &Subject<'_>,
        index: usize,
        unit: Option<Currency>,
    ) -> Result<Line, MapError> {
        let member = |name: &str| format!("lines[{index}].{name}");
        let Number(quantity) = subject.needs(&member("quantity"), self.quantity)?;
        if quantity.is_negative() {
            return Err(subject.error(&member("quantity"), NEGATIVE));
        }
        Ok(Line {
            id: subject.needs(&member("lineId"), self.line_id)?,
            sku: self.sku,
            name: self.name.unwrap_or_default(),
            quantity,
            unit_price: subject.money(self.unit_price, unit)?,
            physical: None,
        })
    }
}
