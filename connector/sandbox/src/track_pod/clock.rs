//! Track-POD's times: local, without an offset. The fake's account is in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A time as the API shows it: `2024-05-13T13:36:05`.
pub(super) fn local(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads a date, a time without an offset, or one with an offset.
pub(super) fn read_local(text: &str) -> Option<DateTime> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.to_zoned(TimeZone::UTC).datetime());
    }
    text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))
}

/// The same as a moment.
pub(super) fn read_moment(text: &str) -> Option<Timestamp> {
    Some(read_local(text)?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A time as the API shows it, from what a client sent; a time of the day belongs to `date`.
pub(super) fn shown(text: &str, date: DateTime) -> String {
    let time = text.parse::<jiff::civil::Time>().map(|time| date.date().to_datetime(time)).ok();
    let time = read_local(text).or(time).unwrap_or(date);
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_the_api_takes() {
        let noon = "2019-02-01T12:00:00".parse::<DateTime>().ok();
        assert_eq!(read_local("2019-02-01T12:00:00"), noon);
        assert_eq!(read_local("2019-02-01T12:00:00Z"), noon);
        assert_eq!(read_local("2019-02-01T13:00:00+01:00"), noon);
        assert_eq!(read_local("2019-02-01"), "2019-02-01T00:00:00".parse().ok());
        assert_eq!(read_local("tomorrow"), None);
        assert_eq!(read_local("2019-02-30"), None);
    }

    #[test]
    fn a_time_of_the_day_gets_the_order_s_date() {
        let date = "2019-02-01T00:00:00".parse().unwrap();
        assert_eq!(shown("09:30:00", date), "2019-02-01T09:30:00");
        assert_eq!(shown("2019-02-03T09:30:00", date), "2019-02-03T09:30:00");
    }
}
