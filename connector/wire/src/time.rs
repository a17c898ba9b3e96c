//! Times as vendors write them.

use jiff::Timestamp;
use transload_model::Instant;

/// Reads an RFC 3339 time with an offset; none for anything else, and for times before 1970.
pub fn parse(text: &str) -> Option<Instant> {
    let timestamp: Timestamp = text.parse().ok()?;
    u64::try_from(timestamp.as_millisecond()).ok().map(Instant)
}

/// Reads an RFC 3339 time, taking one without an offset as UTC. For systems that write local time without saying which:
/// the result orders events of one system, and is not to be compared across systems.
pub fn parse_naive(text: &str) -> Option<Instant> {
    parse(text).or_else(|| {
        let naive: jiff::civil::DateTime = text.parse().ok()?;
        let timestamp = naive.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        u64::try_from(timestamp.as_millisecond()).ok().map(Instant)
    })
}

/// Whether the text is a day of the calendar, written `2024-02-01`.
pub fn is_date(text: &str) -> bool {
    // jiff also reads other forms of ISO 8601, with a time behind or without the hyphens.
    text.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == text)
}

/// Writes an RFC 3339 time in UTC with milliseconds; none beyond the year 9999.
pub fn format(instant: Instant) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(i64::try_from(instant.0).ok()?).ok()?;
    Some(format!("{timestamp:.3}"))
}

/// Writes the UTC date, `2024-02-01`; none beyond the year 9999.
pub fn format_date(instant: Instant) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(i64::try_from(instant.0).ok()?).ok()?;
    Some(timestamp.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_honoured() {
        assert_eq!(parse("2024-02-01T10:00:00Z"), Some(Instant(1_706_781_600_000)));
        assert_eq!(parse("2024-02-01T12:00:00.250+02:00"), Some(Instant(1_706_781_600_250)));
        assert_eq!(parse("2024-02-01T10:00:00"), None);
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse("1969-12-31T23:59:59Z"), None);
    }

    #[test]
    fn local_times_are_read_where_they_are_expected() {
        assert_eq!(parse_naive("2024-02-01T10:00:00"), parse("2024-02-01T10:00:00Z"));
        assert_eq!(parse_naive("2024-02-01T10:00:00+01:00"), parse("2024-02-01T09:00:00Z"));
    }

    #[test]
    fn days_have_one_form() {
        assert!(is_date("2024-02-29"));
        for text in ["2023-02-29", "20240201", "2024-2-1", "2024-02-01T00:00:00", "01.02.2024", ""] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn writing_and_reading_gives_it_back() {
        assert_eq!(format(Instant(1_706_781_600_250)).as_deref(), Some("2024-02-01T10:00:00.250Z"));
        assert_eq!(format_date(Instant(1_706_781_600_250)).as_deref(), Some("2024-02-01"));
        assert_eq!(format(Instant(u64::MAX)), None);
    }
}
