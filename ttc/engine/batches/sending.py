"""Submits one batch, so that a process that dies at any moment leaves what its next try needs."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_after_delay
from tenacity.wait import wait_random_exponential

from ttc.core.batches import Batch, BatchBackend
from ttc.engine.batches.lines import Line
from ttc.engine.batches.records import Held, Records, Submitted
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError

T = TypeVar("T")
GRACE_S = 10.0
"""Seconds after which a batch that was asked for is in the provider's list, if it ever will be."""
_LOOK_S = 1.0


async def patiently(ask: Callable[[], Awaitable[T]], settings: EngineSettings) -> T:
    """What a provider answers, asked again while it is down. Raises `BackendError` for good."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_delay(settings.max_outage_s),
        wait=_pause(settings),
        reraise=True,
    )
    try:
        async for attempt in retrying:
            with attempt:
                return await ask()
    except RetryableError as error:
        said = f"{error}; what was completed is kept, run again to go on"
        raise BackendError(said) from error
    raise AssertionError("unreachable")


def _pause(settings: EngineSettings) -> Callable[[RetryCallState], float]:
    jitter = wait_random_exponential(multiplier=0.5, max=settings.max_wait_s)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        wished = error.retry_after if isinstance(error, RetryableError) else None
        return max(jitter(state), wished or 0.0)

    return pause


class Sender:
    """Of one model. describe: a batch's record, but for its token."""

    def __init__(
        self,
        backend: BatchBackend,
        records: Records,
        settings: EngineSettings,
        describe: Callable[[str], Submitted],
    ) -> None:
        self._backend = backend
        self._records = records
        self._settings = settings
        self._describe = describe

    async def submit(self, lines: Sequence[Line]) -> Batch:
        """Have the provider take the lines as one batch. Raises `BackendError`; then none is."""
        token = secrets.token_hex(8)
        held = [Held(line.name, line.problem, line.held) for line in lines]
        await asyncio.to_thread(self._records.intend, self._describe(token), held)
        for line in lines:
            line.token = token
        content = b"\n".join(line.data for line in lines) + b"\n"
        try:
            file = await patiently(
                lambda: self._backend.upload(f"ttc-{token}.jsonl", content), self._settings
            )
            await asyncio.to_thread(self._records.sending, token, file)
            batch = await patiently(
                lambda: self._start(file, lines[0].route, token), self._settings
            )
        except BackendError:
            await asyncio.to_thread(self._records.drop, token)
            raise
        await asyncio.to_thread(self._records.stands, token, batch)
        return batch

    async def _start(self, file: str, route: str, token: str) -> Batch:
        """Start it once, though nobody may know whether a request for it has arrived."""
        try:
            return await self._backend.start(file, route, token)
        except RetryableError as error:
            if error.trouble == "throttled":  # who refuses for that has taken nothing
                raise
            found = await self._looked_for(token, file)
            if found is None:
                raise
            return found

    async def _looked_for(self, token: str, file: str) -> Batch | None:
        """Raises `BackendError` where nobody can tell: it may be there, and be billed."""
        try:
            return await self.find(token, file, time.time())
        except BackendError as error:
            error.billed = True
            raise

    async def find(self, token: str, file: str, asked: float) -> Batch | None:
        """The batch that a request may have made. asked: Unix time of the request."""
        while True:
            found = await patiently(lambda: self._backend.find(token, file), self._settings)
            if found is not None or time.time() > asked + GRACE_S:
                return found
            await asyncio.sleep(_LOOK_S)
