//! Colour, for terminals only. What comes from outside, such as a vendor's words, gets no control over the terminal.

use std::borrow::Cow;

use owo_colors::{OwoColorize, Stream::Stdout};

/// A text without control characters, which could move the cursor, change what was printed, or worse. Line breaks and tabs
/// stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    let harmful = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.contains(harmful) { Cow::Owned(text.replace(harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Something that went well.
pub fn good(text: &str) -> String {
    plain(text).if_supports_color(Stdout, |text| text.green()).to_string()
}

/// Something that went wrong.
pub fn bad(text: &str) -> String {
    plain(text).if_supports_color(Stdout, |text| text.red()).to_string()
}

/// Something to look at.
pub fn warn(text: &str) -> String {
    plain(text).if_supports_color(Stdout, |text| text.yellow()).to_string()
}

/// Something less important.
pub fn dim(text: &str) -> String {
    plain(text).if_supports_color(Stdout, |text| text.dimmed()).to_string()
}

/// A heading.
pub fn bold(text: &str) -> String {
    plain(text).if_supports_color(Stdout, |text| text.bold()).to_string()
}

/// A table with a line under its heading; plain on a pipe as well.
pub fn table(heading: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_header(heading);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\rc\u{9b}d\n\te"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\n\te");
        assert_eq!(plain("plain é"), "plain é");
        assert!(!bad("\u{1b}]0;x\u{7}").contains('\u{7}'));
    }
}
