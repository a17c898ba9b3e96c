//! The language of rules and templates: exact numbers, strict names, limits.

use transload_model::{
    Address, Decimal, Fulfillment, FulfillmentState, Instant, Line, Money, Order, OrderStatus, Party,
    Transaction, TransactionStatus,
};

use super::*;

fn money(amount: &str, currency: &str) -> Money {
    Money::new(amount.parse().unwrap(), currency.parse().unwrap())
}

fn order(total: Money) -> Order {
    let line = |id: &str, quantity: &str, physical| Line {
        id: id.to_owned(),
        sku: None,
        name: format!("Thing {id}"),
        quantity: quantity.parse().unwrap(),
        unit_price: Some(money("0.1", total.currency.code())),
        physical,
    };
    Order {
        id: "o1".to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total,
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: None,
        customer: Some(Party {
            id: Some("c1".to_owned()),
            name: Some("Ada Fuller".to_owned()),
            email: None,
            phone: None,
            address: Some(Address {
                lines: vec!["1 High Street".to_owned()],
                city: Some("Leeds".to_owned()),
                ..Address::default()
            }),
        }),
        ship_to: None,
        lines: vec![line("p1", "2.0", Some(true)), line("p2", "0.25", None), line("p3", "1", Some(false))],
        note: None,
        live: true,
        // 2024-04-04T16:24:27Z by `date -ud … +%s`.
        created_at: Some(Instant(1_712_247_867_000)),
        updated_at: None,
    }
}

const RAW: &str = r#"{"amount": 150.10, "weight": 0.1, "big": 9007199254740993, "huge": 1e400, "flag": true, "nothing": null,
    "source": {"type": "website"}, "items": [{"qty": 2, "product": {"weight": 1.005}}], "text": "a \"b\""}"#;

fn scope_of(total: &str, currency: &str) -> Scope {
    let total = money(total, currency);
    Scope::of_order(&order(total), Some(RAW), Money::zero(total.currency), total)
}

fn render(template: &str) -> Result<String, String> {
    let rendered = Template::new(template).render("delivery.note", &scope_of("150.1", "USD"));
    rendered.map_err(|failure| match failure {
        Failure::NeedsAttention(reason) => reason,
        other => panic!("{other:?}"),
    })
}

fn holds(rule: &str) -> bool {
    Rule::new(rule)
        .holds("deliver_when", &scope_of("150.1", "USD"))
        .unwrap_or_else(|failure| panic!("{rule}: {failure:?}"))
}

fn fault(template: &str) -> String {
    render(template).unwrap_err()
}

#[test]
fn amounts_print_with_the_places_of_their_currency() {
    for (amount, currency, printed) in [
        ("150.1", "USD", "150.10"),
        ("3000", "JPY", "3000"),
        ("1.5", "KWD", "1.500"),
        ("0.005", "USD", "0.005"),
    ] {
        let text =
            Template::new("{{ order.total }} {{ order.currency }}").render("t", &scope_of(amount, currency));
        assert_eq!(text.unwrap(), format!("{printed} {currency}"));
    }
}

#[test]
fn numbers_compare_by_value_however_they_are_written() {
    for rule in [
        "order.total > 50",
        "order.total < 1000",
        "order.total >= 150.10",
        "order.total == 150.1",
        "order.total != 150.11",
        "50 < order.total",
        "not order.total < 150.1",
        "order.total in [1, 150.100]",
        "order.total == raw.amount",
        "raw.big == 9007199254740993 and raw.big != 9007199254740992",
        "order.lines[0].quantity == 2",
        "order.lines | length == 3",
        "order.lines | sum(\"quantity\") == 3.25",
        "order.total == decimal(\"150.10\")",
    ] {
        assert!(holds(rule), "{rule}");
    }
}

