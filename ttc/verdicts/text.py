r"""Where a verification's text says its verdict.

Two forms count, those of "When To Solve, When To Verify" (arXiv 2504.01005) and its released code:
`Is the answer correct (Yes/No)? Yes` and `Status: correct` (or `Assessment:`). One rule reads
both: between question and verdict word only what is no letter may stand (signs, spaces, markup,
LaTeX commands, tags, a label such as `Answer:`), and the word ends where its letters end. So
markup of any kind changes nothing, and `partially correct`, `Yesterday` or `None` are no verdicts.

The last verdict of what is visible counts; thoughts hold none. A choice that is only repeated
(`[Yes/No]`, `Yes or No`, `"... Yes" or "... No"`) is none either. Any text is safe: all repetition
is bounded, so the patterns take time linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ttc.thinking import visible_span


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict and the characters `start` to `end` of the text that are its (first) word."""

    says: bool
    word: str
    start: int
    end: int


# What may stand between words: a LaTeX command (the shortest reading first, for a written-out \n is
# none, and before a verdict it can be nothing else), a tag, an entity, anything that is no letter.
_SAID = r"(?:yes|no|not|correct|incorrect)(?![^\W_])"
_COMMAND = rf"\\(?:n(?={_SAID})|(?!n{_SAID})[a-z]{{1,20}}?)"
_ITEM = rf"(?:{_COMMAND}|</?[a-z][^<>]{{0,60}}>|&[a-z]{{1,10}};|[^\w]|[\d_])"
_GAP, _SPACE = rf"{_ITEM}{{0,40}}", rf"{_ITEM}{{1,24}}"
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
_NEAR = r"[^\w\n]{0,8}"
_ASKED = rf"(?:yes{_SPACE}(?:or{_SPACE})?no|no{_SPACE}(?:or{_SPACE})?yes){_END}"
_REPEATED = rf"(?:{_GAP}(?:yes{_NEAR}(?:[/|]|or){_NEAR}no|no{_NEAR}(?:[/|]|or){_NEAR}yes){_END})"
_LABEL = (
    rf"(?:{_GAP}(?:final{_SPACE})?"
    rf"(?:answer|verdict|judge?ment|conclusion|response|result|decision){_END})"
)
_QUESTION = re.compile(
    rf"{_START}is{_SPACE}(?:the|this|that){_SPACE}(?:[a-z]{{1,12}}(?:['’]s)?{_SPACE}){{0,2}}"
    rf"(?:answer|solution){_SPACE}correct{_GAP}{_ASKED}(?:{_REPEATED}|{_LABEL}){{0,2}}"
    rf"{_GAP}(?P<word>yes|no){_END}",
    re.IGNORECASE,
)
_STATUS = re.compile(
    rf"{_START}(?:status|assessment){_ITEM}{{0,8}}?:{_GAP}"
    rf"(?P<word>correct|incorrect|(?P<not>not))(?(not){_SPACE}correct){_END}",
    re.IGNORECASE,
)
# "No errors were found" and "No one objects" answer other questions.
_NO_WHAT = (
    r"(?:[*_]{0,3}[^\S\n]{1,3}(?:\w{1,20}\s)?(?:error|mistake|issue|problem|flaw)s?\b"
    r"|[*_]{0,3}[ -]one\b)"
)
_OTHERS = {"yes": rf"no(?!{_NO_WHAT})", "no": "yes", "correct": "(?:in|not )correct"}
# What makes of a verdict word one of two that were named.
_EITHER = (
    rf"{_NEAR}(?:/|(?<!\|)\|(?!\|)|or{_END}){_NEAR}OTHER{_END}"
    rf"|[^\w\n]{{1,8}}(?:and[^\w\n]{{1,8}})?OTHER{_END}[^\w\n]{{0,8}}(?:\n|\Z)"
    rf"|\W{{1,12}}or\W{{1,12}}(?:verification\W{{1,12}})?is\s"
)
_UNDECIDED = {
    word: re.compile(
        _EITHER.replace("OTHER", _OTHERS.get(word, "correct"))
        + (f"|{_NO_WHAT}" if word == "no" else ""),
        re.IGNORECASE,
    )
    for word in ("yes", "no", "correct", "incorrect", "not")
}
_ALTERNATIVE = re.compile(rf"{_START}or\W{{1,12}}(?:verification\W{{1,12}})?\Z", re.IGNORECASE)
# A line that is quoted, and said when to write.
_QUOTE = re.compile(r"[\"“‘'`«]\W{0,6}(?:verification\W{1,6})?\Z", re.IGNORECASE)
_CONDITION = re.compile(
    rf"[^\w\n]{{0,3}}[\"”’'`»][^\w\n]{{1,3}}(?:if|when|or|otherwise|depending|and|as|at){_END}",
    re.IGNORECASE,
)


def find_verdict(text: str) -> Verdict | None:
    """The last verdict in what is visible of a text, or None."""
    visible = visible_span(text)
    if visible is None:
        return None
    plain, places = _plain(text, *visible)
    for pattern in (_QUESTION, _STATUS):
        last = None
        for found in pattern.finditer(plain):
            if _decided(plain, found):
                last = found
        if last is not None:
            word = last["word"].lower()
            start, end = last.span("word")
            says = word in ("yes", "correct")
            return Verdict(says, word, places[start], places[end - 1] + 1)
    return None


def _decided(plain: str, found: re.Match[str]) -> bool:
    start, end = found.span()
    before = plain[max(0, start - 40) : start]
    return not (
        _UNDECIDED[found["word"].lower()].match(plain, end)
        or _ALTERNATIVE.search(before)
        or (_CONDITION.match(plain, end) and _QUOTE.search(before))
    )


def _plain(text: str, start: int, stop: int) -> tuple[str, Sequence[int]]:
    """A stretch without invisible characters and with plain forms of others (full-width letters),
    and for each character left its place in the text.
    """
    if text.isascii():
        return text[start:stop], range(start, stop)
    letters, places = [], []
    for place in range(start, stop):
        if letter := plain_form(text[place]):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


@lru_cache(maxsize=4096)
def plain_form(character: str) -> str:
    """A character's plain form if that is one character; nothing for invisible characters."""
    if character.isascii():
        return character
    if unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return ""
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character
