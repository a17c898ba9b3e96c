//! The connector's store on a bucket of `wasi:keyvalue`: what a call writes is held back until the call has ended well.
//!
//! A bucket knows no versions, so an entry is kept behind eight bytes that hold its version. It promises no more than that
//! each write by itself is done or not: a crash while a call's writes are stored may leave some of them out.

use std::collections::{BTreeMap, BTreeSet};

use crate::Shell;
use crate::bindings::exports::transload::connector::store::{Entry, Error, Guest, KeyPage};
use crate::bindings::wasi::keyvalue::store::{self as platform, Bucket};
use crate::{config, session};

/// The bucket, unless the configuration names another.
const BUCKET: &str = "transload";

/// The longest key, in bytes; the contract names it.
const KEY_BYTES_MAX: usize = 512;

/// The largest value, in bytes; the contract promises that these are taken.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Keys and values that one call may write, in bytes, as on the host.
const CALL_BYTES_MAX: usize = 16 << 20;

/// What a write counts for beside its key and value, in bytes, as on the host.
const WRITE_COST_BYTES: usize = 64;

/// Keys of one page; the contract's most.
const KEYS_PER_PAGE_MAX: usize = 1_000;

/// Keys of a bucket that are listed. A bucket has no listing by prefix, so that each page reads all of its keys.
const KEYS_MAX: usize = 100_000;

/// What the connector keeps, in the bucket's names.
const CONNECTOR: &str = "connector.";

/// What the front keeps. The connector has no name for it.
const ADAPTER: &str = "adapter.";

/// What a call has written, by the bucket's names; none is deleted.
#[derive(Default)]
pub(crate) struct Buffer {
    writes: BTreeMap<String, Option<Vec<u8>>>,
    bytes: usize,
}

impl Buffer {
    /// Store everything. Fails with what the storage said.
    pub(crate) fn write(self) -> Result<(), String> {
        if self.writes.is_empty() {
            return Ok(());
        }
        let bucket = open()?;
        for (name, value) in self.writes {
            match value {
                Some(value) => bucket.set(&name, &value),
                None => bucket.delete(&name),
            }
            .map_err(said)?;
        }
        Ok(())
    }

    /// What the front remembered.
    pub(crate) fn recall(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        self.read(&stored(ADAPTER, name))
    }

    /// Remember something for the front.
    pub(crate) fn remember(&mut self, name: &str, value: Vec<u8>) {
        self.writes.insert(stored(ADAPTER, name), Some(value));
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        match self.writes.get(name) {
            Some(value) => Ok(value.clone()),
            None => open()?.get(name).map_err(said),
        }
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let stored = self.read(&stored(CONNECTOR, key)).map_err(Error::Unavailable)?;
        stored.map(|bytes| entry(key, &bytes)).transpose()
    }

    /// Write if `accept` agrees to the present version, 0 if there is none.
    fn put(&mut self, key: &str, value: Vec<u8>, accept: impl FnOnce(u64) -> bool) -> Result<u64, Error> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(Error::TooLarge(VALUE_BYTES_MAX as u64));
        }
        let present = self.get(key)?.map_or(0, |entry| entry.version);
        if !accept(present) {
            return Err(Error::Conflict(present));
        }
        self.spend(key.len() + value.len())?;
        let version = present + 1;
        let bytes = [version.to_be_bytes().as_slice(), &value].concat();
        self.writes.insert(stored(CONNECTOR, key), Some(bytes));
        Ok(version)
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.spend(key.len())?;
        self.writes.insert(stored(CONNECTOR, key), None);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        let spent = self.bytes + bytes + WRITE_COST_BYTES;
        if spent > CALL_BYTES_MAX {
            return Err(Error::TooLarge(CALL_BYTES_MAX as u64));
        }
        self.bytes = spent;
        Ok(())
    }

    /// The connector's keys that start with `prefix`, in their order.
    fn keys(&self, prefix: &str) -> Result<BTreeSet<String>, String> {
        let mut names: BTreeSet<String> = all(&open()?)?.into_iter().collect();
        for (name, value) in &self.writes {
            match value {
                Some(_) => names.insert(name.clone()),
                None => names.remove(name),
            };
        }
        let keys = names.iter().filter_map(|name| plain(name.strip_prefix(CONNECTOR)?));
        Ok(keys.filter(|key| key.starts_with(prefix)).collect())
    }
}

