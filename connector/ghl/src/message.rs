//! Messages to customers.

use serde::Serialize;
use transload_wire::http::Answer;

use crate::members;

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// WhatsApp.
    WhatsApp,
}

impl Channel {
    /// Its name in the API, both as a message's type and in a contact's do-not-disturb settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::Email => "Email",
            Self::WhatsApp => "WhatsApp",
        }
    }
}

/// A message to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMessage<'a> {
    /// Who gets it.
    pub contact_id: &'a str,
    /// How.
    pub channel: Channel,
    /// An e-mail's subject.
    pub subject: Option<&'a str>,
    /// What it says, as plain text.
    pub text: &'a str,
}

/// What became of something that a person gets to see, and that is therefore never tried twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// It is on its way.
    Sent {
        /// The message's id; none where GoHighLevel tells none, as for a workflow.
        id: Option<String>,
    },
    /// An earlier attempt may have sent it, so it was not sent again.
    PossiblySent,
}

/// The status with which the host answers in the vendor's place when an earlier attempt may have gone out.
const ALREADY_REPORTED: u16 = 208;

impl Message {
    /// What an answer that is a success says. It was sent, so nothing that is odd about the answer is an error.
    pub(crate) fn of(answer: &Answer) -> Self {
        if answer.response.status == ALREADY_REPORTED {
            return Self::PossiblySent;
        }
        let body = std::str::from_utf8(&answer.response.body).unwrap_or_default();
        Self::Sent { id: members::at(&members::members(body), &["messageId"]) }
    }
}

/// The body of `POST /conversations/messages`. The document calls `subType` and `status` required as well; both describe
/// a message that exists already, and none of its examples sends them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewMessage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    contact_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

impl<'a> WireNewMessage<'a> {
    pub(crate) fn new(message: &NewMessage<'a>) -> Self {
        let is_email = message.channel == Channel::Email;
        Self {
            kind: message.channel.name(),
            contact_id: message.contact_id,
            subject: message.subject.filter(|_| is_email),
            message: message.text,
            html: is_email.then(|| html(message.text)),
        }
    }
}

/// The text as HTML: what a customer's name or an operator's template has in it must not become markup.
fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            other => html.push(other),
        }
    }
    html
}

/// The body of `POST /contacts/{contactId}/workflow/{workflowId}`: its only member, a time to start at, may be left out.
#[derive(Serialize)]
pub(crate) struct WireWorkflowEntry {}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(channel: Channel) -> String {
        let message =
            NewMessage { contact_id: "c1", channel, subject: Some("Order <1>"), text: "A & B\n<b>\"x\"</b>" };
        serde_json::to_string(&WireNewMessage::new(&message)).unwrap()
    }

    #[test]
    fn a_text_message_has_no_subject() {
        let expected = r#""contactId":"c1","message":"A & B\n<b>\"x\"</b>"}"#;
        assert_eq!(json(Channel::Sms), format!(r#"{{"type":"SMS",{expected}"#));
        assert_eq!(json(Channel::WhatsApp), format!(r#"{{"type":"WhatsApp",{expected}"#));
    }

    #[test]
    fn an_e_mail_is_plain_text_and_the_same_as_harmless_html() {
        let expected = concat!(
            r#"{"type":"Email","contactId":"c1","subject":"Order <1>","message":"A & B\n<b>\"x\"</b>","#,
            r#""html":"A &amp; B<br>&lt;b&gt;&quot;x&quot;&lt;/b&gt;"}"#,
        );
        assert_eq!(json(Channel::Email), expected);
    }
}
