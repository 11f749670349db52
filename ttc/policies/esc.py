"""Early-stopping self-consistency: stop at a window of solutions that agree (arXiv 2401.10480)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class EarlyStopping(StoppingRule):
    """Majority vote that stops at a window of solutions with one answer (arXiv 2401.10480)."""

    title: ClassVar[str] = "early-stopping self-consistency"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"window": (2, 3, 4, 5, 8)}

    type: Literal["esc"] = "esc"
    window: int = Field(default=5, ge=1, le=1_000_000)
    """Solutions drawn between two looks, all of which must agree. Unreadable answers never do."""

    def choose(self, drawn: Drawn) -> int:
        """That of the window that it stopped at, though others may have more votes; else those."""
        return int(drawn.classes[-1]) if self.enough(drawn) else plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        last = drawn.classes[-self.window :]
        whole = len(drawn) > 0 and len(drawn) % self.window == 0
        return whole and bool(last[0] >= 0 and np.all(last == last[0]))
