"""Gold answers that a rule can't judge, so that this is said instead of judged in silence.

Words, programs, proofs, and equations between numbers alone (the solution of a puzzle, of which
there are others) are compared by their spelling at most.
"""

import re
from collections.abc import Iterable

from ttc.answers.rule import AnswerRule
from ttc.words import counted

_MOST_WORDS = 6  # a name, a day, "no real solutions"
_PROGRAM = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|for|while|print)\b|=>|==", re.M
)


def can_judge(gold: str, rule: AnswerRule) -> bool:
    """Whether the rule reads this gold answer as more than a spelling."""
    if rule.equivalence != "math":
        return rule.reads(gold)
    from ttc.answers.normalise import unwrap
    from ttc.answers.structure import is_value, structure

    node = structure(gold)
    if is_value(gold):
        return not node.name or bool(re.search("[A-Za-z]", node.name))
    short = node.kind == "words" and len(node.text.split()) <= _MOST_WORDS
    return short and not _PROGRAM.search(unwrap(gold))


def unjudged(golds: Iterable[tuple[str, str | None]], rule: AnswerRule) -> str:
    """A sentence on the gold answers (problem id, gold) that the rule can't judge; "" if none."""
    found = [name for name, gold in golds if gold and not can_judge(gold, rule)]
    if not found:
        return ""
    return (
        f"{counted(len(found), 'gold answer')} ({found[0]}{', ...' if found[1:] else ''}) can't be "
        f"judged by the rule {rule.equivalence}, only compared as spelled: words, a program, a "
        "proof or an equation of numbers; where labels came with the data, --labels trust takes "
        "them, and answers.equivalence: string compares spellings on purpose"
    )
