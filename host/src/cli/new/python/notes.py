"""What this connector does. Nothing here knows WebAssembly, so that plain Python can test it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

BASE_URL = "https://services.leadconnectorhq.com"
VERSION = "2021-07-28"

# The most digits of an amount, and the most of them behind the point: those of the contract's decimals, 64 bits wide.
DIGITS_MAX = 18


class Failure(Exception):
    """Why something could not be done; the subclass says what can be done about it."""


class Retry(Failure):
    """It may succeed later, after at least `after_ms` milliseconds if that is known."""

    def __init__(self, reason: str, after_ms: int | None = None) -> None:
        super().__init__(reason)
        self.after_ms = after_ms


class Rejected(Failure):
    """It can never succeed."""


class NeedsAttention(Failure):
    """A person must act first."""


@dataclass
class Response:
    """An answer of any status. The names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


# Sends a request: method, URL, headers, body.
Send = Callable[[str, str, dict[str, str], bytes | None], Response]


@dataclass
class Order:
    """As much of an order as is needed."""

    id: str
    contact_id: str | None
    total: Decimal
    currency: str
    status: str
    live: bool


@dataclass
class Outcome:
    """What became of an order: its note's id and whether it was written now, or no id and why there is none."""

    message: str
    note_id: str | None = None
    written: bool = False


