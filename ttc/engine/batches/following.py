"""Follows a batch at its provider until it has ended, shows how it is, and fetches its replies."""

from __future__ import annotations

import asyncio
import time

from ttc.core import ModelIdentity
from ttc.core.batches import Batch, BatchBackend, BatchReply
from ttc.engine.batches.records import Records
from ttc.engine.batches.sending import patiently
from ttc.engine.events import BatchState, Events
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError

_FIRST_LOOK_S, _GROWTH = 1.0, 1.5
_PATIENCE_S = 86_400.0  # for a provider that does not say how a batch is


class Follower:
    """Of one model."""

    def __init__(
        self,
        backend: BatchBackend,
        identity: ModelIdentity,
        records: Records,
        settings: EngineSettings,
        events: Events,
    ) -> None:
        self._backend = backend
        self._model = identity.model
        self._records = records
        self._settings = settings
        self._events = events

    async def follow(self, token: str, batch: Batch, lines: int) -> Batch:
        """Look at a batch, ever less often, until it has ended. Raises `BackendError`."""
        longest = self._backend.batching.poll_s
        state = self.show(token, batch, lines)
        pause, told_at = min(_FIRST_LOOK_S, longest), time.monotonic()
        while not batch.ended:
            await asyncio.sleep(pause)
            pause = min(_GROWTH * pause, longest)
            try:
                seen = await self._backend.look(batch.id)
            except RetryableError as error:
                state.said = str(error)
                if time.monotonic() - told_at > _PATIENCE_S:
                    raise BackendError(f"{error}; the batch stands, run again to go on") from None
                continue
            told_at = time.monotonic()
            if seen != batch:
                batch = seen
                state = self.show(token, batch, lines)
                await asyncio.to_thread(self._records.progress, token, batch)
        return batch

    def show(self, token: str, batch: Batch, lines: int) -> BatchState:
        """Put how it is into the events."""
        before = self._events.batches.get(token)
        state = BatchState(
            id=batch.id,
            model=self._model,
            status=batch.status,
            requests=batch.total or lines,
            done=batch.done,
            failed=batch.failed,
            submitted=before.submitted if before else time.time(),
            expires=batch.expires,
        )
        self._events.batches[token] = state
        self._events.changed()
        return state

    async def fetched(self, batch: Batch) -> list[BatchReply]:
        """The replies of a batch that has ended. Raises `BackendError`."""
        if not batch.files:
            return []
        try:
            return await patiently(lambda: self._backend.fetch(batch), self._settings)
        except BackendError as error:
            if error.refused is None:
                raise
            said = f"the replies of batch {batch.id} can't be had: {error}"
            raise RetryableError(said, billed=True) from None
