//! Orders as Track-POD is told them.

use serde::Serialize;
use transload_model::{Decimal, Line, Money, QuantityError};
use transload_wire::{Number, text};

use crate::MapError;
use crate::order::{Goods, Order};

// The document's limits, in characters. .NET counts UTF-16 code units.
const IDENTIFIER_MAX: usize = 50;
const NAME_MAX: usize = 255;
const NOTE_MAX: usize = 500;

/// What is said about a delivery beside the order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Cash to collect, in the order's currency. Zero is said as well as any other amount; none says nothing, and
    /// whether an update then clears what was asked for before is not documented.
    pub cod: Option<Money>,
    /// The day to deliver on, `2026-02-01`; Track-POD picks one if none is given.
    pub date: Option<String>,
    /// What the driver should know. Shortened to 500 characters.
    pub note: Option<String>,
}

/// An order to create or update. What is none is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewOrder {
    /// Our id.
    pub id: String,
    /// The number a person would quote.
    pub number: String,
    /// 0: a delivery.
    #[serde(rename = "Type")]
    pub kind: u8,
    /// The day it is for, `2026-02-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Who ordered.
    pub client: String,
    /// Where it goes. It cannot be changed once the order is planned.
    pub address: String,
    /// Whom to ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the driver should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Cash to collect.
    #[serde(rename = "COD", skip_serializing_if = "Option::is_none")]
    pub cod: Option<Number>,
    /// The goods, an id each.
    pub goods_list: Vec<NewGoods>,
}

/// Goods of an order to create or update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewGoods {
    /// The line's id.
    pub order_line_id: String,
    /// The same: GoodsId names goods across orders, and so does a price's id.
    pub goods_id: String,
    /// What a person would call them.
    pub goods_name: String,
    /// How much.
    pub quantity: Number,
    /// Price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Number>,
}

impl NewOrder {
    /// `order` as Track-POD takes it.
    ///
    /// Names and the note are shortened to what Track-POD takes. Ids, the address, the telephone number and the e-mail
    /// address are useless when cut, so one that is too long is an error. Lines that the source calls not physical
    /// are left out. Lines that share an id become one, because what Track-POD reports by that id could not be told
    /// apart: quantities are added up, different names joined, different prices left out. So is a price in another
    /// currency than the order's.
    pub fn from_order(order: &transload_model::Order, terms: &Terms) -> Result<Self, MapError> {
        let id = || order.id.clone();
        let identifier = |member, text: &str, limit| {
            let length = text::length(text);
            if length <= limit {
                return Ok(text.to_owned());
            }
            Err(MapError::TooLong { order: id(), member, length, limit })
        };
        let address = order.delivery_address().filter(|address| address.is_deliverable());
        let address = address.ok_or_else(|| MapError::NoAddress { order: id() })?.one_line();
        let customer = order.customer.clone().unwrap_or_default();
        let client = [&customer.name, &customer.email, &customer.phone, &customer.id];
        let client = client.into_iter().find_map(said).ok_or_else(|| MapError::NoCustomer { order: id() })?;
        let optional = |member, text: &Option<String>, limit| {
            said(text).map(|text| identifier(member, text, limit)).transpose()
        };
        Ok(Self {
            id: identifier("Id", &order.id, IDENTIFIER_MAX)?,
            number: identifier("Number", said(&order.number).unwrap_or(&order.id), IDENTIFIER_MAX)?,
            kind: 0,
            date: date(order, terms)?,
            client: shortened(client, NAME_MAX),
            address: identifier("Address", address.trim(), NAME_MAX)?,
            contact_name: said(&customer.name).map(|name| shortened(name, NAME_MAX)),
            phone: optional("Phone", &customer.phone, IDENTIFIER_MAX)?,
            email: optional("Email", &customer.email, NAME_MAX)?,
            note: said(&terms.note).map(|note| shortened(note, NOTE_MAX)),
            cod: cash(order, terms)?,
            goods_list: goods_list(order)?,
        })
    }

