"""One call of a connector: what it may use, what it holds, and what it has written so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wasmtime import component

from .limits import Limits
from .storage import KEYS_MAX, Change, Storage
from .values import Err, Record

if TYPE_CHECKING:
    from .egress import Outlet

Log = Callable[[str, str, dict[str, str]], None]
"""Takes a line's level, message and named values."""

KEY_BYTES_MAX = 512
"""The longest key, as the contract says."""

RUNNING = threading.Lock()
"""Held while wasmtime's Python code works: its conversions and its exceptions go through variables of the module. A connector's
own computing is within, waiting for a vendor is not."""

WRITE_COST_BYTES = 64
"""What a write counts for beside key and value: without it, a call could write empty values without end."""


@contextmanager
def waiting() -> Iterator[None]:
    """Within a call: let other calls run."""
    RUNNING.release()
    try:
        yield
    finally:
        RUNNING.acquire()


class Refused(Exception):
    """The connector asked for something that no host gives; ends the call as a trap does."""


class Call:
    """What the imported functions of one instance work on."""

    def __init__(self, limits: Limits, settings: str, store: StoreView, outlet: Outlet | None, log: Log) -> None:
        self.limits = limits
        self.settings = settings
        self.store = store
        self.outlet = outlet
        self.stderr = bytearray()
        self.resources = Resources(limits.handles)
        self._deadline = time.monotonic() + limits.seconds
        self._log = log
        self._lines = 0

    def remaining(self) -> float:
        """Seconds until the call must have ended. Raises `Refused` after that."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Refused(f"the call took more than {self.limits.seconds:g} seconds")
        return left

    def log(self, level: str, message: str, values: dict[str, str]) -> None:
        """Write a line, unless the call has written too many; one that is too long is cut."""
        self._lines += 1
        room = self.limits.log_line_bytes
        if self._lines > self.limits.log_lines:
            if self._lines == self.limits.log_lines + 1:
                self._log("warn", f"further lines were dropped: a call may log {self.limits.log_lines}", {})
            return
        message = _cut(message, room)
        room -= len(message.encode())
        kept = {}
        for name, value in values.items():
            room -= len(name.encode())
            if room <= 0:
                break
            kept[name] = _cut(value, room)
            room -= len(kept[name].encode())
        self._log(level, message, kept)


def _cut(text: str, room: int) -> str:
    return text.encode()[:room].decode(errors="ignore")


class Resources:
    """The host's objects that a component holds, by the number that it knows them by."""

    kinds: dict[str, int] = {}
    """What wasmtime calls the type of each resource."""

    def __init__(self, limit: int) -> None:
        self.context: Any = None
        self._limit = limit
        self._objects: dict[int, Any] = {}
        self._next = 0

    @classmethod
    def kind(cls, name: str) -> int:
        """The number of a resource's type."""
        return cls.kinds.setdefault(name, len(cls.kinds) + 1)

    def lift(self, handle: component.ResourceAny) -> Any:
        """The object behind a handle; one that the component gives away is no longer held."""
        host = handle.to_host(self.context)
        return self._objects.pop(host.rep) if host.owned else self._objects[host.rep]

    def lower(self, resource: Any) -> component.ResourceHost:
        """A handle for an object that the component gets."""
        if len(self._objects) >= self._limit:
            raise Refused(f"the connector holds {self._limit} requests, responses and streams already")
        self._next += 1
        self._objects[self._next] = resource
        return component.ResourceHost.own(self._next, self.kind(resource.RESOURCE))

    def drop(self, number: int) -> None:
        """The component lets go of an object."""
        self._objects.pop(number, None)


class StoreView:
    """The store as one call sees it: its own writes over what is kept. Answers are those of `store` in the contract."""

    def __init__(self, storage: Storage, limits: Limits, closed: str | None = None) -> None:
        self.changes: dict[str, Change] = {}
        self._storage = storage
        self._value_max = limits.value_bytes
        self._call_max = self._room = limits.writes_bytes
        self._closed = closed

    def get(self, key: str) -> Any:
        """An entry."""
        if wrong := _wrong_key(key):
            return wrong
        value, version = self._entry(key)
        return None if value is None else Record(value=value, version=version)

    def put(self, key: str, value: bytes) -> Any:
        """Write an entry."""
        return self._spend(key, len(value)) or self._write(key, value, None)

    def compare_and_swap(self, key: str, expected: int | None, value: bytes) -> Any:
        """Write an entry that is at a version."""
        if wrong := self._spend(key, len(value)):
            return wrong
        present, version = self._entry(key)
        current = 0 if present is None else version
        if current != (expected or 0):
            return Err(Record(conflict=current))
        return self._write(key, value, version)

    def delete(self, key: str) -> Any:
        """Remove an entry."""
        if wrong := self._spend(key, 0):
            return wrong
        if self._entry(key)[0] is not None:
            self._write(key, None, None)
        return None

    def list_keys(self, prefix: str, cursor: str | None, limit: int) -> Any:
        """A page of keys."""
        if (prefix and (wrong := _wrong_key(prefix))) or (cursor and (wrong := _wrong_key(cursor))):
            return wrong
        if cursor is not None and not cursor.startswith(prefix):
            return Err(Record({"invalid-key": "the cursor is of another prefix"}))
        limit, after = min(limit, KEYS_MAX), cursor or ""
        # As many more as this call may have deleted, and one to know whether more follow.
        kept = [] if self._closed else self._storage.keys(prefix, after, limit + len(self.changes) + 1)
        mine = (key for key in self.changes if key.startswith(prefix) and key.encode() > after.encode())
        keys = [key for key in {*kept, *mine} if key not in self.changes or self.changes[key].value is not None]
        keys.sort(key=str.encode)
        page = keys[:limit]
        return Record(keys=page, next=page[-1] if page and len(keys) > limit else None)

    def _entry(self, key: str) -> tuple[bytes | None, int]:
        value, version = (None, 0) if self._closed else self._storage.entry(key)
        if change := self.changes.get(key):
            return change.value, version + change.writes
        return value, version

    def _write(self, key: str, value: bytes | None, seen: int | None) -> int:
        version = self._entry(key)[1]
        change = self.changes.get(key)
        if change is None:
            self.changes[key] = Change(value, 1, seen)
        else:
            change.value, change.writes = value, change.writes + 1
            if seen is not None and change.seen is None:
                change.seen = seen - (change.writes - 1)
        return version + 1

    def _spend(self, key: str, size: int) -> Err | None:
        if wrong := _wrong_key(key):
            return wrong
        if self._closed:
            return Err(Record(unavailable=self._closed))
        if size > self._value_max:
            return Err(Record({"too-large": self._value_max}))
        cost = size + len(key.encode()) + WRITE_COST_BYTES
        if cost > self._room:
            return Err(Record({"too-large": self._call_max}))
        self._room -= cost
        return None


def _wrong_key(key: str) -> Err | None:
    if not key:
        reason = "the key is empty"
    elif len(key.encode()) > KEY_BYTES_MAX:
        reason = f"the key has {len(key.encode())} bytes, the limit is {KEY_BYTES_MAX}"
    # C0, DEL and C1: the same characters that Rust's `char::is_control` has.
    elif any(ord(it) < 0x20 or 0x7F <= ord(it) < 0xA0 for it in key):
        reason = "the key has a control character in it"
    else:
        return None
    return Err(Record({"invalid-key": reason}))
