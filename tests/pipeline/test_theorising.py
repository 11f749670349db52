"""`ttc theory` on imported pools of planted truth."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.importing import import_pool
from ttc.pipeline.theorising import theorise


def planted(folder, p, spread, problems=40, solutions=16):
    """A pool whose problems are solved with probabilities p; wrong answers are all equal."""
    rng = np.random.default_rng(0)
    lines = []
    for i in range(problems):
        drawn = [
            {
                "answer": "1" if rng.random() < p[i % len(p)] else "2",
                "tokens": int(100 * (1 + spread * (1 if rng.random() < 0.5 else -1))),
            }
            for _ in range(solutions)
        ]
        lines.append(json.dumps({"problem_id": f"p{i}", "answer": "1", "solutions": drawn}))
    folder.mkdir(exist_ok=True)
    (folder / "pool.jsonl").write_text("\n".join(lines))
    return import_pool(folder / "pool.jsonl", folder / "planted")


def test_a_heterogeneous_pool_has_its_planted_figures(tmp_path):
    found = theorise(planted(tmp_path, [0.2], 0.5, solutions=64))
    # Three standard errors of 2,560 draws.
    assert found.variance.estimate == pytest.approx(0.16, abs=0.015)
    assert found.tail.estimate == pytest.approx(0.2, abs=0.024)
    assert found.variance.low < found.variance.estimate < found.variance.high
    # Two lengths with equal odds, half the mean apart from it; small samples see a little less.
    assert found.spread.estimate == pytest.approx(0.5, abs=0.05)
    assert found.spread.low < found.spread.estimate < found.spread.high
    gap = max((g for g in found.gaps if g.of == "all"), key=lambda g: g.solutions)
    assert gap.verified > 0.9
    assert gap.ahead.low > 0.7


def test_a_pool_of_sure_things_has_neither_spread_nor_tail_nor_gap(tmp_path):
    found = theorise(planted(tmp_path, [1.0, 0.0], 0.0))
    assert found.variance.estimate == found.tail.estimate == found.spread.estimate == 0
    assert found.spread_of == 20
    assert all(gap.ahead.estimate == 0 for gap in found.gaps)


def test_the_command_prints_and_tells_the_same_as_json(tmp_path):
    run = planted(tmp_path, [0.3, 0.6], 0.2)
    shown = CliRunner().invoke(app, ["theory", str(run.path)])
    assert shown.exit_code == 0, shown.output
    assert "definitions are ours" in shown.output
    told = CliRunner().invoke(app, ["theory", str(run.path), "--json"])
    figures = json.loads(told.stdout)
    assert figures["variance"]["estimate"] == pytest.approx(theorise(run).variance.estimate)
    for step in figures["didactic"]:
        assert step["simulated"] == pytest.approx(step["predicted"], abs=4 * step["error"])


def test_a_run_with_two_verifiers_needs_none_named(tmp_path):
    solutions = [
        {"answer": a, "tokens": 9, "verifications": [{"verifier": v, "score": 0.5} for v in "ab"]}
        for a in "1212"
    ]
    lines = [{"problem_id": f"p{i}", "answer": "1", "solutions": solutions} for i in range(4)]
    (tmp_path / "two.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = theorise(import_pool(tmp_path / "two.jsonl", tmp_path / "two"))
    assert found.problems == 4
    assert next(gap.ahead.estimate for gap in found.gaps) == 0, "one solution leaves no choice"


def test_one_solution_leaves_no_gap_whatever_the_round_off(tmp_path):
    found = theorise(planted(tmp_path, [0.1, 0.3, 0.7], 0.2, problems=60, solutions=7))
    (one,) = (gap for gap in found.gaps if gap.solutions == 1 and gap.of == "all")
    assert str(one.ahead.estimate) == "0.0"
