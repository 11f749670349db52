"""Several runs on a page stand against each other as `ttc compare` says, or it says why not."""

import pytest
from run_by_hand import write_run

from ttc.pipeline.comparing import Request, compare
from ttc.report.compare import few_budgets
from ttc.report.html.build import report
from ttc.report.html.paired import of_comparison, paired

OFTEN, SELDOM = (0, 0, 0, 1), (0, 1, 2, 3)


@pytest.fixture
def two(tmp_path):
    """Of each problem the first is right in one of four samples, the second in three."""
    seldom = write_run(tmp_path, [SELDOM] * 12, name="seldom")
    return seldom, write_run(tmp_path, [OFTEN] * 12, name="often")


def test_a_planted_difference_is_told_with_its_verdict(two):
    made = paired(two)
    assert made is not None
    assert made["baseline"] == "seldom"
    first = made["places"][0]["runs"]
    assert [one["name"] for one in first] == ["often", "seldom"]
    assert first[1]["ahead"] is None
    assert first[0]["success"] == pytest.approx(0.75)
    assert first[0]["ahead"]["estimate"] == pytest.approx(0.5)
    assert first[0]["verdict"] == "better"
    assert made["said"][0].startswith("Within ")
    assert "better than seldom: often (+" in made["said"][0]


def test_every_figure_is_that_of_the_comparison(two):
    found = compare(two, Request(by="recipe"))
    made = of_comparison(found)
    assert len(made["places"]) == len(few_budgets(found))
    for place, budget in zip(made["places"], few_budgets(found), strict=True):
        told = {one["name"]: one for one in place["runs"]}
        for point in (p for p in found.points if p.budget == budget):
            own = told[point.method]
            assert own["success"] == pytest.approx(point.success.estimate, rel=1e-5)
            assert own["verdict"] == (point.verdict or "")
            if point.ahead is not None:
                assert own["ahead"]["low"] == pytest.approx(point.ahead.low, rel=1e-5)


def test_one_run_is_compared_with_nothing(two):
    assert paired(two[:1]) is None


def test_runs_of_other_problems_are_a_sentence_and_a_page_all_the_same(tmp_path, two):
    other = write_run(tmp_path, [OFTEN] * 3, name="other")
    made = paired([two[0], other])
    assert made is not None
    assert made["why"].startswith("These runs are not compared with each other: ")
    assert not made["places"]
    assert report([two[0], other])[0].startswith("<!doctype html>")
