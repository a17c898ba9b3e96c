//! The methods about notices, each handed to the thread that it belongs on.

use async_trait::async_trait;

use super::super::{
    DuePostings, NewNotice, NoticeFilter, NoticeRecord, NoticeStorage, PostingCount, PostingFilter,
    PostingOutcome, PostingRecord, Sequence, StorageError,
};
use super::{SqliteStorage, notices, outbox};
use crate::contract::Instant;

#[async_trait]
impl NoticeStorage for SqliteStorage {
    async fn notify(&self, news: Vec<NewNotice>, at: Instant) -> Result<(), StorageError> {
        self.write(move |connection| notices::notify(connection, &news, at)).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<NoticeRecord>, StorageError> {
        self.readers.read(move |connection| notices::list(connection, &filter)).await
    }

    async fn notices_after(&self, after: Sequence, limit: u32) -> Result<Vec<NoticeRecord>, StorageError> {
        self.readers.read(move |connection| notices::after(connection, after, limit)).await
    }

    async fn postings(&self, filter: PostingFilter) -> Result<Vec<PostingRecord>, StorageError> {
        self.readers.read(move |connection| outbox::list(connection, &filter)).await
    }

    async fn posting_counts(&self) -> Result<Vec<PostingCount>, StorageError> {
        self.readers.read(outbox::counts).await
    }

    async fn due_postings(
        &self,
        receiver: &str,
        now: Instant,
        limit: u32,
    ) -> Result<DuePostings, StorageError> {
        let receiver = receiver.to_owned();
        self.readers.read(move |connection| outbox::due(connection, &receiver, now, limit)).await
    }

    async fn settle_posting(&self, outcome: PostingOutcome) -> Result<(), StorageError> {
        self.write_quietly(move |connection| outbox::settle(connection, &outcome)).await
    }

    async fn abandon_postings(
        &self,
        receiver: &str,
        reason: &str,
        at: Instant,
    ) -> Result<usize, StorageError> {
        let (receiver, reason) = (receiver.to_owned(), reason.to_owned());
        self.write_quietly(move |connection| outbox::abandon(connection, &receiver, &reason, at)).await
    }

    async fn retry_posting(&self, number: Sequence, at: Instant) -> Result<PostingRecord, StorageError> {
        self.write(move |connection| outbox::retry(connection, number, at)).await
    }

    async fn discard_posting(
        &self,
        number: Sequence,
        reason: String,
        at: Instant,
    ) -> Result<PostingRecord, StorageError> {
        self.write(move |connection| outbox::discard(connection, number, &reason, at)).await
    }
}
