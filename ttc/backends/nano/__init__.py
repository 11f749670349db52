"""The embedded nano models as a backend: no key, no download, exact seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ttc.backends import BackendPart
from ttc.core import Backend, Capabilities
from ttc.registry import register
from ttc.words import nearest

CAPABILITIES = Capabilities(
    chat=True,
    raw=True,
    max_n=256,
    seed=True,
    logprobs=20,
    prefill=True,
    stop=True,
    text_logprobs=True,
    deterministic=True,
)

_REWARDS = "nano-prm"


def _complete(schema: dict[str, Any]) -> None:
    """Let editors complete the names of networks."""
    from ttc import nano

    schema["enum"] = list(nano.models())


def _named(name: str) -> str:
    from ttc import nano

    if name not in nano.models():
        raise ValueError(f"no nano model is called {name[:60]!r}{nearest(name, nano.models())}")
    return name


class NanoSpeculation(BaseModel):
    """A smaller network drafts tokens, the model reads all drafts of a round in one pass."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    draft: str = Field(default="nano-draft", json_schema_extra=_complete)
    """Which network drafts; it must read the same tokens."""
    tokens: int | None = Field(default=None, ge=1, le=16)
    """A chain of so many drafts in a round; 4 where no tree is given."""
    tree: tuple[int, ...] | None = None
    """Instead, a tree: branches of each token, by depth. [3, 1] drafts three tokens, and behind
    each of them one more."""

    _draft = field_validator("draft")(_named)

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        from ttc.nano.speculation.tree import Tree

        if self.tokens is not None and self.tree is not None:
            raise ValueError("give either tokens, a chain, or a tree")
        Tree(self.widths)
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Branches by depth; a chain has one."""
        return (1,) * (self.tokens or 4) if self.tree is None else self.tree


@register
class Nano(BackendPart):
    """The embedded model organism: tiny networks that solve, err and verify on a CPU."""

    later: ClassVar[frozenset[str]] = frozenset({"speculation"})

    type: Literal["nano"] = "nano"
    model: str = Field(default="nano-solver", json_schema_extra=_complete)
    """Which network: nano-solver, the smaller nano-draft, nano-roles; nano-verifier, nano-judge and
    nano-grader judge, each by the prompts named after it; nano-prm scores steps; nano-repair
    repairs programs."""
    speculation: NanoSpeculation | None = None
    """Draw samples by drafts of a smaller network: the same distribution, with its own costs."""

    _model = field_validator("model")(_named)

    @model_validator(mode="after")
    def _alike(self) -> Self:
        from ttc import nano

        if self.speculation is not None:
            draft = self.speculation.draft
            ours, theirs = nano.info(self.model), nano.info(draft)
            if ours.vocab != theirs.vocab or theirs.context_length < ours.context_length:
                raise ValueError(
                    f"{draft} can't draft for {self.model}: it must read the same tokens, and as "
                    "many; nano-draft drafts for nano-solver and nano-verifier"
                )
        return self

    @property
    def offers(self) -> Capabilities:
        return replace(CAPABILITIES, step_scores=self.model == _REWARDS)

    def open(self) -> Backend:
        from ttc.backends.nano.client import NanoBackend

        return NanoBackend(self.model, self.offers, self.speculation)
