"""Requests, by `wasi:http`. The host adds the credential, and refuses what the manifest does not name."""

from __future__ import annotations

from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as http

from notes import Failure, NeedsAttention, Rejected, Response, Retry

METHODS = {
    "GET": http.Method_Get(),
    "POST": http.Method_Post(),
    "PUT": http.Method_Put(),
    "DELETE": http.Method_Delete(),
}

# What WASI lets through in one write, in bytes.
WRITE_MAX = 4096

# What is read at once, in bytes.
READ_MAX = 64 * 1024


def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
    """Sends a request and waits for the whole answer, whatever its status. Fails with what can be done about it."""
    call = f"{method} {urlsplit(url).path}"
    try:
        response = wait(handle(method, url, headers, body))
        with response, response.headers() as fields:
            named = {name.lower(): value.decode(errors="replace") for name, value in fields.entries()}
            return Response(response.status(), named, read(response.consume()))
    except Err as error:
        raise sort(call, error.value) from None


def handle(
    method: str, url: str, headers: dict[str, str], body: bytes | None
) -> http.FutureIncomingResponse:
    parts = urlsplit(url)
    fields = http.Fields.from_list([(name, value.encode()) for name, value in headers.items()])
    request = http.OutgoingRequest(fields)
    request.set_method(METHODS[method])
    request.set_scheme(http.Scheme_Https() if parts.scheme == "https" else http.Scheme_Http())
    request.set_authority(parts.netloc)
    request.set_path_with_query(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    outgoing = request.body()
    # Sent before its body is written: a body that is larger than the host's buffer would wait for ever otherwise.
    future = outgoing_handler.handle(request, None)
    if body:
        with outgoing.write() as stream:
            for start in range(0, len(body), WRITE_MAX):
                stream.blocking_write_and_flush(body[start : start + WRITE_MAX])
    http.OutgoingBody.finish(outgoing, None)
    return future


def wait(future: http.FutureIncomingResponse) -> http.IncomingResponse:
    with future:
        with future.subscribe() as ready:
            ready.block()
        match future.get():
            case Ok(Ok(response)):
                return response
            case Ok(Err(code)):
                raise Err(code)
            case _:
                raise Err(None)


def read(body: http.IncomingBody) -> bytes:
    parts = []
    with body, body.stream() as stream:
        while True:
            try:
                parts.append(stream.blocking_read(READ_MAX))
            except Err as error:
                if isinstance(error.value, streams.StreamError_Closed):
                    return b"".join(parts)
                raise Err(http.http_error_code(error.value.value)) from None


def sort(call: str, code: object) -> Failure:
    """WASI's errors, by what can be done about them."""
    if isinstance(code, http.ErrorCode_HttpRequestDenied):
        return NeedsAttention(f"{call}: the host refused the call: its configuration does not allow it")
    if isinstance(code, http.ErrorCode_HttpResponseBodySize):
        return Rejected(f"{call}: the response is too large")
    # The request may have had its effect.
    return Retry(f"{call}: the connection failed: {code}")
