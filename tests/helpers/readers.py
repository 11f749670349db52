"""Models of a test's own that read texts: what they say of a passage, and what they were shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ttc.core import Capabilities, Completion, ModelIdentity, Passage


class Reader:
    """says(passage) is the completion of a reading."""

    def __init__(self, says: Callable[[Passage], Completion], name: str = "reader") -> None:
        self.says = says
        self.capabilities = Capabilities(raw=True, step_scores=True, text_logprobs=True)
        self.identity = ModelIdentity("test", name)
        self.shown: list[Passage] = []

    async def sample(self, prompt: Any, params: Any, n: int, **_: Any) -> list[Completion]:
        assert n == 1
        self.shown.append(prompt)
        return [self.says(prompt)]


def scored(*scores: float, tokens: int = 9) -> Completion:
    """A reading's scores of steps."""
    return Completion("", "read", tokens, 0, scores=scores, seconds=0.5)


def failed(reason: str, said: str = "the server's words") -> Completion:
    """A reading that gave nothing."""
    return Completion("", reason, 0, 0, error=said)
