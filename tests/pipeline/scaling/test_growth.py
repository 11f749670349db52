"""No exponent where nothing depends on S or V, and the reason in its stead."""

import json

import numpy as np
import pytest

from ttc.analysis.flatness import dependence, flatness, telling
from ttc.analysis.intervals import resamples
from ttc.importing import Judging
from ttc.pipeline.importing import import_run
from ttc.pipeline.scaling import FitRequest, fit_scaling

PROBLEMS, SOLUTIONS, VERDICTS = 24, 16, 8
REQUEST = FitRequest(policies=("best_of_n", "weighted_majority"), draws=60)


@pytest.fixture
def fitted(tmp_path):
    """A fit of a pool in which each solution is right or wrong, and verified, as a rule says."""

    def fit(right, verdict):
        rng = np.random.default_rng(0)
        lines = []
        for i in range(PROBLEMS):
            solutions = []
            for j in range(SOLUTIONS):
                good = bool(right(rng, i))
                verdicts = [{"verdict": verdict(rng, good), "tokens": 20} for _ in range(VERDICTS)]
                answer = "7" if good else f"{8 + j % 3}"
                solutions.append({"answer": answer, "tokens": 20, "verifications": verdicts})
            lines.append(
                {"problem_id": f"p{i}", "question": "?", "answer": "7", "solutions": solutions}
            )
        (tmp_path / "pool.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
        run = import_run(tmp_path / "pool.jsonl", tmp_path / "run", judging=Judging())
        return fit_scaling([run], REQUEST)

    return fit


def hard(rng, problem):
    return problem > 2 and rng.random() < 0.2 + 0.6 * problem / PROBLEMS


def honest(rng, good):
    return bool(rng.random() < (0.8 if good else 0.3))


WORLDS = {
    "none solved": (lambda rng, problem: False, honest),
    "all solved": (lambda rng, problem: True, honest),
    "every sample the same": (lambda rng, problem: problem % 2 == 0, honest),
}


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_nothing_depends_on_anything(fitted, world):
    found = fitted(*WORLDS[world])
    for method in found.methods:
        for one in method.growth:
            assert "does not depend on S and V" in one.refused
            assert np.isnan(one.value.estimate)
        assert method.as_dict()["growth"]["a"] == {"refused": method.growth[0].refused}
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("said", [True, None])
def test_a_judge_that_says_always_the_same_or_nothing_readable(fitted, said):
    best, weighted = fitted(hard, lambda rng, good: said).methods
    assert "does not depend on S and V" in best.growth[0].refused
    if said:  # every solution counts alike: a vote
        assert "V stays at 1" in weighted.growth[1].refused
        assert not weighted.depends.on_s.flat


@pytest.mark.slow
def test_a_judge_that_tells_has_exponents(fitted):
    for method in fitted(hard, honest).methods:
        a, b = method.growth
        assert (a.refused, b.refused) == ("", "")
        assert a.low <= a.value.estimate <= a.high
        assert a.value.low <= a.value.estimate <= a.value.high


def test_flatness_is_found_nineteen_times_in_twenty():
    """Cells of one success that differ by the choice of problems alone."""
    rng = np.random.default_rng(0)
    flat = []
    for _ in range(200):
        cells = rng.random((40, 1)) + rng.normal(0, 0.2, (40, 12))
        flat.append(flatness(cells, resamples(40, 200, rng)).flat)
    assert 0.9 <= np.mean(flat) <= 0.995
    tilted = cells + np.linspace(0, 0.2, 12)
    assert not flatness(tilted, resamples(40, 200, rng)).flat


def test_dependence_on_one_of_the_two_is_told_apart():
    rng = np.random.default_rng(1)
    noise = rng.random((50, 1, 1)) + rng.normal(0, 0.05, (50, 4, 3))
    weights = resamples(50, 200, rng)
    rise = np.linspace(0, 0.3, 4)[:, None]
    found = dependence(noise + rise, weights)
    assert (found.both.flat, found.on_s.flat, found.on_v.flat) == (False, False, True)
    found = dependence(noise + np.linspace(0, 0.3, 3), weights)
    assert (found.both.flat, found.on_s.flat, found.on_v.flat) == (False, True, False)


@pytest.mark.slow
def test_what_rests_on_few_problems_has_no_exponent_and_no_interval(fitted):
    """Twenty problems that every sample solves, and four that some solve."""
    found = fitted(lambda rng, problem: problem > 3 or rng.random() < 0.3, honest)
    for method in found.methods:
        assert "in about" in method.growth[0].refused or "depend" in method.growth[0].refused
        one = method.figures["match_multiple"]
        assert np.isnan(one.low)
        assert method.figures["best_success"].low < method.figures["best_success"].estimate


@pytest.mark.slow
def test_where_all_are_solved_in_the_end_nothing_tells_how(fitted):
    clear = 0.95, 0.05
    found = fitted(
        lambda rng, problem: rng.random() < 0.5,
        lambda rng, good: bool(rng.random() < clear[not good]),
    )
    for method in found.methods:
        assert "every problem is solved" in method.growth[0].refused
        assert np.isnan(method.figures["match_multiple"].low)
        one = method.figures["best_success"]
        assert one.estimate == pytest.approx(1, abs=0.02)
        assert 0.7 < one.low < 0.95


def test_telling_problems_are_counted():
    assert telling(np.zeros(5)) == 0
    assert telling(np.full(7, -0.2)) == pytest.approx(7)
    assert telling(np.array([1.0, 0, 0, 0])) == 1
