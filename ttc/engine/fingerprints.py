"""Whether the model behind a name is still the one whose samples the journal has.

Servers rarely say which weights they serve. So the first reply of a served model is followed by a
few calls of one token each, whose logprobs are a fingerprint. It is kept in a table beside
the journal's samples, under the same name as they are, so that every later run that they serve sees
when another model is at work. Nothing here ends a run, holds it up or takes from a problem: where
problems may want all of a run's budget, the calls are sent at its end, for what is left.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from ttc.budget.allocation import Amounts
from ttc.budget.cost import UNITS, Rates, Unit
from ttc.budget.ledger import Ledger
from ttc.budget.pot import Pot
from ttc.core import Call, Capabilities, Completion, ModelIdentity, RemoteBackend
from ttc.engine.charges import Prompts
from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.gate import Gate
from ttc.engine.side_tables import opened
from ttc.engine.token_bounds import token_bound
from ttc.errors import BackendError, RetryableError, TtcError
from ttc.fingerprint import Fingerprint, changed, distance, fingerprint_calls, take_fingerprint
from ttc.redact import redact_all

log = logging.getLogger(__name__)
_CALL_S = 60.0  # longest wait for one of the calls
GRACE_S = 3.0  # longest wait at the end of a run that was shorter than its fingerprint
_AT_ONCE = 4
_TRIES, _PAUSE_S = 3, 0.5
_NO_ROOM = "no fingerprint: the run's budget has no room for what its calls may cost"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fingerprints
(model TEXT, taken TEXT, content TEXT, PRIMARY KEY (model, content)) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A fingerprint and when it was first taken (UTC)."""

    taken: datetime
    fingerprint: Fingerprint

    def as_dict(self) -> dict[str, Any]:
        """Plain data for manifests."""
        taken = self.taken.isoformat(timespec="seconds")
        return {
            "taken": taken,
            "digest": self.fingerprint.digest,
            **self.fingerprint.as_dict(),
        }


class Store:
    """The fingerprints beside a journal's samples."""

    def __init__(self, journal: Path) -> None:
        self.path = journal

    def read(self, model: str) -> list[Seen]:
        """Those of a model, oldest first; unreadable ones are left out. Raises `sqlite3.Error`."""
        with opened(self.path, _SCHEMA) as connection:
            rows = connection.execute(
                "SELECT taken, content FROM fingerprints WHERE model = ? ORDER BY taken", (model,)
            ).fetchall()
        found = []
        for taken, content in rows:
            try:
                one = Fingerprint.from_dict(json.loads(content))
                found.append(Seen(datetime.fromisoformat(taken), one))
            except (AttributeError, TypeError, ValueError):
                log.info("%s: a fingerprint of %s can't be read", self.path, model)
        return found

    def add(self, model: str, seen: Seen) -> None:
        """Keep one. Raises `sqlite3.Error`."""
        content = json.dumps(redact_all(seen.fingerprint.as_dict()), ensure_ascii=False)
        with opened(self.path, _SCHEMA) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO fingerprints VALUES (?, ?, ?)",
                (model, seen.taken.isoformat(), content),
            )


def worst_case(
    offered: Capabilities, rates: Rates, servers: int, prompts: Prompts | None = None
) -> dict[Unit, float]:
    """Amounts of all calls that the fingerprints of so many servers may take, none repeated."""
    each = [_worst(call, rates, prompts) for call in fingerprint_calls(offered)]
    return {u: servers * math.fsum(amounts[u] for amounts in each) for u in UNITS}


def _worst(call: Call, rates: Rates, prompts: Prompts | None) -> dict[Unit, float]:
    """prompts: how the server was seen to bill; it may be more than it is asked for."""
    bound, lengths = token_bound(call.prompt), [call.params.max_tokens]
    if prompts is not None:
        bound = prompts.most_tokens(bound)
        lengths = [call.params.max_tokens + prompts.stretch] * (1 + prompts.surplus)
    return {**rates.of_samples(bound, lengths, 1), "calls": 1.0}


