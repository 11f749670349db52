"""Wherever a budget ends, the first solutions are judged, each whole, and no others."""

import asyncio
from collections import Counter

import pytest
from attempts import attempt_of
from readers import Reader, scored
from writers import Sandbox, Writer, solution

from ttc.core import Completion, Problem
from ttc.verifiers.code import Code
from ttc.verifiers.confidence import Confidence
from ttc.verifiers.ensemble import Ensemble
from ttc.verifiers.genprm import GenPRM
from ttc.verifiers.genrm import GenRM
from ttc.verifiers.genrm_direct import GenRMDirect
from ttc.verifiers.heimdall import Heimdall
from ttc.verifiers.meta import Meta
from ttc.verifiers.opv import OPV
from ttc.verifiers.prm import PRM
from ttc.verifiers.self_verify import SelfVerify
from ttc.verifiers.thinkprm import ThinkPRM
from ttc.verifiers.tool_answer import ToolAnswer

# Long and short ones, some alike, one that nobody can read, and one that is empty.
TEXTS = ["a\nb\nc\nd\ne", "a\nb", "ramble", "a\nb\nc\nd\ne", "a", "", "a\nb", "f\ng\nh"]
PROGRAMS = [
    "def f(x): return x",
    "no program",
    "def f(x): return x + 0",
    "def f(x): return x",
    "no program, too",
    "def f(x): return 1",
    "def f(x): return 1 * x",
]
PROBLEM = Problem("p", "What?", "", metadata={"tests": ["assert f(1) == 1"], "entry_point": "f"})
REVIEW = "Step 1: \\boxed{correct}\nIs the solution correct? Yes"
ASK = "Verification: Is the answer correct (Yes/No)? Yes"


def opv(text, number):
    if text.endswith("Summarize.\n"):
        return "I can't." if "ramble" in text else "Step 0: a\nStep 1: b"
    return "\\boxed{-1}"


def checked(text, number):
    """A program at each step, then the judgement."""
    ran = "[Code Output]" in text.rsplit("Judge the last step.", 1)[1]
    return "<output>$\\boxed{Yes}$" if ran else "<verify>\n```python\nprint(1)\n```\n</verify>"


def always(text):
    return lambda *_: text


GRADER = GenRM(name="grader", prompt="nano-grade", score="boxed", verifications=2)
NANO = {"prompt": "nano-genprm", "steps": "line"}
THINK = {"prompt": "nano-thinkprm", "steps": "line"}
CASES = {
    "genrm": (GenRM(verifications=2), always(ASK)),
    "genrm-direct": (GenRMDirect(), always("Yes")),
    "heimdall": (Heimdall(prompt="nano-heimdall", verifications=2), always("Answer: 1")),
    "self-verify": (SelfVerify(context="new", prompt="genrm-base", verifications=2), always(ASK)),
    "tool-answer": (ToolAnswer(verifications=2), always("\\boxed{4}")),
    "confidence": (Confidence(measure="p_true"), always("True")),
    "thinkprm": (ThinkPRM(verifications=2, **THINK), always(REVIEW)),
    "thinkprm rounds": (ThinkPRM(verifications=2, rounds=3, **THINK), always(REVIEW)),
    "genprm": (GenPRM(**NANO, execute=False), always("<output>$\\boxed{Yes}$")),
    "genprm votes": (GenPRM(**NANO, verifications=2, votes=2, execute=False), always("no box")),
    "genprm programs": (GenPRM(**NANO), checked),
    "opv": (OPV(prompt="nano-opv", summary_prompt="nano-opv-summary", verifications=3), opv),
    "opv steps": (OPV(prompt="nano-opv", summary_prompt=None, verifications=2), opv),
    "meta": (Meta(verifier=GRADER, prompt="nano-meta", verdicts=2), always("\\boxed{0}")),
    "ensemble": (
        Ensemble(verifiers=(GenRMDirect(), GenRM(verifications=1))),
        always(ASK),
    ),
}
RAN: dict[str, list[Completion]] = {}  # each program runs once, whatever the limit of the rest
STAGED = ("meta", "ensemble")  # which share a budget out between their parts, as runs can tell


