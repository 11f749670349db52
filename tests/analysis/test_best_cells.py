"""What a winner among many cells is worth on other problems."""

import numpy as np
import pytest

from ttc.analysis.best_cells import Cells
from ttc.analysis.intervals import resamples

DRAWS = 200


def cells_of(rng, problems, truth):
    """Cells of a planted success, (cells,), on problems that vary."""
    own = rng.normal(0, 0.1, (problems, 1))
    return truth + own + rng.normal(0, 0.3, (problems, len(truth)))


def test_a_single_cell_is_worth_its_mean():
    rng = np.random.default_rng(0)
    values = cells_of(rng, 20, np.array([0.4]))
    found = Cells(values, resamples(20, DRAWS, rng)).best(np.array([0]))
    assert found.expected == pytest.approx(found.success) == pytest.approx(values.mean())


def test_equal_cells_flatter_their_winner_and_out_of_bag_does_not():
    """Thirty cells of one success: the best is up to 0.15 above it, what is expected is not."""
    rng = np.random.default_rng(1)
    measured, expected = [], []
    for _ in range(120):
        tried = Cells(cells_of(rng, 30, np.full(30, 0.5)), resamples(30, DRAWS, rng))
        found = tried.best(np.arange(30))
        measured.append(found.success)
        expected.append(found.expected)
    error = np.std(expected) / np.sqrt(len(expected))
    assert np.mean(measured) > 0.58
    assert abs(np.mean(expected) - 0.5) < 4 * error + 0.01


def test_a_winner_that_is_one_keeps_what_it_has():
    rng = np.random.default_rng(2)
    truth = np.array([0.3, 0.3, 0.8])
    found = Cells(cells_of(rng, 60, truth), resamples(60, DRAWS, rng)).best(np.arange(3))
    assert found.place == 2
    assert found.expected == pytest.approx(found.success, abs=0.005)
    assert (found.winners == 2).all()


def test_of_equals_the_first_wins():
    values = np.tile(np.linspace(0, 1, 10)[:, None], (1, 3))
    found = Cells(values, resamples(10, DRAWS, np.random.default_rng(0))).best(np.array([1, 2]))
    assert found.place == 1
