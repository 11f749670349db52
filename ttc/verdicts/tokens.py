r"""P(Yes) from the probabilities of the tokens that a verdict's text is made of.

Tokens never quite spell the text: they carry marks for spaces (`Ġ`, `▁`), broken or escaped bytes,
stop texts and end tokens that the text lacks, and may lack thoughts that the text has. What they
share is their ASCII letters and digits, in order. So both are laid over each other by those, from
the end, and P(Yes) is read at the token in which the verdict word begins. Where they can't be laid
over each other, or the verdict lies before the tokens kept, P(Yes) is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ttc.core import TokenLogprob
from ttc.verdicts.text import Verdict, plain_form

_FURTHEST = 4096  # characters from a verdict to the text's end
_BEYOND = 64  # letters of stop texts and end tokens that the text does not have
_BEFORE = 64  # letters in front of a verdict that are compared
_ROUND_OFF = 1e-6  # of a sum of probabilities from logarithms in single precision
_ENOUGH = 12  # of those that must agree where text and tokens differ further on
_ESCAPED = re.compile(r"(?:bytes:)?((?:\\x[0-9a-fA-F]{2})+)|<0x([0-9A-Fa-f]{2})>")
_OTHERS, _LETTERS = re.compile(r"[^A-Za-z0-9]+"), re.compile(r"[A-Za-z0-9]+")
_SPACES = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
# The words for yes and for no of each form of verdict.
_WORDS = (({"yes"}, {"no"}), ({"correct"}, {"incorrect", "not"}), ({"1"}, {"0"}), ({"a"}, {"b"}))


@dataclass(frozen=True, slots=True)
class Masses:
    """What the alternatives at one place say: summed probabilities of yes, and of no.

    yes, no: None where no alternative spells or begins that word. other: all that is no yes.
    lowest: the least probability that is listed.
    """

    yes: float | None
    no: float | None
    other: float
    lowest: float


def p_yes_at(verdict: Verdict, text: str, tokens: Sequence[TokenLogprob]) -> float | None:
    """P(Yes) at the token in which the verdict word begins, None if unknown.

    The summed probability of the alternatives that spell or begin Yes at this place (` Yes`, `Y`);
    where none is known, what `both` takes it to be. The same of `correct` and `incorrect`, of `1`
    and `0`. A sure Yes, which servers round to a probability of 1, is what its alternatives leave
    of 1: they tell 1 - 1e-9 from 1 - 2e-8.
    """
    found = masses_at(verdict, text, tokens)
    if found is None:
        return None
    if found.yes is None:
        sides = both(found, verdict.says)
        return None if sides is None else sides[0]
    left = 1.0 - found.other
    return min(1.0, max(0.0, left if 0 < found.yes - left < _ROUND_OFF else found.yes))


def masses_at(verdict: Verdict, text: str, tokens: Sequence[TokenLogprob]) -> Masses | None:
    """What is said of both words at the token in which the verdict word begins; None if unknown."""
    place = _place(verdict, text, tokens)
    if place is None:
        return None
    word = verdict.word.lower()
    yes, no = next(words for words in _WORDS if word in words[0] | words[1])
    return masses(tokens[place[0]], yes, no, place[1])


def masses(token: TokenLogprob, yes: set[str], no: set[str], lead: str = "") -> Masses | None:
    """The same at a token, for any words. lead: the letters in front of the word in the token."""
    sums: dict[str, list[float]] = {"yes": [], "no": [], "neither": []}
    listed = [(name, math.exp(min(logprob, 0.0))) for name, logprob in _alternatives(token)]
    for name, p in listed:
        read = _first_letters(name, lead)
        says = [word for word, forms in (("yes", yes), ("no", no)) if read and _any(read, forms)]
        for word in says or ["neither"]:
            sums[word].append(p)
    if not listed:
        return None
    return Masses(
        math.fsum(sums["yes"]) if sums["yes"] else None,
        math.fsum(sums["no"]) if sums["no"] else None,
        math.fsum(sums["no"] + sums["neither"]),
        min(p for _, p in listed),
    )


def both(at: Masses, says: bool | None) -> tuple[float, float] | None:
    """P(yes) and P(no). says: the word that was sampled; None where it is neither.

    Of a word that is not listed no more is known than an interval: it has nothing, or up to what
    the listed ones leave, and no more than the least of these. It is taken to have the most. Where
    that is as much as its opposite has (as may be where the sampled token alone is known),
    probabilities don't tell which word is likelier: then the word that was not sampled has nothing.
    None where neither was sampled, or none is listed. docs/decisions/0014-logprobs.md
    """
    if at.yes is None and at.no is None:
        return None
    most = min(at.lowest, max(0.0, 1.0 - (at.yes or 0.0) - at.other))
    yes, no = (most if side is None else side for side in (at.yes, at.no))
    if None in (at.yes, at.no) and most >= (at.yes or at.no or 0.0):
        return None if says is None else (yes * says, no * (not says))
    return yes, no


def share_of_yes(at: Masses, says: bool | None) -> float | None:
    """P(yes) / (P(yes) + P(no)), as `both` has them; 1 or 0, by the word that was sampled, where
    one of them is not listed and might be as likely. None where they don't tell.
    """
    sides = both(at, says)
    if sides is None:
        return None
    if not sum(sides):
        return float(says) if says is not None and None in (at.yes, at.no) else None
    return sides[0] / sum(sides)


def spelled_at(
    place: Verdict, text: str, tokens: Sequence[TokenLogprob]
) -> list[tuple[str, float]] | None:
    """What each alternative begins with at the token in which a word begins: its letters and
    digits, and their probability. A `1` may be a word of its own or begin a 10. None if unknown.
    """
    found = _place(place, text, tokens)
    if found is None:
        return None
    index, lead = found
    read = [(_first_letters(name, lead), lp) for name, lp in _alternatives(tokens[index])]
    return [(letters[0], math.exp(min(lp, 0.0))) for letters, lp in read if letters]


def _alternatives(token: TokenLogprob) -> Iterator[tuple[str, float]]:
    """The alternatives whose probability is known, the sampled token among them once."""
    top = {name: value for name, value in token.top.items() if not math.isnan(value)}
    yield from top.items()
    own = token.token.translate(_SPACES)
    if not math.isnan(token.logprob) and own not in {name.translate(_SPACES) for name in top}:
        yield token.token, token.logprob


def _place(verdict: Verdict, text: str, tokens: Sequence[TokenLogprob]) -> tuple[int, str] | None:
    """The token in which the verdict begins, and the letters in front of it in that token."""
    if len(text) - verdict.start > _FURTHEST:
        return None
    form = _ascii if text[verdict.start : verdict.end].isascii() else _plain
    before = form(text[max(0, verdict.start - 4 * _BEFORE) : verdict.start])[-_BEFORE:]
    after = form(text[verdict.start :])
    letters = [form(_spelled(token.token)) for token in tokens]
    beyond = _beyond("".join(letters)[-_FURTHEST - _BEFORE - _BEYOND :], before, after)
    if beyond is None:
        return None
    left = beyond + len(after)  # letters from the verdict's first to the last token's last
    for index in reversed(range(len(tokens))):
        if left <= len(letters[index]):
            return index, letters[index][: len(letters[index]) - left]
        left -= len(letters[index])
    return None


def _beyond(spelled: str, before: str, after: str) -> int | None:
    """How many of the tokens' last letters lie beyond the text's end; None where they don't fit."""
    text = before + after
    for beyond in range(min(_BEYOND, len(spelled)) + 1):
        shared = _shared(text, spelled, beyond)
        whole = shared == len(text) or shared == len(spelled) - beyond
        if shared >= len(after) + (0 if whole else _ENOUGH):
            return beyond
    return None


