"""Published machines with their step counts, against our exact simulation and a second one."""

from block_machine import halting

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
