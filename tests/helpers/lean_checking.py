"""Statements of Lean 4: checked by `lean` where it is installed, else read by a lexer."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.token import Error

LEAN = shutil.which("lean")
_PAIRS = {")": "(", "]": "[", "}": "{", "⟩": "⟨"}
_IMPORT = re.compile(r"^import .*$", re.MULTILINE)
_ERROR = re.compile(r"^[^\n:]*:(\d+):\d+: error", re.MULTILINE)


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


def accepted_by_lean(texts: Sequence[str]) -> list[bool]:
    """Whether `lean` has nothing against each text; all in one file, since it starts slowly."""
    assert LEAN
    imports = dict.fromkeys(line for text in texts for line in _IMPORT.findall(text))
    lines = [*imports, "set_option maxRecDepth 100000"]
    starts = []
    for i, text in enumerate(texts):
        starts.append(len(lines))
        lines += [f"namespace N{i}", *_IMPORT.sub("", text).splitlines(), f"end N{i}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Statements.lean")
        path.write_text("\n".join(lines), encoding="utf-8")
        done = subprocess.run([LEAN, path], capture_output=True, text=True, timeout=1500)
    wrong = [int(number) for number in _ERROR.findall(done.stdout + done.stderr)]
    assert bool(wrong) is bool(done.returncode), done.stdout + done.stderr
    ends = [*starts[1:], len(lines)]
    return [not any(a < n <= b for n in wrong) for a, b in zip(starts, ends, strict=True)]
