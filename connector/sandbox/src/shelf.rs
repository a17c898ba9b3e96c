//! Objects by their id and by the time they belong to, so that a list is sorted once and a page of it costs no copy.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

/// A time, and a count that tells objects of one time apart.
type Place = (Timestamp, u64);

/// Objects that are found by id and listed by time; those of one time in the order in which they came.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    places: HashMap<String, Place>,
    items: BTreeMap<Place, T>,
    made: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), items: BTreeMap::new(), made: 0 }
    }
}

impl<T> Shelf<T> {
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn contains(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.items.get(self.places.get(id)?)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(self.places.get(id)?)
    }

    /// Adds an object; one of the same id is replaced.
    pub fn insert(&mut self, id: &str, time: Timestamp, item: T) {
        self.remove(id);
        self.made += 1;
        let place = (time, self.made);
        self.places.insert(id.to_owned(), place);
        self.items.insert(place, item);
    }

    pub fn remove(&mut self, id: &str) -> Option<T> {
        self.items.remove(&self.places.remove(id)?)
    }

    /// Lists the object under another time from now on.
    pub fn set_time(&mut self, id: &str, time: Timestamp) {
        let Some(place) = self.places.get_mut(id).filter(|place| place.0 != time) else { return };
        if let Some(item) = self.items.remove(place) {
            place.0 = time;
            self.items.insert(*place, item);
        }
    }

    /// The objects, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values()
    }

    /// The objects from a time on and before another, oldest first.
    pub fn between(
        &self,
        from: Option<Timestamp>,
        before: Option<Timestamp>,
    ) -> impl DoubleEndedIterator<Item = &T> {
        let from = from.unwrap_or(Timestamp::MIN);
        let end = match before {
            // A range must not end before it starts.
            Some(before) => std::ops::Bound::Excluded((before.max(from), 0)),
            None => std::ops::Bound::Unbounded,
        };
        self.items.range((std::ops::Bound::Included((from, 0)), end)).map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn listed(shelf: &Shelf<&'static str>, from: Option<i64>, before: Option<i64>) -> Vec<&'static str> {
        shelf.between(from.map(at), before.map(at)).copied().collect()
    }

    #[test]
    fn objects_are_listed_by_time_and_then_as_they_came() {
        let mut shelf = Shelf::default();
        for (id, second) in [("late", 9), ("first", 1), ("second", 1), ("middle", 5)] {
            shelf.insert(id, at(second), id);
        }
        assert_eq!(listed(&shelf, None, None), ["first", "second", "middle", "late"]);
        assert_eq!(listed(&shelf, Some(1), Some(5)), ["first", "second"]);
        assert_eq!(listed(&shelf, Some(5), None), ["middle", "late"]);
        assert!(listed(&shelf, Some(9), Some(1)).is_empty());
    }

    #[test]
    fn an_object_moves_and_goes() {
        let mut shelf = Shelf::default();
        for (id, second) in [("a", 1), ("b", 2)] {
            shelf.insert(id, at(second), id);
        }
        shelf.set_time("a", at(3));
        assert_eq!(listed(&shelf, None, None), ["b", "a"]);
        assert_eq!((shelf.remove("b"), shelf.remove("b"), shelf.len()), (Some("b"), None, 1));
        assert!(shelf.contains("a") && !shelf.contains("b"));
    }

    #[test]
    fn one_id_is_there_once() {
        let mut shelf = Shelf::default();
        shelf.insert("a", at(1), "old");
        shelf.insert("a", at(2), "new");
        assert_eq!(listed(&shelf, None, None), ["new"]);
        assert_eq!(shelf.get("a"), Some(&"new"));
    }
}
