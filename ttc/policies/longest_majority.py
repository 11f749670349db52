"""Longest majority vote: the mirror image of shortest majority (arXiv 2502.12215), ours."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.policies.shortest_majority import LengthPolicy
from ttc.registry import register


@register
class LongestMajority(LengthPolicy):
    """Votes of an answer times the log of its solutions' mean length: for those that gain by it.

    With `voters` m, majority vote of the m longest solutions.
    """

    title: ClassVar[str] = "longest majority"
    sign: ClassVar[int] = -1

    type: Literal["longest_majority"] = "longest_majority"
