//! What is charged when, by arithmetic.

use proptest::prelude::*;
use transload_model::{Entity, Money, TransactionStatus};
use transload_wire::time;

use super::*;

const DAY_MS: u64 = 86_400_000;

fn at(text: &str) -> Instant {
    time::parse(text).unwrap()
}

fn detail(status: SubscriptionStatus, period: Option<&str>, planned: Option<Instant>) -> SubscriptionDetail {
    let subscription = Subscription {
        id: "s1".to_owned(),
        status,
        order_id: Some("o1".to_owned()),
        amount: None,
        period: period.map(str::to_owned),
        customer: None,
        next_charge_at: planned,
        ended_at: None,
        live: true,
        created_at: Some(at("2026-01-01T10:00:00Z")),
        updated_at: None,
    };
    SubscriptionDetail { subscription, provider_id: Some("sub_1".to_owned()) }
}

fn charge(id: &str, charged_at: Instant) -> Transaction {
    Transaction {
        id: id.to_owned(),
        amount: Money::new("29.90".parse().unwrap(), "USD".parse().unwrap()),
        refunded: None,
        status: TransactionStatus::Succeeded,
        settles: vec![Entity::Order("o1".to_owned()), Entity::Subscription("sub_1".to_owned())],
        customer: None,
        method: None,
        charge_id: None,
        live: true,
        created_at: Some(charged_at),
        updated_at: None,
    }
}

/// When the next charge is to come, and when one has to have come.
fn next(
    status: SubscriptionStatus,
    period: Option<&str>,
    planned: Option<&str>,
    charged: &[&str],
) -> [Option<Instant>; 2] {
    let detail = detail(status, period, planned.map(at));
    let charges: Vec<Transaction> = charged.iter().map(|text| charge(text, at(text))).collect();
    let charges = Charges::of(&detail, &charges);
    [next_charge(&detail.subscription, charges.as_ref()), expected(&detail.subscription, charges.as_ref())]
}

#[test]
fn the_charges_are_those_that_came_in_for_this_subscription() {
    let detail = detail(SubscriptionStatus::Active, None, None);
    let (january, february) = (at("2026-01-15T10:00:00Z"), at("2026-02-15T10:00:00Z"));
    let march = at("2026-03-15T10:00:00Z");
    let of_another =
        Transaction { settles: vec![Entity::Subscription("sub_2".to_owned())], ..charge("t3", march) };
    let failed = Transaction { status: TransactionStatus::Failed, ..charge("t4", march) };
    let test = Transaction { live: false, ..charge("t5", march) };
    let once = Transaction { settles: vec![Entity::Order("o1".to_owned())], ..charge("t6", march) };
    let all = [charge("t2", february), charge("t1", january), of_another.clone(), failed, test, once];
    let charges = Charges::of(&detail, &all).unwrap();
    assert_eq!((charges.first_at, charges.last_at, charges.last.id.as_str()), (january, february, "t2"));
    assert_eq!(Charges::of(&detail, &all[2..]), None);
    let nameless = SubscriptionDetail { provider_id: None, ..detail };
    assert_eq!(Charges::of(&nameless, &[of_another]).unwrap().last.id, "t3");
}

