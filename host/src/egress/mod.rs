//! The one way out: every HTTP request that a connector makes.
//!
//! ```text
//! parse → API by base URL → endpoint by method and path → scope granted? → rate budget                     (admit)
//! → add the credential → resolve, screen addresses, connect to exactly those → send → heed what the API says of its rate
//! → cap the body → redact → observe                                                                          (send)
//! ```
//!
//! Where a manifest lets a connection's settings move an endpoint, its path is the settings' before any of this begins.
//!
//! What is not granted is denied, and the denial names the line of the configuration that would grant it. The connector
//! never sees a credential: the host adds it on the way out and removes echoes of it on the way in. Redirects are the
//! connector's to follow, through the same checks.

mod address;
#[cfg(feature = "client")]
mod connect;
mod connection;
mod error;
mod hints;
mod line;
mod manifest;
mod outbound;
mod plan;
#[cfg(feature = "client")]
mod pool;
mod portion;
mod post;
mod rate;
mod redact;
mod way;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::contract::Description;

use self::plan::Plans;
use self::rate::Budgets;
use self::way::Via;

pub use self::address::special_address;
pub use self::connection::{CallObserver, CallRecord, ConnectionEgress};
pub use self::error::EgressError;
pub use self::outbound::{Admission, Admitted, Outbound, Refusal, Transport};
pub use self::portion::{Portion, PortionError};
pub use self::post::Post;
pub use transload_policy::{PolicyError, Secret};

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

/// What all connections' requests have in common. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Egress {
    common: Arc<Common>,
}

/// What all lines of one egress share.
struct Common {
    options: EgressOptions,
    via: Via,
    plans: Plans,
    budgets: Budgets,
}

impl Egress {
    /// Send requests by pooled HTTP/1.1 and HTTP/2 connections of its own, trusting the system's certificates. Ones that
    /// cannot be read are skipped.
    #[cfg(feature = "client")]
    pub fn new(options: EgressOptions) -> Egress {
        Egress::via(options, Via::Pools(Arc::new(connect::Trust::system())))
    }

    /// Send requests by `transport` once they are decided. Policy, budgets, credentials, the timeout, the cap on bodies and
    /// redaction stay as they are. Certificates and the screening of addresses are the transport's part, and so
    /// `connect_timeout` has no effect.
    pub fn with_transport(options: EgressOptions, transport: Arc<dyn Transport>) -> Egress {
        Egress::via(options, Via::Custom(transport))
    }

    fn via(options: EgressOptions, via: Via) -> Egress {
        let (plans, budgets) = (Plans::default(), Budgets::default());
        Egress { common: Arc::new(Common { options, via, plans, budgets }) }
    }

    /// Prepare the requests of one connection: move the manifest's endpoints to where its settings, a JSON object, put them,
    /// check its grants against the manifest, and give it a pool of connections of its own, so that neither sockets nor TLS
    /// sessions are shared between credentials. Its rate budgets are shared with the connections of this egress that use the
    /// same credential at the same place.
    pub fn connection(
        &self,
        name: &str,
        description: &Description,
        settings: &str,
        grants: BTreeMap<String, Grant>,
    ) -> Result<ConnectionEgress, EgressError> {
        ConnectionEgress::new(&self.common, name, &description.apis, settings, &grants, None)
    }

    /// The same for a connection whose connector, settings or grants change: where an API is still at the same place, with the same
    /// credential and private addresses, the open connections of `previous` are kept.
    pub fn connection_after(
        &self,
        name: &str,
        description: &Description,
        settings: &str,
        grants: BTreeMap<String, Grant>,
        previous: &ConnectionEgress,
    ) -> Result<ConnectionEgress, EgressError> {
        ConnectionEgress::new(&self.common, name, &description.apis, settings, &grants, Some(previous))
    }
}

impl Grant {
    /// The grant, in the words that the rules know.
    fn rule(&self) -> transload_policy::Grant {
        transload_policy::Grant {
            base_url: self.base_url.as_ref().map(Url::to_string),
            credential: self.credential.clone(),
            scopes: self.scopes.clone(),
            private_addresses: self.private_addresses.clone(),
            read_only: self.read_only,
        }
    }
}

#[cfg(feature = "client")]
impl Default for Egress {
    fn default() -> Egress {
        Egress::new(EgressOptions::default())
    }
}