fn entry(key: &str, bytes: &[u8]) -> Result<Entry, Error> {
    let (version, value) = bytes.split_first_chunk().ok_or_else(|| {
        Error::Unavailable(format!("the bucket's entry for {key} is not one of this adapter's"))
    })?;
    Ok(Entry { value: value.to_vec(), version: u64::from_be_bytes(*version) })
}

fn open() -> Result<Bucket, String> {
    if let Some(name) = config::text("bucket")? {
        return platform::open(&name).map_err(|error| format!("bucket {name:?}: {}", said(error)));
    }
    match platform::open(BUCKET) {
        // `wasmtime serve` has one bucket, which has no name.
        Err(platform::Error::NoSuchStore) => platform::open(""),
        opened => opened,
    }
    .map_err(said)
}

fn all(bucket: &Bucket) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut cursor = None;
    loop {
        let page = bucket.list_keys(cursor).map_err(said)?;
        names.extend(page.keys);
        if names.len() > KEYS_MAX {
            return Err(format!("the bucket has more than {KEYS_MAX} keys"));
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(names);
        }
    }
}

fn said(error: platform::Error) -> String {
    match error {
        platform::Error::NoSuchStore => "the platform has no such bucket".to_owned(),
        platform::Error::AccessDenied => "the platform does not give access to the bucket".to_owned(),
        platform::Error::Other(reason) => reason,
    }
}

/// The bucket's name for a key. Buckets that are directories or subjects of NATS take few characters, so that others are
/// written as `=` and two hexadecimal digits for each byte.
fn stored(area: &str, key: &str) -> String {
    let mut name = area.to_owned();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            other => name.push_str(&format!("={other:02X}")),
        }
    }
    name
}

/// The key of a bucket's name; none if it is none of ours.
fn plain(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn check(key: &str) -> Result<(), Error> {
    let wrong = if key.is_empty() {
        "the key is empty".to_owned()
    } else if key.len() > KEY_BYTES_MAX {
        format!("the key has {} bytes, the limit is {KEY_BYTES_MAX}", key.len())
    } else if key.chars().any(char::is_control) {
        "the key has a control character in it".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::InvalidKey(wrong))
}

/// Write to the store of the call that runs.
fn write<T>(key: &str, with: impl FnOnce(&mut Buffer) -> Result<T, Error>) -> Result<T, Error> {
    check(key)?;
    session::buffer(|buffer| match buffer {
        Some(buffer) => with(buffer),
        None => Err(Error::Unavailable("the store cannot be written here".to_owned())),
    })
}

impl Guest for Shell {
    fn get(key: String) -> Result<Option<Entry>, Error> {
        check(&key)?;
        session::buffer(|buffer| buffer.map_or(Ok(None), |buffer| buffer.get(&key)))
    }

    fn put(key: String, value: Vec<u8>) -> Result<u64, Error> {
        write(&key, |buffer| buffer.put(&key, value, |_| true))
    }

    fn compare_and_swap(key: String, expected: Option<u64>, value: Vec<u8>) -> Result<u64, Error> {
        write(&key, |buffer| {
            buffer.put(&key, value, |present| match expected {
                Some(version) => version == present && version != 0,
                None => present == 0,
            })
        })
    }

    fn delete(key: String) -> Result<(), Error> {
        write(&key, |buffer| buffer.delete(&key))
    }

    fn list_keys(prefix: String, cursor: Option<String>, limit: u32) -> Result<KeyPage, Error> {
        if !prefix.is_empty() {
            check(&prefix)?;
        }
        let limit = usize::try_from(limit).unwrap_or(KEYS_PER_PAGE_MAX).min(KEYS_PER_PAGE_MAX);
        let keys =
            session::buffer(|buffer| buffer.map_or_else(|| Ok(BTreeSet::new()), |it| it.keys(&prefix)));
        let mut keys: Vec<String> = keys
            .map_err(Error::Unavailable)?
            .into_iter()
            .filter(|key| cursor.as_ref().is_none_or(|last| key > last))
            .take(limit + 1)
            .collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = if more { keys.last().cloned() } else { None };
        Ok(KeyPage { keys, next })
    }
}
