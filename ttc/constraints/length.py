"""How long a response must be, in words, sentences and paragraphs."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from ttc.constraints.base import Alone, Count, Phrase, Relation, stands
from ttc.constraints.sentences import count_sentences

_WORD = re.compile(r"\w+")
_ENDS_FIRST_WORD = re.compile(r"[.,?!'\"]")


class NumberWords(Alone):
    """So many words; a word is a run of letters and digits."""

    type: Literal["number_words"] = "number_words"
    relation: Relation = "at_least"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        return stands(self.relation, sum(1 for _ in _WORD.finditer(response)), self.number)


class NumberSentences(Alone):
    """So many sentences."""

    type: Literal["number_sentences"] = "number_sentences"
    relation: Relation = "at_least"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        return stands(self.relation, count_sentences(response), self.number)


class NumberParagraphs(Alone):
    """Exactly so many paragraphs, divided by `***`, none of them blank."""

    type: Literal["number_paragraphs"] = "number_paragraphs"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        parts = parts_between(response, "***")
        return parts is not None and len(parts) == self.number


class ParagraphFirstWord(Alone):
    """Of exactly so many paragraphs, divided by blank lines, one begins with a given word."""

    type: Literal["paragraph_first_word"] = "paragraph_first_word"
    number: Count
    """How many paragraphs."""
    paragraph: int = Field(ge=1, le=1_000_000)
    """Which of them, from 1."""
    word: Phrase

    def holds(self, response: str, prompt: str) -> bool:
        parts = response.split("\n\n")
        filled = sum(bool(part.strip()) for part in parts)
        if filled != self.number or self.paragraph > filled:
            return False
        # Counted among all parts, blank ones too, as the published check does.
        words = parts[self.paragraph - 1].split()
        if not words:
            return False
        first = words[0].lstrip("'\"")
        return _ENDS_FIRST_WORD.split(first, maxsplit=1)[0].lower() == self.word.lower()


def parts_between(text: str, divider: str) -> list[str] | None:
    """What a divider divides; blank parts may stand at the ends only, else None."""
    parts = text.split(divider)
    inner = [part for i, part in enumerate(parts) if part.strip() or 0 < i < len(parts) - 1]
    return inner if all(part.strip() for part in inner) else None
