"""Secrets never leave this process in text: messages, logs, manifests, tracebacks, terminal output.

Keys come from the environment, so every value there whose name looks like a key's is hidden, and
so is whatever a backend says it uses as one (`remember`). Passwords and keys inside URLs are found
by their form.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
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
# Where no port can be meant, a password may hold what should have been escaped in it. Messages
# write `...` for what they leave out.
_USERINFO = re.compile(
    r"(?<=://)(?!\.\.\.@)(?:[^\s/?#\"'<>@:]{0,200}:(?!\d*(?:[/?#]|$))[^\s\"'<>]{0,300}|[^\s/?#\"'<>]+)(?=@)"
)
_QUERY = re.compile(
    r"([?&](?:[\w-]*(?:key|token|secret|password|signature|credential)|sig|auth)=)"
    r"[^&#\s\"'<>\\]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_told: set[str] = set()


def remember(secrets: Iterable[str | None]) -> None:
    """Hide these from now on, wherever they came from; those under 8 characters as whole words."""
    _told.update(s for s in secrets if s and len(s) >= _SHORTEST_TOLD)


class Secrets:
    """Some secrets, to be found in texts: as they are, or as programs escape and encode them.

    Also found escaped for JSON, HTML or a URL, in base64 (of a longer text, too) or hexadecimal,
    and in other cases of letters; those under 8 characters only as whole words.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        told = frozenset(secrets)
        self._count = len(told)
        self._short = [_pattern(s) for s in told if len(s) < _SHORTEST_SECRET]
        long = [s for s in told if len(s) >= _SHORTEST_SECRET]
        # A program escapes no letters and digits: where a secret's longest run of them is not, the
        # secret is not, and most texts need no more than that look.
        self._long = [
            (max(_PLAIN.findall(s), key=len, default="").lower(), _pattern(s)) for s in long
        ]
        self._long += [
            (form.lower(), re.compile(re.escape(form), re.I)) for s in long for form in _encoded(s)
        ]
        self.shortest = min(map(len, told), default=0)

    def __len__(self) -> int:
        return self._count

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where they stand in a text: starts and ends, in order, without overlaps."""
        if len(text) < self.shortest:
            return []
        low = text.lower()
        patterns = [pattern for run, pattern in self._long if run in low] + self._short
        return _merged([match.span() for one in patterns for match in one.finditer(text)])

    def hide(self, text: str) -> str:
        """The text with each of them replaced."""
        if not (places := self.places(text)):
            return text
        ends = [0, *(end for _, end in places)]
        kept = [text[end:start] for end, (start, _) in zip(ends, places, strict=False)]
        return HIDDEN.join([*kept, text[ends[-1] :]])


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start < out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def redact(text: str) -> str:
    """The text with every known secret, and every password or key in a URL, replaced."""
    return _redact(text, _known())


def _known() -> Secrets:
    return _of(frozenset(_told | environment_secrets(os.environ)))


@lru_cache(maxsize=8)
def _of(secrets: frozenset[str]) -> Secrets:
    return Secrets(secrets)


def _redact(text: str, secrets: Secrets) -> str:
    return _BEARER.sub(rf"\1 {HIDDEN}", redact_urls(secrets.hide(text)))


def redact_urls(text: str) -> str:
    """The text with passwords and keys in URLs replaced, as far as their form shows them."""
    if "://" in text:
        text = _USERINFO.sub(HIDDEN, text)
    return _QUERY.sub(rf"\1{HIDDEN}", text) if "=" in text else text


def redact_all(value: Any) -> Any:
    """`redact` on every string in nested mappings and lists, keys included."""
    return _redact_all(value, _known())


def _redact_all(value: Any, secrets: Secrets) -> Any:
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


def _pattern(secret: str) -> re.Pattern[str]:
    """A secret in the forms that programs give it in messages, each character in any of them."""
    text = "".join(c if _PLAIN.fullmatch(c) else _forms(c) for c in secret)
    if len(secret) < _SHORTEST_SECRET:
        return re.compile(rf"(?<!\w){text}(?!\w)")
    return re.compile(text, re.IGNORECASE)


def _forms(char: str) -> str:
    """A character as it is, or escaped for Python, JSON, a URL or HTML."""
    code = ord(char)
    forms = {char, f"\\{char}", repr(char)[1:-1], json.dumps(char)[1:-1], f"\\u{code:04x}"}
    forms |= {quote(char, safe="", errors="replace"), html.escape(char)}
    forms |= {f"&#{code};", f"&#x{code:x};", *({"+"} if char == " " else ())}
    return f"(?:{'|'.join(map(re.escape, sorted(forms, key=len, reverse=True)))})"


def _encoded(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield base64.b64encode(raw).decode()
    yield from _inside_base64(raw)


def _inside_base64(raw: bytes) -> Iterator[str]:
    """What of the base64 of a longer text is the same wherever in it the secret stands."""
    for shift, first in ((0, 0), (1, 2), (2, 3)):
        last = (shift + len(raw)) * 8 // 6
        for alphabet in (None, b"-_"):
            yield base64.b64encode(bytes(shift) + raw, alphabet).decode()[first:last]


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
