//! What the customer is told of a delivery, at most once for each state of each attempt.
//!
//! A message cannot be taken back, and GoHighLevel's calls for it take no key that would keep a second one out. So it is
//! written down with its text, in the transaction that ends the delivery's own event, and sent by an event that follows.
//! Whenever that one runs again it asks for the same message, letter by letter, and the host knows it again. What is new
//! about the delivery by then, its expected time for one, cannot make another message of it.

use serde::{Deserialize, Serialize};
use transload_flows::progress;
use transload_flows::templates::{Scope, Template};
use transload_ghl::{Channel as Means, Contact, Message, NewMessage};
use transload_model::{Change, Fulfillment, Money, Move, Notice, Progress};
use transload_sdk::{Event, Failure, Receipt, Severity, Verb, Work, rejected, skipped};
use transload_wire::ApiError;

use crate::fulfillments::Seen;
use crate::payments;
use crate::settings::{Channel, Connection, MessageSettings};

/// How the store's keys of messages begin, and with them the ids of the events that send them.
const PREFIX: &str = "message/";

/// The stored form. Names of members are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// To be sent.
    Planned(Letter),
    /// Dealt with, and how. The text is not kept any longer than it is needed.
    Done(String),
}

#[derive(Serialize, Deserialize)]
struct Letter {
    contact_id: String,
    via: Via,
    text: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Via {
    Sms,
    Email { subject: String },
    WhatsApp,
    Workflow { id: String },
}

/// Plans the message for what was just seen of a delivery, if the settings have one and it is not planned yet.
pub fn plan(connection: &Connection, work: Work, seen: &Seen) -> Result<Work, Failure> {
    let now = connection.cx.clock.now();
    let Some(notice) = Notice::of(seen.fulfillment, now).filter(|_| connection.settings.shop.writes) else {
        return Ok(work);
    };
    let settings = &connection.settings.messages;
    let (Some(template), Some(contact_id)) = (template(settings, notice), seen.order.customer_id()) else {
        return Ok(work);
    };
    let key = format!("{PREFIX}{}/{}/{}", seen.id, notice.name(), seen.fulfillment.attempt);
    if connection.cx.store.get(&key)?.is_some() {
        return Ok(work);
    }
    let scope = scope(seen)?;
    let Some(via) = via(settings, &scope)? else { return Ok(work) };
    let text = template.render(&format!("messages.{}", notice.name()), &scope)?;
    if text.is_empty() && !matches!(via, Via::Workflow { .. }) {
        return Ok(work);
    }
    let letter = Letter { contact_id: contact_id.to_owned(), via, text };
    connection.cx.store.compare_and_swap(&key, None, &bytes(&Entry::Planned(letter))?)?;
    Ok(work.follow_up(Event {
        id: key,
        source: "track-pod",
        subject: seen.order.id.clone(),
        occurred_at: seen.fulfillment.happened_at,
        raw: None,
        change: Change::Fulfillment(Fulfillment { order_id: seen.id.to_owned(), ..seen.fulfillment.clone() }),
    }))
}

/// Whether the event `id` is one that sends a planned message.
pub fn is_planned(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// Sends the message that is planned under `key`.
pub fn send(connection: &Connection, key: &str) -> Result<Receipt, Failure> {
    let Some(stored) = connection.cx.store.get(key)? else {
        return Ok(skipped(format!("no message is planned under {key}")));
    };
    let entry: Entry = serde_json::from_slice(&stored.value)
        .map_err(|error| rejected(format!("the store's entry {key} cannot be read: {error}")))?;
    let letter = match entry {
        Entry::Planned(letter) => letter,
        Entry::Done(how) => return Ok(skipped(format!("the message was dealt with before: {how}"))),
    };
    let Some((delivery_id, told)) = told(key) else {
        return Err(rejected(format!("{key} does not say which delivery it is about")));
    };
    let known = progress::load(connection.cx, delivery_id)?;
    let (work, how) = if !connection.settings.shop.writes {
        (skipping("the setting `writes` forbids it"), "not written".to_owned())
    } else if known.moved_by(&told) == Move::Stale {
        (skipping("the delivery has come further since"), "overtaken".to_owned())
    } else {
        deliver(connection, &letter, delivery_id)?
    };
    let done = bytes(&Entry::Done(how))?;
    connection.cx.store.compare_and_swap(key, Some(stored.version), &done)?;
    Ok(work)
}

/// The delivery that `key` is about, and how far it had come when the message was planned.
fn told(key: &str) -> Option<(&str, Progress)> {
    let (delivery_id, rest) = key.strip_prefix(PREFIX)?.split_once('/')?;
    let (name, attempt) = rest.split_once('/')?;
    let notice = Notice::ALL.into_iter().find(|notice| notice.name() == name)?;
    let told = Progress { state: notice.state(), attempt: attempt.parse().ok()?, happened_at: None };
    Some((delivery_id, told))
}

/// Sends the messages that `receipt` plans, for a caller behind which no further event runs: an action.
pub fn send_now(connection: &Connection, receipt: Receipt) -> Result<Receipt, Failure> {
    let Receipt::Done(mut report) = receipt else { return Ok(receipt) };
    for event in std::mem::take(&mut report.follow_ups) {
        if !is_planned(&event.id) {
            report.follow_ups.push(event);
        } else if let Receipt::Done(sent) = send(connection, &event.id)? {
            report.effects.extend(sent.effects);
            report.alerts.extend(sent.alerts);
        }
    }
    Ok(Receipt::Done(report))
}

fn skipping(why: &str) -> Receipt {
    skipped(format!("the customer is not told: {why}"))
}

/// Tells the customer of the order `order_id` what `text`, a template, says, over the channel of the settings.
pub fn notify(connection: &Connection, order_id: &str, text: &str) -> Result<Receipt, Failure> {
    let Some((order, raw)) = connection.ghl.order_with_raw(order_id)? else {
        return Ok(skipped(format!("GoHighLevel has no order {order_id}")));
    };
    let Some(contact_id) = order.customer_id() else {
        return Ok(skipped(format!("order {order_id} has no contact that could be told")));
    };
    if !connection.settings.shop.writes {
        return Ok(skipping("the setting `writes` forbids it"));
    }
    let paid = payments::of(connection, &order)?;
    let scope = Scope::of_order(&order, Some(&raw), paid.captured, paid.due(&order)?);
    let Some(via) = via(&connection.settings.messages, &scope)? else {
        return Err(rejected("the setting `messages.channel` is \"none\": no message goes out"));
    };
    // What is wrong with the text is wrong with this call, and not with the connection.
    let text = Template::new(text).render("text", &scope).map_err(|failure| match failure {
        Failure::NeedsAttention(reason) => rejected(reason.replace("the setting", "the input")),
        other => other,
    })?;
    let letter = Letter { contact_id: contact_id.to_owned(), via, text };
    deliver(connection, &letter, order_id).map(|(receipt, _)| receipt)
}

/// Sends `letter`, unless its contact does not want to be disturbed, and answers what became of it, in a word too.
fn deliver(connection: &Connection, letter: &Letter, subject: &str) -> Result<(Receipt, String), Failure> {
    let contact_id = letter.contact_id.as_str();
    let Some(contact) = connection.ghl.contact_detail(contact_id)? else {
        return Ok((skipping(&format!("contact {contact_id} is gone")), "no contact".to_owned()));
    };
    if is_silenced(&contact, &letter.via) {
        let why = format!("contact {contact_id} is set to do-not-disturb");
        return Ok((skipping(&why), "do not disturb".to_owned()));
    }
    let outcome = match &letter.via {
        Via::Workflow { id } => connection.ghl.add_to_workflow(contact_id, id),
        Via::Sms => message(connection, letter, Means::Sms, None),
        Via::WhatsApp => message(connection, letter, Means::WhatsApp, None),
        Via::Email { subject } => message(connection, letter, Means::Email, Some(subject)),
    };
    let work = Work::default();
    let name = name(&letter.via);
    Ok(match outcome {
        Ok(Message::Sent { id }) => {
            let summary = format!("the customer was told by {name}");
            let id = id.as_deref().unwrap_or(contact_id);
            (work.effect(Verb::Notified, "ghl", "message", id, summary).into(), "sent".to_owned())
        }
        Ok(Message::PossiblySent) => {
            let summary =
                format!("the customer may have been told by {name} before; the message is not sent again");
            (
                work.effect(Verb::Notified, "ghl", "message", contact_id, summary).into(),
                "possibly sent".to_owned(),
            )
        }
        Err(error) if is_refusal(&error) => {
            let text = format!("the customer of {subject} could not be told by {name}: {error}");
            (work.alert(Severity::Warning, "message-not-sent", subject, text).into(), "refused".to_owned())
        }
        Err(error) => return Err(error.into()),
    })
}

fn message(
    connection: &Connection,
    letter: &Letter,
    channel: Means,
    subject: Option<&str>,
) -> Result<Message, ApiError> {
    connection.ghl.send_message(&NewMessage {
        contact_id: &letter.contact_id,
        channel,
        subject,
        text: &letter.text,
    })
}

/// Whether the vendor understood and declined: trying again would not help, nor would a person's work on credentials.
pub fn is_refusal(error: &ApiError) -> bool {
    matches!(error, ApiError::Status { .. }) && !error.is_transient() && !error.needs_attention()
}

/// GoHighLevel keeps do-not-disturb for all of a contact, and for each channel.
fn is_silenced(contact: &Contact, via: &Via) -> bool {
    let of_channel =
        |name: &str| contact.dnd_channels.iter().any(|channel| channel.eq_ignore_ascii_case(name));
    contact.dnd
        || match via {
            Via::Sms => of_channel(Means::Sms.name()),
            Via::Email { .. } => of_channel(Means::Email.name()),
            Via::WhatsApp => of_channel(Means::WhatsApp.name()),
            Via::Workflow { .. } => false,
        }
}

fn name(via: &Via) -> &'static str {
    match via {
        Via::Sms => "text message",
        Via::Email { .. } => "e-mail",
        Via::WhatsApp => "WhatsApp",
        Via::Workflow { .. } => "a workflow",
    }
}

fn template(settings: &MessageSettings, notice: Notice) -> Option<&Template> {
    match notice {
        Notice::OutForDelivery => settings.out_for_delivery.as_ref(),
        Notice::Delivered => settings.delivered.as_ref(),
        Notice::PartlyDelivered => settings.partly_delivered.as_ref(),
        Notice::AttemptFailed => settings.attempt_failed.as_ref(),
    }
}

fn via(settings: &MessageSettings, scope: &Scope) -> Result<Option<Via>, Failure> {
    Ok(match &settings.channel {
        Channel::None => None,
        Channel::Sms => Some(Via::Sms),
        Channel::WhatsApp => Some(Via::WhatsApp),
        Channel::Email { subject } => {
            Some(Via::Email { subject: subject.render("messages.subject", scope)? })
        }
        Channel::Workflow { id } => Some(Via::Workflow { id: id.clone() }),
    })
}

/// What is due is what the driver asks for, less what he got.
fn scope(seen: &Seen) -> Result<Scope, Failure> {
    let order = seen.order;
    let currency = order.total.currency;
    let asked = seen.present.cod.map_or(Money::zero(currency), |cod| Money::new(cod.0, currency));
    let got = seen.fulfillment.cash_collected.unwrap_or(Money::zero(currency));
    let due = order.amount_due(order.total.checked_sub(asked)?.checked_add(got)?)?;
    let paid = order.total.checked_sub(due)?;
    Ok(Scope::of_order(order, Some(seen.raw), paid, due).with_delivery(seen.fulfillment, order))
}

fn bytes(entry: &Entry) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(entry).map_err(|error| rejected(error.to_string()))
}

#[cfg(test)]
mod tests;
