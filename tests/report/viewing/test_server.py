"""Who may read a watched run, and how."""

import http.client
import json
import threading

import pytest
from run_by_hand import write_run

from ttc.errors import BackendError
from ttc.report.viewing.server import ViewServer
from ttc.report.viewing.watching import Watcher


@pytest.fixture
def server(tmp_path):
    watcher = Watcher(write_run(tmp_path, [(0, 1, 0), (1, 0)]))
    watcher.start()
    made = ViewServer(watcher, "a run")
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    watcher.stop()
    made.shutdown()
    made.server_close()


def asked(server, path, method="GET", host=None, more=()):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    for name in [f"127.0.0.1:{server.server_port}"] if host is None else host:
        connection.putheader("Host", name)
    for name, value in more:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_the_page_its_data_and_each_problem(server):
    base = f"/{server.token}/"
    status, headers, body = asked(server, base)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<!doctype html>" in body
    assert "connect-src 'self'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    head = json.loads(asked(server, base + "head")[2])
    assert head["revision"] >= 1
    assert head["runs"][0]["index"]["id"] == ["p0", "p1"]
    said = json.loads(asked(server, base + "revision")[2])
    assert said["revision"] >= head["revision"]
    assert said["said"] == "complete"
    facts, texts = json.loads(asked(server, base + "problem/0/1")[2])
    assert facts["id"] == "p1"
    assert texts["0"] == "It is 1."


@pytest.mark.parametrize(
    "what", ["problem/0/2", "problem/1/0", "problem/0/-1", "x", "../", "head/"]
)
def test_there_is_nothing_else(server, what):
    assert asked(server, f"/{server.token}/{what}")[0] == 404


@pytest.mark.parametrize("path", ["/", "/head", "/wrong/", "/wrong/head", "//"])
def test_without_the_token_there_is_nothing(server, path):
    status, _, body = asked(server, path)
    assert status == 404
    assert server.token.encode() not in body


@pytest.mark.parametrize(
    "host",
    [
        [],
        ["evil.example"],
        ["evil.example:80"],
        ["127.0.0.1"],
        ["127.0.0.1:{port}", "evil.example"],
    ],
)
def test_a_request_that_names_another_host_is_refused(server, host):
    named = [one.format(port=server.server_port) for one in host]
    assert asked(server, f"/{server.token}/head", host=named)[0] == 421


@pytest.mark.parametrize("name", ["localhost:{port}", "LOCALHOST:{port}", "127.0.0.1:{port}"])
def test_its_own_names(server, name):
    named = [name.format(port=server.server_port)]
    assert asked(server, f"/{server.token}/revision", host=named)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(server, method):
    length = [("Content-Length", "0")]
    assert asked(server, f"/{server.token}/head", method, more=length)[0] == 501


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_tokens_are_long_and_never_the_same(server, tmp_path):
    other = ViewServer(server.watcher, "another")
    other.server_close()
    assert len(server.token) >= 32
    assert other.token != server.token


def test_a_port_that_is_taken(server):
    with pytest.raises(BackendError, match="another port may be free"):
        ViewServer(server.watcher, "another", server.server_port)
