"""Labels by agreement of analyses and of verdicts on them (DeepSeekMath-V2)."""

from __future__ import annotations

from collections.abc import Sequence


def upheld(verdicts: Sequence[float | None], confirms: float) -> bool:
    """Whether more than half of the verdicts on an analysis that can be read confirm it."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return 2 * sum(verdict >= confirms for verdict in known) > len(known)


def label_of(scores: Sequence[float], valid: Sequence[float], support: int) -> float | None:
    """The lowest score below 1 that at least `support` valid analyses gave; 1 where none is valid.

    scores: of all analyses that can be read; valid: of those below 1 that were upheld. None, the
    solution is discarded, where valid ones have too little support, or nothing can be read.
    """
    supported = [score for score in set(valid) if valid.count(score) >= support]
    if supported:
        return min(supported)
    return None if valid or not scores else 1.0
