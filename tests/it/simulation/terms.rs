//! What the operator has set and whose webhooks come, drawn from the seed.

use fastrand::Rng;
use serde_json::{Value, json};

/// Channels of messages to customers.
const CHANNELS: [&str; 5] = ["none", "sms", "email", "whatsapp", "workflow"];

/// Ways to write a confirmed payment down.
const RECORDS: [&str; 3] = ["note", "object", "opportunity"];

/// The contact's tag that says a payment was confirmed.
pub(super) const TAG: &str = "order-paid";

/// The schema of the records that payments are written down in.
pub(super) const SCHEMA: &str = "custom_objects.sales";

/// The workflow that tells customers, where a workflow does.
pub(super) const WORKFLOW: &str = "workflow-1";

/// Who does not want to be disturbed, in the runs where somebody does not.
pub(super) const UNDISTURBED: &str = "contact-1";

/// The terms of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) cash_on_delivery: bool,
    pub(super) record_cash: bool,
    pub(super) when_refunded: bool,
    pub(super) renew: bool,
    pub(super) channel: &'static str,
    pub(super) record: &'static str,
    /// Whether [`UNDISTURBED`] is.
    pub(super) undisturbed: bool,
    /// Whether GoHighLevel's webhooks come. If not, its orders are polled.
    pub(super) hears_ghl: bool,
    /// Whether Track-POD's webhooks come. If not, its deliveries are polled.
    pub(super) hears_track_pod: bool,
    pub(super) polls_orders: bool,
    pub(super) polls_deliveries: bool,
}

impl Terms {
    pub(super) fn draw(seed: u64) -> Terms {
        let mut rng = Rng::with_seed(seed ^ 0x7e45);
        let mut mostly = |of: u32| rng.u32(..of) > 0;
        let (hears_ghl, hears_track_pod) = (mostly(4), mostly(4));
        Terms {
            cash_on_delivery: mostly(4),
            record_cash: mostly(6),
            when_refunded: mostly(4),
            renew: mostly(3),
            undisturbed: !mostly(4),
            hears_ghl,
            hears_track_pod,
            // With webhooks and polling both, the same news comes in two ways.
            polls_orders: !hears_ghl || !mostly(4),
            polls_deliveries: !hears_track_pod || !mostly(4),
            channel: CHANNELS[rng.usize(..CHANNELS.len())],
            record: RECORDS[rng.usize(..RECORDS.len())],
        }
    }

    /// The triggers that are polled.
    pub(super) fn polls(&self) -> Vec<&'static str> {
        let optional = [("order-list", self.polls_orders), ("delivery-status", self.polls_deliveries)];
        let mut polls = vec!["transactions", "subscriptions"];
        polls.extend(optional.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| name));
        polls
    }

    /// The connection's settings. Each message says what it is about, so that a judge can count it.
    pub(super) fn settings(&self) -> Value {
        let text = |state: &str| format!("{state} {{{{ order.id }}}} {{{{ delivery.attempt }}}}");
        let record = match self.record {
            "object" => json!({
                "kind": "object", "schema_key": SCHEMA, "order_property": "order",
                "properties": {"paid": "{{ order.paid }}"},
            }),
            "opportunity" => json!({
                "kind": "opportunity", "pipeline_id": "p", "stage_id": "s", "name": "Order {{ order.id }}",
            }),
            _ => json!({"kind": "note", "tag": TAG}),
        };
        let mut messages = json!({"channel": self.channel, "subject": "Your order", "workflow_id": WORKFLOW});
        for state in ["out_for_delivery", "delivered", "partly_delivered", "attempt_failed"] {
            messages[state] = text(state).into();
        }
        json!({
            "mode": "all",
            "cash_on_delivery": self.cash_on_delivery,
            "cash": {"record": self.record_cash},
            "cancel": {"when_refunded": self.when_refunded},
            "subscriptions": {"renew": self.renew},
            "payment_record": record,
            "messages": messages,
        })
    }
}
