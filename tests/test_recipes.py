"""Every shipped recipe at a tiny size: those for servers on the embedded models behind HTTP."""

import json

import pytest

from ttc.errors import DataError
from ttc.installing import with_extra
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe, shipped_recipes
from ttc.store.tables import read_frame

NANO = ["dataset={type: nano, levels: [1, 2], problems: 3}", "sampler.prompt=nano-solver"]
FEW = ["sampler.solutions=4", "sampler.max_tokens=64"]
JUDGED = ["verifiers.0.solutions=2", "verifiers.0.verifications=2", "verifiers.0.max_tokens=96"]
SERVED = [
    *NANO,
    *FEW,
    *JUDGED,
    "verifiers.0.prompt=nano-genrm",
    "backend.api_key_env=null",
    "backend.extra_body={}",
]


@pytest.fixture
def run(tmp_path):
    def tiny(name, *overrides):
        chosen = [*overrides, f"results={tmp_path / 'results'}"]
        return run_recipe(load_recipe(name, chosen))

    return tiny


def sizes(outcome):
    """Rows of the tables that a run has, and the policies of its curves."""
    tables = [read_frame(outcome.run.solutions, "solutions")]
    if outcome.run.verifications.is_file():
        tables.append(read_frame(outcome.run.verifications, "verifications"))
    policies = set(read_frame(outcome.run.curves, "curves")["policy"])
    return [len(table) for table in tables], policies


ALL = {"first", "majority", "weighted_majority", "best_of_n", "oracle"}


@pytest.mark.parametrize("name", ["quickstart", "sc_vs_genrm"])
def test_the_experiments(run, name):
    outcome = run(name, "dataset.problems=3", *FEW, *JUDGED)
    assert sizes(outcome) == ([12, 12], ALL)


def test_rules_that_stop(run):
    outcome = run("adaptive", "dataset.problems=3", *FEW, "grid.solutions=[4]")
    policies = {"first", "majority", "oracle", "esc", "adaptive_consistency"}
    assert sizes(outcome) == ([12], policies | {"adaptive_consistency(sure=0.8)"})


def test_problems_from_a_file(run):
    outcome = run("own_problems", "sampler.solutions=8")
    solutions = read_frame(outcome.run.solutions, "solutions")
    problems = read_frame(outcome.run.problems, "problems")
    assert list(problems["problem_id"]) == ["shelf", "garden", "harbour", "market"]
    assert json.loads(problems["metadata"][0])["topic"] == "subtraction"
    assert solutions.groupby("problem_id", observed=True)["correct"].any().all()


@pytest.mark.slow
def test_budgets_hold(run):
    outcome = run(
        "budgeted", "dataset.problems=3", "sampler.solutions=12", "budget.per_run.tokens=3000"
    )
    ledger = outcome.manifest.ledger
    used = [ledger["roles"][role] for role in ("solver", "verifier")]
    assert outcome.manifest.status == "budget"
    assert sum(one["prompt_tokens"] + one["completion_tokens"] for one in used) <= 3000
    assert all(one["usd"] > 0 for one in used)
    assert sum(one["usd"] for one in used) <= 0.02


def test_a_replayed_pool_costs_no_sampling(run, tmp_path):
    small = ("dataset.problems=3", *FEW, *JUDGED)
    grid = "grid={solutions: [1, 3], verifications: [1, 2]}"
    with pytest.raises(DataError, match="is no recorded run"):
        run("replay", f"backend.run={tmp_path / 'results' / 'quickstart'}", *small, grid)
    recorded = run("quickstart", *small)
    replayed = run("replay", f"backend.run={recorded.run.path.parent}", *small, grid)
    assert sizes(replayed) == ([12, 12], ALL | {"pessimistic"})
    for table in ("solutions", "verifications"):
        before, after = (read_frame(one.run.table(table), table) for one in (recorded, replayed))
        assert list(before["text"]) == list(after["text"])
    run("quickstart", *small, "seed=1")
    with pytest.raises(DataError, match="holds 2 runs, name one: "):
        run("replay", f"backend.run={recorded.run.path.parent}", *small, grid, "seed=1")


@pytest.mark.parametrize(
    ("name", "address", "model"),
    [
        ("openai_server", "backend.base_url", "nano-solver"),
        ("litellm", "backend.api_base", "openai/nano-solver"),
        ("ollama", "backend.base_url", "nano-solver"),
        ("lm_studio", "backend.base_url", "nano-solver"),
    ],
)
def test_servers(run, nano_server, name, address, model):
    prices = "cost.prices={prompt_per_million: 1, completion_per_million: 1}"
    outcome = run(name, *SERVED, f"{address}={nano_server}", f"backend.model={model}", prices)
    assert sizes(outcome)[0] == [12, 12]
    assert outcome.manifest.models["solver"].endpoint == nano_server


def test_what_each_needs_is_told():
    needs = {r.name: r.needs for r in shipped_recipes()}
    free = {"adaptive", "quickstart", "sc_vs_genrm", "own_problems", "budgeted", "replay"}
    assert not any(needs[name] for name in free)
    assert needs["openai_server"] == with_extra("hub")
    assert needs["transformers"] == with_extra("transformers")
    assert needs["vllm"] == f"{with_extra('hub')}, {with_extra('vllm')}"
    assert needs["ollama"] == needs["lm_studio"] == ""
    assert needs["litellm"] == f"{with_extra('hub')}, OPENAI_API_KEY"
