//! Versions of what is held in Rankr.

use transload_model::Instant;
use transload_sdk::{Failure, rejected};

/// The newest of the times at which GoHighLevel last changed `object` and what is told with it, in milliseconds since 1970:
/// Rankr keeps what has the higher one. Fails with `rejected` if none of them is known.
pub fn newest(object: &str, times: impl IntoIterator<Item = Option<Instant>>) -> Result<u64, Failure> {
    let newest = times.into_iter().flatten().max();
    let newest = newest.ok_or_else(|| {
        rejected(format!(
            "GoHighLevel does not say when {object} was made or changed, so Rankr could not tell which is the newer state"
        ))
    })?;
    Ok(newest.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_time_is_the_version_and_without_any_there_is_none() {
        assert_eq!(newest("order o1", [Some(Instant(7)), None, Some(Instant(9))]), Ok(9));
        let failure = newest("order o1", [None, None]).unwrap_err();
        assert!(matches!(&failure, Failure::Rejected(reason) if reason.contains("order o1")), "{failure:?}");
    }
}
