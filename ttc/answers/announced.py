r"""The answer that a text announces: "the final answer is $x$", "Answer: 42", "#### 42".

An announcement is the word answer with a link to what follows (is, would be, a colon, a table's
bar) or directly before a value; in "my answer with the equation" it announces nothing. Of what
follows, up to the end of the sentence, the value is the answer, not the words around it. Later
announcements come first, those that hold no value last.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from ttc.answers.choice import ANSWER_WORDS
from ttc.answers.limits import MAX_ANSWER_CHARS
from ttc.answers.normalise import unwrap
from ttc.answers.numbers import parse_number
from ttc.answers.scan import matches_at
from ttc.answers.structure import is_value
from ttc.answers.units import is_product

Reads = Callable[[str], bool]

_LINK = (
    r"(?<![A-Za-z])(?:is|are|was|were|equals?|would|should|must|will|can|could|may|might|seems|appears|comes|becomes"
    r"|has|had|turns|being|be|es|est|ist)(?![A-Za-z])"
)
_MARKS = r"[\s*_`~\"'|>)\]}]{0,12}"
_ABOUT = (
    r"(?:(?:s|\(s\))?(?: (?:to|for|of|then|therefore|choice)(?![A-Za-z])"
    r"[^.\n:=?|]{0,80}?)?)"
)
_OTHERS = "".join(f"(?<!{word} )" for word in ("if the", "when the", "wrong", "each", "every"))
_ANNOUNCED = re.compile(
    rf"(?:(?<![A-Za-z]){_OTHERS}(?:answer|{ANSWER_WORDS}){_ABOUT}"
    rf"{_MARKS}(?:{_LINK}|[:：=→⇒|是为為]|(?<=>)|-+>|\\?\n)"
    rf"|(?<![A-Za-z]){_OTHERS}answer[\s*_`]{{1,6}}(?=[$\\(\[+−\d-]|\.\d)"
    r"|(?<![^\s>*])A ?:(?=[ \t*]{0,9}[$\\+−\d.-])|(?<!#)####(?!#))",
    re.IGNORECASE,
)
_KEYS = ("answer", "####", "a:", "a :", *ANSWER_WORDS.split("|"))
_SENTENCE_END = re.compile(
    r"[,;]? ?(?<![A-Za-z])(?:i\.e|e\.g)\."
    r"|[.?!](?:\s|$|\*\*|[\"'”])|\n|</|<\||I hope it is correct|。",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(
    r"(?<![\w)}])[*]{1,3}|[*]{1,3}(?![\w(\\*])|(?<!\w)_{2,3}|_{2,3}(?!\w)|`|~~"
    r"|(?<=\w)_(?=[.,;:!?]|\s+[A-Za-z]{2}|\s*$)"
    r"|</?(?:b|i|u|em|strong|span|p|mark)(?: [^<>]{0,60})?>"
)
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
_MODAL = re.compile(r"(?:must|should|would|will|can|could|may|might|has|had)\W*$", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[,;:]? (?:because|since|as|so|for|which|where|when|after|if|and|but)\b|[,;(]"
)
_LETTER = re.compile(r"[^\W\d_]")
_SMALL_WORDS = frozenset(
    [
        *("am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me"),
        *("my", "no", "of", "on", "or", "so", "to", "up", "us", "we"),
    ]
)
_SAYS_NOTHING = frozenset(
    [
        *(
            "correct",
            "right",
            "wrong",
            "incorrect",
            "clear",
            "obvious",
            "valid",
            "invalid",
            "simple",
        ),
        *("below", "above", "following", "follows", "found", "given", "this", "that", "it", "what"),
        *("in", "there", "here", "unclear", "known", "unknown", "reasonable", "same", "easy", "as"),
        *("not", "we", "i", "how", "shown", "obtained", "therefore", "indeed", "now", "an", "a"),
    ]
)


def final_answer(text: str, reads: Reads = is_value) -> str | None:
    """The last announced value that `reads` accepts; else last announced words that name one."""
    found = list(islice(matches_at(_ANNOUNCED, text, _KEYS), _MOST))
    for match in found:
        if value := _value(_statement(text, match.end()), reads):
            return value
    for match in found:
        if not _MODAL.search(match[0]) and (words := _named(_statement(text, match.end()))):
            return words
    return None


def _statement(text: str, start: int) -> str:
    """The sentence from there on, without emphasis."""
    tail = text[start : start + MAX_ANSWER_CHARS].lstrip(' \t\r\n*_`:：=|>"”')
    end = _end_of_sentence(tail)
    statement = _EMPHASIS.sub("", tail[:end]).strip(" *\t,")
    if statement.count("|") % 2:
        statement = statement.strip("| ")  # a cell of a table
    if statement.count('"') % 2:
        statement = statement.strip('"\\')  # the end of a string of JSON
    return _balanced(statement) if len(statement) < MAX_ANSWER_CHARS else ""


def _balanced(text: str) -> str:
    """Without the brackets at its end that were opened before it: of "(the answer is 5)"."""
    opened, closed = sum(map(text.count, "([{")), sum(map(text.count, ")]}"))
    while text[-1:] in ")]}" and closed > opened and text:
        text, closed = text[:-1].rstrip(), closed - 1
    return text


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
    return next(_prefixes(tokens[:_TOKENS], reads), None) or _after_colon(statement, reads)


def _after_colon(statement: str, reads: Reads) -> str | None:
    """`a whole number: 8`, where words come first."""
    words, colon, rest = statement.partition(": ")
    value = unwrap(rest)
    return value if colon and _WORD.match(words) and reads(value) else None


def _is_leading(token: str) -> bool:
    word = _WORD.fullmatch(token)
    return bool(word) and (word[1].lower() in _LEADING or word[1].endswith("ly"))  # type: ignore[index]


def _prefixes(tokens: list[str], reads: Reads) -> Iterator[str]:
    """The part before the words begin, with the unit behind it where that is part of the number."""
    end = next((i for i in range(len(tokens)) if _ends_value(tokens, i, reads)), len(tokens))
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


def _ends_value(tokens: list[str], i: int, reads: Reads) -> bool:
    """Whether the value ends before this token: at words, and at an aside behind a number."""
    token, before = tokens[i], tokens[i - 1] if i else ""
    following = tokens[i + 1] if i + 1 < len(tokens) else ""
    if token in ("a", "A", "I", "an") and re.match("[a-z]{2}", following):
        return True
    if (
        i
        and (token[0] == "(" or before[-1] == ":" or token[0] in "→⇒≈")
        and reads(_trimmed(tokens[:i]))
    ):
        return True
    return _is_prose(token, before)


def _trimmed(tokens: list[str]) -> str:
    text = " ".join(tokens).rstrip(" ,;:!?-–—")
    return unwrap(_balanced(text))


def _is_prose(token: str, before: str) -> bool:
    """Words, unless an operator in front asks for more: in `x + ab` the letters are a product."""
    word = _WORD.fullmatch(token)
    if not word:
        return False
    if token[0] in "(\"'":
        return len(word[1]) > 1
    if len(word[1]) == 1 or word[1] in ("and", "or"):
        return False
    operand = is_product(word[1]) and word[1] not in _SMALL_WORDS
    return not (operand and before[-1:] and before[-1] in "+-*/=^<>\\")


def _named(statement: str) -> str | None:
    """A few words that name something (`Tuesday`, `no solution`), up to where a clause ends."""
    words = _CLAUSE.split(statement)[0].strip()
    count = len(words.split())
    if not 0 < count <= 3 or not _LETTER.search(words):
        return None
    return None if _SAYS_NOTHING.intersection(re.findall("[a-z]+", words.lower())) else words
