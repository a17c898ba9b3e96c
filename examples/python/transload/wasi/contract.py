"""The contract's own imports: store, settings and log."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..values import Record
from .offered import offers

_STORE = "transload:connector/store"


@offers(_STORE, "get")
def _get(call: Call, key: str) -> Any:
    return call.store.get(key)


@offers(_STORE, "put")
def _put(call: Call, key: str, value: bytes) -> Any:
    return call.store.put(key, value)


@offers(_STORE, "compare-and-swap")
def _compare_and_swap(call: Call, key: str, expected: int | None, value: bytes) -> Any:
    return call.store.compare_and_swap(key, expected, value)


@offers(_STORE, "delete")
def _delete(call: Call, key: str) -> Any:
    return call.store.delete(key)


@offers(_STORE, "list-keys")
def _list_keys(call: Call, prefix: str, cursor: str | None, limit: int) -> Any:
    return call.store.list_keys(prefix, cursor, limit)


@offers("transload:connector/settings", "get")
def _settings(call: Call) -> str:
    return call.settings


@offers("transload:connector/log", "write")
def _log(call: Call, level: str, message: str, fields: list[Record]) -> None:
    call.log(level, message, {field.name: field.value for field in fields})
