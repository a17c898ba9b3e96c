//! Listings: a table on a terminal, and on a pipe a line each with tabs between.

use std::io::IsTerminal as _;

use comfy_table::{Cell, Color, ContentArrangement};
use transload::runtime::Clock;
use transload::runtime::admin::{DeliveryList, EventList, Moment};
use transload::storage::State;

use crate::cli::changes::short;
use crate::cli::style;

const EVENTS: [&str; 8] = ["Event", "Age", "Connection", "Subject", "State", "Failed", "Module", "Result"];
const DELIVERIES: [&str; 7] = ["Delivery", "Age", "Connection", "Source", "State", "Failed", "Reason"];

/// The narrowest table, in columns. On a terminal that is narrower, or does not tell its width, each column would get a
/// letter or two; it breaks the lines instead.
const WIDTH_MIN: u16 = 100;

/// One row.
struct Row {
    /// What is before the state.
    before: Vec<String>,
    state: State,
    running: bool,
    /// What is after it.
    after: Vec<String>,
    received_at: Moment,
}

/// Prints events.
pub fn events(list: &EventList) {
    let rows = list.events.iter().map(|event| Row {
        before: vec![event.number.to_string(), event.connection.clone(), line(Some(&event.subject))],
        state: event.state,
        running: event.running,
        after: vec![
            event.failed_attempts.to_string(),
            event.module.as_deref().map(short).unwrap_or("-").to_owned(),
            line(event.reason.as_deref().or(event.summary.as_deref())),
        ],
        received_at: event.received_at.clone(),
    });
    print(&EVENTS, rows.collect(), list.next);
}

/// Prints deliveries.
pub fn deliveries(list: &DeliveryList) {
    let rows = list.deliveries.iter().map(|delivery| Row {
        before: vec![delivery.number.to_string(), delivery.connection.clone(), line(Some(&delivery.source))],
        state: delivery.state,
        running: delivery.running,
        after: vec![delivery.failed_attempts.to_string(), line(delivery.reason.as_deref())],
        received_at: delivery.received_at.clone(),
    });
    print(&DELIVERIES, rows.collect(), list.next);
}

fn print(heading: &[&str], rows: Vec<Row>, next: Option<u64>) {
    if !std::io::stdout().is_terminal() {
        for row in rows {
            say!("{}", cells(&row, row.received_at.time.clone()).join("\t"));
        }
        return;
    }
    let now = Clock::system().now();
    let mut table = style::table(heading);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_some_and(|width| width < WIDTH_MIN) {
        table.set_width(WIDTH_MIN);
    }
    for row in &rows {
        let state = name(row);
        let cells = cells(row, age(now.saturating_sub(row.received_at.ms))).into_iter().map(|text| {
            let is_state = text == state;
            let cell = Cell::new(text);
            if is_state { colour(cell, row) } else { cell }
        });
        table.add_row(cells);
    }
    say!("{table}");
    if let Some(next) = next {
        say!("{}", style::dim(&format!("more: --before {next}")));
    }
}

/// A row's cells: number, time, and the rest in order.
fn cells(row: &Row, time: String) -> Vec<String> {
    let mut cells = row.before.clone();
    cells.insert(cells.len().min(1), time);
    cells.push(name(row));
    cells.extend(row.after.iter().cloned());
    cells
}

fn name(row: &Row) -> String {
    if row.running { "running".to_owned() } else { row.state.to_string() }
}

fn colour(cell: Cell, row: &Row) -> Cell {
    match row.state {
        _ if row.running => cell.fg(Color::Cyan),
        State::Done | State::Skipped => cell.fg(Color::Green),
        State::Waiting | State::Parked => cell.fg(Color::Yellow),
        State::Dead => cell.fg(Color::Red),
        State::Received | State::Discarded => cell,
    }
}

/// A text in one line.
fn line(text: Option<&str>) -> String {
    let words = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    style::plain(&words).into_owned()
}

/// How long ago something was, in its largest unit.
pub fn age(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        for (ms, text) in
            [(999, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (7_199_999, "1 h"), (172_800_000, "2 d")]
        {
            assert_eq!(age(ms), text);
        }
    }

    #[test]
    fn a_reason_of_several_lines_stays_in_its_row() {
        assert_eq!(line(Some("a\n\tb  c")), "a b c");
        assert_eq!(line(None), "");
    }
}
