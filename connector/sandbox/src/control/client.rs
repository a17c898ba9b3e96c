//! A client of the control API, for demos and tests.

mod invoices;
mod plant;
mod rankr;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::types::{Info, Pay, PlaceOrder, Placed, Refund, Resend, Snapshot, Step};
use crate::faults::Fault;
use crate::json::{Json, Object};
use crate::ledger::Ledger;
use crate::system::System;
use crate::webhooks::{Deliveries, Tamper, Target};

/// Talks to a sandbox's control API over HTTP.
#[derive(Debug, Clone)]
pub struct Control {
    base_url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Why a call of the control API brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The sandbox was not reached, or the connection broke.
    #[error("{url}: no answer ({reason}); is the sandbox running?")]
    NoAnswer {
        /// What was called.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The sandbox refused the call.
    #[error("{url}: {status}: {message}")]
    Refused {
        /// What was called.
        url: String,
        /// The status: 400 the call makes no sense, 404 no such object, 409 not in a state for it, 507 the sandbox is full.
        status: u16,
        /// The sandbox's reason.
        message: String,
    },
    /// The answer is not what this client expects: another version runs there, or another program.
    #[error("{url}: the answer does not fit: {reason}")]
    Unexpected {
        /// What was called.
        url: String,
        /// What does not fit.
        reason: String,
    },
}

/// The id of something that was made.
#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Resent {
    ids: Vec<u64>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

impl Control {
    /// A client for the API at this URL: `http://127.0.0.1:PORT/control`.
    pub fn new(base_url: &str) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { base_url, client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()) }
    }

    /// URLs, credentials and counts.
    pub async fn info(&self) -> Result<Info, ControlError> {
        self.get("/").await
    }

    /// Sends a system's webhooks to this target alone from now on, or nowhere.
    pub async fn set_target(&self, system: System, target: Option<&Target>) -> Result<(), ControlError> {
        let path = format!("/webhooks/{}", system.name());
        match target {
            Some(target) => self.done(Method::PUT, &path, target).await,
            None => self.done(Method::DELETE, &path, &()).await,
        }
    }

    /// Sends a system's webhooks to this target as well.
    pub async fn add_target(&self, system: System, target: &Target) -> Result<(), ControlError> {
        self.done(Method::POST, &format!("/webhooks/{}", system.name()), target).await
    }

    /// The webhooks that are remembered, oldest first.
    pub async fn webhooks(&self) -> Result<Deliveries, ControlError> {
        self.get("/webhooks").await
    }

    /// Sends a webhook again and returns the ids of the new deliveries.
    pub async fn resend(&self, id: u64, times: u32, tamper: Tamper) -> Result<Vec<u64>, ControlError> {
        let path = format!("/webhooks/{id}/resend");
        let resent: Resent = self.call(Method::POST, &path, &Resend { times, tamper }).await?;
        Ok(resent.ids)
    }

    /// Waits until every webhook has ended. False if some have not within `patience`.
    pub async fn webhooks_settled(&self, patience: Duration) -> Result<bool, ControlError> {
        const PAUSE: Duration = Duration::from_millis(10);
        let deadline = tokio::time::Instant::now() + patience;
        while self.info().await?.counts.webhooks_waiting > 0 {
            if tokio::time::Instant::now() >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(true)
    }

    /// Places an order.
    pub async fn place_order(&self, order: &PlaceOrder) -> Result<Placed, ControlError> {
        self.call(Method::POST, "/ghl/orders", order).await
    }

    /// Pays an order, or tries to, and returns the transaction's id.
    pub async fn pay(&self, order: &str, pay: &Pay) -> Result<String, ControlError> {
        let made: Made = self.call(Method::POST, &format!("/ghl/orders/{order}/payments"), pay).await?;
        Ok(made.id)
    }

    /// Refunds a transaction, which is returned.
    pub async fn refund(&self, transaction: &str, refund: &Refund) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("/ghl/transactions/{transaction}/refunds"), refund).await
    }

    /// Sets an order's status and returns the order.
    pub async fn set_order_status(&self, order: &str, status: &str) -> Result<Json, ControlError> {
        let body = Json::object([("status", status.into())]);
        self.call(Method::PUT, &format!("/ghl/orders/{order}/status"), &body).await
    }

    /// Sets members of a contact, which is made if it is not there.
    pub async fn put_contact(&self, id: &str, members: &Object) -> Result<(), ControlError> {
        self.done(Method::PUT, &format!("/ghl/contacts/{id}"), members).await
    }

    /// Moves a delivery order on and returns it. The key is its `TrackId`, `Id` or `Number`.
    pub async fn drive(&self, key: &str, step: &Step) -> Result<Json, ControlError> {
        let key = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
        let path = |step| format!("/track-pod/orders/{key}/{step}");
        match step {
            Step::Schedule(schedule) => self.call(Method::POST, &path("schedule"), schedule).await,
            Step::Load => self.call(Method::POST, &path("load"), &()).await,
            Step::Start => self.call(Method::POST, &path("start"), &()).await,
            Step::Deliver(deliver) => self.call(Method::POST, &path("deliver"), deliver).await,
            Step::Fail(failure) => self.call(Method::POST, &path("fail"), failure).await,
            Step::Reject(failure) => self.call(Method::POST, &path("reject"), failure).await,
            Step::Reschedule(schedule) => self.call(Method::POST, &path("reschedule"), schedule).await,
        }
    }

    /// Makes something go wrong.
    pub async fn add_fault(&self, fault: &Fault) -> Result<(), ControlError> {
        self.done(Method::POST, "/faults", fault).await
    }

    /// The faults that wait, with what is left of their counts.
    pub async fn faults(&self) -> Result<Vec<Fault>, ControlError> {
        self.get("/faults").await
    }

    /// Takes all faults away.
    pub async fn clear_faults(&self) -> Result<(), ControlError> {
        self.done(Method::DELETE, "/faults", &()).await
    }

    /// All data of all systems.
    pub async fn snapshot(&self) -> Result<Snapshot, ControlError> {
        self.get("/state").await
    }

    /// The writes after the one with this sequence number; 0 for all.
    pub async fn ledger(&self, after: u64) -> Result<Ledger, ControlError> {
        self.get(&format!("/ledger?after={after}")).await
    }

    /// Empties the ledger.
    pub async fn clear_ledger(&self) -> Result<(), ControlError> {
        self.done(Method::DELETE, "/ledger", &()).await
    }

    /// Forgets data, faults and the ledger.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.done(Method::POST, "/reset", &()).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        self.call(Method::GET, path, &()).await
    }

    async fn done(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), ControlError> {
        self.call::<IgnoredAny>(method, path, body).await.map(|_| ())
    }

    /// One call. `()` is no body.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ControlError> {
        let url = format!("{}{path}", self.base_url);
        let no_answer = |reason: String| ControlError::NoAnswer { url: url.clone(), reason };
        let unexpected = |reason: String| ControlError::Unexpected { url: url.clone(), reason };
        let mut body = serde_json::to_vec(body).map_err(|error| unexpected(error.to_string()))?;
        if body == b"null" {
            body.clear();
        }
        let request =
            http::Request::builder().method(method).uri(&url).header("content-type", "application/json");
        let request =
            request.body(Full::new(Bytes::from(body))).map_err(|error| no_answer(error.to_string()))?;
        let response = self.client.request(request).await.map_err(|error| no_answer(error.to_string()))?;
        let status = response.status();
        let body =
            response.into_body().collect().await.map_err(|error| no_answer(error.to_string()))?.to_bytes();
        if status != StatusCode::OK {
            let message = serde_json::from_slice(&body)
                .map_or_else(|_| String::from_utf8_lossy(&body).into_owned(), |ErrorBody { error }| error);
            return Err(ControlError::Refused { url, status: status.as_u16(), message });
        }
        serde_json::from_slice(&body).map_err(|error| unexpected(error.to_string()))
    }
}
