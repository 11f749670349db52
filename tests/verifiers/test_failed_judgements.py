"""A sample that failed for good makes its verification invalid, by the failure's name."""

import pytest
from writers import Sandbox, Writer, verify

from ttc.core import Completion
from ttc.verifiers.genprm import GenPRM
from ttc.verifiers.genrm import GenRM
from ttc.verifiers.heimdall import Heimdall
from ttc.verifiers.opv import OPV
from ttc.verifiers.thinkprm import ThinkPRM

FAILED = Completion("", "content_filter", 7, 0, error="the server will not")
SUMMARY = "Step 0: 2+3=5"
REVIEW = "<think>\nStep 1: \\boxed{correct}\n</think>\nIs the solution correct? Yes"
JUDGEMENT = "<output>\n**Judgement**: $\\boxed{Yes}$\n</output>"


def failing(good, at):
    """Says the same, but fails where a text ends in `at`; without that, at its second sample."""
    count = iter(range(9))

    def says(text, number):
        return FAILED if (at and text.endswith(at)) or (next(count) == 1 and not at) else good

    return Writer(says, logprobs=0)


@pytest.mark.parametrize(
    ("part", "good", "at", "valid"),
    [
        (GenRM(prompt="nano-grade", score="boxed", verifications=2), "\\boxed{1}", "", [1.0, None]),
        (Heimdall(prompt="nano-heimdall", verifications=2), "Answer: 1", "", [1.0, None]),
        (ThinkPRM(prompt="nano-thinkprm", verifications=2), REVIEW, "", [1.0, None]),
        (ThinkPRM(prompt="nano-thinkprm", verifications=1, rounds=2), REVIEW, "check.\n", [None]),
        (ThinkPRM(prompt="nano-thinkprm", verifications=1, rounds=2), REVIEW, "correct?", [None]),
        (GenPRM(prompt="nano-genprm", verifications=2), JUDGEMENT, "", [1.0, None]),
        (GenPRM(prompt="nano-genprm", votes=2), JUDGEMENT, "", [None]),
        (GenPRM(prompt="nano-genprm"), "no judgement", "boxed{", [None]),
        (OPV(prompt="nano-opv", summary_prompt="nano-opv-summary"), SUMMARY, "ize.\n", [None]),
        (
            OPV(prompt="nano-opv", summary_prompt=None, verifications=2),
            "\\boxed{-1}",
            "",
            [1.0, None],
        ),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_it_is_invalid_and_told(part, good, at, valid):
    judge = failing(good, at)
    found = verify(part, judge, ["2+3=5"], Sandbox())
    assert [v.score for v in found] == valid
    bad = [v for v in found if v.score is None]
    assert {v.finish_reason for v in bad} == {"content_filter"}
    assert all(v.verdict is None for v in bad)
