//! Both vendors in one, with memory: what the flows write is what a comparison reads. Objects are text, because a JSON value of
//! serde_json's would turn GoHighLevel's amounts into floats.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use transload_model::Instant;
use transload_sdk::fakes::Fakes;
use transload_sdk::{Clock, Context, Failure, Finding, FindingPage, Receipt, Scope};
use transload_wire::{Http, HttpError, Method, Request, Response};

use crate::fixtures::*;
use crate::settings::{Connection, Settings};
use crate::{invoices, orders, reconcile, subscriptions, transactions};

pub const DAY: u64 = 86_400_000;

/// A monthly subscription that began with the order `o2`.
pub const SUBSCRIPTION: &str = r#"{"_id": "s1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "active",
    "liveMode": false, "entityType": "order", "entityId": "o2", "subscriptionId": "sub_1",
    "createdAt": "2024-04-04T16:24:27.036Z", "updatedAt": "2024-04-04T16:24:27.036Z",
    "schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}}"#;

/// An invoice of which 50 are paid.
pub const INVOICE: &str = r#"{"_id": "i1", "status": "partially_paid", "liveMode": false, "total": 150.1, "amountPaid": 50,
    "amountDue": 100.1, "currency": "USD", "invoiceNumber": "19", "contactDetails": {"id": "c1"}, "dueDate": "2024-04-30",
    "createdAt": "2024-04-04T16:00:00.000Z", "updatedAt": "2024-04-04T16:20:00.000Z"}"#;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Ghl,
    Rankr,
}

/// Objects by the path of their list and their id.
type Objects = RefCell<BTreeMap<(String, String), String>>;
/// Fulfilments by their order's id.
type Fulfillments = RefCell<BTreeMap<String, Vec<String>>>;

pub struct World {
    ports: Fakes,
    ghl: Objects,
    rankr: Objects,
    fulfilled: [Fulfillments; 2],
    now: Cell<u64>,
    /// Most rows of a page.
    pub rows_max: Cell<usize>,
    /// The calls so far.
    pub calls: RefCell<Vec<String>>,
    /// How many calls go well before one fails.
    pub busy_after: Cell<Option<usize>>,
    /// A call that is not granted, by its beginning.
    pub denied: Cell<Option<&'static str>>,
}

impl World {
    /// Vendors without any object.
    pub fn empty(settings: &str) -> Self {
        Self {
            ports: Fakes::new(settings, NOW),
            ghl: Objects::default(),
            rankr: Objects::default(),
            fulfilled: Default::default(),
            now: Cell::new(NOW),
            rows_max: Cell::new(100),
            calls: RefCell::default(),
            busy_after: Cell::new(None),
            denied: Cell::new(None),
        }
    }

