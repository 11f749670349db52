"""Data inside a page: JSON, gzipped, in base64, so that no text in it can be markup."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Sequence
from typing import Any

from ttc.redact import redact, redact_all
from ttc.visible import visible, visible_line

_LEVEL = 6


def packed(text: str) -> str:
    """A text as letters, digits, `+`, `/` and `=` alone: nothing that HTML or a script could see.

    The same text gives the same letters, whenever it is packed.
    """
    return base64.b64encode(gzip.compress(text.encode("utf-8"), _LEVEL, mtime=0)).decode("ascii")


def as_json(value: Any) -> str:
    """Compact JSON. Raises `ValueError` for NaN, which JSON does not have: see `known`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def known(value: float | None, digits: int = 6) -> float | None:
    """A number for JSON, of so many digits; None where it is not known or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def shown(text: str | None) -> str:
    """A foreign text as data of a page: secrets are hidden, and what controls or hides is seen."""
    return visible(redact(text or ""))


def shown_all(texts: Sequence[str]) -> list[str]:
    """`shown` of each; what is secret is looked up once."""
    return [visible(text) for text in redact_all(list(texts))]


def shown_line(text: str | None, longest: int = 200) -> str:
    """The same in one line, of at most so many characters."""
    line = visible_line(redact((text or "")[: 4 * longest]))
    return line if len(line) <= longest else line[: longest - 1] + "…"
