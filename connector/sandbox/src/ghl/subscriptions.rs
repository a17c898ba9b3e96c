//! `GET /payments/subscriptions` and `GET /payments/subscriptions/{subscriptionId}`, and what the control API does to
//! them: the API only reads them.
//!
//! Which id a transaction's `subscriptionId` is, is not documented; the OpenAPI file's example is one of a payment
//! provider, so the fake gives that. A subscription is found by either id.

use http::StatusCode;
use jiff::Timestamp;
use transload_model::Decimal;

use super::parameters::{Filter, check_location};
use super::payments::{NewPayment, ORIGIN};
use super::store::{Ghl, StoreError, is_live, missing, replace, time_of};
use super::transactions::{CONNECTED_ACCOUNT, flat_origin, provider};
use super::{Call, Refusal};
use crate::ids::Ids;
use crate::json::{Json, Number, Object};
use crate::message::Reply;

/// Subscriptions that are held.
pub const SUBSCRIPTIONS_MAX: usize = 100_000;

/// Members that list and detail have in common.
const COMMON: [&str; 14] = [
    "_id",
    "altId",
    "altType",
    "contactId",
    "currency",
    "amount",
    "status",
    "liveMode",
    "entityType",
    "entityId",
    "subscriptionId",
    "subscriptionSnapshot",
    "createdAt",
    "updatedAt",
];

/// Members that only the detail has.
const DETAIL: [&str; 8] = [
    "contactSnapshot",
    "coupon",
    "meta",
    "schedule",
    "autoPayment",
    "recurringProduct",
    "canceledAt",
    "canceledBy",
];

/// A subscription: its document, in which source and contact are as in an order.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub document: Object,
}

impl Subscription {
    fn text(&self, name: &str) -> &str {
        self.document.str(name).unwrap_or_default()
    }

    fn created(&self) -> Timestamp {
        time_of(&self.document, "createdAt").unwrap_or(Timestamp::MIN)
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let filter = Filter::read(call)?;
    let parameter = |name| call.request.parameter(name);
    let (entity, contact, id) = (parameter("entityId"), parameter("contactId"), parameter("id"));
    let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
    let subscriptions = &call.state.ghl.subscriptions;
    let found = subscriptions.between(filter.from, filter.before).rev().filter(|one| {
        filter.accepts(one.created(), is_live(&one.document))
            && is(&entity, one.text("entityId"))
            && is(&contact, one.text("contactId"))
            && (is(&id, one.text("_id")) || is(&id, one.text("subscriptionId")))
    });
    let found: Vec<&Subscription> = found.collect();
    let page = filter.page(&found, |subscription| list_item(subscription).into());
    Ok(call.reply(StatusCode::OK, page))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let subscription = call.state.ghl.subscription(id);
    let subscription = subscription.ok_or_else(|| Refusal::bad_request("Subscription not found"))?;
    let document = &subscription.document;
    let mut detail = document.pick(&COMMON);
    for (name, value) in document.pick(&DETAIL).iter() {
        detail.set(name, value.clone());
    }
    detail.set_some("entitySource", document.get("source").cloned());
    detail.set("paymentProvider", provider());
    detail.set("markAsTest", !is_live(document));
    Ok(call.reply(StatusCode::OK, detail))
}

/// An item of the list: source and provider are flat, and there is no schedule.
pub(super) fn list_item(subscription: &Subscription) -> Object {
    let mut item = subscription.document.pick(&COMMON);
    flat_origin(&mut item, &subscription.document);
    item.remove("entitySourceSubType");
    item.set("paymentProviderType", "stripe");
    item.set("paymentProviderConnectedAccount", CONNECTED_ACCOUNT);
    item
}

impl Ghl {
    /// The subscription of this id, or of this id at the payment provider.
    pub fn subscription(&self, id: &str) -> Option<&Subscription> {
        let by_provider = || self.subscriptions.iter().find(|one| one.text("subscriptionId") == id);
        self.subscriptions.get(id).or_else(by_provider)
    }

    /// Subscribes the customer of an order; members that are not given are the order's, or made up. Its id.
    pub fn subscribe(
        &mut self,
        order: &str,
        members: &Object,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(StoreError::Full(format!("{SUBSCRIPTIONS_MAX} subscriptions are held")));
        }
        let origin = &self.orders.get(order).ok_or_else(|| missing("order", order))?.document;
        let mut document = origin.pick(&ORIGIN);
        document.set_some("amount", origin.get("amount").cloned());
        document.set("liveMode", is_live(origin));
        document.set("status", "active");
        replace(&mut document, members)?;
        let id = members.str("_id").map_or_else(|| ids.hex24(), str::to_owned);
        if self.subscriptions.contains(&id) {
            return Err(StoreError::Invalid(format!("subscription {id} is there already")));
        }
        document.set("_id", id.as_str());
        document.set("altType", "location");
        document.set_default("entityType", "order");
        document.set("entityId", order);
        document.set_default("subscriptionId", format!("sub_{}", ids.hex24()));
        document.set_default("createdAt", format!("{now:.3}"));
        document.set_default("updatedAt", format!("{now:.3}"));
        let subscription = Subscription { document };
        let created = time_of(&subscription.document, "createdAt").unwrap_or(now);
        self.subscriptions.insert(&id, created, subscription);
        Ok(id)
    }

    /// Replaces members of a subscription: it is paused, cancelled, another amount.
    pub fn edit_subscription(
        &mut self,
        id: &str,
        members: &Object,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subscription = self.subscriptions.get_mut(id).ok_or_else(|| missing("subscription", id))?;
        subscription.document.set("updatedAt", format!("{now:.3}"));
        replace(&mut subscription.document, members)?;
        subscription.document.set("_id", id);
        let created = subscription.created();
        self.subscriptions.set_time(id, created);
        Ok(())
    }

    /// Charges a subscription once more, or tries to: a transaction of its order. The transaction's id.
    pub fn charge(
        &mut self,
        id: &str,
        amount: Option<Number>,
        status: &str,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let subscription = self.subscription(id).ok_or_else(|| missing("subscription", id))?;
        let order = subscription.text("entityId").to_owned();
        let own = subscription.document.get("amount").and_then(Json::as_decimal).unwrap_or(Decimal::ZERO);
        let amount = amount.unwrap_or_else(|| own.into());
        let subscription = Some(subscription.text("subscriptionId").to_owned());
        let payment = NewPayment { amount: Some(amount), status, taken: None, subscription };
        Ok(self.pay(&order, payment, ids, now)?.0)
    }
}
