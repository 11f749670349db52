"""Commands on a terminal, and what may reach it."""

from __future__ import annotations

import os
import pty
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from processes import Command

from ttc.visible import visible

# What Rich may send: styles (never those of the text above), and the moves of a live display.
_RICH = re.compile(r"\x1b\[(?!31;45;7m)[0-9;]*m|\x1b\[(?:1A|2K)|\x1b\[\?25[hl]|\r(?=\n|\x1b\[|$)")


@dataclass(frozen=True)
class Printed:
    """What a command wrote to its terminal, and its exit code."""

    text: str
    code: int

    def check(self, code: int | None = None, *, shows: bool = True) -> None:
        """Only Rich's own controls are in it, and nobody was surprised."""
        if code is not None:
            assert self.code == code, self.text
        rest = _RICH.sub("", self.text)
        bad = {char: rest[max(0, i - 60) : i + 20] for i, char in enumerate(rest) if harms(char)}
        assert not bad, bad
        assert "fault of ttc" not in self.text, self.text
        assert "Traceback" not in self.text, self.text
        if shows:
            assert re.search(r"\\(x|u00)1b\]52", "".join(rest.split())), self.text


def harms(char: str) -> bool:
    return visible(char) != char


def on_a_terminal(folder: Path, *words: str, timeout: float = 200, **env: str) -> Printed:
    """Run `ttc` with both streams on a pseudo-terminal of 100 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm-256color", **env}
    environment.pop("NO_COLOR", None)
    process = Command(folder, *words, terminal=theirs, **environment)
    os.close(theirs)
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    chunks = []
    try:
        while chunk := os.read(ours, 1 << 16):
            chunks.append(chunk)
    except OSError:  # the other side was closed
        pass
    finally:
        timer.cancel()
        os.close(ours)
    code = process.wait(timeout)
    return Printed(b"".join(chunks).decode("utf-8", "replace"), code)
