//! What the GHL fake holds: orders with their fulfilments, contacts and what was sent to them. What was paid is in
//! [`payments`](super::payments).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use transload_model::Decimal;

use super::invoices::Invoice;
use super::opportunities::Opportunities;
use super::payments::Payments;
use super::providers::Providers;
use super::records::Records;
use super::subscriptions::Subscription;
use crate::SandboxOptions;
use crate::ids::Ids;
use crate::json::{Json, Object};
use crate::pace::Window;
use crate::shelf::Shelf;

/// Orders that are held. A bench makes tens of thousands; an order with two lines takes about 4 KiB.
pub const ORDERS_MAX: usize = 100_000;

/// Fulfilments of an order, and transactions of an order.
pub const PER_ORDER_MAX: usize = 1_000;

/// Contacts that are held.
pub const CONTACTS_MAX: usize = 100_000;

/// Notes of a contact, its messages, and the times it was added to a workflow: as many of each. Benches that share the
/// sample's contact write one for each order.
pub const NOTES_MAX: usize = 100_000;

/// Tags of a contact. Adding one compares it with all.
pub const TAGS_MAX: usize = 1_000;

/// Members that an object may have after the control API replaced some: twice those of the largest that a vendor has.
pub const MEMBERS_MAX: usize = 160;

/// Limits per app and location, by the vendor's page on rate limits.
const BURST: (u64, i64) = (100, 10_000);
const DAILY: (u64, i64) = (200_000, 24 * 60 * 60 * 1_000);

/// The sandbox cannot do what was asked; the text says why.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// There is no such object.
    Missing(String),
    /// The object is not in a state for it, or the data makes no sense.
    Invalid(String),
    /// A limit is reached.
    Full(String),
}

/// An order: the document that its webhook carries, and what came after.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub document: Object,
    pub amount: Decimal,
    /// What was paid for the order itself; a subscription's renewals are not in it.
    pub captured: Decimal,
    pub refunded: Decimal,
    pub transactions: usize,
    pub fulfillments: Vec<Object>,
    /// Fulfilments of which GHL was to tell the customer.
    pub notices: usize,
    pub created: Timestamp,
    pub live: bool,
    /// The vendor's analytics id: a UUID that has nothing to do with a parcel.
    pub tracking: String,
}

/// A contact and what was sent to it.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    pub document: Object,
    pub notes: Vec<Object>,
    pub messages: Vec<Object>,
    /// The ids of workflows, once for each time that the contact was added to one.
    pub workflows: Vec<String>,
}

/// The fake's data and how it admits requests.
#[derive(Debug)]
pub(crate) struct Ghl {
    pub token: String,
    pub location: String,
    pub scopes: Option<Vec<String>>,
    pub pacing: bool,
    pub windows: [Window; 2],
    pub orders: Shelf<Order>,
    pub payments: Payments,
    pub subscriptions: Shelf<Subscription>,
    pub invoices: Shelf<Invoice>,
    /// Invoices that were made, those too that are gone: the last one's number.
    pub invoices_made: usize,
    pub contacts: BTreeMap<String, Contact>,
    pub providers: Providers,
    pub records: Records,
    pub opportunities: Opportunities,
}

impl Order {
    /// What the `paymentStatus` filter of the list of orders goes by.
    pub fn payment_status(&self) -> &'static str {
        if self.captured.is_positive() && self.refunded >= self.captured {
            "refunded"
        } else if self.captured >= self.amount {
            "paid"
        } else if self.captured.is_positive() {
            "partially_paid"
        } else {
            "unpaid"
        }
    }

    /// The order's id.
    pub fn id(&self) -> &str {
        self.document.str("_id").unwrap_or_default()
    }

    /// The order's lines.
    pub fn lines(&self) -> &[Json] {
        self.document.get("items").and_then(Json::as_array).unwrap_or_default()
    }

    /// The line with this price; the first, if several have it, because GHL cannot tell them apart.
    pub fn line_with_price(&self, price: &str) -> Option<&Json> {
        self.lines().iter().find(|line| price_of(line) == Some(price))
    }

    /// Replaces the fulfilments; the status that sums them up follows.
    pub fn set_fulfillments(&mut self, fulfillments: Vec<Object>, now: Timestamp) {
        self.fulfillments = fulfillments;
        // Only `unfulfilled` is in a sample of the vendor; the other two words are ours, from its workflow trigger's text.
        let status = match self.fulfillments.as_slice() {
            [] => "unfulfilled",
            _ if self.is_fulfilled() => "fulfilled",
            _ => "partially_fulfilled",
        };
        self.document.set("fulfillmentStatus", status);
        self.document.set("updatedAt", format!("{now:.3}"));
    }

    /// Whether everything that was ordered has been fulfilled, price by price.
    pub fn is_fulfilled(&self) -> bool {
        let mut open: HashMap<&str, Decimal> = HashMap::new();
        for line in self.lines() {
            add(&mut open, price_of(line).unwrap_or_default(), line.get("qty"), Decimal::checked_add);
        }
        let fulfilled =
            self.fulfillments.iter().filter_map(|fulfillment| fulfillment.get("items")?.as_array());
        for item in fulfilled.flatten() {
            add(&mut open, price_of(item).unwrap_or_default(), item.get("qty"), Decimal::checked_sub);
        }
        open.values().all(|left| !left.is_positive())
    }
}

