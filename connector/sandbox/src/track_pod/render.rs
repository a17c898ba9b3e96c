//! Orders as Track-POD shows them: PascalCase, null members left out.

use jiff::civil::DateTime;

use super::clock;
use super::store::Order;
use crate::json::{Json, Object};

/// Members of the request that the reply repeats as they are.
const REPEATED: [&str; 23] = [
    "Number",
    "Id",
    "ShipperId",
    "Shipper",
    "DepotId",
    "Depot",
    "InvoiceId",
    "CustomerReferenceId",
    "ClientId",
    "Client",
    "AddressId",
    "Address",
    "AddressLat",
    "AddressLon",
    "AddressZone",
    "ServiceTime",
    "Note",
    "ContactName",
    "Phone",
    "Email",
    "Barcode",
    "Priority",
    "TeamCode",
];

/// Members that are never null in a reply: a number that was not given is 0.
const NUMBERS: [&str; 5] = ["Type", "Weight", "Volume", "Pallets", "COD"];

/// Members of a line in a webhook. Public captures of real ones have no others, so what was delivered and the line's own
/// id have to be read from the API.
const WEBHOOK_GOODS: [&str; 6] = ["GoodsId", "GoodsName", "GoodsUnit", "Quantity", "Cost", "GoodsBarcode"];

/// What a report link holds on accounts without the feature: the example of the OpenAPI file.
const REPORT: &str = "Paid feature, please contact support for details";

/// The order, as `GET /Order/…` shows it.
pub(crate) fn order(order: &Order) -> Object {
    let mut shown = base(order);
    let goods = order.goods().iter().enumerate().map(|(index, line)| goods(order, index, line));
    let goods: Vec<Json> = goods.collect();
    if !goods.is_empty() {
        shown.set("GoodsList", goods);
    }
    edited(shown, order)
}

/// The order, as a webhook shows it.
pub(super) fn webhook(order: &Order) -> Object {
    let mut shown = base(order);
    let lines = order.goods().iter().filter_map(Json::as_object);
    let goods: Vec<Object> = lines.map(|line| line.pick(&WEBHOOK_GOODS)).collect();
    if !goods.is_empty() {
        shown.set("GoodsList", goods);
    }
    edited(shown, order)
}

fn edited(mut shown: Object, order: &Order) -> Object {
    for (name, value) in order.edits.iter() {
        match value {
            Json::Null => shown.remove(name),
            value => shown.set(name, value.clone()),
        }
    }
    shown
}

/// What is left of a deleted order.
pub(super) fn removed(order: &Order) -> Object {
    let mut shown = order.fields.pick(&["Number", "Id"]);
    shown.set("Date", clock::shown(order.fields.str("Date").unwrap_or_default(), order_date(order)));
    for name in NUMBERS {
        shown.set(name, order.fields.get(name).cloned().unwrap_or_else(|| 0_i64.into()));
    }
    for name in ["Note", "InvoiceId", "CustomerReferenceId"] {
        shown.set_some(name, order.fields.get(name).cloned());
    }
    shown.set("DeletedBy", "api");
    shown.set_some("DeletedDate", order.removed.map(clock::local));
    shown
}

fn base(order: &Order) -> Object {
    let date = order_date(order);
    let mut shown = order.fields.pick(&REPEATED);
    shown.set("Date", clock::shown(order.fields.str("Date").unwrap_or_default(), date));
    for name in NUMBERS {
        shown.set(name, order.fields.get(name).cloned().unwrap_or_else(|| 0_i64.into()));
    }
    for name in ["TimeSlotFrom", "TimeSlotTo"] {
        shown.set_some(name, order.fields.str(name).map(|text| clock::shown(text, date)));
    }
    for name in ["PickupOrder", "NotificationsPolicy"] {
        shown.set_some(name, order.fields.get(name).cloned());
    }
    let custom = order.fields.get("CustomFields").and_then(Json::as_array);
    shown.set_some("CustomFields", custom.map(|fields| fields.iter().map(custom_field).collect::<Vec<_>>()));
    shown.set("CreateSource", order.source);
    shown.set("CreateDateUtc", clock::local(order.created));
    shown.set("ChangeDate", clock::local(order.changed));
    shown.set("TrackKey", order.track_id.as_str());
    shown.set("TrackId", order.track_id.as_str());
    shown.set("TrackLink", format!("https://web.track-pod.com/track?id={}", order.track_id));
    shown.set("RescheduledTimes", order.rescheduled);
    route(order, &mut shown);
    status(order, &mut shown);
    shown
}

