"""What methods need of a model against what a backend offers, told before the first call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttc.core import Capabilities
from ttc.faults import Fault, KeyPath
from ttc.registry import MethodPart, walk_models

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
    "text_logprobs": "log-probabilities of given texts",
    "deterministic": "seeds that fix a sample exactly",
}


def offered(backend: Any) -> Capabilities | None:
    """What a backend's config says it offers; None for a plug-in that does not say."""
    try:
        offers = backend.offers
    except (AttributeError, NotImplementedError):
        return None
    return offers if isinstance(offers, Capabilities) else None


def needed(part: MethodPart, field: str = "backend") -> dict[str, int]:
    """The least capabilities that a method needs of the model behind one of its fields.

    It declares them (`needs`: of another field than `backend` as `prm.step_scores`); stop texts
    show by themselves.
    """
    found = {"stop": 1} if field == "backend" and getattr(part, "stop", None) else {}
    for name, least in part.needs.items():
        of, _, capability = name.rpartition(".")
        if (of or "backend") == field:
            found[capability] = int(least)
    return found


def lacking(part: MethodPart, offers: Capabilities, field: str = "backend") -> list[str]:
    """The names of the capabilities that a method needs and that are not offered."""
    wanted = needed(part, field).items()
    return [name for name, least in wanted if int(getattr(offers, name, 0)) < least]


def check_capabilities(at: KeyPath, part: MethodPart, backend: Any) -> Iterator[Fault]:
    """Faults of a method, and of methods inside it; `at` is its key path, `backend` the default."""
    for path, one, _, models in walk_models(part, at, backend):
        for field, model in models.items():
            offers = offered(model)
            for name in () if offers is None else lacking(one, offers, field):
                inside = field if field != "backend" else name
                known = inside in type(one).model_fields
                yield Fault((*path, inside) if known else path, lack(one, name, model.type))


def lack(part: Any, name: str, backend: str) -> str:
    """The sentence on a missing capability."""
    return (
        f"{part.type!r} needs {_WORDS.get(name, name)} here (capability {name}), which the backend "
        f"{backend!r} does not offer as it is set; `ttc backends` shows what each offers"
    )
