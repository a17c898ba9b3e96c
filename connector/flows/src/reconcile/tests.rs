//! A comparison of GoHighLevel with a system that knows of each order only whether it was handed over.

use serde::{Deserialize, Serialize};
use transload_model::reconcile::Side;
use transload_model::{Instant, Money, Order, Payments, Transaction};
use transload_sdk::fakes::Fakes;
use transload_sdk::{Certainty, Severity};

use super::kinds::*;
use super::*;
use crate::fixtures::{NOW, ORDER, PAYMENT, SETTINGS, page as rows, with_changed};
use crate::{Shop, ShopSettings};

const DAY: u64 = crate::cursor::DAY_MS;

const NOT_HANDED_OVER: Kind = Kind::new("not-handed-over", Severity::Warning);

const KINDS: [Kind; 9] = [
    NOT_HANDED_OVER,
    PAYMENT_NOT_CAPTURED,
    PAID_DIFFERS,
    CURRENCY_DIFFERS,
    UNMATCHED_PAYMENT,
    DUPLICATE_PAYMENT,
    TEST_LIVE_MIX,
    UNREADABLE,
    TOO_MANY_LEFT_OVER,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    ListedPayments,
    Orders,
    Payments,
    LeftOver,
}

/// The counter: it hands every order over, or none.
struct Counter<'a> {
    shop: &'a Shop<'a>,
    hands_over: bool,
}

struct Sale {
    order: Order,
    transactions: Vec<Transaction>,
    payments: Payments,
    handed_over: bool,
}

impl Counterpart for Counter<'_> {
    type Present = bool;
    type Snapshot = Sale;

    const SYSTEM: &'static str = "counter";

    fn look(&self, _: &str) -> Result<bool, Failure> {
        Ok(self.hands_over)
    }

    fn print(&self, present: &bool) -> String {
        present.to_string()
    }

    fn count(&self, _: &mut Tallies, _: &Order, _: &[Transaction], _: &bool) -> Result<(), Failure> {
        Ok(())
    }

    fn remembered(&self, present: &bool) -> Known {
        Known { other: present.then(|| "slip".to_owned()), ..Known::default() }
    }

    fn take(
        &self,
        order_id: &str,
        transactions: Vec<Transaction>,
        handed_over: bool,
    ) -> Result<Option<Sale>, Failure> {
        let Some(order) = self.shop.ghl.order(order_id)? else { return Ok(None) };
        let payments = Payments::in_currency_of(&order, &transactions)?;
        Ok(Some(Sale { order, transactions, payments, handed_over }))
    }

    fn differences(&self, sale: &Sale, _: Instant) -> Result<Vec<Difference>, Failure> {
        let order = &sale.order;
        let mut found =
            money::compare(order, &sale.transactions, &sale.payments, transload_model::Decimal::ZERO)?;
        if !sale.handed_over {
            let (left, right) = (Seen::new("ghl", Some(&order.id)), Seen::new(Self::SYSTEM, None));
            let text = format!("order {} is still there", order.id);
            found.push(Difference::new(NOT_HANDED_OVER, &order.id, left, right, text));
        }
        Ok(found)
    }

    fn unpaid(&self, sale: &Sale) -> Option<Kept> {
        let order = &sale.order;
        let due = sale.payments.due(order).ok()?;
        let is_owed = sale.handed_over && due.amount.is_positive();
        is_owed.then(|| Kept::new(Side::Left, &order.id, due, order.customer_id(), order.created_at))
    }

    fn clean_until(&self, _: &Sale) -> Option<u64> {
        None
    }
}

fn scope() -> Scope {
    Scope { start: NOW - DAY, end: NOW + DAY, kinds: Vec::new() }
}

fn unpaid(order_id: &str, due: Money) -> Difference {
    let side = || Seen::new("ghl", Some(order_id)).amount(due);
    Difference::new(PAYMENT_NOT_CAPTURED, order_id, side(), side(), format!("{due} of {order_id}"))
}

