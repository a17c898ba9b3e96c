//! What was paid, tried and given back: the transactions and how they come to be.

use std::collections::HashMap;

use jiff::Timestamp;
use transload_model::Decimal;

use super::store::{Ghl, Order, PER_ORDER_MAX, StoreError, invalid, is_live, missing, overlay, time_of};
use crate::ids::Ids;
use crate::json::{Json, Number, Object};
use crate::shelf::Shelf;

/// Transactions that are held: a few for each order that may be.
pub const TRANSACTIONS_MAX: usize = 400_000;

/// Members of an order that its transactions take over, and keep when the order changes or goes.
pub(super) const ORIGIN: [&str; 5] = ["altId", "contactId", "currency", "contactSnapshot", "source"];

/// A payment, or a try.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub id: String,
    /// What it pays for.
    pub kind: EntityKind,
    /// `entityId`: the id of that. It may be gone.
    pub entity: String,
    pub amount: Number,
    pub refunded: Decimal,
    pub status: String,
    pub live: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub taken: Taken,
    /// The subscription's id at the payment provider.
    pub subscription: Option<String>,
    /// Members of the order as it was.
    pub origin: Object,
    /// Members that the control API replaced; null hides one.
    pub edits: Object,
}

/// What a payment is for: `entityType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntityKind {
    Order,
    Invoice,
}

impl EntityKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Invoice => "invoice",
        }
    }
}

/// Who took the money.
#[derive(Debug, Clone)]
pub(crate) enum Taken {
    /// GHL's own payment provider, which calls it this.
    Provider { charge: String },
    /// Someone else, who then recorded it. The body of the call that did so.
    ByHand { record: Object },
}

impl Taken {
    /// By hand, as the record says; without one, by the provider.
    pub(super) fn by(record: Option<Object>, ids: &mut Ids) -> Self {
        let charge = format!("ch_{}", ids.hex24());
        match record {
            Some(record) => Self::ByHand { record },
            None => Self::Provider { charge },
        }
    }
}

/// The transactions, by id and by what they pay for.
#[derive(Debug, Default)]
pub(crate) struct Payments {
    pub all: Shelf<Transaction>,
    by_entity: HashMap<String, Vec<String>>,
}

impl Payments {
    pub fn get(&self, id: &str) -> Option<&Transaction> {
        self.all.get(id)
    }

    /// The transactions of an order or an invoice, oldest first.
    pub fn of_entity(&self, entity: &str) -> Vec<&Transaction> {
        let ids = self.by_entity.get(entity).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<_> = ids.iter().filter_map(|id| self.all.get(id)).collect();
        // Stable: those of one time stay in the order in which they came.
        found.sort_by_key(|transaction| transaction.created);
        found
    }

    pub(super) fn add(&mut self, transaction: Transaction) {
        let (id, created) = (transaction.id.clone(), transaction.created);
        self.by_entity.entry(transaction.entity.clone()).or_default().push(id.clone());
        self.all.insert(&id, created, transaction);
    }

    /// Whether one more can be noted of an order or an invoice that has so many.
    pub(super) fn check_room(&self, kind: EntityKind, id: &str, held: usize) -> Result<(), StoreError> {
        if self.all.len() >= TRANSACTIONS_MAX {
            return Err(StoreError::Full(format!("{TRANSACTIONS_MAX} transactions are held")));
        }
        if held >= PER_ORDER_MAX {
            return Err(StoreError::Full(format!("{} {id} has {PER_ORDER_MAX} transactions", kind.name())));
        }
        Ok(())
    }

    fn leave(&mut self, entity: &str, id: &str) {
        if let Some(ids) = self.by_entity.get_mut(entity) {
            ids.retain(|other| other != id);
        }
    }

    /// Takes a transaction away without a trace. The order's own sums stay what they were.
    pub fn remove(&mut self, id: &str) -> Result<(), StoreError> {
        let removed = self.all.remove(id).ok_or_else(|| missing("transaction", id))?;
        self.leave(&removed.entity, id);
        Ok(())
    }

    /// Replaces members of a transaction as nobody can through the API. The order's own sums stay what they were.
    pub fn edit(&mut self, id: &str, members: &Object) -> Result<(), StoreError> {
        let transaction = self.all.get_mut(id).ok_or_else(|| missing("transaction", id))?;
        overlay(&mut transaction.edits, members)?;
        transaction.edits.remove("_id");
        let former = transaction.entity.clone();
        transaction.follow(members);
        let (entity, created) = (transaction.entity.clone(), transaction.created);
        if entity != former {
            self.leave(&former, id);
            self.by_entity.entry(entity).or_default().push(id.to_owned());
        }
        self.all.set_time(id, created);
        Ok(())
    }
}

impl Transaction {
    /// Takes over those of the replaced members by which transactions are found and counted.
    fn follow(&mut self, members: &Object) {
        if let Some(entity) = members.str("entityId") {
            self.entity = entity.to_owned();
        }
        if let Some(Json::Number(amount)) = members.get("amount") {
            self.amount = amount.clone();
        }
        if let Some(refunded) = members.get("amountRefunded").and_then(Json::as_decimal) {
            self.refunded = refunded;
        }
        if let Some(status) = members.str("status") {
            self.status = status.to_owned();
        }
        if let Some(contact) = members.str("contactId") {
            self.origin.set("contactId", contact);
        }
        if members.get("liveMode").is_some() {
            self.live = is_live(members);
        }
        if let Some(subscription) = members.get("subscriptionId") {
            self.subscription = subscription.as_str().map(str::to_owned);
        }
        self.created = time_of(members, "createdAt").unwrap_or(self.created);
        self.updated = time_of(members, "updatedAt").unwrap_or(self.updated);
    }
}

