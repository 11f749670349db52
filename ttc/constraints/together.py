"""What is asked of several responses to one prompt (arXiv 2403.06326).

They are the solutions that were judged together: at fewer solutions than that, curves read scores
that already know of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ttc.constraints.base import Together


class Distinct(Together):
    """No earlier response says the same; case and white space are ignored."""

    type: Literal["distinct"] = "distinct"

    def hold(self, responses: Sequence[str], classes: Sequence[int]) -> list[bool]:
        plain = [" ".join(response.lower().split()) for response in responses]
        first = {text: i for i, text in reversed(list(enumerate(plain)))}
        return [first[text] == i for i, text in enumerate(plain)]


class Agreeing(Together):
    """Enough of all responses, itself among them, give its answer."""

    type: Literal["agreeing"] = "agreeing"
    share: float = Field(default=0.5, gt=0, le=1)
    """Of all responses, those without an answer too."""

    def hold(self, responses: Sequence[str], classes: Sequence[int]) -> list[bool]:
        votes = Counter(classes)
        return [c >= 0 and votes[c] >= self.share * len(classes) for c in classes]
