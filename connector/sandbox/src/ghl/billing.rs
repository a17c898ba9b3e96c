//! What the merchant and the payer do with invoices, and what is refused to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use transload_model::Decimal;

use super::invoices::{INVOICES_MAX, Invoice};
use super::payments::{EntityKind, ORIGIN, Taken, Transaction};
use super::store::{Contact, Ghl, StoreError, invalid, is_live, missing, replace};
use crate::ids::Ids;
use crate::json::{Json, Number, Object};

/// Items of an invoice. The vendor's limit is not documented; nobody types more.
pub const INVOICE_ITEMS_MAX: usize = 1_000;

/// An invoice to be made.
#[derive(Default)]
pub(crate) struct Draft {
    pub order: Option<String>,
    pub contact: Option<String>,
    pub currency: Option<String>,
    pub amount: Option<Number>,
    pub items: Vec<Object>,
    pub due: Option<Date>,
}

/// A payment of an invoice, or a try.
pub(crate) struct InvoicePayment<'a> {
    /// All that is due without it.
    pub amount: Option<Number>,
    pub status: &'a str,
    /// Who recorded it; the payment provider took it without one.
    pub record: Option<Object>,
}

/// What a payment of an invoice came to.
pub(crate) struct Settled {
    /// The transaction's id.
    pub transaction: String,
    /// The webhook that tells of it.
    pub event: Option<&'static str>,
    /// The order that it completed.
    pub completed: Option<String>,
}

/// The vendor's words for what it does not do.
const VOID_DRAFT: &str = "Can not void draft invoice. You can delete draft invoice!";
const VOID_PAID: &str = "To void an invoice which has received payment through the payment provider, the corresponding transaction needs to be refunded first";
const DELETE_SENT: &str = "Invoice status need to be draft to delete an invoice";

impl Ghl {
    /// Makes a draft of an invoice; its id. What is not given is the order's. The order then names the invoice as its source.
    pub fn make_invoice(
        &mut self,
        draft: Draft,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        if self.invoices.len() >= INVOICES_MAX {
            return Err(StoreError::Full(format!("{INVOICES_MAX} invoices are held: reset the sandbox")));
        }
        if draft.items.len() > INVOICE_ITEMS_MAX {
            return Err(StoreError::Full(format!("an invoice has at most {INVOICE_ITEMS_MAX} items")));
        }
        let order = match &draft.order {
            Some(id) => Some(self.billable(id)?.clone()),
            None => None,
        };
        let of_order = |name: &str| order.as_ref().and_then(|order| order.get(name).cloned());
        let text = |name: &str| of_order(name).and_then(|value| value.as_str().map(str::to_owned));
        let contact = draft.contact.or_else(|| text("contactId"));
        let contact = contact.ok_or_else(|| StoreError::Invalid("an invoice needs a contact".to_owned()))?;
        let billed = self.contacts.get(&contact).ok_or_else(|| missing("contact", &contact))?;
        let currency = draft.currency.or_else(|| text("currency")).unwrap_or_else(|| "USD".to_owned());
        let total = match (draft.amount, draft.items.as_slice()) {
            (Some(amount), _) => Some(amount.into()),
            (None, []) => of_order("amount"),
            (None, items) => Some(sum_of(items)?.into()),
        };
        let total = number(total)?;
        let items = match draft.items {
            items if items.is_empty() => vec![item("Goods and services", &total)],
            items => items,
        };
        let live = order.as_ref().is_none_or(is_live);
        let details = details(&contact, &billed.document);
        self.invoices_made += 1;
        let mut document = opened(self.invoices_made, total, draft.due, now);
        let id = ids.hex24();
        document.set("_id", id.as_str());
        document.set("altId", self.location.as_str());
        document.set("liveMode", live);
        document.set("contactDetails", details);
        document.set("invoiceItems", priced(items, &currency, ids));
        document.set("currency", currency);
        self.link(draft.order.as_deref(), &id, document.str("name").unwrap_or_default());
        self.invoices.insert(&id, now, Invoice { document, order: draft.order });
        Ok(id)
    }

    /// The order, unless another invoice bills it.
    fn billable(&self, id: &str) -> Result<&Object, StoreError> {
        let order = &self.orders.get(id).ok_or_else(|| missing("order", id))?.document;
        let source = order.get("source").and_then(|source| source.get("id")).and_then(Json::as_str);
        match source.and_then(|source| self.invoices.get(source)) {
            Some(other) if other.status() != "void" => Err(StoreError::Invalid(format!(
                "invoice {} bills order {id} already: void it first",
                other.id()
            ))),
            _ => Ok(order),
        }
    }

    fn link(&mut self, order: Option<&str>, invoice: &str, name: &str) {
        if let Some(order) = order.and_then(|id| self.orders.get_mut(id)) {
            let source = [("type", "invoice".into()), ("id", invoice.into()), ("name", name.into())];
            order.document.set("source", Json::object(source));
        }
    }

