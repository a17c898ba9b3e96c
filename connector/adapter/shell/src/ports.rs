//! The connector's settings, its log and its environment.

use std::cell::Cell;
use std::fmt::Write as _;

use crate::bindings::exports::transload::connector::log::{self, Field, Level};
use crate::bindings::exports::transload::connector::settings;
use crate::bindings::exports::wasi::cli::environment;
use crate::{Shell, config};

/// Lines of one instance's log. The contract promises 200 a call.
const LINES_MAX: u32 = 2_000;

/// A line's bytes; the contract promises 4 KiB.
const LINE_BYTES_MAX: usize = 4 << 10;

thread_local! {
    static LINES: Cell<u32> = const { Cell::new(0) };
}

impl settings::Guest for Shell {
    fn get() -> String {
        // What cannot be read has been told when the session was opened, and no call has been made.
        config::settings().unwrap_or_else(|_| "{}".to_owned())
    }
}

impl environment::Guest for Shell {
    fn get_environment() -> Vec<(String, String)> {
        Vec::new()
    }

    fn get_arguments() -> Vec<String> {
        Vec::new()
    }

    fn initial_cwd() -> Option<String> {
        None
    }
}

impl log::Guest for Shell {
    fn write(level: Level, message: String, fields: Vec<Field>) {
        let lines = LINES.get() + 1;
        LINES.set(lines.min(LINES_MAX + 1));
        if lines == LINES_MAX + 1 {
            eprintln!("transload: more than {LINES_MAX} lines; the rest is dropped");
        }
        if lines > LINES_MAX {
            return;
        }
        eprintln!("transload: {}", line(level, &message, &fields));
    }
}

/// One line, whatever the connector wrote.
fn line(level: Level, message: &str, fields: &[Field]) -> String {
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    let mut line = format!("{level}: {message}");
    for Field { name, value } in fields {
        // Writing to a string cannot fail.
        let _ = write!(line, " {name}={value}");
    }
    line.truncate(line.floor_char_boundary(LINE_BYTES_MAX));
    line.replace(char::is_control, " ")
}
