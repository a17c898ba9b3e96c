//! Findings.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::super::notice::{severity_from_name, severity_name};
use super::super::{
    DECISION_KEY_PREFIX, Decided, Decision, EntryWrite, FindingFilter, FindingRecord, FindingState,
    JobRecord, NewDecision, Repairs, Sequence, Sighting, StorageError,
};
use super::columns::{json_column, named_column, to_json};
use super::open::translated;
use super::{Written, entries, events, jobs};
use crate::contract::{Certainty, Finding, Instant, Repair};

/// What a page of findings brought.
pub(super) struct Kept<'f> {
    /// How many of them no run had found before.
    pub(super) new: u64,
    /// These, and such as had been resolved.
    pub(super) news: Vec<&'f Finding>,
}

/// Keep what a page of `job` found. A finding that was resolved stands again. One under repair stands again when its repair
/// has been handled. What was decided stays.
pub(super) fn keep<'f>(
    connection: &Connection,
    job: &JobRecord,
    findings: &'f [Finding],
    at: Instant,
) -> Result<Kept<'f>, StorageError> {
    let mut kept = Kept { new: 0, news: Vec::new() };
    for finding in findings {
        let stood = get(connection, &job.connection, &finding.id)?;
        kept.new += u64::from(stood.is_none());
        if stood.is_none_or(|stood| stood.state == FindingState::Resolved) {
            kept.news.push(finding);
        }
        upsert(connection, job, finding, at)?;
    }
    Ok(kept)
}

/// What the scopes of all runs that found it have in common is where it lies: a later run has to cover only that. A
/// resolved one begins anew, and so does one whose runs have nothing in common.
const UPSERT: &str = "
    INSERT INTO findings (connection, id, kind, severity, certainty, subject, message, left_side, right_side, repair,
        first_job, first_seen_at, last_job, last_seen_at, scope_from, scope_to, state)
    VALUES (:connection, :id, :kind, :severity, :certainty, :subject, :message, :left, :right, :repair,
        :job, :at, :job, :at, :from, :to, 'open')
    ON CONFLICT (connection, id) DO UPDATE SET
        kind = :kind, severity = :severity, certainty = :certainty, subject = :subject, message = :message,
        left_side = :left, right_side = :right, repair = :repair, last_job = :job, last_seen_at = :at,
        resolved_at = NULL,
        scope_from = iif(state = 'resolved' OR max(scope_from, :from) >= min(scope_to, :to),
                         :from, max(scope_from, :from)),
        scope_to = iif(state = 'resolved' OR max(scope_from, :from) >= min(scope_to, :to),
                       :to, min(scope_to, :to)),
        state = CASE
            WHEN decision = 'ignore' THEN 'ignored'
            WHEN state = 'repairing' AND EXISTS
                (SELECT 1 FROM events WHERE events.connection = findings.connection
                    AND events.id = findings.repair_event AND events.ended_at IS NULL) THEN 'repairing'
            ELSE 'open' END";

fn upsert(
    connection: &Connection,
    job: &JobRecord,
    finding: &Finding,
    at: Instant,
) -> Result<(), StorageError> {
    let (left, right) = (to_json("a finding", &finding.left)?, to_json("a finding", &finding.right)?);
    let repair = finding.repair.as_ref().map(|repair| to_json("a repair", repair)).transpose()?;
    let run = || {
        connection.prepare_cached(UPSERT)?.execute(named_params! {
            ":connection": job.connection, ":id": finding.id, ":kind": finding.kind,
            ":severity": severity_name(finding.severity), ":certainty": certainty_name(finding.certainty),
            ":subject": finding.subject, ":message": finding.message, ":left": left, ":right": right,
            ":repair": repair, ":job": job.number, ":at": at, ":from": job.scope.from, ":to": job.scope.to,
        })
    };
    run().map(drop).map_err(translated(connection))
}

/// Resolve what `job`, now that it is complete, covers and has not found. What a run that began later has found is left
/// alone: a job that was resumed late knows less.
pub(super) fn resolve(connection: &Connection, job: &JobRecord, at: Instant) -> Result<u64, StorageError> {
    let kinds = to_json("a job's scope", &job.scope.names)?;
    let run = || {
        connection
            .prepare_cached(
                "UPDATE findings SET state = 'resolved', resolved_at = ?6
                 WHERE connection = ?1 AND state IN ('open', 'repairing', 'ignored') AND last_job < ?2
                   AND scope_from >= ?3 AND scope_to <= ?4
                   AND (?5 = '[]' OR kind IN (SELECT value FROM json_each(?5)))",
            )?
            .execute(params![job.connection, job.number, job.scope.from, job.scope.to, kinds, at])
    };
    run().map(|rows| rows as u64).map_err(translated(connection))
}

pub(super) fn decide(connection: &Connection, new: &NewDecision) -> Result<FindingRecord, StorageError> {
    let NewDecision { connection: owner, finding, decided: Decided { decision, reason, at } } = new;
    let missing = || StorageError::NotFound(format!("finding {finding:?} of {owner}"));
    let update = || {
        connection
            .prepare_cached(
                "UPDATE findings SET decision = ?3, reason = ?4, decided_at = ?5, state = CASE
                     WHEN state = 'resolved' THEN state
                     WHEN ?3 = 'ignore' THEN 'ignored'
                     WHEN state = 'ignored' THEN 'open'
                     ELSE state END
                 WHERE connection = ?1 AND id = ?2",
            )?
            .execute(params![owner, finding, decision.name(), reason, at])
    };
    if update().map_err(translated(connection))? == 0 {
        return Err(missing());
    }
    let told = serde_json::json!({ "decision": decision.name(), "reason": reason });
    let (key, value) = (format!("{DECISION_KEY_PREFIX}{finding}"), Some(told.to_string().into_bytes()));
    entries::write(connection, owner, &[EntryWrite { key, value, version: 1, expected: None }])?;
    get(connection, owner, finding)?.ok_or_else(missing)
}

