//! What a difference is called, how bad it is, and how it is told.

use transload_model::{Change, Fulfillment, Money, Order};
use transload_sdk::convert::{event_out, money_out};
use transload_sdk::{Certainty, Event, Finding, FindingSide, Repair, Severity};

use transload_model::Fingerprint;

/// The APIs of the manifest, as findings name them.
pub const GHL: &str = "ghl";
pub const TRACK_POD: &str = "track-pod";

/// A kind of difference. Names are frozen: people's decisions hang on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    OrderWithoutDelivery,
    DeliveryWithoutOrder,
    DuplicateDelivery,
    QuantityDiffers,
    FulfillmentMissing,
    FulfillmentExceedsDelivery,
    CashDiffers,
    CashNotRecorded,
    PaymentNotCaptured,
    PaidDiffers,
    RefundButDelivered,
    RefundedAndDeliveryPlanned,
    CurrencyDiffers,
    StatusDrift,
    Late,
    UnmatchedPayment,
    DuplicatePayment,
    TestLiveMix,
    Unreadable,
    TooManyLeftOver,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::OrderWithoutDelivery,
        Self::DeliveryWithoutOrder,
        Self::DuplicateDelivery,
        Self::QuantityDiffers,
        Self::FulfillmentMissing,
        Self::FulfillmentExceedsDelivery,
        Self::CashDiffers,
        Self::CashNotRecorded,
        Self::PaymentNotCaptured,
        Self::PaidDiffers,
        Self::RefundButDelivered,
        Self::RefundedAndDeliveryPlanned,
        Self::CurrencyDiffers,
        Self::StatusDrift,
        Self::Late,
        Self::UnmatchedPayment,
        Self::DuplicatePayment,
        Self::TestLiveMix,
        Self::Unreadable,
        Self::TooManyLeftOver,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderWithoutDelivery => "order-without-delivery",
            Self::DeliveryWithoutOrder => "delivery-without-order",
            Self::DuplicateDelivery => "duplicate-delivery",
            Self::QuantityDiffers => "quantity-differs",
            Self::FulfillmentMissing => "fulfillment-missing",
            Self::FulfillmentExceedsDelivery => "fulfillment-exceeds-delivery",
            Self::CashDiffers => "cash-differs",
            Self::CashNotRecorded => "cash-not-recorded",
            Self::PaymentNotCaptured => "payment-not-captured",
            Self::PaidDiffers => "paid-differs",
            Self::RefundButDelivered => "refund-but-delivered",
            Self::RefundedAndDeliveryPlanned => "refunded-and-delivery-planned",
            Self::CurrencyDiffers => "currency-differs",
            Self::StatusDrift => "status-drift",
            Self::Late => "late",
            Self::UnmatchedPayment => "unmatched-payment",
            Self::DuplicatePayment => "duplicate-payment",
            Self::TestLiveMix => "test-live-mix",
            Self::Unreadable => "unreadable",
            Self::TooManyLeftOver => "too-many-left-over",
        }
    }

    /// Whether it tells that money of an order is missing.
    pub fn is_of_money(self) -> bool {
        matches!(
            self,
            Self::CashDiffers
                | Self::CashNotRecorded
                | Self::PaymentNotCaptured
                | Self::CurrencyDiffers
                | Self::TestLiveMix
        )
    }

    /// Critical: money or goods are lost unless somebody acts.
    fn severity(self) -> Severity {
        match self {
            Self::OrderWithoutDelivery
            | Self::DuplicateDelivery
            | Self::CashNotRecorded
            | Self::RefundButDelivered
            | Self::RefundedAndDeliveryPlanned
            | Self::CurrencyDiffers
            | Self::DuplicatePayment => Severity::Critical,
            Self::Late | Self::TooManyLeftOver => Severity::Info,
            _ => Severity::Warning,
        }
    }
}

/// A difference that was found.
#[derive(Debug, Clone)]
pub struct Difference {
    kind: Kind,
    certainty: Certainty,
    subject: String,
    message: String,
    left: Seen,
    right: Seen,
    repair: Option<(&'static str, &'static str, Change)>,
}

