"""What a server says of its model, from the entry in its /models list."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ttc.core import ModelIdentity
from ttc.errors import BackendError, RetryableError

_SHOWN = 8
_LONGEST = 1_000  # characters of what a server says of its model
_ABSURD = 1e18  # no model has as many parameters
# Names that servers give to the same facts: ours, vLLM's, llama.cpp's, routers'.
_FACTS = {
    "parameters": ("parameters", "n_params"),
    "layers": ("layers", "n_layer"),
    "width": ("width", "n_embd"),
    "context_length": ("context_length", "max_model_len", "context_window", "n_ctx_train"),
    "root": ("root",),
    "owned_by": ("owned_by",),
}
_WORDS = ("root", "owned_by")
_REVISIONS = ("revision", "system_fingerprint", "fingerprint", "digest", "sha")


def find_model(listing: object, model: str, endpoint: str) -> Mapping[str, Any]:
    """The entry of a model. Raises `BackendError` with the models that there are."""
    entries = _entries(listing)
    if entries is None:
        raise RetryableError(f"{endpoint}/models: the reply is not a list of models")
    if model in entries:
        return entries[model]
    raise BackendError(f"{endpoint} has no model {model!r}; {_available(model, list(entries))}")


def model_names(listing: object) -> list[str]:
    """The names in a /models list, in its order."""
    return list(_entries(listing) or {})


def _entries(listing: object) -> dict[str, Mapping[str, Any]] | None:
    data = listing.get("data", listing.get("models")) if isinstance(listing, Mapping) else None
    if not isinstance(data, list):
        return None
    named = ((e.get("id", e.get("name")), e) for e in data if isinstance(e, Mapping))
    return {name: e for name, e in named if isinstance(name, str)}


def _available(model: str, names: list[str]) -> str:
    if not names:
        return "it lists none"
    near = difflib.get_close_matches(model, names, 1, 0.4)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}It has: {', '.join(sorted(names)[:_SHOWN])}{more}"


def variant(omit: Sequence[str], extra_body: Mapping[str, Any]) -> str:
    """A digest of what settings add to and take from each request; empty where that is nothing.

    Two recipes that differ in it may not share samples. A digest, since a field may hold a secret.
    """
    if not omit and not extra_body:
        return ""
    text = json.dumps([sorted(omit), extra_body], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_entries(
    backend: str,
    model: str,
    urls: Iterable[str],
    entries: Sequence[Mapping[str, Any]],
    variant: str = "",
    served_as: str | None = None,
) -> ModelIdentity:
    """One identity for all servers of a pool; differing revisions are all named.

    urls: of the whole pool, entries: of those that answered. A server that is down now must not
    give the samples another name.
    """
    revisions = sorted({r for e in entries if (r := _revision(e))})
    facts: dict[str, Any] = {}
    for entry in entries:
        facts |= _facts(entry)
    return ModelIdentity(
        backend=backend,
        model=model,
        endpoint=" ".join(sorted(set(urls))),
        revision=" ".join(revisions),
        facts=facts,
        variant=variant,
        served_as=served_as or "",
    )


def _revision(entry: Mapping[str, Any]) -> str:
    found = (entry[k] for k in _REVISIONS if isinstance(entry.get(k), str | int))
    return next((str(r)[:_LONGEST] for r in found if r), "")


def _facts(entry: Mapping[str, Any]) -> dict[str, Any]:
    meta = entry.get("meta")
    known = {**entry, **(meta if isinstance(meta, Mapping) else {})}
    return {
        fact: value
        for fact, names in _FACTS.items()
        for name in reversed(names)
        if (value := _fact(fact, known.get(name))) is not None
    }


def _fact(name: str, value: object) -> str | int | float | None:
    """A fact of a usable kind: what costs are counted from is an amount, or it is not known."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if name in _WORDS:
        return value if len(str(value)) <= _LONGEST else None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not 0 < number < _ABSURD:
        return None
    return number if isinstance(value, str) else value
