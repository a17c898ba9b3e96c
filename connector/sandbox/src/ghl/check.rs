//! What is wrong with a body, in the words of the validator behind the vendor's 422.

use super::Refusal;
use crate::json::{Json, Object};

/// Looks at the members of a body and gathers what is wrong with them.
pub(super) struct Checks<'a> {
    body: &'a Object,
    problems: Vec<String>,
}

impl<'a> Checks<'a> {
    pub fn of(body: &'a Object) -> Self {
        Self { body, problems: Vec::new() }
    }

    /// A string that is there and not empty.
    pub fn text(mut self, name: &str) -> Self {
        if self.body.str(name).is_none_or(str::is_empty) {
            self.problems.push(format!("{name} must be a string"));
            self.problems.push(format!("{name} should not be empty"));
        }
        self
    }

    /// One of these words.
    pub fn choice(mut self, name: &str, words: &[&str]) -> Self {
        if !self.body.str(name).is_some_and(|value| words.contains(&value)) {
            self.problems.push(format!("{name} must be one of the following values: {}", words.join(", ")));
        }
        self
    }

    /// `location`, and the id of one.
    pub fn location(self) -> Self {
        self.text("altId").choice("altType", &["location"])
    }

    /// Strings, if they are there.
    pub fn optional_texts(self, names: &[&str]) -> Self {
        self.optional(names, "a string", |value| value.as_str().is_some())
    }

    /// Numbers, if they are there.
    pub fn optional_numbers(self, names: &[&str]) -> Self {
        let is_number = |value: &Json| value.as_decimal().is_some();
        self.optional(names, "a number conforming to the specified constraints", is_number)
    }

    /// Truth values, if they are there.
    pub fn optional_booleans(self, names: &[&str]) -> Self {
        self.optional(names, "a boolean value", |value| value.as_bool().is_some())
    }

    /// Objects, if they are there.
    pub fn optional_objects(self, names: &[&str]) -> Self {
        self.optional(names, "an object", |value| value.as_object().is_some())
    }

    /// An array of strings that is there.
    pub fn texts(mut self, name: &str) -> Self {
        let elements = self.body.get(name).and_then(Json::as_array);
        if !elements.is_some_and(|elements| elements.iter().all(|element| element.as_str().is_some())) {
            self.problems.push(format!("each value in {name} must be a string"));
        }
        self
    }

    /// A rule of one operation's own.
    pub fn rule(mut self, holds: bool, problem: &str) -> Self {
        if !holds {
            self.problems.push(problem.to_owned());
        }
        self
    }

    /// The refusal, if anything is wrong.
    pub fn end(self) -> Result<(), Refusal> {
        if self.problems.is_empty() { Ok(()) } else { Err(Refusal::unprocessable(self.problems)) }
    }

    fn optional(mut self, names: &[&str], kind: &str, fits: impl Fn(&Json) -> bool) -> Self {
        for name in names {
            if self.body.get(name).is_some_and(|value| !fits(value)) {
                self.problems.push(format!("{name} must be {kind}"));
            }
        }
        self
    }
}
