"""What a search is paid for a program, so that nothing is gained but by solving the problem.

Some tests are told to the model when they fail, the others are held back, and a program is worth
no more than its share of these. More are held back where a reference program can say what calls of
new inputs give. Programs that reach for their checker are worth nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ttc.core import Attempt
from ttc.unit_tests.asking import ask_reference, run_programs
from ttc.unit_tests.running import Pair, Result, Script, Test
from ttc.unit_tests.suspicion import suspicions
from ttc.unit_tests.variation import varied


@dataclass(frozen=True)
class Rating:
    """score: from 0 to 1. suspicions: why it is 0 whatever passes. told: what the model may know
    of the tests that fail.
    """

    score: float
    suspicions: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass
class Trial:
    """The tests of a problem. shown: places of those that the model may know.

    seconds: of a reference program for each test from `varied_from` on, where there is one.
    """

    tests: list[Test]
    shown: set[int]
    limit_s: float = 2.0
    memory_mib: int = 1024
    speed: float = 0.0
    varied_from: int = 0
    seconds: tuple[float, ...] = ()

    async def vary(self, attempt: Attempt, reference: str, count: int) -> None:
        """Hold back more calls, of inputs that vary those of the tests by the attempt's `rng`."""
        pairs = [test for test in self.tests if isinstance(test, Pair)]
        if not pairs:
            return
        calls = [
            replace(one, args=tuple(varied(a, attempt.rng) for a in one.args), gives=None)
            for one in (pairs[i % len(pairs)] for i in range(count))
        ]
        found = await ask_reference(attempt, reference, calls, self.limit_s, self.memory_mib)
        self.varied_from = len(self.tests)
        self.tests += [call for call, _ in found]
        self.seconds = tuple(seconds for _, seconds in found)

    async def run(self, attempt: Attempt, programs: Sequence[str]) -> list[Result | None]:
        """What each passes; None where the budget ended before it."""
        limit, memory = self.limit_s, self.memory_mib
        return await run_programs(attempt, programs, self.tests, limit, memory, stop=False)

    def rating(self, program: str, result: Result) -> Rating:
        """What a program is worth by its result."""
        if why := suspicions(program):
            return Rating(0.0, why)
        parts: tuple[list[bool], list[bool]] = ([], [])
        for i, passed in enumerate(result.passed):
            parts[i in self.shown].append(passed)
        share = min(sum(part) / len(part) for part in parts if part)
        told = (
            _told(self.tests[i], result.faults[i]) for i in sorted(self.shown) if result.faults[i]
        )
        score = (1 - self.speed) * share + self.speed * self._pace(share, result)
        return Rating(score, told=tuple(told))

    def reveal(self, result: Result) -> None:
        """Show one more of the tests held back that a result fails, but never the last of them."""
        held = [i for i in range(len(self.tests)) if i not in self.shown]
        failed = [i for i in held if result.faults[i]]
        if len(held) > 1 and failed:
            self.shown.add(failed[0])

    def _pace(self, share: float, result: Result) -> float:
        """The reference's time by that of both, over the calls of new inputs; 1/2: equally fast.

        0 for a program that fails a test.
        """
        own, reference = sum(result.seconds[self.varied_from :]), sum(self.seconds)
        return reference / (reference + own) if share == 1 and own > 0 else 0.0


def _told(test: Test, fault: str) -> str:
    if isinstance(test, Script):
        return fault
    arguments = ", ".join(map(repr, test.args))
    said = fault.removeprefix("it gives ")
    kind = fault.split(":")[0]
    kind = "Endless" if kind == "Late" else kind  # as the repair network learned to call it
    got = f"gave {said}" if said != fault else f"raised {kind}"
    return f"{test.call}({arguments}) {got}, not {test.gives!r}"
