//! What GoHighLevel gets when a payment is confirmed, beside the note: linked to the delivery, once a payment.

mod settings;

use std::collections::BTreeMap;

use transload_ghl::{NewOpportunity, OpportunityStatus, Properties, Property};
use transload_model::{Fulfillment, Money, Transaction};
use transload_sdk::{Failure, Verb, Work};

pub use settings::PaymentRecord;

use crate::events::GHL;
use crate::templates::{Scope, Template};
use crate::{Shop, revenue};

/// Writes down that `transaction` was captured, as `record` says. Only the tag needs no order, the one that it pays for; a
/// record and its templates know of `delivery`, if there is one.
pub fn write(
    shop: &Shop,
    record: &PaymentRecord,
    work: Work,
    transaction: &Transaction,
    order_id: Option<&str>,
    delivery: Option<&Fulfillment>,
) -> Result<Work, Failure> {
    if !transaction.status.is_captured() || !shop.settings.writes {
        return Ok(work);
    }
    let key = format!("payment-record/{}", transaction.id);
    if shop.cx.store.get(&key)?.is_some() {
        return Ok(work);
    }
    let contact_id = transaction.customer_id();
    let subject = Subject { shop, transaction, delivery, contact_id };
    let written = match (record, order_id) {
        (PaymentRecord::Note { tag }, _) => subject.tag(tag)?,
        (PaymentRecord::Object { schema_key, order_property, properties }, Some(order_id)) => {
            subject.object(order_id, schema_key, order_property, properties)?
        }
        (PaymentRecord::Opportunity { pipeline_id, stage_id, name }, Some(order_id)) => {
            subject.opportunity(order_id, pipeline_id, stage_id, name)?
        }
        (_, None) => None,
    };
    let Some((effects, id)) = written else { return Ok(work) };
    shop.cx.store.compare_and_swap(&key, None, id.as_bytes())?;
    Ok(work.and(effects))
}

struct Subject<'a> {
    shop: &'a Shop<'a>,
    transaction: &'a Transaction,
    delivery: Option<&'a Fulfillment>,
    contact_id: Option<&'a str>,
}

/// What was written, and the id of it; none where there was nothing to write.
type Written = Option<(Work, String)>;

impl Subject<'_> {
    fn tag(&self, tag: &str) -> Result<Written, Failure> {
        let Some(contact_id) = self.contact_id.filter(|_| !tag.is_empty()) else { return Ok(None) };
        self.shop.ghl.add_tags(contact_id, &[tag])?;
        let summary = format!("tagged {tag}");
        let work = Work::default().effect(Verb::Updated, GHL, "contact", contact_id, summary);
        Ok(Some((work, contact_id.to_owned())))
    }

    /// One record for each order, found by the property that holds the order's id.
    fn object(
        &self,
        order_id: &str,
        schema_key: &str,
        order_property: &str,
        properties: &BTreeMap<String, Template>,
    ) -> Result<Written, Failure> {
        let Some((scope, _)) = self.scope(order_id)? else { return Ok(None) };
        let mut values = Properties::from([(order_property.to_owned(), Property::Text(order_id.to_owned()))]);
        for (name, template) in properties {
            let text = template.render(&format!("payment_record.properties.{name}"), &scope)?;
            values.insert(name.clone(), Property::Text(text));
        }
        let ghl = &self.shop.ghl;
        let present = ghl.find_records(schema_key, order_property, order_id)?;
        let work = Work::default();
        let written = if let Some(record) = present.first() {
            ghl.update_record(schema_key, &record.id, &values)?;
            let work = work.effect(Verb::Updated, GHL, "record", &record.id, self.summary(order_id));
            (work, record.id.clone())
        } else {
            let id = ghl.create_record(schema_key, &values)?;
            (work.effect(Verb::Created, GHL, "record", &id, self.summary(order_id)), id)
        };
        Ok(Some((written.0.amount(self.transaction.amount).link(self.link()), written.1)))
    }

    /// One opportunity for each order, found among the contact's by its name.
    fn opportunity(
        &self,
        order_id: &str,
        pipeline_id: &str,
        stage_id: &str,
        name: &Template,
    ) -> Result<Written, Failure> {
        let Some(contact_id) = self.contact_id else { return Ok(None) };
        let Some((scope, captured)) = self.scope(order_id)? else { return Ok(None) };
        let name = name.render("payment_record.name", &scope)?;
        let ghl = &self.shop.ghl;
        let present = ghl.find_opportunities(contact_id)?;
        let opportunity = NewOpportunity {
            pipeline_id,
            stage_id: Some(stage_id),
            name: &name,
            contact_id,
            status: OpportunityStatus::Won,
            value: Some(captured),
        };
        let work = Work::default();
        let written = if let Some(found) = present.iter().find(|found| found.name.as_deref() == Some(&name)) {
            ghl.update_opportunity(&found.id, &opportunity)?;
            let work = work.effect(Verb::Updated, GHL, "opportunity", &found.id, self.summary(order_id));
            (work, found.id.clone())
        } else {
            let id = ghl.create_opportunity(&opportunity)?;
            (work.effect(Verb::Created, GHL, "opportunity", &id, self.summary(order_id)), id)
        };
        Ok(Some((written.0.amount(captured).link(self.link()), written.1)))
    }

    /// What templates see, and what was captured for the order in all.
    fn scope(&self, order_id: &str) -> Result<Option<(Scope, Money)>, Failure> {
        let Some((order, raw)) = self.shop.ghl.order_with_raw(order_id)? else { return Ok(None) };
        let record = revenue::load(self.shop.cx, &revenue::key(order_id))?;
        let totals = record.revenue.totals()?;
        let currency = order.total.currency;
        let paid = totals.iter().map(|totals| totals.captured).find(|captured| captured.currency == currency);
        let paid = paid.unwrap_or(Money::zero(currency));
        let due = order.amount_due(paid)?;
        let scope = Scope::of_order(&order, Some(&raw), paid, due).with_payment(self.transaction);
        let scope = match self.delivery {
            Some(delivery) => scope.with_delivery(delivery, &order),
            None => scope,
        };
        Ok(Some((scope, paid)))
    }

    fn summary(&self, order_id: &str) -> String {
        format!("{} paid for order {order_id}", self.transaction.amount)
    }

    fn link(&self) -> Option<String> {
        self.delivery?.tracking.first()?.url.clone()
    }
}

#[cfg(test)]
mod tests;
