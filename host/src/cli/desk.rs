//! Where jobs and actions run: on the host that runs, or in this process while none does.

use std::sync::Arc;

use anyhow::anyhow;
use transload::egress::Secret;
use transload::runtime::{Host, HostOptions};
use transload::storage::SqliteStorage;

use super::access::{Access, in_use};
use super::door::token;
use super::remote::Remote;
use super::{Failed, setup, usage};

/// Somebody who runs jobs and actions.
pub struct Desk {
    /// Takes the requests.
    pub host: Remote,
    /// The host of this process, if that is the one.
    local: Option<Host>,
}

impl Desk {
    /// Gets hold of the running host. If there is none, gets `connection` ready in this process: it handles no event, and
    /// no host can start until it is closed.
    pub async fn open(access: &Access, connection: &str) -> Result<Desk, Failed> {
        let places = access.places()?;
        if let Some(host) = Remote::find(&places.database).await {
            return Ok(Desk { host, local: None });
        }
        if access.database.is_some() {
            SqliteStorage::open_reading(&places.database).map_err(usage)?;
            return Err(usage(anyhow!(
                "no host is running, and the database alone does not tell how to reach the vendors: use --config in \
                 place of --database"
            )));
        }
        let engine = setup::engine(places.cache)?;
        let (spec, receivers) = setup::connection(&access.config, connection, &engine).await?;
        let storage = SqliteStorage::open(&places.database).map_err(in_use)?;
        let options = HostOptions { receivers, ..HostOptions::new(Arc::new(storage)) };
        let host = Host::at_rest(options, vec![spec]).await.map_err(usage)?;
        let token = token()?;
        let router = host.admin_router(Secret::new(token.clone()));
        Ok(Desk { host: Remote::within(router, token), local: Some(host) })
    }

    /// Whether no host runs but this process.
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Lets go of the database.
    pub async fn close(self) {
        if let Some(host) = self.local {
            host.shutdown().await;
        }
    }
}
