//! Where modules come from: files, HTTP servers and OCI registries; and how one gets into a registry.
//!
//! ```text
//! source + digest ─► cache, if it has the digest ─┐
//!        └────────► registry or server, then kept ┴─► bytes with that digest ─► Engine::load_pinned
//! ```
//!
//! What comes over a network is used only under the digest that somebody wrote down. The cache is a copy that is checked
//! at every use, so a host starts without the registry, and nobody is run who has changed a file.

#[cfg(feature = "registry")]
mod artifact;
#[cfg(feature = "registry")]
mod cache;
#[cfg(feature = "registry")]
mod docker;
#[cfg(feature = "registry")]
mod download;
#[cfg(feature = "registry")]
mod error;
#[cfg(feature = "registry")]
mod fetcher;
#[cfg(feature = "registry")]
mod oci;
mod source;

#[cfg(feature = "registry")]
pub use self::artifact::Artifact;
#[cfg(feature = "registry")]
pub use self::error::FetchError;
#[cfg(feature = "registry")]
pub use self::fetcher::{Fetched, Fetcher, FetcherOptions, Progress, Pushed};
pub use self::source::{ModuleSource, OciReference, RegistryConfig, Remote, SourceError};
