//! Making connections ready: each on the module that it ran on last, or on the one that its configuration names.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::active::{Active, Terms};
use super::connection::Connection;
use super::connector::Connector;
use super::options::{ConnectionSpec, HostError, HostOptions};
use crate::storage::{Activation, Storage, StorageError};

/// Connections whose activations are written down at once. The storage commits those that wait together.
const AT_ONCE: usize = 1_024;

/// Check every connection against its terms. Fails with all that is wrong.
pub(super) async fn connections(
    options: &HostOptions,
    specs: Vec<ConnectionSpec>,
) -> Result<Vec<Connection>, HostError> {
    let (mut connections, mut problems) = (Vec::with_capacity(specs.len()), Vec::new());
    let mut first = JoinSet::new();
    let mut kept = Vec::new();
    for spec in specs {
        let name = spec.name.clone();
        let (terms, module) = Terms::of(spec);
        let configured = module.digest().to_owned();
        let ran = options.storage.activations(&name, 1).await?.into_iter().next();
        let connector = Arc::new(module.clone()) as Arc<dyn Connector>;
        let active = match terms.prepare(&name, connector, &options.egress, None) {
            Ok(active) => active,
            Err(found) => {
                problems.extend(found);
                continue;
            }
        };
        let swapped = match ran.filter(|ran| ran.configured == configured) {
            Some(ran) if ran.module == configured => None,
            Some(ran) => Some(swapped(options, &name, &terms, &active, &ran).await?),
            None => {
                if !kept.contains(&configured) {
                    options.storage.keep_module(&configured, Arc::clone(module.bytes())).await?;
                    kept.push(configured.clone());
                }
                while first.len() >= AT_ONCE {
                    written(first.join_next().await)?;
                }
                first.spawn(activate(options, &name, &configured));
                None
            }
        };
        let active = swapped.flatten().unwrap_or(active);
        connections.push(Connection::new(&name, terms, &configured, active, &options.limits));
    }
    while !first.is_empty() {
        written(first.join_next().await)?;
    }
    if problems.is_empty() { Ok(connections) } else { Err(HostError::Connections(problems)) }
}

/// What a connection that was swapped runs on. If that module is not to be had, or does not fit any more, it is the
/// configured one, with a warning.
async fn swapped(
    options: &HostOptions,
    name: &str,
    terms: &Terms,
    configured: &Active,
    ran: &Activation,
) -> Result<Option<Active>, StorageError> {
    let Some(bytes) = options.storage.module(&ran.module).await? else {
        tracing::warn!(
            connection = name,
            module = ran.module,
            "the module that it was swapped to is not kept; it runs on the configured one"
        );
        return Ok(None);
    };
    let prepared = match configured.connector.sibling(bytes).await {
        Ok(connector) => terms
            .prepare(name, connector, &options.egress, configured.egress.as_ref())
            .map_err(|problems| problems.join("; ")),
        Err(error) => Err(error.to_string()),
    };
    match prepared {
        Ok(active) => Ok(Some(active)),
        Err(reason) => {
            tracing::warn!(
                connection = name,
                module = ran.module,
                reason,
                "the module that it was swapped to cannot be used; it runs on the configured one"
            );
            Ok(None)
        }
    }
}

fn activate(
    options: &HostOptions,
    name: &str,
    configured: &str,
) -> impl Future<Output = Result<(), StorageError>> + Send + use<> {
    let storage: Arc<dyn Storage> = Arc::clone(&options.storage);
    let activation = Activation {
        connection: name.to_owned(),
        module: configured.to_owned(),
        configured: configured.to_owned(),
        by: "config".to_owned(),
        reason: String::new(),
        at: options.clock.now(),
    };
    async move { storage.activate(activation, Vec::new()).await }
}

fn written(
    outcome: Option<Result<Result<(), StorageError>, tokio::task::JoinError>>,
) -> Result<(), StorageError> {
    match outcome {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => Err(error),
        Some(Err(_)) => Err(StorageError::Stopped),
    }
}
