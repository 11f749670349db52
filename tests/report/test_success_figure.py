"""The figure of success: every curve named at its end, none like another, in grey neither."""

from collections import Counter

import numpy as np
import pytest

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.report.figures import fit_figures
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=12, solutions=16, verified_solutions=16, verifications=4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    return [simulate_run(CONFIG, seed, folder / f"sim{seed}") for seed in (1, 2)]


def named(axes):
    return [line for line in axes.lines if not str(line.get_label()).startswith("_")]


def fitted(runs):
    wanted = FitRequest(policies=("best_of_n", "weighted_majority"), draws=10)
    return fit_scaling(runs, wanted)


@pytest.mark.slow
def test_each_run_s_vote_and_coverage_are_named_and_no_two_curves_look_alike(runs):
    fit = fitted(runs)
    figures = fit_figures(fit, "two")
    (axes,) = figures["success"].axes
    assert axes.get_legend() is None
    texts = [text.get_text() for text in axes.texts]
    for run in runs:
        for what in ("coverage", "self-consistency", "best-of-N (simulated)"):
            assert f"{what} {fit.called(run.name)}" in texts
    lines = named(axes)
    assert len(lines) == 8
    most = Counter((line.get_color(), line.get_linestyle()) for line in lines).most_common(1)
    assert most[0][1] == 1
    colours = Counter(line.get_color() for line in lines if line.get_linestyle() != ":")
    assert set(colours.values()) == {1}, "a colour is one curve's, and its run's coverage's"
    assert not axes.collections, "of many curves, bands are thin lines"
    edges = [line for line in axes.lines if str(line.get_label()).endswith("er end")]
    assert len(edges) == 12


def test_few_curves_have_filled_bands_and_names_without_a_run(runs):
    (axes,) = fit_figures(fitted(runs[:1]), "one")["success"].axes
    assert len(axes.collections) == 3
    texts = {text.get_text() for text in axes.texts}
    assert {"coverage", "self-consistency", "best-of-N (simulated)"} <= texts


def test_the_surface_s_legend_covers_no_cell(runs):
    figure = fit_figures(fitted(runs[:1]), "one")["surface"]
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    for axes in figure.axes:
        assert axes.get_legend() is None
        assert not box.overlaps(axes.get_window_extent())
    assert np.all(box.min >= 0)
