"""A vendor's server for tests: answers what it is told, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from transload.values import Record

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Vendor:
    """Serves `answer` until it is closed."""

    answer: Callable[[Record], Answer] = lambda _: (200, [], b"{}")
    asked: list[Record] = field(default_factory=list)
    part_bytes: int = 1 << 20
    pause_seconds: float = 0.0
    """How long it waits after each part of an answer's body."""

    def __post_init__(self) -> None:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked = Record(method=self.command, path=self.path, headers=self.headers, body=body)
                vendor.asked.append(asked)
                status, headers, content = vendor.answer(asked)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if "content-length" not in dict(headers):
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                for part in [content[at : at + vendor.part_bytes] for at in range(0, len(content), vendor.part_bytes)]:
                    self.wfile.write(part)
                    time.sleep(vendor.pause_seconds)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A client that has gone is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/moved"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def endpoint(method: str, path: str, scope: str, in_doubt: str = "resend", setting: str | None = None) -> Record:
    """An endpoint of a manifest."""
    access = "read" if method == "get" else "write"
    return Record(method=method, path=path, scope=scope, access=access, in_doubt=in_doubt, path_setting=setting)


def api(*endpoints: Record, name: str = "shop", base_url: str = "https://api.shop.example/v2") -> Record:
    """An API of a manifest."""
    key, once = Record(header="x-api-key"), "idempotency-key"
    return Record(name=name, base_url=base_url, credential=key, endpoints=list(endpoints), idempotency_header=once)
