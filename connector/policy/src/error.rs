//! What can be wrong with grants and paths.

/// Why grants or paths cannot be used. Messages name keys of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The manifest has no such API.
    #[error("{setting}: the connector talks to no API of this name; it has {known}")]
    UnknownApi {
        /// The key of the configuration.
        setting: String,
        /// Its APIs.
        known: String,
    },
    /// The manifest has no such scope.
    #[error("{setting}: the API has no scope {scope:?}; name each of those that are needed: {known}")]
    UnknownScope {
        /// The key of the configuration.
        setting: String,
        /// What was granted.
        scope: String,
        /// What there is.
        known: String,
    },
    /// A base URL cannot be used.
    #[error("{setting}: {reason}")]
    BaseUrl {
        /// The key of the configuration.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings cannot be read, or move an endpoint to a path that cannot be used.
    #[error("{setting}: {reason}")]
    Path {
        /// The key of the configuration.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An entry of the private addresses is not `host:port`.
    #[error("{setting}: {entry:?} is not host:port, for example 127.0.0.1:4010")]
    PrivateAddress {
        /// The key of the configuration.
        setting: String,
        /// The entry.
        entry: String,
    },
    /// A credential is needed and not configured.
    #[error(
        "{setting} is not set, and {api} takes no request without it; set it, for example to \"env:NAME\""
    )]
    CredentialMissing {
        /// The API.
        api: String,
        /// The key of the configuration.
        setting: String,
    },
    /// A credential has characters that a header cannot carry.
    #[error("{setting} has a line break or another character that an HTTP header cannot carry")]
    CredentialMalformed {
        /// The key of the configuration.
        setting: String,
    },
    /// The API wants OAuth 2.
    #[error("{api} uses OAuth 2, which is not supported yet; use a bearer token")]
    Oauth2 {
        /// The API.
        api: String,
    },
    /// The connector's manifest makes no sense.
    #[error("the connector's manifest of {api} is wrong: {reason}")]
    Manifest {
        /// The API.
        api: String,
        /// What is wrong.
        reason: String,
    },
}
