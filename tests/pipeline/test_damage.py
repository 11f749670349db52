"""Files of a finished run that a bad disk cut short: the same command makes them anew, for free."""

import pandas as pd
import pytest

from ttc.errors import DataError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe

RECIPE = """
name: cut
dataset: {type: nano, family: arithmetic, levels: [1], problems: 3}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 32}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 2
    verifications: 2
    temperature: 1.0
    max_tokens: 64
policies: [majority]
"""
TABLES = ("problems", "solutions", "verifications", "curves")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    (folder / "cut.yaml").write_text(RECIPE)
    return run_recipe(again(folder)).run


def again(folder):
    return load_recipe(folder / "cut.yaml", [f"results={folder / 'results'}"])


def tables(run):
    frames = {name: pd.read_parquet(run.table(name)) for name in TABLES}
    return {n: f.drop(columns="seconds", errors="ignore") for n, f in frames.items()}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("name", ["manifest.json", *(f"{table}.parquet" for table in TABLES)])
def test_what_is_damaged_is_made_anew_from_the_journal(finished, name, share):
    whole = tables(finished)
    path = finished.path / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    outcome = run_recipe(again(finished.path.parents[2]))
    assert outcome.fresh
    assert outcome.manifest.ledger["roles"]["solver"]["paid_samples"] == 0
    assert outcome.manifest.ledger["roles"]["verifier"]["paid_samples"] == 0
    for table, frame in tables(finished).items():
        pd.testing.assert_frame_equal(frame, whole[table])
    assert not run_recipe(again(finished.path.parents[2])).fresh


def made_anew(finished, whole):
    outcome = run_recipe(again(finished.path.parents[2]))
    assert outcome.fresh
    assert outcome.manifest.ledger["roles"]["solver"]["paid_samples"] == 0
    assert outcome.manifest.ledger["roles"]["verifier"]["paid_samples"] == 0
    for table, frame in tables(finished).items():
        pd.testing.assert_frame_equal(frame, whole[table])
    assert not run_recipe(again(finished.path.parents[2])).fresh


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("told", [True, False], ids=["new manifest", "old manifest"])
def test_a_table_that_is_gone_is_made_anew(finished, name, told):
    whole = tables(finished)
    if not told:
        manifest = finished.manifest()
        manifest.tables = {}
        manifest.write(finished.manifest_path)
        assert not run_recipe(again(finished.path.parents[2])).fresh
    finished.table(name).unlink()
    made_anew(finished, whole)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_with_other_rows_is_made_anew(finished, name):
    whole = tables(finished)
    path = finished.table(name)
    frame = pd.read_parquet(path)
    frame.iloc[:-1].to_parquet(path)
    made_anew(finished, whole)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(bytes(content))
    made_anew(finished, whole)


def test_what_killed_runs_left_goes_and_what_others_write_stays(finished):
    left = [finished.path / f".{name}.parquet.0a1b2c3d.part" for name in TABLES]
    others = finished.path / ".fit.json.0a1b2c3d.part"
    for path in (*left, others):
        path.write_bytes(b"half")
    run_recipe(again(finished.path.parents[2]))
    assert not any(path.exists() for path in left)
    assert others.exists()
    others.unlink()


@pytest.mark.parametrize("name", ["status.json", "log.jsonl"])
def test_what_only_tells_about_the_run_may_be_cut(finished, name):
    path = finished.path / name
    path.write_bytes(path.read_bytes()[:50])
    assert not run_recipe(again(finished.path.parents[2])).fresh


def test_a_manifest_of_a_newer_ttc_is_not_written_over(finished):
    path = finished.manifest_path
    content = path.read_text()
    try:
        path.write_text(content.replace('"format": ', '"format": 9'))
        with pytest.raises(DataError, match="newer than this ttc"):
            run_recipe(again(finished.path.parents[2]))
        assert '"format": 9' in path.read_text()
    finally:
        path.write_text(content)
