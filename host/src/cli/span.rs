//! The days that a job is about.

use anyhow::{Context, anyhow};
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Failed, usage};

/// From which day to which.
#[derive(Args)]
pub struct Span {
    /// The first day, in UTC: 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Date,
    /// The last day, in UTC; all of it belongs to the job
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: Date,
}

impl Span {
    /// The first instant that belongs to it and the first one after it, in milliseconds since 1970.
    pub fn instants(&self) -> Result<(u64, u64), Failed> {
        if self.to < self.from {
            return Err(usage(anyhow!("--to {} is before --from {}", self.to, self.from)));
        }
        let after = self.to.tomorrow().context("--to").map_err(Failed::Usage)?;
        Ok((midnight(self.from).map_err(Failed::Usage)?, midnight(after).map_err(Failed::Usage)?))
    }
}

fn midnight(date: Date) -> anyhow::Result<u64> {
    let ms = date.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond();
    u64::try_from(ms).with_context(|| format!("{date} is before 1970"))
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day as 2026-11-30".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span { from: day(from).unwrap(), to: day(to).unwrap() }
    }

    #[test]
    fn the_last_day_belongs_to_it() {
        // 2024-02-28T00:00Z is 1709078400 seconds after the epoch, and that year has a 29th of February.
        let begin = 1_709_078_400_000;
        assert_eq!(span("2024-02-28", "2024-02-28").instants().ok(), Some((begin, begin + 86_400_000)));
        assert_eq!(span("2024-02-28", "2024-03-01").instants().ok(), Some((begin, begin + 3 * 86_400_000)));
        assert!(span("2024-02-28", "2024-02-27").instants().is_err());
        assert!(span("1969-12-31", "1970-01-01").instants().is_err());
        for wrong in ["2024-02-30", "28.2.2024", "yesterday", ""] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
