//! What Track-POD is told of a delivery beside the order: the templates of the settings, filled in.

use transload_flows::templates::{Scope, Template};
use transload_model::{Decimal, Money, Payments};
use transload_sdk::{Failure, rejected};
use transload_track_pod::{Kind, Priority, Terms};
use transload_wire::text;

use crate::payments;
use crate::settings::{Connection, PaymentLog};

/// Most characters of Track-POD's note. What was paid stands at its end, so the text before it is what is shortened.
const NOTE_MAX: usize = 500;

/// The terms of the delivery of `order_id`.
pub fn terms(
    connection: &Connection,
    order_id: &str,
    scope: &Scope,
    payments: &Payments,
    cod: Option<Money>,
) -> Result<Terms, Failure> {
    let settings = &connection.settings.delivery;
    let fields = Fields { order_id, scope };
    let mut custom_fields = fields.custom(&settings.custom_fields)?;
    let mut note = fields.text("note", &settings.note)?;
    match (&settings.log_payments, payments::log(payments)) {
        (PaymentLog::Note, Some(log)) => note = Some(with_log(note, &log)),
        (PaymentLog::Field(id), Some(log)) => custom_fields.push((id.clone(), log)),
        _ => {}
    }
    Ok(Terms {
        id: None,
        kind: fields.kind(&settings.kind)?,
        number: fields.text("number", &settings.number)?,
        client: fields.text("client", &settings.client)?,
        cod,
        date: fields.text("date", &settings.date)?,
        time_slot_from: fields.text("time_slot_from", &settings.time_slot_from)?,
        time_slot_to: fields.text("time_slot_to", &settings.time_slot_to)?,
        service_time: fields.number("service_time", &settings.service_time)?,
        note,
        shipper: fields.text("shipper", &settings.shipper)?,
        shipper_id: fields.text("shipper_id", &settings.shipper_id)?,
        depot: fields.text("depot", &settings.depot)?,
        depot_id: fields.text("depot_id", &settings.depot_id)?,
        weight: fields.number("weight", &settings.weight)?,
        volume: fields.number("volume", &settings.volume)?,
        pallets: fields.number("pallets", &settings.pallets)?,
        priority: fields.priority(&settings.priority)?,
        team_code: fields.text("team_code", &settings.team_code)?,
        barcode: fields.text("barcode", &settings.barcode)?,
        invoice_id: fields.text("invoice_id", &settings.invoice_id)?,
        customer_reference_id: fields.text("customer_reference_id", &settings.customer_reference_id)?,
        custom_fields,
    })
}

fn with_log(note: Option<String>, log: &str) -> String {
    match note {
        Some(note) => {
            let room = NOTE_MAX.saturating_sub(text::length(log) + 1);
            format!("{}\n{log}", text::shorten(&note, room))
        }
        None => log.to_owned(),
    }
}

/// The templates of one order's delivery.
struct Fields<'a> {
    order_id: &'a str,
    scope: &'a Scope,
}

impl Fields<'_> {
    fn text(&self, name: &str, template: &Option<Template>) -> Result<Option<String>, Failure> {
        match template {
            Some(template) => template.said(&format!("delivery.{name}"), self.scope),
            None => Ok(None),
        }
    }

    fn number(&self, name: &str, template: &Option<Template>) -> Result<Option<Decimal>, Failure> {
        let Some(text) = self.text(name, template)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.unfit(name, &text, "a number such as 2.5"))
    }

    fn kind(&self, template: &Option<Template>) -> Result<Kind, Failure> {
        match self.text("kind", template)?.as_deref() {
            None | Some("delivery") => Ok(Kind::Delivery),
            Some("collection") => Ok(Kind::Collection),
            Some(text) => Err(self.unfit("kind", text, "`delivery` or `collection`")),
        }
    }

    fn priority(&self, template: &Option<Template>) -> Result<Option<Priority>, Failure> {
        match self.text("priority", template)?.as_deref() {
            None => Ok(None),
            Some("low") => Ok(Some(Priority::Low)),
            Some("normal") => Ok(Some(Priority::Normal)),
            Some("high") => Ok(Some(Priority::High)),
            Some(text) => Err(self.unfit("priority", text, "`low`, `normal` or `high`")),
        }
    }

    fn custom(
        &self,
        templates: &std::collections::BTreeMap<String, Template>,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut fields = Vec::new();
        for (id, template) in templates {
            let value = template.said(&format!("delivery.custom_fields.{id}"), self.scope)?;
            fields.extend(value.map(|value| (id.clone(), value)));
        }
        Ok(fields)
    }

    /// It is this order that the template does not suit, and others may be fine.
    fn unfit(&self, name: &str, text: &str, wanted: &str) -> Failure {
        rejected(format!(
            "order {}: the setting `delivery.{name}` gives {text:?}, and {wanted} is needed; put the template right, \
             then retry the event",
            self.order_id
        ))
    }
}
