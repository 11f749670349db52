"""What a run writes about itself, seen on whole runs and on a monitor alone."""

import asyncio
import json
import sqlite3
import time

import pytest

from ttc.budget.cost import Rates
from ttc.budget.ledger import BudgetConfig, Ledger, ProblemBudget, RunBudget
from ttc.errors import BackendError, Interrupted, TtcError
from ttc.pipeline import run as pipeline
from ttc.pipeline.monitor import Monitor, _Standing
from ttc.pipeline.recording import recorded
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.lock import held
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import read_log
from ttc.store.status import STATUS_NAME, read_status

RECIPE = """
name: noted
dataset: {type: nano, family: arithmetic, levels: [1], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 32}
policies: [majority]
"""


def recipe(folder, *overrides):
    folder.mkdir(exist_ok=True)
    path = folder / "noted.yaml"
    path.write_text(RECIPE)
    return load_recipe(path, [f"results={folder / 'results'}", *overrides])


def only_run(folder):
    return RunFolder(next(folder.glob("results/noted/*")))


def events(run):
    return [entry["event"] for entry in read_log(run)]


def test_a_run_notes_its_steps(tmp_path):
    run = run_recipe(recipe(tmp_path)).run
    assert events(run) == [
        "run_started",
        "model_resolved",
        *["problem_finished"] * 4,
        "run_ended",
    ]
    started, resolved, first, *_, ended = read_log(run)
    assert (started["problems"], started["try"]) == (4, 1)
    assert (resolved["role"], resolved["model"]) == ("solver", "nano-solver")
    assert resolved["revision"]
    assert first["solutions"] == 4
    assert (ended["status"], ended["samples"]) == ("complete", {"solver": 16})
    assert ended["budget"]["calls"]["spent"] == 16
    status = read_status(run.path / STATUS_NAME)
    assert (status.state, status.roles["solver"].done, status.roles["solver"].total) == (
        "complete",
        16,
        16,
    )
    tries = run.manifest().tries
    assert [t.status for t in tries] == ["complete"]
    assert tries[0].started < tries[0].ended == run.manifest().ended
    before = (run.path / "log.jsonl").read_bytes()
    assert not run_recipe(recipe(tmp_path)).fresh
    assert (run.path / "log.jsonl").read_bytes() == before


UNEVEN = ("dataset.levels=[1, 4]", "sampler.max_tokens=96", "engine.n_per_call=1")


def in_rounds(folder):
    """A run of more than one round, the recipe's overrides for it, and its rounds."""
    # Which budgets leave something over depends on the embedded model's weights.
    for limit in range(500, 1500, 100):
        overrides = (*UNEVEN, f"budget.per_run.tokens={limit}")
        run = run_recipe(recipe(folder, *overrides)).run
        rounds = [entry["round"] for entry in read_log(run) if entry["event"] == "budget_round"]
        if rounds:
            return run, overrides, rounds
    raise AssertionError("no budget left anything over")


def journalled(folder):
    with sqlite3.connect(folder / "results" / "journal.sqlite") as journal:
        return journal.execute("SELECT count(*) FROM completions").fetchone()[0]


def test_what_is_interrupted_in_a_later_round_keeps_all_rounds(tmp_path, monkeypatch):
    _, overrides, _ = in_rounds(tmp_path / "whole")
    whole = Monitor.new_round

    def interrupted(self):
        whole(self)
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Monitor, "new_round", interrupted)
        with pytest.raises(Interrupted) as stopped:
            run_recipe(recipe(tmp_path, *overrides))
    kept = journalled(tmp_path)
    assert kept > 0
    assert str(stopped.value).startswith(f"Interrupted: {kept} samples of the solver")
    run = only_run(tmp_path)
    status = read_status(run.path / STATUS_NAME)
    assert (status.round, status.roles["solver"].done, status.from_journal) == (2, kept, 0)
    assert status.budget["calls"].spent == kept
    assert status.budget["tokens"].spent > 0
    assert run.manifest().ledger["roles"]["solver"]["samples"] == kept
    # All but what the second round adds was there before this command began.
    run_recipe(recipe(tmp_path, *overrides))
    status = read_status(run.path / STATUS_NAME)
    assert status.from_journal == kept
    assert status.roles["solver"].done == journalled(tmp_path)


@pytest.mark.slow
def test_time_counts_from_the_start_of_the_run_to_the_end_of_sampling(tmp_path):
    much = "sampler.solutions=20000", "engine.n_per_call=64", "dataset.levels=[4]"
    run = run_recipe(recipe(tmp_path, *much, "budget.per_run.seconds=12")).run
    seconds = read_status(run.path / STATUS_NAME).budget["seconds"]
    assert (seconds.spent, seconds.left) == (12, 0)
    run = run_recipe(recipe(tmp_path / "quick", "budget.per_run.seconds=600")).run
    status = read_status(run.path / STATUS_NAME)
    assert 0 < status.budget["seconds"].spent <= status.seconds
    assert run.manifest().timing["sampling_seconds"] <= status.budget["seconds"].spent


