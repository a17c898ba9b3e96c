//! Headers, as the connector holds them.

use std::cell::RefCell;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Shell;
use crate::bindings::exports::wasi::http::types::{
    ErrorCode, Fields as Exported, Guest, GuestFields, HeaderError,
};
use crate::bindings::wasi::http::types::{Fields as Platform, http_error_code};
use crate::bindings::wasi::io::error::Error as IoError;

/// Bytes of all names and values of one set of headers. Servers commonly take 8 to 64 KB.
const BYTES_MAX: usize = 128 << 10;

/// A set of headers.
pub(crate) struct Headers {
    map: RefCell<HeaderMap>,
    /// Those of a request or a response are looked at only.
    fixed: bool,
}

impl Headers {
    /// A copy of `map` that cannot be changed.
    pub(crate) fn fixed(map: HeaderMap) -> Exported {
        Exported::new(Headers { map: RefCell::new(map), fixed: true })
    }

    /// What it holds.
    pub(crate) fn into_map(self) -> HeaderMap {
        self.map.into_inner()
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut HeaderMap) -> Result<T, HeaderError>,
    ) -> Result<T, HeaderError> {
        if self.fixed {
            return Err(HeaderError::Immutable);
        }
        let mut map = self.map.borrow_mut();
        let changed = change(&mut map)?;
        let bytes: usize = map.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes <= BYTES_MAX { Ok(changed) } else { Err(HeaderError::Forbidden) }
    }
}

/// What the platform's headers hold; what is none of HTTP's is left out.
pub(crate) fn read(fields: &Platform) -> HeaderMap {
    let entries = fields.entries();
    entries.iter().filter_map(|(text, bytes)| Some((name(text).ok()?, value(bytes).ok()?))).collect()
}

/// Headers for the platform. Fails with what it said of them.
pub(crate) fn write(map: &HeaderMap) -> Result<Platform, String> {
    let entries: Vec<(String, Vec<u8>)> =
        map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    Platform::from_list(&entries).map_err(|error| format!("the platform refuses its headers: {error}"))
}

fn name(text: &str) -> Result<HeaderName, HeaderError> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| HeaderError::InvalidSyntax)
}

fn value(bytes: &[u8]) -> Result<HeaderValue, HeaderError> {
    HeaderValue::from_bytes(bytes).map_err(|_| HeaderError::InvalidSyntax)
}

impl GuestFields for Headers {
    fn new() -> Headers {
        Headers { map: RefCell::default(), fixed: false }
    }

    fn from_list(entries: Vec<(String, Vec<u8>)>) -> Result<Exported, HeaderError> {
        let headers = <Headers as GuestFields>::new();
        for (text, bytes) in entries {
            headers.append(text, bytes)?;
        }
        Ok(Exported::new(headers))
    }

    fn get(&self, text: String) -> Vec<Vec<u8>> {
        let Ok(name) = name(&text) else { return Vec::new() };
        self.map.borrow().get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
    }

    fn has(&self, text: String) -> bool {
        name(&text).is_ok_and(|name| self.map.borrow().contains_key(name))
    }

    fn set(&self, text: String, values: Vec<Vec<u8>>) -> Result<(), HeaderError> {
        let (name, values) =
            (name(&text)?, values.iter().map(|bytes| value(bytes)).collect::<Result<Vec<_>, _>>()?);
        self.change(|map| {
            map.remove(&name);
            values.into_iter().for_each(|value| {
                map.append(name.clone(), value);
            });
            Ok(())
        })
    }

    fn delete(&self, text: String) -> Result<(), HeaderError> {
        let name = name(&text)?;
        self.change(|map| {
            map.remove(name);
            Ok(())
        })
    }

    fn append(&self, text: String, bytes: Vec<u8>) -> Result<(), HeaderError> {
        let (name, value) = (name(&text)?, value(&bytes)?);
        self.change(|map| {
            map.append(name, value);
            Ok(())
        })
    }

    fn entries(&self) -> Vec<(String, Vec<u8>)> {
        let map = self.map.borrow();
        map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
    }

    fn clone(&self) -> Exported {
        Exported::new(Headers { map: RefCell::new(self.map.borrow().clone()), fixed: false })
    }
}

impl Guest for Shell {
    type Fields = Headers;
    type IncomingRequest = crate::response::Never;
    type ResponseOutparam = crate::response::Never;
    type OutgoingResponse = crate::response::Unsent;
    type OutgoingRequest = crate::request::Request;
    type RequestOptions = crate::request::Options;
    type OutgoingBody = crate::request::Body;
    type FutureIncomingResponse = crate::response::Future;
    type IncomingResponse = crate::response::Response;
    type IncomingBody = crate::response::Body;
    type FutureTrailers = crate::response::Trailers;

    fn http_error_code(error: &IoError) -> Option<ErrorCode> {
        http_error_code(error)
    }
}
