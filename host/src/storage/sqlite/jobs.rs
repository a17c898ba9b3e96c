//! Jobs.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::super::{
    Begun, Counters, EVENTS_PER_LISTING_MAX, Herald, JobFilter, JobKind, JobPage, JobRecord, JobScope,
    JobState, NewJob, NewNotice, Next, Sequence, StorageError,
};
use super::columns::{json_column, last_sequence, named_column, to_json};
use super::open::translated;
use super::{Written, entries, events, findings, notices};
use crate::contract::Instant;

pub(super) fn begin(connection: &Connection, new: &NewJob) -> Result<Begun, StorageError> {
    let names = to_json("a job's scope", &new.scope.names)?;
    let earlier = latest(connection, new, &names)?.filter(|job| job.state != JobState::Done);
    if let Some(job) = earlier {
        if !new.restart {
            let sql = "UPDATE jobs SET state = 'running', reason = NULL, ended_at = NULL, updated_at = ?2
                       WHERE number = ?1";
            execute(connection, sql, params![job.number, new.at])?;
            return Ok(Begun { job: existing(connection, job.number)?, resumed: true });
        }
        let sql =
            "UPDATE jobs SET state = 'cancelled', ended_at = ?2 WHERE number = ?1 AND state = 'running'";
        execute(connection, sql, params![job.number, new.at])?;
    }
    let sql = "INSERT INTO jobs (connection, kind, scope_from, scope_to, names, state, step, pages, checked, events,
                   new_events, findings, new_findings, resolved, tallies, started_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, 'running', 0, 0, 0, 0, 0, 0, 0, 0, '[]', ?6, ?6)";
    let JobScope { from, to, .. } = new.scope;
    execute(connection, sql, params![new.connection, new.kind.name(), from, to, names, new.at])?;
    Ok(Begun { job: existing(connection, last_sequence(connection))?, resumed: false })
}

fn latest(connection: &Connection, new: &NewJob, names: &str) -> Result<Option<JobRecord>, StorageError> {
    let JobScope { from, to, .. } = new.scope;
    let query = || {
        connection
            .prepare_cached(
                "SELECT * FROM jobs
                 WHERE connection = ?1 AND kind = ?2 AND scope_from = ?3 AND scope_to = ?4 AND names = ?5
                 ORDER BY number DESC LIMIT 1",
            )?
            .query_row(params![new.connection, new.kind.name(), from, to, names], read)
            .optional()
    };
    query().map_err(translated(connection))
}

pub(super) fn advance(
    connection: &Connection,
    page: &JobPage,
    herald: &dyn Herald,
) -> Result<Written<JobRecord>, StorageError> {
    let job = existing(connection, page.job)?;
    if job.state != JobState::Running || job.counters.pages != page.pages_before {
        return Err(StorageError::Ended(name(page.job)));
    }
    entries::write(connection, &page.connection, &page.writes)?;
    let origin = name(page.job);
    let mut signals = events::insert_all(connection, &page.connection, &origin, &page.events, page.at)?;
    let kept = findings::keep(connection, &job, &page.findings, page.at)?;
    let (state, step, cursor, resolved) = match &page.next {
        Next::Page { step, cursor } => (JobState::Running, *step, cursor.as_deref(), 0),
        Next::End if job.kind == JobKind::Reconcile => {
            (JobState::Done, job.step, None, findings::resolve(connection, &job, page.at)?)
        }
        Next::End => (JobState::Done, job.step, None, 0),
    };
    let tallies = to_json("a job's tallies", &page.tallies)?;
    let update = || {
        connection
            .prepare_cached(
                "UPDATE jobs SET state = :state, step = :step, cursor = :cursor, pages = pages + 1,
                     checked = checked + :checked, events = events + :events, new_events = new_events + :new_events,
                     findings = findings + :findings, new_findings = new_findings + :new_findings,
                     resolved = resolved + :resolved, tallies = :tallies, updated_at = :at, ended_at = :ended_at
                 WHERE number = :number",
            )?
            .execute(named_params! {
                ":number": page.job, ":state": state.name(), ":step": step, ":cursor": cursor,
                ":checked": page.checked, ":events": page.events.len(), ":new_events": signals.len(),
                ":findings": page.findings.len(), ":new_findings": kept.new, ":resolved": resolved,
                ":tallies": tallies, ":at": page.at,
                ":ended_at": (state == JobState::Done).then_some(page.at),
            })
    };
    update().map_err(translated(connection))?;
    let answer = existing(connection, page.job)?;
    signals.extend(notices::keep(connection, &herald.announce(&answer, &kept.news), page.at)?);
    Ok(Written { answer, signals })
}

pub(super) fn end(
    connection: &Connection,
    number: Sequence,
    failure: Option<&str>,
    news: &[NewNotice],
    at: Instant,
) -> Result<Written<()>, StorageError> {
    let state = if failure.is_some() { JobState::Failed } else { JobState::Cancelled };
    let sql =
        "UPDATE jobs SET state = ?2, reason = ?3, ended_at = ?4 WHERE number = ?1 AND state = 'running'";
    match execute(connection, sql, params![number, state.name(), failure, at])? {
        0 => Err(StorageError::Ended(name(number))),
        _ => notices::notify(connection, news, at),
    }
}

pub(super) fn get(connection: &Connection, number: Sequence) -> Result<Option<JobRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM jobs WHERE number = ?1")?
            .query_row([number], read)
            .optional()
    };
    query().map_err(translated(connection))
}

fn existing(connection: &Connection, number: Sequence) -> Result<JobRecord, StorageError> {
    get(connection, number)?.ok_or_else(|| StorageError::NotFound(name(number)))
}

pub(super) fn list(connection: &Connection, filter: &JobFilter) -> Result<Vec<JobRecord>, StorageError> {
    let (owner, kind) = (&filter.connection, filter.kind.map(JobKind::name));
    let query = || {
        connection
            .prepare_cached(
                "SELECT * FROM jobs
                 WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR number < ?3)
                 ORDER BY number DESC LIMIT ?4",
            )?
            .query_map(params![owner, kind, filter.before, bounded(filter.limit)], read)?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

/// The rows of a listing that asks for `limit`.
pub(super) fn bounded(limit: u32) -> u32 {
    match limit {
        0 => EVENTS_PER_LISTING_MAX,
        limit => limit.min(EVENTS_PER_LISTING_MAX),
    }
}

/// What errors and origins call a job.
fn name(number: Sequence) -> String {
    format!("job {number}")
}

fn execute(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<usize, StorageError> {
    let run = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters));
    run.map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    Ok(JobRecord {
        number: row.get("number")?,
        connection: row.get("connection")?,
        kind: named_column(row, "kind", JobKind::from_name)?,
        scope: JobScope {
            from: row.get("scope_from")?,
            to: row.get("scope_to")?,
            names: json_column(row, "names")?,
        },
        state: named_column(row, "state", JobState::from_name)?,
        step: row.get("step")?,
        cursor: row.get("cursor")?,
        counters: Counters {
            pages: row.get("pages")?,
            checked: row.get("checked")?,
            events: row.get("events")?,
            new_events: row.get("new_events")?,
            findings: row.get("findings")?,
            new_findings: row.get("new_findings")?,
            resolved: row.get("resolved")?,
        },
        tallies: json_column(row, "tallies")?,
        reason: row.get("reason")?,
        started_at: row.get("started_at")?,
        updated_at: row.get("updated_at")?,
        ended_at: row.get("ended_at")?,
    })
}
