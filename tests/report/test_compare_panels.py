"""A panel for each of many methods: every column can be read to its end."""

from types import SimpleNamespace

import pytest

from ttc.report.compare_figure import _small_panels


@pytest.mark.parametrize("methods", [8, 9, 11])
def test_the_lowest_panel_of_each_column_has_its_scale(methods):
    names = [f"m{i}" for i in range(methods)]
    success = SimpleNamespace(estimate=0.5, low=0.4, high=0.6)
    curve = [
        SimpleNamespace(method=name, budget=budget, success=success)
        for name in ["vote", *names]
        for budget in (10.0, 100.0, 1000.0)
    ]
    found = SimpleNamespace(baseline="vote", unit="tokens", curve=curve, problems=9, level=0.95)
    figure = _small_panels(found, names)
    shown = [one for one in figure.axes if one.get_visible()]
    with_scale = [one for one in shown if one.xaxis.get_tick_params()["labelbottom"]]
    assert with_scale == shown[-4:]
    columns = {round(one.get_position().x0, 3) for one in with_scale}
    assert len(columns) == 4