def _shared(text: str, spelled: str, beyond: int) -> int:
    """How many letters at the text's end are the tokens' too, but for those beyond."""
    most = min(len(text), len(spelled) - beyond)
    ours, theirs = len(text) - 1, len(spelled) - beyond - 1
    return next((i for i in range(most) if text[ours - i] != spelled[theirs - i]), most)


def _ascii(string: str) -> str:
    """The ASCII letters and digits of a string, as small letters."""
    return _OTHERS.sub("", string).lower()


def _plain(string: str) -> str:
    """As `_ascii`, of full-width and other forms too (which are also in tokens' escaped bytes)."""
    return _ascii("".join(map(plain_form, string)))


def _spelled(token: str) -> str:
    """A token's text; bytes that a server wrote out are read."""
    escaped = _ESCAPED.fullmatch(token)
    if escaped is None:
        return token
    digits = (escaped[1] or escaped[2]).replace("\\x", "")
    return bytes.fromhex(digits).decode("ascii", "ignore")


def _first_letters(token: str, lead: str) -> tuple[str, bool] | None:
    """An alternative's first letters behind `lead`, and whether they reach to the token's end."""
    plain = "".join(map(plain_form, _spelled(token)))
    at = 0
    for letter in lead:
        at = _at_letter(plain, at)
        if plain[at : at + 1].lower() != letter:
            return None
        at += 1
    found = _LETTERS.match(plain, _at_letter(plain, at))
    return (found[0].lower(), found.end() == len(plain)) if found else None


def _at_letter(plain: str, start: int) -> int:
    found = _LETTERS.search(plain, start)
    return found.start() if found else len(plain)


def _any(read: tuple[str, bool], words: Iterable[str]) -> bool:
    return any(_spells(read, word) for word in words)


def _spells(read: tuple[str, bool], word: str) -> bool:
    letters, to_the_end = read
    return letters == word or (to_the_end and word.startswith(letters))
