//! The words in which the order sink speaks: the contract's own, or others throughout.
//!
//! Inside, objects are always those of the contract. The second dialect is written down here by hand and knows nothing of
//! how a connector translates, so that a mistake there meets no mirror image of itself.

use http::Method;
use serde::{Deserialize, Serialize};

use super::kind::{Form, RankrKind};
use super::vocabulary;
use crate::json::{Json, Object};

/// The settings by which a connector speaks [`RankrDialect::Other`]: `paths`, `fields` and `statuses`, as JSON.
pub const RANKR_OTHER_SETTINGS: &str = include_str!("other-settings.json");

/// The paths and names that the Rankr fake uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankrDialect {
    /// Those of "Transload order sink, v1".
    #[default]
    V1,
    /// Others throughout, as a service has that was there before: [`RANKR_OTHER_SETTINGS`] lists them all. Statuses
    /// and events have other words too.
    Other,
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource<'a> {
    Health,
    All(RankrKind),
    One(RankrKind, &'a str),
    Fulfillments(&'a str),
}

impl Resource<'_> {
    /// Whether it has this method.
    pub fn takes(self, method: &Method) -> bool {
        match self {
            Self::Health | Self::All(_) => method == Method::GET,
            Self::One(..) => method == Method::GET || method == Method::PUT,
            Self::Fulfillments(_) => method == Method::GET || method == Method::POST,
        }
    }
}

impl RankrDialect {
    /// What the segments of a path name.
    pub(super) fn resource<'a>(self, route: &[&'a str]) -> Option<Resource<'a>> {
        use RankrKind::{Invoice, Order, Subscription, Transaction};
        match (self, route) {
            (Self::V1, ["health"]) | (Self::Other, ["v2", "ping"]) => Some(Resource::Health),
            (Self::V1, ["payments", "orders", id, "fulfillments"])
            | (Self::Other, ["v2", "sales", id, "shipments"]) => Some(Resource::Fulfillments(id)),
            (Self::V1, ["orders", rest @ ..]) | (Self::Other, ["v2", "sales", rest @ ..]) => {
                held(Order, rest)
            }
            (Self::V1, ["payments", "transactions", rest @ ..])
            | (Self::Other, ["v2", "money", rest @ ..]) => held(Transaction, rest),
            (Self::V1, ["payments", "subscriptions", rest @ ..])
            | (Self::Other, ["v2", "plans", rest @ ..]) => held(Subscription, rest),
            (Self::V1, ["invoices", rest @ ..]) | (Self::Other, ["v2", "bills", rest @ ..]) => {
                held(Invoice, rest)
            }
            _ => None,
        }
    }

    /// The name of a query parameter.
    pub(super) fn parameter(self, name: &'static str) -> &'static str {
        match (self, name) {
            (Self::Other, "updated_since") => "since",
            (Self::Other, "cursor") => "page",
            (Self::Other, "limit") => "per_page",
            _ => name,
        }
    }

    /// An object as it goes over the wire.
    pub(super) fn outward(self, form: Form, object: &Object) -> Object {
        if self == Self::V1 {
            return object.clone();
        }
        let mut shown = vocabulary::outward(object, vocabulary::places(form));
        for (ours, theirs, words) in vocabulary::worded(form) {
            let word = object.str(ours).and_then(|word| vocabulary::their_word(words, word));
            if let Some(word) = word {
                vocabulary::put(&mut shown, theirs, word.into());
            }
        }
        shown
    }

    /// An object that came over the wire, without nulls, and what is wrong with its words.
    pub(super) fn inward(self, form: Form, object: &Object) -> (Object, Vec<String>) {
        if self == Self::V1 {
            return (object.clone(), Vec::new());
        }
        let (mut read, mut problems) = vocabulary::inward(object, vocabulary::places(form));
        for (ours, theirs, words) in vocabulary::worded(form) {
            let Some(sent) = read.str(ours).map(str::to_owned) else { continue };
            if let Some(word) = vocabulary::our_word(words, &sent) {
                read.set(ours, word);
            } else if vocabulary::their_word(words, &sent).is_some() {
                problems.push(format!("{}: {sent} has another word here", theirs.join(".")));
            }
        }
        (read, problems)
    }

    /// A page of a list.
    pub(super) fn page(self, items: Vec<Json>, next: Option<String>) -> Json {
        match self {
            Self::V1 => Json::object([("items", items.into()), ("nextCursor", next.into())]),
            Self::Other => {
                let meta = next.map(|next| Json::object([("next", next.into())]));
                Json::object([("data", items.into()), ("meta", meta.into())])
            }
        }
    }

    /// The body of an event.
    pub(super) fn event(self, event: &str, time: String, data: Object) -> Json {
        match self {
            Self::V1 => {
                Json::object([("type", event.into()), ("timestamp", time.into()), ("data", data.into())])
            }
            Self::Other => {
                let event = vocabulary::their_word(vocabulary::EVENTS, event).unwrap_or(event);
                let payload = Json::object([("object", data.into())]);
                Json::object([("event", event.into()), ("sent_at", time.into()), ("payload", payload)])
            }
        }
    }
}

