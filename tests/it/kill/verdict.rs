//! What must hold after all kills: judged by the vendors' data, the webhooks that they sent, and the host's database.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use transload_sandbox::{Deliveries, Json, Outcome, Snapshot};

use super::shop::{Story, decimal};

/// All that a judgement is made from.
pub(super) struct Evidence<'a> {
    pub(super) stories: &'a [Story],
    pub(super) snapshot: &'a Snapshot,
    pub(super) webhooks: &'a Deliveries,
    pub(super) database: &'a Path,
}

/// The host's file, for reading beside the host.
fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

fn count(connection: &Connection, query: &str) -> u64 {
    connection.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
}

/// Deliveries and events that have not ended.
pub(super) fn open_work(path: &Path) -> u64 {
    let query = "SELECT (SELECT count(*) FROM deliveries WHERE ended_at IS NULL) + \
                 (SELECT count(*) FROM events WHERE ended_at IS NULL)";
    count(&open(path), query)
}

/// What a kill left behind: work that had not ended, and writes of which nobody knows whether they were made.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Left {
    pub(super) open: u64,
    pub(super) intended: u64,
}

/// Look at a copy of the file: whoever opens the file itself would repair it before the host does.
pub(super) fn left(database: &Path) -> Left {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.sqlite");
    if std::fs::copy(database, &copy).is_err() {
        return Left::default();
    }
    let log = |path: &Path| path.with_extension("sqlite-wal");
    // There is none if the host was killed before its first commit.
    let _ = std::fs::copy(log(database), log(&copy));
    let connection = open(&copy);
    let tables = count(&connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'writes'");
    if tables == 0 {
        return Left::default();
    }
    let intended = "SELECT count(*) FROM writes JOIN events USING (sequence) WHERE writes.kind = 'event' \
                    AND writes.state = 'intended' AND events.ended_at IS NULL";
    Left { open: open_work(&copy), intended: count(&connection, intended) }
}

/// Every payment and refund that the host has yet to write down.
pub(super) fn unrecorded(stories: &[Story], database: &Path) -> Vec<String> {
    let connection = open(database);
    let mut faults = Vec::new();
    for story in stories {
        let key = format!("revenue/{}", story.id);
        let query = "SELECT value FROM entries WHERE connection = 'shop' AND key = ?1";
        let stored: Option<Vec<u8>> = connection.query_row(query, [&key], |row| row.get(0)).ok();
        let found = stored.map(|value| revenue(&value)).unwrap_or_default();
        let expected = story.payment.iter().map(|payment| {
            let sums = format!("{} of {} EUR", decimal(payment.refunded), decimal(payment.cents));
            (payment.id.clone(), sums)
        });
        let expected: BTreeMap<_, _> = expected.collect();
        if found != expected {
            faults.push(format!("order {}: the revenue record is {found:?}, not {expected:?}", story.id));
        }
    }
    faults
}

/// A revenue record as it is kept: by transaction, what was given back of what was paid.
fn revenue(value: &[u8]) -> BTreeMap<String, String> {
    let json = Json::parse(std::str::from_utf8(value).unwrap()).unwrap();
    let cents = |row: &Json, name: &str| {
        let digits = row.get(name).and_then(Json::as_decimal).unwrap().to_string();
        let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
        let cents: u32 = format!("{part:0<2}").parse().unwrap();
        decimal(whole.parse::<u32>().unwrap() * 100 + cents)
    };
    let row = |(id, row): (&str, &Json)| {
        let sums =
            format!("{} of {} {}", cents(row, "refunded"), cents(row, "captured"), text(row, "currency"));
        (id.to_owned(), sums)
    };
    json.as_object().unwrap().iter().map(row).collect()
}

/// Everything that does not hold, a line each.
pub(super) fn faults(evidence: &Evidence) -> Vec<String> {
    let mut faults = unrecorded(evidence.stories, evidence.database);
    faults.extend(of_webhooks(evidence.webhooks, evidence.database));
    faults.extend(of_work(evidence.database));
    for story in evidence.stories {
        let faulty = [
            of_delivery_orders(story, evidence.snapshot),
            of_fulfilments(story, evidence.snapshot),
            of_notes(story, evidence.snapshot),
        ];
        faults.extend(faulty.into_iter().flatten().map(|fault| format!("order {}: {fault}", story.id)));
    }
    faults
}

/// What was answered with success is kept, and was read to its end.
fn of_webhooks(webhooks: &Deliveries, database: &Path) -> Vec<String> {
    let connection = open(database);
    let mut statement = connection.prepare("SELECT body, state FROM deliveries").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)));
    let kept: HashMap<Vec<u8>, String> = rows.unwrap().map(Result::unwrap).collect();
    let mut faults = Vec::new();
    if (webhooks.refused, webhooks.forgotten) != (0, 0) {
        faults.push("the sandbox has forgotten webhooks: the test does too much at once".to_owned());
    }
    for webhook in &webhooks.deliveries {
        let state = kept.get(webhook.body.as_bytes()).map(String::as_str);
        match (webhook.outcome, state) {
            (Outcome::Delivered, Some("done")) => {}
            (outcome, state) => faults
                .push(format!("webhook {}, {}: {outcome:?}, kept as {state:?}", webhook.id, webhook.event)),
        }
    }
    faults
}

