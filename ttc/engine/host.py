"""For whom models draw."""

from __future__ import annotations

from typing import Protocol

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.engine.events import Events
from ttc.engine.settings import EngineSettings


class Host(Protocol):
    """For whom a model draws: an engine, or one question of a server's."""

    budget: BudgetConfig
    cost: CostConfig
    seed: int
    settings: EngineSettings
    events: Events
    ledger: Ledger

    def asks_again(self, problem: str) -> bool:
        """Whether a problem's samples that the journal has as failed are asked for again."""
        ...

    async def failing(self, error: BaseException) -> None:
        """An error is about to end what it does."""
        ...
