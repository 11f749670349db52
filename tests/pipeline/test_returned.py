"""What a method said on its way and did not return: it stays in the tables and has no vote."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from typer.testing import CliRunner

from ttc.analysis import maj_at_k
from ttc.backends.replay.client import ReplayBackend
from ttc.backends.replay.recording import Recording
from ttc.cli._app import app
from ttc.core import Attempt, Solution
from ttc.importing import import_pool
from ttc.pipeline.planning.lengths import measured_uses
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.refs import VerifierRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.store.pool import load_pool
from ttc.store.rows import read_solutions
from ttc.store.tables import read_frame, write_table

GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: 2, max_tokens: 64}"""
RECIPE = """
name: own
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
VERIFIERS
policies: [majority, oracle]
results: RESULTS
"""


class Half(SamplerPart):
    """Answers with every draw, or has it judged, and returns every second one."""

    type: Literal["half"] = "half"
    exchangeable: ClassVar[bool] = True
    draw: Independent = Independent(temperature=1.0, max_tokens=48)
    critic: VerifierRef | None = None
    solutions: int = 8

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        drawn = await self.draw.some(attempt, self.solutions)
        for one in drawn:
            attempt.answer(one)
        if self.critic is not None:
            await attempt.judge(self.critic, drawn)
        return drawn[::2]


class Searching(Half):
    """The same, with one answer."""

    type: Literal["searching"] = "searching"  # type: ignore[assignment]
    exchangeable: ClassVar[bool] = False


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(Half, Searching)


def run(folder: Path, sampler: str, verifiers: str = ""):
    text = RECIPE.replace("SAMPLER", sampler).replace("RESULTS", str(folder / "results"))
    return run_recipe(parse_recipe(text.replace("VERIFIERS", verifiers))).run


def test_tables_have_and_mark_them(tmp_path):
    own = run(tmp_path, "half")
    solutions = read_frame(own.solutions, "solutions")
    problems = read_frame(own.problems, "problems")
    assert len(solutions) == 6 * 8
    assert solutions.groupby("problem_id", observed=True)["returned"].sum().tolist() == [4] * 6
    assert problems["n_solutions"].tolist() == [4] * 6
    voters = solutions[solutions["returned"].astype(bool) & (solutions["answer_class"] >= 0)]
    classes = voters.groupby("problem_id", observed=True)["answer_class"].nunique()
    counted = problems.set_index("problem_id")["n_classes"]
    assert all(counted[name] == classes.get(name, 0) for name in counted.index)
    assert [one.returned for one in read_solutions(own.solutions)][:8] == [True] * 4 + [False] * 4


def test_pool_and_curves_are_of_what_was_returned(tmp_path):
    own = run(tmp_path, "half")
    pool = load_pool(own).arrays
    assert pool.n_solutions.tolist() == [4] * 6
    curves = read_frame(own.curves, "curves")
    assert set(curves["S"]) <= {1, 2, 4}
    four = curves[(curves["policy"] == "majority") & (curves["S"] == 4)]["success"].item()
    rng = np.random.default_rng(0)
    assert four == maj_at_k(pool.answer_class, pool.correct, [4], rng).value.mean()


@pytest.mark.parametrize("critic", ["", f", critic: {GENRM}"])
def test_what_was_not_returned_is_paid_by_what_was(tmp_path, critic):
    """All of a pool costs what the ledger counted, drafts and critics included."""
    own = run(tmp_path, f"{{type: half{critic}}}")
    curves = read_frame(own.curves, "curves")
    four = curves[(curves["policy"] == "majority") & (curves["S"] == 4)].iloc[0]
    roles = own.manifest().roles
    for unit, names in {
        "tokens": ("prompt_tokens", "completion_tokens"),
        "calls": ("samples",),
        "flops": ("flops",),
    }.items():
        used = sum(role[name] for role in roles.values() for name in names)
        assert four[unit] == pytest.approx(used / 6, rel=1e-9), unit


def test_what_was_all_returned_costs_nothing_besides(tmp_path):
    assert not load_pool(
        run(tmp_path, "{type: independent, solutions: 4, max_tokens: 48}")
    ).discarded


@pytest.mark.parametrize("also", ["", f"verifiers: [{GENRM}]"])
def test_judgements_of_others_are_no_part_of_the_pool(tmp_path, also):
    critic = GENRM.replace("genrm,", "genrm, name: critic,", 1)
    own = run(tmp_path, f"{{type: half, solutions: 4, critic: {critic}}}", also)
    arrays = load_pool(own).arrays
    assert arrays.n_solutions.tolist() == [2] * 6
    if also:
        judged = read_frame(own.verifications, "verifications")
        of = read_frame(own.solutions, "solutions").merge(judged, on="problem_id")
        of = of[(of["solution_index_x"] == of["solution_index_y"]) & of["returned"].astype(bool)]
        of = of[of["verifier"] == "genrm"]
        assert arrays.verification_count.sum() == len(of) < len(judged)
        assert np.nansum(arrays.scores) == pytest.approx(of["score"].sum(), rel=1e-6)


