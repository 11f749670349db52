"""What methods need of a model against what a backend offers, told before the first call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ttc.core import Capabilities
from ttc.faults import Fault, KeyPath
from ttc.registry import Part

_WORDS = {
    "chat": "chat prompts",
    "raw": "raw prompts",
    "max_n": "more samples a call",
    "seed": "seeds",
    "logprobs": "token log probabilities",
    "prefill": "the continuation of a begun answer",
    "stop": "stop texts",
    "step_scores": "scores of reasoning steps",
    "hidden_states": "hidden states",
    "deterministic": "seeds that fix a sample exactly",
}


def offered(backend: Any) -> Capabilities | None:
    """What a backend's config says it offers; None for a plug-in that does not say."""
    try:
        offers = backend.offers
    except (AttributeError, NotImplementedError):
        return None
    return offers if isinstance(offers, Capabilities) else None


def needed(part: Part) -> dict[str, int]:
    """The least capabilities of the model that a method needs: what it declares, and stop texts."""
    declared: Mapping[str, int] = getattr(part, "needs", {})
    stop = {"stop": 1} if getattr(part, "stop", ()) else {}
    return {**stop, **{name: int(least) for name, least in declared.items()}}


def lacking(part: Part, offers: Capabilities) -> list[str]:
    """The names of the capabilities that a method needs and that are not offered."""
    return [name for name, least in needed(part).items() if int(getattr(offers, name, 0)) < least]


def check_capabilities(at: KeyPath, part: Part, backend: Any) -> Iterator[Fault]:
    """Faults of a method, and of methods inside it; `at` is its key path.

    A part's own `backend` stands before the one that is given.
    """
    backend = getattr(part, "backend", None) or backend
    offers = offered(backend)
    if offers is not None:
        for name in lacking(part, offers):
            path = (*at, name) if name in type(part).model_fields else at
            yield Fault(path, lack(part, name, backend.type))
    for field in type(part).model_fields:
        inner = getattr(part, field)
        if isinstance(inner, Part) and inner.kind == part.kind:
            yield from check_capabilities((*at, field), inner, backend)


def lack(part: Any, name: str, backend: str) -> str:
    """The sentence on a missing capability."""
    return (
        f"{part.type!r} needs {_WORDS.get(name, name)} here (capability {name}), which the backend "
        f"{backend!r} does not offer as it is set; `ttc backends` shows what each offers"
    )
