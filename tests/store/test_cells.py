"""CSV that a spreadsheet may open."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.store.cells import cell, write_cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1+1", "'-1+1"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("+5.25e-3", "+5.25e-3"),
        ("-12 %", "-12 %"),
        ("\\frac{1}{2}", "\\frac{1}{2}"),
        (None, ""),
        (float("nan"), ""),
        (True, "true"),
        (0.1, "0.1"),
        (-3, "-3"),
        ([0.5, None], "[0.5, null]"),
        (["=1"], '["=1"]'),
    ],
)
def test_a_cell(value, text):
    assert cell(value) == text


def test_verbatim_is_verbatim():
    assert cell("=1+1", verbatim=True) == "=1+1"


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
)
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    write_cells(path, ["a", "b"], rows, verbatim=True)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], *rows]


def test_cells_that_excel_cuts_are_counted(tmp_path):
    assert write_cells(tmp_path / "x.csv", ["a"], [["x" * 32_767], ["x" * 32_768]]) == 1
