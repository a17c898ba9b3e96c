//! The client: each call as a method.

use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, Endpoint, Http, Request, Response, time};

use crate::error::{Problem, refusal};
use crate::page::{self, PAGE_ROWS_MAX, Page, Query};
use crate::record::Record;
use crate::{Shape, SinkFulfillment, SinkInvoice, SinkOrder, SinkSubscription, SinkTransaction, endpoints};

/// A client. The host adds the credential and the idempotency keys.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    http: &'a dyn Http,
    shape: &'a Shape,
}

/// What became of a write with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// There was none, and there is one now.
    Created,
    /// It is now as it was told to be.
    Updated,
    /// The sink has a newer version and keeps it.
    Stale {
        /// What the sink says.
        message: String,
    },
}

/// What became of a fulfilment that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// It is stored.
    Created,
    /// One with its id was there already, and is as it was.
    Known(Box<SinkFulfillment>),
    /// The sink has no such order.
    NoOrder,
}

impl<'a> Client<'a> {
    /// A client for a sink of this shape.
    pub fn new(http: &'a dyn Http, shape: &'a Shape) -> Self {
        Self { http, shape }
    }

    /// Asks whether the token is good. A bad one fails with a status of 401.
    pub fn health(&self) -> Result<(), ApiError> {
        self.send(self.request(&endpoints::HEALTH, &[], &[]))?.success(refusal).map(drop)
    }

    /// The order `id`, or none if there is none.
    pub fn order(&self, id: &str) -> Result<Option<SinkOrder>, ApiError> {
        self.get(&endpoints::GET_ORDER, id)
    }

    /// Makes the order be as `order` says.
    pub fn put_order(&self, order: &SinkOrder) -> Result<Put, ApiError> {
        self.put(&endpoints::PUT_ORDER, order)
    }

    /// Some of the orders.
    pub fn orders(&self, query: &Query<'_>) -> Result<Page<SinkOrder>, ApiError> {
        self.list(&endpoints::LIST_ORDERS, query)
    }

    /// The fulfilments of the order `order_id`, or none if there is no such order.
    pub fn fulfillments(&self, order_id: &str) -> Result<Option<Vec<SinkFulfillment>>, ApiError> {
        let answer = self.send(self.request(&endpoints::LIST_FULFILLMENTS, &[order_id], &[]))?;
        let Some(answer) = found(answer)? else { return Ok(None) };
        Ok(Some(page::read(answer, self.shape, None)?.items))
    }

    /// Adds `fulfillment` to its order, unless it has one with that id.
    pub fn post_fulfillment(&self, fulfillment: &SinkFulfillment) -> Result<Posted, ApiError> {
        let order_id = fulfillment.fulfillment.order_id.as_str();
        let request = self.request(&endpoints::POST_FULFILLMENT, &[order_id], &[]);
        let Some(answer) = found(self.send(self.with_body(request, fulfillment)?)?)? else {
            return Ok(Posted::NoOrder);
        };
        match answer.response.status {
            200 => Ok(Posted::Known(Box::new(self.read(&answer)?))),
            _ => Ok(Posted::Created),
        }
    }

    /// The transaction `id`, or none if there is none.
    pub fn transaction(&self, id: &str) -> Result<Option<SinkTransaction>, ApiError> {
        self.get(&endpoints::GET_TRANSACTION, id)
    }

    /// Makes the transaction be as `transaction` says.
    pub fn put_transaction(&self, transaction: &SinkTransaction) -> Result<Put, ApiError> {
        self.put(&endpoints::PUT_TRANSACTION, transaction)
    }

    /// Some of the transactions.
    pub fn transactions(&self, query: &Query<'_>) -> Result<Page<SinkTransaction>, ApiError> {
        self.list(&endpoints::LIST_TRANSACTIONS, query)
    }

    /// The subscription `id`, or none if there is none.
    pub fn subscription(&self, id: &str) -> Result<Option<SinkSubscription>, ApiError> {
        self.get(&endpoints::GET_SUBSCRIPTION, id)
    }

    /// Makes the subscription be as `subscription` says.
    pub fn put_subscription(&self, subscription: &SinkSubscription) -> Result<Put, ApiError> {
        self.put(&endpoints::PUT_SUBSCRIPTION, subscription)
    }

    /// Some of the subscriptions.
    pub fn subscriptions(&self, query: &Query<'_>) -> Result<Page<SinkSubscription>, ApiError> {
        self.list(&endpoints::LIST_SUBSCRIPTIONS, query)
    }

