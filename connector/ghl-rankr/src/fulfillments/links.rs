//! Which of GoHighLevel's fulfilments is which of Rankr's, and how far each had come, in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::{FulfillmentState, Instant};
use transload_rankr::SinkFulfillment;
use transload_sdk::{Context, Failure, rejected};

/// Most fulfilments of an order on one side, far more than one has parcels: an order of one line a parcel has fewer lines.
pub const FULFILLMENTS_MAX: usize = 1_000;

/// Most marks of what was told that are kept of one fulfilment: each state leaves two at most.
const TOLD_MAX: usize = 32;

/// The fulfilments of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    order_id: String,
    all: BTreeMap<String, Link>,
    stored: Vec<u8>,
}

/// One of Rankr's fulfilments, which is kept under its id there. Names of members and states are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// GoHighLevel's id of it; none while GoHighLevel has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ghl: Option<String>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<String>,
}

fn number(theirs: &SinkFulfillment) -> Option<&str> {
    theirs.fulfillment.tracking.first()?.number.as_deref()
}

impl Link {
    /// A fulfilment as it was just read from Rankr.
    fn new(theirs: &SinkFulfillment) -> Self {
        let mut link = Self { ghl: None, state: String::new(), number: None, at: None, told: Vec::new() };
        link.reach(theirs);
        link
    }

    /// How far it had come.
    pub fn state(&self) -> FulfillmentState {
        FulfillmentState::described(&self.state)
    }

    /// The parcel's number that was known.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// It is now as `theirs` says.
    pub fn reach(&mut self, theirs: &SinkFulfillment) {
        self.state = theirs.fulfillment.state.describe().to_owned();
        self.number = number(theirs).map(str::to_owned);
        self.at = theirs.updated_at.map(|at| at.0);
    }

    /// Whether a person is still to be told what `mark` stands for; from now on it counts as told. It is kept in the
    /// transaction that keeps the alert, so neither is there without the other.
    pub fn tells(&mut self, mark: &str) -> bool {
        if self.told.iter().any(|told| told == mark) {
            return false;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.remove(0);
        }
        self.told.push(mark.to_owned());
        true
    }
}

impl Links {
    /// What is known of the order's fulfilments.
    pub fn load(cx: &Context, order_id: &str) -> Result<Self, Failure> {
        let stored = cx.store.get(&key(order_id))?.map(|stored| stored.value).unwrap_or_default();
        let all = match stored.is_empty() {
            true => BTreeMap::new(),
            false => serde_json::from_slice(&stored).map_err(|error| {
                rejected(format!("the store's entry {} cannot be read: {error}", key(order_id)))
            })?,
        };
        Ok(Self { order_id: order_id.to_owned(), all, stored })
    }

    /// Writes it down, if it is news. Events of one order run one after another, so nobody else's is lost.
    pub fn save(&self, cx: &Context) -> Result<(), Failure> {
        let value = serde_json::to_vec(&self.all).map_err(|error| rejected(error.to_string()))?;
        if !(self.all.is_empty() && self.stored.is_empty()) && value != self.stored {
            cx.store.put(&key(&self.order_id), &value)?;
        }
        Ok(())
    }

    /// The link of Rankr's fulfilment; a new one if it was never seen.
    pub fn of(&mut self, theirs: &SinkFulfillment) -> &mut Link {
        self.all.entry(theirs.fulfillment.id.clone()).or_insert_with(|| Link::new(theirs))
    }

    /// GoHighLevel's fulfilment `ghl` is the one that Rankr calls `rankr`.
    pub fn link(&mut self, ghl: &str, rankr: &str) {
        if let Some(link) = self.all.get_mut(rankr) {
            link.ghl = Some(ghl.to_owned());
        }
    }

    /// Whether GoHighLevel's fulfilment `id` is known to be one of Rankr's.
    pub fn has_ghl(&self, id: &str) -> bool {
        self.all.values().any(|link| link.ghl.as_deref() == Some(id))
    }

    /// Whether Rankr's fulfilment `id` is known to be one of GoHighLevel's.
    pub fn is_linked(&self, id: &str) -> bool {
        self.all.get(id).is_some_and(|link| link.ghl.is_some())
    }

    /// Whether Rankr's fulfilment was handled as it is.
    pub fn is_handled(&self, theirs: &SinkFulfillment) -> bool {
        let now = Link::new(theirs);
        let known = self.all.get(&theirs.fulfillment.id);
        known.is_some_and(|link| (&link.state, &link.number, link.at) == (&now.state, &now.number, now.at))
    }

    /// The newest change in Rankr that was handled.
    pub fn newest(&self) -> Option<Instant> {
        self.all.values().filter_map(|link| link.at).max().map(Instant)
    }
}

fn key(order_id: &str) -> String {
    format!("links/{order_id}")
}

#[cfg(test)]
mod tests {
    use transload_rankr::Record;
    use transload_sdk::fakes::Fakes;

    use super::*;

    fn theirs(members: &str) -> SinkFulfillment {
        let body = format!(r#"{{"fulfillmentId":"r1","orderId":"o1"{members}}}"#);
        SinkFulfillment::read(body.as_bytes()).unwrap()
    }

    fn stored(fakes: &Fakes) -> Option<String> {
        fakes.context().store.get("links/o1").unwrap().map(|stored| String::from_utf8(stored.value).unwrap())
    }

    #[test]
    fn what_is_kept_is_read_again_and_written_when_it_is_news() {
        let fakes = Fakes::new("{}", 0);
        let cx = fakes.context();
        Links::load(&cx, "o1").unwrap().save(&cx).unwrap();
        assert_eq!(stored(&fakes), None, "nothing is known of it");
        let mut links = Links::load(&cx, "o1").unwrap();
        let out = theirs(
            r#","status":"out_for_delivery","trackingNumber":"T1","updatedAt":"1970-01-01T00:00:09Z""#,
        );
        assert!(links.of(&out).tells("news") && !links.of(&out).tells("news"));
        links.link("g1", "r1");
        links.save(&cx).unwrap();
        let text =
            r#"{"r1":{"ghl":"g1","state":"out for delivery","number":"T1","at":9000,"told":["news"]}}"#;
        assert_eq!(stored(&fakes).as_deref(), Some(text), "it is in operators' databases");
        let again = Links::load(&cx, "o1").unwrap();
        assert!(again.has_ghl("g1") && again.is_linked("r1") && again.is_handled(&out));
        assert_eq!(again.newest(), Some(Instant(9000)));
        again.save(&cx).unwrap();
        assert_eq!(cx.store.get("links/o1").unwrap().unwrap().version, 1, "it is no news");
        cx.store.put("links/o1", b"[]").unwrap();
        assert!(
            matches!(Links::load(&cx, "o1"), Err(Failure::Rejected(reason)) if reason.contains("links/o1"))
        );
    }

    #[test]
    fn the_oldest_news_make_room() {
        let mut link = Link::new(&theirs(r#","status":"created""#));
        for mark in 0..=TOLD_MAX {
            assert!(link.tells(&mark.to_string()));
        }
        assert_eq!(link.told.len(), TOLD_MAX);
        assert!(!link.tells("1") && link.tells("0"));
    }
}
