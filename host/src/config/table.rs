//! Reading a TOML table key by key. What has the wrong type, and what was never asked for, becomes a problem.
//!
//! Not serde: it stops at the first problem, and an operator wants to mend a file in one go.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problems;

/// How alike two keys are for one to be a misspelling of the other, from 0 to 1. One wrong letter in five passes.
const SIMILARITY_MIN: f64 = 0.7;

/// A value, and where the file has it.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) key: String,
    pub(super) span: Range<usize>,
}

impl<T> Located<T> {
    pub(super) fn with<U>(&self, value: U) -> Located<U> {
        Located { value, key: self.key.clone(), span: self.span.clone() }
    }

    /// Convert the value; a failure becomes a problem.
    pub(super) fn parse<U>(
        self,
        problems: &mut Problems<'_>,
        parse: impl FnOnce(T) -> Result<U, String>,
    ) -> Option<U> {
        parse(self.value).map_err(|message| problems.add(&self.span, &self.key, message)).ok()
    }
}

type Value<'t> = Located<&'t DeValue<'t>>;

/// A table that is being read.
pub(super) struct Table<'t> {
    path: String,
    span: Range<usize>,
    entries: &'t DeTable<'t>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(super) fn root(entries: &'t DeTable<'t>) -> Table<'t> {
        Table { path: String::new(), span: 0..0, entries, asked: Vec::new() }
    }

    /// Where the table is.
    pub(super) fn here(&self) -> Located<()> {
        Located { value: (), key: self.path.clone(), span: self.span.clone() }
    }

    pub(super) fn string(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Located<&'t str>> {
        text(self.take(key)?, problems)
    }

    /// A text, or `false` for none at all.
    pub(super) fn string_or_off(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Option<Located<&'t str>>> {
        let value = self.take(key)?;
        if value.value.as_bool() == Some(false) {
            return Some(None);
        }
        let given = expect(&value, "a text in quotes, or false", value.value.as_str(), problems);
        Some(given.map(|given| value.with(given)))
    }

    pub(super) fn boolean(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<bool> {
        let value = self.take(key)?;
        expect(&value, "true or false", value.value.as_bool(), problems)
    }

    /// The values of an array.
    pub(super) fn array(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Located<Vec<Value<'t>>>> {
        let value = self.take(key)?;
        let items = expect(&value, "a list, as in [\"…\"]", value.value.as_array(), problems)?;
        let items = items.iter().map(|item| Located {
            value: item.get_ref(),
            key: value.key.clone(),
            span: item.span(),
        });
        Some(value.with(items.collect()))
    }

    /// The texts of an array; none if there is no such key, or an item is no text.
    pub(super) fn strings(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Located<Vec<Located<&'t str>>>> {
        let items = self.array(key, problems)?;
        let texts: Vec<_> = items.value.iter().cloned().filter_map(|item| text(item, problems)).collect();
        (texts.len() == items.value.len()).then(|| items.with(texts))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn table(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Table<'t>> {
        table(self.take(key)?, problems)
    }

    /// Every entry, for a table whose keys are names.
    pub(super) fn named(self) -> impl Iterator<Item = (&'t str, Value<'t>)> {
        self.entries.iter().map(move |(name, value)| {
            let name: &str = name.get_ref();
            (name, located(&self.path, name, value))
        })
    }

    pub(super) fn entries(&self) -> &'t DeTable<'t> {
        self.entries
    }

    /// Report the keys that nothing asked for.
    pub(super) fn end(self, problems: &mut Problems<'_>) {
        for (name, _) in self.entries.iter() {
            let key: &str = name.get_ref();
            if !self.asked.contains(&key) {
                let message = format!("there is no such key; {}", suggest(key, &self.asked));
                problems.add(&name.span(), &join(&self.path, key), message);
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        Some(located(&self.path, key, self.entries.get(key)?))
    }
}

/// A value as a table.
pub(super) fn table<'t>(value: Value<'t>, problems: &mut Problems<'_>) -> Option<Table<'t>> {
    let wanted = format!("a table, as in [{}]", value.key);
    let entries = expect(&value, &wanted, value.value.as_table(), problems)?;
    Some(Table { path: value.key, span: value.span, entries, asked: Vec::new() })
}

/// A value as a text.
pub(super) fn text<'t>(value: Value<'t>, problems: &mut Problems<'_>) -> Option<Located<&'t str>> {
    let text = expect(&value, "a text in quotes", value.value.as_str(), problems)?;
    Some(value.with(text))
}

/// The known word that `word` was probably meant to be, as a piece of advice.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    let likeness = |candidate: &&&str| strsim::normalized_damerau_levenshtein(word, candidate);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest {
        Some(nearest) if likeness(&nearest) >= SIMILARITY_MIN => format!("did you mean {nearest}?"),
        _ => format!("known here: {}", known.join(", ")),
    }
}

fn located<'t>(path: &str, key: &str, value: &'t Spanned<DeValue<'t>>) -> Value<'t> {
    Located { value: value.get_ref(), key: join(path, key), span: value.span() }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn expect<T>(value: &Value<'_>, wanted: &str, got: Option<T>, problems: &mut Problems<'_>) -> Option<T> {
    if got.is_none() {
        let kind = value.value.type_str();
        problems.add(&value.span, &value.key, format!("this is of type {kind}; write {wanted}"));
    }
    got
}