/// The price id of an order's line, or of a fulfilment's.
pub(crate) fn price_of(line: &Json) -> Option<&str> {
    line.get("price")?.get("_id")?.as_str()
}

fn add<'a, E>(
    sums: &mut HashMap<&'a str, Decimal>,
    key: &'a str,
    amount: Option<&Json>,
    operation: impl Fn(Decimal, Decimal) -> Result<Decimal, E>,
) {
    let sum = sums.entry(key).or_insert(Decimal::ZERO);
    let amount = amount.and_then(Json::as_decimal).unwrap_or(Decimal::ZERO);
    // A sum beyond 64 bits stays what it was; quantities are nowhere near.
    *sum = operation(*sum, amount).unwrap_or(*sum);
}

impl Ghl {
    pub fn new(options: &SandboxOptions) -> Self {
        Self {
            token: options.ghl_token.clone(),
            location: options.ghl_location.clone(),
            scopes: options.ghl_scopes.clone(),
            pacing: options.pacing,
            windows: [Window::new(BURST.0, BURST.1), Window::new(DAILY.0, DAILY.1)],
            orders: Shelf::default(),
            payments: Payments::default(),
            subscriptions: Shelf::default(),
            invoices: Shelf::default(),
            invoices_made: 0,
            contacts: BTreeMap::new(),
            providers: Providers::default(),
            records: Records::default(),
            opportunities: Opportunities::default(),
        }
    }

    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(id)
    }

    pub fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.get_mut(id)
    }

    /// Places an order. Its location is the sandbox's; an id, times and statuses that it lacks are made up.
    pub fn place(
        &mut self,
        mut document: Object,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        if self.orders.len() >= ORDERS_MAX {
            return Err(StoreError::Full(format!("{ORDERS_MAX} orders are held: reset the sandbox")));
        }
        let amount = amount_of(&document)?;
        document.set("altId", self.location.as_str());
        document.set("altType", "location");
        document.remove("type");
        document.remove("locationId");
        let id = document.str("_id").map_or_else(|| ids.hex24(), str::to_owned);
        if self.orders.contains(&id) {
            return Err(StoreError::Invalid(format!(
                "order {id} is there already: leave out `_id` for a new one"
            )));
        }
        document.set("_id", id.as_str());
        fill_in(&mut document, now);
        self.contact_of(&document)?;
        let created = time_of(&document, "createdAt").unwrap_or(now);
        let order = Order {
            amount,
            captured: Decimal::ZERO,
            refunded: Decimal::ZERO,
            transactions: 0,
            fulfillments: Vec::new(),
            notices: 0,
            created,
            live: is_live(&document),
            tracking: ids.uuid(),
            document,
        };
        self.orders.insert(&id, created, order);
        Ok(id)
    }

    /// Replaces members of an order as nobody can through the API; null takes one away. What was paid and fulfilled stays.
    pub fn edit_order(&mut self, id: &str, members: &Object) -> Result<(), StoreError> {
        let order = self.orders.get_mut(id).ok_or_else(|| missing("order", id))?;
        let mut document = order.document.clone();
        replace(&mut document, members)?;
        document.set("_id", id);
        order.amount = amount_of(&document)?;
        order.live = is_live(&document);
        order.created = time_of(&document, "createdAt").unwrap_or(order.created);
        order.document = document;
        let created = order.created;
        self.orders.set_time(id, created);
        Ok(())
    }

    /// Makes the contact of an order from its snapshot, unless it is there.
    fn contact_of(&mut self, order: &Object) -> Result<(), StoreError> {
        let Some(id) = order.str("contactId") else { return Ok(()) };
        if self.contacts.contains_key(id) {
            return Ok(());
        }
        let snapshot = order.get("contactSnapshot").and_then(Json::as_object).cloned().unwrap_or_default();
        self.put_contact(id, &snapshot)
    }

    /// Sets members of a contact, which is made if it is not there.
    pub fn put_contact(&mut self, id: &str, members: &Object) -> Result<(), StoreError> {
        if self.contacts.len() >= CONTACTS_MAX && !self.contacts.contains_key(id) {
            return Err(StoreError::Full(format!("{CONTACTS_MAX} contacts are held: reset the sandbox")));
        }
        let contact = self.contacts.entry(id.to_owned()).or_default();
        for (name, value) in members.iter() {
            contact.document.set(name, value.clone());
        }
        contact.document.set("id", id);
        contact.document.set("locationId", self.location.as_str());
        Ok(())
    }

    /// Sets an order's status.
    pub fn set_status(&mut self, id: &str, status: &str, now: Timestamp) -> Result<(), StoreError> {
        let order = self.order_mut(id).ok_or_else(|| missing("order", id))?;
        order.document.set("status", status);
        order.document.set("updatedAt", format!("{now:.3}"));
        Ok(())
    }
}

