"""Another model under the same name and address is noticed, wherever earlier samples are used.

The models are real ones, of a real server process; a proxy before it gives them one name and, as
most servers do, says nothing of their weights.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from ttc.errors import TtcError
from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import load_recipe
from ttc.store.run_log import read_log
from ttc.store.status import STATUS_NAME, read_status

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
        self.gets, self.samples, self.fingerprints = 0, 0, 0
        self.logprobs = "given"
        self.most: int | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
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
            if self.server.logprobs == "crash":
                return self.reply(500, {"error": {"message": "logprobs break us"}})
            if self.server.logprobs == "late":
                time.sleep(30)
        elif self.server.most is not None and self.server.samples >= self.server.most:
            return self.reply(400, {"error": {"message": "broken on purpose"}})
        self.server.samples += not wanted
        body["model"] = self.server.behind
        path = self.path.removeprefix("/v1")
        done = httpx.post(self.server.nano + path, json=body, timeout=60)
        return self.reply(done.status_code, {**done.json(), "system_fingerprint": None})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(nano_server):
    disguise = Disguise(nano_server)
    yield disguise
    disguise.shutdown()
    disguise.server_close()


def write(folder, *urls: str) -> str:
    addresses = f"base_url: {urls[0]}" if len(urls) == 1 else f"base_urls: [{', '.join(urls)}]"
    (folder / "served.yaml").write_text(RECIPE.replace("base_url: URL", addresses))
    return str(folder / "served.yaml")


def run(folder, server: Disguise, *overrides: str) -> Outcome:
    return run_recipe(load_recipe(write(folder, server.url), [f"results={folder}/r", *overrides]))


def cli(folder, *overrides: str) -> tuple[str, str]:
    command = [sys.executable, "-m", "ttc", "run", "served.yaml", "--results", "r"]
    words = [word for override in overrides for word in ("--set", override)]
    done = subprocess.run(
        [*command, *words], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split()), " ".join(done.stderr.split())


def test_another_model_under_the_same_name_is_told_everywhere(tmp_path, server):
    write(tmp_path, server.url)
    shown, said = cli(tmp_path)
    assert "arning" not in shown + said
    assert server.fingerprints == EIGHT

    server.behind = "nano-draft"
    shown, said = cli(tmp_path, "sampler.solutions=16")
    for text in (shown, said):
        assert f"Warning: m at {server.url} is not what it was: its first tokens" in text
        assert "as another model's do" in text
        assert "r/journal.sqlite has samples of both" in text
    assert said.count("Warning") == 1

    outcome = run(tmp_path, server, "sampler.solutions=16")
    assert not outcome.fresh
    solver = outcome.manifest.models["solver"]
    assert len(solver.fingerprints) == 2
    assert "another model" in solver.warning
    assert read_status(outcome.run.path / STATUS_NAME).warnings == [solver.warning]
    (entry,) = [e for e in read_log(outcome.run) if e["level"] == "warning"]
    assert entry["message"] == solver.warning

    asked = (server.gets, server.samples, server.fingerprints)
    shown, _ = cli(tmp_path, "sampler.solutions=16")
    assert "Nothing to do" in shown
    assert "another model" in shown
    assert asked == (server.gets, server.samples, server.fingerprints), "no call at all"


def test_the_same_model_is_no_news_and_costs_nothing_of_the_budget(tmp_path, server):
    first = run(tmp_path, server, "budget.per_run.calls=32").manifest
    assert first.status == "complete"
    assert first.ledger["solution"]["samples"] == 32
    second = run(tmp_path, server, "sampler.solutions=16").manifest
    assert server.fingerprints == 2 * EIGHT
    for manifest in (first, second):
        solver = manifest.models["solver"]
        assert solver.warning == ""
        (taken,) = solver.fingerprints
        assert len(taken["tops"]) == EIGHT
    assert first.models["solver"].fingerprints == second.models["solver"].fingerprints


def test_a_run_whose_samples_are_all_in_the_journal_asks_nothing(tmp_path, server):
    before = run(tmp_path, server).manifest
    asked = (server.samples, server.fingerprints)
    server.behind = "nano-draft"
    outcome = run(tmp_path, server, "sampler.solutions=4")
    assert outcome.fresh
    assert asked == (server.samples, server.fingerprints)
    solver = outcome.manifest.models["solver"]
    assert solver.fingerprints == before.models["solver"].fingerprints
    assert solver.warning == ""


def test_a_run_that_goes_on_with_another_model_warns(tmp_path, server):
    server.most = 3
    with pytest.raises(TtcError, match="broken on purpose"):
        run(tmp_path, server)
    server.most, server.behind = None, "nano-verifier"
    outcome = run(tmp_path, server)
    assert len(outcome.manifest.tries) == 2
    assert "another model" in outcome.manifest.models["solver"].warning


def test_it_can_be_turned_off(tmp_path, server):
    outcome = run(tmp_path, server, "engine.fingerprint=false")
    assert server.fingerprints == 0
    assert outcome.manifest.models["solver"].fingerprints == []
    again = run(tmp_path, server, "engine.fingerprint=true")
    assert not again.fresh, "it is the same run"


def test_nor_is_it_asked_where_the_recipe_says_there_are_no_logprobs(tmp_path, server):
    run(tmp_path, server, "backend.max_logprobs=0")
    assert server.fingerprints == 0


@pytest.mark.parametrize("trouble", ["refused", "crash", "late"])
def test_a_server_that_gives_none_loses_nothing(tmp_path, server, trouble, monkeypatch):
    monkeypatch.setattr("ttc.engine.engine.GRACE_S", 0.2)
    server.logprobs = trouble
    outcome = run(tmp_path, server)
    assert outcome.manifest.status == "complete"
    assert outcome.manifest.models["solver"].fingerprints == []
    told = [e["message"] for e in read_log(outcome.run) if e["event"] == "fingerprints"]
    assert len(told) == 1
    assert "no fingerprint" in told[0]
    assert not [e for e in read_log(outcome.run) if e["level"] == "warning"]


def test_fingerprints_change_no_sample(tmp_path, server):
    with_one = run(tmp_path, server)
    (tmp_path / "without").mkdir()
    without = run(tmp_path / "without", server, "engine.fingerprint=false")
    texts = [
        [(s["problem_id"], s["text"]) for s in _rows(outcome)] for outcome in (with_one, without)
    ]
    assert texts[0] == texts[1]


def _rows(outcome: Outcome) -> list[dict]:
    from ttc.store.tables import read_frame

    return read_frame(outcome.run.solutions, "solutions").to_dict("records")


def test_litellm_too(tmp_path, server, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    backend = f"backend={{type: litellm, model: openai/m, api_base: '{server.url}'}}"
    assert run(tmp_path, server, backend).manifest.models["solver"].warning == ""
    assert server.fingerprints == EIGHT
    server.behind = "nano-draft"
    outcome = run(tmp_path, server, backend, "sampler.solutions=16")
    assert "another model" in outcome.manifest.models["solver"].warning


def test_servers_of_a_pool_that_serve_different_models(tmp_path, server, nano_server):
    other = Disguise(nano_server)
    try:
        recipe = write(tmp_path, server.url, other.url)
        outcome = run_recipe(load_recipe(recipe, [f"results={tmp_path}/r"]))
        assert outcome.manifest.models["solver"].warning == ""
        assert server.fingerprints == other.fingerprints == EIGHT
        other.behind = "nano-draft"
        outcome = run_recipe(load_recipe(recipe, [f"results={tmp_path}/other"]))
        assert "another model" in outcome.manifest.models["solver"].warning
    finally:
        other.shutdown()
        other.server_close()
