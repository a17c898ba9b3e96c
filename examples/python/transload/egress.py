"""The one way out for every request of a connector: permitted, recorded if it writes, given its credential, and sent."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .limits import Limits
from .policy import Denied, Permit, Policy
from .sending import Undelivered, exchange
from .storage import Storage
from .values import Record

FRAMING = frozenset(
    ["connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "te", "trailer"]
    + ["transfer-encoding", "upgrade"]
)
"""Headers of one hop or of the body's framing, which the client writes itself."""

RESERVED = frozenset(
    ["authorization", "cookie", "proxy-authorization", "proxy-connection", "x-http-method", "x-http-method-override"]
    + ["x-method-override", "x-original-url", "x-rewrite-url"]
)
"""What would prove who calls, or make a server take the request for another than was judged."""

MARK = b"[redacted]"
"""What stands in place of a credential that an API echoes."""


@dataclass(frozen=True)
class Request:
    """What a connector asks for."""

    method: str
    url: str
    headers: list[tuple[str, bytes]]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What it gets."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class EgressError(Exception):
    """A request that got no answer; `code` is the `error-code` of `wasi:http` that is nearest."""

    def __init__(self, reason: str, code: Any) -> None:
        super().__init__(reason)
        self.code = code

    @classmethod
    def denied(cls, reason: str) -> EgressError:
        """A request that may not be made."""
        return cls(reason, "HTTP-request-denied")


class Outlet:
    """The requests of one call."""

    def __init__(self, policy: Policy, limits: Limits, writes: Writes | None, may_write: bool) -> None:
        self.denial: str | None = None
        self._policy = policy
        self._limits = limits
        self._writes = writes
        self._may_write = may_write
        self._sent = 0

    def send(self, request: Request, patience: float, asked: float | None) -> Answer:
        """Make a request, within `patience` and what the connector `asked` for, both in seconds. Raises `EgressError`."""
        try:
            permit = self._admit(request)
        except Denied as denied:
            self.denial = self.denial or str(denied)
            raise EgressError.denied(str(denied)) from None
        seconds = max(0.1, min(patience, self._limits.request_seconds, asked or self._limits.request_seconds))
        if not permit.write:
            answer = self._leave(permit, request, seconds)
            if self._writes is not None:
                self._writes.looked.add(permit.api.name)
            return answer
        if self._writes is None:
            return self._leave(permit, request, seconds)
        return self._write(self._writes, permit, request, seconds)

    def _admit(self, request: Request) -> Permit:
        self._sent += 1
        if self._sent > self._limits.requests:
            raise Denied(f"one call may make {self._limits.requests} requests")
        permit = self._policy.decide(request.method, request.url)
        if permit.write and not self._may_write:
            raise Denied(f"{request.method} {permit.url} writes, and this call may only read")
        keys = {_plain(name) for api in self._policy.apis if (name := _key_header(api))}
        keys |= {_plain(name)} if (name := permit.api.idempotency_header) else set()
        for header, _ in request.headers:
            if _plain(header) in RESERVED | keys:
                raise Denied(f"a connector may not set the header {header}; the platform does where it is needed")
        return permit

    def _write(self, writes: Writes, permit: Permit, request: Request, seconds: float) -> Answer:
        """A write leaves once for one event, whatever becomes of the event's attempts."""
        write = writes.name(request)
        state, kept = writes.known(write)
        if state == "done":
            writes.count(write)
            return _answer_of(kept)
        if state == "in doubt" and permit.in_doubt == "never":
            writes.count(write)
            # What the contract says a possibly sent message is answered with.
            return Answer(208)
        if state == "in doubt" and permit.in_doubt == "verify" and permit.api.name not in writes.looked:
            raise EgressError.denied(f"whether {permit.url} was written is in doubt, and the connector has not looked")
        writes.note(write, "in doubt")
        try:
            answer = self._leave(permit, request, seconds, idempotency_key=writes.idempotency_key(write))
        except EgressError as error:
            if isinstance(error.__cause__, Undelivered) and not error.__cause__.left:
                writes.note(write, "refused")
            else:
                writes.looked.discard(permit.api.name)
            raise
        if 200 <= answer.status < 300:
            writes.note(write, "done", [answer.status, answer.headers, base64.b64encode(answer.body).decode()])
            writes.count(write)
        elif answer.status == 408 or answer.status >= 500:
            # A server may have done its work before it, or a proxy before it, failed.
            writes.looked.discard(permit.api.name)
        else:
            writes.note(write, "refused")
        return answer

    def _leave(self, permit: Permit, request: Request, seconds: float, idempotency_key: str | None = None) -> Answer:
        headers = [(name, value) for name, value in request.headers if name not in FRAMING | {"range", "accept-encoding"}]
        # A compressed echo of the credential would not be found, and a part of one neither.
        headers.append(("accept-encoding", b"identity"))
        if idempotency_key and permit.api.idempotency_header:
            headers.append((permit.api.idempotency_header, idempotency_key.encode()))
        headers += _credential(permit)
        sent = Request(request.method, permit.url, headers, request.body)
        try:
            status, received, body = exchange(sent, seconds, self._limits.response_bytes, permit.public_only)
        except Undelivered as undelivered:
            raise EgressError(str(undelivered), undelivered.code) from undelivered
        clean = _Redactor(permit.secret)
        kept = [(name, clean.text(value)) for name, value in received if name not in FRAMING | {"set-cookie", "set-cookie2"}]
        return Answer(status, kept, clean.bytes(body))


