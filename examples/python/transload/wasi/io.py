"""`wasi:io`: streams over bytes in memory, and pollables that are ready at once or after a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..call import Call, Refused, waiting
from ..values import Err
from .offered import offers

CHUNK_BYTES = 64 << 10
"""The most that one read or write moves. Each byte becomes a value of its own on its way through wasmtime's C interface, of
some 30 bytes, so that a larger one would take much memory at once."""


class Pollable:
    """Something to wait for: `wait` returns when it is there."""

    RESOURCE = "pollable"

    def __init__(self, wait: Callable[[], None] = lambda: None, at: float = 0.0) -> None:
        self._wait = wait
        self._at = at

    def ready(self) -> bool:
        """Whether waiting would take no time."""
        return time.monotonic() >= self._at

    def block(self, call: Call) -> None:
        """Wait. The call's own end comes first."""
        pause = min(self._at - time.monotonic(), call.remaining())
        if pause > 0:
            with waiting():
                time.sleep(pause)
        call.remaining()
        self._wait()


class InputStream:
    """Reads bytes that are all there."""

    RESOURCE = "input-stream"

    def __init__(self, content: bytes = b"") -> None:
        self._content = content
        self._at = 0

    def read(self, length: int) -> bytes | Err:
        """The next bytes, at most `length`, or that there are none."""
        if self._at >= len(self._content):
            return Err("closed")
        chunk = self._content[self._at : self._at + min(length, CHUNK_BYTES)]
        self._at += len(chunk)
        return chunk


class OutputStream:
    """Collects bytes in `sink`, up to a limit that ends the call."""

    RESOURCE = "output-stream"

    def __init__(self, sink: bytearray, limit: int, keep_last: bool = False) -> None:
        self._sink = sink
        self._limit = limit
        self._keep_last = keep_last

    def write(self, content: bytes) -> None:
        """Take bytes."""
        self._sink += content
        if len(self._sink) <= self._limit:
            return
        if not self._keep_last:
            raise Refused(f"a request's body has more than {self._limit} bytes")
        del self._sink[: -self._limit]


class IoError:
    """An error of a stream; never made here, since bytes in memory do not fail."""

    RESOURCE = "error"


@offers("wasi:io/poll", "[method]pollable.block")
def _block(call: Call, pollable: Pollable) -> None:
    pollable.block(call)


@offers("wasi:io/poll", "[method]pollable.ready")
def _ready(_: Call, pollable: Pollable) -> bool:
    return pollable.ready()


@offers("wasi:io/poll", "poll")
def _poll(call: Call, pollables: list[Pollable]) -> list[int]:
    if not pollables:
        raise Refused("the connector waits for nothing")
    while not (ready := [index for index, pollable in enumerate(pollables) if pollable.ready()]):
        min(pollables, key=lambda it: it._at).block(call)
    for index in ready:
        pollables[index].block(call)
    return ready


@offers("wasi:io/streams", "[method]input-stream.read", "[method]input-stream.blocking-read")
def _read(_: Call, stream: InputStream, length: int) -> bytes | Err:
    return stream.read(length)


@offers("wasi:io/streams", "[method]output-stream.check-write")
def _check_write(*_: Any) -> int:
    return CHUNK_BYTES


@offers("wasi:io/streams", "[method]output-stream.write", "[method]output-stream.blocking-write-and-flush")
def _write(_: Call, stream: OutputStream, content: bytes) -> None:
    stream.write(content)


@offers("wasi:io/streams", "[method]output-stream.flush", "[method]output-stream.blocking-flush")
def _flush(*_: Any) -> None:
    return None


@offers("wasi:io/streams", "[method]input-stream.subscribe", "[method]output-stream.subscribe")
def _subscribe(*_: Any) -> Pollable:
    return Pollable()


@offers("wasi:io/error", "[method]error.to-debug-string")
def _to_debug_string(*_: Any) -> str:
    return "an error"
