r"""From a solution's text to its answer, or None.

Every extractor sees what is visible of a text, without its thinking (`ttc.thinking`). All scans
are linear in the text, which is untrusted.

`boxed` is the convention of MATH, AIME and most chat models (last \boxed, as in the Hendrycks and
Minerva graders); `final_answer` that of Minerva ("Final Answer: The final answer is $x$. I hope it
is correct.") and GSM8K ("#### 42"); `last_number` the usual GSM8K fall-back.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from ttc.answers.choice import as_choice, find_choice
from ttc.answers.limits import MAX_ANSWER_CHARS
from ttc.answers.normalise import unwrap
from ttc.answers.scan import closing_brace, last_match
from ttc.errors import TtcError
from ttc.thinking import after_thinking

Extractor = Callable[[str], str | None]
ExtractorName = Literal["boxed", "final_answer", "last_number", "choice"]

_BOX = re.compile(r"\\f?boxed(?![A-Za-z])|\\fbox(?![A-Za-z])")
_UNBRACED = re.compile(r" ?([-+]?[\w.,]{1,100}%?)")
_ANNOUNCED = re.compile(
    r"(?:final answer|\banswer)(?:\s?\*\*)?(?:\s?(?:is|=))?\s?:?(?:\s?\*\*)?(?=[\s\\\w(\[{+−.$-]|$)"
    r"|^#### ?",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"\.(?:\s|$|\*\*)|\n|I hope it is correct", re.IGNORECASE)
_FIRST_MATH = re.compile(r"\$([^$]{1,2000})\$([^$]*)$")
_NUM = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<!\d)\.\d+"
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>(?<![\w)\]}])[-−+])?(?:\\?[$€£¥₹] ?)?(?P<sign2>[-−+])?"
    r"(?P<body>\\[dt]?frac\{ ?-?\d+ ?\}\{ ?-?\d+ ?\}"
    rf"|(?:\d+ (?=\d+/\d))?(?:{_NUM})(?:/\d+(?!\.\d))?"
    r"(?:[eE][+-]?\d+(?!\w)| ?(?:\\times|×) ?10\^(?:\{-?\d+\}|-?\d))?)"
    r"(?P<percent> ?\\?%)?",
    re.ASCII,
)


class ExtractionTimeout(TtcError):
    """A user's pattern ran past its time limit."""


def boxed(text: str) -> str | None:
    r"""Content of the last non-empty, closed \boxed{...} or \fbox{...}; the innermost if nested."""
    for match in reversed(list(_BOX.finditer(text))[-100:]):
        content = _box_content(text, match.end())
        if content:
            return content
    return None


def _box_content(text: str, start: int) -> str | None:
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] != "{":
        plain = _UNBRACED.match(text, start)
        return plain[1].rstrip(".,") if plain else None
    end = closing_brace(text, start + 1, start + 2 + MAX_ANSWER_CHARS)
    return text[start + 1 : end].strip() if end >= 0 else None


def final_answer(text: str) -> str | None:
    """What follows the last "final answer is", "answer:" or "####", to the end of its sentence."""
    last = last_match(_ANNOUNCED, text)
    if last is None:
        return None
    tail = text[last.end() : last.end() + MAX_ANSWER_CHARS].lstrip()
    return _sized(boxed(tail) or _first_statement(tail))


def _first_statement(tail: str) -> str:
    end = _SENTENCE_END.search(tail)
    statement = tail[: end.start()] if end else tail
    math = _FIRST_MATH.match(statement)
    if math and not statement.endswith("$"):
        statement = math[1]  # "$\frac{1}{2}$ of the cake"
    return unwrap(statement.strip(" *"))


def last_number(text: str) -> str | None:
    """The last number: sign, separators, decimals, fraction, power of ten, percent; no currency."""
    last = last_match(_NUMBER, text)
    if last is None:
        return None
    negative = (last["sign"] or last["sign2"] or "+") in "-−"
    percent = "%" if last["percent"] else ""
    return _sized(f"{'-' if negative else ''}{last['body']}{percent}")


def choice(text: str) -> str | None:
    """The letter A to J that the text decides on; a boxed letter comes first."""
    box = boxed(text)
    return (as_choice(box) if box else None) or as_choice(text) or find_choice(text)


def by_pattern(pattern: str, time_limit_s: float) -> Extractor:
    """Extractor for a user's pattern: its one group, at the last match.

    Uses the third-party `regex`, which checks a time limit inside the match itself, in any thread;
    `re` would backtrack for years in the worst case and could not be interrupted.
    Raises ExtractionTimeout, since a pattern too slow for its texts is the recipe's mistake.
    """

    def extract(text: str) -> str | None:
        import regex  # type: ignore[import-untyped]

        try:
            found = deque(regex.finditer(pattern, text, timeout=time_limit_s), maxlen=1)
        except TimeoutError:
            raise ExtractionTimeout(
                f"extract.regex {pattern!r}: no result within {time_limit_s:g} s on a text of "
                f"{len(text)} characters; a pattern without nested repetition will not backtrack"
            ) from None
        return _sized((found[0][1] or "").strip()) if found else None

    return extract


def first_match(text: str, chain: Sequence[Extractor]) -> str | None:
    """The answer of the first extractor that finds one, after removing a thinking block."""
    visible = after_thinking(text)
    if visible is None:
        return None
    return next((found for extract in chain if (found := extract(visible))), None)


def _sized(answer: str) -> str | None:
    return answer if answer and len(answer) <= MAX_ANSWER_CHARS else None


EXTRACTORS: dict[ExtractorName, Extractor] = {
    "boxed": boxed,
    "final_answer": final_answer,
    "last_number": last_number,
    "choice": choice,
}
