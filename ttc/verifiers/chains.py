"""Judgements of several samples, each of which goes on where the last one ended. No verifier."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ttc.core import (
    Ask,
    Attempt,
    Executed,
    Limits,
    Program,
    Prompt,
    Sample,
    SamplingParams,
    Solution,
)
from ttc.verdicts.analyses import (
    FORCED,
    VERIFY_ENDS,
    analysis_of,
    code_output,
    forced_reward,
    program_in,
    reward,
)
from ttc.verdicts.programs import after, lasting
from ttc.verifiers.turns import turns, whole_first

_RUN_S = 5.0  # the longest run of a program, and so of its processor
C = TypeVar("C", bound="Chain")


@dataclass
class Chain:
    """A judgement under way. samples: all that it is made of; text: what they and others wrote
    since the prompt. refused: the budget ended before it did.
    """

    solution: Solution
    index: int
    prompt: Prompt
    samples: list[Sample] = field(default_factory=list)
    text: str = ""
    refused: bool = False

    @property
    def failed(self) -> bool:
        """Its last sample is none, for an error."""
        return bool(self.samples) and bool(self.samples[-1].completion.error)

    @property
    def open(self) -> bool:
        """It may go on."""
        return not self.refused and not self.failed

    def take(self, sample: Sample | None) -> None:
        """What was sampled; None where the budget refused it."""
        if sample is None:
            self.refused = True
            return
        self.samples.append(sample)
        self.text += sample.completion.text

    def put(self, line: str) -> None:
        """Text of others, on a line of its own."""
        self.text += ("" if not self.text or self.text.endswith("\n") else "\n") + line


async def begin(attempt: Attempt, chains: Sequence[Chain], params: SamplingParams) -> None:
    """The first samples. Those of a solution that have equal prompts are asked for together."""
    groups: dict[tuple[int, Prompt], list[Chain]] = {}
    for chain in chains:
        groups.setdefault((chain.solution.index, chain.prompt), []).append(chain)
    rows = await attempt.sample(*[Ask(p, params, len(group)) for (_, p), group in groups.items()])
    for group, row in zip(groups.values(), rows, strict=True):
        for i, chain in enumerate(group):
            chain.take(row[i] if i < len(row) else None)


async def go_on(attempt: Attempt, chains: Sequence[Chain], params: SamplingParams) -> None:
    """A sample more for each that may go on, behind what its text is by now."""
    going = [chain for chain in chains if chain.open]
    asks = [
        Ask(
            replace(chain.prompt, prefill=chain.prompt.prefill + chain.text),
            params,
            after=chain.samples[-1],
        )
        for chain in going
    ]
    for chain, row in zip(going, await attempt.sample(*asks), strict=True):
        chain.take(row[0] if row else None)


async def judge_in_turn(
    units: Sequence[Sequence[C]], judge: Callable[[Sequence[C]], Awaitable[None]]
) -> list[Sequence[C]]:
    """Judgements of one chain or of several, as far as the budget goes: those that are whole.

    units: by solution, then by index. The first verification of all solutions comes first (see
    `turns`), then the second of all, and so on: a few whole ones are worth more than many that
    nothing can be read of.
    """
    waves: dict[int, list[int]] = {}
    for i, unit in enumerate(units):
        waves.setdefault(unit[0].index, []).append(i)
    first, *others = waves.values() if waves else [[]]
    whole: list[int] = []
    for turn in (*turns(first), *others):
        await judge([chain for i in turn for chain in units[i]])
        done = whole_first(turn, lambda i: not any(chain.refused for chain in units[i]))
        whole += done
        if len(done) < len(turn):
            break
    return [units[i] for i in sorted(whole)]


@dataclass
class StepChain(Chain):
    """A judgement of one step after the other, by analyses with programs (arXiv 2504.00891).

    steps: the solution's, which joined are its text; rewards, said: of those judged so far. blocks:
    the programs that ended by themselves.
    """

    steps: tuple[str, ...] = ()
    rewards: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """What a prompt may show of the next step and of what was before."""
        number = len(self.rewards)
        return {
            "solution": "".join(self.steps[: number + 1]).rstrip(),
            "step": self.steps[number].strip(),
            "before": "\n\n".join(self.said),
        }

    def begin(self, prompt: Prompt) -> None:
        """Turn to the next step."""
        self.prompt, self.text = prompt, ""

    @property
    def program(self) -> str | None:
        """What it wants to be run before it goes on."""
        cut_off = self.samples[-1].completion.finish_reason == "length"
        return None if cut_off else program_in(self.text)

    def to_run(self) -> Program:
        """That, in the namespace that earlier programs left."""
        seconds = _RUN_S * (1 + len(lasting(self.blocks)))  # earlier ones had as much each
        limits = Limits(wall_s=seconds, cpu_s=seconds)
        return Program(after(self.blocks, self.program or ""), limits=limits)

    def ran(self, done: Executed | None) -> None:
        """What came of it; None where the budget refused it."""
        if done is None:
            self.refused = True
            return
        if done.ended == "exit":
            self.blocks.append(self.program or "")
        self.put(f"{VERIFY_ENDS}\n{code_output(done)}")

    def judge(self) -> bool:
        """Read the step's reward, if it has been judged."""
        last = self.samples[-1].completion
        found = None if self.program is not None else reward(last.text, last.logprobs)
        if found is not None:
            self._rewarded(found)
        return found is not None

    def force(self) -> None:
        """Leave what programs led to, and begin the judgement."""
        self.text = analysis_of(self.text)
        self.put(FORCED)

    def judge_forced(self) -> None:
        """Read the reward that was forced."""
        last = self.samples[-1].completion
        self._rewarded(forced_reward(last.text, last.logprobs))

    def _rewarded(self, found: float) -> None:
        self.rewards.append(found)
        self.said.append(self.text.strip())
