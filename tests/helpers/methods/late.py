"""An embedded model whose replies come late, by a die of its own; it notes what it is asked."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ttc.backends import BackendPart
from ttc.backends.nano import Nano
from ttc.core import Backend, Call, Capabilities, Completion, ModelIdentity, Prompt


class Late(BackendPart):
    """The network `model`, each of whose replies is up to `most` seconds late."""

    type: Literal["late"] = "late"
    model: str = "nano-solver"
    die: int = 0
    most: float = Field(default=0.05, ge=0)
    notes: str
    """A file to which each call is appended, with what it got."""

    @property
    def offers(self) -> Capabilities:
        return Nano(model=self.model).offers

    def open(self) -> Backend:
        return LateBackend(self)


class LateBackend:
    """See `ttc.core.Backend`."""

    def __init__(self, part: Late) -> None:
        self._part, self._inner = part, Nano(model=part.model).open()
        self.capabilities = part.offers
        self._die = random.Random(f"{part.die} {part.model}")

    async def identify(self) -> ModelIdentity:
        return await self._inner.identify()

    def count_tokens(self, prompt: Prompt) -> int | None:
        return self._inner.count_tokens(prompt)

    async def complete(self, call: Call) -> list[Completion]:
        return await self._later(call, self._inner.complete)

    async def read(self, call: Call) -> list[Completion]:
        return await self._later(call, self._inner.read)

    async def _later(self, call: Call, ask: Callable[[Call], Any]) -> list[Completion]:
        await asyncio.sleep(self._die.uniform(0, self._part.most))
        done: list[Completion] = await ask(call)
        await asyncio.sleep(self._die.uniform(0, self._part.most) / 2)
        self._note(call, done)
        return done

    async def close(self) -> None:
        await self._inner.close()

    def _note(self, call: Call, done: Iterable[Completion]) -> None:
        row = {
            "model": self._part.model,
            "prompt": (call.prompt.text or "") + call.prompt.prefill,
            "steps": getattr(call.prompt, "steps", ()),
            "max_tokens": call.params.max_tokens,
            "seeds": call.seeds,
            "samples": [[c.prompt_tokens, c.completion_tokens] for c in done],
        }
        file = os.open(self._part.notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps(row).encode() + b"\n")
        finally:
            os.close(file)


def calls(notes: Path) -> list[dict[str, Any]]:
    """What was asked and answered, in an order that does not depend on when."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    keys = ("model", "prompt", "steps", "seeds")
    return sorted(map(json.loads, lines), key=lambda row: [row[key] for key in keys])
