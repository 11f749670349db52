r"""From a solution's text to its answer, or None.

Every extractor sees what is visible of a text, without its thinking (`ttc.thinking`). All scans
are linear in the text, which is untrusted.

`boxed` is the convention of MATH, AIME and most chat models (last \boxed, as in the Hendrycks and
Minerva graders); `final_answer` that of Minerva ("Final Answer: The final answer is $x$. I hope it
is correct.") and GSM8K ("#### 42"); `last_number` the usual GSM8K fall-back.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from ttc.answers.announced import Reads, final_answer
from ttc.answers.choice import find_choice
from ttc.answers.limits import MAX_ANSWER_CHARS
from ttc.answers.normalise import ascii_digits
from ttc.answers.scan import closing_brace, last_match
from ttc.errors import TtcError
from ttc.thinking import after_thinking
from ttc.unit_tests.given import program_of
from ttc.unit_tests.patches import program_in

Extractor = Callable[[str, Reads], str | None]
ExtractorName = Literal["boxed", "final_answer", "last_number", "choice", "program", "patch"]

_LONGEST_PROGRAM = 100_000
_BOX = re.compile(r"\\f?boxed(?![A-Za-z])|\\fbox(?![A-Za-z])")
_PLACEHOLDER = re.compile(
    r"(?:\\text\{)?[ .?_*<\[]*"
    r"(?:(?:your |the |my )?(?:final )?answer(?: here)?|\\[lc]?dots)?[ .?_*>\]]*\}?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"[\s$\\,;)(]{0,12}(?:and|or|,|\\text ?\{ ?(?:and|or) ?\}|\\quad)[\s$\\,;)(]{0,12}"
    r"(?:quad)?[\s$]{0,9}(?:\\text ?\{ ?(?:and|or) ?\})?[\s$\\]{0,9}(?:quad)?[\s$]{0,9}"
)
_UNBRACED = re.compile(r" ?([-+]?[\w.,]{1,100}%?)")
_SEPARATOR = re.compile(r"(?<=\d)(?:\{,\}|\\,|\\!,|\\ )(?=\d{3}(?!\d))|(?<=\d,)\\!(?=\d)")
_NUM = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<!\d)\.\d+"
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>(?<![\w)\]}])[-−–+])?(?:\\?[$€£¥₹] ?)?(?P<sign2>[-−–+])?"
    r"(?P<body>\\[dt]?frac\{ ?-?\d+ ?\}\{ ?-?\d+ ?\}"
    rf"|(?:\d+ (?=\d+/\d))?(?:{_NUM})(?:/\d+(?!\.\d))?"
    r"(?:[eE][+-]?\d+(?!\w)| ?(?:\\times|×) ?10\^(?:\{-?\d+\}|-?\d))?)"
    r"(?P<percent> ?\\?%)?",
    re.ASCII,
)


class ExtractionTimeout(TtcError):
    """A user's pattern ran past its time limit."""


def boxed(text: str) -> str | None:
    r"""Content of the last non-empty, closed \boxed{...} or \fbox{...}; the innermost if nested.

    Boxes that are joined by "and" or a comma are one answer.
    """
    joined: list[str] = []
    first = 0
    for position, content in boxes(text):
        if joined and not _BETWEEN.fullmatch(text, _box_end(text, position), first):
            break
        joined.append(content)
        first = position
    return ", ".join(reversed(joined)) or None


def _box_end(text: str, position: int) -> int:
    opened = text.find("{", position)
    return closing_brace(text, opened + 1) + 1 if opened >= 0 else len(text)


def boxes(text: str) -> Iterator[tuple[int, str]]:
    """(position, content) of the boxes that hold something, the last one first."""
    for match in reversed(list(_BOX.finditer(text))[-100:]):
        if content := _box_content(text, match.end()):
            yield match.start(), content


def _box_content(text: str, start: int) -> str | None:
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] != "{":
        plain = _UNBRACED.match(text, start)
        return plain[1].rstrip(".,") if plain else None
    end = closing_brace(text, start + 1, start + 2 + MAX_ANSWER_CHARS)
    return text[start + 1 : end].strip() if end >= 0 else None


def last_number(text: str) -> str | None:
    """The last number: sign, separators, decimals, fraction, power of ten, percent; no currency."""
    text = ascii_digits(text)
    if "{,}" in text or "\\" in text:
        text = _SEPARATOR.sub("", text)
    last = last_match(_NUMBER, text)
    if last is None:
        return None
    negative = (last["sign"] or last["sign2"] or "+") in "-−–"
    percent = "%" if last["percent"] else ""
    return _sized(f"{'-' if negative else ''}{last['body']}{percent}")


def choice(text: str) -> str | None:
    """The letter A to J that the text decides on."""
    return find_choice(text, boxes(text))


def program(text: str) -> str | None:
    """The last fenced block of Python, or all of a text without fences."""
    return _sized_program(program_of(text))


def patch(metadata: Mapping[str, Any]) -> Extractor:
    """Extractor of a program, or of a patch of the one in a problem's metadata."""
    return lambda text, _: _sized_program(program_in(text, metadata))


def _sized_program(found: str | None) -> str | None:
    return found if found and len(found) <= _LONGEST_PROGRAM else None


def by_pattern(pattern: str, time_limit_s: float) -> Extractor:
    """Extractor for a user's pattern: its one group, at the last match.

    Uses the third-party `regex`, which checks a time limit inside the match itself, in any thread;
    `re` would backtrack for years in the worst case and could not be interrupted.
    Raises ExtractionTimeout, since a pattern too slow for its texts is the recipe's mistake.
    """

    def extract(text: str, _: Reads | None = None) -> str | None:
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


def first_match(text: str, chain: Sequence[Extractor], reads: Reads, words: bool) -> str | None:
    """The answer of the first extractor that finds one, after removing a thinking block.

    What the rule can't read as one of its answers ends no chain: it is returned only where no
    extractor finds better. `words`: whether the rule compares words too.
    """
    visible = after_thinking(text)
    if visible is None:
        return None
    unread = None
    for extract in chain:
        found = extract(visible, reads)
        if found and ((words and _stands_by_itself(found, extract)) or reads(found)):
            return found
        unread = unread or found
    return unread


def _stands_by_itself(words: str, extract: Extractor) -> bool:
    """Words are an answer for sure where they were boxed or announced, or found by a pattern."""
    return extract is not EXTRACTORS["boxed"] or not _PLACEHOLDER.fullmatch(words)


def _sized(answer: str) -> str | None:
    return answer if answer and len(answer) <= MAX_ANSWER_CHARS else None


EXTRACTORS: dict[ExtractorName, Extractor] = {
    "boxed": lambda text, _: boxed(text),
    "final_answer": final_answer,
    "last_number": lambda text, _: last_number(text),
    "choice": lambda text, _: choice(text),
    "program": lambda text, _: program(text),
    "patch": patch({}),
}
