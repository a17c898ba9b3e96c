//! A call's view of its store.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::store::{CallStore, StoredEntries};
use crate::contract::{Entry, StoreError};
use crate::engine::Store;
use crate::storage::{EntryWrite, SqliteStorage, Storage};

/// The store of a call of the connection `shop`.
fn shop(storage: Arc<dyn Storage>) -> CallStore {
    CallStore::new(Arc::new(StoredEntries { storage, connection: Arc::from("shop"), tape: None }))
}

async fn storage(directory: &TempDir, stored: &[&str]) -> Arc<dyn Storage> {
    let storage = SqliteStorage::open(&directory.path().join("test.sqlite")).unwrap();
    let write = |key: &&str| EntryWrite {
        key: (*key).to_owned(),
        value: Some(b"stored".to_vec()),
        version: 1,
        expected: None,
    };
    storage.write_entries("shop", stored.iter().map(write).collect()).await.unwrap();
    Arc::new(storage)
}

fn entry(value: &[u8], version: u64) -> Option<Entry> {
    Some(Entry { value: value.to_vec(), version })
}

#[tokio::test]
async fn a_call_reads_what_it_wrote_and_others_do_not() {
    let directory = TempDir::new().unwrap();
    let storage = storage(&directory, &["k"]).await;
    let (ours, theirs) = (shop(Arc::clone(&storage)), shop(storage));
    assert_eq!(ours.get("k").await.unwrap(), entry(b"stored", 1));
    assert_eq!(ours.put("k", b"new".to_vec()).await, Ok(2));
    assert_eq!(ours.get("k").await.unwrap(), entry(b"new", 2));
    assert_eq!(theirs.get("k").await.unwrap(), entry(b"stored", 1));
    ours.delete("k").await.unwrap();
    assert_eq!(ours.get("k").await.unwrap(), None);
    assert_eq!(ours.put("k", b"back".to_vec()).await, Ok(4));
}

#[tokio::test]
async fn comparing_sees_the_calls_own_writes_and_is_checked_against_the_first() {
    let directory = TempDir::new().unwrap();
    let store = shop(storage(&directory, &["k"]).await);
    assert_eq!(store.compare_and_swap("k", None, Vec::new()).await, Err(StoreError::Conflict(1)));
    assert_eq!(store.compare_and_swap("k", Some(2), Vec::new()).await, Err(StoreError::Conflict(1)));
    assert_eq!(store.compare_and_swap("k", Some(1), b"a".to_vec()).await, Ok(2));
    assert_eq!(store.compare_and_swap("k", Some(2), b"b".to_vec()).await, Ok(3));
    assert_eq!(store.compare_and_swap("new", Some(0), Vec::new()).await, Err(StoreError::Conflict(0)));
    assert_eq!(store.compare_and_swap("new", None, b"c".to_vec()).await, Ok(1));
    let write = |key: &str, value: &[u8], version, expected| EntryWrite {
        key: key.to_owned(),
        value: Some(value.to_vec()),
        version,
        expected: Some(expected),
    };
    assert_eq!(store.take_writes(), [write("k", b"b", 3, 1), write("new", b"c", 1, 0)]);
}

#[tokio::test]
async fn a_removed_entry_can_be_made_anew_by_comparing_with_none() {
    let directory = TempDir::new().unwrap();
    let storage = storage(&directory, &["k"]).await;
    let store = shop(Arc::clone(&storage));
    store.delete("k").await.unwrap();
    storage.write_entries("shop", store.take_writes()).await.unwrap();
    let store = shop(Arc::clone(&storage));
    assert_eq!(store.compare_and_swap("k", None, b"a".to_vec()).await, Ok(3));
    storage.write_entries("shop", store.take_writes()).await.unwrap();
    assert_eq!(storage.entry("shop", "k").await.unwrap().version, 3);
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused() {
    let directory = TempDir::new().unwrap();
    let store = shop(storage(&directory, &[]).await);
    let refusal = store.list_keys("a/", Some("b/1"), 10).await.unwrap_err();
    assert!(matches!(refusal, StoreError::InvalidKey(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Listings page by page show what one map of all entries would.
    #[test]
    fn listings_merge_what_is_stored_and_what_the_call_did(
        stored in proptest::collection::btree_set("[ab]{1,3}", 0..12),
        changes in proptest::collection::vec(("[ab]{1,3}", any::<bool>()), 0..12),
        prefix in "[ab]{0,2}",
        limit in 1..5_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = TempDir::new().unwrap();
            let keys: Vec<&str> = stored.iter().map(String::as_str).collect();
            let store = shop(storage(&directory, &keys).await);
            let mut model: BTreeMap<String, ()> = stored.iter().map(|key| (key.clone(), ())).collect();
            for (key, write) in &changes {
                if *write {
                    store.put(key, Vec::new()).await.unwrap();
                    model.insert(key.clone(), ());
                } else {
                    store.delete(key).await.unwrap();
                    model.remove(key);
                }
            }
            let (mut listed, mut cursor) = (Vec::new(), None);
            loop {
                let page = store.list_keys(&prefix, cursor.as_deref(), limit).await.unwrap();
                prop_assert!(page.keys.len() <= limit as usize);
                listed.extend(page.keys);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            let expected: Vec<String> = model.into_keys().filter(|key| key.starts_with(&prefix)).collect();
            prop_assert_eq!(listed, expected);
            Ok(())
        })?;
    }
}
