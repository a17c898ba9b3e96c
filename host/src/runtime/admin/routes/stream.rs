//! `GET notices/stream`: notices as server-sent events, from any place in the journal and then as they happen.
//!
//! A stream is a place in the journal. It reads on from there whenever the journal has grown, so nothing is missed between
//! what was and what is, nothing comes twice, and a reader that is slow costs nothing but its own time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::Instant;

use super::notices::severity;
use super::{Admin, Asked, Refusal};
use crate::contract::Severity;
use crate::notices::{Pattern, is_at_least};
use crate::runtime::host::Host;
use crate::runtime::notices::{Payload, STREAMS_MAX};
use crate::storage::{NoticeFilter, NoticeRecord, Sequence, StorageError};

/// Where a reader goes on from, by the standard of server-sent events.
const LAST_EVENT_ID: &str = "last-event-id";

/// Notices that are read from the journal at once.
const ROWS: u32 = 256;

/// Pieces that wait for a reader, each a notice. Together a few hundred kilobytes.
const WAITING_MAX: usize = 64;

/// How long a reader may leave all of those unread. One that is slower is let go, and may come back to where it was.
const SLOW_MAX: Duration = Duration::from_secs(30);

/// How often a reader hears something, so that both sides learn when the other is gone. Proxies wait for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a stream lasts. The server ends every connection after ten minutes; a stream ends before that, between two
/// notices, and its reader comes back.
const STREAM_TIME_MAX: Duration = Duration::from_mins(9);

/// How soon a reader is to come back when its stream has ended, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// Which notices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamQuery {
    connection: Option<String>,
    #[serde(rename = "type")]
    topic: Option<String>,
    severity: Option<String>,
    /// As the header `Last-Event-ID`, for those who cannot set it.
    after: Option<Sequence>,
}

/// What a reader wants to see.
struct Wanted {
    connection: Option<String>,
    topic: Option<Pattern>,
    severity: Option<Severity>,
}

impl Wanted {
    fn has(&self, notice: &NoticeRecord) -> bool {
        self.connection.as_ref().is_none_or(|connection| *connection == notice.connection)
            && self.topic.as_ref().is_none_or(|topic| topic.matches(&notice.topic))
            && self.severity.is_none_or(|least| is_at_least(notice.severity, least))
    }
}

/// One reader's stream.
struct Reading {
    host: Host,
    wanted: Wanted,
    /// The number of the last notice that was looked at.
    place: Sequence,
    pieces: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
}

/// Why a stream ends.
struct Over;

impl From<StorageError> for Over {
    fn from(error: StorageError) -> Over {
        tracing::warn!(%error, "a stream of notices ends: the journal cannot be read");
        Over
    }
}

pub(super) async fn stream(
    State(admin): State<Admin>,
    query: Asked<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(query) = query?;
    let wanted = Wanted {
        connection: query.connection,
        topic: query.topic.map(Pattern::new),
        severity: severity(query.severity.as_deref())?,
    };
    let full = |_| {
        let reason = format!("{STREAMS_MAX} streams are open already, which is the most");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason)
    };
    let permit = Arc::clone(&admin.streams).try_acquire_owned().map_err(full)?;
    // Watched before the place is found, so that nothing happens between the two.
    let latest = admin.host.shared.notices.latest.subscribe();
    let place = place(&admin.host, last_id(&headers)?.or(query.after)).await?;
    let (pieces, waiting) = mpsc::channel(WAITING_MAX);
    let reading = Reading { host: admin.host.clone(), wanted, place, pieces, _permit: permit };
    admin.host.shared.tasks.spawn(reading.run(latest));
    let pieces = stream::unfold(waiting, async |mut waiting| {
        waiting.recv().await.map(|piece| (Ok::<Bytes, Infallible>(piece), waiting))
    });
    let mut response = axum::body::Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn last_id(headers: &HeaderMap) -> Result<Option<Sequence>, Refusal> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let wrong = || Refusal::new(StatusCode::BAD_REQUEST, "Last-Event-ID is not the number of a notice");
    number.map(Some).ok_or_else(wrong)
}

/// Where a stream begins: after the notice that its reader saw last, or with what happens next. A number that was not given
/// out yet is from another database.
async fn place(host: &Host, after: Option<Sequence>) -> Result<Sequence, StorageError> {
    let newest = NoticeFilter { limit: 1, ..NoticeFilter::default() };
    let newest = host.shared.storage.notices(newest).await?.first().map_or(0, |notice| notice.sequence);
    Ok(after.map_or(newest, |after| after.min(newest)))
}

impl Reading {
    async fn run(mut self, mut latest: watch::Receiver<Sequence>) {
        let mut stopping = self.host.shared.stopping.subscribe();
        let pieces = self.pieces.clone();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = pieces.closed() => {}
            Over = self.read_on(&mut latest) => {}
        }
    }

    async fn read_on(&mut self, latest: &mut watch::Receiver<Sequence>) -> Over {
        match self.read_until_over(latest).await {
            Err(over) => over,
            Ok(()) => Over,
        }
    }

    async fn read_until_over(&mut self, latest: &mut watch::Receiver<Sequence>) -> Result<(), Over> {
        let end = Instant::now() + STREAM_TIME_MAX;
        self.give(format!("retry: {RETRY_MS}\n\n")).await?;
        while Instant::now() < end {
            latest.borrow_and_update();
            self.catch_up().await?;
            tokio::select! {
                changed = latest.changed() => changed.map_err(|_| Over)?,
                () = tokio::time::sleep_until(end) => {}
                () = tokio::time::sleep(HEARTBEAT) => self.give(":\n\n".to_owned()).await?,
            }
        }
        Ok(())
    }

    /// Give out what the journal has after this place.
    async fn catch_up(&mut self) -> Result<(), Over> {
        loop {
            let notices = self.host.shared.storage.notices_after(self.place, ROWS).await?;
            let Some(last) = notices.last().map(|notice| notice.sequence) else { return Ok(()) };
            for notice in notices.iter().filter(|notice| self.wanted.has(notice)) {
                self.give(event(notice)).await?;
            }
            self.place = last;
        }
    }

    async fn give(&self, piece: String) -> Result<(), Over> {
        match self.pieces.send_timeout(Bytes::from(piece), SLOW_MAX).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Over),
        }
    }
}

/// A notice as a server-sent event. Neither a topic nor JSON in one line has a line break.
fn event(notice: &NoticeRecord) -> String {
    let NoticeRecord { sequence, topic, .. } = notice;
    format!("id: {sequence}\nevent: {topic}\ndata: {}\n\n", Payload::of(notice).to_json())
}