class Writes:
    """The write record of one event: what its attempts have sent already."""

    def __init__(self, storage: Storage, event_id: str) -> None:
        self.looked: set[str] = set()
        """The APIs that were read in this attempt, since a write to them last came into doubt."""
        self._storage = storage
        self._event_id = event_id
        self._succeeded: dict[str, int] = {}

    def name(self, request: Request) -> str:
        """A write's name: of two that are alike, the second is another only if the first succeeded in this attempt."""
        digest = hashlib.sha256(f"{request.method}\n{request.url}\n".encode() + request.body).hexdigest()
        return f"{digest}/{self._succeeded.get(digest, 0)}"

    def known(self, write: str) -> tuple[str | None, Any]:
        """What is known of a write."""
        return self._storage.write(self._event_id, write) or (None, None)

    def note(self, write: str, state: str, answer: Any = None) -> None:
        """Put down what is known of a write."""
        self._storage.note_write(self._event_id, write, state, answer)

    def count(self, write: str) -> None:
        """A write has succeeded."""
        digest = write.split("/")[0]
        self._succeeded[digest] = self._succeeded.get(digest, 0) + 1

    def idempotency_key(self, write: str) -> str:
        """The key that an API with idempotency keys gets: the same whenever this event asks for this write."""
        return hashlib.sha256(f"{self._event_id}\n{write}".encode()).hexdigest()


def _answer_of(kept: Any) -> Answer:
    status, headers, body = kept
    return Answer(status, [(name, value) for name, value in headers], base64.b64decode(body))


def _plain(header: str) -> str:
    # Gateways in the manner of CGI turn `-` into `_` (RFC 3875, section 4.1.18).
    return header.lower().replace("_", "-")


def _key_header(api: Record) -> str | None:
    """The header in which an API takes its key, if it is one of its own."""
    return api.credential.get("header") if isinstance(api.credential, dict) else None


def _credential(permit: Permit) -> list[tuple[str, bytes]]:
    if permit.secret is None:
        return []
    if name := _key_header(permit.api):
        return [(name, permit.secret.encode())]
    return [("authorization", f"Bearer {permit.secret}".encode())]


class _Redactor:
    """Removes a credential that an API echoes, as it is and as a URL or a JSON string carries it."""

    def __init__(self, secret: str | None) -> None:
        text = secret or ""
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        percent = quote(text, safe="")
        forms = {text, percent, percent.lower(), escaped, escaped.replace("/", "\\/")} - {""}
        # A longer form may contain a shorter one, so it goes first.
        self._forms = [form.encode() for form in sorted(forms, key=len, reverse=True)]

    def bytes(self, content: bytes) -> bytes:
        for form in self._forms:
            content = content.replace(form, MARK)
        return content

    def text(self, value: str) -> str:
        return self.bytes(value.encode("latin-1")).decode("latin-1")
