"""Statements of Lean 4: checked by `lean` where it is installed, else read by a lexer."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.token import Error

LEAN = shutil.which("lean")
_PAIRS = {")": "(", "]": "[", "}": "{", "⟩": "⟨"}


def read_by_lexer(text: str) -> None:
    """Assert that all of it is tokens of Lean 4, with brackets and namespaces closed."""
    tokens = list(get_lexer_by_name("lean4").get_tokens(text))
    assert not [value for kind, value in tokens if kind in Error], text
    open_: list[str] = []
    for kind, value in tokens:
        if "Comment" in str(kind) or "String" in str(kind):
            continue
        for sign in value:
            if sign in _PAIRS.values():
                open_.append(sign)
            elif sign in _PAIRS:
                assert open_, text
                assert open_.pop() == _PAIRS[sign], text
    assert not open_, text
    assert text.count("namespace ") == text.count("\nend "), text


def refused_by_lean(text: str, proof: str) -> str:
    """What `lean` says against the statement with this proof for `sorry`; "" if nothing."""
    assert LEAN
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Statement.lean")
        path.write_text(text.replace("sorry", proof), encoding="utf-8")
        done = subprocess.run([LEAN, path], capture_output=True, text=True, timeout=200)
    return done.stdout + done.stderr if done.returncode else ""
