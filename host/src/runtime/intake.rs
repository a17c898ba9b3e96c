//! Taking a delivery in: verified, kept, and only then answered.

use bytes::Bytes;
use http::HeaderMap;

use super::connection::Connection;
use super::host::{Host, Shared};
use super::observe::Happening;
use crate::contract::Header;
use crate::storage::{Acceptance, NewDelivery, Sequence};
use crate::webhook::delivery_id;

/// The largest body of a delivery, in bytes. GoHighLevel's end at 256 KB; other vendors document up to 1 MB.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It is kept and will be handled.
    Accepted {
        /// Our number for it.
        sequence: Sequence,
        /// The sender's id of it.
        id: String,
    },
    /// It was kept before; nothing further happens.
    Duplicate {
        /// The sender's id of it.
        id: String,
    },
    /// It does not come from whom it should. The reason is for the operator, not for the sender.
    Refused {
        /// Why.
        reason: String,
    },
    /// There is no such connection, or it expects no deliveries of that source.
    Unknown,
    /// Its body is over [`BODY_BYTES_MAX`].
    TooLarge,
    /// It was not kept: there is no room now, or the storage failed. The sender should try again.
    Busy {
        /// Why.
        reason: String,
    },
}

impl DeliveryOutcome {
    /// The HTTP status that tells the sender.
    pub fn status(&self) -> u16 {
        match self {
            DeliveryOutcome::Accepted { .. } | DeliveryOutcome::Duplicate { .. } => 200,
            DeliveryOutcome::Refused { .. } => 401,
            DeliveryOutcome::Unknown => 404,
            DeliveryOutcome::TooLarge => 413,
            // Not 503: by its help article 155000007071, GoHighLevel sends again what was answered with 429, and not
            // what was answered with 5xx.
            DeliveryOutcome::Busy { .. } => 429,
        }
    }
}

impl Host {
    /// Whether any delivery could be taken in there. A server of the embedder's own asks before it reads a body, which
    /// would be for nobody otherwise.
    pub fn expects(&self, connection: &str, source: &str) -> bool {
        self.shared.connections.get(connection).is_some_and(|it| it.active().sources.contains_key(source))
    }

    /// Take in a delivery that arrived for an API of a connection. When this answers `Accepted`, it is on the disk.
    pub async fn deliver(
        &self,
        connection: &str,
        source: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> DeliveryOutcome {
        let Some(connection) = self.shared.connections.get(connection) else {
            return DeliveryOutcome::Unknown;
        };
        let outcome = self.shared.take(connection, source, headers, body).await;
        self.shared.tell_of_delivery(connection, source, &outcome);
        outcome
    }
}

impl Shared {
    async fn take(
        &self,
        connection: &Connection,
        source: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> DeliveryOutcome {
        let active = connection.active();
        let Some(rules) = active.sources.get(source) else { return DeliveryOutcome::Unknown };
        if body.len() > BODY_BYTES_MAX {
            return DeliveryOutcome::TooLarge;
        }
        if let Err(refusal) = rules.verifier.verify(headers, &body, self.clock.now() / 1000) {
            return DeliveryOutcome::Refused { reason: refusal.to_string() };
        }
        if *self.stopping.borrow() {
            return DeliveryOutcome::Busy { reason: "the host is stopping".to_owned() };
        }
        let waiting = connection.queue().deliveries();
        if waiting >= self.limits.deliveries_waiting {
            let reason = format!("{waiting} deliveries of {} wait to be read already", connection.name);
            return DeliveryOutcome::Busy { reason };
        }
        let id = delivery_id(&rules.delivery_id, headers, &body);
        let public = rules.verifier.public_headers(headers).into_iter();
        let public = public.map(|(name, value)| Header { name, value }).collect();
        let delivery = NewDelivery {
            connection: connection.name.to_string(),
            source: source.to_owned(),
            id: id.clone(),
            received_at: self.clock.now(),
            headers: public,
            body: body.into(),
        };
        match self.storage.accept(delivery).await {
            Ok(Acceptance::New(sequence)) => DeliveryOutcome::Accepted { sequence, id },
            Ok(Acceptance::Duplicate) => DeliveryOutcome::Duplicate { id },
            Err(error) => {
                self.storage_failed(connection, &error);
                DeliveryOutcome::Busy { reason: error.to_string() }
            }
        }
    }

    fn tell_of_delivery(&self, connection: &Connection, source: &str, outcome: &DeliveryOutcome) {
        let source = source.to_owned();
        let refused = |reason: &str| Happening::DeliveryRefused {
            source: source.clone(),
            status: outcome.status(),
            reason: reason.to_owned(),
        };
        let happening = match outcome {
            DeliveryOutcome::Accepted { sequence, id } => {
                Happening::DeliveryAccepted { source, id: id.clone(), sequence: *sequence }
            }
            DeliveryOutcome::Duplicate { id } => Happening::DeliveryDuplicate { source, id: id.clone() },
            DeliveryOutcome::Refused { reason } | DeliveryOutcome::Busy { reason } => refused(reason),
            DeliveryOutcome::Unknown => refused("the connection expects no deliveries of this source"),
            DeliveryOutcome::TooLarge => refused("its body is too large"),
        };
        if let Happening::DeliveryRefused { source, reason, .. } = &happening {
            tracing::warn!(connection = &*connection.name, source, reason, "a delivery was refused");
        }
        self.tell(connection, || happening);
    }
}
