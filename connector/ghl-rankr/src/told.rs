//! What a person was told, in the store, so that each thing is told once.

use transload_sdk::{Context, Failure};

fn key(kind: &str, id: &str) -> String {
    format!("told/{kind}/{id}")
}

/// Whether the alert `kind` about `id` is news while things are as `state` says; from now on it is not.
pub fn is_news(cx: &Context, kind: &str, id: &str, state: &str) -> Result<bool, Failure> {
    let key = key(kind, id);
    if cx.store.get(&key)?.is_some_and(|told| told.value == state.as_bytes()) {
        return Ok(false);
    }
    cx.store.put(&key, state.as_bytes())?;
    Ok(true)
}

/// It is over; if it comes back it is news again.
pub fn forget(cx: &Context, kind: &str, id: &str) -> Result<(), Failure> {
    let key = key(kind, id);
    if cx.store.get(&key)?.is_some() {
        cx.store.delete(&key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use transload_sdk::fakes::Fakes;

    use super::*;

    #[test]
    fn a_thing_is_news_once_until_it_changes_or_is_over() {
        let fakes = Fakes::new("{}", 0);
        let cx = fakes.context();
        let news = |id: &str, state: &str| is_news(&cx, "late", id, state).unwrap();
        assert!(news("s1", "may") && !news("s1", "may"));
        assert!(news("s2", "may"), "another thing");
        assert!(news("s1", "june") && !news("s1", "june"));
        forget(&cx, "late", "s1").unwrap();
        assert!(news("s1", "june"));
    }
}