    fn invoice_mut(&mut self, id: &str) -> Result<&mut Invoice, StoreError> {
        self.invoices.get_mut(id).ok_or_else(|| missing("invoice", id))
    }

    /// Sends an invoice, for the first time or again.
    pub fn send_invoice(&mut self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let invoice = self.invoice_mut(id)?;
        match invoice.status() {
            "void" => return Err(StoreError::Invalid(format!("invoice {id} is void"))),
            "draft" => invoice.document.set("status", "sent"),
            _ => {}
        }
        invoice.document.set("updatedAt", format!("{now:.3}"));
        Ok(())
    }

    /// Takes a payment of an invoice, or notes a try that failed. What is paid of the invoice is paid of its order.
    pub fn pay_invoice(
        &mut self,
        id: &str,
        payment: InvoicePayment<'_>,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let held = self.payments.of_entity(id).len();
        let invoice = self.invoices.get_mut(id).ok_or_else(|| missing("invoice", id))?;
        self.payments.check_room(EntityKind::Invoice, id, held)?;
        if matches!(invoice.status(), "draft" | "void") {
            return Err(StoreError::Invalid(format!("invoice {id} is {}: nobody pays it", invoice.status())));
        }
        let due = invoice.total().checked_sub(invoice.paid()).map_err(invalid)?;
        let amount = payment.amount.unwrap_or_else(|| due.into());
        let value =
            amount.decimal().filter(|value| value.is_positive() && *value <= due).ok_or_else(|| {
                StoreError::Invalid(format!("{} is not an amount to pay: {due} is due", amount.text()))
            })?;
        let (mut event, mut completed) = (None, None);
        if payment.status == "succeeded" {
            event = Some(invoice.capture(value, now)?);
            if let Some(order) = invoice.order.as_deref().and_then(|order| self.orders.get_mut(order)) {
                completed = order.capture(value).map_err(invalid)?.then(|| order.id().to_owned());
                order.document.set("updatedAt", format!("{now:.3}"));
            }
        }
        let (transaction, taken) = (ids.hex24(), Taken::by(payment.record, ids));
        self.payments.add(Transaction {
            id: transaction.clone(),
            kind: EntityKind::Invoice,
            entity: id.to_owned(),
            amount,
            refunded: Decimal::ZERO,
            status: payment.status.to_owned(),
            live: is_live(&invoice.document),
            created: now,
            updated: now,
            taken,
            subscription: None,
            origin: origin(&invoice.document, &self.contacts),
            edits: Object::default(),
        });
        Ok(Settled { transaction, event, completed })
    }

    /// Calls an invoice off. The error is the vendor's text.
    pub fn void_invoice(&mut self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let kept = |one: &&Transaction| {
            let paid = one.amount.decimal().unwrap_or(Decimal::ZERO);
            matches!(one.taken, Taken::Provider { .. }) && one.status == "succeeded" && one.refunded < paid
        };
        let kept = self.payments.of_entity(id).iter().any(kept);
        let invoice = self.invoice_mut(id)?;
        let refused = |text: &str| Err(StoreError::Invalid(text.to_owned()));
        match invoice.status() {
            "draft" => return refused(VOID_DRAFT),
            "void" => return refused(&format!("invoice {id} is void already")),
            _ if kept => return refused(VOID_PAID),
            _ => invoice.document.set("status", "void"),
        }
        invoice.document.set("updatedAt", format!("{now:.3}"));
        Ok(())
    }

    /// Replaces members of an invoice; null takes one away. What is due follows, unless it is among them.
    pub fn edit_invoice(&mut self, id: &str, members: &Object, now: Timestamp) -> Result<(), StoreError> {
        let invoice = self.invoice_mut(id)?;
        let mut edited = invoice.clone();
        edited.document.set("updatedAt", format!("{now:.3}"));
        replace(&mut edited.document, members)?;
        edited.document.set("_id", id);
        number(edited.document.get("total").cloned())?;
        if members.get("amountDue").is_none() {
            let due = edited.total().checked_sub(edited.paid()).map_err(invalid)?;
            edited.document.set("amountDue", due);
        }
        let created = edited.created();
        *invoice = edited;
        self.invoices.set_time(id, created);
        Ok(())
    }

    /// Takes a draft away; the document that its webhook carries. The error is the vendor's text.
    pub fn delete_invoice(&mut self, id: &str, now: Timestamp) -> Result<Object, StoreError> {
        let invoice = self.invoice_mut(id)?;
        if invoice.status() != "draft" {
            return Err(StoreError::Invalid(DELETE_SENT.to_owned()));
        }
        let mut document = invoice.document.clone();
        self.invoices.remove(id);
        // As in the vendor's sample, though the API's own list of statuses does not have it.
        document.set("status", "delete");
        document.set("updatedAt", format!("{now:.3}"));
        Ok(document)
    }
}

