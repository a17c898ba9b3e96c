//! Invoices.

use crate::{Instant, Money, MoneyError, Party};

/// Where an invoice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Not sent.
    Draft,
    /// Sent, not paid.
    Sent,
    /// Paid in part.
    PartiallyPaid,
    /// Paid in full.
    Paid,
    /// Called off.
    Void,
    /// In the source's own words.
    Other(String),
}

impl InvoiceStatus {
    /// As a person would say it. Events' ids have it in them, so a released text never changes.
    pub fn describe(&self) -> &str {
        match self {
            Self::Draft => "draft",
            Self::Sent => "sent",
            Self::PartiallyPaid => "partially paid",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Other(text) => text,
        }
    }

    /// The status of these words, in either case and with `_` or `-` for a blank; what is not known stays as it is.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().replace(['_', '-'], " ").as_str() {
            "draft" => Self::Draft,
            "sent" => Self::Sent,
            "partially paid" => Self::PartiallyPaid,
            "paid" => Self::Paid,
            "void" => Self::Void,
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The id in the source system.
    pub id: String,
    /// The number a person would quote.
    pub number: Option<String>,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// The order it bills.
    pub order_id: Option<String>,
    /// What it asks for.
    pub total: Money,
    /// What has been paid.
    pub paid: Option<Money>,
    /// What is left to pay.
    pub due: Option<Money>,
    /// Who is billed.
    pub customer: Option<Party>,
    /// When it is due.
    pub due_at: Option<Instant>,
    /// False in a test mode of the source.
    pub live: bool,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}

impl Invoice {
    /// What is still to be paid: the total less `paid`, never below zero. Fails when the two are of different
    /// currencies, because guessing either way would take or give away money.
    pub fn amount_due(&self, paid: Money) -> Result<Money, MoneyError> {
        let due = self.total.checked_sub(paid)?;
        Ok(if due.amount.is_negative() { Money::zero(due.currency) } else { due })
    }

    /// What its status should be when `paid` has been paid for it, refunds taken off. Fails as
    /// [`Invoice::amount_due`] does.
    ///
    /// Money alone neither sends a draft nor takes a void invoice up again, and says nothing of an invoice over nothing
    /// or of a status in the source's own words, until that is paid in full.
    pub fn expected_status(&self, paid: Money) -> Result<InvoiceStatus, MoneyError> {
        let due = self.amount_due(paid)?;
        let own = self.status.clone();
        Ok(match own {
            _ if !self.total.amount.is_positive() => own,
            InvoiceStatus::Void => own,
            _ if due.amount.is_zero() => InvoiceStatus::Paid,
            InvoiceStatus::Other(_) => own,
            _ if paid.amount.is_positive() => InvoiceStatus::PartiallyPaid,
            InvoiceStatus::Draft => own,
            _ => InvoiceStatus::Sent,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: &str) -> Money {
        Money::new(amount.parse().unwrap(), "USD".parse().unwrap())
    }

    fn invoice(status: InvoiceStatus, total: &str) -> Invoice {
        Invoice {
            id: "i".to_owned(),
            number: None,
            status,
            order_id: None,
            total: money(total),
            paid: None,
            due: None,
            customer: None,
            due_at: None,
            live: true,
            created_at: None,
            updated_at: None,
        }
    }

    const KNOWN: [InvoiceStatus; 5] = [
        InvoiceStatus::Draft,
        InvoiceStatus::Sent,
        InvoiceStatus::PartiallyPaid,
        InvoiceStatus::Paid,
        InvoiceStatus::Void,
    ];

    #[test]
    fn every_status_is_read_from_its_own_words() {
        for status in KNOWN {
            assert_eq!(InvoiceStatus::parse(status.describe()), status);
        }
        for text in ["partially_paid", "PARTIALLY-PAID", "Partially paid"] {
            assert_eq!(InvoiceStatus::parse(text), InvoiceStatus::PartiallyPaid, "{text}");
        }
        let other = InvoiceStatus::parse("payment_processing");
        assert_eq!(other, InvoiceStatus::Other("payment_processing".to_owned()));
        assert_eq!(other.describe(), "payment_processing");
    }

    #[test]
    fn what_was_paid_gives_the_status() {
        let other = InvoiceStatus::Other("payment_processing".to_owned());
        for (own, paid, expected) in [
            (InvoiceStatus::Draft, "0", InvoiceStatus::Draft),
            (InvoiceStatus::Draft, "0.01", InvoiceStatus::PartiallyPaid),
            (InvoiceStatus::Sent, "0", InvoiceStatus::Sent),
            (InvoiceStatus::Sent, "999", InvoiceStatus::Paid),
            (InvoiceStatus::Sent, "1000", InvoiceStatus::Paid),
            // All of it was given back.
            (InvoiceStatus::Paid, "0", InvoiceStatus::Sent),
            (InvoiceStatus::Paid, "998.99", InvoiceStatus::PartiallyPaid),
            (InvoiceStatus::Void, "999", InvoiceStatus::Void),
            (other.clone(), "1", other.clone()),
            (other, "999", InvoiceStatus::Paid),
        ] {
            let invoice = invoice(own, "999");
            assert_eq!(invoice.expected_status(money(paid)), Ok(expected), "{:?} {paid}", invoice.status);
        }
        let free = invoice(InvoiceStatus::Sent, "0");
        assert_eq!(free.expected_status(money("0")), Ok(InvoiceStatus::Sent));
    }

    #[test]
    fn money_of_another_currency_pays_nothing() {
        let paid = Money::new("1".parse().unwrap(), "EUR".parse().unwrap());
        let invoice = invoice(InvoiceStatus::Sent, "1");
        assert!(invoice.amount_due(paid).is_err() && invoice.expected_status(paid).is_err());
    }

    proptest! {
        #[test]
        fn what_is_due_and_what_was_paid_make_the_total(total in 0_i64..1_000_000, paid in 0_i64..1_000_000) {
            let cents = |units| Money::new(crate::Decimal::new(units, 2).unwrap(), "USD".parse().unwrap());
            let mut invoice = invoice(InvoiceStatus::Sent, "0");
            invoice.total = cents(total);
            let due = invoice.amount_due(cents(paid)).unwrap();
            prop_assert_eq!(due.checked_add(cents(paid.min(total))).unwrap(), invoice.total);
        }

        /// A status that follows from the payments follows from them again.
        #[test]
        fn an_expected_status_is_its_own_expectation(own in 0_usize..5, total in 0_i64..5, paid in 0_i64..7) {
            let whole = |units| Money::new(crate::Decimal::new(units, 0).unwrap(), "USD".parse().unwrap());
            let mut invoice = invoice(KNOWN[own].clone(), "0");
            invoice.total = whole(total);
            invoice.status = invoice.expected_status(whole(paid)).unwrap();
            prop_assert_eq!(invoice.expected_status(whole(paid)).unwrap(), invoice.status);
        }
    }
}
