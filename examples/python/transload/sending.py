"""Sends one request and reads the whole answer: no redirects, no proxy, bounds on time and size."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .egress import Request

CHUNK_BYTES = 64 << 10
"""Read at once, between two looks at the clock."""

Received = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Undelivered(Exception):
    """No answer came. `code` is the nearest of `wasi:http`; `left` says whether the request may have reached the API."""

    def __init__(self, reason: str, code: Any, left: bool) -> None:
        super().__init__(reason)
        self.code = code
        self.left = left


def exchange(request: Request, seconds: float, body_max: int, public_only: bool) -> Received:
    """Make one request, and be done with it in `seconds`. With `public_only` it goes to addresses of the public internet only:
    the address of a manifest must not lead into the platform's own network. Raises `Undelivered`."""
    deadline = time.monotonic() + seconds
    url = urlsplit(request.url)
    connection = _connect(url.scheme, url.hostname or "", url.port, seconds, public_only)
    try:
        target = url.path + (f"?{url.query}" if url.query else "")
        connection.putrequest(request.method, target or "/", skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(request.body or None)
        return _read(connection, deadline, body_max)
    except TimeoutError:
        raise Undelivered(f"no answer within {seconds:g} seconds", "HTTP-response-timeout", True) from None
    except (OSError, http.client.HTTPException) as error:
        raise Undelivered(f"the connection broke: {error!r}", "connection-terminated", True) from None
    finally:
        connection.close()


def _read(connection: http.client.HTTPConnection, deadline: float, body_max: int) -> Received:
    # A connection that ends with its answer has no socket any more once the answer's head is read.
    sock = connection.sock
    _give(sock, deadline)
    body = bytearray()
    with connection.getresponse() as response:
        # `read1` comes back with what is there, so a sender of single bytes does not outlast the deadline.
        while chunk := response.read1(CHUNK_BYTES):
            body += chunk
            if len(body) > body_max:
                reason = f"the answer has more than {body_max} bytes"
                raise Undelivered(reason, {"HTTP-response-body-size": body_max}, True)
            _give(sock, deadline)
        if missing := response.length:
            raise http.client.IncompleteRead(b"", missing)
        return response.status, [(name.lower(), value) for name, value in response.getheaders()], bytes(body)


def _give(sock: socket.socket, deadline: float) -> None:
    """Let what the socket does next take what is left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)


def _connect(
    scheme: str, host: str, port: int | None, seconds: float, public_only: bool
) -> http.client.HTTPConnection:
    port = port or (443 if scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        dns = {"DNS-error": {"rcode": str(error), "info_code": None}}
        raise Undelivered(f"{host} has no address: {error}", dns, False) from None
    addresses = [str(info[4][0]) for info in found]
    allowed = [it for it in addresses if not public_only or ipaddress.ip_address(it).is_global]
    if not allowed:
        reason = f"{host} is at {addresses[0]}, which is not public; set base_url to go there all the same"
        raise Undelivered(reason, "HTTP-request-denied", False)
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=seconds)
    try:
        # To exactly the address that was judged: a second look-up might find another.
        sock = socket.create_connection((allowed[0], port), timeout=seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except ssl.SSLError as error:
        raise Undelivered(f"TLS with {host} failed: {error}", "TLS-protocol-error", False) from None
    except OSError as error:
        raise Undelivered(f"{host}:{port} cannot be reached: {error}", "connection-refused", False) from None
    connection.sock = sock
    return connection
