"""The one way to standard output and standard error: no secret and no control character passes.

`say` and `say_json` are how ttc prints plain text, `ttc.report.console` how it prints tables. The
command line puts a `Gate` before both streams as well, so that what others print (warnings,
tracebacks, libraries) goes through the same.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from ttc.redact import RedactingStream, redact
from ttc.visible import visible, visible_json

# What Rich sends to a terminal: styles, and what a live display moves and erases.
_STYLING = re.compile(r"(\x1b\[(?:[0-9;:]*m|[0-9;]*[A-HJK]|\?25[hl])|\r)")
# What progress bars of libraries do: go back to the line's start, or to the lines above.
_MOVES = re.compile(r"(?:[\r\n]|\x1b\[A)+")


def harmless(text: str) -> str:
    """A text fit for a terminal: without a secret, and with control characters made visible."""
    return visible(redact(text))


def say(text: str = "", *, error: bool = False, end: str = "\n") -> None:
    """Print to standard output, or to standard error; at once, as it may be followed live."""
    print(harmless(text), file=sys.stderr if error else sys.stdout, end=end, flush=True)


def say_json(value: Any, *, indent: int | None = 2, sort_keys: bool = False) -> None:
    """Print JSON in ASCII."""
    say(dump_json(value, indent=indent, sort_keys=sort_keys))


def dump_json(value: Any, *, indent: int | None = 2, sort_keys: bool = False) -> str:
    """JSON in ASCII, without a character that a terminal obeys.

    Of numbers that JSON has none of (NaN, infinity) it has null: not every reader takes Python's
    words for them.
    """
    plain = _finite(value)
    return visible_json(json.dumps(plain, indent=indent, sort_keys=sort_keys, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Printed(RedactingStream):
    """A stream whose texts fit its encoding: no character may end a command."""

    def _fit(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return text.encode(encoding, "backslashreplace").decode(encoding)
        return text


class Gate(_Printed):
    """A text stream in front of a terminal or a pipe, through which only what is harmless goes.

    Rich asks a stream for `rich_proxied_file` and writes there. That way Rich's own styles and
    moves pass, and nothing else does that could control a terminal.
    """

    def clean(self, text: str) -> str:
        moves = _MOVES.match(text)
        # A bar's moves are a write of their own; only a return to the line's start has text behind.
        end = moves.end() if moves and moves.end() in (1, len(text)) else 0
        return self._fit(text[:end] + harmless(text[end:]))

    @property
    def rich_proxied_file(self) -> _Styled:
        """The stream for Rich."""
        return _Styled(self._stream)

    @property
    def buffer(self) -> _Bytes:
        """The stream for those who write bytes; there is no way round."""
        return _Bytes(self)


class _Styled(_Printed):
    """As the gate, but what Rich sends to style and move passes."""

    def clean(self, text: str) -> str:
        parts = _STYLING.split(redact(text))
        cleaned = (part if i % 2 else visible(part) for i, part in enumerate(parts))
        return self._fit("".join(cleaned))


class _Bytes:
    """Bytes into a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def write(self, data: bytes) -> int:
        self._gate.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gate, name)
