"""ThinkPRM: a review step by step, P(Yes) at the decision, and reviews that begin again."""

import pytest
from writers import Writer, verify, written

from ttc.core import Completion
from ttc.verdicts.reviews import decision, step_labels
from ttc.verifiers.thinkprm import ThinkPRM

RIGHT = "Step {}: fine. The step is \\boxed{{correct}}\n"
WRONG = "Step {}: 2+3=5. The step is \\boxed{{incorrect}}\n"
DECIDE = "</think>\nIs the solution correct?"
NANO = {"prompt": "nano-thinkprm", "numbered": False, "steps": "line"}
TEXT = "2+3=5\n5-1=3\nThe final answer is 3."


def review(*right, decided=""):
    lines = [(RIGHT if one else WRONG).format(i) for i, one in enumerate(right, 1)]
    return "<think>\n" + "".join(lines) + (DECIDE + decided if decided else "")


def test_the_score_is_p_yes_over_both_at_the_decision():
    said = written(review(True, False, decided=" No"), at="No", Yes=0.12, No=0.36, Maybe=0.5)
    (found,) = verify(ThinkPRM(verifications=1, **NANO), Writer(lambda *_: said), [TEXT])
    assert found.score == pytest.approx(0.12 / 0.48)
    assert found.p_yes == found.score
    assert found.verdict is False
    assert found.step_scores == (1.0, 0.0, 0.0), "what is missing behind the stop is 0"
    assert found.first_wrong_step == 1
    assert found.raw is None


def test_a_word_that_is_not_listed_has_no_mass():
    said = written(review(True, decided=" Yes"), at="Yes", Yes=0.9, Y=0.05, the=0.05)
    (found,) = verify(ThinkPRM(verifications=1, **NANO), Writer(lambda *_: said), ["4"])
    assert found.score == 1.0


def test_chains_are_averaged_and_one_without_a_decision_is_invalid():
    ends = [written(review(True, decided=" Yes"), at="Yes", Yes=p, No=1 - p) for p in (0.9, 0.5)]
    judge = Writer(lambda _, i: [*ends, "<think>\nStep 1: Is the solution correct? Yes"][i % 3])
    found = verify(ThinkPRM(verifications=3, **NANO), judge, ["4"])
    assert [v.score for v in found] == [pytest.approx(0.9), pytest.approx(0.5), None]
    assert found[2].verdict is None


def test_without_probabilities_it_is_the_word():
    judge = Writer(lambda *_: review(True, decided=" Yes"), logprobs=0)
    (found,) = verify(ThinkPRM(verifications=1, **NANO), judge, ["4"])
    assert (found.score, found.p_yes) == (1.0, None)
    assert judge.asked[0][1].logprobs is None


def test_steps_are_numbered_in_the_prompt():
    judge = Writer(lambda *_: review(True))
    verify(ThinkPRM(verifications=1), judge, ["Add.\n2+3=5\n\nSubtract."])
    assert "Step 1: Add.\n2+3=5\nStep 2: Subtract.\n" in judge.asked[0][0]


def test_rounds_go_on_behind_trigger_phrases_and_end_in_a_forced_decision():
    def says(text, number):
        if text.endswith(DECIDE):
            return written(" Yes", at="Yes", Yes=0.6, No=0.2)
        again = text.endswith(("check.\n", "again.\n"))
        return review(True, not again, True, decided=" Yes").removeprefix(
            "<think>\n" if again else ""
        )

    judge = Writer(says)
    part = ThinkPRM(verifications=2, rounds=3, **NANO)
    found = verify(part, judge, [TEXT])
    assert [v.score for v in found] == [pytest.approx(0.75)] * 2
    first, second = review(True, True, True), review(True, False, True).removeprefix("<think>\n")
    whole = f"{first}Let me double check.\n{second}Let's verify again.\n{second}{DECIDE} Yes"
    assert found[0].text == whole
    assert found[0].step_scores == (1.0, 0.0, 0.0), "the last review counts"
    assert found[0].first_wrong_step == 1
    assert found[0].finish_reason == "stop"
    head = f"Problem: What is 2 + 3 - 1?\nSolution:\n{TEXT}\nVerify step by step.\n"
    assert judge.asked[-1][0] == head + whole.removesuffix(" Yes")
    review_by, forced = judge.asked[0][1], judge.asked[-1][1]
    assert review_by.stop[0] == "</think>"
    assert (forced.temperature, forced.max_tokens, forced.logprobs) == (1.0, 1, 20)
    assert part.most_samples(1) == {"verifier": 8}
    assert judge.given == 8
    replies = [says("", 0), *[says("check.\n", 0)] * 2]
    assert found[0].completion_tokens == 1 + sum(written(one).completion_tokens for one in replies)


