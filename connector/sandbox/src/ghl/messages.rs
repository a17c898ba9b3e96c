//! `POST /conversations/messages`.

use http::StatusCode;

use super::store::{Contact, NOTES_MAX};
use super::{Call, Checks, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;

/// Kinds of message, by the OpenAPI file.
const KINDS: [&str; 9] = ["SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK"];

/// Members of a message that are kept.
const KEPT: [&str; 9] = [
    "type",
    "contactId",
    "message",
    "html",
    "subject",
    "templateId",
    "attachments",
    "fromNumber",
    "scheduledTimestamp",
];

/// Sends a message, which the contact keeps. There is no key against doubles.
///
/// The OpenAPI file also requires `subType` and `status`; no client sends them, so the fake does not ask for them. That a
/// contact who does not want to be disturbed is not written to is a promise of the product; the reply then is ours.
pub(super) fn send(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    check(&body)?;
    let (id, conversation) = (call.state.ids.hex24(), call.state.ids.hex24());
    let kind = body.str("type").unwrap_or_default();
    let contact = call.state.ghl.contacts.get_mut(body.str("contactId").unwrap_or_default());
    let contact = contact.ok_or_else(|| Refusal::bad_request("Contact not found"))?;
    if is_undisturbed(contact, kind) {
        return Err(Refusal::bad_request(&format!("Cannot send message as DND is active for {kind}.")));
    }
    if contact.messages.len() >= NOTES_MAX {
        return Err(Refusal::full("the contact has too many messages for the sandbox"));
    }
    let mut message = Object::default();
    message.set("id", id.as_str());
    for (name, value) in body.pick(&KEPT).iter() {
        message.set(name, value.clone());
    }
    // A contact has one conversation: that of its first message.
    let first = contact.messages.first().and_then(|first| first.str("conversationId"));
    message.set("conversationId", first.map_or(conversation, str::to_owned));
    message.set("dateAdded", format!("{:.3}", call.now));
    let mut reply = message.pick(&["conversationId"]);
    contact.messages.push(message);
    reply.set("messageId", id.as_str());
    if kind == "Email" {
        reply.set("emailMessageId", id.as_str());
    }
    reply.set("status", "pending");
    Ok(call.reply(StatusCode::OK, reply).about(&id))
}

fn check(body: &Object) -> Result<(), Refusal> {
    let has = |name| body.str(name).is_some_and(|text| !text.is_empty());
    let email = body.str("type") == Some("Email");
    let filled = has("message") || has("templateId") || has("html") && email;
    let attached = body.get("attachments").and_then(Json::as_array).is_some_and(|all| !all.is_empty());
    let status = body.str("status").unwrap_or("pending");
    Checks::of(body)
        .choice("type", &KINDS)
        .text("contactId")
        .optional_texts(&["message", "html", "subject", "templateId", "fromNumber", "toNumber", "emailFrom"])
        .optional_texts(&["emailTo", "appointmentId", "conversationProviderId", "replyMessageId", "threadId"])
        .optional_numbers(&["scheduledTimestamp"])
        .rule(filled || attached, "message should not be empty")
        .rule(
            ["delivered", "failed", "pending", "read"].contains(&status),
            "status must be one of the following values: delivered, failed, pending, read",
        )
        .end()
}

/// Whether the contact has asked not to be written to, at all or in this way.
fn is_undisturbed(contact: &Contact, kind: &str) -> bool {
    let setting = contact.document.get("dndSettings").and_then(|settings| settings.get(kind)?.get("status"));
    contact.document.get("dnd").and_then(Json::as_bool) == Some(true)
        || setting.and_then(Json::as_str).is_some_and(|status| ["active", "permanent"].contains(&status))
}
