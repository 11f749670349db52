"""What `ttc plan` says a run uses at most, and that it fits, against the ledgers of real runs.

Recipes times servers: the embedded models in this process, a real server process that gives several
samples a request, and one before it that ignores `n`.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pytest
from rich.console import Console

from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.report.plan import print_plan

PROBLEMS, UNITS = 3, ("tokens", "usd", "flops", "calls")
RECIPE = """
name: NAME
dataset: {type: nano, family: arithmetic, levels: [1, 2, 3], problems: 3}
backend: BACKEND
sampler: SAMPLER
verifiers: VERIFIERS
policies: [majority]
cost: {parameters: 1000, prices: {prompt_per_million: 300, completion_per_million: 400}}
"""
FEW_SHOT = """
text: "Problem: 3+4=?\\nSolution:\\n3+4=7\\nThe final answer is 7.\\nProblem: {{ question }}\\n"
stop: ["\\nProblem: "]
"""
CHAT = 'messages: [{role: user, content: "Problem: {{ question }}"}]\n'
JUDGE = "type: genrm, prompt: nano-genrm, temperature: 1.0, score: binary"


class IgnoresN(ThreadingHTTPServer):
    """The real server, asked for one sample a request whatever is wanted of it."""

    daemon_threads = True

    def __init__(self, nano: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.nano, self.prompt_tokens, self.prompts = nano, 0, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: IgnoresN

    def do_GET(self):
        self.reply(httpx.get(self.server.nano + self.path.removeprefix("/v1")))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body.pop("n", None)
        self.reply(httpx.post(self.server.nano + self.path.removeprefix("/v1"), json=body))

    def reply(self, done):
        self.send_response(done.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(done.content)))
        self.end_headers()
        self.wfile.write(done.content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def servers(nano_server):
    ignoring = IgnoresN(nano_server)
    yield {"embedded": None, "served": nano_server, "ignores n": ignoring.url}
    ignoring.shutdown()
    ignoring.server_close()


def backend(url, model):
    if url is None:
        return f"{{type: nano, model: {model}}}"
    return f"{{type: openai, base_url: '{url}', model: {model}}}"


def methods(url, folder, kind):
    """(sampler, verifiers) of a kind of recipe."""
    solve = "type: independent, solutions: 5, temperature: 1.0, max_tokens: 40"
    judge = f"{JUDGE}, backend: {backend(url, 'nano-verifier')}"
    one = f"{{{judge}, verifications: 3, max_tokens: 60}}"
    other = f"{{{judge}, name: other, solutions: 2, verifications: 2, max_tokens: 30}}"
    own = folder / f"{kind}.yaml"
    return {
        "solutions": (f"{{{solve}}}", "[]"),
        "few_shot": (f"{{{solve}, prompt: '{own}'}}", "[]"),
        "chat": (f"{{{solve}, prompt: '{own}'}}", f"[{one}]"),
        "two": (f"{{{solve}}}", f"[{one}, {other}]"),
        "adaptive": (
            "{type: adaptive, rule: esc, most: 8, window: 2, draw: {max_tokens: 30}}",
            f"[{one}]",
        ),
    }[kind]


def recipe(folder, url, kind, *overrides):
    (folder / "few_shot.yaml").write_text(FEW_SHOT)
    (folder / "chat.yaml").write_text(CHAT)
    sampler, verifiers = methods(url, folder, kind)
    text = RECIPE.replace("NAME", kind).replace("BACKEND", backend(url, "nano-solver"))
    text = text.replace("SAMPLER", sampler).replace("VERIFIERS", verifiers)
    (folder / "recipe.yaml").write_text(text)
    return load_recipe(folder / "recipe.yaml", [f"results={folder / 'results'}", *overrides])


def used(manifest):
    """By unit, with fingerprints, and with prompts that were billed for samples that did not come
    with the others, as where `n` is ignored.
    """
    ledger = manifest.ledger
    roles, lost = [*ledger["roles"].values(), ledger["fingerprint"]], ledger["lost"]
    return {
        "tokens": sum(r["prompt_tokens"] + r["completion_tokens"] for r in roles) + lost["tokens"],
        "usd": sum(r["usd"] for r in roles) + lost["usd"],
        "flops": sum(r["flops"] for r in roles) + lost["flops"],
        "calls": sum(r["samples"] for r in roles) + lost["calls"],
    }


def bounds(plan):
    total = plan.forecast.total
    found = {unit: getattr(total, unit).most for unit in ("tokens", "usd", "flops")}
    return found | {"calls": total.most_samples}


def shown(plan):
    console = Console(width=300, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_plan(console, plan)
    return console.export_text()


PLACES = ("embedded", pytest.param("served", marks=pytest.mark.slow), "ignores n")
KINDS = ("solutions", "few_shot", "chat", "two", "adaptive")
WAYS = ((1, "once"), (256, "once"), (2, "per_sample"))
LIMITS = (("per_run", "tokens"), ("per_problem", "usd"), ("per_run", "calls"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", PLACES)
def test_no_ledger_exceeds_what_is_planned_at_most(tmp_path, servers, where, kind):
    url = servers[where]
    for group, shared in WAYS:
        folder = tmp_path / f"{group}-{shared}"
        folder.mkdir()
        more = (f"engine.n_per_call={group}", f"cost.shared_prompt={shared}")
        one = recipe(folder, url, kind, *more)
        plan = make_plan(one, PlanRequest())
        spent, most = used(run_recipe(one).manifest), bounds(plan)
        for unit in UNITS:
            assert spent[unit] <= most[unit] * (1 + 1e-9), (unit, group, shared)
            assert most[unit] < 12 * spent[unit], "no bound that says nothing"
        text = shown(plan)
        if where == "embedded":
            assert "at most, if every completion had max_tokens" in text
            assert "about" not in text
        else:
            assert "about, if every completion had max_tokens" in text
            assert "the tokenizer of nano-solver is not here" in text
            assert "\nat most" not in text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["few_shot", "two"])
@pytest.mark.parametrize("where", PLACES)
def test_a_budget_that_is_said_to_fit_ends_no_run(tmp_path, servers, where, kind):
    """The limit is the least that is said to fit without any lengths known, to the last token."""
    url = servers[where]
    for scope, unit in LIMITS:
        free = make_plan(recipe(tmp_path, url, kind, "engine.n_per_call=1"), PlanRequest())
        loads = [load.most(unit) for load in free.forecast.loads]
        each = max(sum(load[i if len(load) > 1 else 0] for load in loads) for i in range(PROBLEMS))
        limit = each * (PROBLEMS if scope == "per_run" else 1)
        more = (f"budget.{scope}.{unit}={limit}", f"results={tmp_path}/{scope}-{unit}")
        one = recipe(tmp_path, url, kind, "engine.n_per_call=1", *more)
        (said,) = make_plan(one, PlanRequest()).limits
        assert said.fits
        assert said.sure == (where == "embedded" or unit == "calls")
        manifest = run_recipe(one).manifest
        assert manifest.status == "complete"


@pytest.mark.slow
def test_prompts_that_are_paid_with_every_request_are_forecast(tmp_path, servers):
    """Measured on main: planned at most 13.4k tokens and 0.013 dollars; the run was ended by its
    budget of 0.014 dollars at 235 of 320 samples.
    """
    for where in ("served", "ignores n"):
        folder = tmp_path / where
        folder.mkdir()
        one = recipe(folder, servers[where], "few_shot", "sampler.solutions=16")
        pilot = make_plan(one, PlanRequest(pilot=3)).forecast
        spent = used(run_recipe(one).manifest)
        assert pilot.total.tokens.expected == pytest.approx(spent["tokens"], rel=0.2)
        assert pilot.total.usd.expected == pytest.approx(spent["usd"], rel=0.2)
        whole = run_recipe(one).manifest.ledger["roles"]["solver"]
        assert pilot.roles[0].prompt_tokens == pytest.approx(whole["prompt_tokens"])


@pytest.mark.parametrize("scope", ["per_run", "per_problem"])
def test_what_fits_fits_where_every_sample_is_as_long_as_it_may_be(tmp_path, scope):
    """Three tokens are never enough: all that is reserved is used, prompts of judges apart."""
    short = ("sampler.max_tokens=3", "verifiers.0.max_tokens=3", "verifiers.1.max_tokens=3")
    free = make_plan(recipe(tmp_path, None, "two", *short), PlanRequest())
    each = max(sum(np.broadcast_arrays(*(load.most("tokens") for load in free.forecast.loads))))
    limit = each * (PROBLEMS if scope == "per_run" else 1)
    one = recipe(tmp_path, None, "two", *short, f"budget.{scope}.tokens={limit}")
    assert make_plan(one, PlanRequest()).limits[0].sure
    manifest = run_recipe(one).manifest
    assert manifest.status == "complete"
    assert used(manifest)["tokens"] <= bounds(free)["tokens"]