    /// An order that is paid, one with a subscription, and an invoice that is paid in part. Rankr has nothing of it.
    pub fn of_ghl(settings: &str) -> Self {
        let world = Self::empty(settings);
        let order = with_changed(
            ORDER,
            r#""status": "pending""#,
            r#""status": "pending", "fulfillmentStatus": "unfulfilled""#,
        );
        world.put(Of::Ghl, "/payments/orders", "o1", &order);
        world.put(
            Of::Ghl,
            "/payments/orders",
            "o2",
            &with_changed(&order, r#""_id": "o1""#, r#""_id": "o2""#),
        );
        world.put(Of::Ghl, "/payments/transactions", "t1", PAYMENT);
        let renewing = with_changed(PAYMENT, r#""_id": "t1""#, r#""_id": "t2", "subscriptionId": "sub_1""#);
        let renewing = with_changed(&renewing, "o1", "o2").replace("ch_1", "ch_2");
        world.put(Of::Ghl, "/payments/transactions", "t2", &renewing);
        let billed = with_changed(
            PAYMENT,
            r#""entityType": "order", "entityId": "o1""#,
            r#""entityType": "invoice", "entityId": "i1""#,
        );
        let billed = billed.replace("t1", "t3").replace("150.1", "50").replace("ch_1", "ch_3");
        world.put(Of::Ghl, "/payments/transactions", "t3", &billed);
        world.put(Of::Ghl, "/payments/subscriptions", "s1", SUBSCRIPTION);
        world.put(Of::Ghl, "/invoices/", "i1", INVOICE);
        world
    }

    /// The same, and Rankr has all of it, by the flows.
    pub fn in_order(settings: &str) -> Self {
        let world = Self::of_ghl(settings);
        world.settle();
        world
    }

    pub fn context(&self) -> Context<'_> {
        Context { http: self, clock: self, ..self.ports.context() }
    }

    pub fn with<T>(&self, flow: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let cx = self.context();
        let settings: Settings = cx.settings()?;
        flow(&Connection::new(&cx, &settings))
    }

    /// Runs the flow of each of GoHighLevel's objects.
    pub fn settle(&self) {
        let ids: Vec<(String, String)> = self.ghl.borrow().keys().cloned().collect();
        for (list, id) in ids {
            let flow: fn(&Connection, &str) -> Result<Receipt, Failure> = match list.as_str() {
                "/payments/orders" => orders::sync,
                "/payments/transactions" => transactions::record,
                "/payments/subscriptions" => subscriptions::sync,
                _ => invoices::sync,
            };
            self.with(|both| flow(both, &id)).unwrap();
        }
    }

    fn objects(&self, of: Of) -> &Objects {
        if of == Of::Ghl { &self.ghl } else { &self.rankr }
    }

    pub fn put(&self, of: Of, list: &str, id: &str, text: &str) {
        self.objects(of).borrow_mut().insert((list.to_owned(), id.to_owned()), text.to_owned());
    }

    pub fn remove(&self, of: Of, list: &str, id: &str) {
        let gone = self.objects(of).borrow_mut().remove(&(list.to_owned(), id.to_owned()));
        assert!(gone.is_some(), "{of:?} has no {list} {id}");
    }

    pub fn get(&self, of: Of, list: &str, id: &str) -> Option<String> {
        self.objects(of).borrow().get(&(list.to_owned(), id.to_owned())).cloned()
    }

    /// Replaces `from` by `to` in an object.
    pub fn edit(&self, of: Of, list: &str, id: &str, from: &str, to: &str) {
        let text = self.get(of, list, id).unwrap();
        self.put(of, list, id, &with_changed(&text, from, to));
    }

    /// Puts a copy of an object beside it, under another id.
    pub fn copy(&self, of: Of, list: &str, id: &str, other: &str) {
        let text = self.get(of, list, id).unwrap();
        self.put(of, list, other, &with_changed(&text, &format!("\"{id}\""), &format!("\"{other}\"")));
    }

    pub fn fulfill(&self, of: Of, order_id: &str, text: &str) {
        let all = &self.fulfilled[usize::from(of == Of::Rankr)];
        all.borrow_mut().entry(order_id.to_owned()).or_default().push(text.to_owned());
    }

    pub fn edit_fulfillment(&self, order_id: &str, from: &str, to: &str) {
        let mut all = self.fulfilled[1].borrow_mut();
        let last = all.get_mut(order_id).unwrap().last_mut().unwrap();
        *last = with_changed(last, from, to);
    }

    pub fn at(&self, now: u64) {
        self.now.set(now);
    }

    /// The days around the objects.
    pub fn scope() -> Scope {
        Scope { start: NOW - DAY, end: NOW + DAY, kinds: Vec::new() }
    }

    pub fn page(&self, scope: &Scope, cursor: Option<&str>) -> Result<FindingPage, Failure> {
        self.ports.attempt(|| reconcile::page(&self.context(), scope, cursor))
    }

    /// All findings of a run, and its last page. A page that failed is done again.
    pub fn run(&self) -> (Vec<Finding>, FindingPage) {
        let (mut found, mut cursor): (_, Option<String>) = (Vec::new(), None);
        for _ in 0..500 {
            let mut page = match self.page(&Self::scope(), cursor.as_deref()) {
                Err(Failure::Retry(_)) => continue,
                page => page.unwrap(),
            };
            found.append(&mut page.findings);
            cursor = page.cursor.clone();
            if cursor.is_none() {
                return (found, page);
            }
        }
        panic!("the run does not end");
    }

    pub fn kinds(&self) -> Vec<String> {
        self.run().0.into_iter().map(|finding| finding.kind).collect()
    }

    fn list(&self, of: Of, list: &str, query: &str) -> (Vec<String>, usize, usize) {
        let parameter = |name: &str| {
            query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let entity = parameter("entityId").map(|id| format!(r#""entityId": "{id}""#));
        let objects = self.objects(of).borrow();
        let rows = objects.iter().filter(|((of, _), _)| of == list).map(|(_, text)| text);
        let rows: Vec<&String> =
            rows.filter(|text| entity.as_ref().is_none_or(|entity| text.contains(entity))).collect();
        let rows = if parameter("sourceId").is_some() { Vec::new() } else { rows };
        let start = parameter("offset").or(parameter("cursor")).map_or(0, |start| start.parse().unwrap());
        let limit: usize = parameter("limit").map_or(100, |limit| limit.parse().unwrap());
        let page = rows.iter().skip(start).take(limit.min(self.rows_max.get()));
        (page.map(|text| (*text).clone()).collect(), start, rows.len())
    }

    fn ghl(&self, request: &Request, path: &str, query: &str) -> (u16, String) {
        let rest = path.strip_suffix("/fulfillments");
        let fulfilled = &self.fulfilled[0];
        if let Some(order_id) = rest.and_then(|rest| rest.strip_prefix("/payments/orders/")) {
            let mut all = fulfilled.borrow_mut();
            let all = all.entry(order_id.to_owned()).or_default();
            if request.method == Method::Post {
                let body: serde_json::Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
                let item = |item: &serde_json::Value| {
                    format!(r#"{{"price": {{"_id": {}}}, "qty": {}}}"#, item["priceId"], item["qty"])
                };
                let items: Vec<String> = body["items"].as_array().unwrap().iter().map(item).collect();
                let id = format!("g{}", all.len());
                let trackings = &body["trackings"];
                all.push(format!(
                    r#"{{"_id": "{id}", "trackings": {trackings}, "items": [{}]}}"#,
                    items.join(",")
                ));
                return (200, format!(r#"{{"status": true, "data": {{"_id": "{id}"}}}}"#));
            }
            return (200, format!(r#"{{"status": true, "data": [{}]}}"#, all.join(",")));
        }
        match path {
            "/contacts/c1/notes" if request.method == Method::Post => (201, NOTE.to_owned()),
            "/contacts/c1/notes" => (200, NO_NOTES.to_owned()),
            "/payments/orders" | "/payments/transactions" | "/payments/subscriptions" => {
                let (rows, _, total) = self.list(Of::Ghl, path, query);
                (200, format!(r#"{{"data": [{}], "totalCount": {total}}}"#, rows.join(",")))
            }
            "/invoices/" => {
                let (rows, _, total) = self.list(Of::Ghl, path, query);
                (200, format!(r#"{{"invoices": [{}], "total": {total}}}"#, rows.join(",")))
            }
            _ => {
                let (list, id) = path.rsplit_once('/').unwrap();
                let list = if list == "/invoices" { "/invoices/" } else { list };
                match self.get(Of::Ghl, list, id) {
                    Some(text) => (200, text),
                    None => (404, format!(r#"{{"message": "{list} not found"}}"#)),
                }
            }
        }
    }

    fn rankr(&self, request: &Request, path: &str, query: &str) -> (u16, String) {
        let text = || String::from_utf8(request.body.clone().unwrap_or_default()).unwrap();
        if let Some(order_id) =
            path.strip_prefix("/payments/orders/").and_then(|rest| rest.strip_suffix("/fulfillments"))
        {
            if request.method == Method::Post {
                self.fulfill(Of::Rankr, order_id, &text());
                return (201, text());
            }
            let all = self.fulfilled[1].borrow().get(order_id).cloned().unwrap_or_default();
            return match self.get(Of::Rankr, "/orders", order_id) {
                Some(_) => (200, format!(r#"{{"items": [{}]}}"#, all.join(","))),
                None => (404, MISSING.to_owned()),
            };
        }
        if ["/orders", "/payments/transactions", "/payments/subscriptions", "/invoices"].contains(&path) {
            let (rows, start, total) = self.list(Of::Rankr, path, query);
            let seen = start + rows.len();
            let next = if seen < total { format!(r#", "nextCursor": "{seen}""#) } else { String::new() };
            return (200, format!(r#"{{"items": [{}]{next}}}"#, rows.join(",")));
        }
        let (list, id) = path.rsplit_once('/').unwrap();
        if request.method == Method::Put {
            self.put(Of::Rankr, list, id, &text());
            return (200, text());
        }
        self.get(Of::Rankr, list, id).map_or((404, MISSING.to_owned()), |text| (200, text))
    }
}

impl Clock for World {
    fn now(&self) -> Instant {
        Instant(self.now.get())
    }
}

impl Http for World {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let (_, rest) = request.url.split_once("://").unwrap();
        let (host, path) = rest.split_at(rest.find('/').unwrap());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let of = if host == "api.rankr.example" { "rankr" } else { "ghl" };
        let call = format!("{of} {} {path}", request.method);
        if self.denied.get().is_some_and(|denied| call.starts_with(denied)) {
            return Err(HttpError::Denied("not granted".to_owned()));
        }
        self.calls.borrow_mut().push(call);
        match self.busy_after.get() {
            Some(0) => {
                self.busy_after.set(None);
                return Ok(Response { status: 503, headers: Vec::new(), body: Vec::new() });
            }
            left => self.busy_after.set(left.map(|left| left - 1)),
        }
        let (status, body) = match of {
            "rankr" => self.rankr(&request, path, query),
            _ => self.ghl(&request, path, query),
        };
        Ok(Response { status, headers: Vec::new(), body: body.into_bytes() })
    }
}
