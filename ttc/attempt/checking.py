"""What samplers and verifiers give back, checked: a plug-in's mistake must not become a number."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ttc.core import Problem, Solution, Verification
from ttc.errors import PluginError, PluginMisuse, TtcError, UsageError
from ttc.plugins import blamed, failure, plugin_of
from ttc.registry import Part

T = TypeVar("T")
TimeLeft = Callable[[], float | None]
_PASSING = (TtcError, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""What says by itself what it is."""


async def foreign(part: Part, work: Awaitable[T], left: TimeLeft, problem: str) -> T:
    """Wait for a part's work; where the part is a plug-in's, its errors and delays are named, and
    errors of a plug-in's that ours holds.

    left: seconds that it may take; None for any. problem: its id. Raises `PluginError`.
    """
    plugin = plugin_of(type(part))
    if plugin is None:
        return await _ours(work, problem)
    seconds = left()
    limit = asyncio.timeout(None if seconds is None else max(0.0, seconds))
    try:
        async with limit:
            return await work
    except _PASSING as error:
        if type(error) is UsageError:
            raise PluginMisuse(failure(error, plugin, problem)) from error
        raise
    except BaseException as error:  # also what leaves by sys.exit
        if limit.expired():
            raise overdue(plugin) from None
        raise PluginError(failure(error, plugin, problem)) from error


async def _ours(work: Awaitable[T], problem: str) -> T:
    try:
        return await work
    except _PASSING:
        raise
    except BaseException as error:
        if plugin := blamed(error):
            raise PluginError(failure(error, plugin, problem)) from error
        raise


def overdue(plugin: str) -> PluginError:
    """A plug-in did not come back when the run's time was up."""
    return PluginError(
        f"{plugin} did not return, though the run's time (budget.per_run.seconds) is up; "
        "samples so far are kept, and the same command goes on from them"
    )


def check_solutions(part: Part, problem: Problem, found: Any) -> Sequence[Solution]:
    """Solutions of this problem, each index once. Raises `PluginError`."""
    solutions = _listed(part, found, Solution)
    seen: set[int] = set()
    for one in solutions:
        if one.problem_id != problem.id:
            raise _wrong(part, f"a solution of problem {one.problem_id!r:.80} for {problem.id!r}")
        if not _whole(one.index):
            raise _wrong(part, f"a solution whose index is {one.index!r:.40}")
        if one.index in seen:
            raise _wrong(part, f"solution {one.index} twice")
        seen.add(one.index)
        if not isinstance(one.text, str) or not isinstance(one.answer, str | None):
            raise _wrong(part, "a solution whose text or answer is no text")
        _check_tokens(part, one)
    return solutions


def check_verifications(
    part: Any, problem: Problem, solutions: Sequence[Solution], found: Any
) -> Sequence[Verification]:
    """Verifications of these solutions, each once, scores from 0 to 1. Raises `PluginError`.

    A verifier's own judgements of judgements stand under names that begin with its label and `/`.
    """
    verifications = _listed(part, found, Verification)
    known = {s.index for s in solutions}
    seen: set[tuple[str, int, int]] = set()
    for one in verifications:
        if one.problem_id != problem.id or one.solution_index not in known:
            of = f"{one.solution_index!r:.40} of problem {one.problem_id!r:.80}"
            raise _wrong(part, f"a verification of solution {of}, which it was not given")
        if one.verifier != part.label and not str(one.verifier).startswith(f"{part.label}/"):
            raise _wrong(part, f"a verification by {one.verifier!r:.80}, not by {part.label!r}")
        place = (one.verifier, one.solution_index, one.index)
        if not _whole(one.index) or place in seen:
            raise _wrong(part, f"two verifications with the index {one.index!r:.40}, or none")
        if one.against is not None and (one.against not in known or one.against == place[1]):
            raise _wrong(part, f"a comparison against solution {one.against!r:.40}")
        seen.add(place)
        _check_judgement(part, one)
        _check_tokens(part, one)
    return verifications


def _check_judgement(part: Part, one: Verification) -> None:
    for name, value in (("score", one.score), ("p_yes", one.p_yes)):
        if value is not None and not _share(value):
            raise _wrong(part, f"the {name} {value!r:.40}; it must be from 0 to 1, or None")
    if one.raw is not None and not (isinstance(one.raw, float | int) and math.isfinite(one.raw)):
        raise _wrong(part, f"the raw score {one.raw!r:.40}; it must be a number, or None")
    if not isinstance(one.verdict, bool | None) or not isinstance(one.text, str):
        raise _wrong(part, "a verdict that is not True, False or None, or a text that is none")
    if not all(map(_share, one.step_scores)):
        raise _wrong(part, "a step score that is not from 0 to 1")


def _listed(part: Part, found: Any, kind: type[T]) -> list[T]:
    if not isinstance(found, list | tuple):
        raise _wrong(part, f"{_a(found)} instead of a list of {kind.__name__}s")
    for one in found:
        if not isinstance(one, kind):
            raise _wrong(part, f"{_a(one)} among its {kind.__name__}s")
    return list(found)


def _a(value: object) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def _check_tokens(part: Part, one: Solution | Verification) -> None:
    for value in (one.prompt_tokens, one.completion_tokens):
        if not _whole(value):
            raise _wrong(part, f"{value!r:.40} tokens")


def _whole(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and 0 <= int(value) == value < 2**31
    except (TypeError, ValueError, OverflowError):
        return False


def _share(value: Any) -> bool:
    try:
        return not isinstance(value, str) and math.isfinite(value) and 0 <= value <= 1
    except (TypeError, ValueError, OverflowError):
        return False


def _wrong(part: Part, what: str) -> PluginError:
    of = plugin_of(type(part)) or f"the {part.kind} {type(part).__name__}"
    return PluginError(f"{of} gave {what}")
