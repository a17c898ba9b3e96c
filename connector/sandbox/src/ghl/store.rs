//! What the GHL fake holds: orders with their fulfilments, transactions, contacts with their notes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use transload_model::Decimal;

use crate::SandboxOptions;
use crate::ids::Ids;
use crate::json::{Json, Number, Object};
use crate::pace::Window;

/// Orders that are held. A bench makes tens of thousands; an order with two lines takes about 4 KiB.
pub const ORDERS_MAX: usize = 100_000;

/// Fulfilments of an order, and transactions of an order.
pub const PER_ORDER_MAX: usize = 1_000;

/// Contacts that are held.
pub const CONTACTS_MAX: usize = 100_000;

/// Notes of a contact. Benches that share the sample's contact write one for each order.
pub const NOTES_MAX: usize = 100_000;

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
    pub captured: Decimal,
    pub refunded: Decimal,
    pub transactions: usize,
    pub fulfillments: Vec<Object>,
    pub created: Timestamp,
    pub live: bool,
    /// The vendor's analytics id: a UUID that has nothing to do with a parcel.
    pub tracking: String,
}

/// A payment, or a try.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub id: String,
    pub order: String,
    pub charge: String,
    pub amount: Number,
    pub refunded: Decimal,
    pub status: String,
    pub live: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// A contact and its notes.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    pub document: Object,
    pub notes: Vec<Object>,
}

/// The fake's data and how it admits requests.
#[derive(Debug)]
pub(crate) struct Ghl {
    pub token: String,
    pub location: String,
    pub scopes: Option<Vec<String>>,
    pub pacing: bool,
    pub windows: [Window; 2],
    /// In the order in which they were placed.
    pub orders: Vec<Order>,
    orders_by_id: HashMap<String, usize>,
    /// In the order in which they were made.
    pub transactions: Vec<Transaction>,
    transactions_by_id: HashMap<String, usize>,
    pub contacts: BTreeMap<String, Contact>,
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

    /// The order's lines.
    pub fn lines(&self) -> &[Json] {
        self.document.get("items").and_then(Json::as_array).unwrap_or_default()
    }

