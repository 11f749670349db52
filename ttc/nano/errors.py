"""What can go wrong with a nano model."""

from __future__ import annotations

from collections.abc import Iterable

from ttc.errors import BackendError, CallFailed, DataError


class UnknownModel(BackendError):
    """No nano model has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown nano model {name!r}; known: {', '.join(known)}")


class BadWeights(DataError):
    """A weight file is missing or is not the one whose hash was recorded."""


class NoRewardHead(BackendError):
    """Step scores were asked of a network that has no reward head."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} scores no steps; use nano-prm")


class ContextOverflow(CallFailed):
    """A prompt leaves no room in the context."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"the prompt has {tokens} tokens, the context of this nano model holds {context}",
            reason="context_length",
        )
        self.tokens = tokens
        self.context = context
