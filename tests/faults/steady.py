"""A `steady_server.py` process, and what its log says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "steady_server.py"


class Server:
    def __init__(self, log: Path, rate: float, *mood: str) -> None:
        self.log = log
        log.touch()
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(log), "7", str(rate), *mood],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()

    def entries(self, event: str | None = None) -> list[dict]:
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [e for e in found if event in (None, e["event"])]

    def asked(self) -> int:
        """How many requests have come, of all tries; cheap, and never too high."""
        return self.log.read_bytes().count(b'"asked"')

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
