//! Rows are matched by ids and by likeness, and every amount is accounted for, whatever the rows are.

use proptest::prelude::*;

use super::*;

const DAY: u64 = 86_400_000;

/// Nothing off, three days before and seven after, groups of three.
const BOUNDS: Bounds =
    Bounds { below: Decimal::ZERO, above: Decimal::ZERO, days_before: 3, days_after: 7, group_max: 3 };

fn money(text: &str) -> Money {
    let (amount, currency) = text.split_once(' ').unwrap();
    Money::new(amount.parse().unwrap(), currency.parse().unwrap())
}

/// A row of the party `ada` on day 100.
fn row(side: Side, id: &str, amount: &str) -> Row {
    Row {
        side,
        id: id.to_owned(),
        keys: Vec::new(),
        amount: money(amount),
        party: Some("ada".to_owned()),
        date: Some(Instant(100 * DAY)),
    }
}

fn left(id: &str, amount: &str) -> Row {
    row(Side::Left, id, amount)
}

fn right(id: &str, amount: &str) -> Row {
    row(Side::Right, id, amount)
}

impl Row {
    fn key(mut self, kind: KeyKind, value: &str) -> Self {
        self.keys.push(Key { kind, value: value.to_owned() });
        self
    }

    fn on_day(self, day: u64) -> Self {
        Self { date: Some(Instant(day * DAY)), ..self }
    }

    fn of(self, party: Option<&str>) -> Self {
        Self { party: party.map(str::to_owned), ..self }
    }
}

fn run(rows: &[Row]) -> Outcome {
    reconcile(rows, &[], &BOUNDS).unwrap()
}

/// `basis: left+right amount, …` of each match.
fn told(outcome: &Outcome) -> Vec<String> {
    let one = |allocation: &Allocation| {
        format!("{}+{} {}", allocation.left, allocation.right, allocation.amount.amount.normalized())
    };
    let told = |matched: &Match| {
        let parts: Vec<String> = matched.allocations.iter().map(one).collect();
        format!("{:?}: {}", matched.basis, parts.join(", "))
    };
    outcome.matches.iter().map(told).collect()
}

fn left_over(outcome: &Outcome) -> Vec<String> {
    outcome.left_over.iter().map(|left| format!("{} {}", left.id, left.amount)).collect()
}

#[test]
fn rows_of_one_id_are_confirmed_however_they_differ() {
    let rows = [
        left("o1", "150.1 USD").key(KeyKind::Own, "1").of(None),
        right("d1", "150.10 USD").key(KeyKind::Own, "1").on_day(500),
    ];
    let outcome = run(&rows);
    assert_eq!(told(&outcome), ["Key(Own): o1+d1 150.1"]);
    assert!(outcome.left_over.is_empty());
}

#[test]
fn part_payments_go_to_their_order_and_what_is_missing_is_left_over() {
    let rows = [
        left("o1", "100 USD").key(KeyKind::Entity, "o1"),
        right("t1", "60 USD").key(KeyKind::Entity, "o1"),
        right("t2", "25 USD").key(KeyKind::Entity, "o1"),
    ];
    let outcome = run(&rows);
    assert_eq!(told(&outcome), ["Key(Entity): o1+t1 60, o1+t2 25"]);
    assert_eq!(left_over(&outcome), ["o1 15.00 USD"]);
}

#[test]
fn a_stronger_key_is_served_first() {
    let rows = [
        left("o1", "50 USD").key(KeyKind::Own, "1").key(KeyKind::Charge, "ch"),
        right("a", "50 USD").key(KeyKind::Charge, "ch").of(Some("eve")),
        right("b", "50 USD").key(KeyKind::Own, "1"),
    ];
    let outcome = run(&rows);
    assert_eq!(told(&outcome), ["Key(Own): o1+b 50"]);
    assert_eq!(left_over(&outcome), ["a 50.00 USD"]);
}

#[test]
fn a_key_in_another_currency_ties_nothing() {
    let rows = [left("o1", "50 USD").key(KeyKind::Own, "1"), right("d1", "50 EUR").key(KeyKind::Own, "1")];
    assert_eq!(left_over(&run(&rows)), ["o1 50.00 USD", "d1 50.00 EUR"]);
}

