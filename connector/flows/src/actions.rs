//! The steps that a platform can call on their own, as a table of a connector's.

mod findings;
mod report;

use serde::Deserialize;
use transload_sdk::manifest::{Action, ActionAccess};
use transload_sdk::{Failure, Finding, Receipt, rejected};

use crate::schemas;

const ORDER_SAMPLE: &str = r#"{"order_id":"660ed43bfdf9fc05a0de7a40"}"#;
const NO_INPUT: &str = r#"{"type":"object","additionalProperties":false}"#;

/// What an action does with its input and a connector's connection, `C`.
pub enum Run<C> {
    /// A step of a flow, for one order; it answers what was done.
    Order(fn(&C, &str) -> Result<Receipt, Failure>),
    /// A look at one order; it answers JSON of its own, of this schema.
    Look(fn(&C, &str) -> Result<String, Failure>, &'static str),
    /// The comparison of one order; it answers what was found.
    Compare(fn(&C, &str) -> Result<Vec<Finding>, Failure>),
    /// A step for one order that needs more than its id; it answers what was done.
    Told {
        /// The input's schema. It has the order's id in it, as `order_id`.
        schema: &'static str,
        /// An input.
        sample: &'static str,
        /// The step.
        step: fn(&C, &str) -> Result<Receipt, Failure>,
    },
    /// A step that is about no order.
    Alone(fn(&C) -> Result<Receipt, Failure>),
}

/// An action: its name, its title for people, and what it does.
pub struct Entry<C> {
    /// The stable name.
    pub name: &'static str,
    /// What a platform shows.
    pub title: &'static str,
    /// What it does.
    pub run: Run<C>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderInput {
    order_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoInput {}

/// The action of `table` that is called `name`. Fails with `rejected`, naming those there are.
pub fn find<'t, C>(table: &'t [Entry<C>], name: &str) -> Result<&'t Entry<C>, Failure> {
    table.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|entry| entry.name).collect();
        rejected(format!("no action is called {name:?}; there are {}", names.join(", ")))
    })
}

/// An action's input. Fails with `rejected`, saying what is wrong with it.
pub fn read<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, Failure> {
    serde_json::from_str(input).map_err(|error| rejected(format!("the action's input: {error}")))
}

impl<C> Entry<C> {
    /// Runs it and answers its output, JSON. Fails as the step does, and with `rejected` for an input that is not its.
    pub fn run(&self, connection: &C, input: &str) -> Result<String, Failure> {
        let order_id = || read::<OrderInput>(input).map(|input| input.order_id);
        let receipt = match self.run {
            Run::Look(look, _) => return look(connection, &order_id()?),
            Run::Compare(compare) => return findings::json(&compare(connection, &order_id()?)?),
            Run::Order(step) => step(connection, &order_id()?)?,
            Run::Told { step, .. } => step(connection, input)?,
            Run::Alone(step) => {
                read::<NoInput>(input)?;
                step(connection)?
            }
        };
        report::json(&receipt)
    }

    /// The action as the manifest has it.
    pub fn describe(&self) -> Action {
        let (read, write) = (ActionAccess::Read, ActionAccess::Write);
        let (access, input_schema, sample, output_schema) = match self.run {
            Run::Order(_) => (write, schemas::ORDER_ID, ORDER_SAMPLE, schemas::RECEIPT),
            Run::Look(_, schema) => (read, schemas::ORDER_ID, ORDER_SAMPLE, schema),
            Run::Compare(_) => (read, schemas::ORDER_ID, ORDER_SAMPLE, schemas::FINDINGS),
            Run::Told { schema, sample, .. } => (write, schema, sample, schemas::RECEIPT),
            Run::Alone(_) => (write, NO_INPUT, "{}", schemas::RECEIPT),
        };
        Action {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            access,
            subject: (!matches!(self.run, Run::Alone(_))).then(|| "/order_id".to_owned()),
            input_schema: input_schema.to_owned(),
            output_schema: output_schema.to_owned(),
            sample: sample.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