fn held<'a>(kind: RankrKind, rest: &[&'a str]) -> Option<Resource<'a>> {
    match rest {
        [] => Some(Resource::All(kind)),
        [id] => Some(Resource::One(kind, id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rankr::vocabulary::Place;

    fn settings() -> Json {
        Json::parse(RANKR_OTHER_SETTINGS).unwrap()
    }

    /// The settings' name of a member, of those in `places` and below.
    fn named(places: &[Place], prefix: &str, found: &mut Vec<(String, String)>) {
        for place in places {
            let name =
                if prefix.is_empty() { place.ours.to_owned() } else { format!("{prefix}/{}", place.ours) };
            found.push((name, place.theirs.to_owned()));
            named(place.within, &format!("/{}", place.ours), found);
        }
    }

    fn members(json: &Json) -> Vec<(String, String)> {
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        json.as_object().unwrap().iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
    }

    fn listed_words(settings: &Json, list: &str) -> Vec<(String, String)> {
        members(settings.get("statuses").unwrap().get(list).unwrap())
    }

    fn owned(words: vocabulary::Words) -> Vec<(String, String)> {
        words.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect()
    }

    fn forms() -> Vec<(&'static str, Form)> {
        let held = RankrKind::ALL.map(|kind| (kind.noun(), Form::Held(kind)));
        held.into_iter().chain([("fulfillment", Form::Fulfillment)]).collect()
    }

    #[test]
    fn the_settings_say_what_the_other_dialect_does() {
        let settings = settings();
        for (noun, form) in forms() {
            let mut places = Vec::new();
            named(vocabulary::places(form), "", &mut places);
            places.sort();
            let mut listed = members(settings.get("fields").unwrap().get(noun).unwrap());
            listed.sort();
            assert_eq!(places, listed, "{noun}");
            for (ours, _, words) in vocabulary::worded(form) {
                let list = if ours == "status" { noun } else { ours };
                assert_eq!(listed_words(&settings, list), owned(words), "{list}");
            }
        }
        assert_eq!(listed_words(&settings, "event"), owned(vocabulary::EVENTS));
        for (ours, theirs) in members(settings.get("fields").unwrap().get("query").unwrap()) {
            let name = ["updated_since", "cursor", "limit"].into_iter().find(|name| *name == ours).unwrap();
            assert_eq!(RankrDialect::Other.parameter(name), theirs);
        }
    }

    #[test]
    fn every_path_of_the_settings_is_one_of_the_other_dialect_and_none_of_the_contract_s() {
        for (name, template) in members(settings().get("paths").unwrap()) {
            let route: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
            let resource = RankrDialect::Other.resource(&route).unwrap();
            let method = name.split('_').next().unwrap();
            let method = match method {
                "put" => Method::PUT,
                "post" => Method::POST,
                _ => Method::GET,
            };
            assert!(resource.takes(&method), "{name} {resource:?}");
            assert_eq!(RankrDialect::V1.resource(&route), None, "{name}");
        }
    }

    #[test]
    fn what_goes_out_comes_in_again_and_the_contract_s_own_names_do_not() {
        let order = r#"{"orderId":"o","version":1,"status":"completed","paymentStatus":"paid","amount":"150.10",
            "currency":"USD","customer":{"customerId":"c","email":"n@example.com","name":"Nora"},
            "shipTo":{"lines":["48 Quayside Lane"],"postalCode":"04101"},
            "lines":[{"lineId":"a","quantity":"2","unitPrice":"17.00","sku":"s"}],"live":true,"extra":{"k":"v"},
            "note":"Ring twice"}"#;
        let order = Json::parse(order).unwrap().as_object().unwrap().clone();
        let form = Form::Held(RankrKind::Order);
        let wire = RankrDialect::Other.outward(form, &order);
        let expected = r#"{"external_id":"o","revision":1,"state":"done","payment":{"state":"settled"},
            "total":{"value":"150.10","unit":"USD"},"buyer":{"external_id":"c","mail":"n@example.com","name":"Nora"},
            "shipping":{"address":{"street":["48 Quayside Lane"],"zip":"04101"}},
            "rows":[{"row_id":"a","count":"2","price":"17.00","sku":"s"}],"is_live":true,"attributes":{"k":"v"},
            "note":"Ring twice"}"#;
        assert_eq!(Json::from(wire.clone()), Json::parse(expected).unwrap());
        let (read, problems) = RankrDialect::Other.inward(form, &wire);
        assert_eq!((read, problems), (order.clone(), Vec::new()));
        let (_, problems) = RankrDialect::Other.inward(form, &order);
        assert!(problems.iter().any(|problem| problem.starts_with("orderId:")), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.starts_with("lines:")), "{problems:?}");
    }

    #[test]
    fn a_word_of_the_contract_s_that_has_another_here_is_wrong() {
        let sent = |state: &str| {
            let mut object = Object::default();
            object.set("state", state);
            let (read, problems) = RankrDialect::Other.inward(Form::Held(RankrKind::Order), &object);
            (read.str("status").map(str::to_owned), problems.len())
        };
        assert_eq!(sent("done"), (Some("completed".to_owned()), 0));
        assert_eq!(sent("completed").1, 1);
        assert_eq!(sent("on_hold"), (Some("on_hold".to_owned()), 0));
    }
}
