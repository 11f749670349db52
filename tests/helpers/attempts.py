"""Attempts at a problem with models of a test's own."""

from __future__ import annotations

from ttc.answers import AnswerRule
from ttc.attempt.live import LiveAttempt, Seat, World
from ttc.core import Model, Problem
from ttc.registry import Part, walk


def attempt_of(
    part: Part,
    problem: Problem,
    backend: Model,
    *,
    prompt: str = "cot",
    sandbox: Model | None = None,
    **models: Model,
) -> LiveAttempt:
    """For a part, and all parts in it. models: those of other fields."""
    given = {"backend": backend, **models}
    by_part = {path: given for path, *_ in walk(part)}
    world = World(by_part, AnswerRule(), prompt, seed=0, sandbox=sandbox)
    role = "solver" if part.kind == "sampler" else "verifier"
    return LiveAttempt(world, world.begin(problem).root, Seat(part, (), role, ()))