/// Statuses and times of a new order, as far as it lacks them.
fn fill_in(document: &mut Object, now: Timestamp) {
    document.set_default("status", "pending");
    document.set_default("fulfillmentStatus", "unfulfilled");
    document.set_default("createdAt", format!("{now:.3}"));
    document.set_default("updatedAt", format!("{now:.3}"));
}

/// Replaces members of a document; null takes one away.
pub(super) fn replace(document: &mut Object, members: &Object) -> Result<(), StoreError> {
    overlay(document, members)?;
    for (name, _) in members.iter().filter(|(_, value)| **value == Json::Null) {
        document.remove(name);
    }
    Ok(())
}

/// Replaces members of what lies over an object when it is shown; a null stays, and hides the member below.
pub(crate) fn overlay(edits: &mut Object, members: &Object) -> Result<(), StoreError> {
    let added = members.iter().filter(|(name, _)| edits.get(name).is_none()).count();
    if edits.iter().count() + added > MEMBERS_MAX {
        return Err(StoreError::Full(format!("an object has at most {MEMBERS_MAX} members")));
    }
    for (name, value) in members.iter() {
        edits.set(name, value.clone());
    }
    Ok(())
}

/// A member that is a time with an offset.
pub(super) fn time_of(document: &Object, name: &str) -> Option<Timestamp> {
    document.str(name).and_then(|text| text.parse().ok())
}

/// Whether a document is of live mode; it is unless it says otherwise.
pub(super) fn is_live(document: &Object) -> bool {
    document.get("liveMode").and_then(Json::as_bool).unwrap_or(true)
}

fn amount_of(order: &Object) -> Result<Decimal, StoreError> {
    let amount = order.get("amount").and_then(Json::as_decimal);
    amount.ok_or_else(|| StoreError::Invalid("an order needs a number in `amount`".to_owned()))
}

pub(super) fn missing(kind: &str, id: &str) -> StoreError {
    StoreError::Missing(format!("there is no {kind} {id}"))
}

pub(super) fn invalid(error: transload_model::DecimalError) -> StoreError {
    StoreError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Object {
        Json::parse(text).unwrap().as_object().unwrap().clone()
    }

    fn ghl() -> (Ghl, Ids) {
        (Ghl::new(&SandboxOptions::default()), Ids::new(Some(1)))
    }

    #[test]
    fn one_order_too_many_is_refused() {
        let (mut ghl, mut ids) = ghl();
        let document = order(r#"{"amount":1}"#);
        ghl.place(document.clone(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let order = ghl.orders.iter().next().unwrap().clone();
        for id in 2..ORDERS_MAX {
            ghl.orders.insert(&id.to_string(), Timestamp::UNIX_EPOCH, order.clone());
        }
        ghl.place(document.clone(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let result = ghl.place(document, &mut ids, Timestamp::UNIX_EPOCH);
        assert!(matches!(result, Err(StoreError::Full(_))));
    }

    #[test]
    fn one_contact_too_many_is_refused_and_known_ones_are_not() {
        let (mut ghl, _) = ghl();
        for id in 0..CONTACTS_MAX {
            ghl.put_contact(&id.to_string(), &Object::default()).unwrap();
        }
        assert!(matches!(ghl.put_contact("new", &Object::default()), Err(StoreError::Full(_))));
        assert!(ghl.put_contact("0", &Object::default()).is_ok());
    }

    #[test]
    fn an_order_is_fulfilled_when_nothing_of_any_price_is_open() {
        let (mut ghl, mut ids) = ghl();
        let lines = r#"{"amount":1,"items":[{"qty":2,"price":{"_id":"a"}},{"qty":1,"price":{"_id":"a"}},
            {"qty":0.5,"price":{"_id":"b"}}]}"#;
        let id = ghl.place(order(lines), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let order_of = |ghl: &Ghl| ghl.order(&id).unwrap().is_fulfilled();
        for (price, qty, fulfilled) in
            [("a", "2", false), ("b", "0.3", false), ("a", "1", false), ("b", "0.2", true)]
        {
            let fulfillment = format!(r#"{{"items":[{{"qty":{qty},"price":{{"_id":"{price}"}}}}]}}"#);
            ghl.order_mut(&id).unwrap().fulfillments.push(order(&fulfillment));
            assert_eq!(order_of(&ghl), fulfilled, "after {qty} of {price}");
        }
    }
}
