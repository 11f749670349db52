from pathlib import Path

import numpy as np
import pytest

from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.errors import DataError
from ttc.store.pool import load_pool
from ttc.store.run_folder import list_runs
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=5, solutions=12, verified_solutions=4, verifications=3)


def test_the_tables_hold_the_pool_that_was_drawn(tmp_path: Path) -> None:
    run = simulate_run(CONFIG, 7, tmp_path / "planned")
    drawn = simulate_pool(CONFIG, np.random.default_rng(7))
    loaded = load_pool(run, "simulated")
    for name in ("answer_class", "correct", "scores", "verification_count"):
        np.testing.assert_array_equal(getattr(loaded.arrays, name), getattr(drawn.arrays, name))
    np.testing.assert_allclose(loaded.arrays.solution_tokens, drawn.arrays.solution_tokens)
    np.testing.assert_allclose(loaded.arrays.verification_tokens, drawn.arrays.verification_tokens)
    manifest = run.manifest()
    assert manifest.status == "simulated"
    assert manifest.seed == 7
    assert manifest.recipe["simulate"]["problems"] == 5
    assert manifest.ledger["roles"]["verifier"]["samples"] == 60
    assert run.complete()


def test_the_same_again_is_the_same_run(tmp_path: Path) -> None:
    first = simulate_run(CONFIG, 7, tmp_path / "planned")
    before = first.solutions.read_bytes()
    again = simulate_run(CONFIG, 7, tmp_path / "planned")
    assert again == first
    assert again.solutions.read_bytes() == before
    other = simulate_run(CONFIG, 8, tmp_path / "planned")
    assert other != first
    assert len(list_runs(tmp_path)) == 2
    assert len(list((tmp_path / "planned").iterdir())) == 2


def test_without_verifications_there_is_no_such_table(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"verifications": 0})
    run = simulate_run(config, 0, tmp_path / "planned")
    assert not run.verifications.exists()
    assert load_pool(run).verifier is None


def test_a_run_is_no_folder_of_runs(tmp_path: Path) -> None:
    run = simulate_run(CONFIG, 7, tmp_path / "planned")
    with pytest.raises(DataError, match="is a run; name a folder of runs"):
        simulate_run(CONFIG, 7, run.path)