    /// Whether an update would change `current`. Numbers are compared by value, and what is left out here is not
    /// compared. Nor is the address of an order that is planned into a route, which no update changes: see
    /// [`Self::is_planned_elsewhere`].
    pub fn differs_from(&self, current: &Order) -> bool {
        let text = |new: &Option<String>, current: &Option<String>| new.is_some() && new != current;
        current.number.as_ref() != Some(&self.number)
            || current.client.as_ref() != Some(&self.client)
            || current.route_number.is_none() && current.address.as_ref() != Some(&self.address)
            || self.date.as_deref().is_some_and(|date| !current.is_on(date))
            || text(&self.contact_name, &current.contact_name)
            || text(&self.phone, &current.phone)
            || text(&self.email, &current.email)
            || text(&self.note, &current.note)
            || self.cod.is_some_and(|cod| current.cod.map_or(Decimal::ZERO, |cod| cod.0) != cod.0)
            || self.goods_list.len() != current.goods_list.len()
            || !self.goods_list.iter().all(|new| current.goods_list.iter().any(|goods| new.is_same_as(goods)))
    }

    /// Whether `current` is planned into a route with another address than this one's. Track-POD does not let an update
    /// change that, so a person must.
    pub fn is_planned_elsewhere(&self, current: &Order) -> bool {
        current.route_number.is_some() && current.address.as_ref() != Some(&self.address)
    }
}

impl Order {
    /// Whether it is for the day `date`. Track-POD answers a day as a time: `2026-02-01T00:00:00`.
    fn is_on(&self, date: &str) -> bool {
        self.date.as_deref().is_some_and(|current| current.split('T').next() == Some(date))
    }
}

impl NewGoods {
    fn is_same_as(&self, goods: &Goods) -> bool {
        goods.order_line_id.as_ref() == Some(&self.order_line_id)
            && goods.goods_name.as_ref() == Some(&self.goods_name)
            && goods.quantity == Some(self.quantity)
            && (self.cost.is_none() || goods.cost == self.cost)
    }
}

/// A text that says something, without the space around it.
fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn shortened(text: &str, limit: usize) -> String {
    text::shorten(text, limit).into_owned()
}

/// The day, checked for its form only: whether it is in the past, Track-POD knows better.
fn date(order: &transload_model::Order, terms: &Terms) -> Result<Option<String>, MapError> {
    match &terms.date {
        Some(date) if !transload_wire::time::is_date(date) => {
            Err(MapError::Date { order: order.id.clone(), date: date.clone() })
        }
        date => Ok(date.clone()),
    }
}

fn cash(order: &transload_model::Order, terms: &Terms) -> Result<Option<Number>, MapError> {
    match terms.cod {
        Some(cod) if cod.currency != order.total.currency => Err(MapError::CashCurrency {
            order: order.id.clone(),
            expected: order.total.currency,
            found: cod.currency,
        }),
        cod => Ok(cod.map(|cod| Number(cod.amount))),
    }
}

/// The goods, in the order of the lines that first name them.
fn goods_list(order: &transload_model::Order) -> Result<Vec<NewGoods>, MapError> {
    let mut list: Vec<NewGoods> = Vec::new();
    let physical = |line: &&Line| line.physical != Some(false) && line.quantity.is_positive();
    for line in order.lines.iter().filter(physical) {
        let length = text::length(&line.id);
        if length > IDENTIFIER_MAX {
            let (order, member) = (order.id.clone(), "OrderLineId");
            return Err(MapError::TooLong { order, member, length, limit: IDENTIFIER_MAX });
        }
        let price = line.unit_price.filter(|price| price.currency == order.total.currency);
        let cost = price.map(|price| Number(price.amount));
        let name = if line.name.trim().is_empty() { &line.id } else { line.name.trim() };
        match list.iter_mut().find(|goods| goods.order_line_id == line.id) {
            Some(goods) => add(goods, line, name, cost)
                .map_err(|error| MapError::Quantity { order: order.id.clone(), error })?,
            None => list.push(NewGoods {
                order_line_id: line.id.clone(),
                goods_id: line.id.clone(),
                goods_name: shortened(name, NAME_MAX),
                quantity: Number(line.quantity),
                cost,
            }),
        }
    }
    if list.is_empty() { Err(MapError::NothingToDeliver { order: order.id.clone() }) } else { Ok(list) }
}

/// Adds a further line of the same id.
fn add(goods: &mut NewGoods, line: &Line, name: &str, cost: Option<Number>) -> Result<(), QuantityError> {
    let sum = goods.quantity.0.checked_add(line.quantity);
    goods.quantity = Number(sum.map_err(|error| QuantityError::Decimal(line.id.clone(), error))?);
    if goods.cost != cost {
        goods.cost = None;
    }
    if !goods.goods_name.split(" / ").any(|known| known == name) {
        goods.goods_name = shortened(&format!("{} / {name}", goods.goods_name), NAME_MAX);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
