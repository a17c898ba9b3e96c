//! Why a module could not be fetched or pushed.

use crate::engine::Digest;

/// Why a module could not be fetched or pushed. Never holds a credential, nor a source's query.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It would be spoken to without encryption.
    #[error(
        "{host} would be spoken to in plain HTTP, where anyone on the way can read the credentials and put another module \
         in place: use https, or set plain_http = true in [registries.\"{host}\"]"
    )]
    PlainHttp {
        /// The `HOST` or `HOST:PORT`.
        host: String,
    },
    /// The credentials are not right, or there are none.
    #[error(
        "{host} refuses {}: set username and password in [registries.\"{host}\"], or run `docker login {host}`",
        if *.given { "the credentials that it was given" } else { "a request without credentials" }
    )]
    Unauthorized {
        /// The `HOST` or `HOST:PORT`.
        host: String,
        /// Whether it was given any.
        given: bool,
    },
    /// The credentials cannot be had.
    #[error(
        "cannot get the credentials for {host} from docker's configuration: {reason}; set username and password in [registries.\"{host}\"]"
    )]
    Credentials {
        /// The `HOST` or `HOST:PORT`.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no such thing.
    #[error("there is no {source_name}: check the name and the tag")]
    NotFound {
        /// What was asked for.
        source_name: String,
    },
    /// It is another module than the one that is pinned.
    #[error(
        "{source_name} holds {found}, and the pinned digest is {pinned}; if the module was changed on purpose, pin {found}"
    )]
    NotThePinned {
        /// What was asked for.
        source_name: String,
        /// The digest that is wanted.
        pinned: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// It is larger than a module may be.
    #[error("{source_name} has more than {limit} bytes (limits.module_bytes)")]
    TooLarge {
        /// What was asked for.
        source_name: String,
        /// The limit.
        limit: usize,
    },
    /// It is no component.
    #[error("{source_name} holds no WebAssembly component: {reason}")]
    NotAModule {
        /// What was asked for.
        source_name: String,
        /// What it is instead.
        reason: String,
    },
    /// It did not come.
    #[error("cannot get {source_name}: {reason}")]
    Failed {
        /// What was asked for.
        source_name: String,
        /// What went wrong.
        reason: String,
    },
    /// It could not be pushed.
    #[error("cannot push to {target}: {reason}")]
    Push {
        /// The reference.
        target: String,
        /// What went wrong.
        reason: String,
    },
    /// No client can be set up.
    #[error("cannot set up HTTP: {0}")]
    Setup(String),
}

/// The longest reason, in characters. Servers send whole pages.
const REASON_MAX: usize = 500;

/// An error with what caused it, which clients of HTTP leave out of their own words.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        if !said.contains(&why) {
            said = format!("{said}: {why}");
        }
        cause = error.source();
    }
    said.chars().take(REASON_MAX).collect()
}
