//! A notice as its readers get it.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::contract::Instant;
use crate::runtime::admin::Moment;
use crate::storage::NoticeRecord;

/// What is posted to a receiver, and what a stream carries: the form that Standard Webhooks recommends.
#[derive(Debug, Clone, Serialize)]
pub struct Payload {
    /// The notice's topic.
    #[serde(rename = "type")]
    pub topic: String,
    /// When it was kept: RFC 3339, in UTC.
    pub timestamp: String,
    /// What is told.
    pub data: Box<RawValue>,
}

impl Payload {
    /// A payload whose data is the JSON text `data`.
    pub fn new(topic: &str, at: Instant, data: &str) -> Payload {
        let data = RawValue::from_string(data.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Payload { topic: topic.to_owned(), timestamp: Moment::at(at).time, data }
    }

    /// The payload of a notice.
    pub fn of(notice: &NoticeRecord) -> Payload {
        Payload::new(&notice.topic, notice.at, &notice.data)
    }

    /// It as JSON, in one line.
    pub fn to_json(&self) -> String {
        // What is made of texts and of JSON is JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The header `webhook-id` of a notice: the same for every attempt, and another for every receiver. It has the notice's time,
/// so that a host that begins with a new database, and counts from 1 again, repeats none.
pub fn webhook_id(notice: &NoticeRecord, receiver: &str) -> String {
    format!("ntc_{}_{}_{receiver}", notice.at, notice.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Severity;

    #[test]
    fn a_payload_has_type_time_and_data() {
        let notice = NoticeRecord {
            sequence: 7,
            topic: "alert".to_owned(),
            kind: None,
            severity: Severity::Info,
            connection: "shop".to_owned(),
            subject: None,
            data: r#"{"amount":"150.10"}"#.to_owned(),
            at: 1_234_567_890_007,
        };
        assert_eq!(
            Payload::of(&notice).to_json(),
            r#"{"type":"alert","timestamp":"2009-02-13T23:31:30.007Z","data":{"amount":"150.10"}}"#
        );
        assert_eq!(webhook_id(&notice, "ops"), "ntc_1234567890007_7_ops");
    }
}
