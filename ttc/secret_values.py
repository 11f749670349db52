"""Keys and passwords that stand in a recipe although they belong into the environment.

Where a part refuses them, or has no such field, a message follows; it may quote none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ttc.redact import HIDDEN, redact, remember
from ttc.secret_names import is_secret_name, like_a_key, speaks_of_secret

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SHORTEST = 8  # of a value whose name only may be about a secret


def remember_keys(data: Any) -> None:
    """Hide from now on what has a name like a key's and looks like one, though a part takes it."""
    remember(value for value in _secrets_in(data) if like_a_key(value))


def remember_secrets(data: Any) -> None:
    """Hide from now on what plain data has under names like a key's.

    For data that is refused: of what a part takes, such a name may be an ordinary field's.
    """
    remember(_secrets_in(data))


def _secrets_in(data: Any, named: str = "") -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            # What is inside of `credentials` or `auth` is secret under any name.
            name = str(key) if not named or speaks_of_secret(str(key)) else named
            yield from _secrets_in(value, name if speaks_of_secret(name) else "")
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _secrets_in(value, named)
    elif named and isinstance(data, str) and (is_secret_name(named) or len(data) >= _SHORTEST):
        yield from {data, data.strip()}


def without_secrets(text: str) -> str:
    """A message without known secrets, and without what it quotes that looks like a key."""

    def hide(match: re.Match[str]) -> str:
        quoted = match[1] or match[2] or ""
        return match[0].replace(quoted, HIDDEN) if like_a_key(quoted) else match[0]

    return redact(_QUOTED.sub(hide, text))
