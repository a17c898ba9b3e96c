//! How much of a rate budget a call may use, so that work in the background leaves the rest to what cannot wait.

use std::fmt;
use std::str::FromStr;

/// A share of every rate, in whole percent from 1 to 100. A call with a share waits while at least that much of a rate is
/// used up, by whomever: the rest stays free for calls with a larger share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Portion(u8);

/// Why a text is no [`Portion`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a share is a number from 0.01 to 1 with at most two decimals, such as 0.25")]
pub struct PortionError;

impl Portion {
    /// All of it.
    pub const WHOLE: Portion = Portion(100);

    /// A half.
    pub const HALF: Portion = Portion(50);

    /// A quarter.
    pub const QUARTER: Portion = Portion(25);

    /// So many percent; none unless it is 1 to 100.
    pub fn from_percent(percent: u8) -> Option<Portion> {
        (1..=100).contains(&percent).then_some(Portion(percent))
    }

    /// In percent.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// The part of so many requests, rounded down. At least one: none at all would never get through.
    pub(super) fn of(self, requests: u32) -> u32 {
        let part = u64::from(requests) * u64::from(self.0) / 100;
        u32::try_from(part).unwrap_or(requests).max(1)
    }
}

impl FromStr for Portion {
    type Err = PortionError;

    /// Reads `0.25`, `.5` or `1`. No float is involved, so that what is written is what holds.
    fn from_str(text: &str) -> Result<Portion, PortionError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = decimals.bytes().all(|byte| byte.is_ascii_digit()) && decimals.len() <= 2;
        let whole: u8 = match whole {
            "" | "0" => 0,
            "1" => 100,
            _ => return Err(PortionError),
        };
        let decimals: u8 = format!("{decimals:0<2}").parse().map_err(|_| PortionError)?;
        let percent = whole.checked_add(decimals).filter(|_| digits);
        percent.and_then(Portion::from_percent).ok_or(PortionError)
    }
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            100 => f.write_str("1"),
            percent if percent % 10 == 0 => write!(f, "0.{}", percent / 10),
            percent => write!(f, "0.{percent:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_reads_as_it_is_written() {
        for (text, percent) in [("1", 100), ("1.0", 100), ("0.25", 25), (".5", 50), ("0.01", 1), ("0.9", 90)]
        {
            assert_eq!(text.parse(), Ok(Portion(percent)), "{text}");
        }
        for wrong in ["", "0", "0.00", "1.01", "2", "0.255", "-0.5", "0.+5", "25%", "1e0", "."] {
            assert_eq!(wrong.parse::<Portion>(), Err(PortionError), "{wrong}");
        }
        for portion in (1..=100).filter_map(Portion::from_percent) {
            assert_eq!(portion.to_string().parse(), Ok(portion));
        }
        assert_eq!((Portion::from_percent(0), Portion::from_percent(101)), (None, None));
    }

    #[test]
    fn a_part_is_rounded_down_and_never_nothing() {
        assert_eq!(Portion::QUARTER.of(100), 25);
        assert_eq!(Portion::QUARTER.of(7), 1);
        assert_eq!(Portion(1).of(3), 1);
        assert_eq!(Portion::WHOLE.of(u32::MAX), u32::MAX);
    }
}