fn route(order: &Order, shown: &mut Object) {
    shown.set("LoadStatus", if order.loaded.is_some() { "loaded" } else { "none" });
    shown.set_some("LoadDate", order.loaded.map(clock::local));
    let Some(route) = &order.route else { return };
    shown.set("RouteNumber", route.number.as_str());
    shown.set("RouteDate", route.date.as_str());
    shown.set("RouteStatus", route.state);
    shown.set("SeqNumber", 1_i64);
    shown.set("DriverName", route.driver.as_str());
}

fn status(order: &Order, shown: &mut Object) {
    let Some(status) = &order.status else { return };
    let collection = order.fields.get("Type").and_then(Json::as_decimal).is_some_and(|kind| !kind.is_zero());
    shown.set("StatusId", status.id);
    // Only "Delivered" and "Collected" are known; the vendor may show the others differently, or in another language.
    let text = match (status.id, collection) {
        (1, _) => "In Progress",
        (3, false) => "Delivered",
        (3, true) => "Collected",
        (4, _) => "Partially",
        (_, false) => "Not delivered",
        (_, true) => "Not collected",
    };
    shown.set("Status", text);
    shown.set("StatusDate", status.date.as_str());
    shown.set_some("DriverComment", status.comment.clone());
    shown.set_some("RejectReason", status.reason.clone());
    shown.set_some("SignatureName", status.signature.clone());
    // The amount is text here, though the request has a number.
    shown.set_some("CODActual", status.cod_actual.as_ref().map(|amount| amount.text().to_owned()));
    if status.id != 1 {
        shown.set("ArrivedDate", status.date.as_str());
        shown.set("DepartedDate", status.date.as_str());
        shown.set("HasSignaturePhoto", false);
        shown.set("HasPhoto", false);
        shown.set("ReportUrl", REPORT);
    }
}

fn goods(order: &Order, index: usize, line: &Json) -> Json {
    let mut shown = line.as_object().map(|line| line.pick(&LINE)).unwrap_or_default();
    shown.set("LoadStatus", if order.loaded.is_some() { "loaded" } else { "none" });
    if let Some(fact) = order.facts.get(index) {
        shown.set("QuantityFact", fact.quantity.clone());
        shown.set_some("RejectReason", fact.reason.clone());
    }
    shown.into()
}

/// A custom field with its label, which the account gave it: here it is made up from its number.
fn custom_field(field: &Json) -> Object {
    let mut shown = Object::default();
    let id = field.get("Id").and_then(Json::as_str);
    shown.set_some("Id", id.map(str::to_owned));
    shown.set_some("Label", id.map(|id| format!("Custom field {}", id.trim_start_matches("cf_"))));
    shown.set_some("Value", field.get("Value").cloned());
    shown
}

/// Members of a line that the reply repeats.
const LINE: [&str; 9] = [
    "OrderLineId",
    "GoodsId",
    "GoodsName",
    "GoodsUnit",
    "Note",
    "Quantity",
    "Cost",
    "OrderLineBarcode",
    "GoodsBarcode",
];

/// The order's date, with the time that was given.
fn order_date(order: &Order) -> DateTime {
    let given = order.fields.str("Date").and_then(clock::read_local);
    given.unwrap_or_else(|| order.date.at(0, 0, 0, 0))
}
