"""The page on the library, run to the letter in one namespace."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/use-as-a-library.md"


@pytest.mark.slow
def test_the_pages_code_runs_and_says_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S):
        exec(compile(block, str(PAGE), "exec"), names)
    shown = capsys.readouterr().out
    assert shown.startswith("<ttc.Run quickstart/s0-")
    assert "did you mean 'temperature'?" in shown
    assert set(names["beside"].table["method"]) == {"temperature=1", "temperature=0.6"}
    assert len(names["gained"]) == 1
    for name in ("success.svg", "surface.pdf"):
        assert (tmp_path / name).stat().st_size > 5000
    assert "[0.5  0.25]" in shown
    assert names["pool"].n_problems == 12
    assert (names["best"].method == 1).all()
    assert names["best"].value.shape == (2, 3, 2)
    np.testing.assert_allclose(names["vote"].value[:, -1], [1, 0])
    low, high = names["low"], names["high"]
    inside = ~np.isnan(low)
    mean = names["mean"]
    assert (low[inside] <= mean[inside] + 1e-9).all()
    assert (mean[inside] <= high[inside] + 1e-9).all()
    errors = names["fit"].check.errors
    assert errors["beta"].rmse < errors["flat"].rmse
