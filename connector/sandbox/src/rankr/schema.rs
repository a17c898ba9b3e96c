//! The members of the order sink's objects, and a check of an object against them.
//!
//! A member that the contract does not name is refused, so that a misspelt one is noticed, though the contract lets a sink
//! leave it aside; free members have their place in an order's `extra`. `receivedAt` and `fulfillmentsAt` are the sink's own: they
//! are let in and not kept.

use jiff::{Span, Timestamp};
use transload_model::{Currency, Decimal};

use super::kind::{Form, RankrKind};
use crate::json::{Json, Object};

/// Characters of a string at most. The contract sets no limit; a note is the longest of them.
pub const TEXT_CHARS_MAX: usize = 5_000;

/// The largest version: the largest whole number that every JSON reader keeps, 2^53 - 1.
pub const VERSION_MAX: u64 = (1 << 53) - 1;

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member {
    name: &'static str,
    kind: Kind,
    required: bool,
}

/// What a member holds.
#[derive(Debug)]
enum Kind {
    /// A string that is not empty.
    Text,
    /// An exact number: a string of digits with a decimal point, perhaps with a minus.
    Signed,
    /// The same without a minus.
    Number,
    /// Three capital letters.
    Currency,
    /// `2026-01-05T08:00:00.000Z`.
    Time,
    /// An ISO 8601 duration: `P1M`.
    Period,
    /// A whole number from 0 to [`VERSION_MAX`].
    Version,
    Boolean,
    /// An array of strings.
    Texts,
    Object(&'static [Member]),
    List(&'static [Member]),
    /// An object of any members that hold strings.
    Free,
}

const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: false }
}

const fn required(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: true }
}

const ORDER: &[Member] = &[
    required("orderId", Kind::Text),
    required("version", Kind::Version),
    optional("number", Kind::Text),
    required("status", Kind::Text),
    optional("paymentStatus", Kind::Text),
    optional("fulfillmentStatus", Kind::Text),
    required("amount", Kind::Number),
    required("currency", Kind::Currency),
    optional("amountPaid", Kind::Signed),
    optional("amountRefunded", Kind::Signed),
    optional("customerId", Kind::Text),
    optional("customer", Kind::Object(CUSTOMER)),
    optional("shipTo", Kind::Object(ADDRESS)),
    optional("lines", Kind::List(ORDER_LINE)),
    optional("note", Kind::Text),
    required("live", Kind::Boolean),
    optional("createdAt", Kind::Time),
    optional("updatedAt", Kind::Time),
    optional("extra", Kind::Free),
    optional("receivedAt", Kind::Time),
    optional("fulfillmentsAt", Kind::Time),
];

const CUSTOMER: &[Member] = &[
    optional("customerId", Kind::Text),
    optional("name", Kind::Text),
    optional("email", Kind::Text),
    optional("phone", Kind::Text),
];

const ADDRESS: &[Member] = &[
    optional("lines", Kind::Texts),
    optional("city", Kind::Text),
    optional("region", Kind::Text),
    optional("postalCode", Kind::Text),
    optional("country", Kind::Text),
];

const ORDER_LINE: &[Member] = &[
    required("lineId", Kind::Text),
    optional("sku", Kind::Text),
    optional("name", Kind::Text),
    required("quantity", Kind::Number),
    optional("unitPrice", Kind::Signed),
];

const FULFILLMENT: &[Member] = &[
    required("fulfillmentId", Kind::Text),
    required("orderId", Kind::Text),
    required("status", Kind::Text),
    optional("origin", Kind::Text),
    optional("trackingNumber", Kind::Text),
    optional("trackingUrl", Kind::Text),
    optional("carrier", Kind::Text),
    optional("notifyCustomer", Kind::Boolean),
    optional("lines", Kind::List(FULFILLMENT_LINE)),
    optional("reason", Kind::Text),
    optional("happenedAt", Kind::Time),
    optional("updatedAt", Kind::Time),
];

const FULFILLMENT_LINE: &[Member] = &[required("lineId", Kind::Text), required("quantity", Kind::Number)];

const TRANSACTION: &[Member] = &[
    required("transactionId", Kind::Text),
    required("version", Kind::Version),
    required("amount", Kind::Number),
    required("currency", Kind::Currency),
    optional("amountRefunded", Kind::Signed),
    required("status", Kind::Text),
    required("timestamp", Kind::Time),
    optional("orderId", Kind::Text),
    optional("invoiceId", Kind::Text),
    optional("subscriptionId", Kind::Text),
    optional("customerId", Kind::Text),
    optional("method", Kind::Text),
    optional("chargeId", Kind::Text),
    required("live", Kind::Boolean),
    optional("updatedAt", Kind::Time),
    optional("receivedAt", Kind::Time),
];