@pytest.mark.parametrize("sampler", ["half", "searching"])
def test_show_lets_the_returned_vote(tmp_path, sampler):
    run(tmp_path, sampler)
    where = ["--results", str(tmp_path / "results"), "--limit", "8"]
    done = CliRunner().invoke(app, ["show", "own", *where, "--problem", "arithmetic-1-0-0"])
    said = done.output
    assert "chosen of all 4: majority" in said
    assert said.count("not returned: no vote") == 4
    assert said.index("solution 3") < said.index("not returned")
    table = said[said.index("mean" if "mean" in said else "votes") : said.index("chosen")]
    assert sum(map(int, re.findall(r"\s(\d)\s*(?:right)?\s*$", table, re.M))) == 4


def test_a_method_that_returns_nothing_leaves_nothing_to_choose_from(tmp_path, own_parts):
    class Silent(Searching):
        """Says answers and returns none."""

        type: Literal["silent"] = "silent"  # type: ignore[assignment]

        async def solve(self, attempt: Attempt) -> Sequence[Solution]:
            await super().solve(attempt)
            return []

    own_parts(Silent)
    run(tmp_path, "silent")
    words = ["show", "own", "--results", str(tmp_path / "results")]
    shown = CliRunner().invoke(app, [*words, "--problem", "arithmetic-1-0-0"])
    assert shown.exit_code == 0, shown.output
    assert "the method returned none of its solutions" in shown.output


def test_plans_and_replays_and_imports_take_the_returned(tmp_path):
    own = run(tmp_path, "half")
    mean = read_frame(own.solutions, "solutions")
    mean = mean[mean["returned"].astype(bool)].groupby("problem_id", observed=True)
    (solver,) = measured_uses(own, ()).values()
    found = sorted(one.completion for one in solver.lengths)
    assert found == pytest.approx(sorted(mean["completion_tokens"].mean()))

    from ttc.backends.replay import Replay

    replay = ReplayBackend(Replay(run=str(own.path)), Recording(own.path))
    assert {len(one.drawn) for one in replay._load().values()} == {4}

    frame = read_frame(own.solutions, "solutions")
    gold = read_frame(own.problems, "problems").set_index("problem_id")["gold_answer"]
    frame["gold_answer"] = frame["problem_id"].astype(str).map(gold)
    table = tmp_path / "pool.parquet"
    wanted = ["problem_id", "solution_index", "text", "answer", "gold_answer", "returned"]
    frame[wanted].to_parquet(table)
    imported = import_pool(table, tmp_path / "imported")
    assert load_pool(imported).arrays.n_solutions.tolist() == [4] * 6
    assert len(read_frame(imported.solutions, "solutions")) == 48


def test_a_replay_of_several_attempts_numbers_what_they_returned(tmp_path):
    """The places of an attempt's other solutions are gaps in the numbers of the whole."""
    own = run(tmp_path, "searching", "repeats: 2")
    replayed = run_recipe(
        parse_recipe(
            RECIPE.replace("SAMPLER", "{type: independent, solutions: 8, max_tokens: 48}")
            .replace("{type: nano, model: nano-solver}", f"{{type: replay, run: {own.path}}}")
            .replace("VERIFIERS", "")
            .replace("RESULTS", f"{tmp_path}/again")
        )
    ).run
    kept = read_frame(own.solutions, "solutions")
    kept = kept[kept["returned"].astype(bool)]
    assert len(kept) == 6 * 8
    assert list(read_frame(replayed.solutions, "solutions")["text"]) == list(kept["text"])


def test_older_tables_count_all(tmp_path):
    own = run(tmp_path, "{type: independent, solutions: 4, max_tokens: 48}")
    rows = read_frame(own.solutions, "solutions").drop(columns="returned")
    rows = rows.astype(object).where(rows.notna(), None)
    write_table(own.solutions, "solutions", rows.to_dict("records"))
    assert read_frame(own.solutions, "solutions")["returned"].isna().all()
    assert load_pool(own).arrays.n_solutions.tolist() == [4] * 6
    read_frame(own.solutions, "solutions").to_parquet(own.solutions)  # a column of no type
    assert load_pool(own).arrays.n_solutions.tolist() == [4] * 6
