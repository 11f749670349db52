"""Attacks on a run's verifiers: its wrong solutions, altered, judged anew, and who falls for them.

The run's recipe names the verifiers, and they are asked as in a run: through the engine, with its
budget and a journal, into a run of its own below the folder `attacks` of the run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import difference_interval, mean_interval
from ttc.core import Problem, Solution
from ttc.errors import BudgetExhausted, DataError, UsageError
from ttc.pipeline.judging.altered import (
    AlteredSolutions,
    Chosen,
    Plan,
    digest_of,
    plan_attacks,
)
from ttc.pipeline.judging.evaluation import Judging
from ttc.pipeline.judging.figures import Figure
from ttc.pipeline.judging.loading import Judged, load_judged
from ttc.pipeline.run import Progress, run_recipe
from ttc.policies import named
from ttc.registry import walk
from ttc.store.pool import all_verifiers
from ttc.store.rows import read_problems, read_solutions
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table
from ttc.verdicts.attacks import ATTACKS, UNALTERED, verdict_lines
from ttc.verifiers import VerifierPart

if TYPE_CHECKING:
    from ttc.recipe import Recipe

FOLDER = "attacks"
MEANINGS = {
    "accepted": "share of these wrong solutions that is accepted",
    "more_accepted": "share accepted less that of the same solutions unaltered, judged anew",
    "flipped": "of those that the run rejected: share that is accepted now",
    "score_rise": "mean score less that of the same solutions unaltered, judged anew",
}


@dataclass(frozen=True)
class AttackRequest:
    """Which attacks, on at most `each` wrong solutions of so many problems.

    verifiers: of the run, all unless named; overrides: keys of its recipe (`budget.per_run.usd=1`).
    """

    attacks: tuple[str, ...] = tuple(ATTACKS)
    problems: int = 16
    each: int = 2
    verifiers: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attacked:
    """What was judged anew: the run of it, and which solution is which."""

    run: RunFolder
    plan: Plan


def attack(run: RunFolder, request: AttackRequest, progress: Progress | None = None) -> Attacked:
    """Have the run's verifiers judge its wrong solutions, unaltered and altered.

    What was judged before is in the journal, and not asked for again. Raises `UsageError` for an
    unknown attack, `DataError` for a run without a recipe of ours or without wrong solutions, and
    what a run raises.
    """
    for name in request.attacks:
        if name not in ATTACKS:
            raise UsageError(f"no attack {name!r}; choose of all, {', '.join(ATTACKS)}")
    recipe = _recipe(run, request)
    chosen, wrong = _wrong_ones(run, request.problems)
    rule, each = recipe.answer_rule, request.each
    lines = verdict_lines([part for one in recipe.verifiers for part in _all_of(one)])
    plan = plan_attacks(chosen, wrong, request.attacks, each, rule, recipe.seed, lines)
    made = _judging(recipe, run, request, chosen, plan)
    return Attacked(run_recipe(made, progress).run, plan)


def _recipe(run: RunFolder, request: AttackRequest) -> Recipe:
    """The run's recipe, with the verifiers that are wanted."""
    from ttc.recipe import parse_recipe

    manifest = run.manifest()
    if not manifest.recipe.get("verifiers"):
        raise DataError(
            f"{run.name} has no recipe with verifiers, so nobody can be asked; attacks need a run "
            "of `ttc run`"
        )
    text = json.dumps(manifest.recipe)
    recipe = parse_recipe(text, run.path / "recipe.yaml", request.overrides)
    known = [label for one in recipe.verifiers for label in _labels(one)]
    for name in request.verifiers:
        if name not in known:
            raise UsageError(f"{run.name} has no verifier {name!r}; it has {', '.join(known)}")
    return recipe


def _all_of(verifier: VerifierPart) -> list[VerifierPart]:
    """It and the verifiers that it holds."""
    return [part for _, part, _ in walk(verifier) if isinstance(part, VerifierPart)]


def _labels(verifier: VerifierPart) -> list[str]:
    """Its own and those of verifiers that it holds."""
    return [part.label for _, part, _ in walk(verifier) if isinstance(part, VerifierPart)]


def _wrong_ones(
    run: RunFolder, most: int
) -> tuple[list[Problem], Mapping[str, Sequence[Solution]]]:
    """Problems with wrong solutions, spread evenly over the run, and these solutions.

    Without an answer a solution is none to be taken for right.
    """
    columns = ["problem_id", "solution_index", "correct", "answer_class", "returned"]
    table = read_table(run.solutions, "solutions", columns)
    wrong = {
        (one["problem_id"], one["solution_index"])
        for one in table.to_pylist()
        if not one["correct"] and one["answer_class"] >= 0 and one["returned"] is not False
    }
    if not wrong:
        raise DataError(f"{run.name} has no wrong solution to alter")
    having = {name for name, _ in wrong}
    known = [one for one in read_problems(run.problems) if one.id in having]
    places = np.unique(np.linspace(0, len(known) - 1, min(most, len(known))).round().astype(int))
    chosen = [known[int(i)] for i in places]
    found: dict[str, list[Solution]] = {one.id: [] for one in chosen}
    for solution in read_solutions(run.solutions):
        if solution.problem_id in found and (solution.problem_id, solution.index) in wrong:
            found[solution.problem_id].append(solution)
    return chosen, found


