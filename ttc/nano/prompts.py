r"""The raw-text formats that the nano networks read and write.

Solver: `Problem: ...\nSolution:\n` then steps, one a line, and `The final answer is x.`
Verifier: the solver's prompt and solution, then `\nVerification:\n`, then a recheck of one line
a step (the step as the verifier works it out, and `ok` or `wrong`; it stops at the first wrong
one), then the verdict line.
Judges: the solver's prompt and solution, then a header of `HEADERS`, then what the header asks for
(see `ttc.nano.formats`). Every text ends by itself, with the network's end mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

VERDICT = "Verification: Is the answer correct (Yes/No)?"

Header = Literal[
    "genprm",
    "thinkprm",
    "heimdall",
    "opv-summary",
    "opv",
    "grade",
    "meta",
    "score-steps",
    "score-answer",
    "score-10",
    "direct",
]
HEADERS: dict[Header, str] = {
    "genprm": "\nJudge the last step.\n",
    "thinkprm": "\nVerify step by step.\n",
    "heimdall": "\nCheck the answer.\n",
    "opv-summary": "\nSummarize.\n",
    "opv": "\nFind the first error.\n",
    "grade": "\nGrade the solution.\n",
    "meta": "\nIs the alleged defect real?\n",
    "score-steps": "\nRate the steps from 1 to 5:",
    "score-answer": "\nRate the answer from 1 to 5:",
    "score-10": "\nRate from 0 to 10:",
    "direct": "\nIs the answer correct (Yes/No)?",
}
VERIFICATION = "\nVerification:\n"
REVISION = "\nRevision:\n"
WHICH = "\nWhich solution is better (A/B)?"


def solver_prompt(question: str) -> str:
    """The text that a solution follows."""
    return f"Problem: {question}\nSolution:\n"


def verifier_prompt(question: str, solution: str) -> str:
    """The text that a verification follows."""
    return f"{solver_prompt(question)}{solution.rstrip()}\nVerification:\n"


def judge_prompt(header: Header, question: str, solution: str) -> str:
    """The text that a judgement follows.

    solution: for `genprm` its lines up to the step to judge, for `opv` its summary.
    """
    return f"{solver_prompt(question)}{solution.rstrip()}{HEADERS[header]}"


def meta_prompt(question: str, solution: str, grading: str) -> str:
    """The text that a judgement of a grading (the text under the header `grade`) follows."""
    return f"{judge_prompt('grade', question, solution)}{grading.rstrip()}{HEADERS['meta']}"


def pairwise_prompt(question: str, a: str, b: str) -> str:
    """The text that ` A` or ` B` follows."""
    return f"Problem: {question}\nSolution A:\n{a.rstrip()}\nSolution B:\n{b.rstrip()}{WHICH}"


def revision_prompt(question: str, solution: str, verification: str) -> str:
    """The text that a new solution follows, given a verification of the one before."""
    return f"{verifier_prompt(question, solution)}{verification.rstrip()}{REVISION}"


def spoc_prompt(question: str) -> str:
    """The text that attempts and verifications in turn follow, up to a verdict Yes."""
    return f"Problem: {question}\nAttempt:\n"


FAILS, PROGRAM, FAULT_IN, REWRITE = "Fails: ", "\nProgram:\n", "\nFault in line:", "\nRewrite:"


def repair_question(fails: str, program: str) -> str:
    """The text of a repair problem: a call that fails, and the program in numbered lines."""
    return f"{FAILS}{fails}{PROGRAM}{program}"


def numbered(lines: Sequence[str]) -> str:
    """Lines behind their numbers from 1."""
    return "\n".join(f"{i} {line}" for i, line in enumerate(lines, 1))


def repair_prompt(question: str) -> str:
    """The text that the number of the faulty line and its new text follow."""
    return f"{question}{FAULT_IN}"
