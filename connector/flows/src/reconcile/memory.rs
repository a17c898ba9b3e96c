//! What a comparison remembers in the connection's store, from page to page and from run to run.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use transload_model::reconcile::{Decision, Key, KeyKind, Row, Side, Verdict};
use transload_model::{Instant, Money};
use transload_sdk::{Context, Failure, rejected};
use transload_wire::Number;

use super::Tallies;

/// Keys of a listing that are asked for at once: as many as the contract allows.
const KEYS_PAGE: u32 = 1_000;

/// Most decisions on suggested matches that are read: a person who has made more than that has no need of suggestions.
const DECISIONS_MAX: usize = 10_000;

/// What is known of an order, or of something in the other system that belongs to one. Stored names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The run that compared the order last.
    pub run: u64,
    /// The run that saw its counterpart in the other system last, in a list of its own.
    #[serde(rename = "delivery_run")]
    pub other_run: u64,
    /// The fingerprint of what was found to be in order; none if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<String>,
    /// Until when that holds with nothing changed, in milliseconds; none: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean_until: Option<u64>,
    /// When the order was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<u64>,
    /// The counterpart that it has.
    #[serde(rename = "delivery", skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Whether that came to nothing, so that another one is in order.
    #[serde(rename = "delivery_failed", skip_serializing_if = "std::ops::Not::not")]
    pub other_failed: bool,
    /// Whether GoHighLevel had the order when it was looked for.
    pub exists: bool,
    /// What it added to the sums when it was found to be in order.
    #[serde(skip_serializing_if = "Tallies::is_empty")]
    pub sums: Tallies,
    /// What lists told of it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Listed>,
}

/// What lists tell of an order. Stored names are frozen, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The run that asked for the lists.
    pub run: u64,
    /// Fingerprints of its payments by id.
    pub payments: BTreeMap<String, String>,
    /// The fingerprint of its counterpart; none if no list has one.
    #[serde(default, rename = "delivery", skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

const RUNS: &str = "reconcile/runs";

/// How many runs there were. Time would not tell them apart: two may begin within one millisecond.
pub fn runs(cx: &Context) -> Result<u64, Failure> {
    Ok(read(cx, RUNS)?.unwrap_or(0))
}

/// Remembers that there were `runs` runs.
pub fn count_run(cx: &Context, runs: u64) -> Result<(), Failure> {
    write(cx, RUNS, &runs)
}

/// What is known of the order `id`, or of what has an id of its own and belongs to one; none if it was never compared.
pub fn known(cx: &Context, id: &str) -> Result<Option<Known>, Failure> {
    read(cx, &order_key(id))
}

/// Remembers it.
pub fn remember(cx: &Context, id: &str, known: &Known) -> Result<(), Failure> {
    write(cx, &order_key(id), known)
}

/// Remembers something that the lists of the run `run` tell of the order `id`.
pub fn see(cx: &Context, id: &str, run: u64, what: impl FnOnce(&mut Listed)) -> Result<(), Failure> {
    let mut known = known(cx, id)?.unwrap_or_default();
    let mut seen = known.seen.filter(|seen| seen.run == run).unwrap_or(Listed { run, ..Listed::default() });
    what(&mut seen);
    known.seen = Some(seen);
    remember(cx, id, &known)
}

fn order_key(id: &str) -> String {
    format!("reconcile/order/{id}")
}

/// A row that no id ties to anything, kept until all of them are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    left: bool,
    id: String,
    amount: Number,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charge: Option<String>,
    /// Whether a finding of its order's tells already that its money is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Kept {
    /// A row to keep.
    pub fn new(side: Side, id: &str, amount: Money, party: Option<&str>, date: Option<Instant>) -> Self {
        Self {
            left: side == Side::Left,
            id: id.to_owned(),
            amount: Number(amount.amount),
            currency: amount.currency.code().to_owned(),
            party: party.map(str::to_owned),
            date: date.map(|date| date.0),
            charge: None,
            told: false,
        }
    }

    /// With the payment provider's id of the charge.
    pub fn charged(self, charge: Option<&str>) -> Self {
        Self { charge: charge.map(str::to_owned), ..self }
    }

    /// With whether a finding tells of it already.
    pub fn told(self, told: bool) -> Self {
        Self { told, ..self }
    }

    /// Its id in its system.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is an order without its payment.
    pub fn is_left(&self) -> bool {
        self.left
    }

    /// As a row to match.
    pub fn row(&self) -> Result<Row, Failure> {
        let charge = self.charge.clone().map(|value| Key { kind: KeyKind::Charge, value });
        Ok(Row {
            side: if self.left { Side::Left } else { Side::Right },
            id: self.id.clone(),
            keys: charge.into_iter().collect(),
            amount: Money::new(self.amount.0, self.currency.parse()?),
            party: self.party.clone(),
            date: self.date.map(Instant),
        })
    }
}

