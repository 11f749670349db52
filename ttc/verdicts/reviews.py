r"""A review step by step and its decision, as ThinkPRM writes them (arXiv 2504.16828).

For each step, a text that ends in `\boxed{correct}` or `\boxed{incorrect}`, up to the first wrong
one; then, behind the thought, `Is the solution correct?` and Yes or No.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ttc.core import TokenLogprob
from ttc.thinking import visible_span
from ttc.verdicts.text import Verdict
from ttc.verdicts.tokens import masses, masses_at, share_of_yes
from ttc.verdicts.two_words import YES_NO, said_by

_LABEL = r"\\boxed\{\s?(?:\\text\s?\{\s?)?(?:in)?correct\s?\}?\s?\}"
_EITHER = re.compile(rf"{_LABEL}[^\w\n]{{0,6}}(?:or|and|/)[^\w\n]{{0,6}}{_LABEL}", re.IGNORECASE)
_MARK = re.compile(
    r"^[^\S\n]{0,8}[*#]{0,4} ?Step (?P<number>\d{1,6})\b"
    r"|\\boxed\{\s?(?:\\text\s?\{\s?)?(?P<label>(?:in)?correct)\s?\}?\s?\}",
    re.IGNORECASE | re.MULTILINE,
)
_DECISION = re.compile(
    r"\bis the (?:solution|answer) correct\?(?:\W{0,6}yes\W{1,6}(?:or\W{1,6})?no\b)?"
    r"\W{0,16}(?P<word>yes|no)\b(?!\W{0,4}(?:/|or\b)\W{0,4}(?:yes|no)\b)",
    re.IGNORECASE,
)


def step_labels(text: str, steps: int) -> tuple[list[bool], int | None]:
    r"""Of each step whether it is right, and the first that is called wrong, by the last review.

    The last box under a step's heading counts, and boxes that name a choice of both (`\boxed{..} or
    \boxed{..}`) do not. Where steps have no headings, boxes are those of the steps in turn. A text
    that comes back to an earlier step begins a new review. What is behind the first wrong step has
    no label, and counts as wrong, as all does that lacks one; where none of the steps has one,
    nothing is said of any.
    """
    labels: dict[int, bool] = {}
    heading = None
    for found in _MARK.finditer(_EITHER.sub("", text)):
        if found["number"]:
            heading = int(found["number"]) - 1
            if heading < max(labels, default=-1):
                labels = {}
        else:
            place = len(labels) if heading is None else heading
            labels[place] = found["label"].lower() == "correct"
    if not any(i in labels for i in range(steps)):
        return [], None
    wrong = next((i for i in range(steps) if labels.get(i) is False), None)
    end = steps if wrong is None else wrong
    return [i < end and labels.get(i, False) for i in range(steps)], wrong


def decision(text: str) -> Verdict | None:
    """The last decision of what is visible: a thought that was cut off has none."""
    visible = visible_span(text)
    last = None
    for found in _DECISION.finditer(text, *visible) if visible else ():
        last = found
    if last is None:
        return None
    word = last["word"].lower()
    return Verdict(word == "yes", word, *last.span("word"))


def p_decision(text: str, tokens: Sequence[TokenLogprob]) -> float | None:
    """P(Yes) / (P(Yes) + P(No)) at the decision; None where the tokens do not tell."""
    found = decision(text)
    at = None if found is None else masses_at(found, text, tokens)
    return None if at is None or found is None else share_of_yes(at, found.says)


def p_forced(tokens: Sequence[TokenLogprob]) -> float | None:
    """The same where the first token is the decision."""
    at = masses(tokens[0], *YES_NO) if tokens else None
    return None if at is None else share_of_yes(at, said_by(tokens[0], YES_NO))
