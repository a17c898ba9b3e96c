//! Pages, cursors, calls and sums.

use proptest::prelude::*;
use transload_sdk::{Failure, Scope};

use super::*;
use crate::fixtures::{PAYMENT, with_changed};

#[test]
fn what_is_in_order_gives_sums_and_no_findings() {
    let world = World::in_order(SETTINGS);
    let (found, last) = world.run();
    assert_eq!(found.len(), 0, "{found:#?}");
    assert_eq!(sums(&last), ["ghl USD: 3 rows, 350.2 = 350.2 + 0", "rankr USD: 3 rows, 350.2 = 350.2 + 0"]);
}

#[test]
fn nothing_is_written_to_any_vendor() {
    let world = World::of_ghl(SETTINGS);
    assert_eq!(
        world.kinds(),
        [
            "order-missing",
            "order-missing",
            "payment-missing",
            "payment-missing",
            "payment-missing",
            "invoice-missing",
            "subscription-missing"
        ]
    );
    assert!(world.calls.borrow().iter().all(|call| call.contains(" GET ")), "{:?}", world.calls);
}

#[test]
fn what_has_not_changed_costs_nothing_but_lists() {
    let world = World::in_order(SETTINGS);
    world.run();
    world.calls.borrow_mut().clear();
    let (_, second) = world.run();
    assert_eq!(
        *world.calls.borrow(),
        [
            "rankr GET /orders",
            "rankr GET /payments/transactions",
            "rankr GET /invoices",
            "rankr GET /payments/subscriptions",
            "ghl GET /payments/transactions",
            "ghl GET /payments/orders",
            "ghl GET /payments/transactions",
            "ghl GET /invoices/",
            "ghl GET /payments/subscriptions"
        ]
    );
    assert_eq!(sums(&second), ["ghl USD: 3 rows, 350.2 = 350.2 + 0", "rankr USD: 3 rows, 350.2 = 350.2 + 0"]);
}

#[test]
fn what_was_compared_without_a_finding_costs_nothing_but_lists_though_nobody_knows_who_wrote_it() {
    let world = World::in_order(SETTINGS);
    let store = world.context().store;
    for key in store.list_keys("sent/", None, 100).unwrap().0 {
        store.delete(&key).unwrap();
    }
    let told = |world: &World| {
        let (found, last) = world.run();
        assert_eq!(found.len(), 0, "{found:#?}");
        let calls = world.calls.replace(Vec::new());
        (sums(&last), calls.len())
    };
    world.calls.borrow_mut().clear();
    let (first, second) = (told(&world), told(&world));
    assert_eq!((&first.0, second.1), (&second.0, 9));
    assert!(first.1 > 20, "{}", first.1);
    world.edit(Of::Rankr, "/payments/transactions", "t1", r#""method":"stripe""#, r#""method":"cash""#);
    assert_eq!(world.kinds(), ["payment-differs"]);
}

#[test]
fn what_is_taken_down_for_a_run_is_forgotten_with_it() {
    let world = World::in_order(SETTINGS);
    world.run();
    world.page(&World::scope(), None).unwrap();
    let given_up = world.context().store.list_keys("reconcile/rankr/", None, 10).unwrap().0;
    assert_eq!(given_up.len(), 2, "two orders: {given_up:?}");
    world.run();
    assert_eq!(world.context().store.list_keys("reconcile/rankr/", None, 10).unwrap().0, [""; 0]);
}

#[test]
fn parts_that_are_not_held_or_not_granted_are_left_alone() {
    let settings = r#"{"location_id":"loc1","mode":"all","transactions":{"sync":false},"invoices":{"sync":false},
        "subscriptions":{"sync":false},"fulfillments":{"sync":false}}"#;
    let world = World::of_ghl(settings);
    world.with(|both| crate::orders::sync(both, "o1")).unwrap();
    world.with(|both| crate::orders::sync(both, "o2")).unwrap();
    world.calls.borrow_mut().clear();
    assert_eq!(world.kinds(), [""; 0]);
    let asked = world.calls.borrow().join(" ");
    assert!(!asked.contains("invoices") && !asked.contains("rankr GET /payments"), "{asked}");
    for denied in ["ghl GET /invoices", "ghl GET /payments/subscriptions"] {
        let world = World::in_order(SETTINGS);
        world.denied.set(Some(denied));
        assert_eq!(world.kinds(), [""; 0], "{denied}");
    }
}