/// 0.1 + 0.2 is 0.30000000000000004 in binary floats.
#[test]
fn sums_are_exact() {
    assert_eq!(render("{{ raw.weight | plus(0.2) }}").unwrap(), "0.3");
    assert_eq!(render("{{ raw.items[0].product.weight | times(3) }}").unwrap(), "3.015");
    assert_eq!(render("{{ order.total | minus(0.10) }}").unwrap(), "150");
    assert!(holds("decimal(\"0.1\") | plus(0.2) == 0.3"));
    assert!(fault("{{ order.total | times(9223372036854775807) }}").contains("does not fit"));
    assert!(fault("{{ order.customer.name | plus(1) }}").contains("Ada Fuller"));
}

#[test]
fn the_vendors_json_is_read_as_it_is_written() {
    assert_eq!(
        render("{{ raw.amount }} {{ raw.big }} {{ raw.huge }}").unwrap(),
        "150.1 9007199254740993 1e400"
    );
    assert_eq!(
        render("{{ raw.text }}, {{ raw.source.type }}, {{ raw.nothing }}.").unwrap(),
        "a \"b\", website, ."
    );
    assert_eq!(render("{% for item in raw[\"items\"] %}{{ item.qty }}{% endfor %}").unwrap(), "2");
    assert!(holds("raw.flag"));
    assert!(holds("raw.missing is undefined"));
}

#[test]
fn what_is_not_known_prints_as_nothing_and_a_slip_is_an_error() {
    assert_eq!(render("[{{ order.note }}{{ delivery.link }}{{ payment.amount }}]").unwrap(), "[]");
    assert_eq!(render("{{ order.note | default(\"ring twice\") }}").unwrap(), "ring twice");
    for (template, part) in [
        ("{{ order.totl }}", "undefined"),
        ("{{ oder.total }}", "undefined"),
        ("{{ order.total | uper }}", "uper"),
        ("one\n{{ order.total", "line 2"),
        ("{% for line in order.lines %}", "line 1"),
        ("{{ raw.missing }}", "undefined"),
    ] {
        let fault = fault(template);
        assert!(
            fault.starts_with("the setting `delivery.note`") && fault.contains(part),
            "{template}: {fault}"
        );
    }
}

#[test]
fn a_rule_gives_true_or_false() {
    assert!(holds("order.physical and order.address.city == \"Leeds\""));
    assert!(!holds("order.due == 0"));
    for rule in ["order.currency", "'false'", "order.total", "order.note", "1"] {
        let failure = Rule::new(rule).holds("deliver_when", &scope_of("1", "USD")).unwrap_err();
        assert!(
            matches!(&failure, Failure::NeedsAttention(reason) if reason.contains("true or false")),
            "{rule}: {failure:?}"
        );
    }
}

#[test]
fn goods_are_what_is_not_said_to_be_something_else() {
    let total = money("1", "USD");
    let mut digital = order(total);
    digital.lines.retain(|line| line.id == "p3");
    let scope = Scope::of_order(&digital, None, total, total);
    assert!(!Rule::new("order.physical").holds("deliver_when", &scope).unwrap());
}

#[test]
fn the_filters_do_what_the_schema_says() {
    for (template, text) in [
        ("{{ order.created_on | plus_days(27) }}", "2024-05-01"),
        ("{{ order.created_at }}", "2024-04-04 16:24"),
        ("{{ order.customer.name | upper | shorten(4) }}", "ADA…"),
        ("{{ order.customer.name | replace(\"Ada\", \"A.\") }}", "A. Fuller"),
        ("{{ 'high' if order.total > 500 else 'normal' }}", "normal"),
        ("{{ order.lines | length | times(2) }}", "6"),
        (
            "{% for line in order.lines %}{{ line.quantity }} {{ line.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "2 Thing p1, 0.25 Thing p2, 1 Thing p3",
        ),
        ("{% for line in order.lines %}{% if loop.index == 2 %}{{ line.id }}{% endif %}{% endfor %}", "p2"),
        ("{# 5 }} {{ #}{{ order.lines[1].id }}{{ ' {{ 7 }} ' }}8", "p2 {{ 7 }} 8"),
    ] {
        assert_eq!(render(template).as_deref(), Ok(text), "{template}");
    }
    assert!(fault("{{ order.created_on | plus_days(4000) }}").contains("3660"));
    assert!(fault("{{ order.created_on | plus_days(1.5) }}").contains("whole number"));
    assert!(fault("{{ order.id | plus_days(1) }}").contains("2026-02-01"));
}