#[test]
fn the_plan_counts_unless_it_is_that_of_a_charge_that_came() {
    use SubscriptionStatus::{Active, PastDue, Trialing};
    let monthly = Some("P1M");
    let came = ["2026-01-31T10:00:00Z", "2026-02-28T10:05:00Z"];
    for (status, period, planned, charged, next_charge, must_come) in [
        // Nothing is planned: the next period, counted from the first charge.
        (Active, monthly, None, &came[..], Some("2026-03-31T10:00:00Z"), Some("2026-03-31T10:00:00Z")),
        // The plan is of the first charge, or of the last one: both came.
        (
            Active,
            monthly,
            Some("2026-01-31T10:00:09Z"),
            &came,
            Some("2026-03-31T10:00:00Z"),
            Some("2026-03-31T10:00:00Z"),
        ),
        (
            Active,
            monthly,
            Some("2026-03-01T10:00:00Z"),
            &came,
            Some("2026-03-31T10:00:00Z"),
            Some("2026-03-31T10:00:00Z"),
        ),
        // It was put off.
        (
            Active,
            monthly,
            Some("2026-04-15T10:00:00Z"),
            &came,
            Some("2026-04-15T10:00:00Z"),
            Some("2026-04-15T10:00:00Z"),
        ),
        // What is planned while a charge is late is another try of it.
        (
            PastDue,
            monthly,
            Some("2026-04-03T10:00:00Z"),
            &came,
            Some("2026-04-03T10:00:00Z"),
            Some("2026-03-31T10:00:00Z"),
        ),
        // A trial has a plan and no charge yet; a period begins with its first charge, not with the trial.
        (
            Trialing,
            monthly,
            Some("2026-01-15T10:00:00Z"),
            &[],
            Some("2026-01-15T10:00:00Z"),
            Some("2026-01-15T10:00:00Z"),
        ),
        (
            Active,
            monthly,
            Some("2026-01-15T10:00:00Z"),
            &["2026-01-15T10:00:00Z"],
            Some("2026-02-15T10:00:00Z"),
            Some("2026-02-15T10:00:00Z"),
        ),
        // Without a period only the plan tells.
        (Active, None, None, &came, None, None),
        (Active, None, Some("2026-02-28T12:00:00Z"), &came, None, None),
        (
            Active,
            None,
            Some("2026-03-01T12:00:00Z"),
            &came,
            Some("2026-03-01T12:00:00Z"),
            Some("2026-03-01T12:00:00Z"),
        ),
        (Active, monthly, None, &[], None, None),
    ] {
        let found = next(status.clone(), period, planned, charged);
        assert_eq!(
            found,
            [next_charge.map(at), must_come.map(at)],
            "{status:?} {period:?} {planned:?} {charged:?}"
        );
    }
}

#[test]
fn nothing_is_charged_once_it_does_not_run() {
    use SubscriptionStatus::{Cancelled, Expired, Incomplete, Other, Paused, Unpaid};
    let came = ["2026-01-31T10:00:00Z"];
    for status in [Unpaid, Paused, Cancelled, Expired, Incomplete] {
        assert_eq!(
            next(status.clone(), Some("P1M"), Some("2026-03-01T10:00:00Z"), &came),
            [None, None],
            "{status:?}"
        );
    }
    // A word that nobody knows keeps its plan, and raises no alarm.
    let planned = "2026-03-05T10:00:00Z";
    assert_eq!(
        next(Other("scheduled".to_owned()), Some("P1M"), Some(planned), &came),
        [Some(at(planned)), None]
    );
}

proptest! {
    /// Charges that come up to eight days early or late: the next one is a period after the one that the last paid for, and
    /// whatever order they are listed in.
    #[test]
    fn the_next_charge_is_a_period_after_the_last(
        day in 0_u64..20_000, months in 1_u32..13,
        late in proptest::collection::vec(-8_i64..=8, 1..12),
        seed in any::<proptest::sample::Index>(),
    ) {
        let period = format!("P{months}M");
        let detail = detail(SubscriptionStatus::Active, Some(&period), None);
        let first = Instant(day * DAY_MS + 36_000_000);
        let mut starts = vec![first];
        for _ in &late {
            let last = *starts.last().unwrap();
            starts.push(next_start(first, &period, last).unwrap());
        }
        let mut charges = vec![charge("t0", first)];
        for (index, (start, late)) in starts.iter().skip(1).zip(&late).enumerate() {
            let charged_at = Instant(start.0.checked_add_signed(late * DAY_MS as i64).unwrap());
            charges.push(charge(&format!("t{}", index + 1), charged_at));
        }
        let next = next_start(first, &period, *starts.last().unwrap());
        let turn = seed.index(charges.len());
        charges.rotate_left(turn);
        let found = Charges::of(&detail, &charges).unwrap();
        prop_assert_eq!(&found.last.id, &format!("t{}", late.len()));
        prop_assert_eq!(next_charge(&detail.subscription, Some(&found)), next);
        prop_assert!(next.unwrap() > found.last_at);
    }
}
