"""Correlation of repeated verdicts and of verifiers, by hand and on planted verdicts."""

import numpy as np
import pytest

from ttc.analysis.judging.dependence import (
    Repeated,
    effective_number,
    errors_together,
    pearson,
)


def planted(rng, solutions, verdicts, rho, chance):
    """Yes/no verdicts of which two of a solution correlate by rho: some copy a shared one."""
    shared = rng.random((solutions, 1)) < chance
    own = rng.random((solutions, verdicts)) < chance
    copied = rng.random((solutions, verdicts)) < np.sqrt(rho)
    return np.where(copied, shared, own).astype(float)


def test_correlation_by_hand():
    """Two verdicts each, one kind of solution: mean 1/2, products +, -, + of 1/4."""
    scores = np.array([[1.0, 1], [1, 0], [0, 0]])
    labels = np.array([True, True, True])
    assert Repeated.of(scores, labels).correlation() == pytest.approx(1 / 3)
    # A solution with one readable verdict adds nothing.
    more = np.vstack([scores, [1, np.nan]])
    assert Repeated.of(more, np.ones(4, bool)).correlation() == pytest.approx(1 / 3)


def test_knowing_what_is_right_is_no_correlation_of_errors():
    """A verifier that is always right: verdicts agree wholly, and there is no error to repeat."""
    scores = np.array([[1.0, 1], [1, 1], [0, 0], [0, 0]])
    labels = np.array([True, True, False, False])
    repeated = Repeated.of(scores, labels)
    assert repeated.correlation(given_label=False) == pytest.approx(1)
    assert np.isnan(repeated.correlation())


@pytest.mark.parametrize("rho", [0.0, 0.2, 0.7])
def test_planted_correlation_is_found_with_its_effective_number(rho):
    rng = np.random.default_rng(3)
    verdicts = 8
    right = planted(rng, 20_000, verdicts, rho, 0.8)
    wrong = planted(rng, 20_000, verdicts, rho, 0.3)
    labels = np.arange(40_000) < 20_000
    scores = np.vstack([right, wrong])
    found = float(Repeated.of(scores, labels).correlation())
    assert found == pytest.approx(rho, abs=0.02)
    # The mean of V verdicts varies as that of V_eff independent ones would.
    effective = 0.3 * 0.7 / wrong.mean(axis=1).var()
    assert effective_number(verdicts, found) == pytest.approx(effective, rel=0.05)


def test_weights_of_solutions_are_repetitions():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((12, 3)), np.arange(12) % 2 == 0
    times = np.arange(12) % 3
    weighted = Repeated.of(scores, labels).correlation(times[None].astype(float))
    again = Repeated.of(np.repeat(scores, times, axis=0), np.repeat(labels, times)).correlation()
    assert weighted[0] == pytest.approx(float(again))


def test_effective_number_by_hand():
    assert effective_number(8, 0) == 8
    assert effective_number(8, 1) == 1
    assert effective_number([1, 4], 0.5) == pytest.approx([1, 4 / 2.5])
    assert effective_number(3, -0.5) == np.inf
    assert np.isnan(effective_number(3, np.nan))


def test_pearson_is_numpys():
    rng = np.random.default_rng(0)
    x, y = rng.random(50), rng.random(50)
    assert pearson(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert np.isnan(pearson(x, np.ones(50)))


def test_two_copies_and_a_stranger_count_as_two():
    """Errors of the first two are equal, those of the third independent."""
    rng = np.random.default_rng(0)
    labels = rng.random(40_000) < 0.5
    one, other = ((labels ^ (rng.random(40_000) < 0.2)).astype(float) for _ in range(2))
    found = errors_together(np.stack([one, one, other]), labels)
    assert found.correlation[0, 1] == pytest.approx(1)
    assert found.correlation[0, 2] == pytest.approx(0, abs=0.02)
    assert found.mean == pytest.approx(1 / 3, abs=0.02)
    assert found.by_mean == pytest.approx(3 / (1 + 2 / 3), abs=0.05)
    assert found.by_eigenvalues == pytest.approx(9 / 5, abs=0.02)
    eigenvalues = np.linalg.eigvalsh(found.correlation)
    assert found.by_eigenvalues == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
