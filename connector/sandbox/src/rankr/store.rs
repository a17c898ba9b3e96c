//! What the order sink holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use jiff::Timestamp;

use super::answers::Answers;
use super::dialect::RankrDialect;
use super::kind::RankrKind;
use crate::SandboxOptions;
use crate::ghl::store::{StoreError, overlay};
use crate::json::{Json, Object};
use crate::pace::Window;

/// Objects of each kind that are held: two transactions for each order that the GHL fake may hold.
pub const OBJECTS_MAX: usize = 200_000;

/// Fulfilments of an order, as many as the GHL fake holds.
pub const FULFILLMENTS_MAX: usize = 1_000;

/// The contract's rate, where it is enforced: requests, and milliseconds.
const BURST: (u64, i64) = (100, 10_000);

/// An object, its members as the contract names them.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub document: Object,
    /// When the sink last changed it.
    pub received: Timestamp,
    /// When the sink last added or changed a fulfilment of it.
    pub fulfilled: Option<Timestamp>,
    /// Writes of the API that were accepted for it.
    pub writes: u64,
}

impl Record {
    /// The object as it is answered, with the sink's own times.
    pub fn shown(&self) -> Object {
        let mut shown = self.document.clone();
        shown.set("receivedAt", format!("{:.3}", self.received));
        if let Some(fulfilled) = self.fulfilled {
            shown.set("fulfillmentsAt", format!("{fulfilled:.3}"));
        }
        shown
    }

    /// The version; 0 if a person put something else there.
    pub fn version(&self) -> u64 {
        version_of(&self.document)
    }
}

pub(super) fn version_of(document: &Object) -> u64 {
    match document.get("version") {
        Some(Json::Number(number)) => number.text().parse().unwrap_or(0),
        _ => 0,
    }
}

/// Where a page ended: the last object's time and id.
pub(crate) type Mark = (Timestamp, String);

/// The objects of one kind, listed by time and then by id.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    records: HashMap<String, Record>,
    by_time: BTreeSet<Mark>,
}

impl Collection {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// The objects, the longest unchanged first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Record)> {
        self.by_time.iter().filter_map(|(_, id)| Some((id.as_str(), self.records.get(id)?)))
    }

    /// Stores an object at that time, in the place of the one that was there.
    pub fn store(
        &mut self,
        id: &str,
        document: Object,
        at: Timestamp,
        writes: u64,
    ) -> Result<(), StoreError> {
        let former = self.records.get(id).map(|former| (former.received, former.fulfilled, former.writes));
        if former.is_none() && self.records.len() >= OBJECTS_MAX {
            return Err(StoreError::Full(format!(
                "{OBJECTS_MAX} objects of a kind are held: reset the sandbox"
            )));
        }
        if let Some((received, ..)) = former {
            self.by_time.remove(&(received, id.to_owned()));
        }
        let (fulfilled, before) = former.map_or((None, 0), |(_, fulfilled, before)| (fulfilled, before));
        self.by_time.insert((at, id.to_owned()));
        self.records
            .insert(id.to_owned(), Record { document, received: at, fulfilled, writes: before + writes });
        Ok(())
    }

    /// Notes that a fulfilment of the object changed.
    pub fn touch(&mut self, id: &str, at: Timestamp) {
        let Some(record) = self.records.get_mut(id) else { return };
        self.by_time.remove(&(record.received, id.to_owned()));
        self.by_time.insert((at, id.to_owned()));
        record.received = at;
        record.fulfilled = Some(at);
    }

    pub fn remove(&mut self, id: &str) -> Option<Record> {
        let record = self.records.remove(id)?;
        self.by_time.remove(&(record.received, id.to_owned()));
        Some(record)
    }

    /// At most `limit` objects that changed at `since` or later and stand after the mark, and where the page ends if more
    /// follow.
    pub fn page(
        &self,
        since: Option<Timestamp>,
        after: Option<Mark>,
        limit: usize,
    ) -> (Vec<Object>, Option<Mark>) {
        let first = (since.unwrap_or(Timestamp::MIN), String::new());
        let start = match after {
            Some(mark) if mark >= first => Bound::Excluded(mark),
            _ => Bound::Included(first),
        };
        let mut marks = self.by_time.range((start, Bound::Unbounded)).peekable();
        let (mut items, mut last) = (Vec::new(), None);
        while items.len() < limit
            && let Some(mark) = marks.next()
        {
            items.extend(self.records.get(&mark.1).map(Record::shown));
            last = Some(mark);
        }
        (items, marks.peek().and(last).cloned())
    }
}

/// What was sent for an order.
#[derive(Debug, Default)]
pub(crate) struct Fulfillments {
    /// Oldest first.
    pub list: Vec<Object>,
    /// Those of which the sink was to tell the customer.
    pub notices: usize,
}

impl Fulfillments {
    pub fn find(&self, id: &str) -> Option<&Object> {
        self.list.iter().find(|one| one.str("fulfillmentId") == Some(id))
    }

    /// Adds one. `notifyCustomer` is done and not kept.
    pub fn add(&mut self, mut fulfillment: Object) -> Result<(), StoreError> {
        if self.list.len() >= FULFILLMENTS_MAX {
            return Err(StoreError::Full(format!("an order has at most {FULFILLMENTS_MAX} fulfillments")));
        }
        if fulfillment.get("notifyCustomer").and_then(Json::as_bool) == Some(true) {
            self.notices += 1;
        }
        fulfillment.remove("notifyCustomer");
        self.list.push(fulfillment);
        Ok(())
    }
}

