"""A network whose tokens a smaller one drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ttc.errors import BackendError
from ttc.nano.engine import NanoModel, Rows
from ttc.nano.sampling import Row, Sample
from ttc.nano.speculation.rounds import TreeBatch, advance
from ttc.nano.speculation.tree import Tree


class Speculative(NanoModel):
    """The target's samples, in distribution; at temperature 0, the very same.

    Samples depend on weights, prompt, parameters, tree and their own seed, as all of `ttc.nano`.
    """

    def __init__(self, target: NanoModel, draft: NanoModel, widths: Sequence[int]) -> None:
        """Raises `BackendError` for networks that don't read the same tokens, or a draft that
        reads fewer than its target; `ValueError` for a tree that can't be.
        """
        self.info = target.info
        self.forward = target.forward
        self.tokenizer = target.tokenizer
        self.draft = draft
        self.tree = Tree(tuple(widths))
        ours, theirs = target.forward.config, draft.forward.config
        if ours.tokens != theirs.tokens:
            raise BackendError(
                f"{draft.info.name} can't draft for {target.info.name}: its tokens are others"
            )
        if theirs.context < ours.context:
            raise BackendError(
                f"{draft.info.name} can't draft for {target.info.name}: it reads {theirs.context} "
                f"tokens, not {ours.context}"
            )

    def batch(self) -> Rows:
        """An empty one."""
        return TreeBatch(self.draft.forward, self.forward, self.tree)

    def advance(self, batch: Any) -> list[tuple[Row, Sample]]:
        """One round for all rows of a batch; returns those that ended, which leave it."""
        return advance(batch)