#[test]
fn what_has_no_id_is_suggested_by_amount_party_and_date() {
    let outcome = run(&[left("o1", "50 USD"), right("t1", "50.00 USD").on_day(102)]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 50"]);
    for other in [
        right("t1", "50 EUR"),
        right("t1", "50.01 USD"),
        right("t1", "-50 USD"),
        right("t1", "50 USD").of(Some("eve")),
        right("t1", "50 USD").on_day(96),
        right("t1", "50 USD").on_day(108),
        Row { date: None, ..right("t1", "50 USD") },
    ] {
        assert!(run(&[left("o1", "50 USD"), other.clone()]).matches.is_empty(), "{other:?}");
    }
    for other in
        [right("t1", "50 USD").on_day(97), right("t1", "50 USD").on_day(107), right("t1", "50 USD").of(None)]
    {
        assert_eq!(run(&[left("o1", "50 USD"), other.clone()]).matches.len(), 1, "{other:?}");
    }
}

#[test]
fn an_amount_within_the_bounds_leaves_the_difference_over() {
    let bounds = Bounds { below: "0.50".parse().unwrap(), ..BOUNDS };
    let outcome = reconcile(&[left("o1", "50 USD"), right("t1", "49.5 USD")], &[], &bounds).unwrap();
    assert_eq!(told(&outcome), ["Likeness: o1+t1 49.5"]);
    assert_eq!(left_over(&outcome), ["o1 0.50 USD"]);
    for (one, other) in [("50 USD", "49.49 USD"), ("50 USD", "50.01 USD"), ("-50 USD", "-50.5 USD")] {
        let outcome = reconcile(&[left("o1", one), right("t1", other)], &[], &bounds).unwrap();
        assert!(outcome.matches.is_empty(), "{one} {other}");
    }
    let outcome = reconcile(&[left("o1", "-50 USD"), right("t1", "-49.5 USD")], &[], &bounds).unwrap();
    assert_eq!(left_over(&outcome), ["o1 -0.50 USD"]);
}

#[test]
fn the_nearer_day_wins_and_equal_partners_are_tossed() {
    let outcome =
        run(&[left("o1", "50 USD"), right("t1", "50 USD").on_day(103), right("t2", "50 USD").on_day(101)]);
    assert_eq!(told(&outcome), ["Likeness: o1+t2 50"]);
    let outcome =
        run(&[left("o1", "50 USD"), right("t1", "50 USD").on_day(101), right("t2", "50 USD").on_day(101)]);
    assert!(outcome.matches.is_empty());
    assert_eq!(outcome.tosses, [Toss { left: vec!["o1".into()], right: vec!["t1".into(), "t2".into()] }]);
    assert_eq!(left_over(&outcome), ["o1 50.00 USD", "t1 50.00 USD", "t2 50.00 USD"]);
}

#[test]
fn two_equal_orders_and_two_equal_payments_are_one_group() {
    let outcome =
        run(&[left("o1", "50 USD"), left("o2", "50 USD"), right("t1", "50 USD"), right("t2", "50 USD")]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 50, o2+t2 50"]);
    assert!(outcome.tosses.is_empty() && outcome.left_over.is_empty());
}

#[test]
fn a_rival_gets_the_next_best_partner() {
    let outcome = run(&[
        left("o1", "50 USD"),
        left("o2", "50 USD").on_day(101),
        right("t1", "50 USD"),
        right("t2", "50 USD").on_day(105),
    ]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 50", "Likeness: o2+t2 50"]);
}

#[test]
fn split_captures_are_suggested_together() {
    let outcome =
        run(&[left("o1", "100 USD"), right("t1", "60 USD"), right("t2", "40 USD"), right("t3", "7 USD")]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 60, o1+t2 40"]);
    let outcome = run(&[left("o1", "60 USD"), left("o2", "40 USD"), right("t1", "100 USD")]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 60, o2+t1 40"]);
    let strangers = [left("o1", "100 USD"), right("t1", "60 USD"), right("t2", "40 USD").of(None)];
    assert!(run(&strangers).matches.is_empty(), "sums of strangers' amounts agree by chance");
}

#[test]
fn several_orders_and_several_payments_are_suggested_together() {
    let outcome =
        run(&[left("o1", "70 USD"), left("o2", "30 USD"), right("t1", "45 USD"), right("t2", "55 USD")]);
    assert_eq!(told(&outcome), ["Likeness: o1+t1 45, o1+t2 25, o2+t2 30"]);
    assert!(outcome.left_over.is_empty());
}

#[test]
fn equally_good_groups_are_tossed() {
    let outcome =
        run(&[left("o1", "100 USD"), right("t1", "60 USD"), right("t2", "40 USD"), right("t3", "60 USD")]);
    assert!(outcome.matches.is_empty());
    assert_eq!(outcome.tosses.len(), 1);
    assert_eq!(outcome.tosses[0].right, ["t1", "t2", "t3"]);
}

#[test]
fn rows_beyond_the_limits_of_the_search_are_left_over_and_counted() {
    let many: Vec<Row> = (0..=Bounds::SEARCHED_MAX)
        .map(|number| {
            left(&format!("o{number:04}"), &format!("{} USD", 10_000 + number)).on_day(number as u64)
        })
        .collect();
    let last = many.last().unwrap().clone();
    let partner = Row { side: Side::Right, id: "t".to_owned(), ..last };
    let outcome = run(&[many, vec![partner]].concat());
    assert_eq!((outcome.unsearched, outcome.matches.len()), (1, 0));
    // Seventeen small payments of one party that might add up to anything.
    let mut rows: Vec<Row> =
        (0..17).map(|number| right(&format!("t{number}"), &format!("{} USD", 1 << number))).collect();
    rows.push(left("o1", "3.5 USD"));
    assert_eq!(run(&rows).unsearched, 1);
}

#[test]
fn what_a_person_accepted_is_fixed_and_what_was_ignored_is_not_proposed_again() {
    let rows = [left("o1", "50 USD"), left("o2", "50 USD").on_day(99), right("t1", "50 USD")];
    assert_eq!(told(&run(&rows)), ["Likeness: o1+t1 50"]);
    let decision = |left: &str, verdict| Decision {
        left: vec![left.to_owned(), "gone".to_owned()],
        right: vec!["t1".to_owned()],
        verdict,
    };
    let decided = |decision| told(&reconcile(&rows, &[decision], &BOUNDS).unwrap());
    assert_eq!(decided(decision("o2", Verdict::Accept)), ["Decided: o2+t1 50"]);
    assert_eq!(decided(decision("o1", Verdict::Ignore)), ["Likeness: o2+t1 50"]);
    assert_eq!(decided(decision("o1", Verdict::Split)), ["Likeness: o2+t1 50"]);
}

#[test]
fn a_split_undoes_what_ids_say_and_an_ignored_suggestion_does_not() {
    let rows = [left("o1", "50 USD").key(KeyKind::Own, "1"), right("t1", "50 USD").key(KeyKind::Own, "1")];
    let decision = |verdict| Decision { left: vec!["o1".to_owned()], right: vec!["t1".to_owned()], verdict };
    let matches = |verdict| reconcile(&rows, &[decision(verdict)], &BOUNDS).unwrap().matches.len();
    assert_eq!((matches(Verdict::Split), matches(Verdict::Ignore)), (0, 1));
}

#[test]
fn two_rows_of_one_id_are_refused() {
    let rows = [left("o1", "1 USD"), left("o1", "2 USD")];
    assert_eq!(reconcile(&rows, &[], &BOUNDS), Err(ReconcileError::SameId("o1".to_owned())));
}

fn any_row() -> impl Strategy<Value = Row> {
    let key = proptest::option::of((0_usize..4, 0_u8..4));
    (
        any::<bool>(),
        -40_i64..120,
        0_u8..3,
        key,
        proptest::option::of(0_u8..3),
        proptest::option::of(95_u64..106),
    )
        .prop_map(|(is_left, units, currency, key, party, day)| {
            let currency = ["USD", "JPY", "KWD"][usize::from(currency)].parse::<Currency>().unwrap();
            let amount = Decimal::new(units * 5, currency.minor_digits().unwrap()).unwrap();
            let keys = key.map(|(kind, value)| Key { kind: KeyKind::ALL[kind], value: value.to_string() });
            Row {
                side: if is_left { Side::Left } else { Side::Right },
                id: String::new(),
                keys: keys.into_iter().collect(),
                amount: Money::new(amount, currency),
                party: party.map(|party| party.to_string()),
                date: day.map(|day| Instant(day * DAY)),
            }
        })
}

fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(any_row(), 0..24).prop_map(|rows| {
        rows.into_iter().enumerate().map(|(number, row)| Row { id: format!("r{number:02}"), ..row }).collect()
    })
}

fn any_bounds() -> impl Strategy<Value = Bounds> {
    (0_i64..20, 0_i64..20, 0_u32..5, 0_u32..5, 0_usize..6).prop_map(
        |(below, above, before, after, group_max)| {
            let cents = |units| Decimal::new(units, 2).unwrap();
            Bounds {
                below: cents(below),
                above: cents(above),
                days_before: before,
                days_after: after,
                group_max,
            }
        },
    )
}

/// What the rows of a side are allocated and left over, by id, worked out from the outcome alone.
fn accounted(outcome: &Outcome, side: Side, id: &str) -> Decimal {
    let of = |allocation: &&Allocation| match side {
        Side::Left => allocation.left == id,
        Side::Right => allocation.right == id,
    };
    let allocated = outcome.matches.iter().flat_map(|matched| &matched.allocations).filter(of);
    let left = outcome.left_over.iter().filter(|left| left.side == side && left.id == id);
    let parts = allocated.map(|part| part.amount.amount).chain(left.map(|left| left.amount.amount));
    parts.map(Decimal::units_of_a_thousandth).sum::<i64>().into()
}

impl Decimal {
    fn units_of_a_thousandth(self) -> i64 {
        self.with_exponent(3).unwrap().units()
    }
}

proptest! {
    /// Each row's amount is allocated or left over, and no allocation has the other sign or more than the row.
    #[test]
    fn nothing_is_made_or_lost(rows in any_rows(), bounds in any_bounds()) {
        let outcome = reconcile(&rows, &[], &bounds).unwrap();
        for row in &rows {
            prop_assert_eq!(accounted(&outcome, row.side, &row.id), row.amount.amount.units_of_a_thousandth().into());
        }
        for allocation in outcome.matches.iter().flat_map(|matched| &matched.allocations) {
            for (side, id) in [(Side::Left, &allocation.left), (Side::Right, &allocation.right)] {
                let row = rows.iter().find(|row| row.side == side && row.id == *id).unwrap();
                prop_assert_eq!(row.amount.currency, allocation.amount.currency);
                prop_assert_eq!(row.amount.amount.is_positive(), allocation.amount.amount.is_positive());
                let less = row.amount.amount.checked_sub(allocation.amount.amount).unwrap();
                prop_assert!(less.is_zero() || less.is_positive() == row.amount.amount.is_positive());
            }
        }
        for tally in &outcome.tallies {
            let rows = rows.iter().filter(|row| row.side == tally.side && row.amount.currency == tally.currency);
            let total: i64 = rows.clone().map(|row| row.amount.amount.units_of_a_thousandth()).sum();
            prop_assert_eq!((tally.rows, tally.total.units_of_a_thousandth()), (rows.count(), total));
            let parts = [tally.confirmed, tally.suggested, tally.left_over];
            prop_assert_eq!(parts.map(Decimal::units_of_a_thousandth).iter().sum::<i64>(), total);
        }
    }

    #[test]
    fn the_order_of_the_rows_makes_no_difference(
        (rows, mixed) in any_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        bounds in any_bounds(),
    ) {
        prop_assert_eq!(reconcile(&rows, &[], &bounds), reconcile(&mixed, &[], &bounds));
    }

    /// Rows of different parties, too far apart in time or amount, are never suggested for one another.
    #[test]
    fn suggestions_keep_to_the_bounds(rows in any_rows(), bounds in any_bounds()) {
        let outcome = reconcile(&rows, &[], &bounds).unwrap();
        for matched in outcome.matches.iter().filter(|matched| matched.basis == Basis::Likeness) {
            for allocation in &matched.allocations {
                let find = |side, id: &str| rows.iter().find(|row| row.side == side && row.id == id).unwrap();
                let (left, right) = (find(Side::Left, &allocation.left), find(Side::Right, &allocation.right));
                prop_assert!(left.party.is_none() || right.party.is_none() || left.party == right.party);
                let (from, to) = (left.date.unwrap().0 / DAY, right.date.unwrap().0 / DAY);
                prop_assert!(to <= from + u64::from(bounds.days_after) && from <= to + u64::from(bounds.days_before));
            }
        }
    }

    /// Accepting every suggestion gives the same matches, now confirmed, and nothing is suggested in their place.
    #[test]
    fn accepted_suggestions_stay(rows in any_rows(), bounds in any_bounds()) {
        let ids = |pick: fn(&Allocation) -> &String, matched: &Match| -> Vec<String> {
            matched.allocations.iter().map(|allocation| pick(allocation).clone()).collect()
        };
        let first = reconcile(&rows, &[], &bounds).unwrap();
        let suggested: Vec<&Match> = first.matches.iter().filter(|matched| matched.basis == Basis::Likeness).collect();
        let decisions: Vec<Decision> = suggested
            .iter()
            .map(|matched| Decision {
                left: ids(|allocation| &allocation.left, matched),
                right: ids(|allocation| &allocation.right, matched),
                verdict: Verdict::Accept,
            })
            .collect();
        let second = reconcile(&rows, &decisions, &bounds).unwrap();
        let decided = second.matches.iter().filter(|matched| matched.basis == Basis::Decided);
        prop_assert_eq!(decided.count(), suggested.len());
        // And refusing all of them suggests none of them.
        let refused: Vec<Decision> =
            decisions.iter().map(|decision| Decision { verdict: Verdict::Ignore, ..decision.clone() }).collect();
        let third = reconcile(&rows, &refused, &bounds).unwrap();
        for matched in third.matches.iter().filter(|matched| matched.basis == Basis::Likeness) {
            prop_assert!(!suggested.iter().any(|before| before.allocations == matched.allocations));
        }
    }
}
