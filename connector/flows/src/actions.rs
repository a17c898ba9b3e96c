//! The steps that a platform can call on their own, as a table of a connector's.

mod findings;
mod report;
pub mod status;

use std::collections::BTreeMap;

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
    /// A step of a flow, for one object of another kind; it answers what was done.
    Object(&'static Object, fn(&C, &str) -> Result<Receipt, Failure>),
    /// A step that is about no order.
    Alone(fn(&C) -> Result<Receipt, Failure>),
}

/// A kind of object whose id is the input of an action.
pub struct Object {
    /// The id's name in the input: `invoice_id`.
    pub member: &'static str,
    /// What it is called: `invoice`.
    pub name: &'static str,
}

impl Object {
    /// A payment.
    pub const TRANSACTION: Self = Self { member: "transaction_id", name: "transaction" };
    /// An invoice.
    pub const INVOICE: Self = Self { member: "invoice_id", name: "invoice" };
    /// A subscription.
    pub const SUBSCRIPTION: Self = Self { member: "subscription_id", name: "subscription" };

    /// The input's schema: that of an order's id, for this one.
    fn schema(&self) -> String {
        let article = if self.name.starts_with('i') { "An" } else { "A" };
        let mut title = self.name.to_owned();
        title.get_mut(..1).map(str::make_ascii_uppercase);
        schemas::ORDER_ID
            .replace("An order", &format!("{article} {}", self.name))
            .replace("order_id", self.member)
            .replace("Order\"", &format!("{title}\""))
            .replace("the order", &format!("the {}", self.name))
    }

    fn sample(&self) -> String {
        ORDER_SAMPLE.replace("order_id", self.member)
    }

    fn read(&self, input: &str) -> Result<String, Failure> {
        let mut members: BTreeMap<String, String> = read(input)?;
        let id = members.remove(self.member);
        match (id, members.keys().next()) {
            (Some(id), None) => Ok(id),
            (_, Some(other)) => Err(rejected(format!(
                "the action's input: unknown field `{other}`, expected `{}`",
                self.member
            ))),
            (None, None) => Err(rejected(format!("the action's input: missing field `{}`", self.member))),
        }
    }
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
            Run::Object(object, step) => step(connection, &object.read(input)?)?,
            Run::Alone(step) => {
                read::<NoInput>(input)?;
                step(connection)?
            }
        };
        report::json(&receipt)
    }

    /// The action as the manifest has it.
    pub fn describe(&self) -> Action {
        let text = str::to_owned;
        let (access, input_schema, sample, output_schema) = match self.run {
            Run::Order(_) => {
                (ActionAccess::Write, text(schemas::ORDER_ID), text(ORDER_SAMPLE), schemas::RECEIPT)
            }
            Run::Look(_, schema) => (ActionAccess::Read, text(schemas::ORDER_ID), text(ORDER_SAMPLE), schema),
            Run::Compare(_) => {
                (ActionAccess::Read, text(schemas::ORDER_ID), text(ORDER_SAMPLE), schemas::FINDINGS)
            }
            Run::Told { schema, sample, .. } => {
                (ActionAccess::Write, text(schema), text(sample), schemas::RECEIPT)
            }
            Run::Object(object, _) => {
                (ActionAccess::Write, object.schema(), object.sample(), schemas::RECEIPT)
            }
            Run::Alone(_) => (ActionAccess::Write, text(NO_INPUT), text("{}"), schemas::RECEIPT),
        };
        Action {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            access,
            subject: self.subject(),
            input_schema,
            output_schema: output_schema.to_owned(),
            sample,
        }
    }

    fn subject(&self) -> Option<String> {
        match self.run {
            Run::Alone(_) => None,
            Run::Object(object, _) => Some(format!("/{}", object.member)),
            _ => Some("/order_id".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
