"""A proxy before a model server that counts what it was asked, and is as slow as a real model."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class CountingServer(ThreadingHTTPServer):
    """asked: how often each request for samples came, by its body. seconds: how long each takes."""

    daemon_threads = True

    def __init__(self, behind: str, seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.seconds = behind.rstrip("/").removesuffix("/v1"), seconds
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.upstream = httpx.Client(timeout=60)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def total(self) -> int:
        """Requests for samples so far."""
        with self.lock:
            return self.asked.total()

    def twice(self) -> int:
        """Requests that had been asked before."""
        with self.lock:
            return self.asked.total() - len(self.asked)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.upstream.close()


class _Handler(BaseHTTPRequestHandler):
    server: CountingServer
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(self.server.upstream.get(self.server.behind + self.path))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # Not what an engine asks beside, to tell whose samples these are.
        if "logprobs" not in json.loads(body):
            with self.server.lock:
                self.server.asked[body.decode()] += 1
            time.sleep(self.server.seconds)
        self._answer(self.server.upstream.post(self.server.behind + self.path, content=body))

    def _answer(self, done: httpx.Response) -> None:
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