    /// The invoice `id`, or none if there is none.
    pub fn invoice(&self, id: &str) -> Result<Option<SinkInvoice>, ApiError> {
        self.get(&endpoints::GET_INVOICE, id)
    }

    /// Makes the invoice be as `invoice` says.
    pub fn put_invoice(&self, invoice: &SinkInvoice) -> Result<Put, ApiError> {
        self.put(&endpoints::PUT_INVOICE, invoice)
    }

    /// Some of the invoices.
    pub fn invoices(&self, query: &Query<'_>) -> Result<Page<SinkInvoice>, ApiError> {
        self.list(&endpoints::LIST_INVOICES, query)
    }

    fn get<T: Record>(&self, endpoint: &Endpoint, id: &str) -> Result<Option<T>, ApiError> {
        let answer = self.send(self.request(endpoint, &[id], &[]))?;
        let Some(answer) = found(answer)? else { return Ok(None) };
        self.read(&answer).map(Some)
    }

    fn put<T: Record>(&self, endpoint: &Endpoint, object: &T) -> Result<Put, ApiError> {
        let request = self.with_body(self.request(endpoint, &[object.id()], &[]), object)?;
        let answer = self.send(request)?;
        match answer.response.status {
            201 => Ok(Put::Created),
            409 if let Some(message) = staleness(&answer.response) => Ok(Put::Stale { message }),
            _ => answer.success(refusal).map(|_| Put::Updated),
        }
    }

    fn list<T: Record>(&self, endpoint: &Endpoint, query: &Query<'_>) -> Result<Page<T>, ApiError> {
        let since = match query.updated_since {
            Some(since) => Some(time::format(since).ok_or_else(|| {
                let reason = format!("updated_since is {} ms, which is beyond the year 9999", since.0);
                self.request(endpoint, &[], &[]).unsendable(reason)
            })?),
            None => None,
        };
        let limit = query.limit.map(|limit| limit.clamp(1, PAGE_ROWS_MAX).to_string());
        let parameters =
            [("updated_since", since.as_deref()), ("cursor", query.cursor), ("limit", limit.as_deref())];
        let parameters: Vec<_> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some((self.shape.parameter(name), value?)))
            .collect();
        let answer = self.send(self.request(endpoint, &[], &parameters))?.success(refusal)?;
        page::read(answer, self.shape, query.cursor)
    }

    fn read<T: Record>(&self, answer: &Answer) -> Result<T, ApiError> {
        // What is no JSON at all may come whole the next time.
        answer.read::<serde::de::IgnoredAny>()?;
        let body = self.shape.inward(T::KIND, &answer.response.body);
        T::read(&body).map_err(|problem| answer.unreadable(problem))
    }

    fn request(&self, endpoint: &Endpoint, arguments: &[&str], query: &[(&str, &str)]) -> Request {
        let path = self.shape.path(endpoint);
        endpoint
            .request_at(path, crate::API.base_url, arguments, query)
            .header("accept", "application/json, application/problem+json")
    }

    fn with_body<T: Record>(&self, mut request: Request, object: &T) -> Result<Request, ApiError> {
        let body = object.write().map_err(|problem| request.unsendable(problem))?;
        let body = self.shape.outward(T::KIND, body);
        request.body = Some(body.map_err(|error| request.unsendable(error.to_string()))?);
        Ok(request.header("content-type", "application/json"))
    }

    fn send(&self, request: Request) -> Result<Answer, ApiError> {
        send(self.http, request)
    }
}

/// None for the sink's answer that there is no such object. A 404 without a JSON object is another thing: a wrong base URL,
/// for one.
fn found(answer: Answer) -> Result<Option<Answer>, ApiError> {
    if answer.response.status == 404 && Problem::of(&answer.response).is_some() {
        return Ok(None);
    }
    if answer.response.status == 404 && answer.response.body.trim_ascii_start().starts_with(b"{") {
        // It was cut on its way, and may come whole the next time.
        answer.read::<serde::de::IgnoredAny>()?;
    }
    answer.success(refusal).map(Some)
}

/// What a 409 says if it is about a version that is older than what is stored. A proxy's page is not.
fn staleness(response: &Response) -> Option<String> {
    let problem = match Problem::of(response) {
        None if response.body.is_empty() => Problem::default(),
        problem => problem?,
    };
    let message = problem.is_stale_version().then(|| problem.message())?;
    Some(message.unwrap_or_else(|| "what is stored is newer".to_owned()))
}

#[cfg(test)]
mod tests;
