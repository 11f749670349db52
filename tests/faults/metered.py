"""A proxy before the embedded models that bills as a provider does: for all that was generated."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Meter(ThreadingHTTPServer):
    """`billed` are the tokens of every reply so far; `seconds` is how long each takes at least."""

    daemon_threads = True

    def __init__(self, nano: str, seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.nano, self.seconds = nano, seconds
        self.billed, self.requests, self.arrived = 0, 0, 0
        self.lock = threading.Lock()
        self.upstream = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=None))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def settled(self) -> int:
        """What is billed once nothing is under way any more."""
        while True:
            with self.lock:
                if self.arrived == self.requests:
                    return self.billed
            time.sleep(0.02)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Meter
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        done = self.server.upstream.get(self.server.nano + self.path.removeprefix("/v1"))
        self.reply(done)

    def do_POST(self):
        meter = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with meter.lock:
            meter.arrived += 1
        try:
            time.sleep(meter.seconds)
            done = meter.upstream.post(meter.nano + self.path.removeprefix("/v1"), content=body)
            used = json.loads(done.content).get("usage") or {}
        finally:
            with meter.lock:
                meter.requests += 1
                meter.billed += used.get("prompt_tokens", 0) + used.get("completion_tokens", 0)
        self.reply(done)

    def reply(self, done: httpx.Response) -> None:
        try:
            self.send_response(done.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(done.content)))
            self.end_headers()
            self.wfile.write(done.content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass
