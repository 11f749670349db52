"""Meta-verification: which alleged defects are real, and the label that follows."""

import asyncio

import pytest
from attempts import attempt_of
from hypothesis import given
from hypothesis import strategies as st
from writers import PROBLEM, Writer, solution

from ttc.attempt.numbers import STRIDE
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame
from ttc.verdicts.agreement import label_of, upheld
from ttc.verdicts.boxed import boxed_grade
from ttc.verifiers.genrm import GenRM
from ttc.verifiers.meta import Meta


@pytest.mark.parametrize(
    ("scores", "valid", "support", "label"),
    [
        ([1, 1, 1], [], 1, 1.0),
        ([0, 1, 0.5], [], 1, 1.0),  # no defect is legitimate
        ([0, 1, 0.5], [0, 0.5], 1, 0.0),
        ([0, 0.5, 0.5], [0, 0.5, 0.5], 2, 0.5),  # a lone 0 has too little support
        ([0, 0.5, 1], [0, 0.5], 2, None),  # discarded
        ([0.5, 1, 1, 1], [0.5], 1, 0.5),
        ([], [], 1, None),  # nothing could be read
    ],
)
def test_the_label_is_the_lowest_score_with_support(scores, valid, support, label):
    assert label_of(scores, valid, support) == label


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=8), st.integers(1, 3), st.data())
def test_labels_by_brute_force(scores, k, data):
    doubts = [s for s in scores if s < 1]
    valid = [s for s in doubts if data.draw(st.booleans())]
    if any(valid.count(s) >= k for s in (0.0, 0.5)):
        expected = 0.0 if valid.count(0.0) >= k else 0.5
    else:
        expected = 1.0 if scores and not valid else None
    assert label_of(scores, valid, k) == expected


@pytest.mark.parametrize(
    ("verdicts", "confirms", "valid"),
    [
        ([1, 1, 0], 1, True),
        ([1, 0.5, 0], 1, False),
        ([1, 0.5, 0], 0.5, True),
        ([1, 0], 1, False),  # no majority
        ([1, None, None], 1, True),
        ([None], 1, False),
    ],
)
def test_an_analysis_is_valid_where_the_majority_confirms_it(verdicts, confirms, valid):
    assert upheld(verdicts, confirms) is valid


class Both:
    """Gradings by solution, meta-verdicts by the grading that they are of."""

    def __init__(self, gradings, verdicts):
        self.gradings, self.verdicts = gradings, verdicts

    def __call__(self, text, number):
        if text.endswith("Grade the solution.\n"):
            key = text.split("Solution:\n")[1].split("\n")[0]
            return self.gradings[key][number % STRIDE]  # of a branch, whose numbers are its own
        grading = text.split("Grade the solution.\n")[1].split("\n")[0]
        return f"Score: \\boxed{{{self.verdicts[grading][number % (1 << 20)]}}}"


GRADER = GenRM(name="grader", prompt="nano-grade", score="boxed", verifications=3)


def judged(part, model, texts):
    attempt = attempt_of(part, PROBLEM, model)
    given = [solution(i, text) for i, text in enumerate(texts)]
    rows = asyncio.run(part.verify(attempt, given))
    stored = attempt._record.verifications()
    return (
        [v for v in rows if v.verifier == "meta"],
        [v for v in rows if v.verifier != "meta"],
        stored,
    )


def grading(name, score):
    return f"{name}\nScore: \\boxed{{{score}}}"


