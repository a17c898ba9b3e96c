"""How much one call of a connector may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Enforced for each call afresh."""

    memory_bytes: int = 128 << 20
    """Linear memory. A page of a comparison of a million rows takes half of it."""

    fuel: int = 50_000_000_000
    """Instructions that the connector itself executes, roughly: five thousand million take a second."""

    seconds: float = 120.0
    """From a call's start to its end, waiting for vendors included."""

    request_seconds: float = 30.0
    """The longest that one request may take; a connector may ask for less."""

    requests: int = 1_000
    """Requests in one call."""

    request_bytes: int = 4 << 20
    """Body of one request."""

    response_bytes: int = 8 << 20
    """Body of one response."""

    handles: int = 1_000
    """Requests, responses and streams held at once; a call that waits for one request at a time holds about ten."""

    value_bytes: int = 1 << 20
    """Value of one store entry; the contract promises 1 MiB."""

    writes_bytes: int = 16 << 20
    """Keys and values that one call writes to the store; each write counts for 64 bytes more."""

    log_lines: int = 200
    """Lines that one call logs; the contract promises 200."""

    log_line_bytes: int = 4 << 10
    """A line with its fields; the contract promises 4 KiB."""
