"""What a page says of a run is what the commands print, and no more than intervals allow."""

import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from run_by_hand import write_run

from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.metrics import measure
from ttc.report.html.build import problem_pages
from ttc.report.html.citing import bibtex
from ttc.report.html.content import analyses, parting
from ttc.report.html.headline import headline
from ttc.report.html.success import frontier, methods, units
from ttc.report.problem import print_problem

VERDICTS = [(i, i % 3 != 1, (0.9, 0.2, 0.7)[i % 3]) for i in range(6) for _ in range(2)]


@pytest.fixture
def run(tmp_path):
    answers = [(0, 1, 1, 0, 0, 2), (1, 1, 0, 0, 0, -1), (2, 1, 1, 1, 0, 0)]
    return write_run(tmp_path, answers, verdicts=VERDICTS)


def test_cells_are_the_rows_of_the_curves(run):
    rows = answer(run, CurveRequest()).rows
    made = analyses(run, deep=False)["methods"]
    found = {(one["policy"], one["verifier"] or None): one["cells"] for one in made}
    assert len(rows) == sum(map(len, found.values())) > 0
    for row in rows:
        (cell,) = [
            one
            for one in found[row["policy"], row["verifier"]]
            if (one["S"], one["V"]) == (row["S"], row["V"])
        ]
        assert cell["success"] == pytest.approx(row["success"], rel=1e-5)
        assert cell["low"] is None  # three problems tell no interval
        assert row["ci_low"] is None or math.isnan(row["ci_low"])
        assert cell["cost"]["tokens"] == pytest.approx(row["tokens"], rel=1e-5)
        assert cell["problems"] == row["n_problems"]


def test_coverage_is_that_of_the_metrics(run):
    wanted = measure(run)
    found = analyses(run, deep=False)["coverage"]
    assert [point[0] for point in found] == list(wanted.k)
    told = [point[1] for point in found]
    assert told == pytest.approx([one.value for one in wanted.by_k["pass_at_k"]], rel=1e-5)


def test_choices_are_those_that_show_prints(run):
    out = io.StringIO()
    print_problem(Console(width=400, file=out), run, "p0", 1)
    (said,) = re.findall(r"chosen of all 6: (.*)", out.getvalue())
    page = next(iter(problem_pages(run, run.manifest())))
    told = [
        f"{one['policy']} {one['answer']} ({'right' if one['right'] else 'wrong'})"
        for one in page.data["chosen"]
    ]
    assert ", ".join(told) == said.strip()


def cell(cost, success, s=1, v=1):
    return {"cost": {"tokens": cost}, "success": success, "S": s, "V": v}


CELLS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), max_size=12)


@given(CELLS)
def test_the_frontier_by_brute_force(pairs):
    cells = [cell(cost, success) for cost, success in pairs]
    kept = frontier(cells, "tokens")
    for i, one in enumerate(pairs):
        beaten = any((c <= one[0] and s > one[1]) or (c < one[0] and s >= one[1]) for c, s in pairs)
        same = [pairs[j] for j in kept]
        assert (one in same) == (not beaten), (i, one)
    assert [pairs[j] for j in kept] == sorted(pairs[j] for j in kept)


def row(policy, s, v, success, verifier=None, low=None, high=None):
    costs = {"tokens": 10.0 * s * (1 + v), "cost_c": float(s), "flops": None, "usd": 0.0}
    return {
        "policy": policy, "verifier": verifier, "S": s, "V": v, "success": success,
        "ci_low": low, "ci_high": high, "mc_standard_error": 0.0, "estimator": "exact",
        "n_problems": 12, "calls": 1.0, "seconds": None, **costs,
    }  # fmt: skip


def test_units_are_those_in_which_all_costs_are_known():
    found = methods([row("majority", 1, 0, 0.5), row("majority", 2, 0, 0.6)])
    assert units(found) == ["tokens", "c", "calls"]


def test_a_headline_without_verifiers():
    rows = [row("majority", 1, 0, 0.5), row("majority", 4, 0, 0.625, low=0.5, high=0.75)]
    first, second = headline(methods([*rows, row("oracle", 4, 0, 0.9)]), None)
    assert first.startswith("A vote of 4 solutions answers 62.5 % (50.0 to 75.0) right, one")
    assert "one solution 50.0 %" in first
    assert "Among 4 solutions a right one is there for 90.0 %" in second


def test_nothing_is_said_of_nothing():
    assert headline([], None) == []


def index_row(name, vote, **chosen):
    return {"id": name, "vote": vote, "chosen": chosen}


def test_runs_do_not_part_by_one_draw_of_each():
    first = [index_row("a", True, first=True, best=True), index_row("b", True, first=True)]
    second = [index_row("a", True, first=False, best=False), index_row("b", True, first=False)]
    (found,) = parting([first, second], {"first"})
    assert found == {"id": "a", "vote": [True, True], "choices": ["best"]}
    assert [one["id"] for one in parting([first, second])] == ["a", "b"]


def test_the_bibliography_has_the_papers_of_the_methods():
    recipe = {
        "sampler": {"type": "speculate", "draft": {"type": "nano"}},
        "verifiers": [{"type": "ensemble", "verifiers": [{"type": "prm"}]}],
        "policies": [{"type": "majority"}, {"type": "nobody_knows"}],
    }
    text = bibtex([recipe])
    found = set(re.findall(r"eprint = \{([\d.]+)\}", text))
    assert {"2203.11171", "2305.20050", "2506.18203", "2512.05033", "2504.01005"} <= found
    assert "Lightman, Hunter and others" in text
    assert text.count("{") == text.count("}")
    keys = re.findall(r"@\w+\{([^,]+),", text)
    assert len(set(keys)) == len(keys)