impl Invoice {
    /// Counts a payment; the webhook that tells of it.
    fn capture(&mut self, value: Decimal, now: Timestamp) -> Result<&'static str, StoreError> {
        let paid = self.paid().checked_add(value).map_err(invalid)?;
        let due = self.total().checked_sub(paid).map_err(invalid)?;
        let (status, event) = if due.is_positive() {
            ("partially_paid", "InvoicePartiallyPaid")
        } else {
            ("paid", "InvoicePaid")
        };
        self.document.set("amountPaid", paid);
        self.document.set("amountDue", due);
        self.document.set("status", status);
        self.document.set("updatedAt", format!("{now:.3}"));
        Ok(event)
    }
}

/// A draft with what does not depend on who is billed for what.
fn opened(number: usize, total: Number, due: Option<Date>, now: Timestamp) -> Object {
    let issued = now.strftime("%Y-%m-%d").to_string();
    let mut document = Object::default();
    document.set("status", "draft");
    document.set("altType", "location");
    document.set("name", format!("Invoice {number}"));
    document.set("title", "INVOICE");
    document.set("businessDetails", Json::object([("name", "Sandbox Store".into())]));
    document.set("invoiceNumber", number.to_string());
    document.set("dueDate", due.map_or_else(|| issued.clone(), |day| day.to_string()));
    document.set("issueDate", issued);
    document.set("discount", Json::object([("type", "percentage".into()), ("value", 0_i64.into())]));
    document.set("total", total.clone());
    document.set("amountPaid", 0_i64);
    document.set("amountDue", total.clone());
    document.set("createdAt", format!("{now:.3}"));
    document.set("updatedAt", format!("{now:.3}"));
    let summary = [("subTotal", total.into()), ("discount", 0_i64.into()), ("tax", 0_i64.into())];
    document.set("totalSummary", Json::object(summary));
    document
}

/// What a transaction takes over of an invoice, by the names that an order has for it.
fn origin(invoice: &Object, contacts: &BTreeMap<String, Contact>) -> Object {
    let mut order = invoice.pick(&ORIGIN);
    let id = invoice.get("contactDetails").and_then(|details| details.get("id")).and_then(Json::as_str);
    if let Some(contact) = id.and_then(|id| contacts.get(id)) {
        order.set_some("contactId", contact.document.get("id").cloned());
        order.set("contactSnapshot", contact.document.clone());
    }
    let mut source = Object::default();
    source.set("type", "invoice");
    source.set_some("id", invoice.get("_id").cloned());
    source.set_some("name", invoice.get("name").cloned());
    order.set("source", source);
    order
}

/// Who is billed, by the names that invoices have for it.
fn details(id: &str, contact: &Object) -> Object {
    let text = |name| contact.str(name).unwrap_or_default();
    let full = format!("{} {}", text("firstName"), text("lastName"));
    let name = contact.str("name").map_or_else(|| full.trim().to_owned(), str::to_owned);
    let mut details = Object::default();
    details.set("id", id);
    details.set("name", name);
    details.set("phoneNo", text("phone"));
    details.set("email", text("email"));
    details.set_some("companyName", contact.get("companyName").cloned());
    let mut address = Object::default();
    for (name, from) in [
        ("addressLine1", "address1"),
        ("city", "city"),
        ("state", "state"),
        ("postalCode", "postalCode"),
        ("countryCode", "country"),
    ] {
        address.set_some(name, contact.get(from).cloned());
    }
    details.set("address", address);
    details.set("customFields", Vec::<Json>::new());
    details
}

fn item(name: &str, amount: &Number) -> Object {
    let mut item = Object::default();
    item.set("name", name);
    item.set("qty", 1_i64);
    item.set("amount", amount.clone());
    item
}

/// The items with what the vendor adds to each.
fn priced(items: Vec<Object>, currency: &str, ids: &mut Ids) -> Vec<Object> {
    let priced = |mut item: Object| {
        item.set("taxes", Vec::<Json>::new());
        item.set("_id", ids.hex24());
        item.set("currency", currency);
        item
    };
    items.into_iter().map(priced).collect()
}

/// What the items cost together: quantity times amount, each.
fn sum_of(items: &[Object]) -> Result<Decimal, StoreError> {
    items.iter().try_fold(Decimal::ZERO, |sum, item| {
        let factor = |name| item.get(name).and_then(Json::as_decimal).unwrap_or(Decimal::ZERO);
        let cost = factor("qty").checked_mul(factor("amount")).map_err(invalid)?;
        sum.checked_add(cost).map_err(invalid)
    })
}

fn number(value: Option<Json>) -> Result<Number, StoreError> {
    match value {
        Some(Json::Number(number)) if number.decimal().is_some_and(|value| !value.is_negative()) => {
            Ok(number)
        }
        _ => Err(StoreError::Invalid(
            "an invoice needs an amount, items, or an order that has an amount".to_owned(),
        )),
    }
}
