//! A connector's log lines, bounded per call, and its standard output, which becomes log lines.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::limits::Limits;
use super::ports::Log;
use crate::contract::Level;

/// Bytes that a connector may write to its output at once; the host copies no more than this for it.
const OUTPUT_CHUNK_BYTES: usize = 4 << 10;

/// The log of one instance. Counts lines for each call and says how many it dropped.
pub(super) struct CallLog {
    sink: Arc<dyn Log>,
    lines_max: u32,
    line_bytes_max: usize,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    guest: u32,
    host: u32,
    dropped: u64,
    cut: u64,
    /// What was written to standard output and standard error since the last end of a line.
    unfinished: [Vec<u8>; 2],
}

impl CallLog {
    pub(super) fn new(sink: Arc<dyn Log>, limits: &Limits) -> CallLog {
        CallLog {
            sink,
            lines_max: limits.log_lines,
            line_bytes_max: limits.log_line_bytes,
            count: Mutex::default(),
        }
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        // The counts are plain numbers: a panic elsewhere cannot have left them half-changed.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin_call(&self) {
        *self.count() = Count::default();
    }

    /// Write what is unfinished, and what was dropped.
    pub(super) fn end_call(&self) {
        let unfinished = mem::take(&mut self.count().unfinished);
        for (rest, level) in unfinished.into_iter().zip([Level::Info, Level::Warn]) {
            if !rest.is_empty() {
                self.line(level, &rest);
            }
        }
        let (dropped, cut) = {
            let mut count = self.count();
            (mem::take(&mut count.dropped), mem::take(&mut count.cut))
        };
        if dropped > 0 {
            let limit = self.lines_max;
            let message = format!("{dropped} further log lines dropped: the limit is {limit} lines a call");
            self.sink.write(Level::Warn, &message, &[]);
        }
        if cut > 0 {
            let limit = self.line_bytes_max;
            let message = format!("{cut} log lines cut short: the limit is {limit} bytes a line");
            self.sink.write(Level::Warn, &message, &[]);
        }
    }

    /// Take a line of the connector.
    pub(super) fn guest(&self, level: Level, mut message: String, mut fields: Vec<(String, String)>) {
        {
            let mut count = self.count();
            if count.guest >= self.lines_max {
                count.dropped += 1;
                return;
            }
            count.guest += 1;
            if cut(self.line_bytes_max, &mut message, &mut fields) {
                count.cut += 1;
            }
        }
        self.sink.write(level, &message, &fields);
    }

    /// Take a line of the host about the connector. Counted apart, so that a flood of the connector's own lines cannot
    /// hide why it was refused something, and counted at all because the connector decides how often it is refused.
    pub(super) fn host(&self, level: Level, mut message: String) {
        {
            let mut count = self.count();
            if count.host >= self.lines_max {
                count.dropped += 1;
                return;
            }
            count.host += 1;
            cut(self.line_bytes_max, &mut message, &mut Vec::new());
        }
        self.sink.write(level, &message, &[]);
    }

    fn line(&self, level: Level, bytes: &[u8]) {
        self.guest(level, String::from_utf8_lossy(bytes).into_owned(), Vec::new());
    }

    /// Take a piece of standard output or standard error, told apart by `level`.
    fn output(&self, level: Level, bytes: &[u8]) {
        let stream = usize::from(level == Level::Warn);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut buffer = match self.count().unfinished.get_mut(stream) {
                Some(buffer) => mem::take(buffer),
                None => return,
            };
            buffer.extend_from_slice(piece);
            if buffer.last() == Some(&b'\n') {
                buffer.pop();
                self.line(level, &buffer);
                buffer.clear();
            } else if buffer.len() > self.line_bytes_max {
                self.line(level, &buffer);
                buffer.clear();
            }
            if let Some(slot) = self.count().unfinished.get_mut(stream) {
                *slot = buffer;
            }
        }
    }
}

/// Cut a line to `limit` bytes in all: the message first, then as many fields as fit. Answers whether it had to.
fn cut(limit: usize, message: &mut String, fields: &mut Vec<(String, String)>) -> bool {
    let size = |(name, value): &(String, String)| name.len().saturating_add(value.len());
    let whole = message.len() <= limit;
    if !whole {
        message.truncate(message.floor_char_boundary(limit));
    }
    let mut left = limit - message.len();
    let fitting = fields
        .iter()
        .take_while(|field| match left.checked_sub(size(field)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .count();
    let all = fitting == fields.len();
    fields.truncate(fitting);
    !(whole && all)
}

/// The standard output or standard error of a connector.
#[derive(Clone)]
pub(super) struct Output {
    log: Arc<CallLog>,
    level: Level,
}

impl Output {
    pub(super) fn new(log: &Arc<CallLog>, level: Level) -> Output {
        Output { log: Arc::clone(log), level }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and it is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.output(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(OUTPUT_CHUNK_BYTES)
    }
}
