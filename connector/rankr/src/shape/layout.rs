//! Where the members of one kind of object stand in the sink, and carrying them there and back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use transload_wire::tolerant;

use super::members::vocabularies;
use super::node::Node;
use super::{Kind, Names, ShapeError};

/// Most steps of a JSON Pointer: deeper objects are not taken apart, since each level is read once more.
pub(super) const STEPS_MAX: usize = 8;

/// Where the members of an object stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout(Vec<Place>);

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    ours: Vec<String>,
    sinks: Vec<String>,
    outward: BTreeMap<String, String>,
    inward: BTreeMap<String, String>,
    /// For a list of objects: the members of each, where they stand in it.
    elements: Vec<Place>,
}

impl Layout {
    /// The layout that `fields` and `statuses` make of `kind`; none if they leave it as the contract has it.
    pub(super) fn new(
        kind: Kind,
        fields: Option<&BTreeMap<String, String>>,
        statuses: &Names,
    ) -> Result<Option<Self>, ShapeError> {
        let names = names(kind, fields)?;
        let words = words(kind, statuses)?;
        if names.is_empty() && words.is_empty() {
            return Ok(None);
        }
        let elements = places(kind, &names, &words, "lines/")?;
        let mut all = places(kind, &names, &words, "")?;
        if let Some(lines) = all.iter_mut().find(|place| place.ours.join("/") == "lines") {
            lines.elements = elements;
        }
        Ok(Some(Self(all)))
    }

    /// See [`super::Shape::outward`].
    pub(super) fn outward(&self, body: Vec<u8>) -> Result<Vec<u8>, serde_json::Error> {
        let raw: &RawValue = serde_json::from_slice(&body)?;
        serde_json::to_vec(&carry(&self.0, &Node::read(raw, STEPS_MAX), Direction::Outward))
    }

    /// See [`super::Shape::inward`].
    pub(super) fn inward<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let carried = serde_json::from_slice::<&RawValue>(body).ok().and_then(|raw| {
            let node = Node::read(raw, STEPS_MAX);
            let is_object = matches!(node, Node::Object(_));
            is_object.then(|| serde_json::to_vec(&carry(&self.0, &node, Direction::Inward)).ok()).flatten()
        });
        carried.map_or(body.into(), Cow::Owned)
    }
}

/// The settings' names by the contract's, without the slash that a pointer begins with.
fn names(kind: Kind, fields: Option<&BTreeMap<String, String>>) -> Result<BTreeMap<&str, &str>, ShapeError> {
    let mut names = BTreeMap::new();
    for (given, place) in fields.into_iter().flatten() {
        let member = given.strip_prefix('/').unwrap_or(given);
        let below = format!("{member}/");
        if !kind.members().iter().any(|known| *known == member || known.starts_with(&below)) {
            let known = kind.members().iter().map(|known| shown(known)).collect::<Vec<_>>().join(", ");
            return Err(ShapeError::UnknownMember {
                object: kind.name().to_owned(),
                member: given.clone(),
                known,
            });
        }
        if names.insert(member, place.as_str()).is_some() {
            return Err(clash(kind, member, member, place));
        }
        let fault = |problem| ShapeError::Place {
            object: kind.name().to_owned(),
            member: given.clone(),
            place: place.clone(),
            problem,
        };
        let steps =
            steps(place).ok_or_else(|| fault("a name or a JSON Pointer without empty steps is needed"))?;
        // Two more at most are below a member that is an object.
        if steps.len() > STEPS_MAX - 2 {
            return Err(fault("it is more than 6 steps away"));
        }
    }
    Ok(names)
}

/// The words of `kind`'s members, by the member.
fn words<'s>(
    kind: Kind,
    statuses: &'s Names,
) -> Result<BTreeMap<&'static str, &'s BTreeMap<String, String>>, ShapeError> {
    let mut all = BTreeMap::new();
    for list in vocabularies().into_iter().filter(|list| list.kind == kind) {
        let Some(words) = statuses.get(list.name).filter(|words| !words.is_empty()) else { continue };
        let sinks = |word: &'s str| words.get(word).map_or(word, String::as_str);
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        let own = list.words.into_iter().filter(|word| !words.contains_key(*word));
        for word in own.chain(words.keys().map(String::as_str)) {
            let sinks = sinks(word);
            if sinks.is_empty() || sinks.trim() != sinks {
                return Err(ShapeError::Word {
                    list: list.name.to_owned(),
                    word: word.to_owned(),
                    sinks: sinks.to_owned(),
                });
            }
            if let Some(other) = taken.insert(sinks, word) {
                return Err(ShapeError::SameWord {
                    list: list.name.to_owned(),
                    one: other.to_owned(),
                    other: word.to_owned(),
                    sinks: sinks.to_owned(),
                });
            }
        }
        all.insert(list.member, words);
    }
    Ok(all)
}

