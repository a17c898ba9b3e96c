//! `transload discard`: giving work up for good.

use anyhow::anyhow;
use clap::Args;
use transload::runtime::admin::REASON_BYTES_MAX;

use super::access::Access;
use super::select::{Selection, Verdict};
use super::{Failed, usage};

/// Gives events up for good that have not succeeded; the next one of the same order takes its turn
#[derive(Args)]
#[command(after_help = "Exit codes: 0 all of them are given up, 1 some cannot be, 2 usage.\n\nExamples:\n  \
                  transload discard 12 --reason \"entered by hand\"\n  \
                  transload discard --state dead --connection shop --reason \"test data\" --yes")]
pub struct Discard {
    #[command(flatten)]
    selection: Selection,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Discard {
    pub async fn run(self) -> Result<(), Failed> {
        let reason = reason(self.reason)?;
        self.selection.decide(&self.access, &Verdict::Discard(reason), self.json).await
    }
}

/// A reason, if it is short enough to be kept.
pub fn reason(text: String) -> Result<String, Failed> {
    match text.len() {
        0..=REASON_BYTES_MAX => Ok(text),
        bytes => {
            Err(usage(anyhow!("the reason has {bytes} bytes, more than {REASON_BYTES_MAX}: shorten it")))
        }
    }
}
