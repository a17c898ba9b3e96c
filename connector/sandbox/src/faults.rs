//! Faults on demand: what goes wrong, for which requests, how often.

use serde::{Deserialize, Serialize};

use crate::message::Request;
use crate::system::System;

/// Faults that may wait at a time. A test sets a handful; the list is searched for every request.
pub const FAULTS_MAX: usize = 1_000;

/// The longest delay in milliseconds: longer than any client in the tests waits.
pub const DELAY_MS_MAX: u64 = 60_000;

/// A fault and the requests that meet it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Whose fake misbehaves.
    pub system: System,
    /// Only for this method; for all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only for paths that begin with this, below the fake's prefix; for all without it.
    #[serde(default)]
    pub path: String,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// Matching requests that are harmed after that.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens to them.
    pub kind: FaultKind,
}

fn once() -> u64 {
    1
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultKind {
    /// It is answered with a status and has no effect.
    Status {
        /// The status, 100 to 599.
        status: u16,
        /// Seconds for a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// It takes effect at once and is answered late: a client that gives up cannot know.
    Delay {
        /// Milliseconds until the answer, at most [`DELAY_MS_MAX`].
        ms: u64,
    },
    /// The connection is closed without an answer, and the request has no effect.
    DropBefore,
    /// The request takes effect, and the connection is closed without an answer.
    DropAfter,
    /// The request takes effect, and the connection is closed in the middle of the answer's body.
    HalfBody,
}

impl FaultKind {
    /// The name that the ledger shows.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::DropBefore => "drop-before",
            Self::DropAfter => "drop-after",
            Self::HalfBody => "half-body",
        }
    }
}

/// The faults that wait for a request.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault; refuses one that makes no sense, and any when [`FAULTS_MAX`] wait already.
    pub fn add(&mut self, fault: Fault) -> Result<(), String> {
        if self.0.len() >= FAULTS_MAX {
            return Err(format!("{FAULTS_MAX} faults are waiting: clear them first"));
        }
        match fault.kind {
            FaultKind::Status { status, .. } if !(100..=599).contains(&status) => {
                Err(format!("status {status}: a status is between 100 and 599"))
            }
            FaultKind::Delay { ms } if ms > DELAY_MS_MAX => {
                Err(format!("delay of {ms} ms: at most {DELAY_MS_MAX} ms"))
            }
            _ if fault.times == 0 => Err("times is 0: a fault harms at least one request".to_owned()),
            _ => {
                self.0.push(fault);
                Ok(())
            }
        }
    }

    /// The fault that this request meets: the first that matches and has nothing left to skip.
    pub fn take(&mut self, system: System, request: &Request) -> Option<FaultKind> {
        let index = self.0.iter_mut().position(|fault| fault.matches(system, request) && fault.is_due())?;
        let fault = self.0.get_mut(index)?;
        fault.times -= 1;
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(kind)
    }

    /// The faults that wait, with what is left of their counts.
    pub fn waiting(&self) -> &[Fault] {
        &self.0
    }

    /// Takes all faults away.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Fault {
    fn matches(&self, system: System, request: &Request) -> bool {
        let method =
            self.method.as_deref().is_none_or(|method| request.method.as_str().eq_ignore_ascii_case(method));
        self.system == system && method && request.path.starts_with(&self.path)
    }

    /// Counts a request that matches; whether it is one to harm.
    fn is_due(&mut self) -> bool {
        let due = self.skip == 0 && self.times > 0;
        self.skip = self.skip.saturating_sub(1);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    fn request(method: Method, path: &str) -> Request {
        Request::new(method, path, "", HeaderMap::new(), Bytes::new())
    }

    fn fault(skip: u64, times: u64) -> Fault {
        let kind = FaultKind::DropAfter;
        Fault {
            system: System::TrackPod,
            method: Some("POST".into()),
            path: "/Order".into(),
            skip,
            times,
            kind,
        }
    }

    #[test]
    fn a_fault_meets_only_its_requests_and_only_so_often() {
        let mut faults = Faults::default();
        faults.add(fault(1, 2)).unwrap();
        let post = request(Method::POST, "/Order");
        assert_eq!(faults.take(System::Ghl, &post), None);
        assert_eq!(faults.take(System::TrackPod, &request(Method::PUT, "/Order")), None);
        assert_eq!(faults.take(System::TrackPod, &request(Method::POST, "/Route")), None);
        let met: Vec<_> = (0..5).map(|_| faults.take(System::TrackPod, &post).is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert!(faults.waiting().is_empty());
    }

    #[test]
    fn a_fault_with_requests_to_skip_lets_the_next_one_work() {
        let mut faults = Faults::default();
        faults.add(fault(1, 1)).unwrap();
        faults.add(Fault { kind: FaultKind::HalfBody, ..fault(0, 1) }).unwrap();
        let post = request(Method::POST, "/Order");
        assert_eq!(faults.take(System::TrackPod, &post), Some(FaultKind::HalfBody));
        assert_eq!(faults.take(System::TrackPod, &post), Some(FaultKind::DropAfter));
    }

    #[test]
    fn senseless_and_too_many_faults_are_refused() {
        let mut faults = Faults::default();
        let status = FaultKind::Status { status: 700, retry_after: None };
        assert!(faults.add(Fault { kind: status, ..fault(0, 1) }).is_err());
        assert!(
            faults.add(Fault { kind: FaultKind::Delay { ms: DELAY_MS_MAX + 1 }, ..fault(0, 1) }).is_err()
        );
        assert!(faults.add(fault(0, 0)).is_err());
        for _ in 0..FAULTS_MAX {
            faults.add(fault(0, 1)).unwrap();
        }
        assert!(faults.add(fault(0, 1)).is_err());
    }

    #[test]
    fn the_control_api_reads_a_short_form() {
        let text = r#"{"system":"ghl","kind":{"type":"status","status":429,"retry_after":2}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!((fault.times, fault.skip, fault.path.as_str(), fault.method), (1, 0, "", None));
        assert_eq!(fault.kind, FaultKind::Status { status: 429, retry_after: Some(2) });
    }
}
