//! Query parameters and filters that several operations share.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Call, Refusal};
use crate::json::{Json, Object};

/// Items of a page without `limit`, by the OpenAPI file.
const PAGE_DEFAULT: usize = 10;

/// Items of a page at most. Not documented; clients of the real API stay at or below it.
const PAGE_MAX: usize = 100;

/// Checks `altId`, and `altType` where the OpenAPI file lists it as required.
pub(super) fn check_location(call: &Call<'_>, with_type: bool) -> Result<(), Refusal> {
    let alt_id = call.request.parameter("altId").unwrap_or_default();
    let alt_type = call.request.parameter("altType");
    let mut problems = Vec::new();
    if alt_id.is_empty() {
        problems.push("altId must be a string".to_owned());
        problems.push("altId should not be empty".to_owned());
    }
    let type_is_wrong = alt_type.as_deref().is_some_and(|value| value != "location");
    if type_is_wrong || (with_type && alt_type.is_none()) {
        problems.push("altType must be one of the following values: location".to_owned());
    }
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(problems));
    }
    own_location(call, &alt_id)
}

/// Checks that the token is for this location.
pub(super) fn own_location(call: &Call<'_>, alt_id: &str) -> Result<(), Refusal> {
    if alt_id == call.state.ghl.location { Ok(()) } else { Err(Refusal::other_location()) }
}

/// What a list is narrowed by.
#[derive(Debug)]
pub(super) struct Filter {
    pub from: Option<Timestamp>,
    pub before: Option<Timestamp>,
    live: Option<bool>,
    limit: usize,
    offset: usize,
}

impl Filter {
    /// Reads `startAt`, `endAt`, `paymentMode`, `limit` and `offset`.
    pub fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        let mut problems = Vec::new();
        let mut count = |name: &str, default, range: std::ops::RangeInclusive<usize>| {
            let Some(text) = call.request.parameter(name) else { return default };
            match text.parse::<usize>() {
                Ok(count) if range.contains(&count) => count,
                _ => {
                    problems.push(format!(
                        "{name} must be a number from {} to {}",
                        range.start(),
                        range.end()
                    ));
                    default
                }
            }
        };
        let limit = count("limit", PAGE_DEFAULT, 1..=PAGE_MAX);
        let offset = count("offset", 0, 0..=1_000_000_000);
        let mut time = |name: &str, ends_day| {
            let text = call.request.parameter(name)?;
            let time = read_time(&text, ends_day);
            if time.is_none() {
                problems.push(format!("{name} must be a valid date"));
            }
            time
        };
        let (from, before) = (time("startAt", false), time("endAt", true));
        let live = match call.request.parameter("paymentMode").as_deref() {
            Some("live") => Some(true),
            Some("test") => Some(false),
            _ => None,
        };
        if problems.is_empty() {
            Ok(Self { from, before, live, limit, offset })
        } else {
            Err(Refusal::unprocessable(problems))
        }
    }

    /// Whether an item made at `created` in this mode is wanted.
    pub fn accepts(&self, created: Timestamp, live: bool) -> bool {
        self.from.is_none_or(|from| created >= from)
            && self.before.is_none_or(|before| created < before)
            && self.live.is_none_or(|wanted| wanted == live)
    }

    /// Those of `items`, which are all that match, that are on the page.
    pub fn rows<T>(&self, items: &[T], show: impl Fn(&T) -> Json) -> Vec<Json> {
        items.iter().skip(self.offset).take(self.limit).map(show).collect()
    }

    /// The page of `items`, which are all that match, and their number.
    pub fn page<T>(&self, items: &[T], show: impl Fn(&T) -> Json) -> Object {
        let mut page = Object::default();
        page.set("data", self.rows(items, show));
        page.set("totalCount", items.len());
        page
    }
}

/// A date, which stands for its first moment or the one after its last, or a time with an offset.
fn read_time(text: &str, ends_day: bool) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let date: Date = text.parse().ok()?;
    let date = if ends_day { date.tomorrow().ok()? } else { date };
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_covers_its_day() {
        assert_eq!(read_time("2024-02-01", false), "2024-02-01T00:00:00Z".parse().ok());
        assert_eq!(read_time("2024-02-01", true), "2024-02-02T00:00:00Z".parse().ok());
        assert_eq!(read_time("2024-02-01T10:00:00+02:00", true), "2024-02-01T08:00:00Z".parse().ok());
        assert_eq!(read_time("yesterday", false), None);
    }
}
