"""How policies and units are called in figures and tables for people."""

from __future__ import annotations

_POLICIES = {
    "majority": "self-consistency",
    "oracle": "coverage",
    "first": "one solution",
    "best_of_n": "best-of-N",
    "weighted_majority": "weighted majority",
    "pessimistic": "pessimistic",
}
_AXES = {
    "c": "in solutions, S(1 + \N{GREEK SMALL LETTER LAMDA}V)",
    "tokens": "in tokens",
    "flops": "in FLOPs",
    "usd": "in USD",
    "calls": "in calls",
    "seconds": "in seconds of calls",
}


def shown_policy(name: str) -> str:
    """`best-of-N` for best_of_n; a policy of somebody else's under its own name."""
    return _POLICIES.get(name, name)


def axis(unit: str) -> str:
    """What a compute axis counts."""
    return _AXES.get(unit, f"in {unit}")
