//! Numbers that are written in a rule or template become exact ones.
//!
//! minijinja reads `49.90` as a binary float, and orders values of different kinds by their kind, so that `order.total > 50`
//! would be true of every total. Its comparisons cannot be told otherwise, so each number is wrapped before it is
//! compiled: `order.total > decimal("50")`. Subscripts, `loop`'s counters and what is compared with them stay as they are.

/// Words that stand between values, so that a `[` behind one begins a list and no subscript.
const OPERATORS: [&str; 8] = ["in", "and", "or", "not", "if", "elif", "else", "is"];

/// `source`, a template, with the numbers in its expressions wrapped.
pub fn in_template(source: &str) -> String {
    let mut output = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((start, end)) = next_block(rest) {
        let (before, from) = rest.split_at(start);
        let length = end_of_block(from, end);
        let (block, after) = from.split_at(length);
        output.push_str(before);
        if end == "#}" {
            output.push_str(block)
        } else {
            output.push_str(&in_expression(block))
        }
        rest = after;
    }
    output.push_str(rest);
    output
}

/// Where the next `{{`, `{%` or `{#` is, and how it ends.
fn next_block(source: &str) -> Option<(usize, &'static str)> {
    [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
        .into_iter()
        .filter_map(|(open, close)| source.find(open).map(|start| (start, close)))
        .min_by_key(|(start, _)| *start)
}

/// How long the block is that `source` begins with. An end that stands in a string is none.
fn end_of_block(source: &str, end: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = source.split_at(at).1;
        let Some(first) = rest.chars().next() else { return source.len() };
        if rest.starts_with(end) {
            return at + end.len();
        }
        at += if end == "#}" { first.len_utf8() } else { length_of_token(rest, first) };
    }
}

/// `source`, an expression, with its numbers wrapped.
pub fn in_expression(source: &str) -> String {
    let tokens = tokens(source);
    let mut output = String::with_capacity(source.len());
    for (index, token) in tokens.iter().enumerate() {
        let (before, after) = (tokens.split_at(index).0, tokens.split_at(index + 1).1);
        if is_number(token) && !is_position(before, after) {
            output.push_str(&format!("decimal(\"{token}\")"));
        } else {
            output.push_str(token);
        }
    }
    output
}

fn is_number(token: &str) -> bool {
    token.starts_with(|character: char| character.is_ascii_digit())
}

/// Whether a number between these tokens says which item is meant: `lines[0]`, `lines[1:2]`, `lines.0`, `loop.index > 1`.
fn is_position(before: &[&str], after: &[&str]) -> bool {
    let mut behind = before.iter().rev().copied().filter(|token| !token.trim().is_empty());
    let previous = behind.next().unwrap_or_default();
    let ends_value = |token: &str| {
        !OPERATORS.contains(&token)
            && token.ends_with(|character: char| {
                character.is_alphanumeric() || matches!(character, '_' | ')' | ']' | '"' | '\'')
            })
    };
    match previous {
        "." | ":" => true,
        "[" => behind.next().is_some_and(ends_value),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => {
            let side: Vec<&str> = behind.take(3).collect();
            matches!(side.as_slice(), [_, ".", "loop"])
        }
        _ => {
            let ahead: Vec<&str> =
                after.iter().copied().filter(|token| !token.trim().is_empty()).take(2).collect();
            matches!(ahead.as_slice(), ["==" | "!=" | "<" | "<=" | ">" | ">=", "loop"])
        }
    }
}

/// The words, numbers, strings, spaces and signs that `source` consists of, nothing left out.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(length_of_token(rest, first));
        tokens.push(token);
        rest = after;
    }
    tokens
}

fn length_of_token(rest: &str, first: char) -> usize {
    let run = |belongs: fn(char) -> bool| rest.find(|character| !belongs(character)).unwrap_or(rest.len());
    match first {
        '"' | '\'' => length_of_string(rest, first),
        _ if first.is_ascii_digit() => length_of_number(rest),
        _ if first.is_alphabetic() || first == '_' => {
            run(|character| character.is_alphanumeric() || character == '_')
        }
        _ if first.is_whitespace() => run(char::is_whitespace),
        '=' | '!' | '<' | '>' if rest.split_at(1).1.starts_with('=') => 2,
        _ => first.len_utf8(),
    }
}

/// With the quotes; a backslash takes the next character with it.
fn length_of_string(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Digits, and behind a point more digits.
fn length_of_number(rest: &str) -> usize {
    let digits = |text: &str| text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(rest);
    match rest.split_at(whole).1.strip_prefix('.').map(digits) {
        Some(fraction) if fraction > 0 => whole + 1 + fraction,
        _ => whole,
    }
}
