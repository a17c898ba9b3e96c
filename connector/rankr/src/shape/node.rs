//! JSON as far as it has to be taken apart; the rest stays the text that it came as, so that no number changes.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Clone)]
pub(super) enum Node<'a> {
    Raw(&'a RawValue),
    Text(String),
    Object(BTreeMap<String, Node<'a>>),
    List(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// `raw` with its objects taken apart, `depth` levels deep.
    pub(super) fn read(raw: &'a RawValue, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::Raw(raw) };
        if !raw.get().starts_with('{') {
            return Self::Raw(raw);
        }
        match serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
            Ok(members) => Self::Object(
                members.into_iter().map(|(name, value)| (name, Self::read(value, depth))).collect(),
            ),
            Err(_) => Self::Raw(raw),
        }
    }

    /// The elements of a list, each taken apart; none for what is no list.
    pub(super) fn elements(&self, depth: usize) -> Option<Vec<Self>> {
        let Self::Raw(raw) = self else { return None };
        let elements = serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok()?;
        Some(elements.into_iter().map(|element| Self::read(element, depth)).collect())
    }

    /// The value that `steps` lead to.
    pub(super) fn find(&self, steps: &[String]) -> Option<&Self> {
        let Some((first, rest)) = steps.split_first() else { return Some(self) };
        match self {
            Self::Object(members) => members.get(first)?.find(rest),
            _ => None,
        }
    }

    /// Puts `value` where `steps` lead to, with the objects that are missing on the way.
    pub(super) fn put(&mut self, steps: &[String], value: Self) {
        let Some((first, rest)) = steps.split_first() else {
            *self = value;
            return;
        };
        if let Self::Object(members) = self {
            members.entry(first.clone()).or_insert_with(|| Self::Object(BTreeMap::new())).put(rest, value);
        }
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Raw(raw) => raw.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(members) => serializer.collect_map(members),
            Self::List(elements) => serializer.collect_seq(elements),
        }
    }
}
