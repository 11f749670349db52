"""Answers questions with a recipe: an account for each, one whole budget, models opened once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.answering.budgets import budget_of, too_small
from ttc.answering.choosing import Chosen, choose
from ttc.answering.question import Question
from ttc.answering.variants import Variant, Variants
from ttc.answers import AnswerRule
from ttc.attempt.live import World
from ttc.budget.limits import BudgetConfig
from ttc.core import Problem
from ttc.engine.engine import Engine
from ttc.engine.session import Session
from ttc.errors import Busy, RecipeError, TtcError, UsageError
from ttc.pipeline.collect import Attempted, Method
from ttc.pipeline.journals import journal_of
from ttc.pipeline.monitor import Monitor
from ttc.pipeline.open_models import open_models
from ttc.registry import Path as Place
from ttc.serve.errors import ApiError
from ttc.store.lock import locked
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder, run_folder
from ttc.terminal import say

if TYPE_CHECKING:
    from ttc.answers.classes import AnswerClasses
    from ttc.recipe import Recipe

FOLDER = "serving"
"""Where a server of a recipe stands, in the folder of its run."""
_FRESH_BITS = 48  # that every reader of JSON keeps


class _Ungraded(AnswerRule):
    """An answer rule that looks at no gold answer, which questions have none of."""

    def classify(self, answers: Any, gold: str | None) -> AnswerClasses:
        return super().classify(answers, None)


@dataclass(frozen=True)
class Answer:
    """What came of a question. began: when it came, by the monotonic clock."""

    question: Question
    variant: Variant
    problem: Problem
    seed: int
    attempted: Attempted
    chosen: Chosen
    session: Session
    began: float


class Work:
    """A question being answered; `session` is there once it is begun."""

    def __init__(self, question: Question, variant: Variant, began: float) -> None:
        self.question, self.variant, self.began = question, variant, began
        self.session: Session | None = None

    @property
    def samples(self) -> int:
        """Drawn or found so far."""
        session = self.session
        return 0 if session is None else sum(int(s.samples) for s in session.ledger.spent.values())


class Desk:
    """Belongs to one event loop; `opened` makes it."""

    def __init__(
        self,
        engine: Engine,
        method: Method,
        variants: Variants,
        problems: Mapping[str, Problem],
        manifest: Manifest,
        seed: int | None,
    ) -> None:
        """problems: the recipe's by their questions; seed: of questions that bring none; manifest:
        knows the models.
        """
        self.engine, self.manifest = engine, manifest
        self.variants = variants
        self._world = method.world
        # No gold answer comes near a method.
        self._problems = {text: replace(one, answer="") for text, one in problems.items()}
        self._golds = {one.id: one.answer for one in problems.values()}
        self._seed = seed
        rule = variants.recipe.answer_rule
        self._rule = _Ungraded.model_validate(rule.model_dump(by_alias=False))

    def gold(self, problem: Problem) -> str | None:
        """The gold answer where the problem is the recipe's own; for records of what was served."""
        return self._golds.get(problem.id)

    def problem(self, question: Question, recipe: Recipe) -> Problem:
        """The recipe's own problem where the question is its, else one by its words.

        Raises `ApiError` where a prompt shows metadata that the question lacks.
        """
        from ttc.recipe.prompt_metadata import check_metadata

        found = self._problems.get(question.text)
        if found is None or question.choices or question.metadata:
            content = [question.text, question.choices, dict(question.metadata)]
            digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8)
            found = Problem(
                f"q-{digest.hexdigest()}", question.text, "", question.choices, question.metadata
            )
        try:
            check_metadata(recipe, [found])
        except RecipeError as error:
            raise ApiError(400, f"ttc.metadata: {error}", "ttc") from None
        return found

    async def answer(self, work: Work) -> Answer:
        """Raises `ApiError` for what is the question's or the budget's fault, and `TtcError`."""
        question, variant, recipe = work.question, work.variant, work.variant.recipe
        problem = self.problem(question, recipe)
        seed = question.seed if question.seed is not None else self._seed
        seed = secrets.randbits(_FRESH_BITS) if seed is None else seed
        budget = budget_of(recipe, question, work.began, self.engine.ledger)
        async with Session(
            self.engine,
            problem=problem.id,
            seed=seed,
            budget=budget,
            began=work.began,
            rounds=recipe.sampler.exchangeable,
        ) as session:
            work.session = session
            method = self._method(variant, session, seed)
            attempted = await method.attempt(problem)
            # What parts of the method left of its budget goes to others, as in a run's rounds.
            while session.ledger.next_round():
                attempted = await method.attempt(problem)
        _check(attempted, session, budget, self.engine)
        try:
            chosen = await asyncio.to_thread(choose, variant.chooser, attempted)
        except UsageError as error:
            raise ApiError(400, str(error), "ttc", "policy_refused") from None
        return Answer(question, variant, problem, seed, attempted, chosen, session, work.began)

    def _method(self, variant: Variant, session: Session, seed: int) -> Method:
        recipe, whole = variant.recipe, self._world
        try:
            models = {
                _place(path, variant.kept): {f: session.model(m) for f, m in named.items()}
                for path, named in whole.models.items()
                if path[0] != "verifiers" or path[1] in variant.kept
            }
            sandbox = None if whole.sandbox is None else session.model(whole.sandbox)
        except UsageError as error:  # a limit in a unit that a model tells nothing of
            raise ApiError(400, f"ttc.budget: {error}", "ttc") from None
        world = World(
            models=models,
            answers=self._rule,
            default_prompt=whole.default_prompt,
            seed=seed,
            left=partial(_with_grace, session, recipe.engine.finish_s),
            ledger=session.ledger,
            sandbox=sandbox,
        )
        return Method(recipe.sampler, recipe.verifiers, world, recipe.budget.shares)


