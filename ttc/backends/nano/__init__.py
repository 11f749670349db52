"""The embedded nano models as a backend: no key, no download, exact seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, field_validator

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


@register
class Nano(BackendPart):
    """The embedded model organism: tiny networks that solve, err and verify on a CPU."""

    type: Literal["nano"] = "nano"
    model: str = Field(default="nano-solver", json_schema_extra=_complete)
    """Which network: nano-solver, the smaller nano-draft, nano-roles; nano-verifier, nano-judge and
    nano-grader judge, each by the prompts named after it; nano-prm scores steps; nano-repair
    repairs programs."""

    @field_validator("model")
    @classmethod
    def _known(cls, name: str) -> str:
        from ttc import nano

        if name not in nano.models():
            raise ValueError(f"no nano model is called {name[:60]!r}{nearest(name, nano.models())}")
        return name

    @property
    def offers(self) -> Capabilities:
        return replace(CAPABILITIES, step_scores=self.model == _REWARDS)

    def open(self) -> Backend:
        from ttc.backends.nano.client import NanoBackend

        return NanoBackend(self.model, self.offers)