@dataclass
class Settings:
    """What the operator sets for a connection; `manifest.py` has the schema."""

    location_id: str
    text: str = "New order {order}: {total}"
    minimum_total: str = "0"

    @staticmethod
    def read(text: str) -> Settings:
        """Reads what the host says. Fails with `NeedsAttention`."""
        try:
            return Settings(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise NeedsAttention(f"the connection's settings are unusable: {error}") from None

    def minimum(self) -> Decimal:
        """The minimum total."""
        try:
            return amount(self.minimum_total)
        except ValueError as error:
            raise NeedsAttention(f"the setting `minimum_total`: {error}") from None


def parse(text: bytes | str) -> Any:
    """Reads JSON. A number with a point is a `Decimal`: no amount passes through a float. Fails with `ValueError`."""
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def amount(value: Any) -> Decimal:
    """An exact amount, which vendors send as a number or as a text. Fails with `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError("an amount is missing or is no number")
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    _, digits, exponent = exact.as_tuple()
    # Infinity and NaN have texts for exponents.
    if not isinstance(exponent, int) or exponent < -DIGITS_MAX or len(digits) + max(exponent, 0) > DIGITS_MAX:
        raise ValueError(f"{value} is no amount")
    return exact


def text(value: Any) -> str | None:
    """A text, which vendors sometimes send as a number; none if it is missing or empty."""
    if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
        return str(value)
    return None


def order(value: Any) -> Order:
    """An order, as GoHighLevel's API and its webhooks have it. Fails with `ValueError`."""
    if not isinstance(value, dict):
        raise ValueError("an order is no object")
    order_id, currency = text(value.get("_id")), text(value.get("currency"))
    if order_id is None or currency is None:
        raise ValueError("the order's _id or currency is missing")
    return Order(
        id=order_id,
        contact_id=text(value.get("contactId")),
        total=amount(value.get("amount")),
        currency=currency,
        status=text(value.get("status")) or "",
        live=value.get("liveMode") is not False,
    )


def placed(body: bytes, location_id: str) -> tuple[str, Order] | None:
    """The id and the order of an `OrderCreate` webhook; none if it is about something else. Fails with `Rejected`."""
    try:
        hook = parse(body)
        if not isinstance(hook, dict):
            raise ValueError("it is no object")
        # An app has one address for the webhooks of all locations that installed it.
        if hook.get("type") != "OrderCreate" or hook.get("locationId", location_id) != location_id:
            return None
        return text(hook.get("webhookId")) or "", order(hook)
    except ValueError as error:
        raise Rejected(f"the webhook cannot be read: {error}") from None


class Ghl:
    """GoHighLevel's calls. The host adds the token."""

    def __init__(self, send: Send, location_id: str) -> None:
        self.send = send
        self.location_id = quote(location_id, safe="")

    def order(self, order_id: str) -> Order | None:
        """The order, or none if there is none."""
        path = f"/payments/orders/{quote(order_id, safe='')}"
        try:
            answer = self.call("GET", path, f"?altId={self.location_id}")
        except NoSuchThing:
            return None
        return self.read(path, answer, order)

    def check_orders(self) -> None:
        """The cheapest read of orders."""
        self.call("GET", "/payments/orders", f"?altId={self.location_id}&limit=1&offset=0")

    def notes(self, contact_id: str) -> list[dict[str, Any]]:
        """The notes of a contact."""
        path = f"/contacts/{quote(contact_id, safe='')}/notes"
        return self.read(path, self.call("GET", path), notes_of)

    def create_note(self, contact_id: str, body: str) -> str:
        """Writes a note and answers its id."""
        path = f"/contacts/{quote(contact_id, safe='')}/notes"
        return self.read(path, self.call("POST", path, body={"body": body}), note_id)

    def call(self, method: str, path: str, query: str = "", body: Any = None) -> Any:
        """Makes a call and answers the JSON of a success. Fails as `failure` sorts it."""
        headers = {"accept": "application/json", "Version": VERSION}
        sent = None
        if body is not None:
            headers["content-type"] = "application/json"
            sent = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        response = self.send(method, f"{BASE_URL}{path}{query}", headers, sent)
        if not 200 <= response.status < 300:
            raise failure(f"{method} {path}", response)
        try:
            return parse(response.body)
        except ValueError as error:
            # Not the API's: a body that ends in the middle, a proxy's page.
            raise Retry(f"{method} {path} answered something that is no JSON: {error}") from None

    @staticmethod
    def read(path: str, answer: Any, reader: Callable[[Any], Any]) -> Any:
        """Reads an answer. Fails with `Rejected`."""
        try:
            return reader(answer)
        except ValueError as error:
            raise Rejected(f"{path} answered something unexpected: {error}") from None


class NoSuchThing(Rejected):
    """GoHighLevel has no such object."""


def notes_of(answer: Any) -> list[dict[str, Any]]:
    """The notes of an answer."""
    notes = answer.get("notes") if isinstance(answer, dict) else None
    # A list that cannot be read is not an empty one: the note would be written again.
    whole = isinstance(notes, list) and all(isinstance(it, dict) and text(it.get("id")) for it in notes)
    if not whole:
        raise ValueError("notes or the id of one is missing")
    return notes


def note_id(answer: Any) -> str:
    """The id of the note of an answer."""
    note = answer.get("note") if isinstance(answer, dict) else None
    found = text(note.get("id")) if isinstance(note, dict) else None
    if found is None:
        raise ValueError("note.id is missing")
    return found


def failure(call: str, response: Response) -> Failure:
    """An answer that is no success, sorted by what can be done about it."""
    said = response.body[:200].decode(errors="replace").strip() or "an empty body"
    reason = f"{call} answered {response.status}: {said}"
    if response.status in (401, 403, 407):
        return NeedsAttention(reason)
    if response.status in (408, 425, 429) or response.status >= 500:
        wait = response.headers.get("x-ratelimit-interval-milliseconds", "")
        return Retry(reason, int(wait[:9]) if response.status == 429 and wait.isdecimal() else None)
    if response.status in (400, 404) and "not found" in said.lower():
        return NoSuchThing(reason)
    return Rejected(reason)


def note(ghl: Ghl, settings: Settings, order_id: str) -> Outcome:
    """Notes an order on its contact.

    It may run more than once for one order, so it reads what it acts on again and looks for the note before it writes one.
    """
    minimum = settings.minimum()
    found = ghl.order(order_id)
    if found is None:
        return Outcome(f"GoHighLevel has no order {order_id}")
    if found.total < minimum:
        return Outcome(f"order {order_id} is below `minimum_total`")
    if found.contact_id is None:
        return Outcome(f"order {order_id} has no contact")
    total = f"{found.total:f} {found.currency}"
    said = settings.text.replace("{order}", order_id).replace("{total}", total)
    mark = f"[{{name}} {order_id}]"
    for there in ghl.notes(found.contact_id):
        if mark in str(there.get("body")):
            return Outcome(said, str(there["id"]))
    return Outcome(said, ghl.create_note(found.contact_id, f"{said}\n{mark}"), written=True)