/// What one system says.
#[derive(Debug, Clone)]
pub struct Seen {
    system: &'static str,
    id: Option<String>,
    value: Option<String>,
    amount: Option<Money>,
}

impl Seen {
    /// The object `id` of `system`, none if it has no such object.
    pub fn new(system: &'static str, id: Option<&str>) -> Self {
        Self { system, id: id.map(str::to_owned), value: None, amount: None }
    }

    /// The value in question.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// The money in question.
    pub fn amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    fn fingerprint(&self, fingerprint: Fingerprint) -> Fingerprint {
        let money = self.amount.map(|money| Money::new(money.amount.normalized(), money.currency));
        fingerprint
            .and(self.system)
            .and_maybe(self.id.as_deref())
            .and_maybe(self.value.as_deref())
            .and_maybe(money)
    }

    fn side(self) -> FindingSide {
        FindingSide {
            system: self.system.to_owned(),
            id: self.id,
            value: self.value,
            amount: self.amount.map(money_out),
        }
    }
}

impl Difference {
    /// A difference about `subject`, in one line for a person.
    pub fn new(kind: Kind, subject: &str, left: Seen, right: Seen, message: String) -> Self {
        let (subject, certainty) = (subject.to_owned(), Certainty::Confirmed);
        Self { kind, certainty, subject, message, left, right, repair: None }
    }

    /// Nothing but likeness ties the two sides together.
    pub fn suggested(self) -> Self {
        Self { certainty: Certainty::Suggested, ..self }
    }

    /// It is put right by handling `order` again.
    pub fn repaired_by_order(self, order: &Order) -> Self {
        let repair = ("bring the delivery up to date with the order", GHL, Change::Order(order.clone()));
        Self { repair: Some(repair), ..self }
    }

    /// It is put right by handling `fulfillment` again.
    pub fn repaired_by_delivery(self, fulfillment: &Fulfillment) -> Self {
        let change = Change::Fulfillment(fulfillment.clone());
        Self { repair: Some(("write what was delivered back to GoHighLevel", TRACK_POD, change)), ..self }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same whenever the same two values stand against each other, and another once either changes: a decision on 40.00
    /// of 50.00 says nothing about 10.00 of 50.00, and a repair that ran for one may run for the other.
    pub fn id(&self) -> String {
        let values = self.right.fingerprint(self.left.fingerprint(Fingerprint::new()));
        format!("{} {} {values}", self.kind.name(), self.subject)
    }

    /// The finding.
    pub fn finding(self) -> Finding {
        let id = self.id();
        let event = |(title, source, change): (&str, &'static str, Change)| Repair {
            title: title.to_owned(),
            event: event_out(Event {
                id: format!("repair {id}"),
                source,
                subject: self.subject.clone(),
                occurred_at: None,
                raw: None,
                change,
            }),
        };
        let repair = self.repair.map(event);
        Finding {
            id,
            kind: self.kind.name().to_owned(),
            severity: self.kind.severity(),
            certainty: self.certainty,
            subject: self.subject,
            message: self.message,
            left: self.left.side(),
            right: self.right.side(),
            repair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(units: i64, exponent: u8) -> Money {
        Money::new(transload_model::Decimal::new(units, exponent).unwrap(), "USD".parse().unwrap())
    }

    fn cash(collected: Money) -> Difference {
        let (left, right) = (Seen::new(GHL, Some("o1")), Seen::new(TRACK_POD, Some("d1")).amount(collected));
        Difference::new(Kind::CashDiffers, "o1", left, right, "text".to_owned())
    }

    #[test]
    fn an_id_goes_by_the_values_and_not_by_how_they_are_written() {
        assert_eq!(cash(money(405, 1)).id(), cash(money(4050, 2)).id());
        assert_ne!(cash(money(405, 1)).id(), cash(money(406, 1)).id());
        // Frozen: operators' decisions name it.
        assert_eq!(cash(money(405, 1)).id(), "cash-differs o1 55fb0f660ce0d1eb");
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
