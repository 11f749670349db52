"""Whether the model behind a name is still the one whose samples the journal has.

Servers rarely say which weights they serve. So the first reply of a served model is followed by a
few calls of one token each, whose logprobs are a fingerprint. It is kept in a table beside
the journal's samples, under the same name as they are, so that every later run that they serve sees
when another model is at work. Nothing here ends a run or holds it up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from ttc.core import Call, Completion, ModelIdentity, RemoteBackend
from ttc.engine.charges import Prompts
from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.purse import TOO_MUCH, Purse
from ttc.engine.side_tables import opened
from ttc.engine.token_bounds import token_bound
from ttc.errors import BackendError, RetryableError
from ttc.fingerprint import Fingerprint, changed, distance, take_fingerprint
from ttc.redact import redact_all

log = logging.getLogger(__name__)
_CALL_S = 60.0  # longest wait for one of the calls
GRACE_S = 3.0  # longest wait at the end of a run that was shorter than its fingerprint
_AT_ONCE = 4
_TRIES, _PAUSE_S = 3, 0.5
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
        purse: Purse | None,
    ) -> None:
        """purse: what the calls may cost; None where the run's budget has nothing for them."""
        self.seen: list[Seen] = []
        self.warning = ""
        self._backend, self._identity, self._name = backend, identity, name
        self._endpoints = endpoints
        self._store = Store(journal)
        self._events = events
        self._purse = purse
        self._task: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._held = False
        self._listeners: list[Callable[[Watch], None]] = []

    async def load(self) -> None:
        """Read those that belong to samples in the journal."""
        try:
            self.seen = await asyncio.to_thread(self._store.read, self._name)
        except (sqlite3.Error, OSError) as error:
            log.info("%s: no earlier fingerprints: %s", self._identity.model, error)
        self._judge()
        await self._open_purse()

    async def _open_purse(self) -> None:
        model = self._identity.model
        if self._purse is None:
            log.info("%s: no fingerprint in this run: %s", model, TOO_MUCH)
            return
        try:
            await self._purse.load()
        except (sqlite3.Error, OSError) as error:
            self._purse = None
            log.info("%s: no fingerprint in this run: what it has cost: %s", model, error)
            return
        if self._purse.said:
            log.info("%s: set aside for its fingerprint: %s", model, self._purse.said)

    def follow(self, listener: Callable[[Watch], None]) -> None:
        """Call a listener now and after every change."""
        self._listeners.append(listener)
        listener(self)

    def begin(self, prompts: Prompts | None = None) -> None:
        """Take today's beside what else goes on, if that is not done yet and is affordable.

        prompts: what the server's replies have shown of how it bills, which bounds these calls too.
        """
        if self._task is None and self._purse is not None and not self._held:
            self._purse.prompts = prompts
            self._task = asyncio.create_task(self._take_all())

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

    async def _take_all(self) -> None:
        for endpoint in self._endpoints:
            try:
                ask = partial(self._ask, endpoint=endpoint)
                found = await take_fingerprint(self._backend.capabilities, ask)
                await self._note(found, endpoint.name)
            except (BackendError, TimeoutError, sqlite3.Error, OSError) as error:
                log.info("%s at %s: %s", self._identity.model, endpoint.name, _why(error))
            except Exception as error:  # whatever it is, the run goes on
                log.info("no fingerprint: unexpected %s", type(error).__name__, exc_info=error)

    async def _ask(self, call: Call, endpoint: Endpoint) -> list[Completion]:
        async with self._places:
            for left in reversed(range(_TRIES)):
                try:
                    return await self._once(call, endpoint)
                except RetryableError as error:
                    if not left or (error.retry_after or 0) > _CALL_S:
                        raise
                    wait = error.retry_after or _PAUSE_S
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _once(self, call: Call, endpoint: Endpoint) -> list[Completion]:
        """A call that counts in the server's rates but says nothing of its health."""
        if self._held:
            raise BackendError("no fingerprint: the run is about to end")
        if endpoint.breaker.state != "closed":
            raise BackendError("no fingerprint: the server is not well")
        assert self._purse is not None, "or nothing had begun"
        worst = await self._purse.take(call)
        most = token_bound(call.prompt) + call.params.max_tokens
        lease = endpoint.take(most, asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(_CALL_S):
                done = await self._backend.complete_at(call, endpoint.name)
        finally:
            endpoint.release(lease)
        await self._purse.put_back(worst, done)
        return done

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
