"""Gathers the calls of one model into batches, and brings each its reply.

The engine's calls come here instead of going to a server, and wait. When no new one has come for a
moment, all that wait are submitted: independent samples of many problems travel together, and so do
the verdicts on them. What a batch did not answer goes back to its calls as a failure like any
other, and those that may be repeated come again and travel in the next batch.

What an earlier try had submitted waits here under its name until the same call is made again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from ttc.budget.bills import Bills
from ttc.core import Call, Completion, ModelIdentity
from ttc.core.batches import Batch, BatchBackend
from ttc.engine.batches.delivering import Delivery
from ttc.engine.batches.earlier import NobodyKnows, found_again
from ttc.engine.batches.endings import too_much
from ttc.engine.batches.following import Follower
from ttc.engine.batches.lines import Line, Parked, cut, line_name
from ttc.engine.batches.records import Held, Records, Submitted
from ttc.engine.batches.sending import Sender
from ttc.engine.events import Events
from ttc.engine.gate import Gate
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError
from ttc.words import counted

log = logging.getLogger(__name__)
_LONGEST_GATHER = 12  # times a pause without new calls, though new ones keep coming
_FULL_S, _LONGEST_FULL_S = 30.0, 1800.0  # pauses where the provider has enough batches by now
_SPENT_S = 0.05


class Collector:
    """Of one model at one provider; belongs to one event loop."""

    def __init__(
        self,
        backend: BatchBackend,
        identity: ModelIdentity,
        records: Records,
        settings: EngineSettings,
        events: Events,
        bills: Bills,
        gate: Gate | None = None,
    ) -> None:
        """gate: of the run; while it is closed, nothing is submitted."""
        self._bills = bills
        self._gate = gate or Gate()
        self._backend = backend
        self._identity = identity
        self._terms = backend.batching
        self._records = records
        self._events = events
        self.server = json.dumps(identity.scope)
        self._sender = Sender(backend, records, settings, self._described)
        self._lines: dict[str, Line] = {}
        self._follower = Follower(backend, identity, records, settings, events)
        self._delivery = Delivery(self._lines, self._terms, self._follower, events)
        self._queue: dict[str, Line] = {}
        self._most = self._terms.requests
        self._first = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._spent: list[tuple[str, str]] = []
        self._spending: asyncio.TimerHandle | None = None
        self.moving = 0
        """Batches that are just being submitted or read; all others go on without us."""

    def _described(self, token: str) -> Submitted:
        where = self._identity.endpoint or self._identity.backend
        return Submitted(token, self._records.run, self.server, self._identity.model, where)

    # What calls see.

    def claim(self, call: Call) -> Line | None:
        """The line in which an earlier try asked for just this, where there is one; its room in
        the budget is the call's now.
        """
        line = self._lines.get(line_name(self._identity.scope, call))
        if line is None or not line.stands:
            return None
        self._release(line)
        return line

    def leave_standing(self, line: Line) -> None:
        """Where a line that was claimed is still to come, it may still be billed."""
        if line.waits and not line.stands:
            self._stand(line)

    def _stand(self, line: Line) -> None:
        line.stands = True
        self._bills.stand(line.problem, line.held)

    def _release(self, line: Line) -> None:
        if line.stands:
            line.stands = False
            self._bills.claimed(line.problem, line.held)

    async def complete(self, call: Call, backend: BatchBackend, money: Parked) -> list[Completion]:
        """A call's samples, in hours perhaps. money: of its request, which is ready.

        backend: the call's own, which writes its line and reads its reply. Whoever cancels the wait
        leaves the line where it is. Raises `BackendError`s as `Backend.complete`.
        """
        name = line_name(self._identity.scope, call)
        while (line := self._lines.get(name)) is not None and line.answer is not None:
            await asyncio.wait([line.answer])  # the same is asked for elsewhere
        if line is None:
            line = self._new(name, call, backend, money)
        self._release(line)
        answer = line.claim(call, backend)
        money.park(line)
        if line.reply is not None:
            self._delivery.give(line)
        try:
            return await answer
        except asyncio.CancelledError:
            line.answer = None
            if not line.token and self._queue.pop(name, None) is not None:
                del self._lines[name]
            raise

    def _new(self, name: str, call: Call, backend: BatchBackend, money: Parked) -> Line:
        route, data = backend.encode(name, call)
        line = Line(name, money.problem, money.held, self._over, route=route, data=data)
        self._lines[name] = self._queue[name] = line
        self._gather()
        return line

    def _over(self, line: Line) -> None:
        """What came of a line is kept: forget it, soon and together with others."""
        self._spent.append((line.token, line.name))
        if self._spending is None:
            loop = asyncio.get_running_loop()
            self._spending = loop.call_later(_SPENT_S, self._spend)

    def _spend(self) -> None:
        self._spending = None
        self._run(self._forget())

    async def _forget(self) -> None:
        spent, self._spent = self._spent, []
        try:
            if spent:
                await asyncio.to_thread(self._records.drop_lines, spent)
        except asyncio.CancelledError:  # perhaps before the thread has begun
            self._spent += spent
            raise

    # Calls to batches.

    def _gather(self) -> None:
        """Submit what waits as soon as no more comes."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._timer is None:
            self._first = now
        else:
            self._timer.cancel()
        latest = self._first + _LONGEST_GATHER * self._terms.gather_s
        full = len(self._queue) >= self._most
        at = now if full else min(now + self._terms.gather_s, latest)
        self._timer = loop.call_at(at, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._gate.held:
            return
        if self._gate.closed:
            self._run(self._flush_later())
            return
        lines, self._queue = list(self._queue.values()), {}
        for part in cut(lines, self._terms, self._most):
            self._run(self._carried(part))

    async def _flush_later(self) -> None:
        await self._gate.passed()
        self._flush()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carried(self, lines: Sequence[Line]) -> None:
        """A batch from its submission to its last reply; its calls hear of whatever goes wrong."""
        try:
            await self._carry(lines)
        except BackendError as error:
            self._delivery.fail(lines, error)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # nothing may leave calls waiting for ever
            for line in lines:
                if line.answer is not None and not line.answer.done():
                    line.answer.set_exception(error)

    async def _carry(self, lines: Sequence[Line], pause: float = _FULL_S) -> None:
        self.moving += 1
        try:
            batch = await self._sender.submit(lines)
        finally:
            self.moving -= 1
        token = lines[0].token
        log.info(
            "batch %s: %s submitted",
            batch.id,
            counted(len(lines), "call"),
            extra={"event": "batch"},
        )
        batch = await self._follower.follow(token, batch, len(lines))
        if not too_much(batch):
            await self._deliver(token, batch, lines)
            return
        await self._wait_for_room(token, batch, lines, pause)

    async def _wait_for_room(
        self, token: str, batch: Batch, lines: Sequence[Line], pause: float
    ) -> None:
        """The provider has as much as it takes at a time: ask again later, for less at a time."""
        self._most = max(1, min(self._most, (len(lines) + 1) // 2))
        log.warning(
            "batch %s was not accepted beside those that wait already; nothing of it is charged, "
            "and it is submitted again in %g s, in batches of at most %s",
            batch.id,
            pause,
            counted(self._most, "call"),
        )
        await asyncio.to_thread(self._records.drop, token)
        self._events.batches.pop(token, None)
        for line in lines:
            line.token = ""
        await asyncio.sleep(pause)
        await self._gate.passed()
        if self._gate.held:
            return
        longer = min(2 * pause, _LONGEST_FULL_S)
        still = [line for line in lines if line.answer is not None]
        for part in cut(still, self._terms, self._most):
            await self._carry(part, longer)

    async def _deliver(self, token: str, batch: Batch, lines: Sequence[Line]) -> None:
        self.moving += 1
        try:
            await self._delivery.deliver(token, batch, lines)
        finally:
            self.moving -= 1

    # Other tries.

    async def recover(self, left: Sequence[tuple[Submitted, Sequence[Held]]]) -> list[Held]:
        """Wait for what earlier tries of the run submitted. Returns lines of which nobody can tell
        whether they were, since the provider lists no batches.
        """
        lost: list[Held] = []
        for batch, held in left:
            try:
                stands = await found_again(batch, len(held), self._sender, self._records)
            except NobodyKnows:
                lost += held
                continue
            if stands is not None:
                self._take_over(batch, stands, held)
        return lost

    def _take_over(self, batch: Submitted, stands: Batch, held: Sequence[Held]) -> None:
        lines = [
            Line(h.name, h.problem, h.amounts, self._over, token=batch.token, found=True)
            for h in held
        ]
        for line in lines:
            self._lines.setdefault(line.name, line)
            self._stand(line)
        log.info(
            "batch %s of an earlier try is there, with %s for this one",
            stands.id,
            counted(len(lines), "call"),
            extra={"event": "batch"},
        )
        self._follower.show(batch.token, stands, len(lines)).submitted = batch.submitted
        self._run(self._finish_earlier(batch.token, stands, lines))

    async def _finish_earlier(self, token: str, batch: Batch, lines: Sequence[Line]) -> None:
        try:
            unseen = Batch(batch.id, "", total=batch.total)
            batch = await self._follower.follow(token, unseen, len(lines))
            await self._deliver(token, batch, lines)
        except BackendError as error:
            self._events.batches.pop(token, None)
            gone = error.refused in (404, 410)  # whoever forgot it may have billed it
            self._delivery.fail(lines, RetryableError(str(error), billed=True) if gone else error)

    # The end.

    async def abandon(self) -> list[Line]:
        """The run is over: what it submitted and has no use for any more is cancelled.

        Returns these lines, which may be billed.
        """
        left = [line for line in self._lines.values() if line.token and line.answer is None]
        tokens = {line.token for line in left}
        for token in tokens & self._events.batches.keys():
            state = self._events.batches[token]
            try:
                await self._backend.cancel(state.id)
                said = "is cancelled, as the run is over"
            except BackendError as error:
                said = f"can't be cancelled, though the run is over: {error}"
            log.warning("batch %s %s; what it may cost is charged", state.id, said)
        for line in left:
            del self._lines[line.name]
            self._release(line)
            self._over(line)
        return left

    async def leave(self) -> None:
        """End all work here. What is submitted stands, and the next try finds it."""
        for timer in (self._timer, self._spending):
            if timer is not None:
                timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._forget()
        await asyncio.to_thread(self._records.tidy)
