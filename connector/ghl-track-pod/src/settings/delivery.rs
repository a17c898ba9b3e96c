//! What Track-POD is told of a delivery.

use std::collections::BTreeMap;

use serde::Deserialize;

use transload_flows::templates::Template;

/// What is said about a delivery beside its goods, its address and its cash. Each is a template; one that is not set, or
/// gives nothing, leaves its member out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySettings {
    /// `delivery` or `collection`.
    pub kind: Option<Template>,
    /// The number that a person would quote.
    pub number: Option<Template>,
    /// Who ordered.
    pub client: Option<Template>,
    /// The day, `2026-02-01`.
    pub date: Option<Template>,
    /// From when on, `09:00`.
    pub time_slot_from: Option<Template>,
    /// Until when.
    pub time_slot_to: Option<Template>,
    /// Minutes at the door.
    pub service_time: Option<Template>,
    /// The shipper's name.
    pub shipper: Option<Template>,
    /// Our id of the shipper.
    pub shipper_id: Option<Template>,
    /// The depot's name.
    pub depot: Option<Template>,
    /// Our id of the depot.
    pub depot_id: Option<Template>,
    /// Weight, in the account's unit.
    pub weight: Option<Template>,
    /// Volume, in the account's unit.
    pub volume: Option<Template>,
    /// Number of pallets.
    pub pallets: Option<Template>,
    /// `low`, `normal` or `high`.
    pub priority: Option<Template>,
    /// The team's code.
    pub team_code: Option<Template>,
    /// The order's barcode.
    pub barcode: Option<Template>,
    /// The invoice's id.
    pub invoice_id: Option<Template>,
    /// The customer's reference.
    pub customer_reference_id: Option<Template>,
    /// What the driver should know.
    pub note: Option<Template>,
    /// Track-POD's custom fields, by id: `cf_1`.
    pub custom_fields: BTreeMap<String, Template>,
    /// Where Track-POD's order says what was paid and given back.
    pub log_payments: PaymentLog,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            kind: None,
            number: None,
            client: None,
            date: None,
            time_slot_from: None,
            time_slot_to: None,
            service_time: None,
            shipper: None,
            shipper_id: None,
            depot: None,
            depot_id: None,
            weight: None,
            volume: None,
            pallets: None,
            priority: None,
            team_code: None,
            barcode: None,
            invoice_id: None,
            customer_reference_id: None,
            note: Some(Template::new("{{ order.note }}")),
            custom_fields: BTreeMap::new(),
            log_payments: PaymentLog::default(),
        }
    }
}

impl DeliverySettings {
    /// The templates that are set, with the names of their settings.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let named = [
            ("kind", &self.kind),
            ("number", &self.number),
            ("client", &self.client),
            ("date", &self.date),
            ("time_slot_from", &self.time_slot_from),
            ("time_slot_to", &self.time_slot_to),
            ("service_time", &self.service_time),
            ("shipper", &self.shipper),
            ("shipper_id", &self.shipper_id),
            ("depot", &self.depot),
            ("depot_id", &self.depot_id),
            ("weight", &self.weight),
            ("volume", &self.volume),
            ("pallets", &self.pallets),
            ("priority", &self.priority),
            ("team_code", &self.team_code),
            ("barcode", &self.barcode),
            ("invoice_id", &self.invoice_id),
            ("customer_reference_id", &self.customer_reference_id),
            ("note", &self.note),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, template)| Some((format!("delivery.{name}"), template.as_ref()?)));
        let fields = self
            .custom_fields
            .iter()
            .map(|(id, template)| (format!("delivery.custom_fields.{id}"), template));
        named.chain(fields).collect()
    }
}

/// Where Track-POD's order says what was paid and given back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum PaymentLog {
    /// At the end of its note.
    #[default]
    Note,
    /// In the custom field with this id.
    Field(String),
    /// Nowhere.
    None,
}

impl TryFrom<String> for PaymentLog {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "note" => Ok(Self::Note),
            "none" => Ok(Self::None),
            _ if text.starts_with("cf_") => Ok(Self::Field(text)),
            _ => Err(format!(
                "delivery.log_payments is {text:?}; it is \"note\", \"none\" or the id of a custom field, such as \"cf_12\""
            )),
        }
    }
}
