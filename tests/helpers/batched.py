"""A `batch_gateway.py` process, and what its log says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("batch_gateway.py")
BATCH = "mode: batch, batch: {gather_s: 0.3, poll_s: 0.1}"
"""What a recipe's backend says to send its calls in batches that nobody waits for."""
QUICK = "mode: batch, batch: {gather_s: 0.1, poll_s: 0.05}"
"""Where it does not matter how many batches there are."""


class Gateway:
    """In front of a server; see the script for what it does wrong."""

    def __init__(
        self,
        upstream: str,
        *faults: str,
        log: Path | None = None,
        seconds: float = 0.0,
        until: Path | None = None,
    ):
        """until: batches wait for `go_on`, which writes this file."""
        self.log, self._until = log, until
        words = ["--seconds", str(seconds), *(["--log", str(log)] if log else [])]
        words += ["--until", str(until)] if until else []
        if log:
            log.touch()
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), upstream, *faults, *words],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()

    def entries(self, event: str) -> list[dict]:
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [e for e in found if e["event"] == event]

    def count(self, event: str) -> int:
        """Cheap, and never too high."""
        return self.log.read_bytes().count(f'"event": "{event}"'.encode())

    def go_on(self) -> None:
        """Do the batches that wait, and any more."""
        self._until.touch()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
