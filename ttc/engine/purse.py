"""What a run may spend on the fingerprints of one model: by all its tries, and never more.

A try that was stopped has spent its part, and the next one may not send as many calls again. So
what was charged is kept beside the journal's samples, before each call is sent.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ttc.budget.cost import UNITS, Rates, Unit
from ttc.budget.ledger import SMALL, Ledger
from ttc.budget.pot import Pot
from ttc.budget.rounds import Amounts, nothing
from ttc.core import Call, Capabilities, Completion
from ttc.engine.charges import Prompts
from ttc.engine.side_tables import opened
from ttc.engine.token_bounds import token_bound
from ttc.errors import RetryableError
from ttc.fingerprint import fingerprint_calls

TOO_MUCH = (
    f"its calls could take over {100 * SMALL:g} % of the run's budget, or the run has begun to "
    "spend that"
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fingerprint_costs
(run TEXT, model TEXT, tokens REAL, flops REAL, usd REAL, calls REAL, PRIMARY KEY (run, model))
WITHOUT ROWID
"""
_CHARGE = """
INSERT INTO fingerprint_costs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
tokens = tokens + excluded.tokens, flops = flops + excluded.flops,
usd = usd + excluded.usd, calls = calls + excluded.calls
"""


def worst_case(offered: Capabilities, rates: Rates, servers: int) -> dict[Unit, float]:
    """Amounts of all calls that the fingerprints of so many servers may take.

    A call that failed may have been charged and counts like any other, so new tries are only for
    those whose place no other call needs.
    """
    each = [_worst(call, rates) for call in fingerprint_calls(offered)]
    return {u: servers * math.fsum(amounts[u] for amounts in each) for u in UNITS}


def _worst(call: Call, rates: Rates, prompts: Prompts | None = None) -> dict[Unit, float]:
    """prompts: how the server was seen to bill; it may be more than it is asked for."""
    bound, lengths = token_bound(call.prompt), [call.params.max_tokens]
    if prompts is not None:
        bound = prompts.most_tokens(bound)
        lengths = [call.params.max_tokens + prompts.stretch] * (1 + prompts.surplus)
    return {**rates.of_samples(bound, lengths, 1), "calls": 1.0}


class Purse:
    """A pot that was set aside, and where its charges are kept.

    run: whose tries share it; with an empty name, or without a limit, nothing is kept.
    said: what was set aside, in words; empty without limits.
    """

    def __init__(
        self, pot: Pot, ledger: Ledger, rates: Rates, journal: Path, run: str, model: str
    ) -> None:
        limits = [f"{pot.limits[u]:.6g} {u}" for u in UNITS if math.isfinite(pot.limits[u])]
        self.said = ", ".join(limits)
        self._pot = pot
        self._ledger, self._rates = ledger, rates
        self._path, self._key = journal, (run, model)
        self._kept = bool(run and limits)
        self.prompts: Prompts | None = None
        """What replies have shown of how the server bills, by the time that the first is sent."""

    async def load(self) -> None:
        """Take out what earlier tries spent. Raises `sqlite3.Error`."""
        if self._kept:
            self._pot.settle(nothing(), await asyncio.to_thread(self._read))

    async def take(self, call: Call) -> dict[Unit, float]:
        """Pay the most that a call can cost, before it is sent; returns that.

        Raises `RetryableError`, in vain to be repeated, where not so much is left; `sqlite3.Error`.
        """
        worst = _worst(call, self._rates, self.prompts)
        if not self._pot.fits(worst):
            text = "no fingerprint: what the run's budget has for it is used up"
            raise RetryableError(text, math.inf)
        self._pot.reserve(worst)
        if self._kept:
            await asyncio.to_thread(self._charge, worst)
        return worst

    async def put_back(self, worst: Amounts, done: Sequence[Completion]) -> None:
        """Get back what a call that was answered did not use. What others cost, nobody knows."""
        prompt = max((c.prompt_tokens for c in done), default=0)
        lengths = [c.completion_tokens + c.surplus_tokens for c in done]
        actual = self._rates.of_samples(prompt, lengths, 1)
        self._pot.settle(worst, actual)
        self._ledger.fingerprint.use(actual, prompt, sum(lengths), len(done))
        self._ledger.fingerprint.pay(actual, len(done), 1.0)
        if self._kept:
            with suppress(sqlite3.Error):  # then it stays charged
                await asyncio.to_thread(self._charge, {u: actual[u] - worst[u] for u in UNITS})

    def _charge(self, amounts: Amounts) -> None:
        with opened(self._path, _SCHEMA) as connection:
            connection.execute(_CHARGE, (*self._key, *(amounts[u] for u in UNITS)))

    def _read(self) -> dict[Unit, float]:
        with opened(self._path, _SCHEMA) as connection:
            row = connection.execute(
                "SELECT tokens, flops, usd, calls FROM fingerprint_costs"
                " WHERE run = ? AND model = ?",
                self._key,
            ).fetchone()
        return dict(zip(UNITS, row or (0.0,) * len(UNITS), strict=True))
