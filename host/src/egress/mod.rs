//! The one way out: every HTTP request that a connector makes.
//!
//! ```text
//! parse → API by base URL → endpoint by method and path → scope granted? → rate budget → resolve, screen addresses,
//! connect to exactly those → add the credential → send → cap the body → redact → observe
//! ```
//!
//! What is not granted is denied, and the denial names the line of the configuration that would grant it. The connector
//! never sees a credential: the host adds it on the way out and removes echoes of it on the way in. Redirects are the
//! connector's to follow, through the same checks.

mod address;
mod connect;
mod connection;
mod credential;
mod headers;
mod policy;
mod rate;
mod redact;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::contract::Description;

use self::connect::Trust;

pub use self::connection::{CallObserver, CallRecord, ConnectionEgress};
pub use self::credential::Secret;

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct EgressOptions {
    /// The longest one request may take, from the first look-up to the last byte.
    pub timeout: Duration,
    /// The longest it may take to connect, look-up and TLS included.
    pub connect_timeout: Duration,
    /// The largest response body, in bytes.
    pub response_bytes: usize,
}

impl Default for EgressOptions {
    fn default() -> EgressOptions {
        EgressOptions {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            // A page of a hundred orders is below 1 MB; a signed proof-of-delivery document a few.
            response_bytes: 8 << 20,
        }
    }
}

/// What an operator lets one connection do with one API.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// Where the API is, in place of the manifest's base URL.
    pub base_url: Option<Url>,
    /// What the manifest's kind of credential is made of.
    pub credential: Option<Secret>,
    /// The scopes of the manifest that may be used, each by name.
    pub scopes: Vec<String>,
    /// `host:port` pairs that may lie in a private network, on this machine, or be spoken to without TLS.
    pub private_addresses: Vec<String>,
    /// Denies every write, whatever the scopes say.
    pub read_only: bool,
}

/// Why a connection's grants cannot be used. Messages name keys below the connection's table.
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

/// What all connections' requests have in common. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Egress {
    options: Arc<EgressOptions>,
    trust: Arc<Trust>,
}

impl Egress {
    /// Read the system's trusted certificates. Ones that cannot be read are skipped.
    pub fn new(options: EgressOptions) -> Egress {
        Egress { options: Arc::new(options), trust: Arc::new(Trust::system()) }
    }

    /// Prepare the requests of one connection: check its grants against the manifest, and give it a pool of connections
    /// of its own, so that neither sockets nor TLS sessions are shared between credentials.
    pub fn connection(
        &self,
        name: &str,
        description: &Description,
        grants: BTreeMap<String, Grant>,
    ) -> Result<ConnectionEgress, EgressError> {
        ConnectionEgress::new(&self.options, &self.trust, name, description, &grants)
    }
}

impl Default for Egress {
    fn default() -> Egress {
        Egress::new(EgressOptions::default())
    }
}
