//! The steps that a platform can call on their own.

use serde::{Deserialize, Serialize};
use transload_sdk::{Context, Failure, Receipt, Verb, rejected};

use crate::settings::Connection;
use crate::{fulfillments, orders};

/// The action that brings a delivery up to date with its order.
pub const SYNC_ORDER: &str = "sync-order";

/// The action that writes down what was delivered.
pub const PUSH_FULFILLMENT: &str = "push-fulfillment";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    order_id: String,
}

#[derive(Serialize)]
struct Output<'a> {
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    effects: Vec<Effect<'a>>,
    alerts: Vec<&'a str>,
}

#[derive(Serialize)]
struct Effect<'a> {
    verb: &'static str,
    system: &'a str,
    kind: &'a str,
    id: &'a str,
    summary: &'a str,
}

/// Runs the action called `name`.
pub fn run(cx: &Context, name: &str, input: &str) -> Result<String, Failure> {
    let action = match name {
        SYNC_ORDER => orders::sync,
        PUSH_FULFILLMENT => fulfillments::push_now,
        _ => {
            return Err(rejected(format!(
                "no action is called {name:?}; there are {SYNC_ORDER:?} and {PUSH_FULFILLMENT:?}"
            )));
        }
    };
    let input: Input =
        serde_json::from_str(input).map_err(|error| rejected(format!("the input of {name}: {error}")))?;
    let settings = cx.settings()?;
    let receipt = action(&Connection::new(cx, &settings), &input.order_id)?;
    serde_json::to_string(&output(&receipt)).map_err(|error| rejected(error.to_string()))
}

fn output(receipt: &Receipt) -> Output<'_> {
    match receipt {
        Receipt::Skipped(reason) => {
            Output { done: false, skipped: Some(reason), effects: Vec::new(), alerts: Vec::new() }
        }
        Receipt::Done(report) => Output {
            done: true,
            skipped: None,
            effects: report
                .effects
                .iter()
                .map(|effect| Effect {
                    verb: verb(effect.verb),
                    system: &effect.system,
                    kind: &effect.kind,
                    id: &effect.id,
                    summary: &effect.summary,
                })
                .collect(),
            alerts: report.alerts.iter().map(|alert| alert.message.as_str()).collect(),
        },
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Created => "created",
        Verb::Updated => "updated",
        Verb::Deleted => "deleted",
        Verb::Noted => "noted",
        Verb::Notified => "notified",
        Verb::Recorded => "recorded",
        Verb::Verified => "verified",
    }
}
