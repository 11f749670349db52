"""What each backend offers, for `ttc backends` and for recipes that need a capability."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from ttc.registry import parts, summary

# The module that shows whether an optional dependency group is installed.
_MODULES = {"transformers": "transformers", "vllm": "vllm", "llama-cpp": "llama_cpp"}


def capabilities_table() -> list[dict[str, Any]]:
    """One row per backend: `type`, `summary`, `extra`, `installed` and every capability by name.

    Capabilities are the most that a backend offers with its default settings; a server or provider
    may have less. They are None for a plug-in that does not state them.
    """
    rows = []
    for name, cls in parts("backend").items():
        try:
            # Required fields (a model's name) change nothing about what is offered.
            offers = asdict(cls.model_construct().offers)  # type: ignore[attr-defined]
        except (AttributeError, NotImplementedError):
            offers = {}
        rows.append(
            {
                "type": name,
                "summary": summary(cls),
                "extra": cls.extra,
                "installed": cls.extra is None or _installed(cls.extra),
                **offers,
            }
        )
    return rows


def _installed(extra: str) -> bool:
    return find_spec(_MODULES.get(extra, extra)) is not None
