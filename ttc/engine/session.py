"""One question of a server: a seed and an account of its own on an engine that others use too."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType

from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import Model
from ttc.engine.claims import Claims
from ttc.engine.engine import Engine
from ttc.engine.model import EngineModel
from ttc.engine.tickets import Till
from ttc.errors import TtcError


class Session:
    """See `ttc.engine.host.Host`. An async context manager, to be left before the engine is.

    Its problem's limits are its own; what it is really billed counts for the engine's run as well,
    whose limits hold for all sessions together. However it ends, the engine goes on.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        problem: str,
        seed: int,
        budget: BudgetConfig,
        began: float,
        rounds: bool,
    ) -> None:
        """budget: `per_problem` of its problem, and of `per_run` the seconds from `began` on (by
        the monotonic clock). rounds: see `Ledger`.
        """
        self.budget, self.seed = budget, seed
        self.cost, self.settings, self.events = engine.cost, engine.settings, engine.events
        self.whole = engine.ledger
        self.ledger = Ledger(budget, [problem], began, rounds, above=engine.ledger.bills)
        kept = engine.kept()
        self._journal = kept.journal
        self._till = Till(self.ledger, kept.notes, kept.run)
        self._claims = Claims(kept.path)

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                # Whoever waits for a claim looks into the journal next, which may have some yet
                # to write of what came before the end.
                with suppress(TtcError):
                    await self._journal.put([])
        finally:
            self._claims.close()

    def model(self, model: Model) -> Model:
        """One of the engine's models, for this session. Raises `UsageError` where a limit is in a
        unit that the model's facts don't give.
        """
        assert isinstance(model, EngineModel), "only an engine's models are had in a session"
        return model.hosted(self, self._claims, self._till)

    def asks_again(self, problem: str) -> bool:
        """As its engine's settings say of all problems."""
        return self.settings.retry_failed

    async def failing(self, error: BaseException) -> None:
        """Its own calls end with it; those of others go on."""
