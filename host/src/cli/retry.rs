//! `transload retry`: what was given up or waits runs again.

use clap::Args;

use super::Failed;
use super::access::Access;
use super::select::{Selection, Verdict};

/// Has events run again that are dead, parked or waiting; what they wrote at vendors stays remembered
#[derive(Args)]
#[command(after_help = "With a running host it happens at once; without one, at the next start.\n\n\
                  Exit codes: 0 all of them will run, 1 some cannot, 2 usage.\n\nExamples:\n  transload retry 12 13\n  \
                  transload retry delivery:7\n  transload retry --state dead --connection shop --yes")]
pub struct Retry {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    access: Access,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Retry {
    pub async fn run(self) -> Result<(), Failed> {
        self.selection.decide(&self.access, &Verdict::Retry, self.json).await
    }
}
