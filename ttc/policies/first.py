"""The first solution, unselected: mean accuracy."""

from __future__ import annotations

from typing import Literal

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register


@register
class First(PolicyPart):
    """The first solution, unselected: mean accuracy."""

    type: Literal["first"] = "first"

    def choose(self, drawn: Drawn) -> int:
        return int(drawn.classes[0]) if len(drawn.classes) else -1
