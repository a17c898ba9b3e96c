//! Orders and their fulfilments.

use transload_model::Order;
use transload_wire::ApiError;
use transload_wire::http::Answer;

use super::{Client, found};
use crate::fulfillment::{
    FulfillmentList, FulfillmentReply, NewFulfillment, PostedFulfillment, WireNewFulfillment,
};
use crate::order::{WireOrder, WireOrderRow};
use crate::page::{self, OrderPage, OrderQuery, Span};
use crate::{endpoints, payment};

impl Client<'_> {
    /// The order `id`, or none if there is none.
    pub fn order(&self, id: &str) -> Result<Option<Order>, ApiError> {
        let Some(answer) = self.order_answer(id)? else { return Ok(None) };
        read_order(&answer).map(Some)
    }

    /// The order `id` and the JSON text that it was read from, for settings that use members which the model has no place
    /// for; or none if there is none.
    pub fn order_with_raw(&self, id: &str) -> Result<Option<(Order, String)>, ApiError> {
        let Some(answer) = self.order_answer(id)? else { return Ok(None) };
        let order = read_order(&answer)?;
        match std::str::from_utf8(&answer.response.body) {
            Ok(raw) => Ok(Some((order, raw.to_owned()))),
            Err(error) => Err(answer.unreadable(error.to_string())),
        }
    }

    fn order_answer(&self, id: &str) -> Result<Option<Answer>, ApiError> {
        let query = [("altId", self.location_id)];
        found(self.get(&endpoints::GET_ORDER, &[id], &query), "order")
    }

    /// Some of the location's orders. They have no lines: those are told of an order alone.
    pub fn orders(&self, query: &OrderQuery) -> Result<OrderPage, ApiError> {
        let span = Span::new(query.start_at, query.end_at, query.limit, query.offset);
        let mut parameters = vec![("altId", self.location_id)];
        span.add_to(&mut parameters);
        let answer = self.get(&endpoints::LIST_ORDERS, &[], &parameters)?;
        page::read(&answer, WireOrderRow::into_model)
    }

    /// How many orders there are: the cheapest call that proves the token, its scope and the location.
    pub fn orders_total(&self) -> Result<u64, ApiError> {
        let query = [("altId", self.location_id), ("limit", "1"), ("offset", "0")];
        page::count(&self.get(&endpoints::LIST_ORDERS, &[], &query)?)
    }

    /// All fulfilments that are written for the order `order_id`.
    pub fn fulfillments(&self, order_id: &str) -> Result<Vec<PostedFulfillment>, ApiError> {
        let answer = self.get(&endpoints::LIST_FULFILLMENTS, &[order_id], &self.alt())?;
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
        let answer = self.send_json(&endpoints::CREATE_FULFILLMENT, &[order_id], &body)?;
        let reply: FulfillmentReply = answer.read()?;
        reply.data.and_then(|data| data.id).ok_or_else(|| answer.unreadable("data._id is missing"))
    }

    /// Records a payment of the order `order_id` that GoHighLevel did not take. One of zero or below is not sent.
    ///
    /// Look at the order's transactions before: recording a payment that GoHighLevel took itself counts it twice. The call
    /// has answered 404 `Order not found` for orders that exist
    /// (<https://github.com/GoHighLevel/highlevel-api-sdk/issues/19>, open in August 2026), so that answer is an error
    /// and does not say that the order is gone.
    pub fn record_payment(&self, order_id: &str, payment: &payment::NewPayment) -> Result<(), ApiError> {
        let request = self.request(&endpoints::RECORD_PAYMENT, &[order_id], &[]);
        if !payment.amount.amount.is_positive() {
            return Err(request.unsendable(format!("{} is no payment", payment.amount)));
        }
        let request = request.json(&payment::WireNewPayment::new(self.location_id, payment))?;
        let answer = self.send(request)?;
        let reply: payment::RecordReply = answer.read()?;
        if reply.success == Some(false) {
            return Err(answer.unreadable("success is false"));
        }
        Ok(())
    }
}

fn read_order(answer: &Answer) -> Result<Order, ApiError> {
    let order = answer.read::<WireOrder>()?.into_model();
    order.map_err(|error| answer.unreadable(error.to_string()))
}
