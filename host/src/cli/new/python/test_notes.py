"""The connector against a scripted GoHighLevel: `python -m unittest`."""

import json
import unittest

import notes

SETTINGS = notes.Settings(location_id="loc1", minimum_total="149.99")
ORDER = b'{"_id":"o1","status":"pending","contactId":"c1","currency":"USD","amount":150.10}'
TEXT = "New order o1: 150.10 USD"


class Script:
    """Answers in order, and keeps what was sent."""

    def __init__(self, *answers: tuple[int, bytes] | notes.Failure) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, bytes | None]] = []

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> notes.Response:
        self.sent.append((method, url.removeprefix(notes.BASE_URL), body))
        answer = self.answers.pop(0)
        if isinstance(answer, notes.Failure):
            raise answer
        return notes.Response(answer[0], {}, answer[1])

    def note(self, settings: notes.Settings = SETTINGS) -> notes.Outcome:
        return notes.note(notes.Ghl(self, "loc1"), settings, "o1")


class NoteTest(unittest.TestCase):
    def test_an_order_is_noted_on_its_contact(self) -> None:
        script = Script((200, ORDER), (200, b'{"notes":[]}'), (201, b'{"note":{"id":"n1"}}'))
        self.assertEqual(script.note(), notes.Outcome(TEXT, "n1", written=True))
        calls = [(method, url) for method, url, _ in script.sent]
        expected = [
            ("GET", "/payments/orders/o1?altId=loc1"),
            ("GET", "/contacts/c1/notes"),
            ("POST", "/contacts/c1/notes"),
        ]
        self.assertEqual(calls, expected)
        self.assertEqual(json.loads(script.sent[2][2] or b""), {"body": f"{TEXT}\n[{{name}} o1]"})

    def test_a_note_that_is_there_is_not_written_again(self) -> None:
        there = json.dumps({"notes": [{"id": "n1", "body": f"{TEXT}\n[{{name}} o1]"}]})
        script = Script((200, ORDER), (200, there.encode()))
        self.assertEqual(script.note(), notes.Outcome(TEXT, "n1"))

    def test_totals_are_compared_exactly(self) -> None:
        outcome = Script((200, ORDER)).note(notes.Settings("loc1", minimum_total="150.11"))
        self.assertEqual(outcome, notes.Outcome("order o1 is below `minimum_total`"))

    def test_what_is_not_an_order_is_refused_and_not_guessed(self) -> None:
        amounts = [ORDER.replace(b"150.10", amount) for amount in [b"1e99", b'"NaN"', b"true"]]
        for answer in [b"[]", b'{"_id":"o1"}', *amounts]:
            with self.assertRaises(notes.Rejected):
                Script((200, answer)).note()

    def test_failures_are_sorted_by_what_can_be_done(self) -> None:
        for answer, expected in [
            ((401, b"{}"), notes.NeedsAttention),
            ((429, b"{}"), notes.Retry),
            ((503, b"<html>"), notes.Retry),
            ((200, b"<html>"), notes.Retry),
            ((422, b"{}"), notes.Rejected),
            (notes.Retry("the connection failed"), notes.Retry),
        ]:
            with self.assertRaises(expected):
                Script(answer).note()


class PlacedTest(unittest.TestCase):
    def test_only_new_orders_of_the_location_are_events(self) -> None:
        hook = {"type": "OrderCreate", "webhookId": "w1", "locationId": "loc1", **json.loads(ORDER)}
        found = notes.placed(json.dumps(hook).encode(), "loc1")
        self.assertEqual(found and (found[0], found[1].id), ("w1", "o1"))
        for other in [{**hook, "type": "ContactCreate"}, {**hook, "locationId": "loc2"}]:
            self.assertIsNone(notes.placed(json.dumps(other).encode(), "loc1"))

    def test_junk_is_refused(self) -> None:
        for body in [b"", b"[]", b"\xff", b'{"type":"OrderCreate"}', b"[" * 100_000]:
            with self.assertRaises(notes.Rejected):
                notes.placed(body, "loc1")


if __name__ == "__main__":
    unittest.main()
