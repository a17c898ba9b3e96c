//! What notices tell, as JSON. A released field keeps its name; amounts are exact, as text beside their currency; times are
//! RFC 3339 in UTC. Nothing in it is a credential: it is made of what connectors answer, and they know none.

use serde::Serialize;
use serde_json::value::RawValue;

use super::object::{Amount, Object, amount, object};
use crate::contract::{Alert, Change, Effect, Envelope, Finding, Receipt, Report, Severity, Verb};
use crate::notices::ALERT;
use crate::runtime::admin::{SideView, TallyView};
use crate::runtime::trouble::shortened;
use crate::storage::{Counters, JobKind, JobRecord, NewNotice, Sequence, WorkId, severity_name};

/// Effects of one event that are told. A large order has some dozens; the event's record has all.
const EFFECTS_MAX: usize = 100;

/// Alerts of one event that become notices. Connectors raise a few; one that raises more has run wild, and the last one
/// says so.
const ALERTS_MAX: usize = 50;

/// The longest kind of an alert, in bytes. They are words.
const KIND_BYTES_MAX: usize = 200;

/// An event, to find it again with `transload events NUMBER`.
#[derive(Serialize)]
struct EventData<'a> {
    number: Sequence,
    id: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct HandledData<'a> {
    connection: &'a str,
    subject: &'a str,
    event: EventData<'a>,
    effects: Vec<EffectData<'a>>,
    /// Further ones, which are too many to be told.
    more_effects: usize,
    #[serde(flatten)]
    object: Object<'a>,
}

#[derive(Serialize)]
struct EffectData<'a> {
    verb: &'static str,
    system: &'a str,
    kind: &'a str,
    id: &'a str,
    summary: String,
    amount: Option<Amount<'a>>,
    link: Option<&'a str>,
}

#[derive(Serialize)]
struct AlertData<'a> {
    connection: &'a str,
    subject: &'a str,
    event: EventData<'a>,
    severity: &'static str,
    kind: &'a str,
    message: String,
}

/// What the host tells of itself.
#[derive(Serialize)]
struct HostData<'a> {
    connection: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

#[derive(Serialize)]
struct DeadData<'a> {
    connection: &'a str,
    subject: Option<&'a str>,
    event: Option<Sequence>,
    delivery: Option<Sequence>,
    failed_attempts: u32,
    reason: &'a str,
}

#[derive(Serialize)]
struct FindingData<'a> {
    connection: &'a str,
    subject: &'a str,
    job: Sequence,
    id: &'a str,
    kind: &'a str,
    severity: &'static str,
    certainty: &'static str,
    message: &'a str,
    left: SideView,
    right: SideView,
}

#[derive(Serialize)]
struct JobData<'a> {
    connection: &'a str,
    job: Sequence,
    kind: JobKind,
    #[serde(flatten)]
    counters: Counters,
    tallies: Vec<TallyView>,
    reason: Option<&'a str>,
}

/// The notices of an event that was handled: one if it had effects, and one for each alert.
pub(super) fn handled(
    connection: &str,
    number: Sequence,
    envelope: &Envelope,
    change: &Change,
    receipt: &Receipt,
) -> Vec<NewNotice> {
    let Receipt::Done(Report { effects, alerts, .. }) = receipt else { return Vec::new() };
    let event = || EventData { number, id: &envelope.id, source: &envelope.source };
    let mut notices = Vec::new();
    // What was found as it should be is no news: polls look at everything again and again.
    if effects.iter().any(|effect| effect.verb != Verb::Verified) {
        let data = HandledData {
            connection,
            subject: &envelope.subject,
            event: event(),
            effects: effects.iter().take(EFFECTS_MAX).map(effect).collect(),
            more_effects: effects.len().saturating_sub(EFFECTS_MAX),
            object: object(change),
        };
        let subject = Some(envelope.subject.as_str());
        notices.push(notice(topic(change), Severity::Info, connection, subject, &data));
    }
    let told = if alerts.len() > ALERTS_MAX { ALERTS_MAX - 1 } else { alerts.len() };
    notices.extend(alerts.iter().take(told).map(|it| alert(connection, event(), it)));
    if alerts.len() > told {
        let message = format!("the event raised {} alerts more; its record has them", alerts.len() - told);
        let (kind, subject) = ("too-many-alerts".to_owned(), envelope.subject.clone());
        let last = Alert { severity: Severity::Critical, kind, message, subject };
        notices.push(alert(connection, event(), &last));
    }
    notices
}

