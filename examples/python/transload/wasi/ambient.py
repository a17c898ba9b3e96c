"""Clocks, random numbers, and a process that has no arguments, no environment, no files and no terminal."""

from __future__ import annotations

import secrets
import time
from typing import Any

from ..call import Call, Refused
from ..values import Record
from .io import InputStream, OutputStream, Pollable
from .offered import offers

STDERR_BYTES = 4 << 10
"""How much is kept of what a connector prints, for the message of a panic."""

RANDOM_BYTES_MAX = 64 << 10
"""Random bytes of one call of the function."""


@offers("wasi:clocks/wall-clock", "now")
def _now(_: Call) -> Record:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return Record(seconds=seconds, nanoseconds=nanoseconds)


@offers("wasi:clocks/wall-clock", "resolution")
def _resolution(_: Call) -> Record:
    return Record(seconds=0, nanoseconds=1)


@offers("wasi:clocks/monotonic-clock", "now")
def _instant(_: Call) -> int:
    return time.monotonic_ns()


@offers("wasi:clocks/monotonic-clock", "resolution")
def _tick(_: Call) -> int:
    return 1


@offers("wasi:clocks/monotonic-clock", "subscribe-instant")
def _at(_: Call, instant: int) -> Pollable:
    return Pollable(at=instant / 1e9)


@offers("wasi:clocks/monotonic-clock", "subscribe-duration")
def _after(_: Call, duration: int) -> Pollable:
    return Pollable(at=time.monotonic() + duration / 1e9)


@offers("wasi:random/random", "get-random-bytes")
@offers("wasi:random/insecure", "get-insecure-random-bytes")
def _random_bytes(_: Call, length: int) -> bytes:
    if length > RANDOM_BYTES_MAX:
        raise Refused(f"the connector asks for more than {RANDOM_BYTES_MAX} random bytes at once")
    return secrets.token_bytes(length)


@offers("wasi:random/random", "get-random-u64")
@offers("wasi:random/insecure", "get-insecure-random-u64")
def _random_u64(_: Call) -> int:
    return secrets.randbits(64)


@offers("wasi:random/insecure-seed", "insecure-seed")
def _seed(_: Call) -> tuple[int, int]:
    return secrets.randbits(64), secrets.randbits(64)


@offers("wasi:cli/environment", "get-environment", "get-arguments")
@offers("wasi:filesystem/preopens", "get-directories")
def _nothing(_: Call) -> list[Any]:
    return []


@offers("wasi:cli/environment", "initial-cwd")
@offers("wasi:cli/terminal-stdin", "get-terminal-stdin")
@offers("wasi:cli/terminal-stdout", "get-terminal-stdout")
@offers("wasi:cli/terminal-stderr", "get-terminal-stderr")
def _none(_: Call) -> None:
    return None


@offers("wasi:cli/exit", "exit")
def _exit(_: Call, status: Any) -> None:
    raise Refused("the connector ended its process")


@offers("wasi:cli/stdin", "get-stdin")
def _stdin(_: Call) -> InputStream:
    return InputStream()


@offers("wasi:cli/stdout", "get-stdout")
@offers("wasi:cli/stderr", "get-stderr")
def _output(call: Call) -> OutputStream:
    return OutputStream(call.stderr, STDERR_BYTES, keep_last=True)
