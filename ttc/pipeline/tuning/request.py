"""What is asked of `ttc tune`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ttc.pipeline.tuning.weights import Method


@dataclass(frozen=True)
class TuneRequest:
    """What is tuned of a run, and on how many of its problems.

    policies: labels, types or aliases; None: those of the run that have something to tune, or, with
    weights, none. grid: values by field. problems: how many to tune on, else `share` of them.
    solutions, verifications: S and V to tune at, the most that the grid has by default; budget: the
    best S and V within this much of `unit` instead. weights: how verifiers are to be weighed, those
    of `verifier` (names with commas) where it names several, else all.
    """

    policies: tuple[str, ...] | None = None
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    verifier: str | None = None
    problems: int | None = None
    share: float = 0.3
    solutions: int | None = None
    verifications: int | None = None
    budget: float | None = None
    unit: str = "tokens"
    overrides: tuple[str, ...] = ()
    scoring: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    weights: tuple[Method, ...] = ()
