//! What the operator has set, how the sink is made and whose webhooks come, drawn from the seed.

use fastrand::Rng;
use serde_json::{Value, json};
use transload_sandbox::{RANKR_OTHER_SETTINGS, RankrDialect, SandboxOptions, System};

use super::super::world::Ears;

/// Of a thousand webhooks, how many are lost in the runs where some are.
const LOST: u32 = 200;

/// The terms of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether people ship what nobody has shipped yet, wherever he did. Those who do not may ship the same goods twice.
    pub(super) careful: bool,
    /// Whether the sink tells customers of what the shop has shipped.
    pub(super) notify: bool,
    /// Whether the sink's changes are polled, so that it need not tell of them.
    pub(super) polls_sink: bool,
    polls_shop: bool,
    hears_ghl: bool,
    hears_rankr: bool,
    loses: bool,
    /// Whether the sink tells of what is written to it.
    echoes: bool,
    /// Whether the sink has other paths and names.
    other: bool,
}

impl Terms {
    pub(super) fn draw(seed: u64) -> Terms {
        let mut rng = Rng::with_seed(seed ^ 0x7e45);
        let mut mostly = |of: u32| rng.u32(..of) > 0;
        let (hears_ghl, hears_rankr, loses) = (mostly(4), mostly(4), !mostly(3));
        Terms {
            careful: mostly(4),
            notify: mostly(2),
            polls_sink: loses || !hears_rankr || mostly(3),
            polls_shop: loses || !hears_ghl || mostly(3),
            hears_ghl,
            hears_rankr,
            loses,
            echoes: mostly(3),
            other: !mostly(3),
        }
    }

    pub(super) fn ears(&self) -> Ears {
        let heard = [(System::Ghl, self.hears_ghl), (System::Rankr, self.hears_rankr)];
        let systems = heard.into_iter().filter(|(_, heard)| *heard).map(|(system, _)| system);
        Ears { systems: systems.collect(), lost: if self.loses { LOST } else { 0 } }
    }

    pub(super) fn sandbox(&self, options: SandboxOptions) -> SandboxOptions {
        let rankr_dialect = if self.other { RankrDialect::Other } else { RankrDialect::V1 };
        SandboxOptions { rankr_echoes: self.echoes, rankr_dialect, ..options }
    }

    pub(super) fn settings(&self) -> Value {
        let mut settings = json!({"mode": "all", "fulfillments": {"notify_customer": self.notify}});
        if self.other {
            settings["rankr"] = serde_json::from_str(RANKR_OTHER_SETTINGS).unwrap();
        }
        settings
    }

    /// The triggers that are polled.
    pub(super) fn polls(&self) -> Vec<&'static str> {
        let mut polls = vec!["transactions", "subscriptions", "fulfillments", "overdue-charges"];
        if self.polls_shop {
            polls.extend(["order-list", "invoice-list"]);
        }
        if self.polls_sink {
            polls.extend(["sink-orders", "sink-invoices"]);
        }
        polls
    }
}
