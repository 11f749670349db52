"""How public data are read: answers in short texts, and functions with their tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ttc.answers import AnswerRule
from ttc.answers.extraction import boxes

_OPEN, _CLOSE = r"(?:(?<!\\)\$\$?|\\\[|\\\()", r"(?:(?<!\\)\$\$?|\\\]|\\\))"
# The last formula, where nothing but a few signs stands behind it.
LAST_FORMULA = rf"(?s){_OPEN}\s*((?:[^$\\]|\\[^\])(])+?)\s*{_CLOSE}[^$\d]{{0,40}}\Z"
DECIMAL_COMMA = r"(?<![\d,.])(\d+,\d{1,2})(?![\d,.]).{0,12}\Z"
_NO_WORDS = re.compile(r"\\[A-Za-z]+|\b(?:and|or)\b")
_WORDS_BETWEEN = 4  # boxes with more between them are several answers
_WORD = re.compile(r"\w+")


def reader(equivalence: str) -> tuple[AnswerRule, Callable[[str], str]]:
    """A rule, and how it reads a text: as it is where it has no words, else the rule's extractors,
    among them the last formula; boxes with few words between them are one answer.
    """
    formula, comma = {"regex": LAST_FORMULA}, {"regex": DECIMAL_COMMA}
    chain = ["final_answer", "boxed", formula, comma]
    rule = AnswerRule.model_validate(
        {"extract": [*chain, "last_number"], "equivalence": equivalence}
    )

    def read(text: str) -> str:
        text = text.replace('\\"', '"')  # some were escaped twice
        if "boxed" not in text and not re.search("[A-Za-z]{2}", _NO_WORDS.sub("", text)):
            return text
        return _all_boxes(text) or rule.extract(text) or text

    return rule, read


def _all_boxes(text: str) -> str | None:
    found = sorted(boxes(text))
    ends = [at + len(content) + len("\\boxed{}") for at, content in found]
    between = [text[end:start] for end, (start, _) in zip(ends, found[1:], strict=False)]
    few = all(len(_WORD.findall(_NO_WORDS.sub("", words))) <= _WORDS_BETWEEN for words in between)
    return ", ".join(content for _, content in found) if between and few else None


_TOLERANCE = {"sqrt": -1}  # the argument that is the tolerance of the result


def unit_tests(row: dict[str, Any]) -> dict[str, Any] | None:
    """A function's tests as metadata of a problem; None where it has none but files for pytest."""
    if "tests" in row:
        return {"tests": row["tests"], "entry_point": row["entry_point"]}
    name, cases = row["entry_point"], row["cases"] or ()
    if name in _TOLERANCE:
        cases = [[*case, case[0][_TOLERANCE[name]]] for case in cases]
    return {"tests": cases, "entry_point": name} if cases else None