/// The fake's data and how it admits requests.
#[derive(Debug)]
pub(crate) struct Rankr {
    pub token: String,
    pub pacing: bool,
    pub windows: [Window; 1],
    pub dialect: RankrDialect,
    /// Whether what arrives by the API is told as well.
    pub echoes: bool,
    pub orders: Collection,
    pub transactions: Collection,
    pub subscriptions: Collection,
    pub invoices: Collection,
    /// By the order's id.
    pub fulfillments: BTreeMap<String, Fulfillments>,
    pub answers: Answers,
    /// Events that were sent, by type.
    pub events: BTreeMap<String, u64>,
    clock: Timestamp,
}

impl Rankr {
    pub fn new(options: &SandboxOptions) -> Self {
        Self {
            token: options.rankr_token.clone(),
            pacing: options.pacing,
            windows: [Window::new(BURST.0, BURST.1)],
            dialect: options.rankr_dialect,
            echoes: options.rankr_echoes,
            orders: Collection::default(),
            transactions: Collection::default(),
            subscriptions: Collection::default(),
            invoices: Collection::default(),
            fulfillments: BTreeMap::new(),
            answers: Answers::default(),
            events: BTreeMap::new(),
            clock: Timestamp::MIN,
        }
    }

    pub fn of(&self, kind: RankrKind) -> &Collection {
        match kind {
            RankrKind::Order => &self.orders,
            RankrKind::Transaction => &self.transactions,
            RankrKind::Subscription => &self.subscriptions,
            RankrKind::Invoice => &self.invoices,
        }
    }

    pub fn of_mut(&mut self, kind: RankrKind) -> &mut Collection {
        match kind {
            RankrKind::Order => &mut self.orders,
            RankrKind::Transaction => &mut self.transactions,
            RankrKind::Subscription => &mut self.subscriptions,
            RankrKind::Invoice => &mut self.invoices,
        }
    }

    /// The sink's time in milliseconds. It never goes back, or a list of what changed since then would miss something.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        self.clock = self.clock.max(now);
        self.clock
    }

    /// Adds a fulfilment to an order that is there; the order counts as changed.
    pub fn fulfil(&mut self, order: &str, fulfillment: Object, at: Timestamp) -> Result<(), StoreError> {
        self.fulfillments.entry(order.to_owned()).or_default().add(fulfillment)?;
        self.orders.touch(order, at);
        Ok(())
    }
}

/// Replaces members of an object; null takes one away.
pub(super) fn replace(document: &mut Object, members: &Object) -> Result<(), StoreError> {
    overlay(document, members)?;
    for (name, _) in members.iter().filter(|(_, value)| **value == Json::Null) {
        document.remove(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn named(id: &str) -> Object {
        let mut object = Object::default();
        object.set("orderId", id);
        object
    }

    fn stored(objects: &[(&str, i64)]) -> Collection {
        let mut collection = Collection::default();
        for (id, second) in objects {
            collection.store(id, named(id), at(*second), 1).unwrap();
        }
        collection
    }

    fn ids(items: &[Object]) -> Vec<&str> {
        items.iter().filter_map(|item| item.str("orderId")).collect()
    }

    #[test]
    fn pages_go_by_time_and_id_and_hold_each_object_once() {
        let collection = stored(&[("d", 1), ("b", 2), ("a", 2), ("c", 3)]);
        let (first, mark) = collection.page(None, None, 2);
        assert_eq!(ids(&first), ["d", "a"]);
        let (second, end) = collection.page(None, mark, 2);
        assert_eq!((ids(&second), end), (vec!["b", "c"], None));
        let (since, _) = collection.page(Some(at(2)), None, 9);
        assert_eq!(ids(&since), ["a", "b", "c"]);
    }

    #[test]
    fn what_changes_during_the_pages_comes_again_at_their_end() {
        let mut collection = stored(&[("a", 1), ("b", 2), ("c", 3)]);
        let (_, mark) = collection.page(None, None, 1);
        collection.touch("a", at(9));
        let (rest, _) = collection.page(None, mark, 9);
        assert_eq!(ids(&rest), ["b", "c", "a"]);
        let fulfilled = |item: &Object| item.str("fulfillmentsAt").map(str::to_owned);
        assert_eq!(fulfilled(&rest[2]).as_deref(), Some("1970-01-01T00:00:09.000Z"));
        collection.store("a", named("a"), at(11), 1).unwrap();
        assert_eq!(fulfilled(&collection.get("a").unwrap().shown()), fulfilled(&rest[2]));
        assert_eq!(fulfilled(&rest[0]), None);
        assert!(collection.remove("a").is_some() && collection.remove("a").is_none());
        assert_eq!(collection.iter().count(), 2);
    }

    #[test]
    fn a_clock_that_goes_back_is_not_followed() {
        let mut rankr = Rankr::new(&SandboxOptions::default());
        assert_eq!((rankr.tick(at(5)), rankr.tick(at(3)), rankr.tick(at(6))), (at(5), at(5), at(6)));
    }

    #[test]
    fn one_object_too_many_is_refused_and_a_known_one_is_not() {
        let mut collection = Collection::default();
        for id in 0..OBJECTS_MAX {
            collection.store(&id.to_string(), Object::default(), at(1), 1).unwrap();
        }
        assert!(matches!(collection.store("one", named("one"), at(1), 1), Err(StoreError::Full(_))));
        assert!(collection.store("7", named("7"), at(1), 1).is_ok());
        assert_eq!((collection.len(), collection.get("7").unwrap().writes), (OBJECTS_MAX, 2));
    }

    #[test]
    fn one_fulfillment_too_many_is_refused() {
        let mut fulfillments = Fulfillments::default();
        for _ in 0..FULFILLMENTS_MAX {
            fulfillments.add(Object::default()).unwrap();
        }
        assert!(matches!(fulfillments.add(Object::default()), Err(StoreError::Full(_))));
    }
}
