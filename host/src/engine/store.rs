//! The contract's store, in front of the port: checks keys and sizes, so that no implementation has to.

use super::limits::Limits;
use super::ports::KEYS_PER_PAGE_MAX;
use super::state::State;
use crate::contract::{self, Entry, KeyPage, StoreError};

/// The longest key, in bytes; the contract names it.
const KEY_BYTES_MAX: usize = 512;

/// What a write counts for beside its key and value, in bytes: a row's own cost in the storage. Without it, a call could
/// write empty values without end.
const WRITE_COST_BYTES: u64 = 64;

/// What a call may still write.
pub(super) struct WriteBudget {
    value_max: u64,
    call_max: u64,
    left: u64,
}

impl WriteBudget {
    pub(super) fn new(limits: &Limits) -> WriteBudget {
        let call_max = limits.store_call_bytes;
        WriteBudget { value_max: limits.store_value_bytes, call_max, left: call_max }
    }

    pub(super) fn reset(&mut self) {
        self.left = self.call_max;
    }

    fn spend(&mut self, key: &str, value_bytes: usize) -> Result<(), StoreError> {
        check_key(key)?;
        let value_bytes = value_bytes as u64;
        if value_bytes > self.value_max {
            return Err(StoreError::TooLarge(self.value_max));
        }
        let cost = value_bytes.saturating_add(key.len() as u64).saturating_add(WRITE_COST_BYTES);
        self.left = self.left.checked_sub(cost).ok_or(StoreError::TooLarge(self.call_max))?;
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), StoreError> {
    let wrong = if key.is_empty() {
        "the key is empty".to_owned()
    } else if key.len() > KEY_BYTES_MAX {
        format!("the key has {} bytes, the limit is {KEY_BYTES_MAX}", key.len())
    } else if key.chars().any(char::is_control) {
        "the key has a control character in it".to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::InvalidKey(wrong))
}

impl contract::store::Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Entry>, StoreError> {
        check_key(&key)?;
        self.store.get(&key).await
    }

    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<u64, StoreError> {
        self.budget.spend(&key, value.len())?;
        self.store.put(&key, value).await
    }

    async fn compare_and_swap(
        &mut self,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.budget.spend(&key, value.len())?;
        self.store.compare_and_swap(&key, expected, value).await
    }

    async fn delete(&mut self, key: String) -> Result<(), StoreError> {
        self.budget.spend(&key, 0)?;
        self.store.delete(&key).await
    }

    async fn list_keys(
        &mut self,
        prefix: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, StoreError> {
        if !prefix.is_empty() {
            check_key(&prefix)?;
        }
        self.store.list_keys(&prefix, cursor.as_deref(), limit.min(KEYS_PER_PAGE_MAX)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(value: u64, call: u64) -> WriteBudget {
        WriteBudget::new(&Limits { store_value_bytes: value, store_call_bytes: call, ..Limits::default() })
    }

    #[test]
    fn keys_are_checked_at_their_edges() {
        assert_eq!(check_key(&"k".repeat(512)), Ok(()));
        assert_eq!(check_key("order/ümläut:1"), Ok(()));
        for bad in ["", "a\nb", "\u{7f}", "a\u{85}", &"k".repeat(513)] {
            assert!(matches!(check_key(bad), Err(StoreError::InvalidKey(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_value_and_a_call_have_limits() {
        let mut budget = budget(100, 330);
        assert_eq!(budget.spend("k", 101), Err(StoreError::TooLarge(100)));
        // 100 + 1 + 64 bytes, twice, is the whole budget.
        assert_eq!(budget.spend("k", 100), Ok(()));
        assert_eq!(budget.spend("k", 100), Ok(()));
        assert_eq!(budget.spend("k", 0), Err(StoreError::TooLarge(330)));
        budget.reset();
        assert_eq!(budget.spend("k", 0), Ok(()));
    }

    #[test]
    fn empty_writes_are_not_free() {
        let mut budget = budget(100, 650);
        let written = (0..1_000).take_while(|_| budget.spend("k", 0).is_ok()).count();
        assert_eq!(written, 10);
    }
}