const SUBSCRIPTION: &[Member] = &[
    required("subscriptionId", Kind::Text),
    required("version", Kind::Version),
    required("status", Kind::Text),
    optional("orderId", Kind::Text),
    optional("amount", Kind::Number),
    optional("currency", Kind::Currency),
    optional("period", Kind::Period),
    optional("customerId", Kind::Text),
    optional("nextChargeAt", Kind::Time),
    optional("lastChargeAt", Kind::Time),
    optional("lastTransactionId", Kind::Text),
    optional("endedAt", Kind::Time),
    required("live", Kind::Boolean),
    optional("createdAt", Kind::Time),
    optional("updatedAt", Kind::Time),
    optional("receivedAt", Kind::Time),
];

const INVOICE: &[Member] = &[
    required("invoiceId", Kind::Text),
    required("version", Kind::Version),
    optional("number", Kind::Text),
    required("status", Kind::Text),
    optional("orderId", Kind::Text),
    required("amount", Kind::Number),
    required("currency", Kind::Currency),
    optional("amountPaid", Kind::Signed),
    optional("amountDue", Kind::Signed),
    optional("customerId", Kind::Text),
    optional("dueAt", Kind::Time),
    required("live", Kind::Boolean),
    optional("createdAt", Kind::Time),
    optional("updatedAt", Kind::Time),
    optional("receivedAt", Kind::Time),
];

fn members(form: Form) -> &'static [Member] {
    match form {
        Form::Held(RankrKind::Order) => ORDER,
        Form::Held(RankrKind::Transaction) => TRANSACTION,
        Form::Held(RankrKind::Subscription) => SUBSCRIPTION,
        Form::Held(RankrKind::Invoice) => INVOICE,
        Form::Fulfillment => FULFILLMENT,
    }
}

/// What is wrong with an object that has no nulls: `lines[0].quantity: must be …`.
pub(super) fn problems(form: Form, object: &Object) -> Vec<String> {
    let mut problems = Vec::new();
    check(object, members(form), "", &mut problems);
    let has = |name| object.get(name).is_some();
    if has("amount") && !has("currency") {
        problems.push("currency: must be beside an amount".to_owned());
    }
    problems
}

fn check(object: &Object, members: &[Member], prefix: &str, problems: &mut Vec<String>) {
    for (name, _) in object.iter() {
        if !members.iter().any(|member| member.name == name) {
            problems.push(format!("{prefix}{name}: is not a member here"));
        }
    }
    for member in members {
        let path = format!("{prefix}{}", member.name);
        match object.get(member.name) {
            Some(value) => check_value(value, &member.kind, &path, problems),
            None if member.required => problems.push(format!("{path}: is required")),
            None => {}
        }
    }
}

fn check_value(value: &Json, kind: &Kind, path: &str, problems: &mut Vec<String>) {
    match (kind, value) {
        (Kind::Object(members), Json::Object(object)) => {
            check(object, members, &format!("{path}."), problems);
        }
        (Kind::List(members), Json::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                check_value(element, &Kind::Object(members), &format!("{path}[{index}]"), problems);
            }
        }
        (Kind::Texts, Json::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                check_value(element, &Kind::Text, &format!("{path}[{index}]"), problems);
            }
        }
        (Kind::Free, Json::Object(object)) => {
            for (name, _) in object.iter().filter(|(_, value)| value.as_str().is_none()) {
                problems.push(format!("{path}.{name}: must be a string"));
            }
        }
        _ if holds(kind, value) => {}
        _ => problems.push(format!("{path}: must be {}", kind.form())),
    }
}

fn holds(kind: &Kind, value: &Json) -> bool {
    match (kind, value) {
        (Kind::Version, Json::Number(number)) => {
            number.text().parse::<u64>().is_ok_and(|version| version <= VERSION_MAX)
        }
        (Kind::Boolean, Json::Bool(_)) => true,
        (kind, Json::String(text)) => match kind {
            Kind::Text => !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX,
            Kind::Signed => is_decimal(text.strip_prefix('-').unwrap_or(text)),
            Kind::Number => is_decimal(text),
            Kind::Currency => text.parse::<Currency>().is_ok_and(|currency| currency.code() == text),
            Kind::Time => text.parse::<Timestamp>().is_ok_and(|time| format!("{time:.3}") == *text),
            Kind::Period => text.starts_with('P') && text.parse::<Span>().is_ok(),
            _ => false,
        },
        _ => false,
    }
}