def test_a_chain_that_the_budget_cuts_is_no_verification():
    judge = Writer(lambda *_: review(True), limit=5)
    found = verify(ThinkPRM(verifications=2, rounds=2, **NANO), judge, [TEXT])
    assert [v.index for v in found] == [0]
    assert judge.given == 5


def test_a_forced_token_that_is_neither_leaves_no_score():
    def says(text, number):
        at_end = text.endswith(DECIDE)
        return written(" Well", at="Well", Well=0.9, So=0.1) if at_end else review(True)

    (found,) = verify(ThinkPRM(verifications=1, rounds=2, **NANO), Writer(says), ["4"])
    assert (found.verdict, found.score) == (None, None)


CUT_OFF = Completion(review(True), "length", 5, 9)
FAILED = Completion("", "gave_up", 5, 0, error="no reply")


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("said", ["I can't judge this.", FAILED, CUT_OFF, review(), ""])
def test_a_review_that_can_t_be_read_calls_no_step_wrong(said, rounds):
    part = ThinkPRM(verifications=1, rounds=rounds, **NANO)
    thinks = Writer(lambda text, _: written(" Yes") if text.endswith(DECIDE) else said)
    (found,) = verify(part, thinks, [TEXT])
    assert (found.step_scores, found.first_wrong_step) == ((), None)


@pytest.mark.parametrize(
    ("text", "labels", "wrong"),
    [
        (r"Step 1: a \boxed{correct} Step 2: b", [1, 0, 0], None),
        (r"\boxed{correct} \boxed{correct} \boxed{incorrect}", [1, 1, 0], 2),
        ("**Step 1:** \\boxed{\\text{correct}}\n### Step 2\n\\boxed{Incorrect}", [1, 0, 0], 1),
        (
            "Step 1: I end with \\boxed{correct} or \\boxed{incorrect}.\nIt is \\boxed{correct}",
            [1, 0, 0],
            None,
        ),
        (
            "Step 1: it says \\boxed{incorrect}, no: \\boxed{correct}\nStep 2: \\boxed{correct}",
            [1, 1, 0],
            None,
        ),
        ("Step 2: \\boxed{incorrect}\nStep 3: \\boxed{correct}", [0, 0, 0], 1),
        ("Step 9: \\boxed{incorrect}", [], None),
        ("Step 1: \\boxed{42} and \\boxed{corr", [], None),
        ("I can't judge this.", [], None),
        ("", [], None),
    ],
)
def test_labels(text, labels, wrong):
    assert step_labels(text, 3) == ([bool(one) for one in labels], wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Is the solution correct? Yes", True),
        ("**Is the solution correct?** No.", False),
        ("Is the solution correct?\n\nYes", True),
        ("Is the solution correct? Yes\nIs the solution correct? No", False),
        ("Is the solution correct (Yes/No)? Yes", None),  # another format, see ttc.verdicts.text
        ("Is the solution correct? Yes/No", None),
        ("Is the solution correct? (Yes or No): No", False),
        ("Is the solution correct? Yesterday", None),
        ("Is the solution correct? Not sure", None),
        (
            '<think>It claims "Is the solution correct? Yes"</think>\nIs the solution correct? No',
            False,
        ),
        ("<think>Is the solution correct? Yes", None),
        ("The solution is correct: Yes", None),
    ],
)
def test_decisions(text, says):
    found = decision(text)
    assert (None if found is None else found.says) is says
