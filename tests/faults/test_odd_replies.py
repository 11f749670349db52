"""`ttc run` against a server some of whose replies are odd: those calls fail, the run does not."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ttc.errors import TtcError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe

RECIPE = """
name: odd
dataset: {type: file, path: FILE, columns: {id: id}}
backend: {type: openai, model: m, base_url: "URL", n_per_call: 1, timeout: 10}
sampler: {type: independent, solutions: 6, max_tokens: 32, prompt: cot}
policies: [first, majority]
results: RESULTS
engine:
  {max_attempts: 8, max_wait_s: 0.02, breaker_failures: 500, concurrency: 4, fingerprint: false}
"""
QUESTIONS = tuple(f"What is {i}?" for i in range(12))


def http(body: bytes | str, status: str = "200 OK", *more: str) -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *more]
    head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "Connection: close", "", ""])
    return head.encode("latin-1") + data


def said(text: Any, **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}} | more
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    return http(json.dumps({"choices": [{"finish_reason": "stop", **choice}], "usage": usage}))


def error(text: str, status: str, *more: str, **fields: Any) -> bytes:
    return http(json.dumps({"error": {"message": text, **fields}}), status, *more)


WELL = said("The answer is 1.")
ODD = {
    "surrogate": said("The answer is 1. \ud800"),
    "surrogate in finish_reason": said("a", finish_reason="\udfff"),
    "null byte": said("a\0b"),
    "markup": said("a", finish_reason="[/red]"),
    "parts": said([{"type": "text", "text": "The answer is 1."}]),
    "object": said({"a": 1}),
    "no parts of text": said([{"type": "image_url", "image_url": {}}]),
    "index": said("a", index="x"),
    "code": error("no", "200 OK", code="²"),
    "long code": error("no", "200 OK", code="5" * 5000),
    "surrogate in an error": error("no \ud800", "500 Internal Server Error"),
    "deep": http("[" * 50_000),
    "deep error": http("[" * 50_000, "500 Internal Server Error"),
    "digits": http('{"choices": [], "x": ' + "5" * 5000 + "}"),
    "tags": http("<" * 160_000, "502 Bad Gateway"),
    "date": error("slow", "429 Too Many Requests", "Retry-After: Wed, 21 Oct 99999 07:28:00 GMT"),
    "zone": error("slow", "429 Too Many Requests",
                  "Retry-After: Wed, 21 Oct 2025 07:28:00 +9999"),
    "forever": error("slow", "429 Too Many Requests", "Retry-After: 1e999"),
    "too long to be meant": error("slow", "503 Service Unavailable", "Retry-After: 99999999999"),
    "204": http("", "204 No Content"),
    "304": http("", "304 Not Modified"),
    "elsewhere": http("", "302 Found", "Location: file:///etc/passwd"),
    "bomb": http(gzip.compress(b"\0" * 20_000_000), "200 OK", "Content-Encoding: gzip"),
    "packed": http("{}", "200 OK", "Content-Encoding: br"),
    "no http": b"hello\r\n\r\n",
    "header": http("{}", "200 OK", "X-\xff: \xff"),
    "teapot": error("I am a teapot", "418 I'm a teapot"),
    "usage": http('{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": -1, '
                  '"completion_tokens": "x"}}'),
}  # fmt: skip


@contextlib.contextmanager
def serving(reply: Callable[[int, str], bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server and the prompts it was sent. reply: of a request's number and prompt."""
    prompts: list[str] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(http(json.dumps({"data": [{"id": "m"}]})))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                prompts.append(body["messages"][-1]["content"])
                number = len(prompts)
            self.wfile.write(reply(number, prompts[number - 1]))

        def log_message(self, *words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", prompts
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Done:
    error: str
    folder: Path

    @property
    def solutions(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "solutions.parquet")

    @property
    def failures(self) -> dict[str, Any]:
        return json.loads((self.folder / "manifest.json").read_text())["failures"]


def run(folder: Path, url: str) -> Done:
    """In this process: an error that is none of ttc's own fails the test."""
    lines = [{"id": f"q{i}", "question": q, "answer": "1"} for i, q in enumerate(QUESTIONS)]
    (folder / "problems.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "odd.yaml").write_text(
        RECIPE.replace("URL", url)
        .replace("FILE", str(folder / "problems.jsonl"))
        .replace("RESULTS", str(folder / "results"))
    )
    said = ""
    try:
        run_recipe(load_recipe(folder / "odd.yaml"))
    except TtcError as error:
        said = str(error)
    (found,) = folder.glob("results/odd/*/")
    return Done(said, found)


def test_a_run_with_some_replies_that_are_odd_in_every_way(tmp_path):
    odd = iter(ODD.values())

    def reply(number: int, prompt: str) -> bytes:
        return next(odd, WELL) if number > 3 and number % 3 == 0 else WELL

    with serving(reply) as (url, _):
        done = run(tmp_path, url)
    assert next(odd, None) is None, "all have been sent"
    assert not done.error
    assert len(done.solutions) == 6 * len(QUESTIONS)
    texts = "".join(done.solutions["text"])
    assert "\ufffd" in texts
    assert "{" not in texts
    assert set(done.failures) <= {"refused"}
    assert (done.solutions["finish_reason"] == "refused").sum() == 1  # the teapot's


OF_ONE = [
    (error("I would rather not", "400 Bad Request"), "refused"),
    (error("not this one", "403 Forbidden"), "refused"),
    (error("no route for this", "404 Not Found"), "refused"),
    (error("I am a teapot", "418 I'm a teapot"), "refused"),
    (
        error("The input token count (12) exceeds the maximum number of tokens allowed (9).",
              "400 Bad Request"),
        "context_length",
    ),
    (error("Content Exists Risk", "400 Bad Request"), "content_filter"),
    (said({"a": 1}), "gave_up"),
    (http("[" * 50_000), "gave_up"),
    (http(b"\0" * 8_000_000), "gave_up"),
]  # fmt: skip


@pytest.mark.slow
def test_what_happens_to_one_prompt_only_is_that_prompts_failure(tmp_path):
    def reply(_: int, prompt: str) -> bytes:
        return next((k for i, (k, _) in enumerate(OF_ONE) if f"What is {i}?" in prompt), WELL)

    with serving(reply) as (url, prompts):
        done = run(tmp_path, url)
        assert not done.error
        sent = len(prompts)
        again = run(tmp_path, url)
        assert not again.error
        assert len(prompts) == sent
    assert "omit" not in json.dumps(done.failures)
    by_problem = done.solutions.groupby("problem_id", observed=True)["finish_reason"].agg(set)
    for i in range(len(QUESTIONS)):
        assert by_problem[f"q{i}"] == {OF_ONE[i][1] if i < len(OF_ONE) else "stop"}, i


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (error("I would rather not", "400 Bad Request"), "I would rather not"),
        (error("no route", "404 Not Found"), "check the model name"),
        (error("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
               "'max_completion_tokens' instead.", "400 Bad Request"),
         "max_tokens_key: max_completion_tokens"),
        (said({"a": 1}), "not in OpenAI's form"),
    ],
    ids=["400", "404", "max_tokens", "object"],
)  # fmt: skip
def test_what_happens_to_every_prompt_ends_the_run_with_the_servers_words(tmp_path, kind, words):
    with serving(lambda _, prompt: kind) as (url, prompts):
        done = run(tmp_path, url)
        assert words in done.error
        assert len(prompts) < 100
    with sqlite3.connect(next(tmp_path.rglob("journal.sqlite"))) as journal:
        (kept,) = journal.execute("SELECT count(*) FROM completions").fetchone()
    assert kept == 0, "nothing of that is kept"
