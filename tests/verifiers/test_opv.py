"""OPV: a summary in steps, and votes on the first wrong one."""

import pytest
from writers import Writer, verify

from ttc.verdicts.steps import read_numbered
from ttc.verifiers.opv import OPV

NANO = {"prompt": "nano-opv", "summary_prompt": "nano-opv-summary"}
SUMMARY = "Step 0: 2+3=5\nStep 1: 5-1=3\nStep 2: so 3"


def votes(*indices, summary=SUMMARY):
    def says(text, number):
        if text.endswith("Summarize.\n"):
            return summary
        return f"looking\nFirst error: \\boxed{{{indices[number]}}}"

    return says


def test_votes_name_the_first_wrong_step_of_one_summary():
    judge = Writer(votes(1, -1, 1, 7))
    found = verify(OPV(**NANO, verifications=4), judge, ["long and winding"])
    assert [v.first_wrong_step for v in found] == [1, None, 1, None]
    assert [v.score for v in found] == [0.0, 1.0, 0.0, None]
    assert [v.verdict for v in found] == [False, True, False, None]
    assert found[0].step_scores == (1.0, 0.0, 0.0)
    assert found[1].step_scores == (1.0, 1.0, 1.0)
    assert found[3].step_scores == (), "there is no step 7"
    assert judge.asked[1][0] == (
        f"Problem: What is 2 + 3 - 1?\nSolution:\n{SUMMARY}\nFind the first error.\n"
    )
    assert judge.asked[0][1].temperature == 0
    assert [n for *_, n in judge.asked] == [1, 1, 3]
    assert found[0].text.startswith(SUMMARY)


def test_the_summary_is_counted_once():
    judge = Writer(votes(-1, -1))
    first, second = verify(OPV(**NANO, verifications=2), judge, ["x"])
    assert first.completion_tokens > second.completion_tokens
    assert OPV(**NANO, verifications=2).most_samples(3) == {"verifier": 9}


def test_a_summary_without_steps_is_one_invalid_verification():
    judge = Writer(votes(-1, summary="It adds, then subtracts."))
    found = verify(OPV(**NANO), judge, ["x"])
    assert [(v.index, v.score, v.text) for v in found] == [(0, None, "It adds, then subtracts.")]
    assert judge.given == 1


def test_without_a_summary_the_solution_s_own_steps_are_judged():
    judge = Writer(votes(1))
    part = OPV(prompt="nano-opv", summary_prompt=None, steps="line", verifications=1)
    (found,) = verify(part, judge, ["2+3=5\n5-1=3"])
    assert "Solution:\nStep 0: 2+3=5\nStep 1: 5-1=3\nFind" in judge.asked[0][0]
    assert found.step_scores == (1.0, 0.0)


def test_where_the_budget_ends_there_are_fewer_votes_or_none():
    part = OPV(**NANO, verifications=2)
    assert len(verify(part, Writer(votes(-1, -1), limit=4), ["x", "y"])) == 2
    assert verify(part, Writer(votes(-1, -1), limit=1), ["x", "y"]) == []


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("First error: \\boxed{-1}", 1.0),
        ("It says \\boxed{-1}. First error: \\boxed{0}", 0.0),
        ("First error: -1", None),
        ("First error: \\boxed{-", None),
        ("First error: \\boxed{-2}", None),
        ("First error: \\boxed{one}", None),
        ("<think>\\boxed{-1}", None),
        ("\\boxed{\u22121}", 1.0),
    ],
)
def test_votes_in_all_their_forms(said, score):
    judge = Writer(lambda text, _: SUMMARY if text.endswith("Summarize.\n") else said)
    (found,) = verify(OPV(**NANO, verifications=1), judge, ["x"])
    assert found.score == score


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Here it is:\n**Step 0:** a\nb\n\n### Step 1. c", ["a\nb", "c"]),
        ("Step 1: a\nStep 2: b", []),
        ("Step 0: a\nStep 2: b", []),
        ("Step 0: as in Step 1: x\nStep 1: b", ["as in Step 1: x", "b"]),
        ("", []),
    ],
)
def test_numbered_steps(text, steps):
    assert read_numbered(text, 0) == steps
