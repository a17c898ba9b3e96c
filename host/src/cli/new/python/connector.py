"""The component: the contract's exports (`wit/`), in terms of `notes.py`."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.actions import Probe
from wit_world.imports import settings as configured
from wit_world.imports import transload_connector_types as wit

import manifest
import notes
import outgoing

T = TypeVar("T")

STATUSES = {
    "pending": wit.OrderStatus_Pending(),
    "completed": wit.OrderStatus_Completed(),
    "cancelled": wit.OrderStatus_Cancelled(),
}


def answering(function: Callable[..., T]) -> Callable[..., T]:
    """Lets an export fail as the contract wants it."""

    @functools.wraps(function)
    def export(*arguments: Any) -> T:
        try:
            return function(*arguments)
        except notes.Retry as error:
            raise Err(wit.Failure_Retry(wit.Retry(str(error), error.after_ms))) from None
        except notes.NeedsAttention as error:
            raise Err(wit.Failure_NeedsAttention(str(error))) from None
        except notes.Failure as error:
            raise Err(wit.Failure_Rejected(str(error))) from None

    return export


def connection() -> tuple[notes.Ghl, notes.Settings]:
    settings = notes.Settings.read(configured.get())
    return notes.Ghl(outgoing.send, settings.location_id), settings


def exact(value: Decimal) -> wit.Decimal:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    units = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    return wit.Decimal(-units if sign else units, max(-exponent, 0))


def hint(order: notes.Order) -> wit.Order:
    """The order as its webhook has it; `on_order` reads it again."""
    customer = wit.Party(order.contact_id, None, None, None, None)
    return wit.Order(
        id=order.id,
        number=None,
        status=STATUSES.get(order.status, wit.OrderStatus_Other(order.status)),
        payment=None,
        fulfillment=None,
        total=wit.Money(exact(order.total), order.currency),
        subtotal=None,
        discount=None,
        tax=None,
        shipping=None,
        paid=None,
        customer=customer,
        ship_to=None,
        lines=[],
        note=None,
        live=order.live,
        created_at=None,
        updated_at=None,
    )


class Manifest(exports.Manifest):
    def describe(self) -> Any:
        return manifest.DESCRIPTION


class Intake(exports.Intake):
    @answering
    def receive(self, delivery: Any) -> list[wit.Event]:
        _, settings = connection()
        found = notes.placed(delivery.body, settings.location_id)
        if found is None:
            return []
        webhook_id, order = found
        change = wit.Change_Order(hint(order))
        return [wit.Event(f"order {order.id} {webhook_id}", "ghl", order.id, None, None, change)]

    @answering
    def poll(self, trigger: str, cursor: str | None) -> Any:
        raise notes.Rejected(f"no trigger called {trigger!r} is polled")

    @answering
    def backfill(self, trigger: str, window: Any, cursor: str | None) -> Any:
        raise notes.Rejected(f"trigger {trigger!r} has no history")


class Events(exports.Events):
    @answering
    def on_order(self, envelope: wit.Envelope, order: wit.Order) -> wit.Receipt:
        outcome = notes.note(*connection(), order.id)
        if outcome.note_id is None:
            return wit.Receipt_Skipped(outcome.message)
        verb = wit.Verb.NOTED if outcome.written else wit.Verb.VERIFIED
        effect = wit.Effect(verb, "ghl", "note", outcome.note_id, outcome.message, None, None)
        return wit.Receipt_Done(wit.Report([effect], [], []))

    def on_fulfillment(self, envelope: wit.Envelope, fulfillment: wit.Fulfillment) -> wit.Receipt:
        return wit.Receipt_Skipped("this connector has no use for fulfilments")

    def on_transaction(self, envelope: wit.Envelope, transaction: wit.Transaction) -> wit.Receipt:
        return wit.Receipt_Skipped("this connector has no use for transactions")

    def on_subscription(self, envelope: wit.Envelope, subscription: wit.Subscription) -> wit.Receipt:
        return wit.Receipt_Skipped("this connector has no use for subscriptions")

    def on_invoice(self, envelope: wit.Envelope, invoice: wit.Invoice) -> wit.Receipt:
        return wit.Receipt_Skipped("this connector has no use for invoices")


class Actions(exports.Actions):
    @answering
    def run(self, name: str, input: str) -> str:
        if name != manifest.NOTE_ORDER:
            raise notes.Rejected(f"no action is called {name!r}")
        try:
            given = notes.parse(input)
        except ValueError as error:
            raise notes.Rejected(f"the action's input: {error}") from None
        if not isinstance(given, dict) or set(given) != {"order_id"} or not isinstance(given["order_id"], str):
            raise notes.Rejected("the action's input is an object with `order_id`, a text, alone")
        outcome = notes.note(*connection(), given["order_id"])
        return json.dumps({"done": outcome.note_id is not None, "message": outcome.message})

    @answering
    def check(self) -> list[Probe]:
        ghl, _ = connection()
        return [
            probe("payments/orders.readonly", ghl.check_orders),
            probe("contacts.readonly", lambda: ghl.notes("transload-check")),
        ]


def probe(scope: str, read: Callable[[], object]) -> Probe:
    """What a read that needs the permission `scope` says of it."""
    try:
        read()
    except notes.NoSuchThing:
        pass
    except notes.Failure as error:
        return Probe("ghl", scope, False, str(error))
    return Probe("ghl", scope, True, "it can be read")


class Reconciliation(exports.Reconciliation):
    @answering
    def reconcile(self, scope: Any, cursor: str | None) -> Any:
        raise notes.Rejected("this connector compares nothing")