def test_rounds_of_a_run_budget_are_noted(tmp_path):
    run, overrides, rounds = in_rounds(tmp_path)
    limit = float(overrides[-1].partition("=")[2])
    assert rounds == list(range(2, 2 + len(rounds)))
    status = read_status(run.path / STATUS_NAME)
    assert status.from_journal == 0
    assert status.state in ("budget", "complete")
    assert status.round == rounds[-1]
    assert status.roles["solver"].done <= status.roles["solver"].total <= 16
    tokens = status.budget["tokens"]
    assert tokens.spent <= tokens.limit == limit
    assert tokens.reserved == 0


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BackendError("no such model 'x'"), "no such model 'x'"),
        (RuntimeError("a fault"), "RuntimeError: a fault"),
    ],
)
def test_a_failure_is_recorded_and_the_next_try_goes_on(tmp_path, monkeypatch, error, told):
    async def fail(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "open_models", fail)
        with pytest.raises(type(error), match=str(error)):
            run_recipe(recipe(tmp_path))
    run = only_run(tmp_path)
    assert not held(run)
    failed = next(entry for entry in read_log(run) if entry["event"] == "run_failed")
    assert (failed["level"], failed["message"]) == ("error", told)
    assert any("traceback" in entry for entry in read_log(run)) == isinstance(error, RuntimeError)
    status = read_status(run.path / STATUS_NAME)
    assert (status.state, status.error) == ("failed", told)
    assert run.manifest().tries[0].error == told
    assert not run.complete()
    again = run_recipe(recipe(tmp_path))
    assert [t.status for t in again.manifest.tries] == ["failed", "complete"]
    assert again.manifest.note == ""
    assert [entry["try"] for entry in read_log(run)][-1] == 2


def test_a_dataset_that_fails_leaves_a_log_and_no_run(tmp_path, monkeypatch):
    def fail(_):
        raise TtcError("the dataset has no problems")

    monkeypatch.setattr(pipeline, "load_problems", fail)
    with pytest.raises(TtcError):
        run_recipe(recipe(tmp_path))
    run = only_run(tmp_path)
    assert events(run) == ["run_failed"]
    assert not run.exists()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, asyncio.CancelledError])
def test_an_interruption_says_what_is_kept(tmp_path, interruption):
    loaded = recipe(tmp_path)
    run = RunFolder(tmp_path / "results" / "noted" / "s0-x")
    run.path.mkdir(parents=True)

    def work():
        with recorded(loaded, run) as recording:
            recording.monitor.events.drawn("solver", 3, 30, cached=False)
            raise interruption

    with pytest.raises(Interrupted, match=r"3 samples of the solver are kept in .*journal"):
        work()
    assert events(run) == ["run_interrupted"]
    assert isinstance(Interrupted("x"), KeyboardInterrupt)


def test_retries_are_noted_with_their_cause(tmp_path):
    run = RunFolder(tmp_path)
    with recorded(recipe(tmp_path), run) as recording:
        for cause in ("HTTP 429", "HTTP 500"):
            recording.monitor.events.retried(cause)
    causes = [entry["message"] for entry in read_log(run) if entry["event"] == "retry"]
    assert causes == ["HTTP 429", "HTTP 500"]


def monitor(folder, budget=None, **ledger):
    loaded = recipe(folder)
    made = Monitor(loaded, RunFolder(folder))
    made.problems = 4
    made.sampling(Ledger(budget or BudgetConfig(), [f"p{i}" for i in range(4)]))
    return made


def settle(made, problem, tokens, samples=1):
    rates = Rates(None, None, None)

    async def work():
        worst = rates.amounts(0, 100, samples)
        await made.ledger.admit(problem, samples, lambda n: rates.amounts(0, 100, n))
        made.ledger.settle(
            problem,
            "solution",
            worst,
            rates.amounts(0, tokens, samples),
            prompt_tokens=0,
            completion_tokens=tokens,
            samples=samples,
            paid=1.0,
        )

    asyncio.run(work())
    made.events.drawn("solver", samples, tokens, cached=False)


def test_time_left_follows_rate_and_what_is_planned(tmp_path):
    made = monitor(tmp_path)
    assert made.status().eta_seconds is None
    settle(made, "p0", 40, samples=4)
    time.sleep(0.3)
    made.status()
    status = made.status()
    assert status.roles["solver"].done == 4
    assert status.roles["solver"].total == 16
    left = (16 - 4) * 10 / status.tokens_per_second
    assert status.eta_seconds == pytest.approx(left, rel=0.3)


def test_time_left_ends_with_the_budget(tmp_path):
    made = monitor(tmp_path, BudgetConfig(per_run=RunBudget(tokens=480)))
    settle(made, "p0", 40, samples=1)
    time.sleep(0.3)
    made.status()
    status = made.status()
    assert status.budget["tokens"].left == 440
    assert status.eta_seconds == pytest.approx(440 / status.tokens_per_second, rel=0.3)


def test_limits_of_problems_and_run_count_together(tmp_path):
    both = BudgetConfig(per_problem=ProblemBudget(tokens=(10, 50)), per_run=RunBudget(calls=9))
    standing = Ledger(both, ["a", "b"]).standing()
    assert standing["tokens"] == (0, 0, 100)
    assert standing["calls"] == (0, 0, 9)
    assert standing["usd"] == (0, 0, None)


def test_the_status_of_a_big_run_is_cheap(tmp_path):
    made = monitor(tmp_path)
    made.ledger = Ledger(BudgetConfig(), [f"p{i}" for i in range(10_000)])
    began = time.process_time()
    made.status()
    assert time.process_time() - began < 0.5
    assert json.loads(made.status().model_dump_json())["budget"] == {}


def test_displays_do_not_keep_a_run_of_many_problems_busy():
    asked = []

    class Slow:
        def standing(self):
            asked.append(time.monotonic())
            time.sleep(0.05)
            return {"tokens": (float(len(asked)), 0.0, None)}

    standing, ledger = _Standing(), Slow()
    began = time.monotonic()
    while time.monotonic() - began < 0.5:
        standing.of(ledger, latest=False)
    assert len(asked) == 1
    assert standing.of(ledger, latest=True)["tokens"][0] == 2.0, "the end is told as it is"
    assert standing.of(Slow(), latest=False)["tokens"][0] == 3.0
