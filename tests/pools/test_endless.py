"""Machines with published step counts, and published identities, against our exact checks."""

from random import Random

from block_machine import halting
from mba_reading import read

from ttc.datasets.boolean_arithmetic.deciding import decide
from ttc.datasets.boolean_arithmetic.drawing import NAMES
from ttc.datasets.boolean_arithmetic.expression import evaluate, is_linear
from ttc.datasets.turing.machine import canonical, parsed, run

LIMIT = 50_000_000
"""Steps; five machines of six states run for thousands of millions, and more."""


def test_busy_beavers(pool, told):
    rows = pool("busy_beaver_halting_machines")
    plain = blocks = ones = 0
    for row in rows:
        if row["steps"] and row["steps"] <= 300_000:
            found = run(parsed(row["machine"]), row["steps"])
            assert (found.steps, found.ones) == (row["steps"], row["sigma"]), row
            assert run(parsed(row["machine"]), row["steps"] - 1) is None
            plain += 1
        counted = halting(row["machine"], LIMIT) if (row["steps"] or 0) <= LIMIT else None
        if counted:
            assert counted[0] == row["steps"] or not row["steps"], row
            assert counted[1] == row["sigma"], row
            blocks += row["steps"] is not None
            ones += row["steps"] is None
    short = [row for row in rows if row["steps"] and row["steps"] <= 300_000]
    distinct = {canonical(parsed(row["machine"]), row["steps"]) for row in short}
    told("busy_beaver_halting_machines: steps and ones, step by step", "572 of 572", f"{plain}")
    told("    and by a second simulator, to 50 million steps", "", f"{blocks}")
    told("    not told how many steps, ones agree", "", f"{ones}")
    told("    that differ in more than names and what is unused", "", f"{len(distinct)}")
    assert plain == len(short) == 572
    assert blocks >= 595


def test_mixed_boolean_arithmetic(pool, told):
    rows, rng = pool("mba_identities"), Random(0)
    linear = words = solved = undecided = 0
    for row in rows:
        simple, other, full = (read(row[side]) for side in ("simple", "linear", "complex"))
        pairs = [(simple, full), (other, simple)]
        for left, right in pairs:
            if is_linear(left) and is_linear(right):
                linear += bool(decide(left, right, NAMES, 64, 1.0).equal)
        words += all(
            (evaluate(simple, one) - evaluate(full, one)) % 2**64 == 0
            for one in ({n: rng.getrandbits(64) for n in NAMES} for _ in range(20))
        )
    for row in rows[::20]:
        found = decide(read(row["simple"]), read(row["complex"]), NAMES, 4, 2.0)
        assert found.equal is not False, row
        solved, undecided = solved + bool(found.equal), undecided + (found.equal is None)
    told("mba_identities: equal on 20 draws of 64-bit words", "524 of 524", str(words))
    told("    linear pairs, equal by truth columns", "", str(linear))
    told("    every twentieth, by z3 over 4 bits: equal, undecided", "", f"{solved}, {undecided}")
    assert words == len(rows) == 524
