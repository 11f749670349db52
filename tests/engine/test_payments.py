"""The money of one request, where the run has hardly any left."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from ttc.budget.cost import Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.engine.batch import Chunk
from ttc.engine.charges import Charges, Prompts
from ttc.engine.tickets import NoRoom, Payment, Ticket, Till
from ttc.engine.underway import UnderWay
from ttc.errors import RetryableError

RATES = Rates(None, None, None)
PROMPT, LONGEST, SAMPLES = 10, 20, 3
EACH = PROMPT + LONGEST  # a server may answer each sample by a request of its own


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_lost_request_that_can_t_be_repeated_whole_holds_nothing(left):
    """Room for some of its samples is of no use to it; who waits for what it holds would hang."""

    async def play():
        ledger = Ledger(BudgetConfig(per_run={"tokens": 1000}), ["p", "q"])
        charges = Charges(RATES, Prompts("m", careful=False), PROMPT, LONGEST, False, True, 0, 0)
        worst = partial(charges.worst, 0)
        assert await ledger.admit("p", SAMPLES, worst) == SAMPLES
        ticket = Ticket(Chunk(0, SAMPLES), [b"a", b"b", b"c"], worst(SAMPLES), 1)
        till = Till(ledger, UnderWay(Path("none"), ""), "")
        payment = Payment(till, ticket, charges, "p", 0, SAMPLES)
        await payment.ready()
        payment.sent()
        payment.failed(RetryableError("cut", billed=True))
        spent = {**worst(SAMPLES), "tokens": 1000 - charges.lost(SAMPLES)["tokens"] - left * EACH}
        ledger.bills.charge(spent)
        with pytest.raises(NoRoom):
            await payment.ready()
        payment.drop()
        assert ledger.bills.left()["tokens"] == left * EACH
        async with asyncio.timeout(5):
            return await ledger.bills.hold("q", SAMPLES, worst)

    assert asyncio.run(play()) == left
