//! The histories.

use transload_sdk::{EventPage, Failure, Window, rejected};

use crate::{Settings, event, row};

/// Events of the history of `notes`.
const NOTES: u32 = 3;

pub(crate) fn page(
    settings: &Settings,
    trigger: &str,
    window: Window,
    cursor: Option<&str>,
) -> Result<EventPage, Failure> {
    let rows = match trigger {
        "entries" => settings.rows,
        "notes" => NOTES,
        _ => return Err(rejected(format!("trigger {trigger:?} has no history"))),
    };
    let from = row(cursor)?;
    let to = from.saturating_add(settings.page).min(rows);
    let id = |number: u32| format!("{trigger}-{}-{number}", window.start);
    let events = (from..to).map(|number| event(id(number), &format!("order-{number}")));
    Ok(EventPage { events: events.collect::<Result<_, _>>()?, cursor: Some(to.to_string()), more: to < rows })
}
