//! Colour, for terminals only.

use owo_colors::{OwoColorize, Stream::Stdout};

/// Something that went well.
pub fn good(text: &str) -> String {
    text.if_supports_color(Stdout, |text| text.green()).to_string()
}

/// Something that went wrong.
pub fn bad(text: &str) -> String {
    text.if_supports_color(Stdout, |text| text.red()).to_string()
}

/// Something to look at.
pub fn warn(text: &str) -> String {
    text.if_supports_color(Stdout, |text| text.yellow()).to_string()
}

/// Something less important.
pub fn dim(text: &str) -> String {
    text.if_supports_color(Stdout, |text| text.dimmed()).to_string()
}

/// A heading.
pub fn bold(text: &str) -> String {
    text.if_supports_color(Stdout, |text| text.bold()).to_string()
}

/// A table with a line under its heading; plain on a pipe as well.
pub fn table(heading: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_header(heading);
    table
}
