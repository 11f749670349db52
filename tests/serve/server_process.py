"""Starts real server processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUB = str(Path(__file__).parent / "stub_backend.py")
KEY = "sk-served-0123456789abcdef"


@contextmanager
def running(*command: str, **env: str) -> Iterator[dict]:
    """A server process; yields what it printed on stdout when its port was open."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    try:
        line = process.stdout.readline()
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        process.stdout.close()
