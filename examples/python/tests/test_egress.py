"""The one way out: what is added, what is withheld, and what is not sent twice."""

import time
import unittest
from dataclasses import replace

from transload.egress import EgressError, Outlet, Request, Writes
from transload.limits import Limits
from transload.policy import Grant, Policy
from transload.storage import Storage
from transload.values import Record

from .vendor import Answer, Vendor, api, endpoint

BASE = "https://api.shop.example/v2"
SECRET = "pit-a/b"


class Egress(unittest.TestCase):
    def setUp(self) -> None:
        self.vendor = Vendor()
        self.addCleanup(self.vendor.close)
        self.storage = Storage()
        self.addCleanup(self.storage.close)
        endpoints = [endpoint("get", "/orders", "all"), endpoint("post", "/message", "all", "never")]
        endpoints += [endpoint("post", "/orders", "all", "verify"), endpoint("put", "/orders", "all")]
        grant = Grant(frozenset(["all"]), SECRET, self.vendor.url)
        self.policy = Policy([api(*endpoints)], {"shop": grant}, "{}")

    def outlet(self, may_write: bool = True, **limits: float) -> Outlet:
        """A call's way out; each is another attempt at the same event."""
        return Outlet(self.policy, replace(Limits(), **limits), Writes(self.storage, "event-1"), may_write)

    def send(self, outlet: Outlet, method: str = "GET", path: str = "/orders", headers: tuple = (), body: bytes = b"") -> Record:
        answer = outlet.send(Request(method, BASE + path, list(headers), body), 30.0, None)
        return Record(status=answer.status, headers=dict(answer.headers), body=answer.body)

    def refused(self, outlet: Outlet, *request: object) -> EgressError:
        with self.assertRaises(EgressError) as caught:
            self.send(outlet, *request)
        return caught.exception

    def test_the_credential_is_added_on_the_way_and_taken_out_of_what_comes_back(self) -> None:
        def echo(asked: Record) -> Answer:
            cookies = [("set-cookie", "session=1"), ("x-echo", asked.headers["x-api-key"])]
            return 200, cookies, b'{"a":"pit-a\\/b","b":"pit-a%2Fb","c":"pit-a/b"}'

        self.vendor.answer = echo
        mine = (("x-mine", b"1"), ("connection", b"upgrade"), ("range", b"bytes=0-1"))
        answer = self.send(self.outlet(), "GET", "/orders", mine)
        (asked,) = self.vendor.asked
        self.assertEqual((asked.path, asked.headers["x-api-key"], asked.headers["x-mine"]), ("/moved/orders", SECRET, "1"))
        self.assertEqual((asked.headers["range"], asked.headers["connection"]), (None, None))
        self.assertEqual(answer.body, b'{"a":"[redacted]","b":"[redacted]","c":"[redacted]"}')
        self.assertEqual(answer.headers["x-echo"], "[redacted]")
        self.assertNotIn("set-cookie", answer.headers)

    def test_a_connector_sets_no_header_that_proves_who_calls_or_changes_what_is_called(self) -> None:
        for header in ["authorization", "X-Api-Key", "x_api_key", "cookie", "idempotency-key", "x-http-method-override"]:
            error = self.refused(self.outlet(), "GET", "/orders", ((header, b"1"),))
            self.assertIn(header, str(error))
        self.assertEqual(self.vendor.asked, [])

    def test_a_redirect_is_handed_over_and_not_followed(self) -> None:
        self.vendor.answer = lambda _: (302, [("location", "http://127.0.0.1:9/")], b"")
        self.assertEqual(self.send(self.outlet()).status, 302)
        self.assertEqual(len(self.vendor.asked), 1)

    def test_requests_bodies_and_time_are_limited(self) -> None:
        outlet = self.outlet(requests=1)
        self.send(outlet)
        self.assertEqual(self.refused(outlet).code, "HTTP-request-denied")
        self.vendor.answer = lambda _: (200, [], b"12345")
        self.assertEqual(self.send(self.outlet(response_bytes=5)).body, b"12345")
        self.assertEqual(self.refused(self.outlet(response_bytes=4)).code, {"HTTP-response-body-size": 4})
        self.vendor.answer = lambda _: (time.sleep(0.5), (200, [], b""))[1]
        self.assertEqual(self.refused(self.outlet(request_seconds=0.1)).code, "HTTP-response-timeout")

    def test_a_vendor_that_sends_byte_by_byte_does_not_outlast_the_time(self) -> None:
        self.vendor.answer = lambda _: (200, [("connection", "close")], b"x" * 100)
        self.vendor.part_bytes, self.vendor.pause_seconds = 1, 0.05
        start = time.monotonic()
        self.assertEqual(self.refused(self.outlet(request_seconds=0.3)).code, "HTTP-response-timeout")
        # All of it would take five seconds.
        self.assertLess(time.monotonic() - start, 3)

    def test_an_answer_that_ends_early_is_not_taken_for_a_whole_one(self) -> None:
        self.vendor.answer = lambda _: (200, [("content-length", "9")], b"half")
        self.assertEqual(self.refused(self.outlet()).code, "connection-terminated")

    def test_a_call_that_may_only_read_writes_nothing(self) -> None:
        outlet = self.outlet(may_write=False)
        self.assertIn("may only read", str(self.refused(outlet, "POST")))
        self.assertIn("may only read", outlet.denial)
        self.assertEqual(self.vendor.asked, [])

    def test_an_address_of_a_manifest_does_not_lead_into_the_own_network(self) -> None:
        local = api(endpoint("get", "/orders", "all"), base_url=self.vendor.url)
        self.policy = Policy([local], {"shop": Grant(frozenset(["all"]), SECRET)}, "{}")
        with self.assertRaises(EgressError) as caught:
            self.outlet().send(Request("GET", f"{self.vendor.url}/orders", [], b""), 30.0, None)
        self.assertIn("not public", str(caught.exception))
        self.assertEqual(self.vendor.asked, [])

    def test_a_write_that_succeeded_is_answered_from_the_record(self) -> None:
        self.vendor.answer = lambda _: (201, [("x-id", "7")], b'{"id":7}')
        first = self.outlet()
        self.assertEqual(self.send(first, "POST").status, 201)
        again = self.send(self.outlet(), "POST")
        self.assertEqual((again.status, again.headers["x-id"], again.body), (201, "7", b'{"id":7}'))
        self.assertEqual(len(self.vendor.asked), 1)
        # In the attempt that made it, asking again means a second one.
        self.send(first, "POST")
        self.assertEqual(len(self.vendor.asked), 2)

    def test_a_write_in_doubt_is_sent_again_only_after_a_look(self) -> None:
        self.vendor.answer = lambda asked: (503 if asked.method == "POST" else 200, [], b"")
        self.assertEqual(self.send(self.outlet(), "POST").status, 503)
        second = self.outlet()
        self.assertIn("has not looked", str(self.refused(second, "POST")))
        self.send(second)
        self.send(second, "POST")
        self.assertEqual([asked.method for asked in self.vendor.asked], ["POST", "GET", "POST"])

    def test_a_message_in_doubt_is_not_sent_again(self) -> None:
        self.vendor.answer = lambda _: (500, [], b"")
        self.send(self.outlet(), "POST", "/message")
        self.assertEqual(self.send(self.outlet(), "POST", "/message").status, 208)
        self.assertEqual(len(self.vendor.asked), 1)

    def test_an_idempotent_write_in_doubt_is_sent_again_under_the_same_key(self) -> None:
        self.vendor.answer = lambda _: (500, [], b"")
        for _ in range(2):
            self.send(self.outlet(), "PUT", "/orders", (), b"{}")
        first, second = (asked.headers["idempotency-key"] for asked in self.vendor.asked)
        self.assertEqual(first, second)

    def test_a_write_that_was_refused_is_a_new_one_the_next_time(self) -> None:
        self.vendor.answer = lambda _: (422, [], b"")
        for _ in range(2):
            self.assertEqual(self.send(self.outlet(), "POST", "/message").status, 422)
        self.assertEqual(len(self.vendor.asked), 2)
