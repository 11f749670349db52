"""The text of a chat message: a string, or parts of many kinds, and what the model thought before.

Servers whose models think cut the thinking out and send it in a field of its own, or as parts of a
kind of its own. Answers and verdicts are read after its end, so it goes back to where it was, as
`<think>...</think>`. Nothing but text that the model wrote comes out of here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttc.thinking import after_thinking

Json = Mapping[str, Any]
_THOUGHT_FIELDS = (
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
)
_TEXT_KINDS = {"text", "output_text", "refusal"}
_THOUGHT_WORDS = ("think", "thought", "reason", "summary")
# Where a part of such a kind has its text, in turn.
_HOLD_TEXT = ("text", "refusal", "value", "content")
_HOLD_THOUGHTS = ("thinking", "reasoning", "text", "summary", "thought", "content", "value")
_DEEPEST = 8
_MARKS = ("think", "reasoning", "reflection", "scratchpad", "monologue")


class Malformed(ValueError):
    """A reply that is JSON but not in OpenAI's form."""


def message_text(message: Json, *, cut: bool) -> str:
    """All that the model wrote, thoughts first. Raises `Malformed`.

    cut: the tokens ran out; where they did so in the middle of the thoughts, those stay open.
    """
    content, thought = _split(message.get("content"))
    if not content:
        content = _split(message.get("refusal") or None)[0]
    if not thought:
        fields = (_thoughts(message.get(name)) for name in _THOUGHT_FIELDS)
        thought = next((found for found in fields if found), "")
    if not thought:
        return content
    return _with_thought(thought, content, closed=bool(content) or not cut)


def plain_text(value: object) -> str:
    """The text of a raw choice. Raises `Malformed`."""
    text, thought = _split(value)
    return _with_thought(thought, text) if thought else text


def _with_thought(thought: str, text: str, *, closed: bool = True) -> str:
    """A thought before the text, in marks that nothing within it closes: it may speak of them."""
    begun = ((name, f"<{name}>\n{thought}") for name in _MARKS)
    name, opened = next(
        (found for found in begun if after_thinking(found[1]) is None),
        (_MARKS[0], f"<{_MARKS[0]}>\n{thought}"),
    )
    return f"{opened}\n</{name}>\n\n{text}" if closed else opened


def _split(content: object) -> tuple[str, str]:
    """Text and thoughts of a content: text, parts, or nothing at all."""
    if content is None:
        return "", ""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        raise Malformed(f"the content is neither text nor a list of parts ({_kind(content)})")
    texts: list[str] = []
    thoughts: list[str] = []
    strange: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, Mapping):
            raise Malformed(f"a part of the content is no JSON object ({_kind(part)})")
        elif _is_thought(part):
            thoughts.append(_thoughts(part))
        elif part.get("type", "text") in _TEXT_KINDS:
            texts.append(_part_text(part))
        else:
            strange.append(str(part["type"])[:40])
    if strange and not texts and not any(thoughts):
        raise Malformed(f"the content has no text, but {', '.join(strange[:3])}")
    return "".join(texts), "\n\n".join(filter(None, thoughts))


def _is_thought(part: Json) -> bool:
    kind = part.get("type")
    named = isinstance(kind, str) and any(word in kind for word in _THOUGHT_WORDS)
    return named or part.get("thought") is True


def _part_text(part: Json) -> str:
    for name in filter(part.__contains__, _HOLD_TEXT):
        found = part[name]
        if isinstance(found, Mapping):
            found = found.get("value")
        if isinstance(found, str) or found is None:
            return found or ""
    raise Malformed("a part of the content has no text")


def _thoughts(value: object, depth: int = 0) -> str:
    """The text of thoughts in whatever form; what has none (encrypted, say) is passed over."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return "".join(_thoughts(inner, depth + 1) for inner in value)
    if isinstance(value, Mapping):
        found = (_thoughts(value.get(name), depth + 1) for name in _HOLD_THOUGHTS)
        return next((text for text in found if text), "")
    return ""


def _kind(value: object) -> str:
    return {dict: "an object", bool: "true or false"}.get(type(value), type(value).__name__)
