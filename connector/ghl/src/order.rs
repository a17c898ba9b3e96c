//! Orders.

use serde::Deserialize;
use transload_model::{Currency, FulfillmentStatus, Instant, Line, Money, Order, OrderStatus, Party};
use transload_wire::{Number, tolerant};

use crate::contact::WireContact;
use crate::error::{MISSING, MapError, NEGATIVE};

/// An order as `GET /payments/orders/{orderId}` and the webhooks give it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOrder {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    fulfillment_status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    live_mode: Option<bool>,
    amount_summary: Option<WireAmounts>,
    contact_snapshot: Option<WireContact>,
    source: Option<WireSource>,
    #[serde(default, deserialize_with = "tolerant::list")]
    items: Vec<WireItem>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
}

/// An order as `GET /payments/orders` gives it. Its items are not read: the document has none, and what other versions of
/// the listing put there are no items.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOrderRow {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    fulfillment_status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::text")]
    source_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    source_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    subtotal: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    discount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    live_mode: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
}

impl WireOrderRow {
    /// The order without its lines, on the terms of [`WireOrder::into_model`].
    pub(crate) fn into_model(self) -> Result<Order, MapError> {
        let amounts =
            WireAmounts { subtotal: self.subtotal, discount: self.discount, ..WireAmounts::default() };
        let mut order = WireOrder {
            id: self.id,
            status: self.status,
            fulfillment_status: self.fulfillment_status,
            contact_id: self.contact_id,
            currency: self.currency,
            amount: self.amount,
            live_mode: self.live_mode,
            amount_summary: Some(amounts),
            contact_snapshot: None,
            source: Some(WireSource { kind: self.source_type, id: self.source_id }),
            items: Vec::new(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .into_model()?;
        let mut customer = order.customer.take().unwrap_or_default();
        customer.name = self.contact_name;
        customer.email = self.contact_email;
        order.customer = (customer != Party::default()).then_some(customer);
        Ok(order)
    }
}

/// What an order came from: `{ type: "invoice", id: … }` of one that an invoice bills.
#[derive(Default, Deserialize)]
struct WireSource {
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    id: Option<String>,
}

impl WireSource {
    fn invoice(self) -> Option<String> {
        self.id.filter(|_| self.kind.as_deref() == Some("invoice"))
    }
}

/// `tax` and `shipping` are in the webhook samples, not in the document.
#[derive(Default, Deserialize)]
struct WireAmounts {
    #[serde(default, deserialize_with = "tolerant::number")]
    subtotal: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    discount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    tax: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::number")]
    shipping: Option<Number>,
}

#[derive(Deserialize)]
struct WireItem {
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    qty: Option<Number>,
    product: Option<WireProduct>,
    price: Option<WirePrice>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProduct {
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    product_type: Option<String>,
}

#[derive(Default, Deserialize)]
struct WirePrice {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    sku: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount: Option<Number>,
}

impl WireOrder {
    /// The order. Without an id, a status, an amount or a currency it is refused, and so is an item without a price id
    /// or a quantity: what is sold, for how much, is not guessed.
    pub(crate) fn into_model(self) -> Result<Order, MapError> {
        let id = self.id.unwrap_or_default();
        let error = |member: String, problem| MapError { object: format!("order {id}"), member, problem };
        if id.is_empty() {
            return Err(error("_id".to_owned(), MISSING));
        }
        let status = self.status.ok_or_else(|| error("status".to_owned(), MISSING))?;
        let currency = self.currency.ok_or_else(|| error("currency".to_owned(), MISSING))?;
        let amount = self.amount.ok_or_else(|| error("amount".to_owned(), MISSING))?;
        let money = |number: Option<Number>| number.map(|number| Money::new(number.0, currency));
        let lines = self.items.into_iter().enumerate().map(|(index, item)| {
            item.into_model(currency)
                .map_err(|(member, problem)| error(format!("items[{index}].{member}"), problem))
        });
        let lines = lines.collect::<Result<_, _>>()?;
        let amounts = self.amount_summary.unwrap_or_default();
        let customer = self.contact_snapshot.unwrap_or_default().into_model(self.contact_id);
        Ok(Order {
            number: None,
            status: order_status(status),
            payment: None,
            fulfillment: self.fulfillment_status.map(fulfillment_status),
            total: Money::new(amount.0, currency),
            subtotal: money(amounts.subtotal),
            discount: money(amounts.discount),
            tax: money(amounts.tax),
            shipping: money(amounts.shipping),
            billed_by: self.source.and_then(WireSource::invoice),
            paid: None,
            customer: (customer != Party::default()).then_some(customer),
            ship_to: None,
            lines,
            note: None,
            live: self.live_mode.unwrap_or(true),
            created_at: self.created_at,
            updated_at: self.updated_at,
            id,
        })
    }
}

impl WireItem {
    /// The line, or the member that is wrong and how. Its id is that of the price: fulfilments name nothing else.
    fn into_model(self, currency: Currency) -> Result<Line, (&'static str, &'static str)> {
        let price = self.price.unwrap_or_default();
        let product = self.product.unwrap_or_default();
        let id = price.id.ok_or(("price._id", MISSING))?;
        let quantity = self.qty.ok_or(("qty", MISSING))?.0;
        if quantity.is_negative() {
            return Err(("qty", NEGATIVE));
        }
        let name = self.name.or(product.name).or(price.name).unwrap_or_else(|| id.clone());
        let unit_price = price.amount.map(|amount| Money::new(amount.0, price.currency.unwrap_or(currency)));
        let physical = product.product_type.as_deref().and_then(is_physical);
        Ok(Line { id, sku: price.sku, name, quantity, unit_price, physical })
    }
}

/// `PHYSICAL`, `DIGITAL` and `SERVICE` are documented; the products calls also know `PHYSICAL/DIGITAL`.
fn is_physical(product_type: &str) -> Option<bool> {
    let product_type = product_type.to_ascii_uppercase();
    match product_type.as_str() {
        "DIGITAL" | "SERVICE" => Some(false),
        _ => product_type.contains("PHYSICAL").then_some(true),
    }
}

/// The document lists no values; `pending` and `completed` are in its samples.
fn order_status(text: String) -> OrderStatus {
    match text.to_ascii_lowercase().as_str() {
        "pending" => OrderStatus::Pending,
        "completed" => OrderStatus::Completed,
        "cancelled" | "canceled" => OrderStatus::Cancelled,
        _ => OrderStatus::Other(text),
    }
}

/// The document lists no values; `unfulfilled` is in its samples.
fn fulfillment_status(text: String) -> FulfillmentStatus {
    match text.to_ascii_lowercase().as_str() {
        "unfulfilled" => FulfillmentStatus::Unfulfilled,
        "partially_fulfilled" => FulfillmentStatus::PartiallyFulfilled,
        "fulfilled" => FulfillmentStatus::Fulfilled,
        "cancelled" | "canceled" => FulfillmentStatus::Cancelled,
        _ => FulfillmentStatus::Other(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEBHOOK: &str = include_str!("fixtures/order-create.json");
    const ALONE: &str = include_str!("fixtures/order.json");

    fn read(json: &str) -> Result<Order, MapError> {
        serde_json::from_str::<WireOrder>(json).unwrap().into_model()
    }

    fn money(amount: &str, currency: &str) -> Money {
        Money::new(amount.parse().unwrap(), currency.parse().unwrap())
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_vendors_sample_is_read_whole() {
        let order = read(WEBHOOK).unwrap();
        assert_eq!(order.id, "660ed43bfdf9fc05a0de7a40");
        assert_eq!(order.status, OrderStatus::Pending);
        assert_eq!(order.fulfillment, Some(FulfillmentStatus::Unfulfilled));
        assert_eq!(order.payment, None, "a detail does not say");
        assert_eq!(order.total, money("150.1", "USD"));
        assert_eq!(order.subtotal, Some(money("138", "USD")));
        assert_eq!(order.discount, Some(money("0", "USD")));
        assert_eq!(order.tax, Some(money("12.1", "USD")));
        assert_eq!(order.shipping, Some(money("0", "USD")));
        assert_eq!(order.subtotal.unwrap().checked_add(order.tax.unwrap()), Ok(order.total));
        assert!(!order.live);
        // 2024-04-04T16:24:31.297Z by `date -ud … +%s`.
        assert_eq!(order.updated_at, Some(Instant(1_712_247_871_297)));
        let lines: Vec<_> =
            order.lines.iter().map(|line| (line.id.as_str(), line.unit_price.unwrap())).collect();
        let prices = [
            ("660ed20095e1dcd37bb0d392", money("17", "USD")),
            ("64f84dec1e2c5ae21f0714e1", money("121", "USD")),
        ];
        assert_eq!(lines, prices);
        assert_eq!(order.lines[0].name, "Men's classic tee - XL / Charcoal");
        assert_eq!(order.lines[0].quantity, 1.into());
        assert_eq!(order.lines[0].physical, None, "the sample does not say");
    }

    #[test]
    fn the_snapshot_is_the_customer_and_their_address() {
        let order = read(WEBHOOK).unwrap();
        let customer = order.customer.as_ref().unwrap();
        assert_eq!(customer.id, text("ff2JstbQJfRuofXzeT0M"));
        assert_eq!(customer.name, text("Nora Quist"));
        assert_eq!(customer.email, text("nora.quist@example.com"));
        assert_eq!(customer.phone, text("+2385550100"));
        let address = order.delivery_address().unwrap();
        assert!(address.is_deliverable());
        assert_eq!(address.one_line(), "14 Harbour Road, Mindelo, Sao Vicente 61131, CV");
    }

    #[test]
    fn strings_for_numbers_and_a_price_on_two_lines() {
        let order = read(ALONE).unwrap();
        assert_eq!(order.total, money("12.375", "KWD"));
        assert_eq!(order.total.amount.exponent(), 3);
        assert_eq!(order.discount, Some(money("0.500", "KWD")));
        assert_eq!((order.tax, order.shipping), (None, None));
        assert_eq!(order.status, OrderStatus::Other("awaiting_stock".to_owned()));
        assert_eq!(order.fulfillment, Some(FulfillmentStatus::PartiallyFulfilled));
        assert!(order.live);
        let [saffron, gift, class] = order.lines.as_slice() else { panic!("three lines") };
        assert_eq!(saffron.id, gift.id);
        assert_eq!(saffron.quantity.to_string(), "0.25");
        assert_eq!(saffron.sku, text("4711"));
        assert_eq!(
            (saffron.unit_price, gift.unit_price),
            (Some(money("20.5", "KWD")), Some(money("20.5", "KWD")))
        );
        assert_eq!(gift.name, "Saffron, gift box");
        assert_eq!((saffron.physical, gift.physical, class.physical), (Some(true), Some(true), Some(false)));
        assert_eq!((class.name.as_str(), class.unit_price), ("Cooking class", None));
        let customer = order.customer.unwrap();
        assert_eq!((customer.name, customer.address), (text("Thandi Mbeki"), None));
    }

    #[test]
    fn what_is_sold_for_how_much_is_not_guessed() {
        let order = |changed: &str, to: &str| read(&ALONE.replacen(changed, to, 1)).unwrap_err().to_string();
        let named = "order 653f5e0cde5a1314e62a837c: ";
        for (changed, to, message) in [
            (r#""currency": "kwd","#, "", "currency is missing"),
            (r#""currency": "kwd""#, r#""currency": """#, "currency is missing"),
            (r#""amount": "12.375""#, r#""amount": null"#, "amount is missing"),
            (r#""status": "awaiting_stock","#, "", "status is missing"),
            (r#""_id": "655b33aa2209e60b6adb87a8","#, "", "items[2].price._id is missing"),
            (r#""qty": 2,"#, "", "items[1].qty is missing"),
            (r#""qty": 2,"#, r#""qty": -2,"#, "items[1].qty is below zero"),
        ] {
            assert_eq!(order(changed, to), format!("{named}{message}"));
        }
    }

    #[test]
    fn a_price_keeps_its_own_currency() {
        let json = ALONE.replace(r#""currency": "KWD""#, r#""currency": "EUR""#);
        let prices: Vec<_> = read(&json).unwrap().lines.iter().map(|line| line.unit_price).collect();
        assert_eq!(prices, [Some(money("20.5", "KWD")), Some(money("20.5", "EUR")), None]);
    }

    #[test]
    fn an_order_that_an_invoice_bills_names_it_as_its_source() {
        // The document's example of an order's source is `{ type: "invoice", id, name }`.
        let order = r#"{"_id":"o1","status":"completed","amount":1,"currency":"USD","source":{"type":"KIND","id":"i1"}}"#;
        assert_eq!(read(&order.replace("KIND", "invoice")).unwrap().billed_by, text("i1"));
        assert_eq!(read(&order.replace("KIND", "funnel")).unwrap().billed_by, None);
        let row = r#"{"_id":"o1","status":"completed","amount":1,"currency":"USD","sourceType":"invoice","sourceId":"i1"}"#;
        let row: WireOrderRow = serde_json::from_str(row).unwrap();
        assert_eq!(row.into_model().unwrap().billed_by, text("i1"));
    }

    #[test]
    fn a_row_of_a_list_is_an_order_without_lines() {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<WireOrderRow>,
        }
        let page: Page = serde_json::from_str(include_str!("fixtures/orders.json")).unwrap();
        let order = page.data.into_iter().next().unwrap().into_model().unwrap();
        assert_eq!(order.id, "653f5e0cde5a1314e62a837c");
        assert_eq!((order.total, order.subtotal), (money("90", "USD"), Some(money("100", "USD"))));
        assert_eq!((order.discount, order.lines.len()), (Some(money("10", "USD")), 0));
        let customer = order.customer.unwrap();
        assert_eq!(customer.name.as_deref(), Some("Thandi Mbeki"));
        assert_eq!(customer.id.as_deref(), Some("XPLSw2SVagl12LMDeTmQ"));
        assert!(!order.live);
    }

    #[test]
    fn product_types_are_an_open_list() {
        for (text, physical) in [
            ("PHYSICAL", Some(true)),
            ("physical/digital", Some(true)),
            ("DIGITAL", Some(false)),
            ("SERVICE", Some(false)),
            ("MEMBERSHIP", None),
        ] {
            assert_eq!(is_physical(text), physical, "{text}");
        }
    }

    /// JSON of the members that are read, with values of all kinds in the wrong places.
    fn any_order() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            Just(r#"[{"qty":"x","price":{"_id":[]}}]"#.to_owned()),
            Just(r#"[{"qty":1e2,"price":{"_id":7,"amount":"1.5","currency":"eur"}}]"#.to_owned()),
            Just(r#"{"subtotal":1,"tax":"","firstName":3}"#.to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            "[a-zA-Z0-9.\\-: ]{0,20}".prop_map(|text| format!("\"{text}\"")),
        ];
        const NAMES: &[&str] = &[
            "_id",
            "status",
            "fulfillmentStatus",
            "contactId",
            "currency",
            "amount",
            "liveMode",
            "amountSummary",
            "contactSnapshot",
            "items",
            "createdAt",
            "unknown",
        ];
        let member =
            (proptest::sample::select(NAMES), value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        proptest::collection::vec(member, 0..14).prop_map(|members| format!("{{{}}}", members.join(",")))
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic(json in any_order()) {
            if let Ok(order) = serde_json::from_str::<WireOrder>(&json) {
                // Whatever is read has what every flow relies on.
                if let Ok(order) = order.into_model() {
                    prop_assert!(!order.id.is_empty());
                    prop_assert!(order.lines.iter().all(|line| !line.id.is_empty() && !line.quantity.is_negative()));
                }
            }
        }
    }
}
