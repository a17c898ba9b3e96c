//! What the customer is told.

use serde::Deserialize;

use transload_flows::templates::Template;

/// What the customer is told of a delivery, and how. A text that is not set is not sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Wire")]
pub struct MessageSettings {
    /// How.
    pub channel: Channel,
    /// When the driver is on the way.
    pub out_for_delivery: Option<Template>,
    /// When all was delivered.
    pub delivered: Option<Template>,
    /// When less than all was delivered.
    pub partly_delivered: Option<Template>,
    /// When an attempt failed.
    pub attempt_failed: Option<Template>,
}

/// How a customer is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Channel {
    /// Not by the connector.
    #[default]
    None,
    /// By text message.
    Sms,
    /// By e-mail.
    Email {
        /// Its subject.
        subject: Template,
    },
    /// By WhatsApp.
    WhatsApp,
    /// The merchant's workflow says it, in its own words: the contact is added to it in each state that has a text.
    Workflow {
        /// GoHighLevel's id of it.
        id: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wire {
    channel: Name,
    workflow_id: Option<String>,
    subject: Option<Template>,
    out_for_delivery: Option<Template>,
    delivered: Option<Template>,
    partly_delivered: Option<Template>,
    attempt_failed: Option<Template>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    #[default]
    None,
    Sms,
    Email,
    WhatsApp,
    Workflow,
}

impl TryFrom<Wire> for MessageSettings {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let channel = match wire.channel {
            Name::None => Channel::None,
            Name::Sms => Channel::Sms,
            Name::WhatsApp => Channel::WhatsApp,
            Name::Email => {
                let subject = wire.subject.ok_or("messages.subject is missing: an e-mail needs one")?;
                Channel::Email { subject }
            }
            Name::Workflow => {
                let id =
                    wire.workflow_id.ok_or("messages.workflow_id is missing: the channel is a workflow")?;
                Channel::Workflow { id }
            }
        };
        Ok(Self {
            channel,
            out_for_delivery: wire.out_for_delivery,
            delivered: wire.delivered,
            partly_delivered: wire.partly_delivered,
            attempt_failed: wire.attempt_failed,
        })
    }
}

impl MessageSettings {
    /// The templates that are set, with the names of their settings.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let subject = match &self.channel {
            Channel::Email { subject } => Some(subject),
            _ => None,
        };
        let named = [
            ("subject", subject),
            ("out_for_delivery", self.out_for_delivery.as_ref()),
            ("delivered", self.delivered.as_ref()),
            ("partly_delivered", self.partly_delivered.as_ref()),
            ("attempt_failed", self.attempt_failed.as_ref()),
        ];
        named
            .into_iter()
            .filter_map(|(name, template)| Some((format!("messages.{name}"), template?)))
            .collect()
    }
}
