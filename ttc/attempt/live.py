"""The attempt of a run: what its parts ask goes to the engine's models and is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ttc.answers import AnswerRule
from ttc.attempt.checking import TimeLeft, check_verifications, foreign
from ttc.attempt.programs import ROLE as PROGRAM
from ttc.attempt.programs import asks as asks_of
from ttc.attempt.programs import outcome
from ttc.attempt.record import Branch, Record
from ttc.attempt.requests import Buyer, Wanted, fixed, note, wanted
from ttc.budget.allocation import Amounts, added, nothing
from ttc.budget.asked import Asked
from ttc.budget.ledger import Ledger
from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    Executed,
    Model,
    Passage,
    Place,
    Problem,
    Program,
    Prompt,
    Read,
    Reading,
    ReadKind,
    Role,
    Sample,
    SampleTrace,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.errors import UsageError
from ttc.prompts import load_prompt, render_problem
from ttc.registry import MethodPart, Path, walk
from ttc.samplers import SamplerPart
from ttc.verifiers import VerifierPart

Models = Mapping[Path, Mapping[str, Model]]
"""The models of each part, by the part's path and the field that names the model."""


@dataclass(frozen=True)
class World:
    """What all attempts of a run share.

    models: of every part; seed: the recipe's; left: seconds until a plug-in must have returned,
    None for any; ledger: None where nothing is limited or counted; sandbox: None where no part runs
    programs.
    """

    models: Models
    answers: AnswerRule
    default_prompt: str
    seed: int
    left: TimeLeft = lambda: None
    ledger: Ledger | None = None
    sandbox: Model | None = None

    def begin(self, problem: Problem, repeat: int = 0) -> Record:
        """A new attempt at a problem."""
        return Record(problem, self.seed, repeat)

    def open(
        self,
        problem: Problem,
        place: Place,
        weight: float,
        whole: float,
        keep: Amounts | None = None,
        asked: Asked | None = None,
    ) -> None:
        """Open a part's account; see `Ledger.open`."""
        if self.ledger is not None:
            self.ledger.open(problem.id, place, weight, whole, keep, asked)

    def asked(
        self, problem: Problem, sampler: SamplerPart, verifiers: Sequence[VerifierPart]
    ) -> Asked | None:
        """In which ratio a problem's samples are asked for, and what they may cost.

        None where nothing is limited, nothing is verified, or the methods don't say as much.
        """
        if self.ledger is None or not self.ledger.budget.limited or not verifiers:
            return None
        solutions, longest = sampler.most_solutions(), sampler.longest().get("solver")
        templates = sampler.templates()
        told = sampler.exchangeable and "solver" in templates
        if not told or solutions is None or longest is None:
            return None
        model, template = self.models["sampler",]["backend"], templates["solver"]
        prompt = render_problem(load_prompt(template or self.default_prompt), problem)
        prices = [_price(model, prompt, SamplingParams(max_tokens=longest), solutions)]
        for i, verifier in enumerate(verifiers):
            judge = self.models["verifiers", i]["backend"]
            of_one, asks = verifier.most_samples(1), verifier.asks(judge.capabilities)
            name = verifier.templates().get("verifier")
            if of_one is None or set(of_one) != {"verifier"} or len(asks) != 1 or name is None:
                return None
            prompt = render_problem(load_prompt(name), problem, solution="")
            price = _price(judge, prompt, asks[0], of_one["verifier"])
            read = judge.worst(prompt, SamplingParams(max_tokens=longest), 0)(1)
            prices.append(
                {u: price[u] + read[u] / of_one["verifier"] for u in price} | {"calls": 1}
            )
        judged = tuple(partial(_samples, verifier) for verifier in verifiers)
        return Asked(solutions, judged, tuple(prices))

    def first_verdicts(
        self, problem: Problem, verifiers: Sequence[VerifierPart], longest: int
    ) -> Amounts | None:
        """What a verdict of each verifier may cost, as far as they say how they ask for one.

        longest: tokens of a solution. None where nothing is limited.
        """
        if self.ledger is None or not self.ledger.budget.limited:
            return None
        total = nothing()
        for i, verifier in enumerate(verifiers):
            model = self.models["verifiers", i]["backend"]
            template = verifier.templates().get("verifier")
            if template is None:
                continue
            for params in verifier.asks(model.capabilities):
                prompt = render_problem(load_prompt(template), problem, solution="")
                longer = replace(params, max_tokens=params.max_tokens + longest)
                total = added(total, model.worst(prompt, longer, 0)(1))
        return total

    def done(self, problem: Problem) -> None:
        """All parts are done with a problem."""
        if self.ledger is not None:
            self.ledger.done(problem.id)


def _price(model: Model, prompt: Prompt, params: SamplingParams, each: int) -> Amounts:
    """The most that a sample may cost, with its part of the prompt that so many share."""
    worst = model.worst(prompt, params, 0)
    one, two = worst(1), worst(2)
    return {u: two[u] - one[u] + (2 * one[u] - two[u]) / each for u in one}


def _samples(verifier: VerifierPart, solutions: int) -> int:
    """Of so many solutions."""
    return sum((verifier.most_samples(solutions) or {}).values())


