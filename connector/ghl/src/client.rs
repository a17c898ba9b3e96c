//! The client: each call as a method.

use std::collections::BTreeSet;

use serde::Deserialize;
use transload_model::{Instant, Order, Party, Transaction};
use transload_wire::http::{Answer, send};
use transload_wire::{ApiError, Endpoint, Http, Request, time, tolerant};

use crate::contact::ContactReply;
use crate::endpoints;
use crate::error::refusal;
use crate::fulfillment::{
    FulfillmentList, FulfillmentReply, NewFulfillment, PostedFulfillment, WireNewFulfillment,
};
use crate::note::{NewNote, Note, NoteList, NoteReply};
use crate::order::WireOrder;
use crate::transaction::WireTransaction;

/// Rows asked for at once. The largest allowed is not documented; 100 is what other clients of the API use.
const PAGE_ROWS: u32 = 100;

/// Most pages that are read of one order's transactions: 5,000 payments of one order are no order but a fault.
const ORDER_PAGES_MAX: u32 = 50;

/// A client for one location (GoHighLevel's word for a sub-account). The host adds the credential.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    http: &'a dyn Http,
    base_url: &'a str,
    version: &'a str,
    location_id: &'a str,
}

/// Which transactions to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionQuery {
    /// From this day on (UTC); whether GoHighLevel counts by creation or by change is not documented.
    pub start_at: Option<Instant>,
    /// Most rows to answer.
    pub limit: u32,
    /// How many rows to skip.
    pub offset: u64,
}

