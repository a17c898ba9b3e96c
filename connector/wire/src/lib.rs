//! What every vendor crate needs at the edge: exact JSON numbers, tolerant readers, times, and the HTTP port.
//!
//! It knows no vendor. It stands between the pure model and the vendors' crates, so that how a number is read, an error
//! is sorted or a path is escaped is decided once.

pub mod api;
mod error;
pub mod fakes;
pub mod http;
#[cfg(feature = "proptest")]
pub mod junk;
mod member;
mod number;
pub mod text;
pub mod time;
pub mod tolerant;
mod url;

pub use api::{Access, Api, Endpoint, InDoubt};
pub use error::ApiError;
pub use http::{Http, HttpError, Method, Request, Response};
pub use number::Number;
pub use url::Url;
