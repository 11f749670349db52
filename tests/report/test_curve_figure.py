"""Success against compute as a figure: what is drawn, what it is called, what it can't be."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.errors import UsageError
from ttc.report.curve_figure import curve_figure, write_curves
from ttc.report.direct_labels import apart
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=6, solutions=8, verified_solutions=4, verifications=2)


def row(policy, s, v, tokens, success, verifier=None, **more):
    ends = {"ci_low": success - 0.1, "ci_high": min(1.0, success + 0.1), "n_problems": 6}
    costs = {"cost_c": float(s or 1), "tokens": tokens, "usd": None}
    said = {"policy": policy, "verifier": verifier, "S": s, "V": v, "success": success}
    return said | ends | costs | more


ROWS = [
    row("majority", 1, 0, 10.0, 0.5),
    row("majority", 2, 0, 20.0, 0.4),
    row("oracle", 2, 0, 20.0, 0.9),
    row("best_of_n", 1, 1, 15.0, 0.5, "g"),
    row("best_of_n", 2, 1, 30.0, 0.45, "g"),
    row("best_of_n", 2, 2, 50.0, 0.7, "g"),
]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_curves_bands_names_and_sizes():
    figure = curve_figure(ROWS, "Mine", "tokens")
    (axes,) = figure.axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert drawn["self-consistency"] == [[10.0, 0.5], [20.0, 0.4]]
    assert drawn["best-of-N (g)"] == [[15.0, 0.5], [50.0, 0.7]], "what is worth its cost"
    assert len(axes.collections) == 3
    assert {"self-consistency", "best-of-N (g)", "coverage"} <= set(texts(figure))
    assert {"2x2", "2"} <= set(texts(figure))
    assert axes.get_legend() is None
    assert "bands: 95 % over 6 problems" in axes.get_title(loc="left")
    assert axes.get_xlabel() == "compute per problem, in tokens"


def test_many_policies_never_look_alike():
    rows = [row(f"p{n}", s, 0, 10.0 * s, 0.5 + 0.01 * n) for n in range(40) for s in (1, 2)]
    lines = curve_figure(rows, "", "c").axes[0].lines
    looks = {(line.get_color(), str(line._dash_pattern), line.get_marker()) for line in lines}
    assert len(looks) == 40


def test_a_unit_that_nothing_costs_and_an_ending_that_is_none(tmp_path):
    with pytest.raises(UsageError, match="no row has a cost in usd"):
        curve_figure(ROWS, "", "usd")
    with pytest.raises(UsageError, match=r"must end in \.png, \.svg or \.pdf"):
        write_curves(curve_figure(ROWS, ""), tmp_path / "x.gif")


def test_a_name_begins_no_formula_and_an_interval_may_be_unknown():
    odd = [row("majority", 1, 0, 10.0, 0.5, ci_low=None, ci_high=None) | {"verifier": "$x_"}]
    figure = curve_figure(odd, "a $\\frac{", "tokens")
    figure.canvas.draw()
    assert not figure.axes[0].collections


def test_measured_answers_have_no_sizes():
    rows = [row("answer", None, None, 10.0 * n, 0.3 * n, cap=10 * n) for n in (1, 2)]
    figure = curve_figure(rows, "", "tokens")
    assert texts(figure) == ["answer"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_from_the_shell_the_same_file_each_time(tmp_path, ending):
    simulate_run(CONFIG, 0, tmp_path / "results" / "sim")
    for name in ("one", "two"):
        done = ttc(tmp_path, "curves", "sim", "--plot", f"figures/{name}.{ending}")
        assert done.returncode == 0, done.stderr
        assert f"wrote figures/{name}.{ending}" in done.stdout
    one, two = ((tmp_path / "figures" / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    if ending == "svg":
        words = " ".join(ET.fromstring(one).itertext())
        assert "self-consistency" in words, "text stays text"


@pytest.mark.slow
def test_json_stays_json_beside_a_plot_and_what_is_no_figure_is_one_sentence(tmp_path):
    simulate_run(CONFIG, 0, tmp_path / "results" / "sim")
    done = ttc(tmp_path, "curves", "sim", "--plot", "x.png", "--json")
    assert done.stdout.startswith("[")
    assert (tmp_path / "x.png").stat().st_size > 10_000
    done = ttc(tmp_path, "curves", "sim", "--plot", "x.jpg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "must end in" in done.stderr
    done = ttc(tmp_path, "curves", "sim", "--plot", "x.png/y.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@given(st.lists(st.floats(0, 1), max_size=15))
def test_names_are_apart_in_order_and_stay_where_there_is_room(wanted):
    found = apart(np.array(wanted, dtype=float), np.full(len(wanted), 0.05))
    order = np.argsort(wanted, kind="stable")
    assert all(b - a >= 0.05 - 1e-9 for a, b in pairwise(found[order]))
    assert len(found) == 0 or (found.min() >= -1e-9 and found.max() <= 1 + 1e-9)
    gaps = np.diff(np.sort(wanted)) if len(wanted) > 1 else np.array([1.0])
    if (gaps >= 0.05).all():
        np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_two_names_at_one_height_part_evenly():
    np.testing.assert_allclose(apart(np.array([0.5, 0.5]), np.full(2, 0.1)), [0.45, 0.55])
