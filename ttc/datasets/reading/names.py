"""Usual names of columns, so that a file of problems needs no mapping.

Names are compared without case, spaces and signs: `Question ID`, `question_id`, `questionId`.
The first of a list that a file has is taken; `columns` of the recipe names others.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence

QUESTION = (
    *("question", "problem", "prompt", "input", "query", "questiontext", "problemtext"),
    *("questionstem", "stem", "problemstatement", "instruction", "text"),
)
ANSWER = (
    *("answer", "answerkey", "gold", "goldanswer", "correctanswer", "correctoption", "correct"),
    *("correctchoice", "goldlabel", "target", "label", "answerletter", "answeridx"),
    *("answerindex", "correctindex", "correctidx", "goldindex", "goldidx", "groundtruth"),
    *("expectedanswer", "finalanswer", "referenceanswer", "reference", "expected", "cop"),
    *("output", "response", "solution"),
)
ID = (
    *("id", "problemid", "questionid", "uid", "uuid", "uniqueid", "taskid", "exampleid"),
    *("itemid", "sampleid", "rowid", "recordid", "qid", "pid", "guid", "idx", "index", "number"),
)
CHOICES = (
    *("choices", "options", "candidates", "answerchoices", "answeroptions", "answercandidates"),
    *("alternatives", "multiplechoiceoptions", "optionlist", "choicelist", "optiontexts"),
    *("choicetexts", "endings"),
)
LABELS = (
    *("choicelabels", "optionlabels", "labels", "choiceletters", "optionletters", "letters"),
    *("choicekeys", "optionkeys", "choiceids", "optionids"),
)
KEYS = ("answerkey", "correctoption", "correctchoice", "goldlabel", "label")
"""Answers that are a label: digits in them count from 1."""
_STEMS = (
    *("option", "options", "choice", "choices", "opt", "op", "candidate", "alternative"),
    *("ending", "answer", "ans", ""),
)
MOST_OPTIONS = 10


def bare(name: object) -> str:
    """A name without case, spaces and signs."""
    return "".join(c for c in str(name).casefold() if c.isalnum())


def find(names: Sequence[str], present: Sequence[str], taken: Sequence[str] = ()) -> str | None:
    """The column of the first of the usual names that there is, written in any way."""
    free = [column for column in present if column not in taken]
    for name in names:
        same = [column for column in free if bare(column) == name]
        if same:
            return name if name in same else same[0]
    return None


def series(present: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Columns that are one option each: `A, B, C`, `option_a, option_b`, `choice1, choice2`.

    Each with its stem, which is empty for letters alone, and in the order of its options.
    """
    by_name = {bare(column): column for column in reversed(present)}
    for stem in _STEMS:
        counts = (string.ascii_lowercase,) if not stem else _COUNTS
        for ends in counts:
            found = []
            for end in tuple(ends)[:MOST_OPTIONS]:
                if f"{stem}{end}" not in by_name:
                    break
                found.append(by_name[f"{stem}{end}"])
            if len(found) > 1:
                yield stem, tuple(found)


_COUNTS: tuple[Sequence[str], ...] = (
    string.ascii_lowercase,
    tuple(map(str, range(1, MOST_OPTIONS + 1))),
    tuple(map(str, range(MOST_OPTIONS))),
)


def label_of(column: str) -> str:
    """What tells the column of one option from the others: `a` of `option_a`, `1` of `choice1`."""
    name = bare(column)
    digits = name[len(name.rstrip(string.digits)) :]
    return digits or name[-1:]


def unused(place: str, present: Sequence[str], used: Sequence[str], taken: str = "") -> str:
    """A line on columns read as something and on those not read; empty where there are none."""
    rest = [name for name in present if name not in used]
    told = [taken] if taken else []
    if rest:
        shown = ", ".join(rest[:12]) + (f" and {len(rest) - 12} more" if rest[12:] else "")
        told.append(f"not used: {shown} (dataset.columns names what is)")
    return f"{place}: {'; '.join(told)}" if told else ""
