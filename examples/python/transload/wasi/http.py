"""`wasi:http`: requests are put together here and leave through the call's outlet, when the connector waits for the answer."""

from __future__ import annotations

import re
from typing import Any

from ..call import Call, Refused, waiting
from ..egress import Answer, EgressError, Request
from ..values import Err, Ok
from .io import InputStream, OutputStream, Pollable
from .offered import offers

_TYPES = "wasi:http/types"

HEADERS_MAX = 100
"""Headers of one request; http.client takes as many of an answer."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]{0,8192}")


class Fields:
    """Headers."""

    RESOURCE = "fields"

    def __init__(self, entries: list[tuple[str, bytes]] | None = None) -> None:
        self.entries = entries or []

    def append(self, name: str, value: bytes) -> Err | None:
        """Add a header, unless it is none."""
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or len(self.entries) >= HEADERS_MAX:
            return Err("invalid-syntax")
        if name.lower() in ("authorization", "host", "content-length", "connection", "transfer-encoding"):
            return Err("forbidden")
        self.entries.append((name.lower(), value))
        return None

    def get(self, name: str) -> list[bytes]:
        """All values of a header."""
        return [value for it, value in self.entries if it == name.lower()]

    def remove(self, name: str) -> None:
        """Remove all values of a header."""
        self.entries = [entry for entry in self.entries if entry[0] != name.lower()]


class OutgoingRequest:
    """A request that the connector puts together."""

    RESOURCE = "outgoing-request"

    def __init__(self, headers: Fields) -> None:
        self.headers = headers
        self.body: OutgoingBody | None = None
        self.method = "GET"
        self.scheme = "https"
        self.authority = ""
        self.path = "/"


class OutgoingBody:
    """What is sent with a request."""

    RESOURCE = "outgoing-body"

    def __init__(self) -> None:
        self.content = bytearray()
        self.finished = False


class RequestOptions:
    """How long a request may take, in nanoseconds."""

    RESOURCE = "request-options"

    def __init__(self) -> None:
        self.connect: int | None = None
        self.first_byte: int | None = None

    def seconds(self) -> float | None:
        """Both together, as the answer comes whole."""
        return None if self.first_byte is None else (self.first_byte + (self.connect or 0)) / 1e9


class FutureResponse:
    """A request on its way. It leaves when the connector looks for the answer, since its body may be written after `handle`."""

    RESOURCE = "future-incoming-response"

    def __init__(self, call: Call, request: OutgoingRequest, seconds: float | None) -> None:
        self._call = call
        self._request = request
        self._seconds = seconds
        self._outcome: Any = None
        self.taken = False

    def outcome(self) -> Any:
        """The response, or the error of `wasi:http` that is nearest to what happened."""
        if self._outcome is None:
            self._outcome = self._send()
        return self._outcome

    def _send(self) -> Any:
        it = self._request
        if it.body is not None and not it.body.finished:
            raise Refused("the connector waits for the answer to a request that it has not finished")
        url = f"{it.scheme}://{it.authority}{it.path}"
        body = bytes(it.body.content) if it.body is not None else b""
        try:
            if self._call.outlet is None:
                raise EgressError.denied("this call may make no requests")
            request = Request(it.method, url, it.headers.entries, body)
            patience = self._call.remaining()
            with waiting():
                answer = self._call.outlet.send(request, patience, self._seconds)
        except EgressError as error:
            self._call.log("warn", f"{it.method} {url.split('?')[0]}: {error}", {})
            return Err(error.code)
        return IncomingResponse(answer)


class IncomingResponse:
    """An answer."""

    RESOURCE = "incoming-response"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.consumed = False


class IncomingBody:
    """An answer's body."""

    RESOURCE = "incoming-body"

    def __init__(self, content: bytes) -> None:
        self.content: bytes | None = content


@offers("wasi:http/outgoing-handler", "handle")
def _handle(call: Call, request: OutgoingRequest, options: RequestOptions | None) -> FutureResponse:
    return FutureResponse(call, request, options.seconds() if options is not None else None)


@offers(_TYPES, "[constructor]fields")
def _fields(_: Call) -> Fields:
    return Fields()


@offers(_TYPES, "[static]fields.from-list")
def _from_list(_: Call, entries: list[tuple[str, bytes]]) -> Fields | Err:
    fields = Fields()
    for name, value in entries:
        if wrong := fields.append(name, value):
            return wrong
    return fields


@offers(_TYPES, "[method]fields.entries")
def _entries(_: Call, fields: Fields) -> list[tuple[str, bytes]]:
    return fields.entries


@offers(_TYPES, "[method]fields.get")
def _get(_: Call, fields: Fields, name: str) -> list[bytes]:
    return fields.get(name)


