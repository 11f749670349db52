r"""What the judging networks write, as text: training texts are made of these functions.

genprm (arXiv 2504.00891), about the last line of what is shown:
    <analyze>\nThe next has fewer: 27-14\n</analyze>\n
    <verify>\n```python\nprint(27-14)\n```\n</verify>\n
  then whoever runs the program inserts `[Code Output]\n```\n13\n```\n`, and the network goes on:
    <output>\n**Judgement**: $\boxed{Yes}$\n</output>
thinkprm (2504.16828): `<think>\n`, for each line up to the first wrong one
    Step 1: 27-14=13 The step is \boxed{correct}\n
  then `</think>\nIs the solution correct? Yes`. In place of `</think>` a trigger line such as
  `Let me double check.\n` makes it go through the steps once more.
heimdall (2504.10337): its own solution, rechecks, and a last line `Answer: 1` or `Answer: 0`.
opv (2512.10756): a summary `Step 0: 27-14=13\nStep 1: ...`; then, in place of the solution, it is
  rechecked line by line up to the first wrong one, and the last line is `First error: \boxed{-1}`.
grade (DeepSeekMath-V2): all lines rechecked, each in the grader's own chain of results, and a last
  line `Score: \boxed{0.5}`; meta: a recheck, and a score of the grading in the same form.
scores: one token such as ` 4`, ` Yes` or ` A`.
"""

from __future__ import annotations

from collections.abc import Sequence

TRIGGERS = ("Let me double check.\n", "Let's verify again.\n", "Did I miss something?\n")
DECISION = "</think>\nIs the solution correct?"
OWN_SOLUTION = "Let me solve it myself.\n"
THE_STEPS = "Now the steps.\n"
AGAIN = "Let me look again.\n"


def recheck(own: str, right: bool) -> str:
    """A line of a recheck: what should stand there, and whether it does."""
    return f"{own} {'ok' if right else 'wrong'}\n"


def genprm_analysis(why: str, expression: str, program: str) -> str:
    """What the network writes before its program runs."""
    return (
        f"<analyze>\n{why}: {expression}\n</analyze>\n"
        f"<verify>\n```python\nprint({program})\n```\n</verify>\n"
    )


def genprm_code_output(output: str) -> str:
    """What is inserted when the program has run."""
    return f"[Code Output]\n```\n{output.rstrip()}\n```\n"


def genprm_judgement(right: bool) -> str:
    """What the network writes then."""
    return f"<output>\n**Judgement**: $\\boxed{{{'Yes' if right else 'No'}}}$\n</output>"


def thinkprm_step(number: int, own: str, right: bool) -> str:
    """The recheck of step `number`, counted from 1."""
    return f"Step {number}: {own} The step is \\boxed{{{'correct' if right else 'incorrect'}}}\n"


def thinkprm_decision(right: bool) -> str:
    """The end of the thought and the decision."""
    return f"{DECISION} {'Yes' if right else 'No'}"


def heimdall_verdict(right: bool) -> str:
    """The last line."""
    return f"Answer: {int(right)}"


def summary(lines: Sequence[str]) -> str:
    """A solution as steps numbered from 0."""
    return "\n".join(f"Step {i}: {line}" for i, line in enumerate(lines))


def first_error(index: int) -> str:
    """The last line; `index` counts from 0, -1: all is right."""
    return f"First error: \\boxed{{{index}}}"


def score(value: float) -> str:
    """The last line of a grading, and of a judgement of one: 1, 0.5 or 0."""
    return f"Score: \\boxed{{{value:g}}}"
