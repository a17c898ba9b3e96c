//! How a sink's paths, member names and words differ from the contract's: an operator's settings, checked.

mod error;
mod layout;
mod members;
mod node;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use transload_wire::Endpoint;

pub use error::ShapeError;
pub(crate) use layout::Layout;
pub use members::Kind;
#[cfg(test)]
pub(crate) use members::vocabularies;

use crate::endpoints;

/// The contract's query parameters of a list.
const QUERY: &[&str] = &["updated_since", "cursor", "limit"];

/// Other paths, member names and words than the contract's; those that are not named are the contract's own.
///
/// Made from the settings by serde, or by [`Shape::new`]. What cannot work is an error then, so that every shape there is
/// can be gone through both ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Settings")]
pub struct Shape {
    paths: BTreeMap<String, String>,
    layouts: BTreeMap<Kind, Layout>,
    query: BTreeMap<String, String>,
}

type Names = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    paths: BTreeMap<String, String>,
    #[serde(default)]
    fields: Names,
    #[serde(default)]
    statuses: Names,
}

impl TryFrom<Settings> for Shape {
    type Error = ShapeError;

    fn try_from(settings: Settings) -> Result<Self, ShapeError> {
        Self::new(settings.paths, settings.fields, settings.statuses)
    }
}

impl Shape {
    /// A shape of
    /// - `paths`: a call's name (`put_order`) and its path, which has the contract's `{names}` in their order;
    /// - `fields`: for each kind of object (`order`, `fulfillment`, `transaction`, `subscription`, `invoice`, `page`,
    ///   `event`, `query`), members by the contract's name (`amount`, or a JSON Pointer: `/customer/email`,
    ///   `/lines/lineId`) and their new name or, beginning with `/`, the JSON Pointer to where they stand, which for
    ///   the members of a line begins at the line;
    /// - `statuses`: for each list of words (`order`, `paymentStatus`, `fulfillmentStatus`, `fulfillment`, `transaction`,
    ///   `subscription`, `invoice`, and `event` for the types of events), the contract's word and the sink's.
    ///
    /// Fails on names that the contract has not, on paths that lead elsewhere, and where two members would stand in one
    /// place or two words be one.
    pub fn new(
        paths: BTreeMap<String, String>,
        mut fields: Names,
        statuses: Names,
    ) -> Result<Self, ShapeError> {
        path::check(&paths)?;
        let query = fields.remove("query").unwrap_or_default();
        check_query(&query)?;
        members::check_names(&fields, &statuses)?;
        let mut layouts = BTreeMap::new();
        for kind in Kind::ALL {
            let layout = Layout::new(kind, fields.get(kind.name()), &statuses)?;
            layouts.extend(layout.map(|layout| (kind, layout)));
        }
        Ok(Self { paths, layouts, query })
    }

    /// The path of `endpoint`.
    pub(crate) fn path(&self, endpoint: &Endpoint) -> &str {
        self.paths.get(endpoints::setting(endpoint)).map_or(endpoint.path, String::as_str)
    }

    /// The sink's name of a query parameter.
    pub(crate) fn parameter<'s>(&'s self, name: &'s str) -> &'s str {
        self.query.get(name).map_or(name, String::as_str)
    }

    /// `body`, which has the contract's names, as the sink has them.
    pub(crate) fn outward(&self, kind: Kind, body: Vec<u8>) -> Result<Vec<u8>, serde_json::Error> {
        match self.layouts.get(&kind) {
            Some(layout) => layout.outward(body),
            None => Ok(body),
        }
    }

    /// `body`, which has the sink's names, as the contract has them. What is no JSON object stays as it is, for its
    /// reader to say so.
    pub(crate) fn inward<'b>(&self, kind: Kind, body: &'b [u8]) -> std::borrow::Cow<'b, [u8]> {
        match self.layouts.get(&kind) {
            Some(layout) => layout.inward(body),
            None => body.into(),
        }
    }
}

fn check_query(query: &BTreeMap<String, String>) -> Result<(), ShapeError> {
    for (name, other) in query {
        if !QUERY.contains(&name.as_str()) {
            return Err(ShapeError::UnknownMember {
                object: "query".to_owned(),
                member: name.clone(),
                known: QUERY.join(", "),
            });
        }
        if other.is_empty() {
            return Err(ShapeError::Place {
                object: "query".to_owned(),
                member: name.clone(),
                place: other.clone(),
                problem: "a name is needed",
            });
        }
    }
    let sinks = |name: &'static str| query.get(name).map_or(name, String::as_str);
    for (index, one) in QUERY.iter().enumerate() {
        if let Some(other) = QUERY.iter().skip(index + 1).find(|other| sinks(other) == sinks(one)) {
            return Err(ShapeError::Clash {
                object: "query".to_owned(),
                one: (*one).to_owned(),
                other: (*other).to_owned(),
                place: sinks(one).to_owned(),
            });
        }
    }
    Ok(())
}
