//! The admin API: what a person does with a running host, in JSON over HTTP.
//!
//! | Request | What it does |
//! |---|---|
//! | `GET connections` | every connection, as it stands |
//! | `GET connections/{name}/activations` | what it ran on, newest first |
//! | `POST connections/{name}/resume` | a paused connection goes on |
//! | `POST connections/{name}/preview?events=N` | what the module in the body would do with recorded events |
//! | `POST connections/{name}/swap?preview=N&force=…&reason=…` | the connection runs on the module in the body |
//! | `POST connections/{name}/rollback` | it runs on the module before the present one |
//! | `GET events`, `GET events/{n}`, `GET deliveries` | what was kept |
//! | `POST events/{n}/retry`, `…/discard`, `…/replay` | run again, give up, run again offline |
//! | `POST deliveries/{n}/retry`, `…/discard`, `…/replay` | the same for a delivery |
//! | `POST connections/{name}/jobs` | a backfill or a reconciliation begins, or goes on where it stopped |
//! | `GET jobs`, `GET jobs/{n}`, `POST jobs/{n}/cancel` | how far it is; it stops |
//! | `GET connections/{name}/findings`, `…/findings/{id}` | what reconciliations found |
//! | `POST connections/{name}/findings/{id}/decide` | what a person decides about it |
//! | `POST connections/{name}/repair?job=N` | the repairs that may be made are handed in |
//! | `GET notices?connection=…&type=…&severity=…` | what was told, newest first |
//! | `GET notices/stream?connection=…&type=…&severity=…` | the same as server-sent events, from `Last-Event-ID` or from now on |
//! | `GET receivers`, `GET outbox?receiver=…&state=…` | who is told; what is on its way to them |
//! | `POST outbox/{n}/retry`, `…/discard` | a notice is sent again, or given up |
//! | `GET connections/{name}/actions`, `POST …/actions/{action}` | the connector's actions; one is run on the body |
//!
//! Every path begins with `/admin/v1`. Every request carries a bearer token; without it nothing is told, not even which
//! paths there are. An error is `{"error": "…"}`.
//!
//! The routes come with the feature `server`. The views, which are what they answer, are there without it.

mod job_views;
mod notice_views;
#[cfg(feature = "server")]
mod routes;
mod views;

pub use job_views::{
    ActionView, DecisionView, FindingList, FindingView, JobView, RepairView, SideView, SightingView,
    StartedView, TallyView,
};
pub use notice_views::{NoticeList, NoticeView, PostingList, PostingView};
#[cfg(feature = "server")]
pub use routes::REASON_BYTES_MAX;
pub use views::{
    ActivationView, AttemptView, DeliveryList, DeliveryView, EventDetail, EventList, EventView, FollowUp,
    Moment, WriteView,
};
