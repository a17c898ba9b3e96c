//! How much one call of a connector may use, and what watches over it.

use std::time::Duration;

/// How much a connector may use. Each is enforced for one instance; times, log and store amounts count afresh for each
/// call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of a module's file, in bytes. Connectors in Rust weigh under 1 MB; those in JavaScript or Python 15 to 18 MB.
    pub module_bytes: usize,
    /// Linear memory of all the instance's memories together, in bytes.
    pub memory_bytes: usize,
    /// Elements of any one table. A table holds the functions that are called indirectly.
    pub table_elements: usize,
    /// Host objects (requests, responses, streams, pollables) held at once.
    pub handles: usize,
    /// Time that the connector itself computes, in one call. Waiting for the host does not count.
    pub cpu: Duration,
    /// Time from a call's start to its end, waiting included.
    pub call_timeout: Duration,
    /// The longest one HTTP request may take; a connector may ask for less.
    pub http_timeout: Duration,
    /// HTTP requests in one call.
    pub http_requests: u32,
    /// HTTP requests under way and responses not yet read to their end, at once. Further requests wait. The host holds
    /// their bodies in its own memory.
    pub http_at_once: usize,
    /// Body of one HTTP request, in bytes.
    pub request_bytes: usize,
    /// What is copied from the connector to the host at once, in bytes: a call's answer, or a host function's arguments.
    pub transfer_bytes: usize,
    /// Value of one store entry, in bytes. The contract promises 1 MiB.
    pub store_value_bytes: u64,
    /// Keys and values that one call writes to the store, in bytes; each write counts for 64 bytes more.
    pub store_call_bytes: u64,
    /// Lines that one call logs. The contract promises 200.
    pub log_lines: u32,
    /// Length of a line, its fields included, in bytes. The contract promises 4 KiB.
    pub log_line_bytes: usize,
    /// What a page of a job may use instead.
    pub jobs: JobLimits,
}

/// How much one page of a backfill or a reconciliation may use. Nobody waits behind it, it makes hundreds of requests,
/// and each of them may wait minutes for the background's portion of a rate budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLimits {
    /// Takes the place of [`Limits::cpu`].
    pub cpu: Duration,
    /// Takes the place of [`Limits::call_timeout`].
    pub call_timeout: Duration,
    /// Takes the place of [`Limits::http_timeout`]; waiting for the rate budget included, which the request itself, once
    /// it is sent, is not given.
    pub http_timeout: Duration,
    /// Takes the place of [`Limits::http_requests`].
    pub http_requests: u32,
}

impl Limits {
    /// The limits of a page of a job.
    pub(super) fn of_jobs(&self) -> Limits {
        let JobLimits { cpu, call_timeout, http_timeout, http_requests } = self.jobs;
        Limits { cpu, call_timeout, http_timeout, http_requests, ..self.clone() }
    }
}

impl Default for JobLimits {
    fn default() -> JobLimits {
        JobLimits {
            // Matching what is left over of a million rows at the end of a comparison.
            cpu: Duration::from_secs(60),
            // 400 requests at a quarter of 100 in ten seconds take 160 seconds; a vendor with a tenth of that rate, ten
            // times as long.
            call_timeout: Duration::from_mins(30),
            // The five minutes that egress waits for room in the budget, and the request.
            http_timeout: Duration::from_mins(6),
            http_requests: 5_000,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            module_bytes: 32 << 20,
            // Twice what reconciling a million transactions takes, and what a JavaScript engine starts with.
            memory_bytes: 128 << 20,
            table_elements: 20_000,
            // A call that waits for one request at a time holds about ten.
            handles: 1_000,
            // Mapping an order takes microseconds; reconciling a full page of a million rows, seconds.
            cpu: Duration::from_secs(10),
            // A handful of requests to a slow vendor. Less than any queue's patience.
            call_timeout: Duration::from_secs(120),
            http_timeout: Duration::from_secs(30),
            http_requests: 1_000,
            // With bodies of 8 MB, as much as the connector's own memory. Connectors have one or a few.
            http_at_once: 16,
            request_bytes: 4 << 20,
            transfer_bytes: 64 << 20,
            store_value_bytes: 1 << 20,
            store_call_bytes: 16 << 20,
            log_lines: 200,
            log_line_bytes: 4 << 10,
            jobs: JobLimits::default(),
        }
    }
}