/// A payment to be noted.
pub(crate) struct NewPayment<'a> {
    /// All that is due without it.
    pub amount: Option<Number>,
    pub status: &'a str,
    pub taken: Option<Object>,
    pub subscription: Option<String>,
}

impl Ghl {
    /// Takes a payment, or notes a try that failed. Returns the transaction's id, and whether the order's status changed to
    /// `completed` by it.
    pub fn pay(
        &mut self,
        order_id: &str,
        payment: NewPayment<'_>,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<(String, bool), StoreError> {
        let order = self.orders.get_mut(order_id).ok_or_else(|| missing("order", order_id))?;
        self.payments.check_room(EntityKind::Order, order_id, order.transactions)?;
        let due = order.due().map_err(invalid)?;
        let amount = payment.amount.unwrap_or_else(|| due.into());
        let value = amount.decimal().filter(|value| value.is_positive()).ok_or_else(|| {
            StoreError::Invalid(format!("{} is not an amount to pay: {due} is due", amount.text()))
        })?;
        let counts = payment.status == "succeeded" && payment.subscription.is_none();
        let completed = counts && order.capture(value).map_err(invalid)?;
        order.transactions += 1;
        order.document.set("updatedAt", format!("{now:.3}"));
        let (id, taken) = (ids.hex24(), Taken::by(payment.taken, ids));
        self.payments.add(Transaction {
            id: id.clone(),
            kind: EntityKind::Order,
            entity: order_id.to_owned(),
            amount,
            refunded: Decimal::ZERO,
            status: payment.status.to_owned(),
            live: order.live,
            created: now,
            updated: now,
            taken,
            subscription: payment.subscription,
            origin: order.document.pick(&ORIGIN),
            edits: Object::default(),
        });
        Ok((id, completed))
    }

    /// Gives money back: raises what the transaction calls refunded. All of the rest if no amount is given.
    pub fn refund(&mut self, id: &str, amount: Option<Number>, now: Timestamp) -> Result<(), StoreError> {
        let transaction = self.payments.all.get_mut(id).ok_or_else(|| missing("transaction", id))?;
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
        transaction.edits.remove("amountRefunded");
        transaction.edits.remove("updatedAt");
        let order = match transaction.kind {
            _ if transaction.subscription.is_some() => None,
            EntityKind::Order => Some(transaction.entity.as_str()),
            EntityKind::Invoice => {
                self.invoices.get(&transaction.entity).and_then(|invoice| invoice.order.as_deref())
            }
        };
        if let Some(order) = order.and_then(|id| self.orders.get_mut(id)) {
            order.refunded = order.refunded.checked_add(value).map_err(invalid)?;
        }
        Ok(())
    }
}

impl Order {
    /// What is still to be paid.
    pub fn due(&self) -> Result<Decimal, transload_model::DecimalError> {
        self.amount.checked_sub(self.captured)
    }

    /// Counts a payment; whether the order's status changed to `completed` by it.
    pub(super) fn capture(&mut self, value: Decimal) -> Result<bool, transload_model::DecimalError> {
        self.captured = self.captured.checked_add(value)?;
        let completed = self.captured >= self.amount && self.document.str("status") == Some("pending");
        if completed {
            self.document.set("status", "completed");
        }
        Ok(completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SandboxOptions;

    fn failed() -> NewPayment<'static> {
        NewPayment { amount: None, status: "failed", taken: None, subscription: None }
    }

    fn with_order() -> (Ghl, Ids, String) {
        let (mut ghl, mut ids) = (Ghl::new(&SandboxOptions::default()), Ids::new(Some(1)));
        let mut order = Object::default();
        order.set("amount", 1_i64);
        let id = ghl.place(order, &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        (ghl, ids, id)
    }

    #[test]
    fn one_transaction_of_an_order_too_many_is_refused() {
        let (mut ghl, mut ids, id) = with_order();
        for _ in 0..PER_ORDER_MAX {
            ghl.pay(&id, failed(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        }
        let result = ghl.pay(&id, failed(), &mut ids, Timestamp::UNIX_EPOCH);
        assert!(matches!(result, Err(StoreError::Full(_))));
    }

    #[test]
    fn one_transaction_of_all_too_many_is_refused() {
        let (mut ghl, mut ids, id) = with_order();
        let (first, _) = ghl.pay(&id, failed(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let mut transaction = ghl.payments.get(&first).unwrap().clone();
        transaction.origin = Object::default();
        for id in 2..TRANSACTIONS_MAX {
            ghl.payments.all.insert(&id.to_string(), Timestamp::UNIX_EPOCH, transaction.clone());
        }
        ghl.pay(&id, failed(), &mut ids, Timestamp::UNIX_EPOCH).unwrap();
        let result = ghl.pay(&id, failed(), &mut ids, Timestamp::UNIX_EPOCH);
        assert!(matches!(result, Err(StoreError::Full(_))));
    }
}
