"""Words that a response must have, may not have, or must have so often. Case is ignored."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from ttc.constraints.base import Alone, Count, Phrase, Relation, Words, stands


class Keywords(Alone):
    """All these words or phrases occur, as parts of words too."""

    type: Literal["keywords"] = "keywords"
    words: Words

    def holds(self, response: str, prompt: str) -> bool:
        text = response.lower()
        return all(word.lower() in text for word in self.words)


class ForbiddenWords(Alone):
    """None of these occurs as a word of its own."""

    type: Literal["forbidden_words"] = "forbidden_words"
    words: Words

    def holds(self, response: str, prompt: str) -> bool:
        return not any(
            re.search(rf"\b{re.escape(word)}\b", response, re.IGNORECASE) for word in self.words
        )


class KeywordFrequency(Alone):
    """A word or phrase occurs so often, parts of words counted."""

    type: Literal["keyword_frequency"] = "keyword_frequency"
    word: Phrase
    relation: Relation = "at_least"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        found = response.lower().count(self.word.strip().lower())
        return stands(self.relation, found, self.number)


class LetterFrequency(Alone):
    """A letter or sign occurs so often."""

    type: Literal["letter_frequency"] = "letter_frequency"
    letter: str = Field(min_length=1, max_length=1)
    relation: Relation = "at_least"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        return stands(self.relation, response.lower().count(self.letter.lower()), self.number)
