"""Score modes of one judge are read from the same verifications, which are bought once."""

import sqlite3
from contextlib import closing

import pytest

from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
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