def _place(path: Place, kept: tuple[int, ...]) -> Place:
    """A path of the whole recipe in one that has some of its verifiers."""
    return ("verifiers", kept.index(int(path[1])), *path[2:]) if path[0] == "verifiers" else path


def _with_grace(session: Session, grace: float) -> float | None:
    left = session.ledger.seconds_left()
    return None if left is None else left + grace


def _check(attempted: Attempted, session: Session, budget: BudgetConfig, engine: Engine) -> None:
    """Raise `ApiError` where there is no solution, or none but failures."""
    if not any(one.returned for one in attempted.solutions):
        raise too_small(session, budget, engine.ledger)
    samples = [one for one in attempted.trace if one.verifier is None]
    failed = [one for one in samples if one.finish_reason in _failures(engine)]
    if samples and len(failed) == len(samples):
        reason = failed[0].finish_reason
        code = "context_length_exceeded" if reason == "context_length" else reason
        raise ApiError(400, f"no model could take this question: {reason}", "messages", code)


def _failures(engine: Engine) -> frozenset[str]:
    """Reasons for which samples have failed so far."""
    return frozenset(engine.events.failures.by_reason)


@asynccontextmanager
async def opened(
    recipe: Recipe, variants: Variants, seed: int | None = None
) -> AsyncIterator[Desk]:
    """Open a recipe's models and its journal. Raises `TtcError`, also where another process serves
    the same recipe in these results: both would have the whole of one budget.
    """
    from ttc.recipe import run_id

    own = run_folder(Path(recipe.results), recipe.name, run_id(recipe))
    folder = RunFolder(own.path / FOLDER)
    with _alone(folder, own.name):
        problems = await asyncio.to_thread(_problems, recipe)
        monitor = Monitor(recipe, folder)
        engine = Engine(
            journal=journal_of(own, recipe.engine.journal),
            budget=recipe.budget,
            cost=recipe.cost,
            seed=recipe.seed,
            problems=[],
            settings=recipe.engine,
            events=monitor.events,
            run=f"{own.name}:{FOLDER}",  # what stands behind a slash is a shard's, and the run's
        )
        async with engine:
            manifest = Manifest(recipe_name=recipe.name, run_id=own.run_id, seed=recipe.seed)
            method = await open_models(recipe, engine, manifest, monitor)
            yield Desk(engine, method, variants, problems, manifest, seed)


def _problems(recipe: Recipe) -> dict[str, Problem]:
    """The recipe's problems by their questions: a question that is one of them is answered as the
    run answers it, with its choices, its metadata and its randomness.
    """
    found: dict[str, Problem] = {}
    try:
        for problem in recipe.dataset.load():
            found.setdefault(problem.question, problem)
    except TtcError as error:
        say(f"Warning: questions are known by their words only, as {error}", error=True)
    return found


@contextmanager
def _alone(folder: RunFolder, name: str) -> Iterator[None]:
    """The lock that one server of a recipe holds."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder))
        except Busy:
            said = f"another process serves {name} in these results, and has its whole budget"
            raise TtcError(f"{said}; ask that one, or serve from other --results") from None
        yield
