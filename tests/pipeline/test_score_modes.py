"""Score modes of one judge are read from the same verifications, which are bought once."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ttc.analysis import EstimatorSettings, evaluate
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.run import run_recipe
from ttc.policies import named
from ttc.recipe import parse_recipe, run_id
from ttc.store.pool import load_pool
from ttc.store.tables import read_frame

RECIPE = """
name: modes
dataset: {type: nano, family: arithmetic, levels: [2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, max_tokens: 32}
verifiers: [VERIFIERS]
policies: [majority]
results: RESULTS
"""
GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: 3, max_tokens: 96, score: MODE, name: MODE}"""


def run(folder, *modes):
    verifiers = ", ".join(GENRM.replace("MODE", mode) for mode in modes)
    text = RECIPE.replace("VERIFIERS", verifiers).replace("RESULTS", str(folder))
    finished = run_recipe(parse_recipe(text))
    return finished, read_frame(finished.run.table("verifications"), "verifications")


def rows_in(folder):
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database:
        return database.execute("SELECT count(*) FROM completions").fetchone()[0]


@pytest.mark.parametrize("modes", [("hybrid", "binary"), ("binary", "hybrid", "logprob")])
def test_verifiers_of_one_judge_share_their_texts(tmp_path, modes):
    finished, table = run(tmp_path, *modes)
    texts = {mode: table[table["verifier"] == mode]["text"].tolist() for mode in modes}
    assert len(texts[modes[0]]) == 4 * 4 * 3
    assert all(texts[mode] == texts[modes[0]] for mode in modes)
    assert table[table["verifier"] == "binary"]["p_yes"].isna().all()
    assert table[table["verifier"] == "hybrid"]["p_yes"].notna().any()
    alone = tmp_path / "alone"
    run(alone, "hybrid")
    assert rows_in(tmp_path) == rows_in(alone)
    assert finished.manifest.ledger["roles"]["verifier"]["paid_samples"] == 4 * 4 * 3


def test_a_recipe_says_which_verifications_make_a_score(tmp_path):
    """Its curves are those of its settings, the manifest says so, and `ttc curves` goes by it."""
    text = RECIPE.replace("VERIFIERS", GENRM.replace("MODE", "binary"))
    text = text.replace("[majority]", "[best_of_n]").replace("RESULTS", str(tmp_path))
    text += "grid: {verification_draws: first, invalid_verdict: zero}\n"
    done = run_recipe(parse_recipe(text))
    choices = done.run.manifest().choices
    assert (choices.verification_draws, choices.invalid_verdicts) == ("first", "zero")
    arrays = load_pool(done.run).arrays
    settings = EstimatorSettings(verification_draws="first", invalid_verdict="zero")
    policy = [named("best_of_n")]
    grid = evaluate(arrays, [2], [1, 2], policy, np.random.default_rng(0), settings)
    expected = grid.mean()[0][0, 0, 1:]
    stored = answer(done.run, CurveRequest(solutions=(2,), verifications=(1, 2)))
    assert not stored.recomputed
    assert [row["success"] for row in stored.rows] == pytest.approx(list(expected))
    other = answer(
        done.run,
        CurveRequest(
            solutions=(2,), verifications=(1, 2), scoring={"verification_draws": "random"}
        ),
    )
    assert other.recomputed
    assert other.manifest.choices.verification_draws == "random"
    assert other.manifest.choices.invalid_verdicts == "zero"


def test_how_scores_are_formed_leaves_run_ids_alone_where_nothing_is_said():
    bare = "dataset: nano\nverifiers: [{type: genrm}]\n"
    spelled = bare + "grid: {verification_draws: random, invalid_verdict: dropped}\n"
    changed = bare + "grid: {verification_draws: first}\n"
    assert run_id(parse_recipe(bare)) == run_id(parse_recipe(spelled))
    assert run_id(parse_recipe(bare)) != run_id(parse_recipe(changed))
