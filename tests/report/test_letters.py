"""Letters of figures at the size that they are printed: large enough, and none on another."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.comparing import Request, compare
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.report.compare_figure import comparison_figures
from ttc.report.curve_figure import curve_figure
from ttc.report.direct_labels import apart
from ttc.report.drawing import write_figures
from ttc.report.figures import fit_figures
from ttc.report.looks import PAGE, SMALLEST, drawn_in, look
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=12, solutions=8, verified_solutions=8, verifications=4)
NAMES = ("weighted_majority", "best_of_n", "majority", "a_long_name_of_a_policy", "oracle", "p")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    return [simulate_run(CONFIG, seed, folder / f"sim{seed}") for seed in (1, 2)]


@pytest.fixture(scope="module")
def fit(runs):
    wanted = FitRequest(policies=("best_of_n", "weighted_majority"), draws=4)
    return fit_scaling(runs, wanted)


def row(policy, s, success):
    return {
        "policy": policy, "verifier": "g", "S": s, "V": 0, "success": success, "tokens": 9.0 * s,
        "ci_low": success - 0.1, "ci_high": success + 0.1, "n_problems": 6,
    }  # fmt: skip


def curves():
    """Six curves that end within three hundredths of each other."""
    return curve_figure(
        [
            row(name, s, 0.5 + 0.005 * i + 0.01 * np.log2(s))
            for i, name in enumerate(NAMES)
            for s in (1, 2, 4, 8, 16, 32, 64)
        ],
        "Success",
    )


def letters(figure):
    """What is to be seen of texts, and their boxes in pixels."""
    figure.draw_without_rendering()
    axes = [axis for one in figure.axes for axis in (one.xaxis, one.yaxis)]
    ticks = {id(t) for axis in axes for t in axis.get_ticklabels(which="both")}
    return [
        (text, Text.get_window_extent(text))
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in ticks
    ]


def overlapping(boxes):
    return [
        (a.get_text(), b.get_text())
        for (a, one), (b, two) in combinations(boxes, 2)
        if one.x0 < two.x1 - 1 and two.x0 < one.x1 - 1
        and one.y0 < two.y1 - 1 and two.y0 < one.y1 - 1
    ]  # fmt: skip


@pytest.mark.parametrize("options", [
    {}, {"width": 3.3}, {"width": 3.3, "style": "paper"}, {"style": "slides"},
    {"width": 3.3, "height": 2.0, "style": "grey"}, {"font_size": 14.0},
])  # fmt: skip
def test_names_and_sizes_at_curves_never_lie_on_each_other(tmp_path, options):
    with drawn_in(look(**options)):
        figure = curves()
        write_figures({"f": figure}, tmp_path, ("png",))
    marks = letters(figure)
    ends = [(text, box) for text, box in marks if str(text.get_label()).startswith("_end")]
    assert len(ends) == len(NAMES)
    assert not overlapping(ends)
    assert not overlapping([x for x in marks if str(x[0].get_label()).startswith("_letters")])
    for text, box in ends:
        assert box.x1 <= figure.bbox.width + 1, text
        assert -1 <= box.y0 <= box.y1 <= figure.bbox.height + 1, text
    order = sorted(ends, key=lambda one: one[0].xy[1])
    heights = [(box.y0 + box.y1) / 2 for _, box in order]
    assert heights == sorted(heights), "as the curves' ends"


def smallest(figure):
    """Points of the smallest letters where the figure is printed on a page."""
    printed = min(1.0, PAGE / figure.get_figwidth())
    ticks = [t for a in figure.axes for t in (*a.get_xticklabels(), *a.get_yticklabels())]
    texts = [text for text, _ in letters(figure)] + [t for t in ticks if t.get_text()]
    return printed * min(text.get_fontsize() for text in texts)


@pytest.mark.slow
@pytest.mark.parametrize("width", [None, 3.3])
def test_letters_of_many_panels_can_be_read_in_print(fit, runs, tmp_path, width):
    assert len(fit.methods) == 4
    with drawn_in(look(width=width)):
        figures = fit_figures(fit, "two")
        figures |= comparison_figures(compare(runs, Request(by="recipe")))
        made = {name: figure.get_figwidth() for name, figure in figures.items()}
        write_figures(figures, tmp_path, ("png",))
    assert max(made.values()) <= PAGE
    for name, figure in figures.items():
        assert smallest(figure) >= SMALLEST - 1e-9, name
        for axes in figure.axes:
            box = axes.get_window_extent()
            assert min(box.width, box.height) > 15, f"{name}: the axes have room"


def test_places_of_different_sizes_do_not_touch():
    wanted, taken = np.array([0.5, 0.5, 0.52, 0.9]), np.array([0.1, 0.2, 0.1, 0.05])
    found = apart(wanted, taken)
    order = np.argsort(wanted, kind="stable")
    gaps = np.diff(found[order])
    assert (gaps >= (taken[order][1:] + taken[order][:-1]) / 2 - 1e-9).all()
    assert found[3] == pytest.approx(0.9)
