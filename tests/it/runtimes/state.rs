//! What vendors hold, in words that are the same from run to run.

use std::collections::BTreeMap;

use serde_json::Value;
use transload_sandbox::Snapshot;

/// The snapshot, with each identifier that the sandbox drew replaced by a number in the order of first appearance, and each time
/// by a word.
pub(super) fn of(snapshot: &Snapshot) -> Value {
    let mut names = Names::default();
    names.plain(serde_json::from_str(&serde_json::to_string(snapshot).unwrap()).unwrap())
}

#[derive(Default)]
struct Names {
    known: BTreeMap<String, usize>,
}

impl Names {
    fn plain(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.plain(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, self.plain(value))).collect()
            }
            other => other,
        }
    }

    fn text(&mut self, text: &str) -> String {
        let mut plain = String::new();
        for word in text.split_inclusive(|letter: char| !(letter.is_alphanumeric() || "-:.".contains(letter)))
        {
            let bare = word.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            plain.push_str(&self.word(bare));
            plain.push_str(&word[bare.len()..]);
        }
        plain
    }

    fn word(&mut self, word: &str) -> String {
        if is_time(word) {
            return "TIME".to_owned();
        }
        if !is_drawn(word) {
            return word.to_owned();
        }
        let next = self.known.len();
        format!("ID-{}", self.known.entry(word.to_owned()).or_insert(next))
    }
}

/// `2026-11-22T11:47:02.212Z`, with or without its end.
fn is_time(word: &str) -> bool {
    word.len() >= 16 && word.as_bytes()[4] == b'-' && word.as_bytes()[10] == b'T'
}

/// 24 hexadecimal digits, or a UUID.
fn is_drawn(word: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (word.len() == 24 && hex(word)) || (word.len() == 36 && hex(&word.replace('-', "")))
}

#[test]
fn drawn_identifiers_and_times_become_the_same_words() {
    let mut names = Names::default();
    let (id, uuid) = ("0b8e55c109dd4409997feb6a", "a5faad37-8593-440a-9920-0ced345c2ae1");
    assert_eq!(names.text(&format!("[made {id}] at x?id={uuid}.")), "[made ID-0] at x?id=ID-1.");
    assert_eq!(names.text(&format!("{uuid} and {id}")), "ID-1 and ID-0");
    assert_eq!(names.text("2026-11-22T11:47:02.212Z"), "TIME");
    assert_eq!(names.text("150.10 USD, 7 Mill Lane"), "150.10 USD, 7 Mill Lane");
}