@dataclass(frozen=True)
class Seat:
    """Whose desk it is: a part, its path in the recipe, its role, and the account that pays.

    verifier: the label of the recipe's verifier that it belongs to; None where it is the sampler's.
    """

    part: MethodPart
    path: Path
    role: Role
    place: Place
    verifier: str | None = None


class LiveAttempt:
    """See `ttc.core.Attempt`: the attempt, or a branch of it, as one part sees it."""

    def __init__(self, world: World, branch: Branch, seat: Seat) -> None:
        self._world, self._branch, self._seat = world, branch, seat
        self._record = branch.record

    @cached_property
    def problem(self) -> Problem:
        return replace(self._record.problem, answer="")

    @property
    def default_prompt(self) -> str:
        return self._world.default_prompt

    @property
    def rng(self) -> np.random.Generator:
        return self._branch.rng

    @property
    def refused(self) -> bool:
        return self._seat.place in self._record.refused

    def capabilities(self, by: str = "backend") -> Capabilities:
        return self._model(by).capabilities

    def _model(self, by: str) -> Model:
        models = self._world.models[self._seat.path]
        if by not in models:
            known = ", ".join(models)
            raise UsageError(f"{type(self._seat.part).__name__} has no model {by!r}, only {known}")
        return models[by]

    def _role(self, by: str) -> Role:
        return self._seat.role if by == "backend" else self._seat.part.role_of(by)

    async def sample(self, *asks: Ask) -> list[list[Sample]]:
        with self._branch.request():
            models = [self._model(ask.by) for ask in asks]
            wants = wanted(self._branch, asks, models, [self._role(ask.by) for ask in asks])
            return await self._buy(wants)

    async def read(self, *readings: Reading) -> list[Read]:
        branch = self._branch
        with branch.request():
            asks = [_reading(one) for one in readings]
            for one in readings:
                if not _reads(self._model(one.by).capabilities, one.kind):
                    raise UsageError(f"the model {one.by!r} gives no {one.kind} of texts")
            models = [self._model(ask.by) for ask in asks]
            wants = fixed(branch, asks, models, [self._role(ask.by) for ask in asks])
            rows = await self._buy(wants)
        return [_read(sample) for row in _whole(rows) for sample in row]

    async def execute(self, *programs: Program) -> list[Executed]:
        sandbox, part = self._world.sandbox, self._seat.part
        if sandbox is None or not part.executes:
            raise UsageError(
                f"{type(part).__name__} must declare `executes = True` to run programs"
            )
        with self._branch.request():
            asks = asks_of(programs)
            wants = fixed(self._branch, asks, [sandbox] * len(asks), [PROGRAM] * len(asks))
            rows = await self._buy(wants)
        return [outcome(sample.completion) for row in _whole(rows) for sample in row]

    async def _buy(self, wants: Sequence[Wanted]) -> list[list[Sample]]:
        record = self._record
        buyer = Buyer(self._world.ledger, record.problem.id, self._seat.place)
        if not await buyer.buy(wants):
            record.refused.add(self._seat.place)
        for want in wants:
            note(self._branch, want)
        found = [self._samples(want) for want in wants]
        self._branch.use([trace for _, traces in found for trace in traces])
        return [samples for samples, _ in found]

    def _samples(self, want: Wanted) -> tuple[list[Sample], list[SampleTrace]]:
        record = self._record
        after = None if want.ask.after is None else want.ask.after.number
        prompt = want.ask.prompt
        samples = [
            Sample(record.number(want.model, want.opening), c, prompt, after) for c in want.got
        ]
        return samples, [self._trace(sample, want) for sample in samples]

    def _trace(self, sample: Sample, want: Wanted) -> SampleTrace:
        done, record = sample.completion, self._record
        known = self._world.ledger is not None
        amounts = want.model.amounts(done) if known else {}
        took, flops = done.speculated, want.model.drafted(done) if known else None
        return SampleTrace(
            problem_id=record.problem.id,
            repeat=record.repeat,
            branch=self._branch.name,
            number=sample.number,
            role=want.role,
            after=sample.after,
            prompt_tokens=done.prompt_tokens,
            cached_tokens=done.prompt_tokens - done.charged,
            completion_tokens=done.completion_tokens,
            flops=amounts.get("flops"),
            usd=amounts.get("usd"),
            requests=done.requests,
            seconds=done.seconds,
            finish_reason=done.finish_reason,
            stopped_by=done.stopped_by,
            score=_score(done),
            verifier=self._seat.verifier,
            fate="discarded" if self._made_by_solver(want) else "judged",
            rounds=None if took is None else took.rounds,
            drafted=None if took is None else took.proposed,
            accepted=None if took is None else took.accepted,
            draft_flops=None if flops is None else flops[0],
            discarded_flops=None if flops is None else flops[1],
        )

    def _made_by_solver(self, want: Wanted) -> bool:
        reads = isinstance(want.ask.prompt, Passage) or want.role == PROGRAM
        return self._seat.part.kind == "sampler" and not reads

    async def judge(
        self, verifier: VerifierPart, solutions: Sequence[Solution]
    ) -> list[Verification]:
        seat = self._seat
        inside = {path: (one, outer) for path, one, outer in walk(seat.part, seat.path)}
        path = next((path for path, (one, _) in inside.items() if one is verifier), seat.path)
        outer = inside[path][1]
        if outer is None:
            raise UsageError(f"{type(seat.part).__name__} has no such verifier in its fields")
        role = inside[outer][0].role_of(str(path[len(outer)]))
        return await judged(
            self._world,
            self._branch,
            verifier,
            Seat(verifier, path, role, seat.place, seat.verifier),
            solutions,
        )

    def split(self, *shares: float) -> list[Attempt]:
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
            raise UsageError("an attempt splits into shares from 0 to 1, which sum to 1 at most")
        seat, record = self._seat, self._record
        with self._branch.request():
            branches = self._branch.split(len(shares))
            places = [(*seat.place, branch.path[-1]) for branch in branches]
            if self._world.ledger is not None:
                given = dict(zip(places, shares, strict=True))
                self._world.ledger.split(record.problem.id, seat.place, given)
        return [
            LiveAttempt(self._world, branch, replace(seat, place=place))
            for branch, place in zip(branches, places, strict=True)
        ]

    def answer(self, solution: Solution) -> None:
        index = getattr(solution, "index", None)
        if index not in self._record.solutions:
            raise UsageError("an answer is a solution that `attempt.solution` has made")
        self._branch.say(solution.index)

    def solution(self, text: str, of: Sequence[Sample], steps: Sequence[str] = ()) -> Solution:
        completions = [sample.completion for sample in of]
        record = self._record
        index = len(record.made_of)
        record.made_of[index] = tuple(of)
        made = Solution(
            problem_id=record.problem.id,
            index=index,
            text=text,
            answer=self._world.answers.extract(text, record.problem.metadata),
            prompt_tokens=completions[0].prompt_tokens if completions else 0,
            completion_tokens=sum(c.completion_tokens for c in completions),
            finish_reason=completions[-1].finish_reason if completions else "stop",
            mean_logprob=_mean_logprob(completions),
            steps=tuple(steps),
            seconds=sum(c.seconds for c in completions),
        )
        record.solutions[index] = made
        self._branch.solved.append(index)
        return made

    def samples(self, solution: Solution) -> Sequence[Sample]:
        if solution.index not in self._record.made_of:
            raise UsageError("the samples of a solution are asked for in the attempt that made it")
        return self._record.made_of[solution.index]

    def classes(self, solutions: Sequence[Solution]) -> NDArray[np.int32]:
        return self._world.answers.classify([s.answer for s in solutions], None).index