fn alert(connection: &str, event: EventData<'_>, alert: &Alert) -> NewNotice {
    let kind = cut(&alert.kind);
    let subject = cut(&alert.subject);
    let data = AlertData {
        connection,
        subject,
        event,
        severity: severity_name(alert.severity),
        kind,
        message: shortened(alert.message.clone()),
    };
    let told = notice(ALERT, alert.severity, connection, Some(subject), &data);
    NewNotice { kind: Some(kind.to_owned()), ..told }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(KIND_BYTES_MAX)).unwrap_or_default()
}

fn effect(effect: &Effect) -> EffectData<'_> {
    EffectData {
        verb: match effect.verb {
            Verb::Created => "created",
            Verb::Updated => "updated",
            Verb::Deleted => "deleted",
            Verb::Noted => "noted",
            Verb::Notified => "notified",
            Verb::Recorded => "recorded",
            Verb::Verified => "verified",
        },
        system: &effect.system,
        kind: &effect.kind,
        id: &effect.id,
        summary: shortened(effect.summary.clone()),
        amount: effect.amount.as_ref().map(amount),
        link: effect.link.as_deref(),
    }
}

fn topic(change: &Change) -> &'static str {
    match change {
        Change::Order(_) => "order.handled",
        Change::Fulfillment(_) => "fulfillment.handled",
        Change::Transaction(_) => "transaction.handled",
        Change::Subscription(_) => "subscription.handled",
        Change::Invoice(_) => "invoice.handled",
    }
}

/// Work that the host has given up.
pub(super) fn dead(
    connection: &str,
    subject: Option<&str>,
    id: WorkId,
    failed_attempts: u32,
    reason: &str,
) -> NewNotice {
    let (topic, event, delivery) = match id {
        WorkId::Event(number) => ("event.dead", Some(number), None),
        WorkId::Delivery(number) => ("delivery.dead", None, Some(number)),
    };
    let data = DeadData { connection, subject, event, delivery, failed_attempts, reason };
    notice(topic, Severity::Critical, connection, subject, &data)
}

/// A connection that waits for a person.
pub(super) fn paused(connection: &str, reason: &str) -> NewNotice {
    let data = HostData { connection, reason: Some(reason), module: None, was: None, by: None };
    notice("connection.paused", Severity::Critical, connection, None, &data)
}

/// A connection that goes on.
pub(super) fn resumed(connection: &str) -> NewNotice {
    let data = HostData { connection, reason: None, module: None, was: None, by: None };
    notice("connection.resumed", Severity::Info, connection, None, &data)
}

/// A connection that runs on another module, or on the one before again.
pub(super) fn swapped(
    connection: &str,
    module: &str,
    was: &str,
    by: &str,
    reason: &str,
    back: bool,
) -> NewNotice {
    let (topic, severity) = match back {
        true => ("connector.rolled-back", Severity::Warning),
        false => ("connector.swapped", Severity::Info),
    };
    let (module, was, by) = (Some(module), Some(was), Some(by));
    let data = HostData { connection, reason: Some(reason), module, was, by };
    notice(topic, severity, connection, None, &data)
}

/// A difference that a job found.
pub(super) fn finding(job: &JobRecord, finding: &Finding) -> NewNotice {
    let connection = job.connection.as_str();
    let data = FindingData {
        connection,
        subject: &finding.subject,
        job: job.number,
        id: &finding.id,
        kind: &finding.kind,
        severity: severity_name(finding.severity),
        certainty: match finding.certainty {
            crate::contract::Certainty::Confirmed => "confirmed",
            crate::contract::Certainty::Suggested => "suggested",
        },
        message: &finding.message,
        left: finding.left.clone().into(),
        right: finding.right.clone().into(),
    };
    let told = notice("finding", finding.severity, connection, Some(&finding.subject), &data);
    NewNotice { kind: Some(cut(&finding.kind).to_owned()), ..told }
}

/// A job that came to its end, or failed for a reason.
pub(super) fn job_ended(job: &JobRecord, failure: Option<&str>) -> NewNotice {
    let (topic, severity) = match failure {
        Some(_) => ("job.failed", Severity::Warning),
        None => ("job.done", Severity::Info),
    };
    let data = JobData {
        connection: &job.connection,
        job: job.number,
        kind: job.kind,
        counters: job.counters,
        tallies: job.tallies.iter().cloned().map(TallyView::from).collect(),
        reason: failure,
    };
    notice(topic, severity, &job.connection, None, &data)
}

fn notice(
    topic: &str,
    severity: Severity,
    connection: &str,
    subject: Option<&str>,
    data: &impl Serialize,
) -> NewNotice {
    // Structs of texts and numbers are always JSON.
    let data = serde_json::value::to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
    NewNotice {
        topic: topic.to_owned(),
        kind: None,
        severity,
        connection: connection.to_owned(),
        subject: subject.map(str::to_owned),
        data: data.get().to_owned(),
        receivers: Vec::new(),
    }
}
