//! Periods of a subscription.
//!
//! `period` is an ISO 8601 duration and `anchor` the start of the first period. Charges come a little early or late, so a
//! charge belongs to the period whose start is nearest.

use transload_model::Instant;
use transload_wire::time;

use crate::cursor::DAY_MS;

/// Most periods that are counted: a hundred years of months.
const PERIODS_MAX: u32 = 1_200;

/// The day on which the period starts that a charge at `charged_at` pays for; none for the first, which the order itself
/// is. Without a period of whole days the day of the charge stands in.
pub fn period_start(anchor: Instant, period: Option<&str>, charged_at: Instant) -> Option<String> {
    let Some(step) = period.and_then(Step::read) else {
        let (first, day) = (time::format_date(anchor)?, time::format_date(charged_at)?);
        return (day > first).then_some(day);
    };
    match step.nearest(anchor, charged_at)? {
        0 => None,
        count => time::format_date(step.after(anchor, count)?),
    }
}

/// When the period starts after the one that a charge at `charged_at` pays for. None if `period` is none of whole days.
pub fn next_start(anchor: Instant, period: &str, charged_at: Instant) -> Option<Instant> {
    let step = Step::read(period)?;
    step.after(anchor, step.nearest(anchor, charged_at)? + 1)
}

/// The length of a period.
#[derive(Clone, Copy)]
enum Step {
    Days(u32),
    Months(u32),
}

impl Step {
    /// Reads `P2W`. None for other durations.
    fn read(text: &str) -> Option<Self> {
        let body = text.strip_prefix('P')?;
        let (count, unit) = body.split_at_checked(body.len().checked_sub(1)?)?;
        let count: u32 = count.parse().ok().filter(|&count| count > 0)?;
        match unit {
            "D" => Some(Self::Days(count)),
            "W" => count.checked_mul(7).map(Self::Days),
            "M" => Some(Self::Months(count)),
            "Y" => count.checked_mul(12).map(Self::Months),
            _ => None,
        }
    }

    /// How many periods after `anchor` the one starts whose start is nearest to `at`.
    fn nearest(self, anchor: Instant, at: Instant) -> Option<u32> {
        let (mut count, mut start) = (0, anchor);
        while count < PERIODS_MAX {
            let next = self.after(anchor, count + 1)?;
            if at.0 < start.0 + next.0.saturating_sub(start.0) / 2 {
                break;
            }
            (count, start) = (count + 1, next);
        }
        Some(count)
    }

    /// The time so many periods after `anchor`.
    fn after(self, anchor: Instant, count: u32) -> Option<Instant> {
        match self {
            Self::Days(days) => {
                let days = u64::from(days).checked_mul(u64::from(count))?;
                anchor.0.checked_add(days.checked_mul(DAY_MS)?).map(Instant)
            }
            Self::Months(months) => {
                let start = months_after(&time::format_date(anchor)?, months.checked_mul(count)?)?;
                Some(Instant(start.0 + anchor.0 % DAY_MS))
            }
        }
    }
}