/// Some rows of a listing. Their order is not documented, so pages may overlap and rows may come twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionPage {
    /// The rows.
    pub rows: Vec<Transaction>,
    /// How many there are in all.
    pub total: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTransactionPage {
    #[serde(default, deserialize_with = "tolerant::list")]
    data: Vec<WireTransaction>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    total_count: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTotal {
    #[serde(default, deserialize_with = "tolerant::integer")]
    total_count: Option<i64>,
}

impl<'a> Client<'a> {
    /// A client for the location `location_id`.
    pub fn new(http: &'a dyn Http, location_id: &'a str) -> Self {
        let version = crate::API.version_header.map_or("", |(_, version)| version);
        Self { http, base_url: crate::API.base_url, version, location_id }
    }

    /// Asks for another version of the API.
    pub fn version(self, version: &'a str) -> Self {
        Self { version, ..self }
    }

    /// The order `id`, or none if there is none.
    pub fn order(&self, id: &str) -> Result<Option<Order>, ApiError> {
        let request = self.request(&endpoints::GET_ORDER, &[id], &[("altId", self.location_id)]);
        let Some(answer) = found(self.send(request), "order")? else { return Ok(None) };
        let order = answer.read::<WireOrder>()?.into_model();
        order.map(Some).map_err(|error| answer.unreadable(error.to_string()))
    }

    /// How many orders there are: the cheapest call that proves the token, its scope and the location.
    pub fn orders_total(&self) -> Result<u64, ApiError> {
        let query = [("altId", self.location_id), ("limit", "1"), ("offset", "0")];
        let answer = self.send(self.request(&endpoints::LIST_ORDERS, &[], &query))?;
        total(&answer, answer.read::<WireTotal>()?.total_count)
    }

    /// The transaction `id`, or none if there is none.
    pub fn transaction(&self, id: &str) -> Result<Option<Transaction>, ApiError> {
        let request = self.request(&endpoints::GET_TRANSACTION, &[id], &self.alt());
        let Some(answer) = found(self.send(request), "transaction")? else { return Ok(None) };
        let transaction = answer.read::<WireTransaction>()?.into_model();
        transaction.map(Some).map_err(|error| answer.unreadable(error.to_string()))
    }

    /// All transactions of the order `order_id`, each once. An order has several when it is paid in parts or renewed.
    pub fn order_transactions(&self, order_id: &str) -> Result<Vec<Transaction>, ApiError> {
        let mut seen = BTreeSet::new();
        let mut transactions = Vec::new();
        for page in 0..ORDER_PAGES_MAX {
            let offset = u64::from(page) * u64::from(PAGE_ROWS);
            let (answer, read) = self.transaction_page(&[("entityId", order_id)], PAGE_ROWS, offset)?;
            let rows = read.rows.len();
            transactions.extend(read.rows.into_iter().filter(|row| seen.insert(row.id.clone())));
            if rows == 0 || offset + u64::from(PAGE_ROWS) >= read.total {
                return Ok(transactions);
            }
            if page + 1 == ORDER_PAGES_MAX {
                return Err(answer.unreadable(format!("order {order_id} has {} transactions", read.total)));
            }
        }
        Ok(transactions)
    }

    /// Some of the location's transactions.
    pub fn transactions(&self, query: &TransactionQuery) -> Result<TransactionPage, ApiError> {
        let start_at = query.start_at.and_then(time::format_date);
        let start_at = start_at.as_deref().map(|date| ("startAt", date));
        let (_, page) = self.transaction_page(start_at.as_slice(), query.limit, query.offset)?;
        Ok(page)
    }

    /// All fulfilments that are written for the order `order_id`.
    pub fn fulfillments(&self, order_id: &str) -> Result<Vec<PostedFulfillment>, ApiError> {
        let answer = self.send(self.request(&endpoints::LIST_FULFILLMENTS, &[order_id], &self.alt()))?;
        let list: FulfillmentList = answer.read()?;
        let fulfillments =
            list.data.into_iter().map(|fulfillment| fulfillment.into_model()).collect::<Result<_, _>>();
        fulfillments.map_err(|error| answer.unreadable(error.to_string()))
    }

    /// Writes a fulfilment for the order `order_id` and answers its id.
    pub fn create_fulfillment(
        &self,
        order_id: &str,
        fulfillment: &NewFulfillment,
    ) -> Result<String, ApiError> {
        let body = WireNewFulfillment::new(self.location_id, fulfillment);
        let answer = self.post(&endpoints::CREATE_FULFILLMENT, order_id, &body)?;
        let reply: FulfillmentReply = answer.read()?;
        reply.data.and_then(|data| data.id).ok_or_else(|| answer.unreadable("data._id is missing"))
    }

    /// The contact `id`, or none if there is none.
    pub fn contact(&self, id: &str) -> Result<Option<Party>, ApiError> {
        let request = self.request(&endpoints::GET_CONTACT, &[id], &[]);
        let Some(answer) = found(self.send(request), "contact")? else { return Ok(None) };
        let reply: ContactReply = answer.read()?;
        let contact = reply.contact.ok_or_else(|| answer.unreadable("contact is missing"))?;
        Ok(Some(contact.into_model(Some(id.to_owned()))))
    }

    /// All notes of the contact `contact_id`.
    pub fn notes(&self, contact_id: &str) -> Result<Vec<Note>, ApiError> {
        let answer = self.send(self.request(&endpoints::LIST_NOTES, &[contact_id], &[]))?;
        let list: NoteList = answer.read()?;
        let notes = list
            .notes
            .into_iter()
            .map(|note| Some(Note { id: note.id?, body: note.body.unwrap_or_default() }));
        notes.collect::<Option<_>>().ok_or_else(|| answer.unreadable("a note's id is missing"))
    }

    /// Writes a note on the contact `contact_id` and answers its id.
    pub fn create_note(&self, contact_id: &str, body: &str) -> Result<String, ApiError> {
        let answer = self.post(&endpoints::CREATE_NOTE, contact_id, &NewNote { body })?;
        let reply: NoteReply = answer.read()?;
        reply.note.and_then(|note| note.id).ok_or_else(|| answer.unreadable("note.id is missing"))
    }

    fn transaction_page(
        &self,
        filter: &[(&str, &str)],
        limit: u32,
        offset: u64,
    ) -> Result<(Answer, TransactionPage), ApiError> {
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let mut query = self.alt().to_vec();
        query.extend_from_slice(filter);
        query.extend([("limit", limit.as_str()), ("offset", offset.as_str())]);
        let answer = self.send(self.request(&endpoints::LIST_TRANSACTIONS, &[], &query))?;
        let page: WireTransactionPage = answer.read()?;
        let total = total(&answer, page.total_count)?;
        let rows = page.data.into_iter().map(WireTransaction::into_model).collect::<Result<_, _>>();
        let rows = rows.map_err(|error| answer.unreadable(error.to_string()))?;
        Ok((answer, TransactionPage { rows, total }))
    }

    /// The query by which payments calls name the location.
    fn alt(&self) -> [(&'static str, &'a str); 2] {
        [("altId", self.location_id), ("altType", "location")]
    }

    fn request(&self, endpoint: &Endpoint, arguments: &[&str], query: &[(&str, &str)]) -> Request {
        let request = endpoint.request(self.base_url, arguments, query).header("accept", "application/json");
        match crate::API.version_header {
            Some((name, _)) => request.header(name, self.version),
            None => request,
        }
    }

    fn send(&self, request: Request) -> Result<Answer, ApiError> {
        send(self.http, request)?.success(refusal)
    }

    fn post(&self, endpoint: &Endpoint, id: &str, body: &impl serde::Serialize) -> Result<Answer, ApiError> {
        self.send(self.request(endpoint, &[id], &[]).json(body)?)
    }
}

/// A listing's `totalCount`. Without it nobody could tell a last page from a broken one, and a payment would be missed.
fn total(answer: &Answer, total_count: Option<i64>) -> Result<u64, ApiError> {
    let total = total_count.and_then(|total| u64::try_from(total).ok());
    total.ok_or_else(|| answer.unreadable("totalCount is missing or below zero"))
}

/// None for the answer that there is no such `object`. It is documented as a 400 with the message `Order not found`;
/// some calls answer 404. A 404 without these words is another thing: a wrong base URL, for one.
fn found(answer: Result<Answer, ApiError>, object: &str) -> Result<Option<Answer>, ApiError> {
    match answer {
        Err(ApiError::Status { status: 400 | 404, message, .. }) if is_not_found(&message, object) => {
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn is_not_found(message: &str, object: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("not found") && message.contains(object)
}

#[cfg(test)]
mod tests;