/// Keeps the rows of a page until the end of the run.
pub fn keep(cx: &Context, scope: &str, chunk: u32, rows: &[Kept]) -> Result<(), Failure> {
    write(cx, &format!("{}{chunk:06}", kept_prefix(scope)), &rows)
}

/// All rows that were kept, each once: the vendors' pages overlap.
pub fn kept(cx: &Context, scope: &str) -> Result<Vec<Kept>, Failure> {
    let mut rows: Vec<Kept> = Vec::new();
    for key in keys(cx, &kept_prefix(scope), usize::MAX)? {
        rows.extend(read::<Vec<Kept>>(cx, &key)?.unwrap_or_default());
    }
    rows.sort_by(|a, b| (a.left, &a.id).cmp(&(b.left, &b.id)));
    rows.dedup_by(|a, b| (a.left, &a.id) == (b.left, &b.id));
    Ok(rows)
}

/// Forgets the rows of a run of this scope.
pub fn forget_kept(cx: &Context, scope: &str) -> Result<(), Failure> {
    forget(cx, &kept_prefix(scope))
}

fn kept_prefix(scope: &str) -> String {
    format!("reconcile/open/{scope}/")
}

/// The rows of a suggested match, by which a person's decision on it is understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Suggested {
    /// Ids of the orders.
    pub left: Vec<String>,
    /// Ids of the payments.
    pub right: Vec<String>,
}

/// Remembers what the suggestion with this finding's id is made of.
pub fn suggest(cx: &Context, finding: &str, suggested: &Suggested) -> Result<(), Failure> {
    write(cx, &format!("reconcile/match/{finding}"), suggested)
}

/// A person's decision, as the host writes it.
#[derive(Deserialize)]
struct Decided {
    decision: Said,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Accept,
    Split,
    Ignore,
}

/// What people have decided of suggested matches.
pub fn decisions(cx: &Context) -> Result<Vec<Decision>, Failure> {
    let mut decisions = Vec::new();
    for key in keys(cx, "decision/unmatched-payment ", DECISIONS_MAX)? {
        let finding = key.trim_start_matches("decision/");
        let Some(Suggested { left, right }) = read(cx, &format!("reconcile/match/{finding}"))? else {
            continue;
        };
        let Some(Decided { decision }) = read(cx, &key)? else { continue };
        let verdict = match decision {
            Said::Accept => Verdict::Accept,
            Said::Split => Verdict::Split,
            Said::Ignore => Verdict::Ignore,
        };
        decisions.push(Decision { left, right, verdict });
    }
    Ok(decisions)
}

/// Every key below `prefix`, `limit` at most.
pub fn keys(cx: &Context, prefix: &str, limit: usize) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let (keys, next) = cx.store.list_keys(prefix, cursor.as_deref(), KEYS_PAGE)?;
        all.extend(keys);
        if next.is_none() || all.len() >= limit {
            all.truncate(limit);
            return Ok(all);
        }
        cursor = next;
    }
}

/// Deletes every key below `prefix`.
pub fn forget(cx: &Context, prefix: &str) -> Result<(), Failure> {
    for key in keys(cx, prefix, usize::MAX)? {
        cx.store.delete(&key)?;
    }
    Ok(())
}

/// What the store has under `key`; none if nothing. Fails with `rejected` for what is not of this form.
pub fn read<T: DeserializeOwned>(cx: &Context, key: &str) -> Result<Option<T>, Failure> {
    let Some(stored) = cx.store.get(key)? else { return Ok(None) };
    let value = serde_json::from_slice(&stored.value);
    value.map(Some).map_err(|error| rejected(format!("the store's entry {key} cannot be read: {error}")))
}

/// Puts it there.
pub fn write(cx: &Context, key: &str, value: &impl Serialize) -> Result<(), Failure> {
    let value = serde_json::to_vec(value).map_err(|error| rejected(error.to_string()))?;
    cx.store.put(key, &value)?;
    Ok(())
}
