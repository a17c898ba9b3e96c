//! What the kit holds a connector to, and what it found.

use serde::Serialize;

/// Findings that are kept of one check. The first ones tell what is wrong; a fault in every scenario would bury them.
pub const FINDINGS_PER_CHECK_MAX: usize = 20;

/// One thing that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each says what it holds")]
pub enum Check {
    Loads,
    Constant,
    Needless,
    Names,
    Version,
    Apis,
    Schemas,
    Samples,
    Settings,
    Triggers,
    InDoubt,
    Calls,
    Access,
    Effects,
    Kinds,
    Unknown,
    Same,
    Rerun,
    LostAnswer,
    JunkDeliveries,
    JunkAnswers,
    Pages,
    Credential,
    Busy,
    Connection,
    Denied,
    Fixtures,
}

impl Check {
    /// Every check, in the order in which they are made.
    pub const ALL: [Check; 27] = [
        Check::Loads,
        Check::Constant,
        Check::Needless,
        Check::Names,
        Check::Version,
        Check::Apis,
        Check::Schemas,
        Check::Samples,
        Check::Settings,
        Check::Triggers,
        Check::InDoubt,
        Check::Calls,
        Check::Access,
        Check::Effects,
        Check::Kinds,
        Check::Unknown,
        Check::Same,
        Check::Rerun,
        Check::LostAnswer,
        Check::JunkDeliveries,
        Check::JunkAnswers,
        Check::Pages,
        Check::Credential,
        Check::Busy,
        Check::Connection,
        Check::Denied,
        Check::Fixtures,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What it holds, in a line.
    pub fn holds(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Check::Loads => {
                ("contract/loads", "it loads: allowed imports, all exports of one contract version")
            }
            Check::Constant => {
                ("contract/constant", "its manifest is the same at any time, seed and settings")
            }
            Check::Needless => ("contract/needless", "describing itself takes no call and no store"),
            Check::Names => ("manifest/names", "names are well formed, and each is there once"),
            Check::Version => ("manifest/version", "its version is a semantic version"),
            Check::Apis => {
                ("manifest/apis", "base URLs are https, endpoints well formed and never ambiguous")
            }
            Check::Schemas => ("manifest/schemas", "JSON Schemas are schemas"),
            Check::Samples => ("manifest/samples", "samples are what their schemas describe"),
            Check::Settings => {
                ("manifest/settings", "templates and examples are what the settings' schema describes")
            }
            Check::Triggers => {
                ("manifest/triggers", "a trigger comes of an API that has webhooks, or is polled")
            }
            Check::InDoubt => ("manifest/in-doubt", "a write that is sent again in doubt can be"),
            Check::Calls => ("honesty/calls", "each request is for an endpoint of the manifest"),
            Check::Access => {
                ("honesty/access", "what writes is declared as a write, and what only reads only reads")
            }
            Check::Effects => {
                ("honesty/effects", "effects name declared systems, and something was written there")
            }
            Check::Kinds => ("honesty/kinds", "events are whole, and of a kind that a trigger yields"),
            Check::Unknown => {
                ("honesty/unknown", "unknown actions, triggers and inputs are refused as rejected")
            }
            Check::Same => ("determinism/same", "the same inputs give the same requests and the same result"),
            Check::Rerun => ("idempotence/rerun", "run again later, it makes no write that is not on record"),
            Check::LostAnswer => (
                "idempotence/lost-answer",
                "a write whose answer was lost is doubled only as its endpoint allows",
            ),
            Check::JunkDeliveries => {
                ("limits/junk-deliveries", "no delivery, whatever is in it, makes it trap")
            }
            Check::JunkAnswers => {
                ("limits/junk-answers", "no answer, whatever is in it, makes it trap or claim success")
            }
            Check::Pages => ("limits/pages", "listings end"),
            Check::Credential => ("errors/credential", "401 and 403 need attention"),
            Check::Busy => ("errors/busy", "429 and 503 are tried again"),
            Check::Connection => {
                ("errors/connection", "no connection, a broken one and no answer are tried again")
            }
            Check::Denied => ("errors/denied", "what the host denies needs attention"),
            Check::Fixtures => ("fixtures/replay", "each fixture is replayed as it was recorded"),
        }
    }
}

impl Serialize for Check {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The connector is wrong.
    Fault,
    /// It may be right; its author should look.
    Warning,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// What it is about: a place in the manifest, or a scenario and a request of it.
    pub object: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which one.
    pub check: Check,
    /// How often it was applied. With 0 nothing is known.
    pub applied: usize,
    /// What was found, at most [`FINDINGS_PER_CHECK_MAX`].
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: usize,
}

impl Checked {
    /// Whether a fault was found.
    pub fn failed(&self) -> bool {
        self.findings.iter().any(|finding| finding.weight == Weight::Fault)
    }
}

/// A scenario that was played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// Requests that it made, undisturbed.
    pub calls: usize,
    /// How many of them write.
    pub writes: usize,
    /// What came of it, in a word.
    pub outcome: &'static str,
}

/// What the kit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The connector's name and version; none if it does not load.
    pub connector: Option<(String, String)>,
    /// Every check.
    pub checks: Vec<Checked>,
    /// What was played.
    pub scenarios: Vec<Played>,
    /// What was not exercised, and what it would take.
    pub gaps: Vec<String>,
}

impl Report {
    /// Whether no fault was found.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(Checked::failed)
    }

    /// What came of one check.
    pub fn of(&self, check: Check) -> Option<&Checked> {
        self.checks.iter().find(|checked| checked.check == check)
    }
}

/// Takes down what is found.
pub(super) struct Findings(Vec<Checked>);

impl Findings {
    pub(super) fn new() -> Findings {
        let empty = |check| Checked { check, applied: 0, findings: Vec::new(), more: 0 };
        Findings(Check::ALL.map(empty).to_vec())
    }

    /// A check is applied.
    pub(super) fn apply(&mut self, check: Check) {
        self.of(check, |checked| checked.applied += 1);
    }

    pub(super) fn fault(&mut self, check: Check, object: impl Into<String>, message: impl Into<String>) {
        self.add(check, Weight::Fault, object.into(), message.into());
    }

    pub(super) fn warning(&mut self, check: Check, object: impl Into<String>, message: impl Into<String>) {
        self.add(check, Weight::Warning, object.into(), message.into());
    }

    fn add(&mut self, check: Check, weight: Weight, object: String, message: String) {
        let finding = Finding { weight, object, message };
        self.of(check, |checked| {
            // Several scenarios come upon the same fault of the same object.
            if checked.findings.contains(&finding) {
                return;
            }
            match checked.findings.len() < FINDINGS_PER_CHECK_MAX {
                true => checked.findings.push(finding),
                false => checked.more += 1,
            }
        });
    }

    fn of(&mut self, check: Check, change: impl FnOnce(&mut Checked)) {
        self.0.iter_mut().find(|checked| checked.check == check).map(change);
    }

    pub(super) fn end(self) -> Vec<Checked> {
        self.0
    }
}
