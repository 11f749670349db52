"""Programs that evolve: members of a population, and who of them has children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from ttc.core import Ask, Attempt, Sample
from ttc.prompts import load_prompt, render_problem
from ttc.samplers.search.asking import Asking
from ttc.unit_tests.fitness import Rating, Trial
from ttc.unit_tests.running import Result


@dataclass(frozen=True, eq=False)
class Member:
    """A program of the population, what it passes, and the sample that wrote it, if one did."""

    program: str
    result: Result
    sample: Sample | None = None


class Mutation(Asking):
    """How a program is changed: by a prompt with a parent in it."""

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"program", "lines", "fails", "report"})
    }

    prompt: str
    """Prompt template with {{ question }}, {{ program }} (the parent) or {{ lines }} (the same,
    numbered), {{ fails }} (a call that it fails) and {{ report }} (all that may be told): a shipped
    name or a file. The reply is a program, or a line's number and its new text."""
    share: float = Field(default=1.0, gt=0, le=1_000_000)
    """How often it is taken, beside the others."""
    temperature: float = Field(default=1.0, ge=0, le=1000)
    """Sampling temperature."""

    def ask(self, attempt: Attempt, program: str, told: Sequence[str], n: int) -> Ask:
        """`n` children of a program."""
        template = load_prompt(self.prompt)
        params = self.params(template)
        lines = program.split("\n")
        prompt = render_problem(
            template,
            attempt.problem,
            program=program,
            lines="\n".join(f"{i} {line}" for i, line in enumerate(lines, 1)),
            fails=told[0] if told else "a test that is held back",
            report="\n".join(told)
            or "It passes all tests that are shown, but not those held back.",
        )
        return Ask(prompt, params, n)


@dataclass
class Population:
    """Members, the best first. trial: what they are paid by."""

    trial: Trial
    members: list[Member]

    def rating(self, member: Member) -> Rating:
        """What a member is worth now."""
        return self.trial.rating(member.program, member.result)

    def admit(self, members: Iterable[Member], size: int, elites: int) -> None:
        """The best so far stay, up to `elites`; the rest of `size` places goes to the new ones,
        then to the others.
        """
        old = self.ranked(self.members)
        new = self.ranked(members)
        kept = old[:elites]
        others = [*new, *old[elites:]][: max(0, size - len(kept))]
        self.members = self.ranked([*kept, *others])

    def ranked(self, members: Iterable[Member]) -> list[Member]:
        """By score; of equals, who was there first."""
        return sorted(members, key=lambda one: -self.rating(one).score)

    def told(self, member: Member) -> tuple[str, tuple[str, ...]]:
        """A parent's program and what may be told of it: of those that pass all that is shown, one
        test more, if one can be spared.
        """
        if not (told := self.rating(member).told):
            self.trial.reveal(member.result)
            told = self.rating(member).told
        return member.program, told

    def parent(self, attempt: Attempt, rivals: int) -> Member:
        """The best of some members drawn by the attempt's `rng` (tournament selection)."""
        drawn = attempt.rng.integers(len(self.members), size=rivals)
        return self.members[int(drawn.min())]
