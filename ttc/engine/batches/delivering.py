"""Brings each call of a batch that has ended its reply, or how it failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ttc.core import Completion
from ttc.core.batches import Batch, BatchReply, BatchTerms
from ttc.engine.batches.endings import (
    cancelled,
    expired,
    refused_whole,
    sort_out,
    summary,
    without_reply,
    words,
)
from ttc.engine.batches.following import Follower
from ttc.engine.batches.lines import Line, fresh
from ttc.engine.events import Events
from ttc.errors import BackendError

log = logging.getLogger(__name__)
_MOST_REFUSALS = 3  # batches in a row that were not accepted as a whole
_BREATHE = 64  # replies that are read before the loop may do something else


class Delivery:
    """Of one model. lines: all that wait, by name; whose call has its answer is taken out."""

    def __init__(
        self, lines: dict[str, Line], terms: BatchTerms, follower: Follower, events: Events
    ) -> None:
        self._lines = lines
        self._terms = terms
        self._follower = follower
        self._events = events
        self._refusals = 0

    async def deliver(self, token: str, batch: Batch, lines: Sequence[Line]) -> None:
        """Give each line its reply; those whose call is still to come keep theirs.

        Raises `BackendError` where the replies can't be had, and where no batch is accepted.
        """
        self._weigh(batch)
        replies = await self._follower.fetched(batch)
        found = sort_out(lines, replies)
        if said := summary(batch, lines, found, self._terms):
            log.warning("%s", said)
        for number, line in enumerate(lines, start=1):
            if line.reply is None:
                line.reply = without_reply(batch, number, line, self._terms)
            elif isinstance(line.reply, BatchReply) and line.reply.ended:
                line.reply = self._unanswered(batch, line, line.reply)
        self._events.batches.pop(token, None)
        for start in range(0, len(lines), _BREATHE):
            self._answer([x for x in lines[start : start + _BREATHE] if x.answer is not None])
            await asyncio.sleep(0)
        self._answer_failures(lines)
        self._events.changed()

    def _weigh(self, batch: Batch) -> None:
        """A provider that accepts no batch at all ends the run. Raises `BackendError`."""
        self._refusals = self._refusals + 1 if refused_whole(batch) else 0
        if self._refusals >= _MOST_REFUSALS:
            raise BackendError(
                f"no batch is accepted: {words(batch.faults)}; nothing of them is charged, and "
                "what was completed is kept: mend that and run again"
            )

    def _unanswered(self, batch: Batch, line: Line, reply: BatchReply) -> BackendError:
        if reply.ended == "expired":
            return expired(batch, self._terms)
        return cancelled(batch, line)

    def give(self, line: Line) -> None:
        """What has come of a line before it was claimed, to the call that now waits for it."""
        self._answer([line])
        self._answer_failures([line])

    def fail(self, lines: Sequence[Line], error: BackendError) -> None:
        """All that have no reply fail by this."""
        for line in lines:
            if line.token == "" or line.reply is None:
                line.reply = error
        self._answer_failures(lines)

    def _answer(self, lines: Sequence[Line]) -> None:
        """Read replies for the calls that wait for them; failures come later than all that is good,
        which shows that the provider answers.
        """
        for line in lines:
            if isinstance(line.reply, BatchReply):
                assert line.backend is not None
                assert line.call is not None
                try:
                    made = line.backend.read(line.reply, line.call)
                except BackendError as error:
                    line.reply = error
                else:
                    self._end(line, made)

    def _answer_failures(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if isinstance(line.reply, BackendError) and line.answer is not None:
                self._end(line, fresh(line.reply))

    def _end(self, line: Line, came: list[Completion] | BackendError) -> None:
        answer = line.answer
        self._lines.pop(line.name, None)
        if answer is None or answer.done():
            return
        if isinstance(came, BackendError):
            answer.set_exception(came)
        else:
            answer.set_result(came)
