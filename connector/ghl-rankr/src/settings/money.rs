//! What is set about payments, subscriptions and invoices.

use serde::Deserialize;

/// Of what a person is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Of money that arrived.
    pub payments: bool,
    /// Of charges that failed.
    pub failures: bool,
    /// Of money that was given back.
    pub refunds: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { payments: false, failures: true, refunds: true }
    }
}

/// What is done about payments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transactions {
    /// Whether they are held in Rankr one by one. What was paid for an order is told with the order.
    pub sync: bool,
}

impl Default for Transactions {
    fn default() -> Self {
        Self { sync: true }
    }
}

/// What is done about invoices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Invoices {
    /// Whether they are held in Rankr, and compared with their payments.
    pub sync: bool,
}

impl Default for Invoices {
    fn default() -> Self {
        Self { sync: true }
    }
}

/// What is done about subscriptions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subscriptions {
    /// Whether they are held in Rankr, and their charges watched.
    pub sync: bool,
    /// How late a charge may be before a person is told, in hours. Payment providers try again for days.
    pub grace_hours: u32,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self { sync: true, grace_hours: 24 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_the_default_and_what_is_unknown_is_an_error() {
        let alerts: Alerts = serde_json::from_str(r#"{"payments":true}"#).unwrap();
        assert!(alerts.payments && alerts.failures && alerts.refunds);
        let quiet: Alerts = serde_json::from_str(r#"{"failures":false,"refunds":false}"#).unwrap();
        assert!(!quiet.payments && !quiet.failures && !quiet.refunds);
        let set: Subscriptions = serde_json::from_str(r#"{"grace_hours":72}"#).unwrap();
        assert_eq!((set.sync, set.grace_hours), (true, 72));
        assert!(!serde_json::from_str::<Subscriptions>(r#"{"sync":false}"#).unwrap().sync);
        for wrong in [r#"{"payment":true}"#, r#"{"grace_hours":-1}"#, r#"{"grace_hours":1.5}"#] {
            assert!(serde_json::from_str::<Alerts>(wrong).is_err(), "{wrong}");
            assert!(serde_json::from_str::<Subscriptions>(wrong).is_err(), "{wrong}");
        }
    }
}