def test_meta_verification_by_hand():
    gradings = {
        "good": [grading("a", 1), grading("b", 0), grading("c", 0.5)],
        "bad": [grading("d", 0), grading("e", 0.5), grading("f", 1)],
        "none": [grading("g", 0.7), "no score", "Score: \\boxed{"],
        "odd": [grading("h", 0), grading("i", 1), grading("k", 1)],
    }
    verdicts = {"b": [0, 1, 0], "c": [0, 0.5, 0], "d": [1, 1, 0.5], "e": [1, 1, 1], "h": [0, 1, 1]}
    part = Meta(verifier=GRADER, prompt="nano-meta", verdicts=3, confirms=1)
    labels, said, stored = judged(part, Writer(Both(gradings, verdicts)), gradings)
    assert [(v.solution_index, v.score) for v in labels] == [
        (0, 1.0),
        (1, 0.0),
        (2, None),
        (3, 0.0),
    ]
    assert [v.verdict for v in labels] == [True, False, None, False]
    assert labels[0].text == gradings["good"][0]
    assert labels[1].text == gradings["bad"][0], "the critique is a valid analysis"
    by_doubt = {(0, 1): verdicts["b"], (0, 2): verdicts["c"], (1, 0): verdicts["d"]}
    by_doubt |= {(1, 1): verdicts["e"], (3, 0): verdicts["h"]}
    assert [(v.solution_index, v.of, v.score) for v in said] == [
        (*doubt, score) for doubt, scores in by_doubt.items() for score in scores
    ]
    assert [v.index for v in said] == [*range(6), *range(6), *range(3)]
    assert {v.verifier for v in said} == {"meta/verdict"}
    assert len(stored) == 12, "the analyses are stored under their own name"
    mine = [v.completion_tokens for v in (*said, *stored) if v.solution_index == 1]
    assert labels[1].completion_tokens == sum(mine)


def test_more_support_discards_what_one_analysis_alone_says():
    gradings = {"bad": [grading("d", 0), grading("e", 0.5), grading("f", 1)]}
    verdicts = {"d": [1, 1, 1], "e": [1, 1, 1]}
    part = Meta(verifier=GRADER, prompt="nano-meta", support=2)
    labels, *_ = judged(part, Writer(Both(gradings, verdicts)), gradings)
    assert [(v.score, v.verdict) for v in labels] == [(None, None)]


def test_a_solution_whose_doubts_lack_verdicts_has_no_label():
    gradings = {"x": [grading("a", 1)] * 3, "y": [grading("d", 0)] * 3}
    part = Meta(verifier=GRADER, prompt="nano-meta", verdicts=3)
    labels, said, _ = judged(part, Writer(Both(gradings, {"d": [1] * 3}), limit=6 + 5), gradings)
    assert [(v.solution_index, v.score) for v in labels] == [(0, 1.0)]
    assert len(said) == 5


def test_what_it_may_ask_for():
    part = Meta(verifier=GRADER, prompt="nano-meta", verdicts=3)
    assert part.most_samples(4) == {"grader": 12, "verifier": 36}
    assert part.templates() == {"grader": "nano-grade"}
    assert part.longest() == {"grader": 2048, "verifier": 4096}
    few = part.fewer(2, 1)
    assert few.most_samples(4) == {"grader": 2, "verifier": 6}


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Score: \\boxed{0.5}", 0.5),
        ("\\boxed{1}, no: \\boxed{0}", 0.0),
        ("$\\boxed{\\frac{1}{2}}$", 0.5),
        ("\\boxed{ 1.0 }", 1.0),
        ("\\boxed{\\text{0}}", 0.0),
        ("\\boxed{1} \\boxed{0.", None),
        ("\\boxed{0.75}", None),
        ("\\boxed{}", None),
        ("<think>\\boxed{1}", None),
        ("<think>\\boxed{1}</think>\\boxed{0}", 0.0),
        ("Score: 1", None),
        ("\\boxed{" * 9999, None),
    ],
)
def test_grades(text, score):
    assert boxed_grade(text) == score


def test_within_a_budget_the_first_solutions_are_labelled_doubted_or_not(tmp_path):
    changes = ("dataset.problems=4", "sampler.solutions=8", f"results={tmp_path}")
    run = run_recipe(
        load_recipe("verifiers/meta", (*changes, "budget.per_problem.tokens=2500"))
    ).run
    frame = read_frame(run.verifications, "verifications")
    verdicts = frame[frame["verifier"] == "meta/verdict"]
    labels = frame[frame["verifier"] == "meta"]
    assert len(verdicts)
    assert 0 < len(labels) < 4 * 8
    for _, rows in labels.groupby("problem_id", observed=True):
        assert sorted(rows["solution_index"]) == list(range(len(rows))), "none is left out between"
