"""GenRM's finer scores: boxed grades, expectations over score tokens, criteria."""

import pytest
from pydantic import ValidationError
from writers import Writer, verify, written

from ttc.recipe import parse_recipe, run_id
from ttc.verifiers.genrm import GenRM

RATED = {"prompt": "nano-score", "score": "expectation", "criteria": ("steps", "answer")}


def test_boxed_grades():
    grades = ["1", "0.5", "0", "2"]
    judge = Writer(lambda _, i: f"ok\nScore: \\boxed{{{grades[i]}}}")
    part = GenRM(prompt="nano-grade", score="boxed", verifications=4)
    found = verify(part, judge, ["4"])
    assert [v.score for v in found] == [1.0, 0.5, 0.0, None]
    assert [v.verdict for v in found] == [True, False, False, None]
    assert judge.asked[0][1].logprobs is None


def test_criteria_are_asked_apart_and_averaged():
    rated = {
        "steps": written(" 4", at="4", _4=0.5, _5=0.5),
        "answer": written(" 1", at="1", _1=0.75, _2=0.25),
    }
    judge = Writer(lambda text, _: rated["steps" if "the steps from" in text else "answer"])
    part = GenRM(**RATED, verifications=1, max_tokens=1)
    (found,) = verify(part, judge, ["2+3=5"])
    assert found.score == pytest.approx((3.5 / 4 + 0.25 / 4) / 2)
    assert (found.verdict, found.p_yes) == (False, None)
    assert found.text == " 4\n\n 1"
    assert found.completion_tokens == 2
    assert [text.rsplit("\n", 1)[1] for text, *_ in judge.asked] == [
        "Rate the steps from 1 to 5:",
        "Rate the answer from 1 to 5:",
    ]
    assert part.most_samples(3) == {"verifier": 6}


def test_all_numbers_of_a_scale_are_asked_for():
    judge = Writer(lambda *_: " 7", logprobs=20)
    part = GenRM(prompt="nano-score-10", score="expectation", scale="0-10", verifications=1)
    (found,) = verify(part, judge, ["4"])
    assert judge.asked[0][1].logprobs == 11
    assert found.score == pytest.approx(0.7)
    assert part.needs == {"logprobs": 1}


def test_a_criterion_that_is_missing_makes_no_mean():
    judge = Writer(lambda text, _: " 4" if "steps" in text else " many")
    (found,) = verify(GenRM(**RATED, verifications=1), judge, ["2"])
    assert (found.score, found.verdict) == (None, None)
    cut = Writer(lambda *_: " 4", limit=3)
    found = verify(GenRM(**RATED, verifications=2), cut, ["2"])
    assert [v.index for v in found] == [0], "the second has one criterion only"


def test_criteria_need_a_place_in_the_prompt_and_the_other_way_round():
    with pytest.raises(ValidationError, match="has no"):
        GenRM(prompt="nano-grade", criteria=("steps",))
    with pytest.raises(ValidationError, match="has a place for"):
        GenRM(prompt="nano-score", score="expectation")


def test_new_fields_leave_run_ids_alone():
    bare = "dataset: nano\nverifiers: [{type: genrm}]\n"
    spelled = "dataset: nano\nverifiers: [{type: genrm, scale: 1-5, criteria: null}]\n"
    other = "dataset: nano\nverifiers: [{type: genrm, scale: 0-10}]\n"
    assert run_id(parse_recipe(bare)) == run_id(parse_recipe(spelled)) == "s0-50a1988a"
    assert run_id(parse_recipe(bare)) != run_id(parse_recipe(other))
