//! Orders as Track-POD is told them.

use serde::Serialize;
use transload_model::{Decimal, Line, QuantityError};
use transload_wire::{Number, text, time};

use crate::{MapError, Priority, Terms};

mod difference;

// The document's limits, in characters. .NET counts UTF-16 code units.
const IDENTIFIER_MAX: usize = 50;
const BARCODE_MAX: usize = 128;
const NAME_MAX: usize = 255;
const NOTE_MAX: usize = 500;

/// An order to create or update. What is none is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewOrder {
    /// Our id.
    pub id: String,
    /// The number a person would quote.
    pub number: String,
    /// 0 for a delivery, 1 for a collection.
    #[serde(rename = "Type")]
    pub kind: u8,
    /// The day it is for, `2026-02-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// From when on it is wanted there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slot_from: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slot_to: Option<String>,
    /// How long the stop takes, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Number>,
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
    /// Who sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipper: Option<String>,
    /// Our id of the shipper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipper_id: Option<String>,
    /// The address of the depot that it leaves from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depot: Option<String>,
    /// Our id of the depot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depot_id: Option<String>,
    /// Its weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Number>,
    /// Its volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Number>,
    /// How many pallets it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pallets: Option<Number>,
    /// low, normal or high.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<&'static str>,
    /// The team that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_code: Option<String>,
    /// What the driver scans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    /// Our id of the invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// The customer's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_reference_id: Option<String>,
    /// The account's own fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_fields: Vec<NewCustomField>,
    /// The goods, an id each.
    pub goods_list: Vec<NewGoods>,
}

/// A custom field of an order to create or update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewCustomField {
    /// `cf_123`.
    pub id: String,
    /// What it is to be.
    pub value: String,
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
        let check = Check { order: &order.id };
        let address = order.delivery_address().filter(|address| address.is_deliverable());
        let address = address.ok_or_else(|| MapError::NoAddress { order: check.id() })?.one_line();
        let customer = order.customer.clone().unwrap_or_default();
        let client = [&terms.client, &customer.name, &customer.email, &customer.phone, &customer.id];
        let client =
            client.into_iter().find_map(said).ok_or_else(|| MapError::NoCustomer { order: check.id() })?;
        let id = said(&terms.id).unwrap_or(&order.id);
        let number = [&terms.number, &order.number].into_iter().find_map(said).unwrap_or(id);
        Ok(Self {
            id: check.whole("Id", id, IDENTIFIER_MAX)?,
            number: check.whole("Number", number, IDENTIFIER_MAX)?,
            kind: terms.kind.number(),
            date: check.date(terms)?,
            time_slot_from: check.time("TimeSlotFrom", &terms.time_slot_from)?,
            time_slot_to: check.time("TimeSlotTo", &terms.time_slot_to)?,
            service_time: check.measure("ServiceTime", terms.service_time)?,
            client: shortened(client, NAME_MAX),
            address: check.whole("Address", address.trim(), NAME_MAX)?,
            contact_name: said(&customer.name).map(|name| shortened(name, NAME_MAX)),
            phone: check.optional("Phone", &customer.phone, IDENTIFIER_MAX)?,
            email: check.optional("Email", &customer.email, NAME_MAX)?,
            note: said(&terms.note).map(|note| shortened(note, NOTE_MAX)),
            cod: cash(order, terms)?,
            shipper: check.optional("Shipper", &terms.shipper, NAME_MAX)?,
            shipper_id: check.optional("ShipperId", &terms.shipper_id, IDENTIFIER_MAX)?,
            depot: check.optional("Depot", &terms.depot, NAME_MAX)?,
            depot_id: check.optional("DepotId", &terms.depot_id, IDENTIFIER_MAX)?,
            weight: check.measure("Weight", terms.weight)?,
            volume: check.measure("Volume", terms.volume)?,
            pallets: check.measure("Pallets", terms.pallets)?,
            priority: terms.priority.map(Priority::name),
            team_code: said(&terms.team_code).map(str::to_owned),
            barcode: check.optional("Barcode", &terms.barcode, BARCODE_MAX)?,
            invoice_id: check.optional("InvoiceId", &terms.invoice_id, IDENTIFIER_MAX)?,
            customer_reference_id: check.optional(
                "CustomerReferenceId",
                &terms.customer_reference_id,
                IDENTIFIER_MAX,
            )?,
            custom_fields: check.custom_fields(&terms.custom_fields)?,
            goods_list: goods_list(order)?,
        })
    }
}

/// What must be right about the texts and numbers of the order with this id.
struct Check<'a> {
    order: &'a str,
}

impl Check<'_> {
    fn id(&self) -> String {
        self.order.to_owned()
    }

    /// The text, which is useless when cut.
    fn whole(&self, member: &'static str, text: &str, limit: usize) -> Result<String, MapError> {
        let length = text::length(text);
        if length <= limit {
            return Ok(text.to_owned());
        }
        Err(MapError::TooLong { order: self.id(), member, length, limit })
    }

    fn optional(
        &self,
        member: &'static str,
        text: &Option<String>,
        limit: usize,
    ) -> Result<Option<String>, MapError> {
        said(text).map(|text| self.whole(member, text, limit)).transpose()
    }

    /// The day, checked for its form only: whether it is in the past, Track-POD knows better.
    fn date(&self, terms: &Terms) -> Result<Option<String>, MapError> {
        match &terms.date {
            Some(date) if !time::is_date(date) => {
                Err(MapError::Date { order: self.id(), date: date.clone() })
            }
            date => Ok(date.clone()),
        }
    }

    /// The time, with the seconds that Track-POD asks for.
    fn time(&self, member: &'static str, text: &Option<String>) -> Result<Option<String>, MapError> {
        let Some(text) = said(text) else { return Ok(None) };
        let exact = [text.to_owned(), format!("{text}:00")];
        let exact = exact.into_iter().find(|text| time::is_time(text) || time::is_date_time(text));
        exact.map(Some).ok_or_else(|| MapError::Time { order: self.id(), member, text: text.to_owned() })
    }

    fn measure(&self, member: &'static str, value: Option<Decimal>) -> Result<Option<Number>, MapError> {
        match value {
            Some(value) if value.is_negative() => Err(MapError::Negative { order: self.id(), member, value }),
            value => Ok(value.map(Number)),
        }
    }

    fn custom_fields(&self, fields: &[(String, String)]) -> Result<Vec<NewCustomField>, MapError> {
        let field = |(id, value): &(String, String)| {
            let digits = id.strip_prefix("cf_").unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(MapError::CustomField { order: self.id(), id: id.clone() });
            }
            Ok(NewCustomField { id: id.clone(), value: value.trim().to_owned() })
        };
        fields.iter().map(field).collect()
    }
}

/// A text that says something, without the space around it.
fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn shortened(text: &str, limit: usize) -> String {
    text::shorten(text, limit).into_owned()
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
mod term_tests;
#[cfg(test)]
pub(crate) mod tests;
