//! Payments that GoHighLevel did not take itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::{Money, Transaction};
use transload_wire::{Number, tolerant};

/// A payment to be recorded on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// How much, above zero. The call names no currency, so it must be in the order's.
    pub amount: Money,
    /// How it was paid.
    pub mode: PaymentMode,
    /// What people should know about it.
    pub notes: Option<String>,
    /// What programs should know about it; [`TransactionDetail::meta`] gives it back.
    pub meta: Vec<(String, String)>,
    /// Whether more is still to come.
    pub partial: bool,
}

/// How a payment was made that GoHighLevel did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentMode {
    /// In cash.
    Cash,
    /// By card, on somebody else's terminal. The document requires both particulars.
    Card {
        /// The card's brand.
        brand: CardBrand,
        /// Its last four digits.
        last4: String,
    },
    /// By cheque.
    Cheque {
        /// Its number.
        number: String,
    },
    /// By bank transfer.
    BankTransfer,
    /// In another way.
    Other,
}

/// The brands that the document lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardBrand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// Any other.
    Other,
}

/// A transaction with what only its own shape tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDetail {
    /// The transaction.
    pub transaction: Transaction,
    /// Who took the money: `stripe`, `paypal` and others.
    pub provider: Option<String>,
    /// What was recorded with it; members that are no text, number or boolean are left out.
    pub meta: BTreeMap<String, String>,
}

/// What [`Transaction::method`] says of payments that were recorded and not taken. The first are the modes of the call
/// that records one; what its transactions then look like is not documented, so common other words are taken too.
const RECORDED: &[&str] =
    &["cash", "cheque", "check", "bank_transfer", "other", "manual", "offline", "manual_payment"];

/// Whether a person or a program recorded the payment, and GoHighLevel did not take it: its method is one of those that
/// are recorded, or neither a method, a provider nor a charge is told. No document says how such a transaction looks.
pub fn is_recorded(transaction: &Transaction) -> bool {
    match &transaction.method {
        Some(method) => is_recorded_method(method),
        None => transaction.charge_id.is_none(),
    }
}

/// Whether `word` names a way of payment that is recorded.
pub(crate) fn is_recorded_method(word: &str) -> bool {
    RECORDED.iter().any(|recorded| word.eq_ignore_ascii_case(recorded))
}

/// The body of `POST …/record-payment`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireNewPayment<'a> {
    alt_id: &'a str,
    alt_type: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<WireCard<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cheque: Option<WireCheque<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
    amount: Number,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meta: BTreeMap<&'a str, &'a str>,
    is_partial_payment: bool,
}

/// An order's card has a `type`; an invoice's has a `brand`.
#[derive(Serialize)]
struct WireCard<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    last4: &'a str,
}

#[derive(Serialize)]
struct WireCheque<'a> {
    number: &'a str,
}

impl<'a> WireNewPayment<'a> {
    pub(crate) fn new(location_id: &'a str, payment: &'a NewPayment) -> Self {
        let (mode, card, cheque) = match &payment.mode {
            PaymentMode::Cash => ("cash", None, None),
            PaymentMode::Card { brand, last4 } => {
                ("card", Some(WireCard { kind: brand.name(), last4 }), None)
            }
            PaymentMode::Cheque { number } => ("cheque", None, Some(WireCheque { number })),
            PaymentMode::BankTransfer => ("bank_transfer", None, None),
            PaymentMode::Other => ("other", None, None),
        };
        let meta = payment.meta.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self {
            alt_id: location_id,
            alt_type: "location",
            mode,
            card,
            cheque,
            notes: payment.notes.as_deref(),
            amount: Number(payment.amount.amount.normalized()),
            meta: meta.collect(),
            is_partial_payment: payment.partial,
        }
    }
}

/// The answer to it.
#[derive(Deserialize)]
pub(crate) struct RecordReply {
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub success: Option<bool>,
}

impl CardBrand {
    fn name(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(mode: PaymentMode) -> String {
        let amount = Money::new("150.10".parse().unwrap(), "USD".parse().unwrap());
        let payment = NewPayment { amount, mode, notes: None, meta: Vec::new(), partial: true };
        serde_json::to_string(&WireNewPayment::new("loc", &payment)).unwrap()
    }

    #[test]
    fn every_mode_is_written_as_the_document_names_it() {
        let last4 = "0012".to_owned();
        for (mode, members) in [
            (PaymentMode::Cash, r#""mode":"cash""#),
            (PaymentMode::BankTransfer, r#""mode":"bank_transfer""#),
            (PaymentMode::Other, r#""mode":"other""#),
            (
                PaymentMode::Cheque { number: "129-912".to_owned() },
                r#""mode":"cheque","cheque":{"number":"129-912"}"#,
            ),
            (
                PaymentMode::Card { brand: CardBrand::Mastercard, last4 },
                r#""mode":"card","card":{"type":"mastercard","last4":"0012"}"#,
            ),
        ] {
            let expected = format!(
                r#"{{"altId":"loc","altType":"location",{members},"amount":150.1,"isPartialPayment":true}}"#
            );
            assert_eq!(json(mode), expected);
        }
    }
}