def _judging(
    recipe: Recipe,
    run: RunFolder,
    request: AttackRequest,
    chosen: Sequence[Problem],
    plan: Plan,
) -> Recipe:
    """The recipe that has the plan's solutions judged, with another seed: verdicts are new ones."""
    from ttc.recipe import Grid

    meant = frozenset(request.verifiers)
    judges = [_unlimited(v) for v in recipe.verifiers if not meant or meant & {*_labels(v)}]
    own = [judge.backend for judge in judges]
    sampler = AlteredSolutions(
        of=run.name, attacks=request.attacks, digest=digest_of(plan), held=dict(plan)
    )
    return recipe.model_copy(
        update={
            "description": f"wrong solutions of {run.name}, altered",
            "results": str(run.path / FOLDER),
            "seed": recipe.seed + 1,
            "dataset": Chosen(of=run.name, ids=tuple(p.id for p in chosen), held=tuple(chosen)),
            # Nobody solves: where each judge has a model of its own, no other is opened.
            "backend": recipe.backend if None in own else own[0],
            "sampler": sampler,
            "verifiers": tuple(judges),
            "policies": (named("best_of_n"),),
            "grid": Grid(),
            "repeats": 1,
        }
    )


def _unlimited(verifier: Any) -> Any:
    """It judges all that it is given."""
    if getattr(verifier, "solutions", None) is None:
        return verifier
    return verifier.model_copy(update={"solutions": None})


def with_attacks(judging: Judging, run: RunFolder, done: Attacked) -> Judging:
    """How often each verifier falls for each attack, with intervals over problems.

    Who said nothing readable of any of them (as who reads the solver's own samples, of which an
    altered text has none) is told apart. Raises `BudgetExhausted` where nobody could be asked.
    """
    rules, level = judging.request.rules, judging.request.level
    before, asked = all_verifiers(run), all_verifiers(done.run)
    if not asked:
        raise BudgetExhausted(
            "the budget covers no verification of an altered solution; raise it: --set "
            "budget.per_run.tokens=N, or as the recipe has it"
        )
    found: list[Figure] = []
    silent = []
    meant = [part.verifier for part in judging.each if part.verifier in asked]
    for name in meant:
        judged = load_judged(done.run, name, judging.invalid)
        if not judged.told.any():
            silent.append(name)
            continue
        earlier = load_judged(run, name, judging.invalid) if name in before else None
        trial = _Trial(judged, earlier, done.plan, rules.threshold, level)
        found += [one for attack_name in trial.attacks for one in trial.figures(attack_name)]
    return replace(judging, attacks=found, unattacked=tuple(silent))


class _Trial:
    """One verifier's judgements of the plan's solutions."""

    def __init__(
        self, judged: Judged, earlier: Judged | None, plan: Plan, threshold: float, level: float
    ) -> None:
        self._verifier, self._threshold, self._level = judged.verifier, threshold, level
        self._scores: dict[str, dict[tuple[str, int], float]] = {}
        for (problem, number), score in _scores(judged).items():
            one = plan[problem][number]
            self._scores.setdefault(one.attack, {})[problem, one.original] = score
        self._earlier = {} if earlier is None else _scores(earlier)

    @property
    def attacks(self) -> list[str]:
        return [name for name in (UNALTERED, *ATTACKS) if name in self._scores]

    def figures(self, name: str) -> list[Figure]:
        own, plain = self._scores[name], self._scores.get(UNALTERED, {})
        keys = list(own)
        accepted = self._accepts(own, keys)
        told = [self._figure(name, "accepted", accepted, keys, mean_interval)]
        rejected = [key for key in keys if self._earlier.get(key, math.inf) < self._threshold]
        if rejected:
            flipped = self._accepts(own, rejected)
            told.append(self._figure(name, "flipped", flipped, rejected, mean_interval))
        both = [key for key in keys if key in plain]
        if name == UNALTERED or not both:
            return told
        more = self._accepts(own, both) - self._accepts(plain, both)
        rise = np.array([own[key] - plain[key] for key in both])
        told.append(self._figure(name, "more_accepted", more, both, difference_interval))
        told.append(self._figure(name, "score_rise", rise, both, difference_interval))
        return told

    def _accepts(
        self, scores: Mapping[tuple[str, int], float], keys: Sequence[tuple[str, int]]
    ) -> FloatArray:
        return np.array([float(scores[key] >= self._threshold) for key in keys])

    def _figure(
        self,
        attack_name: str,
        quantity: str,
        values: FloatArray,
        keys: Sequence[tuple[str, int]],
        interval: Any,
    ) -> Figure:
        problems = [problem for problem, _ in keys]
        low, high = interval(values, self._level, problems)
        return Figure(
            self._verifier, "attack", attack_name, quantity, None, float(values.mean()),
            float(low), float(high), len(set(problems)), len(values), meaning=MEANINGS[quantity],
        )  # fmt: skip


def _scores(judged: Judged) -> dict[tuple[str, int], float]:
    """By problem and number of the solution."""
    names = judged.problem_ids
    return {
        (names[int(p)], int(n)): float(score)
        for p, n, score in zip(judged.problem, judged.number, judged.score, strict=True)
    }
