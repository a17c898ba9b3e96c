//! Tests of what is sent.

use proptest::prelude::*;
use transload_model::{Address, Currency, Money, OrderStatus, Party};

use super::*;
use crate::Order;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn money(amount: &str, code: &str) -> Money {
    Money::new(amount.parse().unwrap(), currency(code))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn line(id: &str, name: &str, quantity: &str, price: Money) -> Line {
    Line {
        id: id.to_owned(),
        sku: None,
        name: name.to_owned(),
        quantity: quantity.parse().unwrap(),
        unit_price: Some(price),
        physical: None,
    }
}

/// The order of GoHighLevel's OrderCreate sample: 17 + 121 + 12.1 tax = 150.1 USD.
pub(super) fn order() -> transload_model::Order {
    let address = Address {
        lines: vec!["14 Harbour Road".to_owned()],
        city: text("Mindelo"),
        region: text("Sao Vicente"),
        postal_code: text("61131"),
        country: text("CV"),
    };
    transload_model::Order {
        id: "660ed43bfdf9fc05a0de7a40".to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: money("150.1", "USD"),
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: None,
        customer: Some(Party {
            id: text("ff2JstbQJfRuofXzeT0M"),
            name: text("Nora Quist"),
            email: text("nora.quist@example.com"),
            phone: text("+2385550100"),
            address: Some(address),
        }),
        ship_to: None,
        lines: vec![
            line("660ed20095e1dcd37bb0d392", "Men's classic tee", "1", money("17", "USD")),
            line("64f84dec1e2c5ae21f0714e1", "Tshirt", "1", money("121", "USD")),
        ],
        note: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}

fn terms() -> Terms {
    Terms {
        cod: Some(money("150.1", "USD")),
        date: text("2026-02-01"),
        note: text("Ring twice"),
        ..Terms::default()
    }
}

/// What the sample becomes.
pub(crate) fn new_order() -> NewOrder {
    NewOrder::from_order(&order(), &terms()).unwrap()
}

fn json(order: &NewOrder) -> String {
    serde_json::to_string(order).unwrap()
}

/// How Track-POD tells an order that it was told so.
pub(super) fn as_told(order: &NewOrder) -> Order {
    serde_json::from_str(&json(order)).unwrap()
}

#[test]
fn an_order_is_written_as_the_document_names_it() {
    let expected = concat!(
        r#"{"Id":"660ed43bfdf9fc05a0de7a40","Number":"660ed43bfdf9fc05a0de7a40","Type":0,"Date":"2026-02-01","#,
        r#""Client":"Nora Quist","Address":"14 Harbour Road, Mindelo, Sao Vicente 61131, CV","ContactName":"Nora Quist","#,
        r#""Phone":"+2385550100","Email":"nora.quist@example.com","Note":"Ring twice","COD":150.1,"GoodsList":["#,
        r#"{"OrderLineId":"660ed20095e1dcd37bb0d392","GoodsId":"660ed20095e1dcd37bb0d392","GoodsName":"Men's classic tee","#,
        r#""Quantity":1,"Cost":17},"#,
        r#"{"OrderLineId":"64f84dec1e2c5ae21f0714e1","GoodsId":"64f84dec1e2c5ae21f0714e1","GoodsName":"Tshirt","#,
        r#""Quantity":1,"Cost":121}]}"#,
    );
    assert_eq!(json(&new_order()), expected);
}

#[test]
fn what_is_none_is_left_out() {
    let mut order = order();
    order.customer = order.customer.map(|customer| Party { name: None, phone: None, ..customer });
    order.lines.truncate(1);
    order.lines[0].unit_price = None;
    let new = NewOrder::from_order(&order, &Terms::default()).unwrap();
    let json = json(&new);
    for member in ["Date", "ContactName", "Phone", "Note", "COD", "Cost", "null"] {
        assert!(!json.contains(&format!("\"{member}\"")), "{member} in {json}");
    }
    assert_eq!(new.client, "nora.quist@example.com", "the next best name");
    let zero = Terms { cod: Some(money("0", "USD")), ..Terms::default() };
    assert!(
        serde_json::to_string(&NewOrder::from_order(&order, &zero).unwrap()).unwrap().contains(r#""COD":0,"#)
    );
}

#[test]
fn lines_that_share_an_id_are_one_row_of_goods() {
    let mut order = order();
    let price = money("20.5", "USD");
    order.lines = vec![
        line("p1", "Saffron", "0.25", price),
        line("p2", "Card", "1", money("1", "USD")),
        line("p1", "Saffron", "0.75", price),
        line("p1", "Saffron, gift box", "1", price),
        line("p2", "Card", "1", money("1.5", "USD")),
    ];
    let goods = NewOrder::from_order(&order, &terms()).unwrap().goods_list;
    let rows: Vec<_> = goods
        .iter()
        .map(|row| (row.order_line_id.as_str(), row.goods_name.as_str(), row.quantity.to_string(), row.cost))
        .collect();
    let expected = [
        ("p1", "Saffron / Saffron, gift box", "2.00".to_owned(), Some(Number(price.amount))),
        ("p2", "Card", "2".to_owned(), None),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn quantities_that_do_not_add_up_are_an_error() {
    let mut order = order();
    let most = i64::MAX.to_string();
    order.lines = vec![line("p1", "A", &most, money("1", "USD")), line("p1", "A", "1", money("1", "USD"))];
    assert!(matches!(NewOrder::from_order(&order, &terms()), Err(MapError::Quantity { .. })));
}

#[test]
fn only_physical_lines_are_delivered() {
    let mut order = order();
    order.lines[0].physical = Some(true);
    order.lines[1].physical = Some(false);
    let goods = NewOrder::from_order(&order, &terms()).unwrap().goods_list;
    assert_eq!(goods.len(), 1);
    order.lines[0].quantity = Decimal::ZERO;
    let error = NewOrder::from_order(&order, &terms()).unwrap_err();
    assert_eq!(error, MapError::NothingToDeliver { order: order.id });
}

#[test]
fn a_price_in_another_currency_is_left_out_and_such_cash_is_refused() {
    let mut order = order();
    order.lines[1].unit_price = Some(money("121", "EUR"));
    let goods = NewOrder::from_order(&order, &terms()).unwrap().goods_list;
    assert_eq!((goods[0].cost.is_some(), goods[1].cost), (true, None));
    let euros = Terms { cod: Some(money("1", "EUR")), ..terms() };
    let (expected, found) = (currency("USD"), currency("EUR"));
    let error = NewOrder::from_order(&order, &euros).unwrap_err();
    assert_eq!(error, MapError::CashCurrency { order: order.id, expected, found });
}

#[test]
fn an_order_needs_a_place_and_a_customer() {
    let mut nowhere = order();
    nowhere.customer.as_mut().unwrap().address.as_mut().unwrap().lines.clear();
    let id = nowhere.id.clone();
    let error = NewOrder::from_order(&nowhere, &terms()).unwrap_err();
    assert_eq!(error, MapError::NoAddress { order: id.clone() });
    nowhere.customer = None;
    assert_eq!(NewOrder::from_order(&nowhere, &terms()).unwrap_err(), error);
    let mut nobody = order();
    nobody.ship_to = nobody.customer.take().unwrap().address;
    assert_eq!(NewOrder::from_order(&nobody, &terms()).unwrap_err(), MapError::NoCustomer { order: id });
}

#[test]
fn free_text_is_shortened_and_what_must_be_whole_is_not() {
    let mut order = order();
    order.lines[0].name = "n".repeat(256);
    order.customer.as_mut().unwrap().name = text(&"c".repeat(300));
    let long = Terms { note: text(&"é".repeat(501)), ..terms() };
    let new = NewOrder::from_order(&order, &long).unwrap();
    assert_eq!(new.note, Some(format!("{}…", "é".repeat(499))));
    assert_eq!(new.client, format!("{}…", "c".repeat(254)));
    assert_eq!(new.goods_list[0].goods_name, format!("{}…", "n".repeat(254)));

    type Change = fn(&mut transload_model::Order, String);
    let changes: [(&str, usize, Change); 6] = [
        ("Id", 50, |order, text| order.id = text),
        ("Number", 50, |order, text| order.number = Some(text)),
        ("Phone", 50, |order, text| order.customer.as_mut().unwrap().phone = Some(text)),
        ("Email", 255, |order, text| order.customer.as_mut().unwrap().email = Some(text)),
        ("OrderLineId", 50, |order, text| order.lines[0].id = text),
        ("Address", 255, |order, text| {
            let address = order.customer.as_mut().unwrap().address.as_mut().unwrap();
            *address = Address { lines: vec![text], city: Some("X".to_owned()), ..Address::default() };
        }),
    ];
    for (member, limit, change) in changes {
        // The city takes three characters of the address: `, X`.
        let room = if member == "Address" { limit - 3 } else { limit };
        let mut order = self::order();
        change(&mut order, "x".repeat(room));
        NewOrder::from_order(&order, &terms()).unwrap();
        change(&mut order, "x".repeat(room + 1));
        let expected = MapError::TooLong { order: order.id.clone(), member, length: limit + 1, limit };
        assert_eq!(NewOrder::from_order(&order, &terms()).unwrap_err(), expected);
    }
}

#[test]
fn a_day_is_a_day() {
    let on = |date: &str| NewOrder::from_order(&order(), &Terms { date: text(date), ..terms() });
    assert!(on("2024-02-29").is_ok());
    for date in ["2023-02-29", "01.02.2024", "tomorrow", ""] {
        assert!(matches!(on(date), Err(MapError::Date { .. })), "{date}");
    }
}

#[test]
fn an_order_that_is_as_it_was_told_to_be_is_not_told_again() {
    let new = new_order();
    let mut current = as_told(&new);
    assert!(!new.differs_from(&current));
    // The same by value, as the service writes it.
    current.date = text("2026-02-01T00:00:00");
    current.cod = Some(Number("150.10".parse().unwrap()));
    current.goods_list.reverse();
    current.goods_list[0].quantity = Some(Number("1.0".parse().unwrap()));
    current.status_id = Some(1);
    assert!(!new.differs_from(&current));
}

#[test]
fn whatever_an_update_would_change_is_a_difference() {
    let new = new_order();
    let changes: [fn(&mut Order); 13] = [
        |order| order.number = None,
        |order| order.client = None,
        |order| order.address = text("elsewhere"),
        |order| order.date = text("2026-02-02T00:00:00"),
        |order| order.contact_name = None,
        |order| order.phone = text("+1"),
        |order| order.email = None,
        |order| order.note = None,
        |order| order.cod = None,
        |order| drop(order.goods_list.pop()),
        |order| order.goods_list[0].quantity = Some(Number(2.into())),
        |order| order.goods_list[1].cost = None,
        |order| order.goods_list[1].goods_name = text("Hat"),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut current = as_told(&new);
        change(&mut current);
        assert!(new.differs_from(&current), "change {index}");
    }
}

#[test]
fn what_is_not_said_is_not_compared() {
    let new = NewOrder::from_order(&order(), &Terms::default()).unwrap();
    let current = as_told(&new_order());
    assert!(!new.differs_from(&current), "neither date, note nor cash are said");
    let zero = Terms { cod: Some(money("0", "USD")), ..Terms::default() };
    assert!(NewOrder::from_order(&order(), &zero).unwrap().differs_from(&current), "there is cash to clear");
}

#[test]
fn the_address_of_a_planned_order_cannot_be_changed() {
    let new = new_order();
    let mut current = as_told(&new);
    current.route_number = text("R1");
    assert!(!new.is_planned_elsewhere(&current));
    current.address = text("elsewhere");
    assert!(!new.differs_from(&current));
    assert!(new.is_planned_elsewhere(&current));
    current.route_number = None;
    assert!(new.differs_from(&current) && !new.is_planned_elsewhere(&current));
}

#[test]
fn awkward_amounts_are_sent_as_they_are() {
    // No exact binary form; no minor unit; three of them; beyond 2^53; 19 digits.
    for (amount, code) in [
        ("150.1", "USD"),
        ("0.1", "USD"),
        ("0.30", "EUR"),
        ("3000", "JPY"),
        ("12.375", "KWD"),
        ("9007199254740993", "JPY"),
        ("9223372036854775807", "JPY"),
        ("922337203685477.5807", "USD"),
    ] {
        let mut order = order();
        order.total = money(amount, code);
        order.lines = vec![line("p1", "A", amount, money(amount, code))];
        let terms = Terms { cod: Some(money(amount, code)), ..Terms::default() };
        let json = json(&NewOrder::from_order(&order, &terms).unwrap());
        assert!(json.contains(&format!(r#""COD":{amount},"#)), "{json}");
        assert!(json.contains(&format!(r#""Quantity":{amount},"Cost":{amount}}}"#)), "{json}");
    }
}

proptest! {
    /// An order that becomes one of Track-POD is within the document's limits, and is not told twice.
    #[test]
    fn what_is_sent_keeps_to_the_document(
        name in "\\PC{0,300}",
        goods in proptest::collection::vec(("[ab]", "\\PC{0,300}", 0_i64..i64::MAX, 0_u8..=18), 0..5),
        note in "\\PC{0,600}",
        units in any::<i64>(),
    ) {
        let mut order = order();
        order.customer.as_mut().unwrap().name = Some(name);
        order.lines = goods
            .into_iter()
            .map(|(id, name, units, exponent)| {
                let amount = Decimal::new(units, exponent).unwrap();
                let quantity = amount.to_string();
                line(&id, &name, &quantity, Money::new(amount, currency("USD")))
            })
            .collect();
        let cod = Money::new(Decimal::new(units, 2).unwrap(), currency("USD"));
        let terms = Terms { cod: Some(cod), note: Some(note), ..Terms::default() };
        let Ok(new) = NewOrder::from_order(&order, &terms) else { return Ok(()) };
        prop_assert!((1..=255).contains(&text::length(&new.client)));
        prop_assert!(new.note.as_deref().is_none_or(|note| text::length(note) <= 500));
        prop_assert!(new.goods_list.iter().all(|goods| text::length(&goods.goods_name) <= 255));
        prop_assert_eq!(new.cod, Some(Number(cod.amount)));
        let told = as_told(&new);
        prop_assert_eq!(told.cod, new.cod);
        prop_assert!(!new.differs_from(&told), "{:?} {:?}", new, told);
    }
}