/// Digits, and a point with digits after it if there is one: no exponent, no sign, nothing that exact numbers do not hold.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction) && text.parse::<Decimal>().is_ok()
}

impl Kind {
    fn form(&self) -> String {
        match self {
            Self::Text => format!("a string of 1 to {TEXT_CHARS_MAX} characters"),
            Self::Signed => "a decimal number in a string".to_owned(),
            Self::Number => "a decimal number in a string, without a sign".to_owned(),
            Self::Currency => "three capital letters".to_owned(),
            Self::Time => "a time in UTC with milliseconds: 2026-01-05T08:00:00.000Z".to_owned(),
            Self::Period => "an ISO 8601 duration: P1M".to_owned(),
            Self::Version => format!("a whole number from 0 to {VERSION_MAX}"),
            Self::Boolean => "true or false".to_owned(),
            Self::Texts | Self::List(_) => "an array".to_owned(),
            Self::Object(_) | Self::Free => "an object".to_owned(),
        }
    }
}

/// The object without members that are null, at every level: null is as good as absent.
pub(super) fn without_nulls(object: &Object) -> Object {
    let mut kept = Object::default();
    for (name, value) in object.iter() {
        kept.set_some(name, dense(value));
    }
    kept
}

fn dense(value: &Json) -> Json {
    match value {
        Json::Object(object) => without_nulls(object).into(),
        Json::Array(elements) => Json::Array(elements.iter().map(dense).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(kind: RankrKind, text: &str) -> Vec<String> {
        let json = Json::parse(text).unwrap();
        let problems = problems(Form::Held(kind), &without_nulls(json.as_object().unwrap()));
        problems.into_iter().map(|problem| problem.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_is_required_is_missed_and_null_is_absent() {
        let order = r#"{"orderId":"o","version":1,"status":"pending","amount":"1","currency":null,"live":true,"note":null}"#;
        assert_eq!(wrong(RankrKind::Order, order), ["currency", "currency"]);
        let all = ["orderId", "version", "status", "amount", "currency", "live"];
        assert_eq!(wrong(RankrKind::Order, "{}"), all);
        let all = ["transactionId", "version", "amount", "currency", "status", "timestamp", "live"];
        assert_eq!(wrong(RankrKind::Transaction, "{}"), all);
        assert_eq!(wrong(RankrKind::Subscription, "{}"), ["subscriptionId", "version", "status", "live"]);
        let all = ["invoiceId", "version", "status", "amount", "currency", "live"];
        assert_eq!(wrong(RankrKind::Invoice, "{}"), all);
    }

    #[test]
    fn values_are_checked_at_every_level() {
        let order = r#"{"orderId":"","version":-1,"status":"s","amount":150.10,"currency":"usd","live":"true",
            "paymentStatus":7,"amountPaid":"1e2","createdAt":"2026-01-05T08:00:00Z","colour":"red",
            "customer":{"name":1},"shipTo":{"lines":"Quay"},"lines":[{"lineId":"a","quantity":"-1"},"b"],
            "extra":{"n":1}}"#;
        let paths = [
            "colour",
            "orderId",
            "version",
            "paymentStatus",
            "amount",
            "currency",
            "amountPaid",
            "customer.name",
            "shipTo.lines",
            "lines[0].quantity",
            "lines[1]",
            "live",
            "createdAt",
            "extra.n",
        ];
        assert_eq!(wrong(RankrKind::Order, order), paths);
    }

    #[test]
    fn numbers_are_plain_and_exact() {
        for text in ["0", "150.10", "0.000000000000000001"] {
            assert!(is_decimal(text), "{text}");
        }
        for text in ["", ".5", "1.", "+1", "-1", "1e3", "1,5", " 1", "0.0000000000000000001"] {
            assert!(!is_decimal(text), "{text}");
        }
        let version = |text: &str| holds(&Kind::Version, &Json::parse(text).unwrap());
        assert!(version("9007199254740991") && !version("9007199254740992") && !version("1.0"));
    }

    #[test]
    fn texts_end_at_their_limit_which_counts_characters() {
        let text = |length: usize| holds(&Kind::Text, &"é".repeat(length).into());
        assert!(text(TEXT_CHARS_MAX) && !text(TEXT_CHARS_MAX + 1));
    }

    #[test]
    fn periods_are_iso_8601() {
        for (text, fits) in [("P1M", true), ("P1Y6M", true), ("1 month", false), ("P", false)] {
            assert_eq!(holds(&Kind::Period, &text.into()), fits, "{text}");
        }
    }
}
