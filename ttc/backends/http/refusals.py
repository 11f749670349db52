"""Why a server refuses a call, by its words: too long, filtered, a field it does not take.

Words are a courtesy: they name a reason in the tables and what would help. That one call's refusal
is no other call's matter does not rest on them (see `refused` of `ttc.errors.BackendError`). Every
pattern looks no further than some characters ahead, so that none takes longer than the text is.
"""

from __future__ import annotations

import re
from typing import Literal

from ttc.backends.http.error_body import Told

_IS_SENT = r"(?:prompt|input|message|request|text|sequence|string|conversation|payload)s?"
_TOO_LONG = re.compile(
    rf"context[ _-]?(?:length|window|size|limit)|exceed_context|n_ctx|max_model_len|max_new_tokens"
    r"|max(?:imum)?(?: (?:allowed|model|total|input|prompt|sequence|context|number of)){1,3}"
    r"[ _](?:length|tokens?)|too many (?:\w{1,20} ){0,2}tokens|request_too_large"
    rf"|\b{_IS_SENT}\b\W{{1,3}}(?:\w{{1,20}}\W{{1,3}}){{0,3}}too (?:long|large|big)"
    rf"|\b{_IS_SENT}\b[^.]{{0,40}}\b(?:length|exceed\w{{0,4}}|shorter|longer)\b"
    r"|\btokens?\b[^.]{0,80}\b(?:exceed\w{0,4}|(?:longer|greater|more|larger|less) than|too (?:long"
    r"|large|many)|at most|limit|maximum|must be <)"
    r"|\b(?:exceed\w{0,4}|(?:longer|greater|more|larger|less) than|at most|limit|maximum|reduce)\b"
    r"[^.]{0,80}\btokens?\b"
    r"|reduce (?:the |your )?(?:length|size|prompt)"
    r"|max_(?:completion_|new_|output_)?tokens\W[^.]{0,60}(?:too (?:large|high|big|many)|exceed"
    r"|got -|valid range|must be (?:<|less|at most|lower|smaller)|(?:greater|larger) than|maximum)"
    r"|超长|过长|上下文|长度超",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _-](?:filter|policy|management|moderation|safety|exists risk|violat)|moderation"
    r"|\bflagged\b|usage (?:guidelines|polic)|polic(?:y|ies)[ _]violation|violat\w{1,5} (?:of )?"
    r"(?:our|the|your|usage|polic|guidelines|terms)|safety (?:system|check|filter|setting|reason)"
    r"|safety_|responsible ?ai|prohibited_content|guardrail|data[ _]?inspection|inappropriate"
    r"|(?<!case[ -])\bsensitive\b|high risk|\bunsafe\b|\bharmful\b|jailbreak|recitation"
    rf"|\b(?:{_IS_SENT}|response|output|content)\b[^.]{{0,40}}\b(?:blocked|filtered|prohibited)\b"
    r"|\bblocked (?:output|input|prompt|content|response)|敏感|不安全|违规|审核",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient_quota|insufficient (?:credit|balance|fund)|billing|credit balance", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"model_not_found|\bmodel\b[^.]{0,60}\b(?:not (?:exist|found|available|supported)|unknown)"
    r"|(?:unknown|invalid|no such) model\b",
    re.IGNORECASE,
)

_LEFT_OUT = "if the server refuses a request field, name it under the backend's `omit`: [{}]"
_NO_LOGPROBS = (
    "set the backend's max_logprobs to as many as the server gives, 0 where it gives none"
)
_NO_BEGUN = "the server does not go on with begun answers: leave out the backend's `prefill`"
_OF_FIELDS = {
    "max_tokens": "with `type: openai`, set the backend's max_tokens_key: max_completion_tokens",
    "max_completion_tokens": "with `type: openai`, set the backend's max_tokens_key: max_tokens",
    "n": "set the backend's n_per_call: 1",
    "logprobs": _NO_LOGPROBS,
    "top_logprobs": _NO_LOGPROBS,
    "continue_final_message": _NO_BEGUN,
    "add_generation_prompt": _NO_BEGUN,
    **{name: _LEFT_OUT.format(name) for name in ("temperature", "top_p", "top_k", "seed", "stop")},
}
_QUOTED = {"n", "stop", "seed", "temperature"}  # which are words of English as well
_NAMED = re.compile(
    r"(?<![\w.])(?:(?P<q>[`'\"])(?:body\.)?(?P<quoted>{all})(?P=q)|(?P<bare>{bare})(?!\w))".replace(
        "{all}", "|".join(_OF_FIELDS)
    ).replace("{bare}", "|".join(name for name in _OF_FIELDS if name not in _QUOTED))
)


def reason_of(told: Told) -> Literal["context_length", "content_filter"] | None:
    """What a refusal says of its prompt, None where it says nothing that is known."""
    if told.field in _OF_FIELDS and "max" not in told.field:
        return None
    # Filters quote what they found, which may speak of lengths; lengths are never quoted so.
    if _FILTERED.search(told.words):
        return "content_filter"
    return "context_length" if _TOO_LONG.search(told.words) else None


def is_about_money(told: Told) -> bool:
    """Whether the account has nothing left to spend."""
    return _NO_MONEY.search(told.words) is not None


def is_about_the_model(told: Told) -> bool:
    """Whether the server has no such model."""
    return _NO_MODEL.search(told.words) is not None


def field_advice(told: Told) -> str | None:
    """What helps where the server refuses a field of the request; None where it names none."""
    name = told.field
    if name not in _OF_FIELDS:
        found = _NAMED.search(told.words)
        name = (found["quoted"] or found["bare"]) if found else ""
    return _OF_FIELDS.get(name)
