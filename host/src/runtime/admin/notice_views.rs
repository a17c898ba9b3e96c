//! Notices as the admin API answers them, and the command line prints them with `--json`. A released field keeps its name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::views::{Moment, next};
use crate::runtime::notices::webhook_id;
use crate::storage::{
    NoticeFilter, NoticeRecord, PostingCount, PostingFilter, PostingRecord, PostingState, Sequence, Storage,
    StorageError, severity_name,
};

/// A notice of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoticeView {
    /// Its number.
    pub number: Sequence,
    /// What kind of thing it tells: `alert`, `fulfillment.handled`.
    #[serde(rename = "type")]
    pub topic: String,
    /// The kind of the alert or finding.
    pub kind: Option<String>,
    /// How urgent it is: `info`, `warning`, `critical`.
    pub severity: String,
    /// The connection that it is about.
    pub connection: String,
    /// What it is about in that connection.
    pub subject: Option<String>,
    /// When it was kept.
    pub at: Moment,
    /// What is told.
    pub data: Box<RawValue>,
}

/// A page of notices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoticeList {
    /// Newest first.
    pub notices: Vec<NoticeView>,
    /// What to ask for as `before` to go on; none at the end.
    pub next: Option<Sequence>,
}

/// A notice on its way to a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingView {
    /// Its number in the outbox.
    pub number: Sequence,
    /// The receiver's name.
    pub receiver: String,
    /// The header `webhook-id` that it is sent with.
    pub webhook_id: String,
    /// The notice's number in the journal.
    pub notice: Sequence,
    /// What kind of thing it tells.
    #[serde(rename = "type")]
    pub topic: String,
    /// The connection that it is about.
    pub connection: String,
    /// What it is about in that connection.
    pub subject: Option<String>,
    /// When it was kept.
    pub at: Moment,
    /// Where it stands.
    pub state: PostingState,
    /// Attempts that failed since it came or was last retried by a person.
    pub failed_attempts: u32,
    /// When it is sent at the earliest, if it waits.
    pub not_before: Option<Moment>,
    /// The HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why it is not delivered, or why its last attempt failed.
    pub reason: Option<String>,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// A page of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingList {
    /// How many stand where, by receiver; of all of them, whatever was asked for.
    pub counts: Vec<PostingCount>,
    /// Newest first.
    pub outbox: Vec<PostingView>,
    /// What to ask for as `before` to go on; none at the end.
    pub next: Option<Sequence>,
}

impl From<NoticeRecord> for NoticeView {
    fn from(record: NoticeRecord) -> NoticeView {
        NoticeView {
            number: record.sequence,
            topic: record.topic,
            kind: record.kind,
            severity: severity_name(record.severity).to_owned(),
            connection: record.connection,
            subject: record.subject,
            at: Moment::at(record.at),
            data: RawValue::from_string(record.data).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}

impl From<PostingRecord> for PostingView {
    fn from(record: PostingRecord) -> PostingView {
        PostingView {
            number: record.number,
            webhook_id: webhook_id(&record.notice, &record.receiver),
            receiver: record.receiver,
            notice: record.notice.sequence,
            topic: record.notice.topic,
            connection: record.notice.connection,
            subject: record.notice.subject,
            at: Moment::at(record.notice.at),
            state: record.state,
            failed_attempts: record.attempts,
            not_before: record.not_before.map(Moment::at),
            status: record.status,
            reason: record.reason,
            ended_at: record.ended_at.map(Moment::at),
        }
    }
}

impl NoticeList {
    /// A page of notices in `storage`.
    pub async fn read(storage: &dyn Storage, filter: NoticeFilter) -> Result<NoticeList, StorageError> {
        let limit = filter.limit;
        let records = storage.notices(filter).await?;
        let notices: Vec<NoticeView> = records.into_iter().map(NoticeView::from).collect();
        let next = next(notices.len(), limit, notices.last().map(|notice| notice.number));
        Ok(NoticeList { notices, next })
    }
}

impl PostingList {
    /// A page of the outbox in `storage`.
    pub async fn read(storage: &dyn Storage, filter: PostingFilter) -> Result<PostingList, StorageError> {
        let (limit, counts) = (filter.limit, storage.posting_counts().await?);
        let records = storage.postings(filter).await?;
        let outbox: Vec<PostingView> = records.into_iter().map(PostingView::from).collect();
        let next = next(outbox.len(), limit, outbox.last().map(|posting| posting.number));
        Ok(PostingList { counts, outbox, next })
    }
}