pub(super) fn repair(
    connection: &Connection,
    owner: &str,
    job: Option<Sequence>,
    limit: u32,
    at: Instant,
) -> Result<Written<Repairs>, StorageError> {
    let (mut repairs, mut signals) = (Repairs::default(), Vec::new());
    for (number, repair) in repairable(connection, owner, job, limit)? {
        let origin = format!("finding {number}");
        let event = std::slice::from_ref(&repair.event);
        let ready = events::insert_all(connection, owner, &origin, event, at)?;
        match ready.is_empty() {
            true => repairs.known += 1,
            false => repairs.submitted += 1,
        }
        signals.extend(ready);
        let mark = || {
            connection
                .prepare_cached(
                    "UPDATE findings SET state = 'repairing', repair_event = ?2, repaired_at = ?3 WHERE number = ?1",
                )?
                .execute(params![number, repair.event.id, at])
        };
        mark().map_err(translated(connection))?;
    }
    Ok(Written { answer: repairs, signals })
}

/// Findings whose repair may be handed in and has not been, oldest first.
fn repairable(
    connection: &Connection,
    owner: &str,
    job: Option<Sequence>,
    limit: u32,
) -> Result<Vec<(Sequence, Repair)>, StorageError> {
    let query = || {
        connection
            .prepare_cached(
                "SELECT number, repair FROM findings
                 WHERE connection = ?1 AND state = 'open' AND repair IS NOT NULL AND (?2 IS NULL OR last_job = ?2)
                   AND (repair_event IS NULL OR repair_event <> repair ->> '$.event.id')
                   AND (decision = 'accept' OR (decision IS NULL AND certainty = 'confirmed'))
                 ORDER BY number LIMIT ?3",
            )?
            .query_map(params![owner, job, limit], |row| Ok((row.get(0)?, json_column(row, "repair")?)))?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

pub(super) fn get(
    connection: &Connection,
    owner: &str,
    id: &str,
) -> Result<Option<FindingRecord>, StorageError> {
    let query = || {
        connection
            .prepare_cached("SELECT * FROM findings WHERE connection = ?1 AND id = ?2")?
            .query_row([owner, id], read)
            .optional()
    };
    query().map_err(translated(connection))
}

pub(super) fn list(
    connection: &Connection,
    filter: &FindingFilter,
) -> Result<Vec<FindingRecord>, StorageError> {
    let FindingFilter { connection: owner, state, job, before, limit } = filter;
    let query = || {
        connection
            .prepare_cached(
                "SELECT * FROM findings
                 WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR last_job = ?3)
                   AND (?4 IS NULL OR number < ?4)
                 ORDER BY number DESC LIMIT ?5",
            )?
            .query_map(
                params![owner, state.map(FindingState::name), job, before, jobs::bounded(*limit)],
                read,
            )?
            .collect::<Result<Vec<_>, _>>()
    };
    query().map_err(translated(connection))
}

fn read(row: &Row<'_>) -> rusqlite::Result<FindingRecord> {
    let repair: Option<String> = row.get("repair")?;
    let finding = Finding {
        id: row.get("id")?,
        kind: row.get("kind")?,
        severity: named_column(row, "severity", severity_from_name)?,
        certainty: named_column(row, "certainty", |name| {
            [Certainty::Confirmed, Certainty::Suggested]
                .into_iter()
                .find(|certainty| certainty_name(*certainty) == name)
        })?,
        subject: row.get("subject")?,
        message: row.get("message")?,
        left: json_column(row, "left_side")?,
        right: json_column(row, "right_side")?,
        repair: repair.map(|_| json_column(row, "repair")).transpose()?,
    };
    Ok(FindingRecord {
        number: row.get("number")?,
        connection: row.get("connection")?,
        finding,
        first_seen: Sighting { job: row.get("first_job")?, at: row.get("first_seen_at")? },
        last_seen: Sighting { job: row.get("last_job")?, at: row.get("last_seen_at")? },
        state: named_column(row, "state", FindingState::from_name)?,
        decided: decided(row)?,
        repaired: repaired(row)?,
        resolved_at: row.get("resolved_at")?,
    })
}

fn decided(row: &Row<'_>) -> rusqlite::Result<Option<Decided>> {
    let decision: Option<String> = row.get("decision")?;
    if decision.is_none() {
        return Ok(None);
    }
    let decision = named_column(row, "decision", Decision::from_name)?;
    Ok(Some(Decided { decision, reason: row.get("reason")?, at: row.get("decided_at")? }))
}

fn repaired(row: &Row<'_>) -> rusqlite::Result<Option<(String, Instant)>> {
    let event: Option<String> = row.get("repair_event")?;
    event.map(|event| Ok((event, row.get("repaired_at")?))).transpose()
}

fn certainty_name(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Confirmed => "confirmed",
        Certainty::Suggested => "suggested",
    }
}
