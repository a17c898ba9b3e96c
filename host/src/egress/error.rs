//! What can be wrong with a connection's grants and paths.

use transload_policy::PolicyError;

/// Why a connection's grants or paths cannot be used. Messages name keys below the connection's table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The rules cannot be made of them.
    #[error(transparent)]
    Policy(#[from] PolicyError),
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
