"""Files from the web, from a real server on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ttc.errors import DataError, UsageError
from ttc.importing.download import downloaded

CONTENT = bytes(range(256)) * 4000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        kind = self.path.strip("/")
        if kind.startswith("to:"):
            self.send_response(302)
            self.send_header("location", kind[3:])
            self.end_headers()
            return
        self.send_response(404 if kind == "missing" else 200)
        if kind != "unsaid":
            told = len(CONTENT) * (2 if kind == "short" else 1)
            self.send_header("content-length", str(told))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def base():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["plain", "unsaid", "to:/plain"])
def test_a_file_comes_and_goes(base, kind):
    seen = []
    with downloaded(f"{base}/{kind}", 2**30, lambda came, whole: seen.append((came, whole))) as at:
        assert at.read_bytes() == CONTENT
    assert not at.exists()
    assert seen[-1] == (len(CONTENT), None if kind == "unsaid" else len(CONTENT))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "HTTP 404"),
        ("short", "can't get"),
        ("to:http://example.org/x", "not https"),
        ("to:file:///etc/passwd", "not https"),
        ("to:/to:/to:/to:/to:/to:/to:/to:/plain", "more than 5 times"),
    ],
)
def test_what_can_not_be_had(base, kind, said):
    with pytest.raises(DataError, match=said), downloaded(f"{base}/{kind}", 2**30):
        pass


@pytest.mark.parametrize("kind", ["plain", "unsaid"])
def test_no_more_than_it_may_have(base, kind):
    refusal = pytest.raises(DataError, match=r"at most \(--max-gib\)")
    with refusal, downloaded(f"{base}/{kind}", 100_000):
        pass


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_only_tls(url):
    with pytest.raises(UsageError, match="expected https"), downloaded(url, 2**30):
        pass
