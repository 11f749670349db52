"""The page of a watched run over HTTP: to this machine alone, to who knows its address, read only.

The standard library's server is enough for one reader, and needs no extra. A page of another site
can send requests to 127.0.0.1, by that name or by a name of its own that it points there (DNS
rebinding): it knows no token, and its requests name another host.
"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ttc.errors import BackendError
from ttc.report.html.build import HEAD
from ttc.report.html.pack import as_json, packed, shown_line
from ttc.report.html.page import page, policy
from ttc.report.viewing.watching import Watcher

_HOST = "127.0.0.1"
_STALLED_S = 15.0


class ViewServer(ThreadingHTTPServer):
    """Serves one watched run at `url` until it is closed."""

    daemon_threads = True

    def __init__(self, watcher: Watcher, title: str, port: int = 0) -> None:
        """port: 0 for any that is free. Raises `BackendError` where it is taken."""
        self.watcher = watcher
        self.title = shown_line(title)
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((_HOST, port), _Handler)
        except OSError as error:
            raise BackendError(
                f"can't listen on {_HOST}:{port}: {error.strerror}; another port may be free "
                "(--port 0 picks one)"
            ) from None
        self.names = {f"{name}:{self.server_port}" for name in (_HOST, "localhost")}

    @property
    def url(self) -> str:
        """Where the page is; who has this may read it."""
        return f"http://{_HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: ViewServer
    timeout = _STALLED_S
    protocol_version = "HTTP/1.1"
    server_version = "ttc"
    sys_version = ""

    def do_GET(self) -> None:
        named = self.headers.get_all("Host") or []
        if len(named) != 1 or named[0].strip().casefold() not in self.server.names:
            self._send(421, "text/plain", "the Host header names another server")
            return
        token, slash, what = self.path.removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if not (known and slash):
            self._send(404, "text/plain", "nothing here: use the address that ttc view printed")
            return
        answer = self._answer(what)
        if answer is None:
            self._send(404, "text/plain", "no such page")
        else:
            self._send(200, *answer)

    do_HEAD = do_GET

    def _answer(self, what: str) -> tuple[str, str] | None:
        """Type and text of a page under the token."""
        watcher, now = self.server.watcher, self.server.watcher.now
        pages: dict[str, Callable[[], tuple[str, str]]] = {
            "": lambda: ("text/html", page(self.server.title, {HEAD: packed(now.head)}, live=True)),
            "head": lambda: ("application/json", now.head),
            "revision": lambda: (
                "application/json",
                as_json({"revision": now.revision, "said": watcher.said()}),
            ),
        }
        if what in pages:
            return pages[what]()
        number = what.removeprefix("problem/0/")
        if number != what and number.isascii() and number.isdecimal() and len(number) < 10:
            place = int(number)
            if place < len(now.problems):
                return "application/json", now.problems[place]
        return None

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"{policy(live=True)}; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address in a log would be the key to the page."""


def serve_view(server: ViewServer, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. ready: is told the address once it answers."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.watcher.start()
        ready(server.url)
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.watcher.stop()
        server.server_close()
