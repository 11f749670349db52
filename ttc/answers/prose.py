"""Words that are an answer, told from letters that are mathematics."""

import re

from ttc.answers.units import FUNCTIONS, is_product

_LETTERS = re.compile(r"[A-Za-z]+")
_TEXT = re.compile(r"\\text ?\{([^{}]*)\}")
_PROSE = re.compile(r"[A-Za-z0-9 .,;:'\"/?!()-]+")
_SENTENCE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{2,}")


def is_words(text: str) -> bool:
    """Prose, which a LaTeX parser would take for a product of letters (listen = silent)."""
    plain = _TEXT.sub(r" \1 ", text)
    if not _PROSE.fullmatch(plain):
        return bool(_SENTENCE.search(plain)) and "\\" not in plain
    words = [w for w in _LETTERS.findall(plain) if w not in ("and", "or")]
    return not all(is_product(w) or w in FUNCTIONS for w in words)


def words_of(text: str) -> str:
    return " ".join(_TEXT.sub(r" \1 ", text).split()).strip(" .").casefold()


def told(text: str) -> bool:
    """Whether there are words in it that are no name: `n = 3 because 2^3 = 8`."""
    return bool(
        re.search(r"\d[^A-Za-z\\]*(?<![A-Za-z\\])(?:[a-z]{4,}|if|so|as|is)(?![A-Za-z])", text)
    )
