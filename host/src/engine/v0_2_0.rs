//! What components of version 0.2.0, which exists for tests alone, import: the host's own, and what is new.

use wasmtime::component::{HasData, Linker};

use super::state::State;
use crate::contract::v0_2_0::{log, settings, store, types};
use crate::contract::{self, Entry, Level, StoreError};

/// Offers it to components.
pub(super) fn add_to_linker<D>(linker: &mut Linker<State>) -> wasmtime::Result<()>
where
    D: for<'a> HasData<Data<'a> = &'a mut State> + Send,
{
    types::add_to_linker::<_, D>(linker, |state| state)?;
    store::add_to_linker::<_, D>(linker, |state| state)?;
    settings::add_to_linker::<_, D>(linker, |state| state)?;
    log::add_to_linker::<_, D>(linker, |state| state)
}

// An interface of types alone: there is nothing to implement.
impl types::Host for State {}

fn entry(it: Entry) -> store::Entry {
    store::Entry { value: it.value, version: it.version }
}

impl From<StoreError> for store::Error {
    fn from(it: StoreError) -> store::Error {
        match it {
            StoreError::Conflict(present) => store::Error::Conflict(present),
            StoreError::TooLarge(limit) => store::Error::TooLarge(limit),
            StoreError::InvalidKey(wrong) => store::Error::InvalidKey(wrong),
            StoreError::Unavailable(reason) => store::Error::Unavailable(reason),
        }
    }
}

impl store::Host for State {
    async fn get(&mut self, key: String) -> Result<Option<store::Entry>, store::Error> {
        Ok(contract::store::Host::get(self, key).await?.map(entry))
    }

    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<u64, store::Error> {
        Ok(contract::store::Host::put(self, key, value).await?)
    }

    async fn compare_and_swap(
        &mut self,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, store::Error> {
        Ok(contract::store::Host::compare_and_swap(self, key, expected, value).await?)
    }

    async fn delete(&mut self, key: String) -> Result<(), store::Error> {
        Ok(contract::store::Host::delete(self, key).await?)
    }

    async fn increment(&mut self, key: String) -> Result<u64, store::Error> {
        let present = contract::store::Host::get(self, key.clone()).await?;
        let version = present.as_ref().map(|entry| entry.version);
        let no_count = || store::Error::Conflict(version.unwrap_or_default());
        let count = match &present {
            None => 0,
            Some(entry) => std::str::from_utf8(&entry.value)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(no_count)?,
        };
        let count: u64 = u64::checked_add(count, 1).ok_or_else(no_count)?;
        contract::store::Host::compare_and_swap(self, key, version, count.to_string().into_bytes()).await?;
        Ok(count)
    }

    async fn list_keys(
        &mut self,
        prefix: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<store::KeyPage, store::Error> {
        let page = contract::store::Host::list_keys(self, prefix, cursor, limit).await?;
        Ok(store::KeyPage { keys: page.keys, next: page.next })
    }
}

impl settings::Host for State {
    fn get(&mut self) -> String {
        contract::settings::Host::get(self)
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String, fields: Vec<log::Field>) {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        let fields = fields.into_iter().map(|log::Field { name, value }| contract::Field { name, value });
        contract::log::Host::write(self, level, message, fields.collect());
    }
}
