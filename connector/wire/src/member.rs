//! Finding a place in a JSON text again, so that an error can name the member it is about.

/// The member that ends at, or is open at, the line and column of a serde_json error: `items[1].price.amount`; where that
/// is an object or a list, it may be its last member. The whole document is `the document`.
///
/// `body` is valid JSON up to there; anything else gives some member or the document, and never fails.
pub(crate) fn member_at(body: &[u8], line: usize, column: usize) -> String {
    let end = offset(body, line, column).min(body.len());
    let mut path: Vec<Step> = Vec::new();
    let mut last = String::new();
    let mut closed = None;
    let mut bytes = body.iter().take(end).copied();
    while let Some(byte) = bytes.next() {
        if !byte.is_ascii_whitespace() {
            closed = None;
        }
        match byte {
            b'{' => path.push(Step::Member(String::new())),
            b'[' => path.push(Step::Index(0)),
            b'}' | b']' => closed = path.pop(),
            b'"' => last = string(&mut bytes),
            b':' => {
                if let Some(Step::Member(name)) = path.last_mut() {
                    *name = std::mem::take(&mut last);
                }
            }
            b',' => {
                if let Some(Step::Index(index)) = path.last_mut() {
                    *index += 1;
                }
            }
            _ => {}
        }
    }
    // serde_json places an error about a last member behind the brace that closes it.
    path.extend(closed);
    name(&path)
}

/// One step down into a document.
enum Step {
    Member(String),
    Index(usize),
}

/// Reads a string's text behind its opening quote. An escape keeps its backslash: names hold none.
fn string(bytes: &mut impl Iterator<Item = u8>) -> String {
    let mut text = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => text.extend([byte].into_iter().chain(bytes.next())),
            _ => text.push(byte),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// How many bytes lie before the end of this column. serde_json counts bytes.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        body.split_inclusive(|&byte| byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before.saturating_add(column)
}

fn name(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Member(member) => {
                if !text.is_empty() && !member.is_empty() {
                    text.push('.');
                }
                text.push_str(member);
            }
        }
    }
    if text.is_empty() { "the document".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{Number, tolerant};

    #[derive(Debug, Deserialize)]
    struct Order {
        #[serde(default, deserialize_with = "tolerant::number")]
        _amount: Option<Number>,
        #[serde(default, deserialize_with = "tolerant::list")]
        _items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        _qty: Option<Number>,
        _price: Option<Price>,
    }

    #[derive(Debug, Deserialize)]
    struct Price {
        #[serde(default, deserialize_with = "tolerant::text")]
        _id: Option<String>,
    }

    fn member(json: &str) -> String {
        let error = serde_json::from_str::<Order>(json).unwrap_err();
        member_at(json.as_bytes(), error.line(), error.column())
    }

    #[test]
    fn errors_name_their_member() {
        assert_eq!(member(r#"{"_amount":"many","_items":[]}"#), "_amount");
        assert_eq!(member(r#"{"x":{"a":[1,{"b":","}]},"_amount": true }"#), "_amount");
        assert_eq!(member(r#"{"_items":[{"_qty":1},{"_qty":"two"}]}"#), "_items[1]._qty");
        assert_eq!(member("{\n \"_items\": [\n  {\"_price\": {\"_id\": []}}]}"), "_items[0]._price._id");
        assert_eq!(member(r#"{"_items":"none"}"#), "_items");
        assert_eq!(member("7"), "the document");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(body in proptest::collection::vec(any::<u8>(), 0..200), line in 0_usize..5, column in 0_usize..300) {
            member_at(&body, line, column);
        }
    }
}