/// The places of the members below `parent`: `""` for the object itself, `lines/` for a line.
fn places(
    kind: Kind,
    names: &BTreeMap<&str, &str>,
    words: &BTreeMap<&'static str, &BTreeMap<String, String>>,
    parent: &str,
) -> Result<Vec<Place>, ShapeError> {
    let members = kind.members().iter().copied().filter(|member| {
        if parent.is_empty() { !member.starts_with("lines/") } else { member.starts_with(parent) }
    });
    let mut places: Vec<(&str, Place)> = Vec::new();
    for member in members {
        let words = words.get(member).copied().cloned().unwrap_or_default();
        let place = Place {
            ours: member.strip_prefix(parent).unwrap_or(member).split('/').map(str::to_owned).collect(),
            sinks: place(member, names, parent),
            inward: words.iter().map(|(ours, sinks)| (sinks.clone(), ours.clone())).collect(),
            outward: words,
            elements: Vec::new(),
        };
        let other = places.iter().find(|(_, other)| {
            place.sinks.starts_with(&other.sinks) || other.sinks.starts_with(&place.sinks)
        });
        if let Some((other, at)) = other {
            let nearer = if at.sinks.len() < place.sinks.len() { &at.sinks } else { &place.sinks };
            return Err(clash(kind, other, member, &format!("/{}", nearer.join("/"))));
        }
        places.push((member, place));
    }
    Ok(places.into_iter().map(|(_, place)| place).collect())
}

/// Where `member` stands: at the place of its parent, unless the settings give another.
fn place(member: &str, names: &BTreeMap<&str, &str>, parent: &str) -> Vec<String> {
    let (above, own) = member.rsplit_once('/').unwrap_or(("", member));
    let given = names.get(member).copied();
    if let Some(pointer) = given.filter(|given| given.starts_with('/')) {
        return steps(pointer).unwrap_or_default();
    }
    let is_top = above.is_empty() || parent.strip_suffix('/') == Some(above);
    let mut place = if is_top { Vec::new() } else { place(above, names, parent) };
    place.push(given.unwrap_or(own).to_owned());
    place
}

/// The steps of a name or a JSON Pointer (RFC 6901); none if one is empty.
fn steps(place: &str) -> Option<Vec<String>> {
    let steps: Vec<String> = match place.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![place.to_owned()],
    };
    (!steps.iter().any(String::is_empty)).then_some(steps)
}

fn clash(kind: Kind, one: &str, other: &str, place: &str) -> ShapeError {
    ShapeError::Clash {
        object: kind.name().to_owned(),
        one: shown(one),
        other: shown(other),
        place: place.to_owned(),
    }
}

/// A member as settings may name it.
fn shown(member: &str) -> String {
    if member.contains('/') { format!("/{member}") } else { member.to_owned() }
}

#[derive(Clone, Copy)]
enum Direction {
    Outward,
    Inward,
}

/// A new object of what stands in `source` at the places of the one side, at those of the other.
fn carry<'a>(places: &[Place], source: &Node<'a>, direction: Direction) -> Node<'a> {
    let mut target = Node::Object(BTreeMap::new());
    for place in places {
        let (from, to, words) = match direction {
            Direction::Outward => (&place.ours, &place.sinks, &place.outward),
            Direction::Inward => (&place.sinks, &place.ours, &place.inward),
        };
        let Some(node) = source.find(from) else { continue };
        let node = if place.elements.is_empty() {
            worded(node, words)
        } else {
            carry_elements(&place.elements, node, direction)
        };
        target.put(to, node);
    }
    target
}

/// As [`carry`], for each element of a list. One object is a list of one; anything else is for its reader to refuse.
fn carry_elements<'a>(places: &[Place], node: &Node<'a>, direction: Direction) -> Node<'a> {
    let one = |node: &Node<'a>| match node {
        Node::Object(_) => carry(places, node, direction),
        other => other.clone(),
    };
    match node.elements(STEPS_MAX) {
        Some(elements) => Node::List(elements.iter().map(one).collect()),
        None => one(node),
    }
}

/// The other side's word for the text in `node`; `node` itself where there is none.
fn worded<'a>(node: &Node<'a>, words: &BTreeMap<String, String>) -> Node<'a> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "tolerant::text")] Option<String>);
    let word = match node {
        Node::Raw(raw) if !words.is_empty() => {
            let text = serde_json::from_str::<Text>(raw.get()).ok().and_then(|Text(text)| text);
            text.and_then(|text| words.get(&text))
        }
        _ => None,
    };
    word.map_or_else(|| node.clone(), |word| Node::Text(word.clone()))
}