    /// The line with this price; the first, if several have it, because GHL cannot tell them apart.
    pub fn line_with_price(&self, price: &str) -> Option<&Json> {
        self.lines().iter().find(|line| price_of(line) == Some(price))
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
            orders: Vec::new(),
            orders_by_id: HashMap::new(),
            transactions: Vec::new(),
            transactions_by_id: HashMap::new(),
            contacts: BTreeMap::new(),
        }
    }

    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(*self.orders_by_id.get(id)?)
    }

    pub fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.get_mut(*self.orders_by_id.get(id)?)
    }

    pub fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.get(*self.transactions_by_id.get(id)?)
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
        let amount = document.get("amount").and_then(Json::as_decimal);
        let amount =
            amount.ok_or_else(|| StoreError::Invalid("an order needs a number in `amount`".to_owned()))?;
        let location = self.location.clone();
        document.set("altId", location.as_str());
        document.set("altType", "location");
        document.remove("type");
        document.remove("locationId");
        let id = document.str("_id").map_or_else(|| ids.hex24(), str::to_owned);
        if self.orders_by_id.contains_key(&id) {
            return Err(StoreError::Invalid(format!(
                "order {id} is there already: leave out `_id` for a new one"
            )));
        }
        document.set("_id", id.as_str());
        fill_in(&mut document, now);
        let created = document.str("createdAt").and_then(|text| text.parse().ok()).unwrap_or(now);
        let live = document.get("liveMode").and_then(Json::as_bool).unwrap_or(true);
        self.contact_of(&document)?;
        self.orders_by_id.insert(id.clone(), self.orders.len());
        self.orders.push(Order {
            document,
            amount,
            captured: Decimal::ZERO,
            refunded: Decimal::ZERO,
            transactions: 0,
            fulfillments: Vec::new(),
            created,
            live,
            tracking: ids.uuid(),
        });
        Ok(id)
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

    /// Takes a payment, or notes a try that failed. All that is due is paid if no amount is given. Returns the
    /// transaction's id, and whether the order's status changed to `completed` by it.
    pub fn pay(
        &mut self,
        order_id: &str,
        amount: Option<Number>,
        status: &str,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<(String, bool), StoreError> {
        let order = self.order_mut(order_id).ok_or_else(|| missing("order", order_id))?;
        if order.transactions >= PER_ORDER_MAX {
            return Err(StoreError::Full(format!("order {order_id} has {PER_ORDER_MAX} transactions")));
        }
        let due = order.amount.checked_sub(order.captured).map_err(invalid)?;
        let amount = amount.unwrap_or_else(|| due.into());
        let value = amount.decimal().filter(|value| value.is_positive()).ok_or_else(|| {
            StoreError::Invalid(format!("{} is not an amount to pay: {due} is due", amount.text()))
        })?;
        let mut completed = false;
        if status == "succeeded" {
            order.captured = order.captured.checked_add(value).map_err(invalid)?;
            completed = order.captured >= order.amount && order.document.str("status") == Some("pending");
        }
        if completed {
            order.document.set("status", "completed");
        }
        order.transactions += 1;
        order.document.set("updatedAt", format!("{now:.3}"));
        let live = order.live;
        let id = ids.hex24();
        self.transactions_by_id.insert(id.clone(), self.transactions.len());
        self.transactions.push(Transaction {
            id: id.clone(),
            order: order_id.to_owned(),
            charge: format!("ch_{}", ids.hex24()),
            amount,
            refunded: Decimal::ZERO,
            status: status.to_owned(),
            live,
            created: now,
            updated: now,
        });
        Ok((id, completed))
    }

    /// Gives money back: raises what the transaction calls refunded. All of the rest if no amount is given.
    pub fn refund(&mut self, id: &str, amount: Option<Number>, now: Timestamp) -> Result<(), StoreError> {
        let index = *self.transactions_by_id.get(id).ok_or_else(|| missing("transaction", id))?;
        let transaction = self.transactions.get_mut(index).ok_or_else(|| missing("transaction", id))?;
        if transaction.status != "succeeded" {
            return Err(StoreError::Invalid(format!(
                "transaction {id} is {}, not succeeded",
                transaction.status
            )));
        }
        let paid = transaction.amount.decimal().unwrap_or(Decimal::ZERO);
        let rest = paid.checked_sub(transaction.refunded).map_err(invalid)?;
        let value = amount.map_or(Some(rest), |amount| amount.decimal());
        let value = value.filter(|value| value.is_positive() && *value <= rest).ok_or_else(|| {
            StoreError::Invalid(format!("a refund of transaction {id} is above 0 and at most {rest}"))
        })?;
        transaction.refunded = transaction.refunded.checked_add(value).map_err(invalid)?;
        transaction.updated = now;
        let order_id = transaction.order.clone();
        let order = self.order_mut(&order_id).ok_or_else(|| missing("order", &order_id))?;
        order.refunded = order.refunded.checked_add(value).map_err(invalid)?;
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

fn missing(kind: &str, id: &str) -> StoreError {
    StoreError::Missing(format!("there is no {kind} {id}"))
}

fn invalid(error: transload_model::DecimalError) -> StoreError {
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
        ghl.orders.resize(ORDERS_MAX - 1, ghl.orders[0].clone());
        ghl.place(document.clone(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let result = ghl.place(document, &mut ids, Timestamp::UNIX_EPOCH);
        assert!(matches!(result, Err(StoreError::Full(_))));
    }

    #[test]
    fn one_transaction_too_many_is_refused() {
        let (mut ghl, mut ids) = ghl();
        let id = ghl.place(order(r#"{"amount":1}"#), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        for _ in 0..PER_ORDER_MAX {
            ghl.pay(&id, None, "failed", &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        }
        let result = ghl.pay(&id, None, "succeeded", &mut ids, Timestamp::UNIX_EPOCH);
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
