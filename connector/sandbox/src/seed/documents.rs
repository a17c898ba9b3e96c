//! The documents of a made-up history, as both systems hold them after a connector carried them across.

use transload_model::{Currency, Decimal, DecimalError};

use crate::json::{Json, Number, Object};

/// Orders of one contact, about.
const PER_CONTACT: usize = 4;

/// Names of goods, of which an order has the next few.
const NAMES: [&str; 7] =
    ["Canvas apron", "Enamel stock pot", "Oak board", "Linen towel", "Tea caddy", "Copper pan", "Clay jug"];

/// A line of an order.
#[derive(Debug)]
pub(super) struct Goods {
    pub price_id: String,
    pub name: &'static str,
    pub quantity: i64,
    pub price: Decimal,
}

/// The lines of the order of this number: one to four, of two to six pieces each.
pub(super) fn goods(index: usize, currency: Currency, variety: u64) -> Vec<Goods> {
    let mut dice = Dice(variety ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let lines = 1 + dice.below(4);
    let first = dice.below(7);
    let digits = currency.minor_digits().unwrap_or(2);
    let line = |line: u64| {
        let name = (first + line) % 7;
        let units = 100 + dice.below(9_900);
        Some(Goods {
            price_id: format!("{:012x}{name:012x}", index + 1),
            name: NAMES.get(usize::try_from(name).ok()?)?,
            quantity: i64::try_from(2 + dice.below(5)).ok()?,
            price: Decimal::new(i64::try_from(units).ok()?, digits).ok()?,
        })
    };
    (0..lines).filter_map(line).collect()
}

/// The order as GHL holds it.
pub(super) fn order(index: usize, currency: Currency, goods: &[Goods]) -> Result<Object, DecimalError> {
    let mut total = Decimal::new(0, currency.minor_digits().unwrap_or(2))?;
    for line in goods {
        total = total.checked_add(line.price.checked_mul(Decimal::from(line.quantity))?)?;
    }
    let items: Vec<Json> = goods.iter().map(|line| order_line(line, currency)).collect();
    let contact = contact(index / PER_CONTACT);
    let mut order = Object::default();
    order.set("contactId", contact.str("id").unwrap_or_default());
    order.set("currency", currency.code());
    order.set("amount", total);
    order.set("liveMode", true);
    let zero = || Json::from(0_i64);
    order.set("amountSummary", Json::object([("subtotal", total.into()), ("discount", zero())]));
    let source = [
        ("type", "website".into()),
        ("subType", "store".into()),
        ("id", "Ht5wQy8JnB3sUa6GeXoM".into()),
        ("name", "Harbour Street Goods".into()),
    ];
    order.set("source", Json::object(source));
    order.set("contactSnapshot", contact);
    order.set("items", items);
    Ok(order)
}

fn order_line(line: &Goods, currency: Currency) -> Json {
    let price = [
        ("_id", line.price_id.as_str().into()),
        ("name", line.name.into()),
        ("type", "one_time".into()),
        ("currency", currency.code().into()),
        ("amount", line.price.into()),
    ];
    let product = [("_id", format!("p{}", line.price_id).into()), ("name", line.name.into())];
    Json::object([
        ("name", line.name.into()),
        ("qty", line.quantity.into()),
        ("product", Json::object(product)),
        ("price", Json::object(price)),
    ])
}

fn contact(number: usize) -> Object {
    let mut contact = Object::default();
    contact.set("id", format!("seedContact{number:09}"));
    contact.set("firstName", "Nora");
    contact.set("lastName", format!("Lindqvist {number}"));
    contact.set("email", format!("nora.{number}@example.com"));
    contact.set("phone", "+15005550123");
    contact.set("address1", format!("{} Quayside Lane", number + 1));
    contact.set("city", "Portland");
    contact.set("state", "ME");
    contact.set("postalCode", "04101");
    contact.set("country", "US");
    contact
}

/// The delivery of an order, as a connector makes it.
pub(super) fn delivery(order: &Object, goods: &[Goods], cash: Option<Decimal>) -> Object {
    let contact = order.get("contactSnapshot");
    let member = |name| contact.and_then(|contact| contact.get(name)?.as_str()).unwrap_or_default();
    let id = order.str("_id").unwrap_or_default();
    let name = format!("{} {}", member("firstName"), member("lastName"));
    let mut fields = Object::default();
    fields.set("Id", id);
    fields.set("Number", id);
    fields.set("Type", 0_i64);
    fields.set("Client", name.as_str());
    let area = format!("{} {}", member("state"), member("postalCode"));
    let address = [member("address1"), member("city"), &area, member("country")].join(", ");
    fields.set("Address", address);
    fields.set("ContactName", name);
    fields.set("Phone", member("phone"));
    fields.set("Email", member("email"));
    fields.set_some("COD", cash.map(Json::from));
    fields.set("GoodsList", goods.iter().map(delivery_line).collect::<Vec<_>>());
    fields
}

fn delivery_line(line: &Goods) -> Json {
    Json::object([
        ("OrderLineId", line.price_id.as_str().into()),
        ("GoodsId", line.price_id.as_str().into()),
        ("GoodsName", line.name.into()),
        ("Quantity", line.quantity.into()),
        ("Cost", line.price.into()),
    ])
}

/// An item of a fulfilment, as it is asked for.
pub(super) fn item(price: &str, quantity: Decimal) -> Json {
    Json::object([("priceId", price.into()), ("qty", quantity.into())])
}

/// A fulfilment's tracking.
pub(super) fn tracking(track_id: &str) -> Json {
    Json::object([
        ("trackingNumber", track_id.into()),
        ("shippingCarrier", "Track-POD".into()),
        ("trackingUrl", format!("https://web.track-pod.com/track?id={track_id}").into()),
    ])
}

/// The body that records cash.
pub(super) fn record(location: &str, amount: &Number, track_id: &str) -> Object {
    let mut record = Object::default();
    record.set("altId", location);
    record.set("altType", "location");
    record.set("mode", "cash");
    record.set("amount", amount.clone());
    record.set("notes", "Cash on delivery");
    record.set("meta", Json::object([("trackId", track_id.into())]));
    record
}

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
