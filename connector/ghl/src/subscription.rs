//! Subscriptions. The API only reads them.

use serde::Deserialize;
use transload_model::{Currency, Instant, Money, Party, Subscription, SubscriptionStatus};
use transload_wire::{Number, tolerant};

use crate::contact::WireContact;
use crate::error::{MISSING, MapError, NEGATIVE};

/// A subscription, and what the model has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionDetail {
    /// The subscription.
    pub subscription: Subscription,
    /// The payment provider's id of it. Its charges name it by this one.
    pub provider_id: Option<String>,
}

/// A subscription as it is read, in a list or alone.
///
/// Not read: `subscriptionSnapshot`, which is the payment provider's own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireSubscription {
    #[serde(default, rename = "_id", deserialize_with = "tolerant::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "tolerant::number")]
    amount: Option<Number>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    entity_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    subscription_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    live_mode: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    created_at: Option<Instant>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    updated_at: Option<Instant>,
    // In a list only.
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    contact_email: Option<String>,
    // Alone only.
    contact_snapshot: Option<WireContact>,
    schedule: Option<WireSchedule>,
    #[serde(default, deserialize_with = "tolerant::instant")]
    canceled_at: Option<Instant>,
}

/// The document gives another object as the example of a schedule than its schema does, so all of it may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSchedule {
    #[serde(default, deserialize_with = "tolerant::instant")]
    execute_at: Option<Instant>,
    rrule: Option<WireRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRule {
    #[serde(default, deserialize_with = "tolerant::text")]
    interval_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    interval: Option<i64>,
}

impl WireSubscription {
    /// The subscription with the payment provider's id of it.
    pub(crate) fn into_detail(mut self) -> Result<SubscriptionDetail, MapError> {
        let provider_id = self.subscription_id.take();
        Ok(SubscriptionDetail { subscription: self.into_model()?, provider_id })
    }

    /// The subscription. Without an id or a status it is refused, and so is an amount without a currency.
    pub(crate) fn into_model(self) -> Result<Subscription, MapError> {
        let id = self.id.unwrap_or_default();
        let error = |member: &str, problem| MapError {
            object: format!("subscription {id}"),
            member: member.to_owned(),
            problem,
        };
        if id.is_empty() {
            return Err(error("_id", MISSING));
        }
        let status = self.status.ok_or_else(|| error("status", MISSING))?;
        let amount = match self.amount {
            Some(Number(amount)) if amount.is_negative() => return Err(error("amount", NEGATIVE)),
            Some(Number(amount)) => {
                Some(Money::new(amount, self.currency.ok_or_else(|| error("currency", MISSING))?))
            }
            None => None,
        };
        let mut customer = self.contact_snapshot.unwrap_or_default().into_model(self.contact_id);
        customer.name = customer.name.or(self.contact_name);
        customer.email = customer.email.or(self.contact_email);
        let is_order = self.entity_type.is_some_and(|kind| kind.eq_ignore_ascii_case("order"));
        let schedule = self.schedule.unwrap_or_default();
        Ok(Subscription {
            status: subscription_status(status),
            order_id: self.entity_id.filter(|_| is_order),
            amount,
            period: schedule.rrule.and_then(|rule| rule.period()),
            customer: (customer != Party::default()).then_some(customer),
            next_charge_at: schedule.execute_at,
            ended_at: self.canceled_at,
            live: self.live_mode.unwrap_or(true),
            created_at: self.created_at,
            updated_at: self.updated_at,
            id,
        })
    }
}

impl WireRule {
    /// An ISO 8601 duration: `P1M` for monthly. None for what is no span of time.
    fn period(self) -> Option<String> {
        let count = self.interval.filter(|&count| count > 0)?;
        let (before, unit) = match self.interval_type?.to_ascii_lowercase().as_str() {
            "yearly" => ("P", 'Y'),
            "monthly" => ("P", 'M'),
            "weekly" => ("P", 'W'),
            "daily" => ("P", 'D'),
            "hourly" => ("PT", 'H'),
            "minutely" => ("PT", 'M'),
            "secondly" => ("PT", 'S'),
            _ => return None,
        };
        Some(format!("{before}{count}{unit}"))
    }
}