@offers(_TYPES, "[method]fields.has")
def _has(_: Call, fields: Fields, name: str) -> bool:
    return bool(fields.get(name))


@offers(_TYPES, "[method]fields.append")
def _append(_: Call, fields: Fields, name: str, value: bytes) -> Err | None:
    return fields.append(name, value)


@offers(_TYPES, "[method]fields.set")
def _set(_: Call, fields: Fields, name: str, values: list[bytes]) -> Err | None:
    fields.remove(name)
    return next((wrong for value in values if (wrong := fields.append(name, value))), None)


@offers(_TYPES, "[method]fields.delete")
def _delete(_: Call, fields: Fields, name: str) -> None:
    fields.remove(name)


@offers(_TYPES, "[method]fields.clone")
def _clone(_: Call, fields: Fields) -> Fields:
    return Fields(list(fields.entries))


@offers(_TYPES, "[constructor]outgoing-request")
def _outgoing_request(_: Call, headers: Fields) -> OutgoingRequest:
    return OutgoingRequest(headers)


@offers(_TYPES, "[method]outgoing-request.set-method")
def _set_method(_: Call, request: OutgoingRequest, method: Any) -> None:
    request.method = method.upper() if isinstance(method, str) else method["other"]


@offers(_TYPES, "[method]outgoing-request.set-path-with-query")
def _set_path(_: Call, request: OutgoingRequest, path: str | None) -> None:
    request.path = path or "/"


@offers(_TYPES, "[method]outgoing-request.set-scheme")
def _set_scheme(_: Call, request: OutgoingRequest, scheme: Any) -> None:
    request.scheme = (scheme or "https").lower() if not isinstance(scheme, dict) else scheme["other"]


@offers(_TYPES, "[method]outgoing-request.set-authority")
def _set_authority(_: Call, request: OutgoingRequest, authority: str | None) -> None:
    request.authority = authority or ""


@offers(_TYPES, "[method]outgoing-request.headers")
def _request_headers(_: Call, request: OutgoingRequest) -> Fields:
    return Fields(list(request.headers.entries))


@offers(_TYPES, "[method]outgoing-request.body")
def _body(_: Call, request: OutgoingRequest) -> OutgoingBody | Err:
    if request.body is not None:
        return Err()
    request.body = OutgoingBody()
    return request.body


@offers(_TYPES, "[method]outgoing-body.write")
def _body_stream(call: Call, body: OutgoingBody) -> OutputStream:
    return OutputStream(body.content, call.limits.request_bytes)


@offers(_TYPES, "[static]outgoing-body.finish")
def _finish(_: Call, body: OutgoingBody, trailers: Fields | None) -> None:
    body.finished = True


@offers(_TYPES, "[constructor]request-options")
def _request_options(_: Call) -> RequestOptions:
    return RequestOptions()


@offers(_TYPES, "[method]request-options.set-connect-timeout")
def _set_connect_timeout(_: Call, options: RequestOptions, duration: int | None) -> None:
    options.connect = duration


@offers(_TYPES, "[method]request-options.set-first-byte-timeout")
def _set_first_byte_timeout(_: Call, options: RequestOptions, duration: int | None) -> None:
    options.first_byte = duration


@offers(_TYPES, "[method]request-options.set-between-bytes-timeout")
def _set_between_bytes_timeout(*_: Any) -> None:
    # The answer comes whole, so there is no time between its bytes.
    return None


@offers(_TYPES, "[method]future-incoming-response.subscribe")
def _subscribe(_: Call, future: FutureResponse) -> Pollable:
    return Pollable(lambda: future.outcome() and None)


@offers(_TYPES, "[method]future-incoming-response.get")
def _future_get(_: Call, future: FutureResponse) -> Any:
    if future.taken:
        return Err()
    outcome = future.outcome()
    future.taken = True
    return Ok(outcome if isinstance(outcome, Err) else Ok(outcome))


@offers(_TYPES, "[method]incoming-response.status")
def _status(_: Call, response: IncomingResponse) -> int:
    return response.answer.status


@offers(_TYPES, "[method]incoming-response.headers")
def _response_headers(_: Call, response: IncomingResponse) -> Fields:
    return Fields([(name, value.encode("latin-1")) for name, value in response.answer.headers])


@offers(_TYPES, "[method]incoming-response.consume")
def _consume(_: Call, response: IncomingResponse) -> IncomingBody | Err:
    if response.consumed:
        return Err()
    response.consumed = True
    return IncomingBody(response.answer.body)


@offers(_TYPES, "[method]incoming-body.stream")
def _stream(_: Call, body: IncomingBody) -> InputStream | Err:
    if body.content is None:
        return Err()
    content, body.content = body.content, None
    return InputStream(content)