/// Nothing was given up, and nobody was told of a write that may have been made: every one can be looked for.
fn of_work(database: &Path) -> Vec<String> {
    let connection = open(database);
    let query = "SELECT 'delivery ' || sequence, state, reason FROM deliveries WHERE state <> 'done' \
                 UNION ALL SELECT 'event ' || sequence || ' ' || id, state, reason FROM events \
                 WHERE state NOT IN ('done', 'skipped') \
                 UNION ALL SELECT 'event ' || event, kind, message FROM alerts WHERE kind = 'possibly-sent'";
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| {
        let (work, state): (String, String) = (row.get(0)?, row.get(1)?);
        let reason: Option<String> = row.get(2)?;
        Ok(format!("{work} is {state}: {}", reason.unwrap_or_default()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn of_delivery_orders(story: &Story, snapshot: &Snapshot) -> Vec<String> {
    let all = snapshot.track_pod.orders.iter().chain(&snapshot.track_pod.removed);
    match all.filter(|order| text(order, "Id") == story.id).count() {
        1 => Vec::new(),
        other => vec![format!("{other} delivery orders")],
    }
}

fn of_fulfilments(story: &Story, snapshot: &Snapshot) -> Vec<String> {
    let state = snapshot.ghl.orders.iter().find(|state| text(&state.order, "_id") == story.id).unwrap();
    let mut fulfilled: BTreeMap<String, u32> = BTreeMap::new();
    for fulfilment in &state.fulfillments {
        for item in list(fulfilment, "items") {
            let price = item.get("price").map(|price| text(price, "_id")).unwrap_or_default();
            let quantity = item.get("qty").and_then(Json::as_decimal).unwrap().normalized().to_string();
            *fulfilled.entry(price.to_owned()).or_default() += quantity.parse::<u32>().unwrap();
        }
    }
    if fulfilled == story.delivered {
        return Vec::new();
    }
    vec![format!("fulfilled {fulfilled:?}, delivered {:?}", story.delivered)]
}

/// Each mark once, and the notes that must be there.
fn of_notes(story: &Story, snapshot: &Snapshot) -> Vec<String> {
    let contact =
        snapshot.ghl.contacts.iter().find(|state| text(&state.contact, "id") == story.contact).unwrap();
    let bodies: Vec<&str> = contact.notes.iter().map(|note| text(note, "body")).collect();
    let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
    for line in bodies.iter().flat_map(|body| body.lines()).filter(|line| line.starts_with("[transload ")) {
        *marks.entry(line).or_default() += 1;
    }
    let mut faults: Vec<String> = Vec::new();
    faults
        .extend(marks.iter().filter(|(_, count)| **count != 1).map(|(mark, n)| format!("{n} notes {mark}")));
    // None is demanded of the planning: a delivery that was made before the host came back is not announced any more.
    let mut wanted = Vec::new();
    if let Some(payment) = &story.payment {
        wanted.push(format!("[transload payment {}]", payment.id));
        if payment.refunded > 0 {
            let sum = decimal(payment.refunded);
            let sum = sum.trim_end_matches('0').trim_end_matches('.');
            wanted.push(format!("[transload refund {} {sum}]", payment.id));
        }
    }
    faults.extend(
        wanted.iter().filter(|mark| !marks.contains_key(mark.as_str())).map(|mark| format!("no note {mark}")),
    );
    let delivered = bodies.iter().filter(|body| body.starts_with("Delivered")).count();
    if delivered != 1 {
        faults.push(format!("{delivered} notes of its delivery"));
    }
    faults
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}
