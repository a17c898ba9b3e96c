//! What people do with findings: look, decide, have them repaired.

use super::super::host::{Host, RequestError};
use crate::storage::{Decided, Decision, FindingFilter, FindingRecord, NewDecision, Repairs, Sequence};

/// Repairs that are handed in with one commit; others wait for the writer meanwhile.
const REPAIRS_AT_ONCE: u32 = 200;

impl Host {
    /// Findings, newest first.
    pub async fn findings(&self, filter: FindingFilter) -> Result<Vec<FindingRecord>, RequestError> {
        Ok(self.shared.storage.findings(filter).await?)
    }

    /// One finding.
    pub async fn finding(&self, connection: &str, id: &str) -> Result<Option<FindingRecord>, RequestError> {
        Ok(self.shared.storage.finding(connection, id).await?)
    }

    /// Decide about a finding. The decision stays whatever later runs find; another one takes its place. Answers the
    /// finding as it stands then.
    pub async fn decide(
        &self,
        connection: &str,
        finding: &str,
        decision: Decision,
        reason: &str,
    ) -> Result<FindingRecord, RequestError> {
        let decided = Decided { decision, reason: reason.to_owned(), at: self.shared.clock.now() };
        let (connection, finding) = (connection.to_owned(), finding.to_owned());
        Ok(self.shared.storage.decide(NewDecision { connection, finding, decided }).await?)
    }

    /// Hand in the proposed repairs of a connection's open findings as events, once each: of confirmed ones unless
    /// something else was decided, and of others that a person accepted; with a `job`, only of those that it found last.
    pub async fn repair(&self, connection: &str, job: Option<Sequence>) -> Result<Repairs, RequestError> {
        let connection = self.shared.connection(connection)?;
        let mut all = Repairs::default();
        loop {
            let at = self.shared.clock.now();
            let some = self.shared.storage.repair(&connection.name, job, REPAIRS_AT_ONCE, at).await?;
            if some == Repairs::default() {
                return Ok(all);
            }
            all.submitted += some.submitted;
            all.known += some.known;
        }
    }
}
