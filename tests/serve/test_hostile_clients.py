"""Clients that are slow, idle, too big, too deep, or sent by a page from elsewhere."""

import json
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from server_process import STUB, running

from ttc.serve.hosts import allowed, plain

SHORT = """
import runpy, sys
import ttc.serve.common as common
import ttc.serve.protocol as protocol
common.BODY_S = protocol.HEAD_S = protocol.SEND_S = 1.0
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def hasty():
    with running("-c", SHORT, STUB) as said:
        yield urlsplit(said["url"])


def connected(url):
    made = socket.create_connection((url.hostname, url.port), timeout=20)
    made.settimeout(20)
    return made


def reply(made):
    got = b""
    while block := made.recv(65536):
        got += block
    return got


def posted(url, body, *headers, path="/v1/completions", host=None):
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host or url.netloc}",
        "Content-Type: application/json",
        "Connection: close",
        *headers,
    ]
    with connected(url) as made:
        made.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        got = reply(made)
    head, _, content = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def sized(body):
    return f"Content-Length: {len(body)}"


@pytest.mark.parametrize("depth", [1_500, 100_000])
def test_deep_json_is_a_400(hasty, depth):
    body = b'{"prompt":' + b"[" * depth + b"]" * depth + b"}"
    status, said = posted(hasty, body, sized(body))
    assert (status, said["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("length", ["8000001", "9" * 17])
@pytest.mark.parametrize("asks", [(), ("Expect: 100-continue",)])
def test_what_is_too_long_is_refused_though_it_never_comes(hasty, length, asks):
    status, said = posted(hasty, b"", f"Content-Length: {length}", *asks)
    assert status == 413
    assert "8000000 bytes" in said["error"]["message"]


def test_who_sends_too_much_hears_why(hasty):
    """A connection that is closed while its client still sends takes the answer with it."""
    for _ in range(20):
        body = b" " * 12_000_000
        status, said = posted(hasty, body, sized(body))
        assert status == 413
        assert "8000000 bytes" in said["error"]["message"]


def test_chunks_without_end_are_refused_at_the_limit(hasty):
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with connected(hasty) as made:
        made.sendall(
            f"POST /v1/completions HTTP/1.1\r\nHost: {hasty.netloc}\r\n".encode()
            + b"Transfer-Encoding: chunked\r\n\r\n"
        )
        sent = 0
        try:
            while sent < 50_000_000:
                made.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # closed on us, as it should be
        assert sent < 50_000_000


@pytest.mark.parametrize("start", [b"", b"POST /v1/completions HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_never_ends_is_cut_off_however_it_drips(hasty, start):
    with connected(hasty) as made:
        made.sendall(start)
        over = threading.Event()

        def drip():
            while start and not over.is_set():
                try:
                    made.sendall(b"a")
                except OSError:
                    return
                time.sleep(0.1)

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert made.recv(100) == b""
        except ConnectionResetError:
            pass
        finally:
            over.set()
            thread.join()


def test_a_body_that_never_ends_is_a_408(hasty):
    status, said = posted(hasty, b'{"prompt"', "Content-Length: 1000")
    assert status == 408
    assert "seconds" in said["error"]["message"]


def test_an_idle_connection_after_a_reply_is_closed(hasty):
    with connected(hasty) as made:
        made.sendall(f"GET /health HTTP/1.1\r\nHost: {hasty.netloc}\r\n\r\n".encode())
        with suppress(ConnectionResetError):
            assert reply(made).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST.:80", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.1.2.3", 421),
        ("evil.example:8000", 421),
        ("", 421),
    ],
)
def test_a_page_that_points_its_name_here_is_refused(hasty, host, status):
    with connected(hasty) as made:
        head = f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        made.sendall(head.encode())
        assert int(reply(made).split()[1]) == status


def test_names_that_are_allowed():
    assert allowed("127.0.0.1", ["box"]) == ({"127.0.0.1", "::1", "localhost", "box"}, False)
    names, any_address = allowed("0.0.0.0", [])
    assert any_address
    assert socket.gethostname() in names
    assert [plain(h) for h in ("[::1]:80", "A.b:1", "::1", "x.")] == ["::1", "a.b", "::1", "x"]
