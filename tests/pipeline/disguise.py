"""A proxy before the embedded models that gives them one name and, as most servers do, says nothing
of their weights; and a recipe for it.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import ThreadingHTTPServer

import httpx
from json_server import JsonHandler

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

RECIPE = """
name: served
dataset: {type: nano, family: arithmetic, levels: [1], problems: 4}
backend: {type: openai, model: m, base_url: URL, n_per_call: 4}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 32}
policies: [majority]
engine: {max_attempts: 2, max_wait_s: 0.01}
"""
EIGHT = 8  # calls of a fingerprint


class Disguise(ThreadingHTTPServer):
    """Passes requests for `m` on to the model `behind`; counts what it is asked."""

    daemon_threads = True

    def __init__(self, nano: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.nano, self.behind = nano, "nano-solver"
        self.gets, self.samples, self.fingerprints, self.choices = 0, 0, 0, 0
        self.logprobs = "given"
        self.most: int | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(JsonHandler):
    server: Disguise

    def do_GET(self):
        self.server.gets += 1
        self.reply(200, {"data": [{"id": "m"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = body["max_tokens"] == 1
        if wanted:
            self.server.fingerprints += 1
            if self.server.logprobs == "refused":
                return self.reply(400, {"error": {"message": "logprobs are not supported"}})
            if self.server.logprobs == "chat" and "prompt" in body:
                return self.reply(404, {"error": {"message": "no raw prompts"}})
            if self.server.logprobs == "crash":
                return self.reply(500, {"error": {"message": "logprobs break us"}})
            if self.server.logprobs == "late":
                time.sleep(30)
        elif self.server.most is not None and self.server.samples >= self.server.most:
            return self.reply(400, {"error": {"message": "broken on purpose"}})
        self.server.samples += not wanted
        self.server.choices += 0 if wanted else body.get("n") or 1
        body["model"] = self.server.behind
        path = self.path.removeprefix("/v1")
        done = httpx.post(self.server.nano + path, json=body, timeout=60)
        return self.reply(done.status_code, {**done.json(), "system_fingerprint": None})


def recipe_file(folder, *urls: str) -> str:
    """Write the recipe for these servers; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = f"base_url: {urls[0]}" if len(urls) == 1 else f"base_urls: [{', '.join(urls)}]"
    (folder / "served.yaml").write_text(RECIPE.replace("base_url: URL", addresses))
    return str(folder / "served.yaml")


def run(folder, server: Disguise, *overrides: str) -> Outcome:
    """Run it against one server."""
    return run_recipe(
        load_recipe(recipe_file(folder, server.url), [f"results={folder}/r", *overrides])
    )


def solutions(outcome: Outcome) -> list[tuple[str, str]]:
    """All solutions of a run: problem and text."""
    rows = read_frame(outcome.run.solutions, "solutions").to_dict("records")
    return [(row["problem_id"], row["text"]) for row in rows]