def _reading(one: Reading) -> Ask:
    prompt = one.prompt
    passage = Passage(prompt.messages, prompt.text, prompt.prefill, one.steps, one.kind)
    return Ask(passage, SamplingParams(temperature=0.0, max_tokens=0), 1, one.by, one.after)


def _reads(offers: Capabilities, kind: ReadKind) -> bool:
    return offers.text_logprobs if kind == "logprobs" else offers.step_scores


def _whole(rows: Sequence[list[Sample]]) -> Sequence[list[Sample]]:
    """What came before the first that the budget refused: places must tell what is what."""
    refused = next((i for i, row in enumerate(rows) if not row), len(rows))
    return rows[:refused]


def _read(sample: Sample) -> Read:
    done = sample.completion
    return Read(
        sample.number,
        done.scores,
        done.logprobs,
        done.error,
        done.prompt_tokens,
        done.seconds,
        done.finish_reason,
    )


def _score(done: Completion) -> float | None:
    """Of a reading: the last step's, or nats per token."""
    if done.scores:
        return done.scores[-1]
    if done.finish_reason == "read" and done.logprobs:
        return sum(token.logprob for token in done.logprobs) / len(done.logprobs)
    return None


def _mean_logprob(completions: Sequence[Completion]) -> float | None:
    """Nats per token over all of them; None where one is unknown."""
    if len(completions) == 1:
        return completions[0].mean_logprob
    known = [(c.mean_logprob, c.completion_tokens) for c in completions]
    total = sum(n for _, n in known)
    if not total or any(mean is None for mean, _ in known):
        return None
    return sum(mean * n for mean, n in known if mean is not None) / total


async def judged(
    world: World,
    branch: Branch,
    verifier: VerifierPart,
    seat: Seat,
    solutions: Sequence[Solution],
) -> list[Verification]:
    """Have a verifier of the recipe judge at its seat; what it says is recorded."""
    record = branch.record
    desk = LiveAttempt(world, branch, seat)
    found = await foreign(verifier, verifier.verify(desk, solutions), world.left, record.problem.id)
    checked = check_verifications(verifier, record.problem, solutions, found)
    # Who judges a solution again goes on numbering.
    stored = [
        replace(one, index=one.index + record.judged[one.verifier, one.solution_index])
        for one in checked
    ]
    for one in stored:
        key = (one.verifier, one.solution_index)
        record.judged[key] = max(record.judged[key], one.index + 1)
    branch.verifications += stored
    return [one for one in stored if one.verifier == verifier.label]
