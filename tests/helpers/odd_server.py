"""An OpenAI-compatible server that cuts texts into tokens of its own, and treats stops as it likes.

Behind it is the embedded solver: what it says follows from prompt and seed, as it does in process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from ttc.backends.nano import Nano
from ttc.backends.openai import OpenAI
from ttc.core import Call, Completion, ModelIdentity, Passage, Prompt, SamplingParams

Manner = Literal["tells", "silent", "returns", "overshoots"]
"""Of a stop text: it says which one it was; it says nothing; it returns it with the text and says
nothing; it returns all of the token in which it was found."""
ROOM = 96


def whole(prompt: str, seed: int, temperature: float) -> str:
    """What the solver says to its end."""

    async def run() -> str:
        backend = Nano(model="nano-solver").open()
        params = SamplingParams(temperature=temperature, max_tokens=ROOM)
        (done,) = await backend.complete(Call(Prompt(text=prompt), params, (seed,)))
        await backend.close()
        return done.text

    return asyncio.run(run())


def choice(text: str, stops: list[str], manner: Manner, size: int) -> dict[str, Any]:
    """As much of a text as is sent. size: characters of a token."""
    for end in range(size, len(text) + size, size):
        seen = text[:end]
        found = min((s for s in stops if s in seen), key=seen.index, default=None)
        if found is not None:
            at = seen.index(found)
            sent = {"returns": seen[: at + len(found)], "overshoots": seen}.get(manner, seen[:at])
            return _choice(sent, manner, found)
    return _choice(text, manner, None)


def _choice(text: str, manner: Manner, stop: str | None) -> dict[str, Any]:
    said = {"stop_reason": stop} if manner == "tells" else {}
    return {"text": text, "finish_reason": "stop", "logprobs": None, **said}


@contextlib.contextmanager
def odd_server(manner: Manner, size: int = 3) -> Iterator[str]:
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            stops = body.get("stop") or []
            choices = [
                choice(
                    whole(body["prompt"], body["seed"] + i, body["temperature"]),
                    [stops] if isinstance(stops, str) else stops,
                    manner,
                    size,
                )
                | {"index": i}
                for i in range(body.get("n") or 1)
            ]
            usage = {"prompt_tokens": 9, "completion_tokens": 9 * len(choices), "total_tokens": 18}
            reply = json.dumps({"object": "text_completion", "choices": choices, "usage": usage})
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(reply.encode())))
            self.end_headers()
            self.wfile.write(reply.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Asked:
    """A backend as a model without an engine: a sample's number is its seed. url: of a server; None
    for the network in this process.
    """

    def __init__(self, model: str, url: str | None = None) -> None:
        self._near = Nano(model=model)
        self._part = self._near if url is None else OpenAI(model=model, base_url=url)
        self.capabilities = self._near.offers
        self.identity = ModelIdentity("test", model)

    async def sample(
        self, prompt: Prompt, params: SamplingParams, n: int, *, start: int = 0, **_: Any
    ) -> list[Completion]:
        backend, start = self._part.open(), start % 999_983  # no client sends all of a large one
        try:
            if isinstance(prompt, Passage):
                return await backend.read(Call(prompt, params, (0,)))
            found = []
            for first in range(start, start + n, backend.capabilities.max_n):
                more = min(backend.capabilities.max_n, start + n - first)
                seeds = tuple(range(first, first + more))
                found += await backend.complete(Call(prompt, params, seeds))
            return found
        finally:
            await backend.close()
