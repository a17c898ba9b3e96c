//! Times as vendors write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transload_model::Instant;

/// Reads an RFC 3339 time with an offset; none for anything else, and for times before 1970.
pub fn parse(text: &str) -> Option<Instant> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let millis = time.unix_timestamp().checked_mul(1000)?.checked_add(i64::from(time.millisecond()))?;
    u64::try_from(millis).ok().map(Instant)
}

/// Reads an RFC 3339 time, taking one without an offset as UTC. For systems that write local time without saying which:
/// the result orders events of one system, and is not to be compared across systems.
pub fn parse_naive(text: &str) -> Option<Instant> {
    parse(text).or_else(|| parse(&format!("{text}Z")))
}

/// Whether the text is a day of the calendar, written `2024-02-01`.
pub fn is_date(text: &str) -> bool {
    text.len() == "2024-02-01".len() && OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).is_ok()
}

/// Whether the text is a time of the day, written `09:30:00`.
pub fn is_time(text: &str) -> bool {
    text.len() == "09:30:00".len() && parse(&format!("2024-02-01T{text}Z")).is_some()
}

/// Whether the text is a day and a time without an offset, written `2024-02-01T09:30:00`.
pub fn is_date_time(text: &str) -> bool {
    text.split_once('T').is_some_and(|(date, time)| is_date(date) && is_time(time))
}

/// Writes the UTC date, `2024-02-01`; none beyond the year 9999.
pub fn format_date(instant: Instant) -> Option<String> {
    utc(instant).map(|time| time.date().to_string())
}

/// Writes the UTC time to the second below, without an offset, `2024-02-01T10:00:00`; none beyond the year 9999.
pub fn format_naive(instant: Instant) -> Option<String> {
    let time = utc(instant)?;
    let (hour, minute, second) = time.to_hms();
    Some(format!("{}T{hour:02}:{minute:02}:{second:02}", time.date()))
}

/// Writes the UTC time to the millisecond, `2024-02-01T10:00:00.250Z`; none beyond the year 9999.
pub fn format(instant: Instant) -> Option<String> {
    Some(format!("{}.{:03}Z", format_naive(instant)?, instant.0 % 1000))
}

fn utc(instant: Instant) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(instant.0 / 1000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
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
    fn the_day_of_an_instant_is_that_of_utc() {
        assert_eq!(format_date(Instant(1_706_781_600_250)).as_deref(), Some("2024-02-01"));
        assert_eq!(format_date(Instant(u64::MAX)), None);
    }

    #[test]
    fn times_of_the_day_have_one_form() {
        assert!(is_time("00:00:00") && is_time("23:59:59") && is_date_time("2024-02-29T09:30:00"));
        for text in ["24:00:00", "9:30:00", "09:30", "09:30:0Z", "09-30-00", "", "ééé:é"] {
            assert!(!is_time(text), "{text}");
            assert!(!is_date_time(&format!("2024-02-01T{text}")), "{text}");
        }
        assert!(!is_date_time("2024-02-30T09:30:00") && !is_date_time("2024-02-01 09:30:00"));
    }

    #[test]
    fn a_time_is_written_as_it_is_read() {
        let written = format_naive(Instant(1_706_781_609_250)).unwrap();
        assert_eq!(written, "2024-02-01T10:00:09");
        assert_eq!(parse_naive(&written), Some(Instant(1_706_781_609_000)));
        assert_eq!(format_naive(Instant(u64::MAX)), None);
    }

    #[test]
    fn milliseconds_are_written_and_read() {
        for (instant, text) in [
            (Instant(1_706_781_609_250), "2024-02-01T10:00:09.250Z"),
            (Instant(7), "1970-01-01T00:00:00.007Z"),
        ] {
            assert_eq!(format(instant).as_deref(), Some(text));
            assert_eq!(parse(text), Some(instant));
        }
        assert_eq!(format(Instant(u64::MAX)), None);
    }
}
