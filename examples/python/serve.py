#!/usr/bin/env python3
"""A small automation platform: takes webhooks, and runs a connector on them.

    python serve.py config.json

`POST /hooks/API` (`/hooks/NAME/API` where the configuration has a name) answers 200 once everything that follows from a webhook
is done, 503 if it should be sent again, 401 if nobody proves to have sent it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from transload import Connector, Delivery, Failure, Grant, NeedsAttention, Rejected, Storage, loads
from transload.webhook import Refused, Verifier

BODY_BYTES_MAX = 1 << 20
"""A webhook's body. Vendors send a few kilobytes."""

AT_ONCE = 16
"""Webhooks that are worked on at once; others wait their turn."""

IDLE_SECONDS = 10
"""How long a sender may be silent."""

FAILURES_MAX = 10
"""Failed attempts at an event before it is given up."""

TURNS = 64
"""Locks that subjects share: more of them let more subjects be worked on at once."""

log = logging.getLogger("platform")


def read(path: str) -> dict[str, Any]:
    """A configuration. Below `apis`, a text that starts with `env:` or `file:` stands for what that variable or file holds. Paths
    start at the configuration's directory."""
    directory = Path(path).parent

    def resolved(value: Any) -> Any:
        match value:
            case dict():
                return {key: resolved(item) for key, item in value.items()}
            case list():
                return [resolved(item) for item in value]
            case str() if value.startswith("env:"):
                return os.environ[value.removeprefix("env:")]
            case str() if value.startswith("file:"):
                return (directory / value.removeprefix("file:")).read_text().strip()
        return value

    config: dict[str, Any] = loads(Path(path).read_text())
    paths = {key: str(directory / config[key]) for key in ("module", "cache", "storage") if key in config}
    return config | paths | {"apis": resolved(config["apis"])}


def connect(config: dict[str, Any]) -> Connector:
    """The connector that a configuration describes."""
    grants = {
        name: Grant(frozenset(api["scopes"]), api.get("credential"), api.get("base_url"))
        for name, api in config["apis"].items()
    }
    return Connector.load(
        config["module"],
        cache=config.get("cache"),
        settings=config.get("settings"),
        grants=grants,
        storage=Storage(config.get("storage", ":memory:")),
    )


class Platform:
    """One connection, and its webhooks."""

    def __init__(self, config: dict[str, Any]) -> None:
        apis: dict[str, Any] = config["apis"]
        self.hooks = "/hooks/" + config["name"] if "name" in config else "/hooks"
        self.connector = connect(config)
        self.verifiers = {
            api.name: Verifier(api.webhook, apis[api.name].get("webhook", {}), f"apis.{api.name}.webhook")
            for api in self.connector.manifest.apis
            if api.webhook is not None and api.name in apis
        }
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._turns = [threading.Lock() for _ in range(TURNS)]

    def take(self, api: str, headers: Any, body: bytes) -> int:
        """Take a webhook, and answer the status that its sender gets."""
        verifier = self.verifiers.get(api)
        if verifier is None:
            return 404
        try:
            verifier.verify(headers, body)
        except Refused as refused:
            log.warning("a webhook of %s was refused: %s", api, refused)
            return 401
        delivery = Delivery(api, verifier.public_headers(headers), body)
        try:
            with self._room:
                events = self.connector.receive(delivery)
                storage = self.connector.storage
                storage.accept(events)
                # When it comes again, what is left may be follow-ups alone.
                self.work({subject for event in events for subject in storage.subjects(event.id)})
        except Rejected as rejected:
            # Sent again it would be no better.
            log.warning("a webhook of %s is not understood: %s", api, rejected)
        except Failure as failure:
            log.warning("a webhook of %s has to come again: %s", api, failure)
            return 503
        return 200

    def work(self, subjects: set[str]) -> None:
        """Handle what waits for these subjects, one event after another, and what follows from it. Raises `Failure` for what is
        to be tried again."""
        storage = self.connector.storage
        while subjects:
            subject = subjects.pop()
            with self._turns[hash(subject) % TURNS]:
                while accepted := storage.waiting(subject):
                    try:
                        receipt = self.connector.handle_accepted(accepted)
                    except Rejected as rejected:
                        self._give_up(accepted.event.id, rejected)
                        continue
                    except NeedsAttention:
                        raise
                    except Failure as failure:
                        if storage.failed(accepted.event.id) < FAILURES_MAX:
                            raise
                        self._give_up(accepted.event.id, failure)
                        continue
                    for effect in receipt.effects:
                        log.info("%s %s %s in %s: %s", *map(effect.get, ("verb", "kind", "id", "system", "summary")))
                    for alert in receipt.alerts:
                        log.warning("%s: %s", alert.kind, alert.message)
                    subjects |= {event.subject for event in receipt.follow_ups}

    def _give_up(self, event_id: str, failure: Failure) -> None:
        log.error("event %s is given up: %s", event_id, failure)
        self.connector.storage.dead(event_id, str(failure))


class Hooks(BaseHTTPRequestHandler):
    """`POST /hooks/API`."""

    platform: Platform
    timeout = IDLE_SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take one webhook."""
        status, length = self._length()
        prefix, _, api = self.path.partition("?")[0].rpartition("/")
        if status is None:
            body = self.rfile.read(length)
            known = prefix == self.platform.hooks and len(body) == length
            status = self.platform.take(api, self.headers, body) if known else 404
        else:
            # The body is not read, so nothing that follows it can be.
            self.close_connection = True
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def _length(self) -> tuple[int | None, int]:
        """What is wrong with the body's length, if anything, and the length."""
        text = self.headers.get("content-length", "")
        if not (text.isascii() and text.isdigit()):
            return 411, 0
        return (413, 0) if int(text) > BODY_BYTES_MAX else (None, int(text))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not logged: what became of them is."""


def main(path: str) -> None:
    """Serve what a configuration file describes."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    config = read(path)
    platform = Platform(config)
    for subject in platform.connector.storage.subjects():
        try:
            platform.work({subject})
        except Failure as failure:
            log.warning("what was left of %s waits for its next webhook: %s", subject, failure)
    host, _, port = config["listen"].rpartition(":")
    handler = type("Handler", (Hooks,), {"platform": platform})
    with ThreadingHTTPServer((host, int(port)), handler) as server:
        print(f"listening on http://{host}:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
