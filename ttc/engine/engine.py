"""Makes a `Model` out of a `Backend`: journal, budget, retries, concurrency, reproducible seeds."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType

from ttc.budget.allocation import Amounts, Deal, nothing
from ttc.budget.cost import CostConfig, Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import Backend, Model, ModelIdentity, RemoteBackend
from ttc.core.batches import BatchBackend
from ttc.engine.batches.collector import Collector
from ttc.engine.batches.records import Records
from ttc.engine.billing import Bill, add_round, keep_last_round, read_last_round, read_rounds
from ttc.engine.charges import Prompts
from ttc.engine.claims import Claims
from ttc.engine.drain import Drain
from ttc.engine.events import Events
from ttc.engine.fingerprints import GRACE_S, Watch
from ttc.engine.gate import Gate
from ttc.engine.journal import Journal
from ttc.engine.journal_hosts import HostNote
from ttc.engine.model import EngineModel
from ttc.engine.retries import Caller
from ttc.engine.settings import EngineSettings
from ttc.engine.tickets import Till
from ttc.engine.underway import UnderWay
from ttc.engine.ways import Ways
from ttc.errors import BudgetExhausted, TtcError

log = logging.getLogger(__name__)
_LAST_S = 5.0  # longest wait for calls under way after an error that ends the run


@dataclass(frozen=True, slots=True)
class PartOf:
    """The whole of which a run has some of the problems. run: its name, with which the part's
    begins; problems: how many it has.
    """

    run: str
    problems: int


@dataclass(frozen=True)
class Kept:
    """Where an engine keeps what was drawn, what is under way, and under which name its bills."""

    path: Path
    journal: Journal
    notes: UnderWay
    run: str


class Engine:
    """Everything that the models of one run share. An async context manager.

    Entering opens the journal; leaving closes it and all attached backends.
    """

    def __init__(
        self,
        *,
        journal: Path,
        budget: BudgetConfig,
        cost: CostConfig,
        seed: int,
        problems: Sequence[str],
        settings: EngineSettings | None = None,
        events: Events | None = None,
        run: str = "",
        rounds: bool = True,
        part_of: PartOf | None = None,
        parts: Sequence[str] = (),
    ) -> None:
        """run: a name that tries of the same run share, so that they share its budget. rounds: see
        `Ledger`. part_of: where others go through the rest of a run's problems. parts: names of
        those that went through some of this run's, none of which is at work any more.
        """
        self.budget = budget
        self.cost = cost
        self.seed = seed
        self.settings = settings or EngineSettings()
        self.events = events or Events()
        whole = None if part_of is None else part_of.problems
        self.ledger = Ledger(budget, problems, self.events.started, rounds, whole)
        self._part_of = part_of
        self._parts = parts
        self._host = HostNote(journal)
        self._journal_path = journal
        self._journal: Journal | None = None
        self._claims: Claims | None = None
        self._backends: list[Backend] = []
        self._gate = Gate()
        self._ways = Ways(self._gate, self.events)
        self._drain = Drain(self._gate, self._ways.routers, self._flush, self._moving)
        self.retried: set[str] = set()
        """Problems whose failed samples in the journal are asked for again."""
        self._watches: dict[str, Watch] = {}
        self._models: list[EngineModel] = []
        self._run = run
        self._records = Records(journal, run)
        self._collectors: dict[str, Collector] = {}
        # A run without limits needs no bills, and any limit makes it another run.
        self._till = Till(self.ledger, UnderWay(journal, run if budget.limited else ""), run)

    async def __aenter__(self) -> Engine:
        # A shard's own journal is nobody else's, wherever it lies.
        alone = self._part_of is not None and self.settings.journal is None
        if said := await asyncio.to_thread(partial(self._host.open, alone=alone)):
            log.warning("%s", said)
            self.events.warned(said)
        try:
            self._journal = journal = await asyncio.to_thread(Journal, self._journal_path)
        except BaseException:
            self._host.close()
            raise
        self._claims = Claims(self._journal_path)
        if self._till.notes.path is not None:
            for part in self._parts:
                await self._keep_notes_of(part, UnderWay(self._journal_path, part))
            await self._keep_notes()
            billed, lost = await self._earlier_bills(journal)
            self.ledger.load(
                billed,
                lost,
                read_rounds(self._journal_path, self._run),
                read_last_round(self._journal_path, self._run),
            )
        return self

    async def _earlier_bills(self, journal: Journal) -> Sequence[Mapping[str, Amounts]]:
        """Of all tries; of a part, also what others of the whole were billed for its problems."""
        if self._part_of is None:
            return await journal.bills(self._run)
        ours = {"", *self.ledger.problems}
        both = await journal.bills(self._run, self._part_of.run)
        return [{p: amounts for p, amounts in one.items() if p in ours} for one in both]

    async def _keep_notes(self) -> None:
        """Put what was under way when a try ended to the run's bills: nobody knows more of it."""
        await self._keep_notes_of(self._run, self._till.notes)

    async def _keep_notes_of(self, run: str, notes: UnderWay) -> None:
        assert self._journal is not None
        left = notes.left(self.ledger.problems)
        if left:
            await self._journal.put([], [Bill(run, p, a, a) for p, a in left.items()])
        notes.clear()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        patience = self._patience(kind)
        watches = self._watches.values()
        for watch in watches:
            if kind is None:
                watch.conclude()
        await asyncio.gather(*(watch.finish(patience) for watch in watches))
        for collector in self._collectors.values():
            if kind is None:
                await self._abandon(collector)
            await collector.leave()
        await self._ways.close()
        for backend in self._backends:
            # An error while closing must not hide why the run ended.
            with suppress(Exception):
                await backend.close()
        if self._journal is not None:
            with suppress(Exception):  # the next try finds the notes
                await self._keep_notes()
            await asyncio.to_thread(self._journal.close)
        self._host.close()
        if self._claims is not None:
            self._claims.close()  # not earlier: the journal may have had some to write

    async def _abandon(self, collector: Collector) -> None:
        """The run is complete: what it has no use for may be billed all the same."""
        for line in await collector.abandon():
            await self._lost(line.problem, line.held)

    async def _lost(self, problem: str, amounts: Amounts) -> None:
        """Put to the run's bills what may be billed and brought nothing."""
        if self._journal is not None and self._till.notes.path is not None:
            await self._journal.put([], [Bill(self._run, problem, amounts, amounts)])

    def _patience(self, why: type[BaseException] | None) -> float:
        """Seconds for a fingerprint that is not complete at the end; none for who wants out."""
        if why is not None and not issubclass(why, TtcError):
            return 0.0
        left = self.ledger.seconds_left()
        return GRACE_S if left is None else min(GRACE_S, left)

    def kept(self) -> Kept:
        """For sessions, inside the engine's context."""
        assert self._journal is not None, "inside the engine's context only"
        return Kept(self._journal_path, self._journal, self._till.notes, self._run)

    def asks_again(self, problem: str) -> bool:
        """Whether a problem's samples that the journal has as failed are asked for again."""
        return self.settings.retry_failed or problem in self.retried

    @property
    def under_way(self) -> int:
        """Calls that were sent and not answered."""
        return self._drain.in_flight

    def pause(self) -> None:
        """Send no call until `resume`; those under way go on."""
        self._gate.close(asyncio.get_running_loop().time())

    def resume(self) -> None:
        """Send calls again."""
        self._ways.rested(self._gate.open(asyncio.get_running_loop().time()))

    def change(self, settings: EngineSettings) -> None:
        """Go by other settings from now on, in what `ttc.engine.live_settings` says may change."""
        self.settings = settings
        for model in self._models:
            model.change(settings)
        self._ways.change(settings)

    async def finish_calls(self, hint: str = "", most: float = math.inf) -> None:
        """Send no call from now on and wait until those under way are in the journal.

        At most `most` seconds, or what the settings and the run's time allow. hint: what is said
        besides of how long that may take.
        """
        for watch in self._watches.values():
            watch.hold()
        await self._finish(most, hint)

    def _moving(self) -> int:
        return sum(collector.moving for collector in self._collectors.values())

    async def _finish(self, most: float, hint: str = "") -> None:
        left = self.ledger.seconds_left()
        seconds = min(most, self.settings.finish_s, math.inf if left is None else max(0.0, left))
        self._drain.begin(seconds, hint)
        await self._drain.wait()

    async def conclude(self) -> None:
        """All samples are drawn: keep failures that were held back until one call had succeeded.

        Raises `BackendError` where none has.
        """
        assert self._journal is not None
        for trust in [trust for model in self._models for trust in model.trust.values()]:
            trust.conclude()
            if held := trust.let_go():
                await self._journal.put(held)

    async def failing(self, error: BaseException) -> None:
        """An error is about to end the run; before that, calls under way may end by themselves.

        So may fingerprints: without one, nobody could tell whether the run goes on with the model
        that it began with.
        """
        if isinstance(error, Exception) and not isinstance(error, BudgetExhausted):
            await self._finish(_LAST_S)

    async def _flush(self) -> None:
        if self._journal is not None:
            with suppress(TtcError):  # told to those who wait for what could not be stored
                await self._journal.put([])

    async def attach(self, backend: Backend, rates: Rates | None = None) -> Model:
        """Identify a backend and put the engine before it. Raises `BackendError`, `UsageError`.

        rates: what it costs, where that is no matter of the cost model.
        """
        journal, claims = self._journal, self._claims
        assert journal is not None, "attach inside the engine's context"
        assert claims is not None
        self._backends.append(backend)
        identity = await backend.identify()
        rates = self.cost.rates(identity) if rates is None else rates
        self.budget.require(rates, identity.model)
        identity = replace(identity, facts=dict(identity.facts))
        router = self._ways.to(backend, identity.model, self.settings)
        watch = await self._watch(backend, identity, rates)
        answered = _unheard if watch is None else watch.begin
        batches = await self._batches(backend, identity)
        caller = Caller(backend, router, self.settings, self.events, self.ledger, batches)
        model = EngineModel(
            self, backend, identity, rates, journal, claims, caller, self._till, answered, batches
        )
        self._models.append(model)
        return model

    async def _batches(self, backend: Backend, identity: ModelIdentity) -> Collector | None:
        """Where the calls of a backend wait that sends them in batches; one for each model."""
        if not isinstance(backend, BatchBackend):
            return None
        found = self._collectors.get(json.dumps(identity.scope))
        if found is None:
            bills, gate = self.ledger.bills, self._gate
            found = Collector(
                backend, identity, self._records, self.settings, self.events, bills, gate
            )
            self._collectors[found.server] = found
            left = await asyncio.to_thread(self._records.of_run)
            for held in await found.recover([x for x in left if x[0].server == found.server]):
                self.ledger.bills.lose(held.problem, held.amounts)
                await self._lost(held.problem, held.amounts)
        return found

    async def _watch(self, backend: Backend, identity: ModelIdentity, rates: Rates) -> Watch | None:
        """Who sees to it that a served model stays the same; None where nobody can."""
        if not self.settings.fingerprint or not isinstance(backend, RemoteBackend):
            return None
        if isinstance(backend, BatchBackend):  # eight calls a day late tell nothing
            return None
        if backend.capabilities.logprobs == 0:
            return None
        name = json.dumps(identity.scope)
        if name not in self._watches:
            endpoints = [
                self._ways.endpoint(endpoint, self.settings) for endpoint in backend.endpoints
            ]
            self._watches[name] = watch = Watch(
                backend,
                identity,
                name,
                endpoints,
                self._journal_path,
                self.events,
                rates,
                self.ledger,
                self._bill,
                self._gate,
            )
            await watch.load()
        return self._watches[name]

    async def _bill(self, amounts: Amounts) -> None:
        """Put to the run's bills what belongs to none of its problems."""
        if self._journal is not None and self._till.notes.path is not None:
            await self._journal.put([], [Bill(self._run, "", amounts, nothing())])

    def follow(self, identity: ModelIdentity, listener: Callable[[Watch], None]) -> None:
        """Tell a listener, now and with every change, the fingerprints of an attached model."""
        watch = self._watches.get(json.dumps(identity.scope))
        if watch is not None:
            watch.follow(listener)

    def next_round(self, deal: Deal | None = None) -> bool:
        """Whether the run's budget has more for problems that ran out; see `Ledger.next_round`."""
        raises = self.ledger.next_round(deal)
        if self._till.notes.path is None:
            return bool(raises)
        if raises:
            add_round(self._journal_path, self._run, self.ledger.rounds, raises)
        elif losers := self.ledger.accounts_of_losers():
            keep_last_round(self._journal_path, self._run, losers)
        return bool(raises)


def _unheard(prompts: Prompts) -> None:
    """Where nobody waits for replies."""
