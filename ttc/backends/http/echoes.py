"""Keys that a server echoes, taken out of the whole of its reply before anything reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ttc.redact import HIDDEN, Secrets

_NUMBERS = (float, int, bool, type(None))
_DEEPEST = 40
"""Levels of a reply; the alternatives of a token stand in the sixth."""


def without_echoes(reply: Any, secrets: Secrets) -> Any:
    """The same JSON with every secret hidden: in texts, names of fields, and over tokens.

    A key in a completion is sampled in several tokens, none of which holds it; they are joined, and
    read like the text then. What is nested deeper than any reply is left out.
    """
    return _Walk(secrets).clean(reply, 0)


class _Walk:
    """Through one reply. Logprobs have thousands of texts, of which hardly any could hold a key."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._names: dict[Any, str] = {}

    def clean(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._secrets.hide(value)
        if depth > _DEEPEST:
            return None
        if isinstance(value, dict):
            return self._object(value, depth + 1)
        if isinstance(value, list | tuple):
            return [v if self._plain(v) else self.clean(v, depth + 1) for v in value]
        return value

    def _object(self, found: dict[Any, Any], depth: int) -> dict[str, Any]:
        made = {}
        for key, value in found.items():
            name = self._names.get(key)
            if name is None:
                name = self._names[key] = self._secrets.hide(str(key))
            kept = value if self._plain(value) else self.clean(value, depth)
            made[name] = _of_tokens(kept, self._secrets) if key == "logprobs" else kept
        return made

    def _plain(self, value: Any) -> bool:
        """Whether there is nothing to look for in a value."""
        kind = type(value)
        if kind is str:
            return len(value) < self._secrets.shortest
        return kind in _NUMBERS


def _of_tokens(logprobs: Any, secrets: Secrets) -> Any:
    """Logprobs of either shape: lists of objects with a `token`, or parallel lists."""
    if not isinstance(logprobs, Mapping):
        return logprobs
    made = dict(logprobs)
    for name, listed in logprobs.items():
        if isinstance(listed, list) and listed and all(isinstance(t, Mapping) for t in listed):
            hidden = _hidden([str(t.get("token", "")) for t in listed], secrets)
            made[name] = [
                token if text is None else {**token, "token": text, "bytes": None, **_no_top(token)}
                for token, text in zip(listed, hidden, strict=True)
            ]
    if isinstance(tokens := logprobs.get("tokens"), list):
        hidden = _hidden([str(token) for token in tokens], secrets)
        made["tokens"] = [
            token if text is None else text for token, text in zip(tokens, hidden, strict=True)
        ]
        if isinstance(tops := logprobs.get("top_logprobs"), list):
            touched = {i for i, text in enumerate(hidden) if text is not None}
            made["top_logprobs"] = [None if i in touched else top for i, top in enumerate(tops)]
    return made


def _no_top(token: Mapping[str, Any]) -> dict[str, Any]:
    """The alternatives at a place tell what stood there."""
    return {"top_logprobs": []} if "top_logprobs" in token else {}


def _hidden(tokens: Sequence[str], secrets: Secrets) -> list[str | None]:
    """For each token what is left of it, and None where it is no part of a secret.

    Joined, they give what the joined text is without the secrets.
    """
    out: list[str | None] = [None] * len(tokens)
    places = secrets.places("".join(tokens))
    if not places:
        return out
    start, first = 0, 0
    for i, token in enumerate(tokens):
        end = start + len(token)
        while first < len(places) and places[first][1] <= start:
            first += 1
        last = first
        while last < len(places) and places[last][0] < end:
            last += 1
        if last > first and token:
            out[i] = _left(token, start, places[first:last])
        start = end
    return out


def _left(token: str, start: int, cut: Sequence[tuple[int, int]]) -> str:
    text, at = "", 0
    for a, b in cut:
        text += token[at : max(0, a - start)] + (HIDDEN if a >= start else "")
        at = b - start
    return text + token[at:]
