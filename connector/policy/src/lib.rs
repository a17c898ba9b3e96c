//! What a connector may request, and who sent a webhook. Pure: the manifest, the operator's grants and a request or a
//! delivery go in, a permit or a reason comes out. Every host of a connector applies these rules, the one on wasmtime and the
//! adapter for other runtimes alike.

pub mod address;
pub mod credential;
mod error;
pub mod headers;
mod keys;
pub mod manifest;
pub mod paths;
pub mod place;
pub mod plan;
pub mod policy;
pub mod webhook;

pub use credential::Secret;
pub use error::PolicyError;
pub use keys::Keys;
pub use policy::Grant;
