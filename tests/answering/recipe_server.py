"""Real `ttc serve` processes, and the official client in front of them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
from processes import Command


class Served:
    """A server process. said: the line that it printed when its port was open."""

    def __init__(self, process: Command, said: dict[str, Any]) -> None:
        self.process, self.said = process, said
        self.url = said["url"]

    def client(self, key: str = "none", **more: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0, **more)

    def ask(self, question: str, model: str | None = None, **more: Any) -> Any:
        """A chat's reply. more: of the request; `ttc` goes into its extra body."""
        ttc = more.pop("ttc", None)
        return self.client().chat.completions.create(
            model=model or self.said["models"][0],
            messages=[{"role": "user", "content": question}],
            extra_body={} if ttc is None else {"ttc": ttc},
            **more,
        )

    def status(self) -> dict[str, Any]:
        return self.client().get("/ttc/status", cast_to=dict[str, Any])

    def wait_until(self, sure: Any, seconds: float = 20) -> None:
        """Until `sure(status)`."""
        end = time.monotonic() + seconds
        while not sure(found := self.status()):
            assert time.monotonic() < end, found
            time.sleep(0.05)


@contextmanager
def serving(
    folder: Path | str, recipe: str, *words: object, ends: int = signal.SIGINT, **env: str
) -> Iterator[Served]:
    """`ttc serve RECIPE WORDS` in a folder; at the end it must stop by itself, in order."""
    with Command(folder, "serve", recipe, "--port", "0", *words, **env) as process:
        yield until_open(process)
        process.send_signal(ends)
        assert process.wait(60) == 0, process.written()[1]
        assert "Traceback" not in process.written()[1], process.written()[1]


def until_open(process: Command) -> Served:
    """Wait for the line that says that the port is open."""
    end = time.monotonic() + 60
    while not (line := process.written()[0]).endswith("\n"):
        assert process.poll() is None, process.written()
        assert time.monotonic() < end, process.written()
        time.sleep(0.02)
    return Served(process, json.loads(line))