/// Midnight so many months after `day`; a month that is too short ends earlier, so the 31st is followed by the 28th.
fn months_after(day: &str, months: u32) -> Option<Instant> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let total = year.checked_mul(12)?.checked_add(month.checked_sub(1)?)?.checked_add(months)?;
    (1..=day).rev().find_map(|day| {
        let (year, month) = (total / 12, total % 12 + 1);
        time::parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        time::parse(text).unwrap()
    }

    fn start(anchor: &str, period: &str, charged: &str) -> Option<String> {
        period_start(at(anchor), Some(period), at(charged))
    }

    #[test]
    fn a_charge_belongs_to_the_period_that_starts_nearest() {
        let anchor = "2026-01-31T10:00:00Z";
        for (period, charged, day) in [
            ("P1M", "2026-01-31T10:00:05Z", None),
            ("P1M", "2026-02-10T10:00:00Z", None),
            ("P1M", "2026-02-28T09:59:00Z", Some("2026-02-28")),
            ("P1M", "2026-03-03T10:00:00Z", Some("2026-02-28")),
            ("P1M", "2026-03-31T10:00:00Z", Some("2026-03-31")),
            ("P2M", "2026-03-30T23:00:00Z", Some("2026-03-31")),
            ("P1Y", "2027-01-31T10:00:00Z", Some("2027-01-31")),
            ("P1W", "2026-02-07T11:00:00Z", Some("2026-02-07")),
            ("P10D", "2026-02-10T00:00:00Z", Some("2026-02-10")),
            ("PT12H", "2026-01-31T22:00:00Z", None),
            ("PT12H", "2026-02-01T10:00:00Z", Some("2026-02-01")),
            ("P0D", "2026-02-01T10:00:00Z", Some("2026-02-01")),
        ] {
            assert_eq!(start(anchor, period, charged).as_deref(), day, "{period} {charged}");
        }
        assert_eq!(period_start(at(anchor), None, at("2026-02-03T00:00:00Z")).as_deref(), Some("2026-02-03"));
        assert_eq!(start(anchor, "P1M", "2026-01-01T00:00:00Z"), None, "before it began");
    }

    #[test]
    fn the_next_period_starts_at_the_hour_of_the_first() {
        let anchor = "2026-01-31T10:00:00Z";
        for (period, charged, next) in [
            ("P1M", "2026-01-31T10:00:00Z", Some("2026-02-28T10:00:00Z")),
            ("P1M", "2026-02-27T23:00:00Z", Some("2026-03-31T10:00:00Z")),
            ("P1M", "2026-03-02T10:00:00Z", Some("2026-03-31T10:00:00Z")),
            ("P2W", "2026-02-14T09:00:00Z", Some("2026-02-28T10:00:00Z")),
            ("P1Y", "2026-01-31T10:00:00Z", Some("2027-01-31T10:00:00Z")),
            ("PT12H", "2026-01-31T10:00:00Z", None),
        ] {
            assert_eq!(next_start(at(anchor), period, at(charged)), next.map(at), "{period} {charged}");
        }
    }

    proptest! {
        /// What is charged when the next period starts pays for that, and the one after it is next.
        #[test]
        fn each_next_period_is_one_further(
            day in 0_u64..20_000, months in 1_u32..13, count in 0_u32..60, off in -8_i64..=8,
        ) {
            let (anchor, period) = (Instant(day * DAY_MS + 36_000_000), format!("P{months}M"));
            let start = |count| Step::Months(months).after(anchor, count).unwrap();
            let charged = Instant(start(count).0.saturating_add_signed(off * DAY_MS as i64));
            let next = next_start(anchor, &period, charged).unwrap();
            prop_assert_eq!(next, start(count + 1));
            prop_assert_eq!(next_start(anchor, &period, next), Some(start(count + 2)));
        }

        /// A charge up to a third of a period early or late is for the same period, so none is delivered twice or never.
        #[test]
        fn early_and_late_charges_are_for_one_period(
            day in 0_u64..20_000, months in 1_u32..13, count in 1_u32..60, off in -8_i64..=8,
        ) {
            let anchor = Instant(day * DAY_MS + 36_000_000);
            let due = Step::Months(months).after(anchor, count).unwrap();
            let charged = Instant(due.0.checked_add_signed(off * DAY_MS as i64).unwrap());
            prop_assert_eq!(period_start(anchor, Some(&format!("P{months}M")), charged), time::format_date(due));
        }

        #[test]
        fn no_period_makes_it_panic(text in "P?T?[0-9]{0,12}[DWMYHS]?", anchor in any::<u64>(), charged in any::<u64>()) {
            let _ = period_start(Instant(anchor), Some(&text), Instant(charged));
            let _ = next_start(Instant(anchor), &text, Instant(charged));
        }
    }
}
