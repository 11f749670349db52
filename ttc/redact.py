"""Secrets never leave this process in text: messages, logs, manifests, tracebacks, terminal output.

Keys come from the environment, so every value there whose name looks like a key's is hidden, and
so is whatever a backend says it uses as one (`remember`). Passwords and keys inside URLs are found
by their form.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TextIO
from urllib.parse import quote, unquote

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTHORIZATION", re.IGNORECASE
)
# Shorter values ("1", "true") are settings whose name only looks secret; hiding them would blank
# out ordinary words of every message.
_SHORTEST_SECRET = 8
_SHORTEST_TOLD = 4
"""Shorter keys are dummies for servers that want none ("x"); hiding them would garble all text."""
_USERINFO = re.compile(r"(?<=://)[^\s/?#\"'<>]+(?=@)")
_QUERY = re.compile(
    r"([?&](?:[\w-]*(?:key|token|secret|password|signature|credential)|sig|auth)=)"
    r"[^&#\s\"'<>\\]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_told: set[str] = set()


def remember(secrets: Iterable[str | None]) -> None:
    """Hide these from now on, wherever they came from; those under 8 characters as whole words."""
    _told.update(s for s in secrets if s and len(s) >= _SHORTEST_TOLD)


def redact(text: str) -> str:
    """The text with every known secret, and every password or key in a URL, replaced.

    Also finds secrets that were escaped for JSON or a URL, or encoded in base64.
    """
    return _redact(text, _known())


def _known() -> Sequence[str]:
    return _spellings(frozenset(_told | environment_secrets(os.environ)))


def _redact(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if secret in text:
            text = _hide(text, secret)
    return _BEARER.sub(rf"\1 {HIDDEN}", redact_urls(text))


def _hide(text: str, secret: str) -> str:
    if len(secret) >= _SHORTEST_SECRET:
        return text.replace(secret, HIDDEN)
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)


def redact_urls(text: str) -> str:
    """The text with passwords and keys in URLs replaced, as far as their form shows them."""
    if "://" in text:
        text = _USERINFO.sub(HIDDEN, text)
    return _QUERY.sub(rf"\1{HIDDEN}", text) if "=" in text else text


def redact_all(value: Any) -> Any:
    """`redact` on every string in nested mappings and lists, keys included."""
    return _redact_all(value, _known())


def _redact_all(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _redact(value, secrets)
    if isinstance(value, Mapping):
        return {_redact_all(k, secrets): _redact_all(v, secrets) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redact_all(inner, secrets) for inner in value]
    return value


def environment_secrets(environment: Mapping[str, str]) -> set[str]:
    """Values of variables named like secrets, and passwords in URLs of any variable."""
    found: set[str] = set()
    for name, value in environment.items():
        value = value.strip()
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            found.add(value)
        if "://" in value:
            found |= {p for p in passwords(value) if len(p) >= _SHORTEST_SECRET}
    return found


def passwords(url: str) -> set[str]:
    """Passwords and keys that stand in a URL, as they stand and unquoted."""
    raw = [match[0].partition(":")[2] or match[0] for match in _USERINFO.finditer(url)]
    raw += [match[0].partition("=")[2] for match in _QUERY.finditer(url)]
    return {*raw, *map(unquote, raw)}


@lru_cache(maxsize=8)
def _spellings(secrets: frozenset[str]) -> Sequence[str]:
    """Longest first, so that a secret that contains another one leaves no rest."""
    out: set[str] = set()
    for secret in secrets:
        out |= {secret, quote(secret, safe="", errors="replace"), repr(secret)[1:-1]}
        out |= {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        if len(secret) >= _SHORTEST_SECRET:
            out.add(base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode())
    return sorted(out, key=len, reverse=True)


class RedactingStream:
    """A text stream that hides secrets in what passes: the last gate before a terminal or a pipe.

    Everything but writing is the inner stream's.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the redacted text; as much as was given counts as written."""
        self._stream.write(self.clean(text))
        return len(text)

    def clean(self, text: str) -> str:
        """What is written in place of a text."""
        return redact(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)
