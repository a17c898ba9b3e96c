//! What can be wrong with a connection's grants and paths.

/// Why a connection's grants or paths cannot be used. Messages name keys below the connection's table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
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
    /// The system has no certificates to trust.
    #[error(
        "no trusted certificates were found on this system, so {api} cannot be reached over https; install them (the \
         package is usually called ca-certificates), or name a bundle in the environment variable SSL_CERT_FILE"
    )]
    NoCertificates {
        /// The API.
        api: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {reason}")]
    Tls {
        /// What the library said.
        reason: String,
    },
}