/// One page, in an instance of its own.
fn page(fakes: &Fakes, hands_over: bool, cursor: Option<&str>) -> FindingPage {
    let (cx, scope) = (fakes.context(), scope());
    let settings: ShopSettings = cx.settings().unwrap();
    let shop = Shop::new(&cx, &settings);
    let other = Counter { shop: &shop, hands_over };
    let first = |is_listed| if is_listed { Phase::ListedPayments } else { Phase::Orders };
    let mut at = match cursor {
        Some(text) => Cursor::read(&scope, &KINDS, text).unwrap(),
        None => begin(&cx, &scope, &KINDS, first).unwrap(),
    };
    let page = match at.phase {
        Phase::ListedPayments => survey::payments(&shop, &scope, &mut at, Phase::Orders),
        Phase::Orders => orders::page(&shop, &other, &scope, &mut at, Phase::Payments),
        Phase::Payments => payments::page(&shop, &scope, &mut at, Phase::LeftOver, &|_, _, _| Ok(())),
        Phase::LeftOver => left_over::page(&cx, &mut at, unpaid),
    };
    told(&cx, &scope, &mut at, page.unwrap()).unwrap()
}

/// A run that is to ask for all that is answered.
fn only_run(fakes: &Fakes, hands_over: bool) -> (Vec<Finding>, String) {
    let outcome = run(fakes, hands_over);
    assert!(fakes.unanswered().is_empty(), "{:?}", fakes.unanswered());
    outcome
}

/// A whole run: its findings, and the sums as `rows total = matched + left over`.
fn run(fakes: &Fakes, hands_over: bool) -> (Vec<Finding>, String) {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let mut next = page(fakes, hands_over, cursor.as_deref());
        found.append(&mut next.findings);
        cursor = next.cursor;
        if cursor.is_none() {
            let number = |decimal| transload_sdk::convert::decimal_in(decimal).unwrap().normalized();
            let sums = next.tallies.iter().map(|tally| {
                let (matched, left) = (number(tally.matched), number(tally.left_over));
                format!("{} {} = {matched} + {left}", tally.rows, number(tally.total))
            });
            return (found, sums.collect::<Vec<_>>().join(", "));
        }
    }
}

fn kinds(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.kind.as_str()).collect()
}

/// What is asked for of one order with these payments: lists, if it was compared before, and all of it unless nothing changed.
fn answer(fakes: Fakes, payments: &[&str], is_listed: bool, in_full: bool) -> Fakes {
    let (orders, listed) = ("GET /payments/orders?*", "GET /payments/transactions?*");
    let fakes = if is_listed { fakes.answer(listed, 200, &rows(payments)) } else { fakes };
    let fakes = fakes.answer(orders, 200, &rows(&[ORDER])).answer(listed, 200, &rows(payments));
    let fakes = if in_full { fakes.answer("GET /payments/orders/o1?*", 200, ORDER) } else { fakes };
    fakes.answer(listed, 200, &rows(payments))
}

#[test]
fn an_order_that_is_as_it_should_be_is_counted_and_not_told_of() {
    let fakes = answer(Fakes::new(SETTINGS, NOW), &[PAYMENT], false, true);
    let (found, sums) = only_run(&fakes, true);
    assert_eq!((kinds(&found), sums.as_str()), (vec![], "1 150.1 = 150.1 + 0"));
}

#[test]
fn an_order_that_has_not_changed_is_not_read_in_full_again() {
    let fakes = answer(Fakes::new(SETTINGS, NOW), &[PAYMENT], false, true);
    // No list tells of the counter, so that is asked, and the payments with it.
    let fakes = answer(fakes, &[PAYMENT], true, false);
    // Something has changed there.
    let fakes = answer(fakes, &[PAYMENT], true, true);
    let (first, again) = (run(&fakes, true), run(&fakes, true));
    assert_eq!(first, again);
    assert_eq!(kinds(&only_run(&fakes, false).0), ["not-handed-over"]);
}

#[test]
fn a_payment_that_names_no_order_is_suggested_for_the_one_that_is_unpaid() {
    let orphan = with_changed(PAYMENT, r#""entityType": "order", "entityId": "o1", "#, "");
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/orders?*", 200, &rows(&[ORDER]))
        .answer("GET /payments/transactions?*", 200, &rows(&[]))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &rows(&[&orphan]));
    let (found, sums) = only_run(&fakes, true);
    assert_eq!((kinds(&found), sums.as_str()), (vec!["unmatched-payment"], "1 150.1 = 0 + 150.1"));
    assert_eq!(found[0].certainty, Certainty::Suggested);
}

#[test]
fn an_order_that_nobody_paid_is_told_in_the_connectors_words() {
    let (found, sums) = only_run(&answer(Fakes::new(SETTINGS, NOW), &[], false, true), true);
    assert_eq!((kinds(&found), sums.as_str()), (vec!["payment-not-captured"], ""));
    assert_eq!(found[0].message, "150.10 USD of o1");
}

