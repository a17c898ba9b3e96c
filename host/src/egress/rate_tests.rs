//! Tests of budgets: exact, shared, held.

use super::*;

fn rates(rates: &[(u32, u64)]) -> Vec<Rate> {
    rates.iter().map(|(requests, per_ms)| Rate { requests: *requests, per_ms: *per_ms }).collect()
}

fn limiter(named: &[(u32, u64)]) -> Limiter {
    let limiter = Limiter::default();
    limiter.join(&rates(named), Instant::now());
    limiter
}

fn key(place: &str, credential: &str) -> BudgetKey {
    BudgetKey::new(place, Some(&Secret::new(credential)))
}

/// How many fit at once.
fn fitting(limiter: &Limiter, now: Instant) -> usize {
    (0..1_000).take_while(|_| limiter.take(now).is_ok()).count()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn no_window_ever_holds_more_than_its_rate() {
    let limiter = limiter(&[(5, 1_000)]);
    let start = Instant::now();
    let mut sent = Vec::new();
    // An eager caller, asking every 7 ms for ten seconds.
    for step in 0..1_430 {
        let at = Duration::from_millis(step * 7);
        if limiter.take(start + at).is_ok() {
            sent.push(at);
        }
    }
    for (index, first) in sent.iter().enumerate() {
        let within = sent[index..].iter().filter(|at| **at - *first < SECOND).count();
        assert!(within <= 5, "{within} requests within a second of {first:?}");
    }
    // Ten windows of five, less what the rounding costs: 64/65 of 50, and the eager caller's steps.
    assert!((45..=50).contains(&sent.len()), "{}", sent.len());
}

#[test]
fn a_refusal_says_when_to_come_back() {
    let limiter = limiter(&[(2, 640), (3, 6_400)]);
    let start = Instant::now();
    assert_eq!(limiter.take(start), Ok(()));
    assert_eq!(limiter.closed_until(start), None);
    assert_eq!(limiter.take(start), Ok(()));
    // 640 ms, and the 10 ms of the part that both were counted in.
    let wait = limiter.take(start).unwrap_err();
    assert_eq!(wait, Duration::from_millis(650));
    assert_eq!(limiter.closed_until(start), Some(start + wait));
    assert_eq!(limiter.take(start + wait), Ok(()));
    // Now the longer window is full.
    assert_eq!(limiter.take(start + wait), Err(Duration::from_millis(6_500 - 650)));
}

#[test]
fn without_rates_nothing_waits() {
    let limiter = limiter(&[]);
    let now = Instant::now();
    assert!((0..100_000).all(|_| limiter.take(now).is_ok()));
}

#[test]
fn absurd_windows_do_no_harm() {
    let limiter = limiter(&[(1, u64::MAX), (1, 0), (0, 5)]);
    let now = Instant::now();
    assert_eq!(limiter.take(now), Ok(()));
    assert!(limiter.take(now).is_err());
}

#[test]
fn memory_is_bounded() {
    let limiter = limiter(&[(u32::MAX, 64)]);
    let start = Instant::now();
    for step in 0..10_000 {
        limiter.take(start + Duration::from_millis(step)).unwrap();
        assert!(limiter.state().windows[0].parts() <= 65);
    }
}

#[test]
fn a_clock_that_lags_behind_another_thread_counts_all_the_same() {
    let limiter = limiter(&[(3, 6_400)]);
    let start = Instant::now() + SECOND;
    limiter.take(start).unwrap();
    limiter.take(start + SECOND).unwrap();
    limiter.take(start).unwrap();
    assert!(limiter.take(start + SECOND).is_err());
}

#[test]
fn one_credential_at_one_place_has_one_budget() {
    let budgets = Budgets::default();
    let per_second = rates(&[(4, 1_000)]);
    let one = budgets.join(key("api.example:443", "token"), &per_second);
    let same = budgets.join(key("api.example:443", "token"), &per_second);
    let other_credential = budgets.join(key("api.example:443", "other"), &per_second);
    let other_place = budgets.join(key("api.example:443/v2", "token"), &per_second);
    let now = Instant::now();
    assert_eq!(fitting(&one, now), 4);
    assert_eq!(fitting(&same, now), 0);
    assert_eq!(fitting(&other_credential, now), 4);
    assert_eq!(fitting(&other_place, now), 4);
    assert_ne!(key("ab", "c"), key("a", "bc"));
}

#[test]
fn of_two_manifests_the_stricter_rate_holds_while_both_are_there() {
    let budgets = Budgets::default();
    let lax = budgets.join(key("a", "token"), &rates(&[(10, 1_000)]));
    let strict = budgets.join(key("a", "token"), &rates(&[(3, 1_000)]));
    let now = Instant::now();
    assert_eq!(fitting(&lax, now), 3);
    drop(strict);
    assert_eq!(fitting(&lax, now), 7);
}

#[test]
fn who_comes_later_finds_what_was_sent() {
    let budgets = Budgets::default();
    let first = budgets.join(key("a", "token"), &rates(&[(10, 1_000), (1_000, 86_400_000)]));
    let now = Instant::now();
    (0..6).for_each(|_| first.take(now).unwrap());
    // A swap to a module that knows another rate, and one more of it: the old rates leave with the old module.
    let second = budgets.join(key("a", "token"), &rates(&[(8, 1_000), (900, 86_400_000)]));
    let third = budgets.join(key("a", "token"), &rates(&[(8, 1_000)]));
    drop(first);
    assert_eq!(fitting(&second, now), 2);
    drop(second);
    assert_eq!(fitting(&third, now), 0);
    let later = now + SECOND * 2;
    assert_eq!(fitting(&third, later), 8);
}

#[test]
fn a_longer_window_starts_with_what_a_shorter_one_knows() {
    let limiter = limiter(&[(10, 1_000)]);
    let now = Instant::now();
    (0..6).for_each(|_| limiter.take(now).unwrap());
    limiter.join(&rates(&[(7, 60_000)]), now);
    assert_eq!(fitting(&limiter, now), 1);
}

#[test]
fn budgets_that_nobody_shares_are_forgotten() {
    let budgets = Budgets::default();
    let kept: Vec<Share> = (0..10).map(|n| budgets.join(key("kept", &n.to_string()), &[])).collect();
    for n in 0..10_000 {
        drop(budgets.join(key("dropped", &n.to_string()), &[]));
        assert!(budgets.0.lock().unwrap().limiters.len() <= SWEEP_MIN);
    }
    let again = budgets.join(key("kept", "3"), &[]);
    assert!(Arc::ptr_eq(&again.limiter, &kept[3].limiter));
}

#[test]
fn a_hold_is_for_all_and_is_not_shortened() {
    let limiter = limiter(&[(1, 640)]);
    let now = Instant::now();
    limiter.hold(now, SECOND * 30);
    limiter.hold(now, SECOND);
    assert_eq!(limiter.take(now), Err(SECOND * 30));
    assert_eq!(limiter.closed_until(now), Some(now + SECOND * 30));
    assert_eq!(limiter.take(now + SECOND * 30), Ok(()));
    assert_eq!(limiter.closed_until(now + SECOND * 30), Some(now + SECOND * 30 + Duration::from_millis(650)));
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end() {
    let limiter = limiter(&[(1, 3_200)]);
    limiter.take(Instant::now()).unwrap();
    let start = Instant::now();
    assert_eq!(limiter.take_within(SECOND * 3).await, Err(Duration::from_millis(3_250)));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(limiter.take_within(SECOND * 5).await, Ok(()));
    // Timers of tokio are kept to the millisecond.
    assert!((3_250..=3_251).contains(&start.elapsed().as_millis()));
}
