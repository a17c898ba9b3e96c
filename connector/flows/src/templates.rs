//! Rules and templates in the settings: minijinja with exact numbers, and nothing that could run for long or reach out.

mod exact;
mod filters;
mod json;
mod literals;
mod sample;
mod scope;

use std::io;

use minijinja::{Environment, Error, UndefinedBehavior, tests};
use serde::Deserialize;
use transload_sdk::{Failure, needs_attention};

pub use scope::Scope;

/// Instructions that one rule or template may run. A line of an order takes about 30 in a loop, so this is a loop over
/// more lines than an order can have, while a loop in a loop over them ends before anyone notices.
const FUEL: u64 = 200_000;

/// Most bytes that a template may give. The longest text that any vendor takes is an e-mail; this is a long one.
const OUTPUT_BYTES_MAX: usize = 32 * 1024;

/// A text with places to fill in: `Order {{ order.id }}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

/// An expression that is true or false: `order.physical and order.total > 50`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Rule(String);

impl Template {
    /// A template that is part of the connector.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text for `scope`, without the space around it. Fails with `needs-attention` that names `setting`, the line and
    /// what is wrong there.
    pub fn render(&self, setting: &str, scope: &Scope) -> Result<String, Failure> {
        let mut output = Bounded::default();
        let source = literals::in_template(&self.0);
        let environment = environment();
        let template = environment.template_from_str(&source);
        let rendered =
            template.and_then(|template| template.render_captured_to(scope.value(), &mut output).map(drop));
        rendered.map_err(|error| unusable(setting, &error))?;
        Ok(String::from_utf8_lossy(&output.bytes).trim().to_owned())
    }

    /// The text for `scope`; none if it is empty.
    pub fn said(&self, setting: &str, scope: &Scope) -> Result<Option<String>, Failure> {
        self.render(setting, scope).map(|text| (!text.is_empty()).then_some(text))
    }
}

impl Rule {
    /// A rule that is part of the connector.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it holds for `scope`. Fails with `needs-attention` that names `setting` and what is wrong; a text such as
    /// `"false"` would count as true elsewhere, so anything but true and false is wrong here.
    pub fn holds(&self, setting: &str, scope: &Scope) -> Result<bool, Failure> {
        let source = literals::in_expression(&self.0);
        let environment = environment();
        let rule = environment.compile_expression(&source);
        let value =
            rule.and_then(|rule| rule.eval(scope.value())).map_err(|error| unusable(setting, &error))?;
        bool::try_from(value.clone()).map_err(|_| {
            needs_attention(format!("the setting `{setting}` gives {value}: it must be true or false"))
        })
    }
}

/// The expression language: strict, so that a misspelt name is an error and not an empty text.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // What is not known is written as nothing; minijinja would write `None`, and a driver would read it.
    environment.set_formatter(|output, state, value| {
        if value.is_none() { Ok(()) } else { minijinja::escape_formatter(output, state, value) }
    });
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    filters::register(&mut environment);
    environment
}

fn unusable(setting: &str, error: &Error) -> Failure {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let kind = error.kind();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    needs_attention(format!("the setting `{setting}`{line}: {kind}{detail}"))
}

/// Takes what a template writes, up to a limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other(format!("the text is longer than {OUTPUT_BYTES_MAX} bytes")));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "templates/tests.rs"]
mod language;