#[test]
fn money_of_an_order_is_compared_with_what_it_costs() {
    let payment = |from: &str, to: &str| with_changed(PAYMENT, from, to);
    let other = |id: &str, charge: &str| {
        let other = payment(r#""_id": "t1""#, &format!(r#""_id": "{id}""#));
        with_changed(&other, r#""chargeId": "ch_1""#, &format!(r#""chargeId": "{charge}""#))
    };
    let over = payment(r#""amount": 150.1"#, r#""amount": 151"#);
    let euros = payment(r#""currency": "USD""#, r#""currency": "EUR""#);
    let live = payment(r#""liveMode": false"#, r#""liveMode": true"#);
    for (payments, kind, certainty) in [
        (vec![over], PAID_DIFFERS, Certainty::Confirmed),
        (vec![PAYMENT.to_owned(), other("t2", "ch_1")], DUPLICATE_PAYMENT, Certainty::Confirmed),
        (vec![PAYMENT.to_owned(), other("t2", "ch_2")], DUPLICATE_PAYMENT, Certainty::Suggested),
        (vec![PAYMENT.to_owned(), with_changed(&euros, "t1", "t2")], CURRENCY_DIFFERS, Certainty::Confirmed),
        (vec![PAYMENT.to_owned(), with_changed(&live, "t1", "t2")], TEST_LIVE_MIX, Certainty::Confirmed),
    ] {
        let payments: Vec<&str> = payments.iter().map(String::as_str).collect();
        let (found, _) = only_run(&answer(Fakes::new(SETTINGS, NOW), &payments, false, true), true);
        assert_eq!(kinds(&found), [kind.name]);
        assert_eq!((found[0].certainty, found[0].severity), (certainty, kind.severity));
    }
}

#[test]
fn one_order_alone_is_compared_at_once() {
    let fakes = Fakes::new(SETTINGS, NOW)
        .answer("GET /payments/transactions?*", 200, &rows(&[PAYMENT]))
        .answer("GET /payments/orders/o1?*", 200, ORDER)
        .answer("GET /payments/transactions?*", 200, &rows(&[]))
        .answer("GET /payments/orders/o2?*", 404, r#"{"message":"Order not found"}"#);
    let cx = fakes.context();
    let settings: ShopSettings = cx.settings().unwrap();
    let shop = Shop::new(&cx, &settings);
    let other = Counter { shop: &shop, hands_over: false };
    let found = orders::compare_one(&shop, &other, "o1").unwrap().unwrap();
    assert_eq!(
        found.iter().map(|difference| difference.kind().name).collect::<Vec<_>>(),
        ["not-handed-over"]
    );
    assert!(orders::compare_one(&shop, &other, "o2").unwrap().is_none());
}

/// What is below was written by releases before, and is read by this one.
#[test]
fn what_is_remembered_keeps_its_stored_form() {
    let fakes = Fakes::new(SETTINGS, NOW);
    let cx = fakes.context();
    let stored = r#"{"run":2,"delivery_run":1,"clean":"ab","clean_until":7,"created":5,"delivery":"track-1","delivery_failed":true,"exists":true,"sums":{"ghl USD":{"rows":1,"total":150.10,"matched":150.10,"left_over":0}},"seen":{"run":2,"payments":{"t1":"cd"},"delivery":"ef"}}"#;
    cx.store.put("reconcile/order/o1", stored.as_bytes()).unwrap();
    let known = memory::known(&cx, "o1").unwrap().unwrap();
    assert_eq!((known.run, known.other_run, known.other_failed), (2, 1, true));
    assert_eq!(known.other.as_deref(), Some("track-1"));
    assert_eq!(known.seen.as_ref().unwrap().other.as_deref(), Some("ef"));
    memory::remember(&cx, "o1", &known).unwrap();
    let written = cx.store.get("reconcile/order/o1").unwrap().unwrap().value;
    assert_eq!(String::from_utf8(written).unwrap(), stored);
    let cursor = Cursor::first(&scope(), &KINDS, 3, Phase::LeftOver).unwrap();
    assert_eq!(
        cursor.write().unwrap(),
        format!(
            r#"{{"scope":"{}","run":3,"phase":"left-over","offset":0,"day":0,"last":[],"kept":[0,0],"chunks":0,"tallies":{{}}}}"#,
            cursor.scope
        )
    );
}
