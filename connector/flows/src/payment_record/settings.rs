//! What the operator says of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::templates::Template;

/// What is written to GoHighLevel when a payment is confirmed, linked to the delivery.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WireRecord")]
pub enum PaymentRecord {
    /// A note on the contact, and a tag.
    Note {
        /// The tag.
        tag: String,
    },
    /// A record of a custom object.
    Object {
        /// The object: `custom_objects.payments`.
        schema_key: String,
        /// The property that holds the order's id, by which the record is found again.
        order_property: String,
        /// The other properties.
        properties: BTreeMap<String, Template>,
    },
    /// An opportunity.
    Opportunity {
        /// The pipeline.
        pipeline_id: String,
        /// The stage of it.
        stage_id: String,
        /// What it is called.
        name: Template,
    },
}

const TAG: &str = "order-paid";

impl Default for PaymentRecord {
    fn default() -> Self {
        Self::Note { tag: TAG.to_owned() }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WireRecord {
    kind: Kind,
    tag: Option<String>,
    schema_key: Option<String>,
    order_property: Option<String>,
    properties: BTreeMap<String, Template>,
    pipeline_id: Option<String>,
    stage_id: Option<String>,
    name: Option<Template>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Note,
    Object,
    Opportunity,
}

impl TryFrom<WireRecord> for PaymentRecord {
    type Error = String;

    fn try_from(wire: WireRecord) -> Result<Self, String> {
        let needed = |value: Option<String>, name: &str, kind: &str| {
            value.ok_or_else(|| format!("payment_record.{name} is missing: the kind is {kind:?}"))
        };
        Ok(match wire.kind {
            Kind::Note => Self::Note { tag: wire.tag.unwrap_or_else(|| TAG.to_owned()) },
            Kind::Object => Self::Object {
                schema_key: needed(wire.schema_key, "schema_key", "object")?,
                order_property: needed(wire.order_property, "order_property", "object")?,
                properties: wire.properties,
            },
            Kind::Opportunity => Self::Opportunity {
                pipeline_id: needed(wire.pipeline_id, "pipeline_id", "opportunity")?,
                stage_id: needed(wire.stage_id, "stage_id", "opportunity")?,
                name: wire.name.unwrap_or_else(|| Template::new("Order {{ order.number }}")),
            },
        })
    }
}

impl PaymentRecord {
    /// The templates that are set, with the names of their settings.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        match self {
            Self::Note { .. } => Vec::new(),
            Self::Object { properties, .. } => properties
                .iter()
                .map(|(name, template)| (format!("payment_record.properties.{name}"), template))
                .collect(),
            Self::Opportunity { name, .. } => vec![("payment_record.name".to_owned(), name)],
        }
    }
}
