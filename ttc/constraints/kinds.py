"""All kinds of constraints, by the name that stands in recipes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ttc.constraints.keywords import ForbiddenWords, KeywordFrequency, Keywords, LetterFrequency
from ttc.constraints.layout import (
    Json,
    NumberBullets,
    NumberHighlights,
    NumberPlaceholders,
    NumberSections,
    OneOf,
    Postscript,
    Title,
    TwoResponses,
)
from ttc.constraints.length import (
    NumberParagraphs,
    NumberSentences,
    NumberWords,
    ParagraphFirstWord,
)
from ttc.constraints.together import Agreeing, Distinct
from ttc.constraints.wording import (
    CapitalWords,
    EndsWith,
    EnglishCapitals,
    EnglishLowercase,
    Language,
    Matches,
    NoComma,
    PromptNumbers,
    Quotation,
    RepeatsPrompt,
)

AnyConstraint = Annotated[
    Keywords
    | ForbiddenWords
    | KeywordFrequency
    | LetterFrequency
    | NumberWords
    | NumberSentences
    | NumberParagraphs
    | ParagraphFirstWord
    | NumberPlaceholders
    | NumberBullets
    | NumberHighlights
    | NumberSections
    | Title
    | Json
    | Postscript
    | OneOf
    | TwoResponses
    | Language
    | EnglishCapitals
    | EnglishLowercase
    | CapitalWords
    | NoComma
    | Quotation
    | EndsWith
    | RepeatsPrompt
    | PromptNumbers
    | Matches
    | Distinct
    | Agreeing,
    Field(discriminator="type"),
]
