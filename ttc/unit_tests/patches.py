"""Patches: the number of a line and its new text, in place of a whole program.

`Fault in line: 4`, `Rewrite:        if x > t:`, each on a line; the first may be the bare number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ttc.unit_tests.given import program_of

PROGRAM = "program"
"""Metadata with the program that patches change."""
_LONGEST = 100_000
_PATCH = re.compile(
    r"^[ \t]*(?:Fault in line:)?[ \t]*(?P<line>[0-9]{1,5})[ \t]*\nRewrite:(?P<text>[^\n]*)$",
    re.MULTILINE,
)


def patched(program: str, text: str) -> str | None:
    """The program with the line rewritten that the last patch in a text names, counted from 1.

    None where the text holds no patch, or the program has no such line.
    """
    found = next(reversed(list(_PATCH.finditer(text[:_LONGEST]))), None)
    lines = program.split("\n")
    if found is None or not 1 <= int(found["line"]) <= len(lines):
        return None
    lines[int(found["line"]) - 1] = found["text"].rstrip()
    return "\n".join(lines)


def program_in(text: str, metadata: Mapping[str, Any], key: str = PROGRAM) -> str | None:
    """The program that a text holds, or makes as a patch of the one in a problem's metadata."""
    broken = metadata.get(key) if key else None
    changed = patched(broken, text) if isinstance(broken, str) else None
    return program_of(text) if changed is None else changed
