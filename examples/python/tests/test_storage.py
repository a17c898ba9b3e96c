"""What a call writes becomes lasting as a whole or not at all."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from transload.call import StoreView
from transload.failures import Retry
from transload.limits import Limits
from transload.storage import Settled, Storage
from transload.values import Err, Record


def event(identity: str, subject: str = "order-1") -> Record:
    return Record(id=identity, source="ghl", subject=subject, change={"order": Record()})


class Store(unittest.TestCase):
    def setUp(self) -> None:
        self.storage = Storage()
        self.addCleanup(self.storage.close)

    def view(self, **limits: int) -> StoreView:
        return StoreView(self.storage, replace(Limits(), **limits))

    def test_a_call_reads_its_own_writes_and_others_only_after_its_end(self) -> None:
        first, second = self.view(), self.view()
        self.assertEqual(first.put("a", b"1"), 1)
        self.assertEqual(first.get("a"), Record(value=b"1", version=1))
        self.assertIsNone(second.get("a"))
        self.storage.commit(first.changes)
        self.assertEqual(second.get("a"), Record(value=b"1", version=1))

    def test_versions_grow_with_every_write_even_over_a_deletion(self) -> None:
        view = self.view()
        self.assertEqual([view.put("a", b"1"), view.put("a", b"2")], [1, 2])
        self.storage.commit(view.changes)
        view = self.view()
        view.delete("a")
        self.assertIsNone(view.get("a"))
        self.storage.commit(view.changes)
        self.assertEqual(self.view().compare_and_swap("a", None, b"3"), 4)

    def test_compare_and_swap_names_the_present_version(self) -> None:
        view = self.view()
        view.put("a", b"1")
        self.assertEqual(view.compare_and_swap("a", None, b"2"), Err({"conflict": 1}))
        self.assertEqual(view.compare_and_swap("b", 3, b"2"), Err({"conflict": 0}))
        self.assertEqual(view.compare_and_swap("a", 1, b"2"), 2)

    def test_of_two_calls_that_swap_one_entry_one_is_tried_again_and_leaves_nothing(self) -> None:
        first, second = self.view(), self.view()
        for view, other in [(first, "of-first"), (second, "of-second")]:
            self.assertEqual(view.compare_and_swap("a", None, b"1"), 1)
            view.put(other, b"1")
        self.storage.commit(first.changes)
        self.storage.accept([event("e1")])
        with self.assertRaises(Retry):
            self.storage.commit(second.changes, Settled("e1", "{}", [event("e2")]))
        self.assertEqual(self.keys(), ["a", "of-first"])
        self.assertEqual(self.storage.waiting("order-1").event.id, "e1")

    def keys(self, prefix: str = "", limit: int = 1_000) -> list[str]:
        view, found, cursor = self.view(), [], None
        while True:
            page = view.list_keys(prefix, cursor, limit)
            found += page["keys"]
            cursor = page["next"]
            if cursor is None:
                return found

    def test_pages_are_in_byte_order_and_hold_what_the_call_wrote(self) -> None:
        view = self.view()
        for key in ["order/b", "order/a", "order/ü", "order/z", "other"]:
            view.put(key, b"")
        self.storage.commit(view.changes)
        self.assertEqual(self.keys("order/", 1), ["order/a", "order/b", "order/z", "order/ü"])
        view.delete("order/a")
        view.put("order/c", b"")
        page = view.list_keys("order/", None, 2)
        self.assertEqual(page, Record(keys=["order/b", "order/c"], next="order/c"))
        self.assertEqual(view.list_keys("order/", "other", 2).error.keys(), {"invalid-key"})

    def test_limits_hold_at_their_edges(self) -> None:
        # Twice a value of 100 bytes, its key of one, and 64 for the row.
        view = self.view(value_bytes=100, writes_bytes=330)
        self.assertEqual(view.put("k", b"x" * 101), Err({"too-large": 100}))
        self.assertEqual([view.put("k", b"x" * 100), view.put("k", b"x" * 100)], [1, 2])
        self.assertEqual(view.put("k", b""), Err({"too-large": 330}))
        self.assertIsNone(self.view().get("k" * 512))
        for key in ["", "k" * 513, "a\nb", "a\x85"]:
            self.assertIn("invalid-key", self.view().get(key).error)

    def test_a_closed_store_is_empty_and_takes_nothing(self) -> None:
        view = self.view()
        view.put("a", b"1")
        self.storage.commit(view.changes)
        closed = StoreView(self.storage, Limits(), "check has no store")
        self.assertIsNone(closed.get("a"))
        self.assertEqual(closed.list_keys("", None, 9)["keys"], [])
        self.assertEqual(closed.put("a", b"2"), Err({"unavailable": "check has no store"}))


class Events(unittest.TestCase):
    def test_an_event_is_accepted_once_for_ever_and_follow_ups_come_with_its_end(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "connection.sqlite")
            storage = Storage(path)
            storage.accept([event("e1"), event("e1"), event("e2")])
            self.assertEqual(storage.waiting("order-1").attempt, 1)
            storage.commit({}, Settled("e1", "{}", [event("e3", "order-2"), event("e1")]))
            storage.close()
            storage = Storage(path)
            storage.accept([event("e1")])
            self.assertEqual(storage.subjects(), {"order-1", "order-2"})
            self.assertEqual(storage.waiting("order-1").event.id, "e2")
            self.assertEqual(storage.waiting("order-1").attempt, 2)
            # What followed from the first event is found by it, and what follows from that as well.
            self.assertEqual(storage.subjects("e1"), {"order-2"})
            storage.commit({}, Settled("e3", "{}", [event("e4", "order-4")]))
            self.assertEqual(storage.subjects("e1"), {"order-4"})
            storage.dead("e2", "never")
            self.assertIsNone(storage.waiting("order-1"))
            storage.close()