class Watch:
    """The fingerprints of one served model: those of its earlier samples, and today's."""

    def __init__(
        self,
        backend: RemoteBackend,
        identity: ModelIdentity,
        name: str,
        endpoints: Sequence[Endpoint],
        journal: Path,
        events: Events,
        rates: Rates,
        ledger: Ledger,
        keep: Callable[[Amounts], Awaitable[None]],
        gate: Gate | None = None,
    ) -> None:
        """keep: puts what the calls cost to what the run was billed, for its later tries. gate:
        what all calls of the run wait for.
        """
        self.seen: list[Seen] = []
        self.warning = ""
        self._backend, self._identity, self._name = backend, identity, name
        self._endpoints = endpoints
        self._store = Store(journal)
        self._events = events
        self._rates, self._ledger, self._keep = rates, ledger, keep
        self._heard = False
        self._prompts: Prompts | None = None
        self._task: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._held = False
        self._gate = gate or Gate()
        self._listeners: list[Callable[[Watch], None]] = []

    async def load(self) -> None:
        """Read those that belong to samples in the journal."""
        try:
            self.seen = await asyncio.to_thread(self._store.read, self._name)
        except (sqlite3.Error, OSError) as error:
            log.info("%s: no earlier fingerprints: %s", self._identity.model, error)
        self._judge()

    def follow(self, listener: Callable[[Watch], None]) -> None:
        """Call a listener now and after every change."""
        self._listeners.append(listener)
        listener(self)

    def begin(self, prompts: Prompts | None = None) -> None:
        """A reply has come: take today's beside what else goes on, if no problem may want its cost.

        prompts: what the server's replies have shown of how it bills, which bounds these calls too.
        """
        if not self._heard and not self._held:
            self._heard, self._prompts = True, prompts
            self._start(over=False)

    def conclude(self) -> None:
        """No problem asks for anything any more: take today's for what is left."""
        if self._heard and self._task is None and not self._held:
            self._start(over=True)
            if self._task is None:
                log.info("%s: %s", self._identity.model, _NO_ROOM)

    def _start(self, *, over: bool) -> None:
        servers = len(self._endpoints)
        worst = worst_case(self._backend.capabilities, self._rates, servers, self._prompts)
        room = self._ledger.beside(worst, over=over)
        if room is not None:
            self._task = asyncio.create_task(self._paid(room, worst))

    def hold(self) -> None:
        """Send nothing from now on."""
        self._held = True

    async def finish(self, patience: float) -> None:
        """End what is under way, after so many seconds or fewer."""
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=max(0.0, patience))
        if not done:
            log.info("%s: no fingerprint: the run was over before", self._identity.model)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _paid(self, room: Pot, worst: Amounts) -> None:
        """Take all. A process that is killed meanwhile leaves the worst case in the bills."""
        kept = False
        try:
            await self._keep(worst)
            kept = True
            await self._take_all(room)
        except TtcError as error:
            log.info("%s: %s", self._identity.model, _why(error))
        finally:
            unused = {u: room.settled[u] - worst[u] for u in UNITS}
            self._ledger.bills.charge(unused)
            if kept:
                with suppress(TtcError):  # then it stays charged
                    await self._keep(unused)

    async def _take_all(self, room: Pot) -> None:
        for endpoint in self._endpoints:
            try:
                ask = partial(self._ask, endpoint=endpoint, room=room)
                found = await take_fingerprint(self._backend.capabilities, ask)
                await self._note(found, endpoint.name)
            except (BackendError, TimeoutError, sqlite3.Error, OSError) as error:
                log.info("%s at %s: %s", self._identity.model, endpoint.name, _why(error))
            except Exception as error:  # whatever it is, the run goes on
                log.info("no fingerprint: unexpected %s", type(error).__name__, exc_info=error)

    async def _ask(self, call: Call, endpoint: Endpoint, room: Pot) -> list[Completion]:
        async with self._places:
            for left in reversed(range(_TRIES)):
                await self._gate.passed()
                try:
                    return await self._once(call, endpoint, room)
                except RetryableError as error:
                    if not left or (error.retry_after or 0) > _CALL_S:
                        raise
                    wait = error.retry_after or _PAUSE_S
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _once(self, call: Call, endpoint: Endpoint, room: Pot) -> list[Completion]:
        """A call that counts in the server's rates but says nothing of its health."""
        if self._held:
            raise BackendError("no fingerprint: the run is about to end")
        if endpoint.breaker.state != "closed":
            raise BackendError("no fingerprint: the server is not well")
        worst = _worst(call, self._rates, self._prompts)
        if not room.fits(worst):  # calls were lost, or cost more than any before
            raise RetryableError(_NO_ROOM, math.inf)
        room.reserve(worst)
        most = token_bound(call.prompt) + call.params.max_tokens
        lease = endpoint.take(most, asyncio.get_running_loop().time())
        billed: Amounts = worst
        try:
            async with asyncio.timeout(_CALL_S):
                done = await self._backend.complete_at(call, endpoint.name)
            billed = self._count(done)
        finally:
            endpoint.release(lease)
            room.settle(worst, billed)  # one that failed may have been charged
        return done

    def _count(self, done: Sequence[Completion]) -> dict[Unit, float]:
        """What a call cost that was answered."""
        prompt = max((c.prompt_tokens for c in done), default=0)
        lengths = [c.completion_tokens + c.surplus_tokens for c in done]
        actual = {**self._rates.of_samples(prompt, lengths, 1), "calls": float(len(done))}
        self._ledger.fingerprint.use(actual, prompt, sum(lengths), len(done))
        self._ledger.fingerprint.pay(actual, len(done), 1.0)
        return actual

    async def _note(self, found: Fingerprint, endpoint: str) -> None:
        known = next((s for s in self.seen if _alike(s.fingerprint, found)), None)
        if known is None:
            known = Seen(datetime.now(UTC), found)
            self.seen.append(known)
            self._judge()
            for listener in self._listeners:
                listener(self)
            await asyncio.to_thread(self._store.add, self._name, known)
        said = f"first seen {_shown(known.taken)}"
        log.info("%s at %s: fingerprint %s, %s", self._identity.model, endpoint, found.digest, said)

    def _judge(self) -> None:
        """Warn, once, where two models were at work under this name."""
        if self.warning:
            return
        for before, after in combinations(self.seen, 2):
            said = changed(before.fingerprint, after.fingerprint)
            if said is not None:
                self.warning = (
                    f"{self._identity.model} at {self._identity.endpoint} is not what it was: "
                    f"{said} (fingerprints of {_shown(before.taken)} and {_shown(after.taken)}). "
                    f"{self._store.path} has samples of both; --results with another folder "
                    "samples anew"
                )
                log.warning("%s", self.warning)
                self._events.warned(self.warning)
                return


def _alike(a: Fingerprint, b: Fingerprint) -> bool:
    return distance(a, b) is not None and changed(a, b) is None


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _why(error: BaseException) -> str:
    said = str(error) or "no answer in time"
    return said if "fingerprint" in said else f"no fingerprint: {said}"
