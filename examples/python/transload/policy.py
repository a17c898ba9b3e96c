"""What a connection may request: its manifest's endpoints, as far as their scopes are granted. Absent means no."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from .failures import ConfigurationError
from .values import Record

SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-F]{2})*")
"""RFC 3986's path segment without `;`, before which some servers cut, and with upper-case escapes only."""

NEEDLESS_ESCAPE = re.compile(r"%(2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])")
"""An escaped letter, digit, `-`, `.`, `_` or `~`: servers that decode first would see another path than was judged."""

PATH_BYTES_MAX = 1_000
"""The longest path that a setting may have."""


@dataclass(frozen=True)
class Grant:
    """What a connection may do with one API."""

    scopes: frozenset[str]
    """By name, in the manifest's words."""
    credential: str | Callable[[], str] | None = None
    """The secret itself, or what answers it: a function may refresh a token."""
    base_url: str | None = None
    """Where the API is, if not where the manifest says: a sandbox or a proxy."""


@dataclass(frozen=True)
class Permit:
    """A request that may be made."""

    api: Record
    url: str
    write: bool
    in_doubt: str
    public_only: bool
    """Whether it may go to addresses of the public internet only: it does, unless the operator has set where the API is."""
    secret: str | None = field(repr=False)
    """The credential, if the API takes one."""


class Denied(Exception):
    """A request may not be made; the text says what would allow it."""


@dataclass
class _Route:
    method: str
    parts: list[str]
    endpoint: Record
    moved: bool

    def resembles(self, segments: list[str]) -> bool:
        """Whether a server that folds case may take a path for this endpoint."""
        return len(segments) == len(self.parts) and all(
            bool(segment) if _is_name(part) else part.casefold() == segment.casefold()
            for part, segment in zip(self.parts, segments, strict=True)
        )

    def matches(self, segments: list[str]) -> bool:
        """Whether it is this endpoint, read strictly."""
        return all(_is_name(part) or part == segment for part, segment in zip(self.parts, segments, strict=True))


