//! Why settings are no shape. Each names the setting, below the component's `rankr`.

/// Why settings are no shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// No call has this name.
    #[error("rankr.paths.{name}: there is no such call; there are {known}")]
    UnknownPath {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The path cannot stand in the place of the contract's.
    #[error("rankr.paths.{name}: {path:?} cannot stand for {default}: {problem}")]
    Path {
        /// The call's name.
        name: String,
        /// What was given.
        path: String,
        /// The contract's path.
        default: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There are no objects of this kind.
    #[error("rankr.fields.{name}: there is no such object; there are {known}")]
    UnknownObject {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The object has no such member.
    #[error("rankr.fields.{object}.{member}: the contract has no such member there; it has {known}")]
    UnknownMember {
        /// The kind of object.
        object: String,
        /// The name that was given.
        member: String,
        /// The names that there are.
        known: String,
    },
    /// The member cannot stand there.
    #[error("rankr.fields.{object}.{member}: {place:?} is no place for it: {problem}")]
    Place {
        /// The kind of object.
        object: String,
        /// The member, by the contract's name.
        member: String,
        /// What was given.
        place: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Two members would stand in one place, or one in the other.
    #[error("rankr.fields.{object}: {one} and {other} cannot both stand at {place}")]
    Clash {
        /// The kind of object.
        object: String,
        /// The one member, by the contract's name.
        one: String,
        /// The other.
        other: String,
        /// The place.
        place: String,
    },
    /// There is no list of words of this name.
    #[error("rankr.statuses.{name}: there is no such list of words; there are {known}")]
    UnknownStatuses {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The sink's word is none.
    #[error("rankr.statuses.{list}.{word}: a word without spaces around it is needed, not {sinks:?}")]
    Word {
        /// The list.
        list: String,
        /// The contract's word.
        word: String,
        /// What was given.
        sinks: String,
    },
    /// Two words would be one, so that reading it back would be a guess.
    #[error("rankr.statuses.{list}: {one} and {other} would both be {sinks:?}")]
    SameWord {
        /// The list.
        list: String,
        /// The one word of the contract.
        one: String,
        /// The other.
        other: String,
        /// The sink's word.
        sinks: String,
    },
}
