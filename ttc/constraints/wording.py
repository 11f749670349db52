"""How a response must be worded: its language, letters, marks, beginning and end."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from ttc.constraints.base import Alone, Count, Phrase, Relation, stands
from ttc.constraints.language import language_of
from ttc.errors import DataError

_LONGEST_MATCH_S = 2.0
_TOKEN = re.compile(r"\w+(?:[.\-]\w+)*")


class Language(Alone):
    """It is in a language (needs the extra `constraints`)."""

    type: Literal["language"] = "language"
    language: str = Field(pattern="^[a-z]{2}$")
    """ISO 639-1 code, such as `de`."""

    def holds(self, response: str, prompt: str) -> bool:
        return language_of(response) in (self.language, None)


class EnglishCapitals(Alone):
    """English, in capital letters only (needs the extra `constraints`)."""

    type: Literal["english_capitals"] = "english_capitals"

    def holds(self, response: str, prompt: str) -> bool:
        return response.isupper() and language_of(response) in ("en", None)


class EnglishLowercase(Alone):
    """English, in small letters only (needs the extra `constraints`)."""

    type: Literal["english_lowercase"] = "english_lowercase"

    def holds(self, response: str, prompt: str) -> bool:
        return response.islower() and language_of(response) in ("en", None)


class CapitalWords(Alone):
    """So many words in capital letters."""

    type: Literal["capital_words"] = "capital_words"
    relation: Relation = "at_least"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        found = sum(word[0].isupper() for word in _TOKEN.finditer(response))
        return stands(self.relation, found, self.number)


class NoComma(Alone):
    """No comma."""

    type: Literal["no_comma"] = "no_comma"

    def holds(self, response: str, prompt: str) -> bool:
        return "," not in response


class Quotation(Alone):
    """All of it stands in double quotation marks."""

    type: Literal["quotation"] = "quotation"

    def holds(self, response: str, prompt: str) -> bool:
        body = response.strip()
        return len(body) > 1 and body[0] == body[-1] == '"'


class EndsWith(Alone):
    """It ends with a phrase; case and quotation marks around it all are ignored."""

    type: Literal["ends_with"] = "ends_with"
    phrase: Phrase

    def holds(self, response: str, prompt: str) -> bool:
        return response.strip().strip('"').lower().endswith(self.phrase.strip().lower())


class RepeatsPrompt(Alone):
    """It begins with the prompt, word by word; case is ignored."""

    type: Literal["repeats_prompt"] = "repeats_prompt"
    text: Phrase | None = None
    """What is to be repeated; the problem's question where nothing is named."""

    def holds(self, response: str, prompt: str) -> bool:
        wanted = (self.text or prompt).strip().lower()
        return response.strip().lower().startswith(wanted)


class PromptNumbers(Alone):
    """Every number of the prompt occurs in it: a solution has used all that was given."""

    type: Literal["prompt_numbers"] = "prompt_numbers"

    def holds(self, response: str, prompt: str) -> bool:
        return numbers_in(prompt) <= numbers_in(response)


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


class Matches(Alone):
    """A pattern is found somewhere in it."""

    type: Literal["matches"] = "matches"
    pattern: Phrase
    """A regular expression; `(?i)` before it ignores case."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        import regex  # type: ignore[import-untyped]

        try:
            regex.compile(pattern)
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    def holds(self, response: str, prompt: str) -> bool:
        """Raises `DataError` where the pattern is too slow for a text: the recipe's mistake."""
        import regex

        try:
            return regex.search(self.pattern, response, timeout=_LONGEST_MATCH_S) is not None
        except TimeoutError:
            raise DataError(
                f"constraint matches {self.pattern!r}: no result within {_LONGEST_MATCH_S:g} s on "
                f"a text of {len(response)} characters; a pattern without nested repetition will "
                "not backtrack"
            ) from None