#[test]
fn a_page_that_fails_is_done_again_and_small_pages_tell_the_same() {
    let planted = || {
        let world = World::in_order(SETTINGS);
        world.remove(Of::Rankr, "/orders", "o2");
        world.edit(Of::Rankr, "/payments/transactions", "t1", r#""amount":"150.1""#, r#""amount":"15""#);
        world.copy(Of::Rankr, "/payments/transactions", "t1", "t9");
        world.copy(Of::Rankr, "/invoices", "i1", "i9");
        world.edit(Of::Rankr, "/payments/subscriptions", "s1", "active", "paused");
        world
    };
    let told = |world: &World| {
        let (found, last) = world.run();
        (found.into_iter().map(|finding| finding.id).collect::<Vec<_>>(), sums(&last))
    };
    let world = planted();
    world.calls.borrow_mut().clear();
    let whole = told(&world);
    assert_eq!(whole.0.len(), 5, "{:?}", whole.0);
    let calls = world.calls.borrow().len();
    for broken in 0..calls {
        let world = planted();
        world.busy_after.set(Some(broken));
        assert_eq!(told(&world), whole, "call {broken} fails");
    }
    let world = planted();
    world.rows_max.set(1);
    assert_eq!(told(&world), whole, "pages of one");
}

#[test]
fn a_cursor_of_another_comparison_is_refused_and_kinds_are_chosen() {
    let world = World::of_ghl(SETTINGS);
    let of = |kinds: &[&str]| Scope {
        kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        ..World::scope()
    };
    let cursor = world.page(&of(&[]), None).unwrap().cursor.unwrap();
    for refused in [of(&["order-differs"]), Scope { end: World::scope().end + 1, ..of(&[]) }] {
        assert!(matches!(world.page(&refused, Some(&cursor)), Err(Failure::Rejected(_))));
    }
    let unknown = world.page(&of(&["cash-differs"]), None);
    assert!(matches!(unknown, Err(Failure::Rejected(reason)) if reason.contains("there are order-missing")));
}

#[test]
fn an_order_is_compared_alone() {
    let world = World::in_order(SETTINGS);
    world.edit(Of::Rankr, "/orders", "o1", "pending", "completed");
    let found = world.with(|both| crate::reconcile::order(both, "o1")).unwrap();
    assert_eq!(found.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(), ["order-differs"]);
    let none = world.with(|both| crate::reconcile::order(both, "o9")).unwrap_err();
    assert!(matches!(none, Failure::Rejected(reason) if reason.contains("no order o9")));
}

fn cents(amount: u32) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

/// A payment of `amount` for an invoice, in one of the two currencies.
fn payment(id: usize, amount: u32, is_euro: bool) -> String {
    let payment = with_changed(PAYMENT, "t1", &format!("t{id}"));
    let payment = with_changed(
        &payment,
        r#""entityType": "order", "entityId": "o1""#,
        r#""entityType": "invoice", "entityId": "ix""#,
    );
    let payment = with_changed(&payment, "ch_1", &format!("ch_{id}")).replace("150.1", &cents(amount));
    if is_euro { payment.replace("USD", "EUR") } else { payment }
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Held,
    NotHeld,
    OnlyHeld,
    Lower,
}

fn fates() -> impl Strategy<Value = Vec<(u32, bool, Fate)>> {
    let fate = prop_oneof![Just(Fate::Held), Just(Fate::NotHeld), Just(Fate::OnlyHeld), Just(Fate::Lower)];
    proptest::collection::vec((1_u32..100_000, any::<bool>(), fate), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every cent of either system is matched or left over, and each payment that is not the same in both is told of, once.
    #[test]
    fn sums_add_up_whatever_either_system_lacks(fates in fates(), rows_max in 1_usize..5) {
        let world = World::empty(SETTINGS);
        let list = "/payments/transactions";
        let mut expected = Vec::new();
        let (mut ghl, mut rankr, mut matched) = ([0_u32; 2], [0_u32; 2], [0_u32; 2]);
        for (id, &(amount, is_euro, _)) in fates.iter().enumerate() {
            world.put(Of::Ghl, list, &format!("t{id}"), &payment(id, amount, is_euro));
        }
        world.settle();
        for (id, &(amount, is_euro, fate)) in fates.iter().enumerate() {
            let (name, at) = (format!("t{id}"), usize::from(is_euro));
            match fate {
                Fate::Held => { ghl[at] += amount; rankr[at] += amount; matched[at] += amount; }
                Fate::NotHeld => {
                    world.remove(Of::Rankr, list, &name);
                    expected.push(("payment-missing", name));
                    ghl[at] += amount;
                }
                Fate::OnlyHeld => {
                    world.remove(Of::Ghl, list, &name);
                    expected.push(("payment-unknown", name));
                    rankr[at] += amount;
                }
                Fate::Lower => {
                    let held = world.get(Of::Rankr, list, &name).unwrap();
                    let lower = held.split(r#""amount":""#).nth(1).unwrap().split('"').next().unwrap();
                    let (from, to) = (format!(r#""amount":"{lower}""#), format!(r#""amount":"{}""#, cents(amount - 1)));
                    world.edit(Of::Rankr, list, &name, &from, &to);
                    expected.push(("payment-differs", name));
                    ghl[at] += amount; rankr[at] += amount - 1; matched[at] += amount - 1;
                }
            }
        }
        world.rows_max.set(rows_max);
        let (found, last) = world.run();
        let mut told: Vec<(&str, String)> = found.iter().map(|it| (it.kind.as_str(), it.subject.clone())).collect();
        told.sort();
        expected.sort();
        prop_assert_eq!(told, expected);
        for tally in &last.tallies {
            let number = |decimal| transload_sdk::convert::decimal_in(decimal).unwrap();
            let (total, both) = (number(tally.total), number(tally.matched));
            prop_assert_eq!(both.checked_add(number(tally.left_over)).unwrap(), total);
            let at = usize::from(tally.currency == "EUR");
            let units = |decimal: transload_model::Decimal| decimal.with_exponent(2).unwrap().units();
            match tally.system.as_str() {
                "ghl" => prop_assert_eq!((units(total), units(both)), (i64::from(ghl[at]), i64::from(ghl[at]))),
                _ => prop_assert_eq!((units(total), units(both)), (i64::from(rankr[at]), i64::from(matched[at]))),
            }
        }
    }
}
