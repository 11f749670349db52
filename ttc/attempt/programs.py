"""The sandbox as the engine sees it: programs are kept, counted and replayed as samples are."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict

from ttc.budget.cost import Rates
from ttc.budget.flops import FlopCounter
from ttc.core import (
    Ask,
    Call,
    Capabilities,
    Completion,
    Executed,
    Isolation,
    ModelIdentity,
    Program,
    Prompt,
    SamplingParams,
)
from ttc.errors import BackendError

FREE = Rates(FlopCounter.simple(0.0), 0.0, 0.0)
"""A program costs a call, and time; no tokens."""
ROLE = "program"


class Programs:
    """See `ttc.core.Backend`. Each call is one execution."""

    capabilities = Capabilities(chat=False, raw=True)

    def __init__(self, isolation: Isolation | None = None) -> None:
        """isolation: see `ttc.sandbox.execute`."""
        self._isolation = isolation
        self._places = asyncio.Semaphore(os.cpu_count() or 1)

    async def identify(self) -> ModelIdentity:
        """The interpreter. Raises `BackendError` where the isolation can't be had here."""
        from ttc.sandbox import SandboxError
        from ttc.sandbox.choosing import settled

        try:
            self._isolation = level = await settled(self._isolation)
        except SandboxError as error:
            raise BackendError(f"programs of models can't be run: {error}") from error
        major, minor, _ = platform.python_version_tuple()
        return ModelIdentity(
            "sandbox", "python", revision=f"{major}.{minor}", facts={"isolation": level}
        )

    def count_tokens(self, prompt: Prompt) -> int:
        return 0

    async def complete(self, call: Call) -> list[Completion]:
        from ttc.sandbox import Limits, SandboxError, execute

        content = json.loads(call.prompt.text or "")
        program = Program(**{**content, "limits": Limits(**content["limits"])})
        async with self._places:
            try:
                done = await execute(program, self._isolation)
            except SandboxError as error:
                raise BackendError(str(error)) from error
        return [
            Completion(
                text=json.dumps(asdict(done)),
                finish_reason=done.ended,
                prompt_tokens=0,
                completion_tokens=0,
                seconds=done.seconds,
            )
        ]

    async def close(self) -> None:
        pass


def asks(programs: Sequence[Program]) -> list[Ask]:
    """What to ask the sandbox for."""
    once = SamplingParams(temperature=0.0, max_tokens=0)
    return [Ask(Prompt(text=json.dumps(asdict(program))), once) for program in programs]


def outcome(completion: Completion) -> Executed:
    """What came of a program."""
    return Executed(**json.loads(completion.text))