@dataclass
class Policy:
    """Decides about requests."""

    apis: list[Record]
    grants: Mapping[str, Grant]
    settings: str
    _routes: dict[str, list[_Route]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {api.name: {endpoint.scope for endpoint in api.endpoints} for api in self.apis}
        for name, grant in self.grants.items():
            if name not in known:
                raise ConfigurationError(f"apis.{name}: the connector's APIs are {', '.join(known)}")
            if unknown := sorted(grant.scopes - known[name]):
                raise ConfigurationError(
                    f"apis.{name}.scopes: {unknown[0]!r} is none of {', '.join(sorted(known[name]))}"
                )
        settings = json.loads(self.settings)
        self._routes = {api.name: [_route(endpoint, settings) for endpoint in api.endpoints] for api in self.apis}

    def decide(self, method: str, url: str) -> Permit:
        """Find the endpoint of a request and where it really goes. Raises `Denied`."""
        parts = urlsplit(url)
        if "@" in parts.netloc or parts.fragment or not url.isascii() or any(it <= " " for it in url):
            raise Denied("the URL has a user name, a fragment, or characters that belong escaped")
        segments = parts.path.split("/")[1:]
        for segment in segments:
            _check(segment)
        api, rest = self._api(f"{parts.scheme}://{parts.netloc.lower()}", segments)
        grant = self.grants.get(api.name)
        if grant is None:
            raise Denied(f"nothing is granted for {api.name}; add apis.{api.name} to the configuration")
        endpoint = self._endpoint(api, method, rest)
        if endpoint.scope not in grant.scopes:
            raise Denied(
                f"{method} {endpoint.path} is not granted; add {json.dumps(endpoint.scope)} to apis.{api.name}.scopes"
            )
        base = (grant.base_url or api.base_url).rstrip("/")
        target = "/".join([base, *rest]) + (f"?{parts.query}" if parts.query else "")
        write, public_only = endpoint.access == "write", grant.base_url is None
        return Permit(api, target, write, endpoint.in_doubt, public_only, _secret(api, grant))

    def _api(self, origin: str, segments: list[str]) -> tuple[Record, list[str]]:
        """The API with the longest base URL that a request is below, and the segments that follow it."""
        found: list[tuple[int, Record]] = []
        for api in self.apis:
            base = urlsplit(api.base_url.rstrip("/"))
            prefix = base.path.split("/")[1:]
            if origin == f"{base.scheme}://{base.netloc.lower()}" and segments[: len(prefix)] == prefix:
                found.append((len(prefix), api))
        if not found:
            known = ", ".join(api.base_url for api in self.apis)
            raise Denied(f"no API of the connector's manifest is at this address; it has {known}")
        length, api = max(found, key=lambda it: it[0])
        return api, segments[length:]

    def _endpoint(self, api: Record, method: str, segments: list[str]) -> Record:
        routes = [it for it in self._routes[api.name] if it.method == method and it.resembles(segments)]
        # A literal segment beats a placeholder, from the left.
        routes.sort(key=lambda it: ([not _is_name(part) for part in it.parts], it.matches(segments)), reverse=True)
        if not routes or not routes[0].matches(segments):
            raise Denied(f"the connector's manifest of {api.name} describes no {method} of this path; its author can add it")
        first = routes[0].endpoint
        for other in routes[1:]:
            unlike = (other.endpoint.access, other.endpoint.in_doubt) != (first.access, first.in_doubt)
            if unlike and (other.moved or routes[0].moved):
                raise Denied(f"settings make {first.path} and {other.endpoint.path} one path, and only one of them writes")
        return first


def _secret(api: Record, grant: Grant) -> str | None:
    if api.credential == "none":
        return None
    secret = grant.credential() if callable(grant.credential) else grant.credential
    if not secret:
        raise Denied(f"the API asks for a credential; set apis.{api.name}.credential")
    if not (secret.isascii() and secret.isprintable()):
        # http.client would say so with the credential in its message.
        raise Denied(f"apis.{api.name}.credential has characters that a header cannot carry")
    return secret


def _is_name(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _check(segment: str) -> None:
    """Refuse what two programs might read differently: the API reads the URL after it has been judged."""
    decoded = unquote(segment)
    if not SEGMENT.fullmatch(segment) or NEEDLESS_ESCAPE.search(segment):
        raise Denied("the URL has a path segment with characters that belong escaped, or that needlessly are")
    if decoded in (".", "..") or any(it in decoded for it in "/\\%;") or any(it < " " or it == "\x7f" for it in decoded):
        raise Denied("the URL has a path segment that other programs may read as several")


def _route(endpoint: Record, settings: Any) -> _Route:
    path = _moved(endpoint, settings)
    parts = (path or endpoint.path).split("/")[1:]
    return _Route(endpoint.method.upper(), parts, endpoint, path is not None)


def _moved(endpoint: Record, settings: Any) -> str | None:
    """The path that the settings put in place of an endpoint's own."""
    if endpoint.path_setting is None:
        return None
    value = settings
    for key in endpoint.path_setting.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    key = "settings" + endpoint.path_setting.replace("/", ".")
    if not isinstance(value, str) or not value.startswith("/") or len(value) > PATH_BYTES_MAX:
        raise ConfigurationError(f"{key}: write a path such as {endpoint.path!r}")
    parts = value.split("/")[1:]
    if [part for part in parts if _is_name(part)] != [part for part in endpoint.path.split("/") if _is_name(part)]:
        raise ConfigurationError(f"{key}: it must have the same names in braces as {endpoint.path!r}, in this order")
    for part in parts:
        if not _is_name(part) and (part in (".", "..") or not re.fullmatch(r"[A-Za-z0-9._~-]+", part)):
            raise ConfigurationError(f"{key}: the segment {part!r} has to consist of letters, digits and -._~")
    return value
