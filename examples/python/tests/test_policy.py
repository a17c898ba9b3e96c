"""What a connector may request, and what is refused before anything is sent."""

import unittest

from transload.failures import ConfigurationError
from transload.policy import Denied, Grant, Policy
from transload.values import dumps

from .vendor import api, endpoint

BASE = "https://api.shop.example/v2"
ORDERS = [
    endpoint("get", "/orders/{id}", "orders.read"),
    endpoint("get", "/orders/search", "orders.search"),
    endpoint("post", "/orders", "orders.write", "verify"),
]


def policy(*scopes: str, base_url: str | None = None) -> Policy:
    return Policy([api(*ORDERS)], {"shop": Grant(frozenset(scopes), "secret", base_url)}, "{}")


class Decisions(unittest.TestCase):
    def denied(self, policy: Policy, method: str, url: str) -> str:
        with self.assertRaises(Denied, msg=url) as caught:
            policy.decide(method, url)
        return str(caught.exception)

    def test_a_granted_request_goes_where_the_operator_says(self) -> None:
        permit = policy("orders.read", base_url="http://127.0.0.1:9/shop/").decide("GET", f"{BASE}/orders/7?a=%20b")
        self.assertEqual((permit.url, permit.write), ("http://127.0.0.1:9/shop/orders/7?a=%20b", False))
        permit = policy("orders.write").decide("POST", f"{BASE}/orders")
        self.assertEqual((permit.url, permit.write, permit.in_doubt), (f"{BASE}/orders", True, "verify"))

    def test_a_scope_that_is_not_granted_is_named_with_its_line(self) -> None:
        reason = self.denied(policy("orders.read"), "POST", f"{BASE}/orders")
        self.assertEqual(reason, 'POST /orders is not granted; add "orders.write" to apis.shop.scopes')
        reason = self.denied(Policy([api(*ORDERS)], {}, "{}"), "GET", f"{BASE}/orders/7")
        self.assertEqual(reason, "nothing is granted for shop; add apis.shop to the configuration")

    def test_a_credential_that_is_missing_or_cannot_be_sent_is_named_and_not_shown(self) -> None:
        for credential in [None, "", "secret\r\nx: y", "sécret"]:
            some = Policy([api(*ORDERS)], {"shop": Grant(frozenset(["orders.read"]), credential)}, "{}")
            reason = self.denied(some, "GET", f"{BASE}/orders/7")
            self.assertIn("apis.shop.credential", reason)
            self.assertNotIn("cret\r", reason)

    def test_a_literal_segment_beats_a_placeholder_however_it_is_spelt(self) -> None:
        some = policy("orders.read")
        self.assertIn('"orders.search"', self.denied(some, "GET", f"{BASE}/orders/search"))
        for spelt in ["Search", "%73earch", "sear%63h", "search;x=1"]:
            self.denied(some, "GET", f"{BASE}/orders/{spelt}")

    def test_what_two_programs_might_read_differently_is_refused(self) -> None:
        every = policy("orders.read", "orders.search", "orders.write")
        for path in ["/orders/..", "/orders/%2E%2E", "/orders/a%2Fb", "/orders/a\\b", "/orders/%252e", "/orders/", "/orders/a b"]:
            self.denied(every, "GET", BASE + path)
        for url in [
            "http://api.shop.example/v2/orders/7",
            "https://api.shop.example.evil.example/v2/orders/7",
            "https://me@api.shop.example/v2/orders/7",
            "https://api.shop.example:8443/v2/orders/7",
            "https://api.shop.example/v1/orders/7",
            f"{BASE}/orders/7#part",
            f"{BASE}/orders/7/notes",
        ]:
            self.denied(every, "GET", url)

    def test_a_grant_that_does_not_fit_the_manifest_is_an_error(self) -> None:
        for grants in [{"other": Grant(frozenset())}, {"shop": Grant(frozenset(["*"]))}]:
            with self.assertRaises(ConfigurationError):
                Policy([api(*ORDERS)], grants, "{}")

    def test_a_setting_moves_a_path_within_its_base_url_and_no_further(self) -> None:
        movable = [endpoint("get", "/orders/{id}", "orders.read", setting="/paths/get-order")]
        grants = {"shop": Grant(frozenset(["orders.read"]), "secret")}
        moved = Policy([api(*movable)], grants, '{"paths": {"get-order": "/sales/{id}/show"}}')
        self.assertEqual(moved.decide("GET", f"{BASE}/sales/7/show").url, f"{BASE}/sales/7/show")
        self.denied(moved, "GET", f"{BASE}/orders/7")
        for path in ["sales/{id}", "/sales", "/sales/{other}", "/../{id}", "//{id}", "/a%2Fb/{id}", "/" + "a" * 1_000 + "/{id}"]:
            with self.assertRaises(ConfigurationError, msg=path):
                Policy([api(*movable)], grants, dumps({"paths": {"get-order": path}}))

    def test_a_moved_path_that_would_make_a_write_look_like_a_read_is_refused(self) -> None:
        both = [endpoint("post", "/find", "find", setting="/find"), endpoint("post", "/orders/{id}", "orders.write", "never")]
        grants = {"shop": Grant(frozenset(["find", "orders.write"]), "secret")}
        self.denied(Policy([api(*both)], grants, '{"find": "/orders/find"}'), "POST", f"{BASE}/orders/find")
