//! Orders as Track-POD tells them.

use serde::Deserialize;
use transload_wire::{Number, tolerant};

/// An order as it is read: the members that are used, all of which may be missing. Times carry no offset and are the
/// account's local time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Order {
    /// Our id.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    /// The number a person would quote; not unique.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub number: Option<String>,
    /// Track-POD's id.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub track_id: Option<String>,
    /// The customer's tracking page.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub track_link: Option<String>,
    /// 0 for a delivery, 1 for a collection.
    #[serde(default, rename = "Type", deserialize_with = "tolerant::integer")]
    pub kind: Option<i64>,
    /// The day it is for.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub date: Option<String>,
    /// From when on it is wanted there.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub time_slot_from: Option<String>,
    /// Until when.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub time_slot_to: Option<String>,
    /// How long the stop takes, in minutes.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub service_time: Option<Number>,
    /// Who sends it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub shipper: Option<String>,
    /// Our id of the shipper.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub shipper_id: Option<String>,
    /// The address of the depot that it leaves from.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub depot: Option<String>,
    /// Our id of the depot.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub depot_id: Option<String>,
    /// Its weight, in the account's unit.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub weight: Option<Number>,
    /// Its volume, in the account's unit.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub volume: Option<Number>,
    /// How many pallets it takes.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub pallets: Option<Number>,
    /// low, normal or high.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub priority: Option<String>,
    /// The team that it belongs to.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub team_code: Option<String>,
    /// What the driver scans.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub barcode: Option<String>,
    /// Our id of the invoice.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub invoice_id: Option<String>,
    /// The customer's own reference.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub customer_reference_id: Option<String>,
    /// The account's own fields.
    #[serde(default, deserialize_with = "tolerant::list")]
    pub custom_fields: Vec<CustomField>,
    /// Who ordered.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub client: Option<String>,
    /// Where it goes.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub address: Option<String>,
    /// Whom to ask for.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub contact_name: Option<String>,
    /// Telephone number.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub email: Option<String>,
    /// What the driver should know.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub note: Option<String>,
    /// Cash to collect; the currency is nowhere.
    #[serde(default, rename = "COD", deserialize_with = "tolerant::number")]
    pub cod: Option<Number>,
    /// Cash that was collected, as text.
    #[serde(default, rename = "CODActual", deserialize_with = "tolerant::text")]
    pub cod_actual: Option<String>,
    /// The goods.
    #[serde(default, deserialize_with = "tolerant::list")]
    pub goods_list: Vec<Goods>,
    /// How it ended: 1 in progress, 2 failed at the site, 3 done, 4 done in part, 5 failed by the order. None before
    /// the first attempt.
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub status_id: Option<i64>,
    /// The same for people. No list of values is published, so nothing hangs on it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub status: Option<String>,
    /// When the status was reached.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub status_date: Option<String>,
    /// When anything last changed.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub change_date: Option<String>,
    /// The route it is planned into; none when it is not.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub route_number: Option<String>,
    /// Draft, Ready, Loaded, InProgress or Closed.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub route_status: Option<String>,
    /// none, loaded or not-loaded.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub load_status: Option<String>,
    /// How often it was planned anew.
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub rescheduled_times: Option<i64>,
    /// When it is expected.
    #[serde(default, rename = "ETA", deserialize_with = "tolerant::text")]
    pub eta: Option<String>,
    /// When it is expected by now.
    #[serde(default, rename = "UpdatedETA", deserialize_with = "tolerant::text")]
    pub updated_eta: Option<String>,
    /// Why it failed.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub reject_reason: Option<String>,
    /// What the driver wrote.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub driver_comment: Option<String>,
    /// Who signed.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub signature_name: Option<String>,
    /// Links to pictures of signatures, good for 24 hours.
    #[serde(default, deserialize_with = "tolerant::list")]
    pub signature_photos: Vec<Option<String>>,
    /// Links to photographs, good for 24 hours.
    #[serde(default, deserialize_with = "tolerant::list")]
    pub photos: Vec<Option<String>>,
    /// A link to the delivery note, good for an hour; or a sentence saying that the feature must be paid for.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub report_url: Option<String>,
}

/// A custom field of an order as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomField {
    /// `cf_123`.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    /// Its name for people.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub label: Option<String>,
    /// Its value, whose form depends on the field's type.
    #[serde(default, deserialize_with = "tolerant::any_text")]
    pub value: Option<String>,
}

/// Orders as the listings answer them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct OrderList(#[serde(deserialize_with = "tolerant::list")] pub Vec<Order>);

/// Goods of an order as they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Goods {
    /// Our id of the line.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub order_line_id: Option<String>,
    /// Our id of the goods.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub goods_id: Option<String>,
    /// What a person would call them.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub goods_name: Option<String>,
    /// How much was ordered.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub quantity: Option<Number>,
    /// How much was accepted.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub quantity_fact: Option<Number>,
    /// Price of one; the currency is nowhere.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub cost: Option<Number>,
    /// Why less was accepted.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub reject_reason: Option<String>,
}
