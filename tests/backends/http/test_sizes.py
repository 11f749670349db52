"""Replies of any size: what is read of them is bounded, in bytes after decompression."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from itertools import repeat

import pytest
from raw_server import Reply, complete, head, serving
from scripted import call, raw_reply

from ttc.backends.http.sizes import MEGABYTE, reply_bytes
from ttc.errors import BackendError, RetryableError

JSON = "Content-Type: application/json"


def failure(reply: Reply) -> BackendError:
    with pytest.raises(BackendError) as caught:
        complete(reply)
    return caught.value


@cache
def packed() -> bytes:
    """gzip of 200 MB, made without holding them."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = b"\0" * MEGABYTE
    parts = [packer.compress(block) for _ in range(200)]
    return b"".join([*parts, packer.flush()])


def endless() -> Iterator[bytes]:
    yield head("200 OK", JSON)
    yield b'{"choices": [{"text": "'
    yield from repeat(b"x" * 65536)


def bomb() -> Iterator[bytes]:
    yield head("200 OK", JSON, "Content-Encoding: gzip")
    yield packed()


def endless_error() -> Iterator[bytes]:
    yield head("500 Internal Server Error", JSON)
    yield from repeat(b"<" * 65536)


def error_bomb() -> Iterator[bytes]:
    yield head("400 Bad Request", JSON, "Content-Encoding: gzip")
    yield packed()


def endless_chunks() -> Iterator[bytes]:
    yield head("200 OK", JSON, "Transfer-Encoding: chunked")
    yield from repeat((b"40\r\n" + b"x" * 64 + b"\r\n") * 1000)


def endless_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from (b"X-%d: %s\r\n" % (i, b"y" * 4000) for i in range(1_000_000))


def endless_empty_members() -> Iterator[bytes]:
    yield head("200 OK", JSON, "Content-Encoding: gzip")
    yield from repeat(gzip.compress(b"") * 1000)


@pytest.mark.parametrize("reply", [endless, bomb, endless_chunks])
def test_a_reply_that_is_too_large_fails_its_call(reply):
    found = failure(reply)
    assert isinstance(found, RetryableError)
    assert found.billed
    assert "larger than 4 MB" in str(found)


@pytest.mark.parametrize("reply", [endless_headers, endless_empty_members])
def test_what_never_becomes_a_body_ends_too(reply):
    assert isinstance(failure(reply), RetryableError)


def test_an_error_counts_by_its_status_however_long_it_is():
    found = failure(endless_error)
    assert isinstance(found, RetryableError)
    assert "HTTP 500" in str(found)
    assert "HTTP 400" in str(failure(error_bomb))


_CLIENT = """
import asyncio, resource, sys
from ttc.backends.openai import OpenAI
from ttc.core import Call, Prompt, SamplingParams
from ttc.errors import BackendError

async def main(urls):
    wanted = Call(Prompt(text="1"), SamplingParams(max_tokens=16), (1,))
    for url in urls:
        backend = OpenAI(model="m", base_url=url, timeout=30).open()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            await backend.complete(wanted)
        except BackendError as error:
            print(error, file=sys.stderr)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        await backend.close()

asyncio.run(main(sys.argv[1:]))
"""
HOSTILE = (
    endless, bomb, endless_error, error_bomb, endless_chunks, endless_headers,
    endless_empty_members,
)  # fmt: skip


def test_memory_is_bounded_whatever_is_sent():
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(reply)) for reply in HOSTILE]
        done = subprocess.run(
            [sys.executable, "-c", _CLIENT, *urls], capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stderr
    grown = [int(line) for line in done.stdout.split()]  # KB
    assert len(grown) == len(HOSTILE)
    assert max(grown) < 80_000, grown


def test_the_limit_follows_from_what_a_call_asks_for():
    small = reply_bytes(call(max_tokens=16))
    assert small < 5 * MEGABYTE
    assert reply_bytes(call(n=8, max_tokens=1024)) > small
    assert reply_bytes(call(max_tokens=1024, logprobs=5)) > reply_bytes(call(max_tokens=1024))


def test_the_longest_honest_reply_is_read():
    """Every token an emoji in JSON's escapes, with all that servers say of its alternatives."""
    n, tokens, top = 2, 400, 20
    word = "\U0001f600" * 2
    other = {"token": word, "logprob": -12.345678901234567, "bytes": list(word.encode())}
    content = [{**other, "top_logprobs": [other] * top}] * tokens
    reply = raw_reply(*[word * tokens] * n)
    for choice in reply["choices"]:
        choice["logprobs"] = {"content": content}
    wanted = call(n=n, max_tokens=tokens, logprobs=top)
    body = json.dumps(reply).encode()
    assert len(body) < reply_bytes(wanted) - 3 * MEGABYTE

    found = complete(lambda: [head("200 OK", JSON), body], wanted)
    assert [c.text for c in found] == [word * tokens] * n


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "bare", "identity", "members"])
def test_packed_replies_are_unpacked(encoding):
    body = json.dumps(raw_reply("one" * 50_000)).encode()
    bare = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    half = len(body) // 2
    data = {
        "gzip": gzip.compress(body),
        "x-gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "bare": bare.compress(body) + bare.flush(),
        "identity": body,
        "members": gzip.compress(body[:half]) + gzip.compress(body[half:]),
    }[encoding]
    name = {"bare": "deflate", "members": "gzip"}.get(encoding, encoding)
    header = head("200 OK", JSON, f"Content-Encoding: {name}")
    for size in (len(data), 100):
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        (found,) = complete(lambda pieces=pieces: [header, *pieces])
        assert found.text == "one" * 50_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense", "gzip"])
def test_what_can_not_be_unpacked_fails_its_call(encoding):
    body = json.dumps(raw_reply("one")).encode()
    found = failure(lambda: [head("200 OK", JSON, f"Content-Encoding: {encoding}"), body])
    assert isinstance(found, RetryableError)
    assert "pack" in str(found)
