//! The sandbox over real HTTP: shapes and statuses of every endpoint, webhooks, faults, limits.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed assumption in a test's helper should stop it there"
)]

mod control;
mod faults;
mod ghl;
mod ghl_money;
mod ghl_reach;
mod ghl_sales;
mod invoices;
mod offline;
mod offline_effects;
mod plant;
mod rankr;
mod rankr_dialect;
mod rankr_events;
mod rankr_people;
mod seed;
mod support;
mod track_pod;
mod track_pod_lists;
mod track_pod_visit;
mod webhooks;