#[test]
fn a_template_can_neither_run_for_long_nor_write_much() {
    let nested = "{% for a in order.lines %}".repeat(12) + "x" + &"{% endfor %}".repeat(12);
    assert!(fault(&nested).contains("fuel"), "3^12 rounds are too many");
    let long = |bytes: usize| format!("{{{{ '{}' }}}}", "x".repeat(bytes));
    assert_eq!(render(&long(OUTPUT_BYTES_MAX)).unwrap().len(), OUTPUT_BYTES_MAX);
    assert!(render(&long(OUTPUT_BYTES_MAX + 1)).is_err());
}

#[test]
fn a_delivery_and_a_payment_are_told_whole() {
    let total = money("150.1", "USD");
    let order = order(total);
    let fulfillment = Fulfillment {
        id: "d1".to_owned(),
        order_id: "o1".to_owned(),
        state: FulfillmentState::OutForDelivery,
        attempt: 2,
        lines: Vec::new(),
        tracking: Vec::new(),
        proof: None,
        cash_collected: Some(money("20.5", "USD")),
        reason: None,
        happened_at: None,
        estimated_at: None,
    };
    let payment = Transaction {
        id: "t1".to_owned(),
        amount: total,
        refunded: None,
        status: TransactionStatus::Succeeded,
        settles: Vec::new(),
        customer: None,
        method: Some("card".to_owned()),
        charge_id: None,
        live: true,
        created_at: None,
        updated_at: None,
    };
    let scope = Scope::of_order(&order, None, total, Money::new(Decimal::ZERO, total.currency))
        .with_delivery(&fulfillment, &order)
        .with_payment(&payment);
    let text = Template::new(
        "{{ delivery.state }} {{ delivery.attempt }} {{ delivery.cash }}{{ delivery.link }}; {{ payment.amount }} by {{ payment.method }}, {{ payment.refunded }} back",
    );
    assert_eq!(text.render("t", &scope).unwrap(), "out for delivery 2 20.50; 150.10 by card, 0.00 back");
}

proptest::proptest! {
    /// Whatever is written, it is an answer or a failure that a person can read.
    #[test]
    fn no_template_makes_it_panic(text in "[a-z0-9 .|(){}%#'\"\\[\\]<>=!~\\\\é-]{0,60}") {
        let scope = scope_of("1", "USD");
        let _ = Template::new(&text).render("t", &scope);
        let _ = Template::new(&format!("{{{{ {text} }}}}")).render("t", &scope);
        let _ = Rule::new(&text).holds("t", &scope);
    }

    /// Wrapping numbers changes nothing else.
    #[test]
    fn only_numbers_are_wrapped(text in "[a-z0-9 .|(){}%#'\"<>=é-]{0,60}") {
        let unwrapped = |text: &str| text.replace("decimal(\"", "").replace("\")", "");
        proptest::prop_assert_eq!(unwrapped(&literals::in_expression(&text)), unwrapped(&text));
    }

    #[test]
    fn every_pair_of_amounts_compares_as_decimals_do(a in -10_000_i64..10_000, b in 0_i64..10_000, places in 0_u8..4) {
        let (a, b) = (Decimal::new(a, 2).unwrap(), Decimal::new(b, places).unwrap());
        let scope = Scope::of_order(&order(Money::new(a, "USD".parse().unwrap())), None, money("0", "USD"), money("0", "USD"));
        for (rule, expected) in [("<", a < b), ("<=", a <= b), (">", a > b), ("==", a == b)] {
            proptest::prop_assert_eq!(Rule::new(&format!("order.total {rule} {b}")).holds("r", &scope), Ok(expected));
        }
    }
}
