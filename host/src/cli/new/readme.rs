//! The commands of a project's README.md.

use std::fmt::Write as _;

use super::style;

/// The part of the README that every project has, below `common`.
pub const RUNNING: &str = "running.md";

/// Each heading of `readme` with the commands below it, for a terminal.
pub fn commands(readme: &str) -> String {
    let (mut text, mut heading, mut block) = (String::new(), None, None);
    for line in readme.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            block = if block.is_none() { Some(fence) } else { None };
        } else if let Some("sh" | "sh terminal") = block {
            if let Some(heading) = heading.take() {
                let _ = write!(text, "\n  {}\n", style::dim(&format!("# {heading}")));
            }
            let stays = block == Some("sh terminal");
            let aside = if stays { style::dim("    # in a terminal of its own") } else { String::new() };
            let _ = writeln!(text, "  {line}{aside}");
        } else if let Some(named) = line.strip_prefix("## ") {
            heading = Some(named);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_below_their_headings_and_other_blocks_are_left_out() {
        let readme = "# A\n\n## Build it\n\nSo:\n\n```sh\nmake\nmake test\n```\n\n```text\nhello\n```\n\n## Why\n\n\
                      ## Run it\n\n```sh terminal\nrun\n```\n";
        let expected =
            "\n  # Build it\n  make\n  make test\n\n  # Run it\n  run    # in a terminal of its own";
        assert_eq!(commands(readme), expected);
    }
}
