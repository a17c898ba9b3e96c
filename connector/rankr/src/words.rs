//! Statuses and their words on the wire. The lists are open: a word that none of them has goes through as it is.

use transload_model::{
    FulfillmentState, FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, SubscriptionStatus,
    TransactionStatus,
};

/// A status that has a word on the wire.
pub(crate) trait Words: Clone + PartialEq + Sized + 'static {
    /// The contract's words.
    const WORDS: &'static [(&'static str, Self)];

    /// A status in the source's own words.
    fn other(text: String) -> Self;

    /// The source's own words, if it is in them.
    fn other_text(&self) -> Option<&str>;

    /// Its word.
    fn word(&self) -> String {
        let known = Self::WORDS.iter().find(|(_, status)| status == self).map(|(word, _)| *word);
        known.or(self.other_text()).unwrap_or_default().to_owned()
    }

    /// The status that `text` is the word of.
    fn of(text: String) -> Self {
        let known = Self::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        known.map(|(_, status)| status.clone()).unwrap_or_else(|| Self::other(text))
    }
}

macro_rules! words {
    ($status:ident { $($word:literal => $variant:ident),+ $(,)? }) => {
        impl Words for $status {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $status::$variant)),+];

            fn other(text: String) -> Self {
                Self::Other(text)
            }

            fn other_text(&self) -> Option<&str> {
                match self {
                    Self::Other(text) => Some(text),
                    _ => None,
                }
            }
        }
    };
}

words!(OrderStatus { "pending" => Pending, "completed" => Completed, "cancelled" => Cancelled });

words!(PaymentStatus {
    "unpaid" => Unpaid,
    "partially_paid" => PartiallyPaid,
    "paid" => Paid,
    "partially_refunded" => PartiallyRefunded,
    "refunded" => Refunded,
});

words!(FulfillmentStatus {
    "unfulfilled" => Unfulfilled,
    "partially_fulfilled" => PartiallyFulfilled,
    "fulfilled" => Fulfilled,
    "cancelled" => Cancelled,
});

words!(FulfillmentState {
    "created" => Created,
    "scheduled" => Scheduled,
    "loaded" => Loaded,
    "out_for_delivery" => OutForDelivery,
    "attempt_failed" => AttemptFailed,
    "rejected" => Rejected,
    "partially_delivered" => PartiallyDelivered,
    "delivered" => Delivered,
    "collected" => Collected,
    "cancelled" => Cancelled,
});

words!(TransactionStatus {
    "pending" => Pending,
    "succeeded" => Succeeded,
    "failed" => Failed,
    "refunded" => Refunded,
    "partially_refunded" => PartiallyRefunded,
    "disputed" => Disputed,
});

words!(SubscriptionStatus {
    "trialing" => Trialing,
    "active" => Active,
    "past_due" => PastDue,
    "unpaid" => Unpaid,
    "paused" => Paused,
    "cancelled" => Cancelled,
    "expired" => Expired,
    "incomplete" => Incomplete,
});

words!(InvoiceStatus {
    "draft" => Draft,
    "sent" => Sent,
    "partially_paid" => PartiallyPaid,
    "paid" => Paid,
    "void" => Void,
});

/// The contract's words of a status.
pub(crate) fn known<S: Words>() -> Vec<&'static str> {
    S::WORDS.iter().map(|(word, _)| *word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_both_ways<S: Words + std::fmt::Debug>() {
        for (word, status) in S::WORDS {
            assert_eq!(status.word(), *word);
            assert_eq!(S::of(word.to_ascii_uppercase()), *status);
        }
        assert_eq!(S::of("lost at sea".to_owned()), S::other("lost at sea".to_owned()));
        assert_eq!(S::other("lost at sea".to_owned()).word(), "lost at sea");
    }

    #[test]
    fn every_status_has_a_word_and_is_read_from_it() {
        goes_both_ways::<OrderStatus>();
        goes_both_ways::<PaymentStatus>();
        goes_both_ways::<FulfillmentStatus>();
        goes_both_ways::<FulfillmentState>();
        goes_both_ways::<TransactionStatus>();
        goes_both_ways::<SubscriptionStatus>();
        goes_both_ways::<InvoiceStatus>();
        assert_eq!(FulfillmentState::WORDS.len(), FulfillmentState::KNOWN.len());
    }
}
