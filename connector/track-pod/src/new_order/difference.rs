//! Whether Track-POD has an order as it is to be.

use transload_model::Decimal;
use transload_wire::Number;

use super::{NewCustomField, NewGoods, NewOrder};
use crate::order::{CustomField, Goods, Order};

impl NewOrder {
    /// Whether an update would change `current`. Numbers are compared by value, times by what both say of them, and what
    /// is left out here is not compared. Nor is the address of an order that is planned into a route, which no update
    /// changes: see [`Self::is_planned_elsewhere`].
    pub fn differs_from(&self, current: &Order) -> bool {
        current.number.as_ref() != Some(&self.number)
            || current.kind.is_some_and(|kind| kind != i64::from(self.kind))
            || current.client.as_ref() != Some(&self.client)
            || current.route_number.is_none() && current.address.as_ref() != Some(&self.address)
            || self.date.as_deref().is_some_and(|date| !current.is_on(date))
            || self.texts_differ(current)
            || self.measures_differ(current)
            || self.cod.is_some_and(|cod| current.cod.map_or(Decimal::ZERO, |cod| cod.0) != cod.0)
            || !self.custom_fields.iter().all(|field| field.is_among(&current.custom_fields))
            || self.goods_list.len() != current.goods_list.len()
            || !self.goods_list.iter().all(|new| current.goods_list.iter().any(|goods| new.is_same_as(goods)))
    }

    fn texts_differ(&self, current: &Order) -> bool {
        let plain = [
            (&self.contact_name, &current.contact_name),
            (&self.phone, &current.phone),
            (&self.email, &current.email),
            (&self.note, &current.note),
            (&self.shipper, &current.shipper),
            (&self.shipper_id, &current.shipper_id),
            (&self.depot, &current.depot),
            (&self.depot_id, &current.depot_id),
            (&self.team_code, &current.team_code),
            (&self.barcode, &current.barcode),
            (&self.invoice_id, &current.invoice_id),
            (&self.customer_reference_id, &current.customer_reference_id),
        ];
        let times =
            [(&self.time_slot_from, &current.time_slot_from), (&self.time_slot_to, &current.time_slot_to)];
        plain.into_iter().any(|(new, current)| new.is_some() && new != current)
            || times.into_iter().any(|(new, current)| {
                new.as_deref()
                    .is_some_and(|new| !current.as_deref().is_some_and(|current| is_same_time(new, current)))
            })
            || self.priority.is_some_and(|new| {
                !current.priority.as_deref().is_some_and(|current| current.eq_ignore_ascii_case(new))
            })
    }

    fn measures_differ(&self, current: &Order) -> bool {
        let measures = [
            (self.service_time, current.service_time),
            (self.weight, current.weight),
            (self.volume, current.volume),
            (self.pallets, current.pallets),
        ];
        // Zero and none are one: null members are left out of answers, and zeros may be.
        let value = |number: Option<Number>| number.map_or(Decimal::ZERO, |number| number.0);
        measures.into_iter().any(|(new, current)| new.is_some() && value(new) != value(current))
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

impl NewCustomField {
    /// Whether one of `fields` is this one with this value. A field that is to be empty may be missing.
    fn is_among(&self, fields: &[CustomField]) -> bool {
        let current = fields.iter().find(|field| field.id.as_ref() == Some(&self.id));
        let value = current.and_then(|field| field.value.as_deref()).unwrap_or_default();
        is_same_value(&self.value, value)
    }
}

/// Whether two times agree in what both say. Track-POD takes a time of the day and may answer it with a day before it.
fn is_same_time(new: &str, current: &str) -> bool {
    let parts = |text: &str| match text.split_once('T') {
        Some((date, time)) => (Some(date.to_owned()), seconds(time)),
        None => (None, seconds(text)),
    };
    let ((new_date, new_time), (date, time)) = (parts(new), parts(current));
    new_time == time && (new_date.is_none() || date.is_none() || new_date == date)
}

/// `09:30:00` of `09:30:00.000` and of `09:30`.
fn seconds(time: &str) -> String {
    match time.get(..8) {
        Some(seconds) => seconds.to_owned(),
        None => format!("{time}:00"),
    }
}

/// Whether two values of a custom field are one. How a value is answered depends on the field's type: a number may have
/// other zeros, a box a capital, a day the time of midnight, a time its seconds.
fn is_same_value(new: &str, current: &str) -> bool {
    let numbers = || Some(new.parse::<Decimal>().ok()? == current.parse::<Decimal>().ok()?);
    new == current
        || matches!(new, "true" | "false") && new.eq_ignore_ascii_case(current)
        || numbers().unwrap_or(false)
        || !new.is_empty()
            && current.strip_prefix(new).is_some_and(|rest| matches!(rest, "T00:00:00" | ":00"))
}
