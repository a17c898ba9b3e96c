//! The ports inside a component: WASI's HTTP and clock, and the contract's store, settings and log.

use std::time::{SystemTime, UNIX_EPOCH};

use transload_model::Instant;
use transload_wire::{Http, HttpError, Method, Request, Response};
use waki::ErrorCode;

use crate::bindings::transload::connector::{log, settings, store};
use crate::{Clock, Context, Level, Log, Settings, Store, StoreError, Stored};

/// The ports of this call.
pub(crate) fn context() -> Context<'static> {
    Context { http: &Wasi, store: &Wasi, log: &Wasi, settings: &Wasi, clock: &Wasi }
}

struct Wasi;

impl Http for Wasi {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let method = match request.method {
            Method::Get => waki::Method::Get,
            Method::Post => waki::Method::Post,
            Method::Put => waki::Method::Put,
            Method::Patch => waki::Method::Patch,
            Method::Delete => waki::Method::Delete,
        };
        let mut builder = waki::RequestBuilder::new(method, &request.url);
        builder = builder.headers(request.headers.iter().map(|(name, value)| (*name, value.as_str())));
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let response = builder.send().map_err(sort)?;
        let status = response.status_code();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let body = response.body().map_err(sort)?;
        Ok(Response { status, headers, body })
    }
}

/// WASI's error codes, by what the caller may do about them. waki hands them on inside its own errors.
fn sort(error: anyhow::Error) -> HttpError {
    match error.downcast_ref::<ErrorCode>() {
        Some(ErrorCode::HttpRequestDenied) => {
            HttpError::Denied("its configuration does not allow it".to_owned())
        }
        Some(
            ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout
            | ErrorCode::DnsTimeout,
        ) => HttpError::Timeout,
        Some(ErrorCode::HttpResponseBodySize(_)) => HttpError::TooLarge,
        Some(code) => HttpError::Connection(format!("{code:?}")),
        None => HttpError::Connection(error.to_string()),
    }
}

impl Store for Wasi {
    fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let entry = store::get(key).map_err(store_error)?;
        Ok(entry.map(|entry| Stored { value: entry.value, version: entry.version }))
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StoreError> {
        store::put(key, value).map_err(store_error)
    }

    fn compare_and_swap(&self, key: &str, expected: Option<u64>, value: &[u8]) -> Result<u64, StoreError> {
        store::compare_and_swap(key, expected, value).map_err(store_error)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        store::delete(key).map_err(store_error)
    }

    fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, Option<String>), StoreError> {
        let page = store::list_keys(prefix, cursor, limit).map_err(store_error)?;
        Ok((page.keys, page.next))
    }
}

fn store_error(error: store::Error) -> StoreError {
    match error {
        store::Error::Conflict(version) => StoreError::Conflict(version),
        store::Error::TooLarge(limit) => StoreError::TooLarge(limit),
        store::Error::InvalidKey(why) => StoreError::InvalidKey(why),
        store::Error::Unavailable(why) => StoreError::Unavailable(why),
    }
}

impl Log for Wasi {
    fn write(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<log::Field> = fields
            .iter()
            .map(|(name, value)| log::Field { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect();
        log::write(level, message, &fields);
    }
}

impl Settings for Wasi {
    fn get(&self) -> String {
        settings::get()
    }
}

impl Clock for Wasi {
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
