r"""The answer that a text announces: "the final answer is $x$", "Answer: 42", "#### 42".

An announcement is the word answer with a link to what follows (is, would be, a colon, a table's
bar) or directly before a value; in "my answer with the equation" it announces nothing. Of what
follows, up to the end of the sentence, the value is the answer, not the words around it. Later
announcements come first, those that hold no value last.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from ttc.answers.limits import MAX_ANSWER_CHARS
from ttc.answers.normalise import unwrap
from ttc.answers.numbers import parse_number
from ttc.answers.structure import is_value

Reads = Callable[[str], bool]

_LINK = (
    r"(?<![A-Za-z])(?:is|are|was|were|equals?|would|should|must|will|can|could|may|might|seems|appears|comes|becomes"
    r"|has|had|turns|being|be)(?![A-Za-z])"
)
_MARKS = r"[\s*_`~\"'|>)\]}]{0,12}"
_ABOUT = (
    r"(?:(?:s|\(s\))?(?: (?:to|for|of|in|here|now|then|therefore|choice)(?![A-Za-z])"
    r"[^.\n:=?|]{0,80}?)?)"
)
_ANNOUNCED = re.compile(
    rf"(?:(?<![A-Za-z])answer{_ABOUT}{_MARKS}(?:{_LINK}|[:：=→⇒|]|(?<=>)|-+>|\\?\n)"
    r"|(?<![A-Za-z])answer[\s*_`]{1,6}(?=[$\\(\[+−\d-]|\.\d)"
    r"|^[ \t>*]{0,9}A ?:(?=[ \t*]{0,9}[$\\+−\d.-])|^####(?!#))",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(
    r"[.?!](?:\s|$|\*\*|[\"'”])|\n|</|I hope it is correct|。", re.IGNORECASE
)
_EMPHASIS = re.compile(r"(?<![\w)}])[*]{1,3}|[*]{1,3}(?![\w(\\*])|(?<!\w)_{2,3}|_{2,3}(?!\w)|`|~~")
_MATH = re.compile(
    r"\$\$(?P<a>[^$]{1,2000})\$\$|\$(?P<b>[^$]{1,2000})\$"
    r"|\\\((?P<c>.{1,2000}?)\\\)|\\\[(?P<d>.{1,2000}?)\\\]",
    re.DOTALL,
)
_LEADING = frozenset(
    [
        *("is", "are", "be", "being", "been", "was", "were", "would", "should", "must", "will"),
        *("can", "could", "may", "might", "have", "to", "equal", "equals", "about", "around"),
        *("thus", "hence", "then", "therefore", "so", "indeed", "just", "only", "also", "now"),
        *("at", "most", "least", "out", "given", "by", "as", "follows", "therefore", "again"),
        *("the", "a", "an", "number", "value", "total", "of", "option", "choice", "still"),
    ]
)  # fmt: skip
_WORD = re.compile(r"[(\"'\[]*([A-Za-z][A-Za-z'’-]*)[,;:.!?)\"'\]]*")
_MOST = 50  # announcements looked at, from the last one back
_TOKENS = 40  # words of a statement looked at
_JUDGEMENTS = frozenset(
    ["correct", "right", "wrong", "incorrect", "clear", "obvious", "valid", "invalid", "reasonable"]
)


def final_answer(text: str, reads: Reads = is_value) -> str | None:
    """The last announced value that `reads` accepts; else last announced words that name one."""
    found = list(_ANNOUNCED.finditer(text))[-_MOST:]
    for match in reversed(found):
        if value := _value(_statement(text, match.end()), reads):
            return value
    for match in reversed(found):
        statement = _statement(text, match.end())
        if _names(statement):
            return statement
    return None


def _statement(text: str, start: int) -> str:
    """The sentence from there on, without emphasis."""
    tail = text[start : start + MAX_ANSWER_CHARS].lstrip(' \t\r\n*_`:：=|>"”')
    end = _end_of_sentence(tail)
    statement = _EMPHASIS.sub("", tail[:end]).strip(" *|\t,")
    if statement.count('"') % 2:
        statement = statement.strip('"\\')  # the end of a string of JSON
    return statement if len(statement) < MAX_ANSWER_CHARS else ""


def _end_of_sentence(tail: str) -> int:
    """Where it ends outside of displayed mathematics."""
    display = re.match(r"\\\[|\$\$", tail)
    after = tail.find({"\\[": "\\]", "$$": "$$"}[display[0]], 2) if display else -1
    end = _SENTENCE_END.search(tail, max(after, 0))
    return end.start() if end else len(tail)


def _value(statement: str, reads: Reads) -> str | None:
    """The value in a statement: all of it, its first formula, or the words that read as one."""
    from ttc.answers.extraction import boxed

    if not statement:
        return None
    if box := boxed(statement):
        return box
    tokens = statement.split()
    while tokens and _is_leading(tokens[0]):
        tokens = tokens[1:]
    statement = " ".join(tokens)
    formula = _MATH.match(statement)
    if formula and formula.end() < len(statement) and "$" not in statement[formula.end() :]:
        inside = next(part for part in formula.groups() if part).strip()
        if reads(unwrap(inside)):
            return inside  # "$\frac{1}{2}$ of the cake"
    plain = unwrap(statement)
    if plain and reads(plain):
        return plain
    return next(islice(_prefixes(tokens[:_TOKENS], reads), 1), None)


def _is_leading(token: str) -> bool:
    word = _WORD.fullmatch(token)
    return bool(word) and (word[1].lower() in _LEADING or word[1].endswith("ly"))  # type: ignore[index]


def _prefixes(tokens: list[str], reads: Reads) -> Iterator[str]:
    """The part before the words begin, with the unit behind it where that is part of the number."""
    end = next((i for i, t in enumerate(tokens) if _is_prose(t, tokens[i - 1] if i else "")), None)
    end = len(tokens) if end is None else end
    for stop in range(end, 0, -1):
        value = _trimmed(tokens[:stop])
        if value and reads(value):
            for longer in range(min(stop + 3, len(tokens)), stop, -1):
                with_unit = _trimmed(tokens[:longer])
                if "," not in " ".join(tokens[stop - 1 : longer - 1])[-1:] and (
                    parse_number(with_unit) and reads(with_unit)
                ):
                    yield with_unit
            yield value


def _trimmed(tokens: list[str]) -> str:
    text = " ".join(tokens).rstrip(" ,;:!?-–—")
    if sum(map(text.count, "([{")) < sum(map(text.count, ")]}")):
        text = text.rstrip(")")  # of "(the answer is 5)"
    return unwrap(text)


def _is_prose(token: str, before: str) -> bool:
    """Words, unless an operator in front asks for more: in `x + ab` the letters are a product."""
    word = _WORD.fullmatch(token)
    if not word:
        return False
    if token[0] in "(\"'":
        return len(word[1]) > 1
    return len(word[1]) > 1 and word[1] not in ("and", "or") and before[-1:] not in "+-*/=^<>\\"


def _names(statement: str) -> bool:
    """Whether words name something: a few, of which none judges (the answer is correct)."""
    words = statement.split()
    if not words or len(words) > 4 or not re.search(r"[A-Za-z]{2}|\(\w\)|[^\W\d_]", statement):
        return False
    return not _JUDGEMENTS.intersection(word.strip(".,!").lower() for word in words)
