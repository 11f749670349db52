"""The verdict line of a long check: `Answer: 1` or `Answer: 0` (arXiv 2504.10337)."""

from __future__ import annotations

import re

from ttc.thinking import visible_span
from ttc.verdicts.text import Verdict

_LINE = re.compile(
    r"^[^\w\n]{0,12}(?:final )?answer[^\w\n]{0,6}[:：]"
    r"(?:[^\w\n]{0,12}(?:\\boxed\{[^\w\n]{0,4})?(?P<word>[01])"
    r"(?![\w/]|[.,]\d|[^\S\n]?[-+*=^\\][^\S\n]?\w|\s?or\b))?",
    re.IGNORECASE | re.MULTILINE,
)


def find_answer_line(text: str) -> Verdict | None:
    """The last line of what is visible that begins with `Answer:`; None where that says neither 1
    nor 0, such as the line of a solution that was repeated.
    """
    visible = visible_span(text)
    last = None
    for found in _LINE.finditer(text, *visible) if visible else ():
        last = found
    if last is None or last["word"] is None:
        return None
    return Verdict(last["word"] == "1", last["word"], *last.span("word"))
