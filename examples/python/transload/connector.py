"""A connector, ready to be called by a platform."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .call import Call, Log, StoreView
from .egress import Outlet, Writes
from .failures import Failure, NeedsAttention, Rejected, Retry
from .limits import Limits
from .module import Module
from .policy import Grant, Policy
from .storage import Accepted, Settled, Storage
from .values import Err, Record, dumps, loads

ID_BYTES_MAX = 200
"""The longest id and subject of an event, as the contract says."""


@dataclass(frozen=True)
class Delivery:
    """A webhook that the platform has verified. Names of headers are lower case, and none carries a secret."""

    source: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Receipt:
    """What handling an event came to: what was done, what to handle next, what a person ought to know; or why nothing was
    to be done."""

    effects: list[Record] = field(default_factory=list)
    follow_ups: list[Record] = field(default_factory=list)
    alerts: list[Record] = field(default_factory=list)
    skipped: str | None = None


@dataclass(frozen=True)
class _Rights:
    """What one kind of call may do beside reading."""

    may_write: bool = False
    writes: Writes | None = None
    no_store: str | None = None
    no_requests: bool = False


class Connector:
    """One connection: a module with its settings, grants and storage. Threads may share it."""

    def __init__(
        self,
        module: Module,
        *,
        settings: Mapping[str, Any] | None = None,
        grants: Mapping[str, Grant] | None = None,
        storage: Storage | None = None,
        log: Log | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Raises `ConfigurationError` where settings and grants do not fit the manifest, and `Trapped` if the module breaks."""
        self.storage = storage if storage is not None else Storage()
        self._module = module
        self._limits = limits or Limits()
        self._log = log or _to_logging
        self._settings = "{}"
        self.manifest: Record = self._run("manifest", "describe", _Rights(no_store="describe has no store", no_requests=True))
        # As the manifest says, it depends on nothing, so it is asked before there are settings.
        self._settings = dumps(settings or {})
        self._policy = Policy(self.manifest.apis, grants or {}, self._settings)

    @classmethod
    def load(cls, path: Path | str, *, cache: Path | str | None = None, **connection: Any) -> Connector:
        """Load a connector's file. `cache` is a directory for compiled modules, `connection` what the constructor takes."""
        return cls(Module(path, cache), **connection)

    def receive(self, delivery: Delivery) -> list[Record]:
        """The events that a webhook tells of."""
        headers = [Record(name=name, value=value) for name, value in delivery.headers]
        record = Record(source=delivery.source, headers=headers, body=delivery.body)
        return _checked(self._run("intake", "receive", _Rights(), record))

    def poll(self, trigger: str, cursor: str | None = None) -> Record:
        """What is new to a trigger: `events`, the `cursor` to pass next time, and whether there is `more` at once."""
        page = self._run("intake", "poll", _Rights(), trigger, cursor)
        _checked(page.events)
        return page

    def backfill(self, trigger: str, start: int, end: int, cursor: str | None = None) -> Record:
        """A page, like that of `poll`, of a trigger's history. Times are milliseconds since 1970; `end` does not belong to it."""
        page = self._run("intake", "backfill", _Rights(), trigger, Record(start=start, end=end), cursor)
        _checked(page.events)
        return page

    def handle(self, event: Record, *, received_at: int | None = None, attempt: int = 1) -> Receipt:
        """Handle an event. What it wrote to its store, the event's end if it is on record in the storage, and its follow-ups
        become lasting together. What it has written to vendors is not sent again by a later attempt."""
        ((kind, changed),) = event["change"].items()
        now = time.time_ns() // 1_000_000
        envelope = Record({key: event.get(key) for key in ("id", "source", "subject", "occurred_at", "raw")})
        envelope.update(received_at=received_at or now, attempt=attempt)
        rights = _Rights(may_write=True, writes=Writes(self.storage, event["id"]))
        call = self._call(rights)
        answer = self._ask("events", f"on-{kind}", call, envelope, changed)
        receipt = _receipt(answer)
        _checked(receipt.follow_ups)
        self.storage.commit(call.store.changes, Settled(event["id"], dumps(answer), receipt.follow_ups))
        return receipt

    def handle_accepted(self, accepted: Accepted) -> Receipt:
        """Handle an event that the storage gave out."""
        return self.handle(accepted.event, received_at=accepted.received_at, attempt=accepted.attempt)

    def run(self, action: str, input: Any) -> Any:
        """Run an action of the manifest. Input and answer are JSON by its schemas, read and written by `loads` and `dumps`."""
        described = next((it for it in self.manifest.actions if it.name == action), None)
        rights = _Rights(may_write=described is not None and described.access == "write")
        return loads(self._run("actions", "run", rights, action, dumps(input)))

    def check(self) -> list[Record]:
        """Try each API and scope, and answer what became of each."""
        return self._run("actions", "check", _Rights(no_store="check has no store"))

    def reconcile(self, start: int, end: int, kinds: list[str] | None = None, cursor: str | None = None) -> Record:
        """A page of what differs between the two systems; the one without `cursor` is the last."""
        scope = Record(start=start, end=end, kinds=kinds or [])
        return self._run("reconciliation", "reconcile", _Rights(), scope, cursor)

    def _run(self, interface: str, name: str, rights: _Rights, *arguments: Any) -> Any:
        call = self._call(rights)
        answer = self._ask(interface, name, call, *arguments)
        self.storage.commit(call.store.changes)
        return answer

    def _call(self, rights: _Rights) -> Call:
        outlet = None
        if not rights.no_requests:
            outlet = Outlet(self._policy, self._limits, rights.writes, rights.may_write)
        store = StoreView(self.storage, self._limits, rights.no_store)
        return Call(self._limits, self._settings, store, outlet, self._log)

    def _ask(self, interface: str, name: str, call: Call, *arguments: Any) -> Any:
        answer = self._module.call(interface, name, call, *arguments)
        if isinstance(answer, Err):
            raise _failure(answer.error, call.outlet.denial if call.outlet else None)
        return answer


def _receipt(answer: Record) -> Receipt:
    return Receipt(skipped=answer["skipped"]) if "skipped" in answer else Receipt(**answer["done"])


def _failure(error: Record, denial: str | None) -> Failure:
    ((kind, payload),) = error.items()
    # The connector learns that it was denied, the operator what would allow it.
    more = f" ({denial})" if denial else ""
    if kind == "retry":
        return Retry(payload.reason + more, payload.after_ms)
    return Rejected(payload + more) if kind == "rejected" else NeedsAttention(payload + more)


def _checked(events: list[Record]) -> list[Record]:
    for event in events:
        for key in ("id", "subject"):
            if not 1 <= len(event[key].encode()) <= ID_BYTES_MAX:
                raise Rejected(f"the connector gave an event an {key} that has not 1 to {ID_BYTES_MAX} bytes")
    return events


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def _to_logging(level: str, message: str, values: dict[str, str]) -> None:
    more = "".join(f" {name}={value}" for name, value in values.items())
    logging.getLogger("transload").log(_LEVELS[level], "%s%s", message, more)
