"""Forms that a response must have: lists, titles, sections, highlights, JSON and the like."""

from __future__ import annotations

import json
import re
from typing import Literal

from pydantic import Field

from ttc.constraints.base import Alone, Count, Phrase, Words
from ttc.constraints.length import parts_between

_HIGHLIGHT = re.compile(r"\*([^\n*]*)\*")
_BOLD = re.compile(r"\*\*([^\n*]*)\*\*")
_TITLE = re.compile(r"<<([^\n<>]*)>>")


class NumberPlaceholders(Alone):
    """At least so many placeholders in brackets, such as [address]."""

    type: Literal["number_placeholders"] = "number_placeholders"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        return sum(map(_bracketed, response.split("\n"))) >= self.number


def _bracketed(line: str) -> int:
    """Pairs of brackets in a line, none inside another; a pattern would be quadratic."""
    count = at = 0
    while (opening := line.find("[", at)) >= 0 and (closing := line.find("]", opening)) >= 0:
        count, at = count + 1, closing + 1
    return count


class NumberBullets(Alone):
    """Exactly so many lines that begin with `*` (not `**`) or `-`."""

    type: Literal["number_bullets"] = "number_bullets"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        return sum(map(_is_bullet, response.split("\n"))) == self.number


def _is_bullet(line: str) -> bool:
    text = line.lstrip()
    return text.startswith("-") or (text.startswith("*") and text[1:2] not in ("", "*"))


class NumberHighlights(Alone):
    """At least so many `*highlights*` or `**highlights**`."""

    type: Literal["number_highlights"] = "number_highlights"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        found = [*_HIGHLIGHT.findall(response), *_BOLD.findall(response)]
        return sum(bool(inside.strip()) for inside in found) >= self.number


class NumberSections(Alone):
    """At least so many sections, each headed by a word and a number: `SECTION 1`."""

    type: Literal["number_sections"] = "number_sections"
    word: Phrase = "Section"
    number: Count

    def holds(self, response: str, prompt: str) -> bool:
        heading = re.compile(rf"{re.escape(self.word)}\s?\d")
        return sum(1 for _ in heading.finditer(response)) >= self.number


class Title(Alone):
    """A title in double angular brackets: <<title>>."""

    type: Literal["title"] = "title"

    def holds(self, response: str, prompt: str) -> bool:
        return any(inside.strip() for inside in _TITLE.findall(response))


class Json(Alone):
    """All of it is JSON, perhaps in a fenced block."""

    type: Literal["json"] = "json"

    def holds(self, response: str, prompt: str) -> bool:
        body = response.strip()
        for fence in ("```json", "```Json", "```JSON", "```"):
            body = body.removeprefix(fence)
        try:
            json.loads(body.removesuffix("```").strip())
        except (ValueError, RecursionError):
            return False
        return True


class Postscript(Alone):
    """A postscript: `P.S.`, `P.P.S`, or another marker."""

    type: Literal["postscript"] = "postscript"
    marker: Phrase = "P.S."

    def holds(self, response: str, prompt: str) -> bool:
        letters = self.marker.lower().replace(".", "")
        if letters in ("ps", "pps"):
            pattern = r"\.\s?".join(letters)
            # The second stop of P.P.S is often left out, and so it may be here.
            return bool(re.search(pattern + ("" if letters == "pps" else r"\."), response.lower()))
        return self.marker.lower() in response.lower()


class OneOf(Alone):
    """It holds one of the given answers, letter by letter."""

    type: Literal["one_of"] = "one_of"
    options: Words = ("My answer is yes.", "My answer is no.", "My answer is maybe.")

    def holds(self, response: str, prompt: str) -> bool:
        return any(option in response for option in self.options)


class TwoResponses(Alone):
    """Two different responses, divided by six stars."""

    type: Literal["two_responses"] = "two_responses"
    divider: str = Field(default="******", min_length=1, max_length=1000)

    def holds(self, response: str, prompt: str) -> bool:
        parts = parts_between(response, self.divider)
        return parts is not None and len(parts) == 2 and parts[0].strip() != parts[1].strip()
