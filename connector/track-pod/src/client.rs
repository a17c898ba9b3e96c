//! The client: each call as a method.

use serde::Serialize;
use transload_model::Instant;
use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, Endpoint, Http, Request, text, time};

use crate::error::{deletion, refusal};
use crate::order::OrderList;
use crate::{NewOrder, Order, endpoints};

/// The document's limit of a driver's comment, in characters.
const COMMENT_MAX: usize = 255;

/// A client. The host adds the credential.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    http: &'a dyn Http,
}

/// What became of looking for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Here it is.
    Found(Box<Order>),
    /// There never was one.
    Missing,
    /// There was one, and it is gone for good.
    Deleted {
        /// Who deleted it.
        by: Option<String>,
        /// When.
        at: Option<Instant>,
    },
}

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The order is as it was told to be.
    Accepted,
    /// The driver has already dealt with it, so it stays as it is.
    TooLate {
        /// What Track-POD says.
        message: String,
    },
    /// There never was one.
    Missing,
    /// There was one, and it is gone for good.
    Deleted,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// There is none, or no longer.
    Missing,
    /// Somebody has arrived with it already, so it stays.
    TooLate {
        /// What Track-POD says.
        message: String,
    },
}

/// Why an order is not to be delivered although it is planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejection {
    /// What the driver and the dispatcher read. Shortened to 255 characters.
    pub comment: String,
    /// One of the account's reasons, from the order or site issues of its settings.
    pub reason_id: Option<i64>,
}

/// What became of a rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// It counts as not delivered.
    Accepted,
    /// It is not planned into a route, or what stands against it is of another kind.
    NotScheduled {
        /// What Track-POD says.
        message: String,
    },
    /// There is none, or no longer.
    Missing,
}

/// The body of `PUT …/Reject`. Without a time Track-POD takes the present one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireRejection<'a> {
    driver_comment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reason_id: Option<i64>,
}

impl<'a> Client<'a> {
    /// A client.
    pub fn new(http: &'a dyn Http) -> Self {
        Self { http }
    }

    /// Asks whether the key is good. A bad one fails with a status of 401.
    pub fn test(&self) -> Result<(), ApiError> {
        self.send(request(&endpoints::TEST, &[]))?.success(refusal).map(drop)
    }

    /// Looks for the order with our id `id`.
    pub fn order(&self, id: &str) -> Result<Lookup, ApiError> {
        let answer = self.send(request(&endpoints::GET_ORDER_BY_ID, &[id]))?;
        match answer.response.status {
            404 => Ok(Lookup::Missing),
            410 => {
                let (by, at) = deletion(&answer.response);
                Ok(Lookup::Deleted { by, at })
            }
            _ => answer.success(refusal)?.read().map(|order| Lookup::Found(Box::new(order))),
        }
    }

    /// Creates `order`. Track-POD would create a second one with the same id, so look first.
    pub fn create(&self, order: &NewOrder) -> Result<(), ApiError> {
        self.send(request(&endpoints::CREATE_ORDER, &[]).json(order)?)?.success(refusal).map(drop)
    }

    /// Makes the order that has `order`'s id be as `order` says.
    pub fn update(&self, order: &NewOrder) -> Result<Update, ApiError> {
        let answer = self.send(request(&endpoints::UPDATE_ORDER, &[]).json(order)?)?;
        match answer.response.status {
            404 => Ok(Update::Missing),
            405 => Ok(Update::TooLate {
                message: said(&answer, "the order has been processed on the mobile application"),
            }),
            410 => Ok(Update::Deleted),
            _ => answer.success(refusal).map(|_| Update::Accepted),
        }
    }

    /// Deletes the order with our id `id`.
    pub fn delete(&self, id: &str) -> Result<Deletion, ApiError> {
        let answer = self.send(request(&endpoints::DELETE_ORDER, &[id]))?;
        match answer.response.status {
            404 | 410 => Ok(Deletion::Missing),
            // 400 is what the document gives for an order that has a delivery status.
            400 | 405 => Ok(Deletion::TooLate { message: said(&answer, "the order has a delivery status") }),
            _ => answer.success(refusal).map(|_| Deletion::Deleted),
        }
    }

    /// Sets the order with our id `id`, which is planned into a route, to not delivered.
    pub fn reject(&self, id: &str, rejection: &Rejection) -> Result<Rejected, ApiError> {
        let comment = text::shorten(&rejection.comment, COMMENT_MAX);
        let body = WireRejection { driver_comment: &comment, reject_reason_id: rejection.reason_id };
        let answer = self.send(request(&endpoints::REJECT_ORDER, &[id]).json(&body)?)?;
        match answer.response.status {
            404 | 410 => Ok(Rejected::Missing),
            400 | 405 => Ok(Rejected::NotScheduled { message: said(&answer, "the order is not scheduled") }),
            _ => answer.success(refusal).map(|_| Rejected::Accepted),
        }
    }

    /// The orders whose status changed after `since`. Track-POD goes one day back at most, and refuses an earlier time.
    pub fn changed_since(&self, since: Instant) -> Result<Vec<Order>, ApiError> {
        // Seconds are cut off, so a change within the second of `since` comes again and is not lost. The document gives
        // its times without an offset and calls this one UTC.
        self.list(&endpoints::LIST_CHANGED, &time::format_naive(since).unwrap_or_default())
    }

    /// The orders for the day `date`, `2026-02-01`.
    pub fn orders_on(&self, date: &str) -> Result<Vec<Order>, ApiError> {
        self.list_day(&endpoints::LIST_BY_DATE, date)
    }

    /// The orders in the routes of the day `date`, `2026-02-01`.
    pub fn orders_routed_on(&self, date: &str) -> Result<Vec<Order>, ApiError> {
        self.list_day(&endpoints::LIST_BY_ROUTE_DATE, date)
    }

    /// The last 25 orders that have the number `number`; none if the last was deleted.
    pub fn orders_numbered(&self, number: &str) -> Result<Vec<Order>, ApiError> {
        let listed = self.list(&endpoints::LIST_BY_NUMBER, number);
        match listed {
            Err(ApiError::Status { status: 404 | 410, .. }) => Ok(Vec::new()),
            other => other,
        }
    }

    fn list_day(&self, endpoint: &Endpoint, date: &str) -> Result<Vec<Order>, ApiError> {
        if !time::is_date(date) {
            return Err(request(endpoint, &[date]).unsendable(format!("{date:?} is no date")));
        }
        self.list(endpoint, date)
    }

    fn list(&self, endpoint: &Endpoint, argument: &str) -> Result<Vec<Order>, ApiError> {
        let answer = self.send(request(endpoint, &[argument]))?.success(refusal)?;
        Ok(answer.read::<OrderList>()?.0)
    }

    fn send(&self, request: Request) -> Result<Answer, ApiError> {
        send(self.http, request)
    }
}

/// What Track-POD says against it, or `otherwise`.
fn said(answer: &Answer, otherwise: &str) -> String {
    refusal(&answer.response).message.unwrap_or_else(|| otherwise.to_owned())
}

fn request(endpoint: &Endpoint, arguments: &[&str]) -> Request {
    endpoint.request(crate::API.base_url, arguments, &[]).header("accept", "application/json")
}

#[cfg(test)]
mod tests;
