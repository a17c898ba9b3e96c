//! What a person, or a platform, does with the notices of a running host.

use super::super::host::{Host, RequestError};
use crate::storage::{
    NoticeFilter, NoticeRecord, PostingCount, PostingFilter, PostingRecord, PostingState, Sequence,
};

/// A receiver, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReceiverStatus {
    /// Its name.
    pub name: String,
    /// Where it is, `host:port`. Its path may hold a secret.
    pub host: String,
    /// Whether it has answered that it is gone, so that nothing is sent to it.
    pub gone: bool,
}

impl Host {
    /// Those who are told what happens.
    pub fn receivers(&self) -> Vec<ReceiverStatus> {
        self.shared.notices.receivers()
    }

    /// Notices, newest first.
    pub async fn notices(&self, filter: NoticeFilter) -> Result<Vec<NoticeRecord>, RequestError> {
        Ok(self.shared.storage.notices(filter).await?)
    }

    /// Notices on their way to receivers, newest first.
    pub async fn outbox(&self, filter: PostingFilter) -> Result<Vec<PostingRecord>, RequestError> {
        Ok(self.shared.storage.postings(filter).await?)
    }

    /// How many notices stand where, by receiver.
    pub async fn outbox_counts(&self) -> Result<Vec<PostingCount>, RequestError> {
        Ok(self.shared.storage.posting_counts().await?)
    }

    /// Have a notice of the outbox sent again now, with all its attempts before it. Answers where it stood.
    pub async fn retry_notice(&self, number: Sequence) -> Result<PostingState, RequestError> {
        let shared = &self.shared;
        let stood = shared.storage.retry_posting(number, shared.clock.now()).await?;
        shared.notices.sent_again(&stood.receiver);
        tracing::info!(receiver = stood.receiver, number, was = %stood.state, "sent again, as a person said");
        Ok(stood.state)
    }

    /// Give a notice of the outbox up. Answers where it stood.
    pub async fn discard_notice(&self, number: Sequence, reason: &str) -> Result<PostingState, RequestError> {
        let shared = &self.shared;
        let stood = shared.storage.discard_posting(number, reason.to_owned(), shared.clock.now()).await?;
        tracing::info!(receiver = stood.receiver, number, was = %stood.state, "given up, as a person said");
        Ok(stood.state)
    }
}