def judged(part, says, texts, limit=None):
    """What is said of solutions within so many samples, and how many there were."""
    says = says if callable(says) else always(says)
    judge = Writer(says, limit=limit)
    attempt = attempt_of(part, PROBLEM, judge, sandbox=Sandbox(known=RAN))
    given = [solution(i, text) for i, text in enumerate(texts)]
    found = asyncio.run(part.verify(attempt, given))
    return [v for v in found if v.verifier == part.label], judge.given


def said(one):
    return one.solution_index, one.index, one.score, one.verdict, one.step_scores, one.text


def check(found, whole, least, limit):
    """found: within a limit; whole: without one; least: samples of the first judgement alone."""
    counts = Counter(v.solution_index for v in found)
    assert sorted(counts) == list(range(len(counts))), "the first solutions, and no others"
    alone = Counter(v.solution_index for v in whole)
    left = [alone[i] - counts[i] for i in sorted(counts)]
    cut = next((i for i, lack in enumerate(left) if lack), len(left))
    assert all(left[i] or alone[i] == 1 for i in range(cut, len(left))), "none behind has more"
    assert [said(v) for v in found] == [
        said(v) for v in whole if v.index < counts[v.solution_index]
    ], "what is said is said of all of it"
    assert found or limit < least, "what suffices for one judgement buys one"


@pytest.mark.parametrize("name", CASES)
def test_the_first_solutions_are_judged_whole(name):
    part, says = CASES[name]
    whole, most = judged(part, says, TEXTS)
    assert len({v.solution_index for v in whole}) == len(TEXTS)
    _, least = judged(part.fewer(1, 1), says, TEXTS[:1])
    for limit in range(most + 1):
        found, _ = judged(part, says, TEXTS, limit)
        check(found, whole, most if name in STAGED else least, limit)
    assert found


@pytest.mark.parametrize("how", ["share", "agreement"])
def test_programs_that_fail_or_are_alike_are_no_exception(how):
    part = Code(score=how)
    given = [solution(i, f"```python\n{text}\n```") for i, text in enumerate(PROGRAMS)]

    def tested(limit, most=None):
        attempt = attempt_of(part, PROBLEM, Writer(always("")), sandbox=Sandbox(limit, RAN))
        return [said(v) for v in asyncio.run(part.verify(attempt, given[:most]))]

    for limit in range(len(given) + 1):
        found = tested(limit)
        assert found == tested(None, len(found)), "as if there were only these"
        assert len(found) >= min(limit, len(given))
    assert len(found) == len(given)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("genprm", "opv"))])
def test_solutions_of_one_text_are_no_exception(name):
    part, says = CASES[name]
    whole, most = judged(part, says, ["a\nb"] * 4)
    for limit in range(most + 1):
        check(judged(part, says, ["a\nb"] * 4, limit)[0], whole, most, limit)


class Limited(Reader):
    def __init__(self, limit):
        super().__init__(lambda passage: scored(*[0.7] * len(passage.steps)))
        self.limit = limit

    async def sample(self, prompt, params, n, **more):
        done = await super().sample(prompt, params, n, **more)
        return done if self.limit is None or len(self.shown) <= self.limit else []


def test_solutions_whose_steps_a_reward_model_reads():
    def scores(limit):
        part = PRM(prompt="nano-solver", steps="line")
        attempt = attempt_of(part, PROBLEM, Limited(limit))
        given = [solution(i, text) for i, text in enumerate(TEXTS)]
        return asyncio.run(part.verify(attempt, given))

    whole = scores(None)
    for limit in range(len(TEXTS) + 1):
        check(scores(limit), whole, 1, limit)
