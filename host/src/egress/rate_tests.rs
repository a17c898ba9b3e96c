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
    (0..1_000).take_while(|_| limiter.take(now, WHOLE).is_ok()).count()
}

const WHOLE: Portion = Portion::WHOLE;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn no_window_ever_holds_more_than_its_rate() {
    let limiter = limiter(&[(5, 1_000)]);
    let start = Instant::now();
    let mut sent = Vec::new();
    // An eager caller, asking every 7 ms for ten seconds.
    for step in 0..1_430 {
        let at = Duration::from_millis(step * 7);
        if limiter.take(start + at, WHOLE).is_ok() {
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
    assert_eq!(limiter.take(start, WHOLE), Ok(()));
    assert_eq!(limiter.closed_until(start), None);
    assert_eq!(limiter.take(start, WHOLE), Ok(()));
    // 640 ms, and the 10 ms of the part that both were counted in.
    let wait = limiter.take(start, WHOLE).unwrap_err();
    assert_eq!(wait, Duration::from_millis(650));
    assert_eq!(limiter.closed_until(start), Some(start + wait));
    assert_eq!(limiter.take(start + wait, WHOLE), Ok(()));
    // Now the longer window is full.
    assert_eq!(limiter.take(start + wait, WHOLE), Err(Duration::from_millis(6_500 - 650)));
}

#[test]
fn without_rates_nothing_waits() {
    let limiter = limiter(&[]);
    let now = Instant::now();
    assert!((0..100_000).all(|_| limiter.take(now, WHOLE).is_ok()));
}

#[test]
fn absurd_windows_do_no_harm() {
    let limiter = limiter(&[(1, u64::MAX), (1, 0), (0, 5)]);
    let now = Instant::now();
    assert_eq!(limiter.take(now, WHOLE), Ok(()));
    assert!(limiter.take(now, WHOLE).is_err());
}

#[test]
fn memory_is_bounded() {
    let limiter = limiter(&[(u32::MAX, 64)]);
    let start = Instant::now();
    for step in 0..10_000 {
        limiter.take(start + Duration::from_millis(step), WHOLE).unwrap();
        assert!(limiter.state().windows[0].parts() <= 65);
    }
}

#[test]
fn a_clock_that_lags_behind_another_thread_counts_all_the_same() {
    let limiter = limiter(&[(3, 6_400)]);
    let start = Instant::now() + SECOND;
    limiter.take(start, WHOLE).unwrap();
    limiter.take(start + SECOND, WHOLE).unwrap();
    limiter.take(start, WHOLE).unwrap();
    assert!(limiter.take(start + SECOND, WHOLE).is_err());
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
    (0..6).for_each(|_| first.take(now, WHOLE).unwrap());
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
    (0..6).for_each(|_| limiter.take(now, WHOLE).unwrap());
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
    assert_eq!(limiter.take(now, WHOLE), Err(SECOND * 30));
    assert_eq!(limiter.closed_until(now), Some(now + SECOND * 30));
    assert_eq!(limiter.take(now + SECOND * 30, WHOLE), Ok(()));
    assert_eq!(limiter.closed_until(now + SECOND * 30), Some(now + SECOND * 30 + Duration::from_millis(650)));
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end() {
    let limiter = limiter(&[(1, 3_200)]);
    limiter.take(Instant::now(), WHOLE).unwrap();
    let start = Instant::now();
    assert_eq!(limiter.take_within(SECOND * 3, WHOLE).await, Err(Duration::from_millis(3_250)));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(limiter.take_within(SECOND * 5, WHOLE).await, Ok(()));
    // Timers of tokio are kept to the millisecond.
    assert!((3_250..=3_251).contains(&start.elapsed().as_millis()));
}

/// How many fit into a quarter at once.
fn fitting_a_quarter(limiter: &Limiter, now: Instant) -> usize {
    (0..1_000).take_while(|_| limiter.take(now, Portion::QUARTER).is_ok()).count()
}

#[test]
fn the_background_leaves_the_rest_free() {
    let limiter = limiter(&[(100, 6_400)]);
    let start = Instant::now();
    assert_eq!(fitting_a_quarter(&limiter, start), 25);
    // What cannot wait has the other three quarters, at once.
    assert_eq!(limiter.closed_until(start), None);
    assert_eq!(fitting(&limiter, start), 75);
}

#[test]
fn the_background_waits_while_others_use_more_than_its_portion() {
    let limiter = limiter(&[(100, 6_400)]);
    let start = Instant::now();
    // Ten requests in each of four parts of 100 ms.
    for part in 0..4 {
        (0..10).for_each(|_| limiter.take(start + part * SECOND / 10, WHOLE).unwrap());
    }
    // Of 40, 16 have to leave until fewer than 25 are left: those of the first two parts. The second ends at 200 ms, and
    // leaves the window 6.4 s later.
    let now = start + SECOND / 2;
    let wait = limiter.take(now, Portion::QUARTER).unwrap_err();
    assert_eq!(wait, Duration::from_millis(200 + 6_400 - 500));
    assert_eq!(fitting_a_quarter(&limiter, now + wait), 5);
}

#[test]
fn a_portion_holds_in_every_window() {
    let limiter = limiter(&[(8, 640), (12, 64_000)]);
    let start = Instant::now();
    assert_eq!(fitting_a_quarter(&limiter, start), 2);
    // A quarter of the second is three.
    assert_eq!(fitting_a_quarter(&limiter, start + SECOND), 1);
    assert_eq!(fitting(&limiter, start + SECOND), 7);
}

#[tokio::test(start_paused = true)]
async fn a_job_beside_live_calls_takes_its_portion_and_no_more() {
    let limiter = std::sync::Arc::new(limiter(&[(20, 10_000)]));
    let start = Instant::now();
    let job = tokio::spawn({
        let limiter = std::sync::Arc::clone(&limiter);
        async move {
            let mut sent = 0;
            while start.elapsed() < SECOND * 60 {
                if limiter.take_within(SECOND * 300, Portion::QUARTER).await.is_ok() {
                    sent += 1;
                }
            }
            sent
        }
    });
    // Whatever the job does, ten live calls fit at once at any time.
    for round in 0..5 {
        tokio::time::sleep_until(start + SECOND * (5 + 11 * round)).await;
        let now = Instant::now();
        assert_eq!((0..10).filter(|_| limiter.take(now, WHOLE).is_ok()).count(), 10, "round {round}");
    }
    // Five before the live calls, and five after each of their five rounds has left the window; the last one begins within
    // the minute and ends after it.
    assert_eq!(job.await.unwrap(), 31);
}
