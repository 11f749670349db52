"""Constraints as the public instruction set spells them (IFEval, arXiv 2311.07911).

A row has `instruction_id_list`, and `kwargs` with the arguments of each; those that an instruction
does not take may stand there as null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ttc.constraints.base import Constraint
from ttc.constraints.kinds import AnyConstraint
from ttc.errors import DataError
from ttc.words import nearest

_KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "keywords:existence": ("keywords", {"keywords": "words"}),
    "keywords:frequency": (
        "keyword_frequency",
        {"keyword": "word", "relation": "relation", "frequency": "number"},
    ),
    "keywords:forbidden_words": ("forbidden_words", {"forbidden_words": "words"}),
    "keywords:letter_frequency": (
        "letter_frequency",
        {"letter": "letter", "let_relation": "relation", "let_frequency": "number"},
    ),
    "language:response_language": ("language", {"language": "language"}),
    "length_constraints:number_sentences": (
        "number_sentences",
        {"relation": "relation", "num_sentences": "number"},
    ),
    "length_constraints:number_paragraphs": ("number_paragraphs", {"num_paragraphs": "number"}),
    "length_constraints:number_words": (
        "number_words",
        {"relation": "relation", "num_words": "number"},
    ),
    "length_constraints:nth_paragraph_first_word": (
        "paragraph_first_word",
        {"num_paragraphs": "number", "nth_paragraph": "paragraph", "first_word": "word"},
    ),
    "detectable_content:number_placeholders": (
        "number_placeholders",
        {"num_placeholders": "number"},
    ),
    "detectable_content:postscript": ("postscript", {"postscript_marker": "marker"}),
    "detectable_format:number_bullet_lists": ("number_bullets", {"num_bullets": "number"}),
    "detectable_format:constrained_response": ("one_of", {}),
    "detectable_format:number_highlighted_sections": (
        "number_highlights",
        {"num_highlights": "number"},
    ),
    "detectable_format:multiple_sections": (
        "number_sections",
        {"section_spliter": "word", "num_sections": "number"},
    ),
    "detectable_format:json_format": ("json", {}),
    "detectable_format:title": ("title", {}),
    "combination:two_responses": ("two_responses", {}),
    "combination:repeat_prompt": ("repeats_prompt", {"prompt_to_repeat": "text"}),
    "startend:end_checker": ("ends_with", {"end_phrase": "phrase"}),
    "startend:quotation": ("quotation", {}),
    "change_case:capital_word_frequency": (
        "capital_words",
        {"capital_relation": "relation", "capital_frequency": "number"},
    ),
    "change_case:english_capital": ("english_capitals", {}),
    "change_case:english_lowercase": ("english_lowercase", {}),
    "punctuation:no_comma": ("no_comma", {}),
}
_ANY: TypeAdapter[Constraint] = TypeAdapter(AnyConstraint)


def published(
    ids: Sequence[str], arguments: Sequence[Mapping[str, Any] | None]
) -> list[Constraint]:
    """The constraints of a row. Raises `DataError` with the first that can't be read."""
    if len(ids) != len(arguments):
        raise DataError(
            f"instruction_id_list has {len(ids)} entries and kwargs {len(arguments)}; one each"
        )
    return [_one(name, given or {}) for name, given in zip(ids, arguments, strict=True)]


def _one(name: str, given: Mapping[str, Any]) -> Constraint:
    if name not in _KINDS:
        raise DataError(f"no instruction is called {name!r:.80}{nearest(str(name), _KINDS)}")
    kind, keys = _KINDS[name]
    known = {key: given[key] for key in keys if given.get(key) is not None}
    try:
        return _ANY.validate_python({"type": kind, **{keys[k]: v for k, v in known.items()}})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = next((k for k, ours in keys.items() if ours == first["loc"][-1]), first["loc"][-1])
        raise DataError(f"instruction {name!r}: kwargs.{key}: {first['msg']}") from None