/// The document lists no values and gives `active`; the others are in the guides to subscriptions and to payment
/// providers.
fn subscription_status(text: String) -> SubscriptionStatus {
    match text.to_ascii_lowercase().as_str() {
        "trialing" | "trial" => SubscriptionStatus::Trialing,
        "active" => SubscriptionStatus::Active,
        "past_due" => SubscriptionStatus::PastDue,
        "unpaid" => SubscriptionStatus::Unpaid,
        "paused" | "suspended" => SubscriptionStatus::Paused,
        "canceled" | "cancelled" => SubscriptionStatus::Cancelled,
        "expired" => SubscriptionStatus::Expired,
        "incomplete" | "incomplete_expired" | "pending" => SubscriptionStatus::Incomplete,
        _ => SubscriptionStatus::Other(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: &str = include_str!("fixtures/subscription.json");
    const LIST: &str = include_str!("fixtures/subscriptions.json");

    fn read(json: &str) -> Result<Subscription, MapError> {
        serde_json::from_str::<WireSubscription>(json).unwrap().into_model()
    }

    #[test]
    fn both_shapes_tell_the_same_and_alone_tells_the_period() {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<WireSubscription>,
        }
        let alone = read(ALONE).unwrap();
        let page: Page = serde_json::from_str(LIST).unwrap();
        let listed = page.data.into_iter().next().unwrap().into_model().unwrap();
        for subscription in [&alone, &listed] {
            assert_eq!(subscription.id, "64bf78af39118e4011926cba");
            assert_eq!(subscription.status, SubscriptionStatus::Active);
            assert_eq!(subscription.order_id.as_deref(), Some("62f4db0f3059ecee61379012"));
            assert_eq!(subscription.amount.unwrap().to_string(), "29.90 USD");
            assert!(!subscription.live);
            let customer = subscription.customer.as_ref().unwrap();
            assert_eq!(customer.email.as_deref(), Some("thandi@example.com"));
            assert_eq!(customer.name.as_deref(), Some("Thandi Mbeki"));
        }
        assert_eq!(alone.period.as_deref(), Some("P2M"));
        // 2024-01-20T10:23:36Z and 2024-01-21T00:00:00Z by `date -ud … +%s`.
        assert_eq!(alone.next_charge_at, Some(Instant(1_705_746_216_000)));
        assert_eq!(alone.ended_at, Some(Instant(1_705_795_200_000)));
        assert_eq!((listed.period, listed.next_charge_at), (None, None));
        let detail = serde_json::from_str::<WireSubscription>(ALONE).unwrap().into_detail().unwrap();
        assert_eq!(detail.subscription, alone);
        assert_eq!(detail.provider_id.as_deref(), Some("sub_1KGcXDCScnf89tZoVkoEMCEL"));
    }

    #[test]
    fn what_it_costs_is_not_guessed() {
        for (json, message) in [
            (r#"{"status":"active"}"#, "subscription : _id is missing"),
            (r#"{"_id":"s1"}"#, "subscription s1: status is missing"),
            (r#"{"_id":"s1","status":"active","amount":1}"#, "subscription s1: currency is missing"),
            (
                r#"{"_id":"s1","status":"active","amount":-1,"currency":"USD"}"#,
                "subscription s1: amount is below zero",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), message);
        }
        let bare = read(r#"{"_id":"s1","status":"active","entityType":"invoice","entityId":"i1"}"#).unwrap();
        assert_eq!((bare.amount, bare.order_id), (None, None));
    }

    #[test]
    fn statuses_are_an_open_list() {
        use SubscriptionStatus::*;
        for (text, status) in [
            ("trialing", Trialing),
            ("Active", Active),
            ("past_due", PastDue),
            ("unpaid", Unpaid),
            ("suspended", Paused),
            ("canceled", Cancelled),
            ("expired", Expired),
            ("incomplete", Incomplete),
            ("incomplete_expired", Incomplete),
            ("pending", Incomplete),
            ("scheduled", Other("scheduled".to_owned())),
        ] {
            assert_eq!(subscription_status(text.to_owned()), status);
        }
    }

    #[test]
    fn periods_are_iso_durations() {
        for (kind, interval, period) in [
            ("yearly", 1, Some("P1Y")),
            ("monthly", 3, Some("P3M")),
            ("weekly", 2, Some("P2W")),
            ("daily", 10, Some("P10D")),
            ("hourly", 12, Some("PT12H")),
            ("minutely", 5, Some("PT5M")),
            ("secondly", 1, Some("PT1S")),
            ("monthly", 0, None),
            ("monthly", -1, None),
            ("fortnightly", 1, None),
        ] {
            let rule = WireRule { interval_type: Some(kind.to_owned()), interval: Some(interval) };
            assert_eq!(rule.period().as_deref(), period, "{interval} {kind}");
        }
    }
}
