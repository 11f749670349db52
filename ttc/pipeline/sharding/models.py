"""Whether all shards asked the same models, as far as these say what they are, and fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttc.core.shard import Shard
from ttc.errors import DataError
from ttc.fingerprint import Fingerprint, another, changed
from ttc.pipeline.sharding.checks import Chosen
from ttc.store.manifest import Model


def merged_models(chosen: Chosen) -> dict[str, Model]:
    """The models of all shards by their name in the recipe, with all their fingerprints.

    Raises `DataError` for shards that had different models, naming both. What number formats and
    kernels do to one model is a warning, as within a run.
    """
    found: dict[str, Model] = {}
    whose: dict[str, Shard] = {}
    for shard, (_, manifest) in chosen.items():
        for role, model in manifest.models.items():
            if role not in found:
                found[role], whose[role] = model.model_copy(deep=True), shard
                continue
            if _scope(model) != _scope(found[role]):
                raise DataError(
                    f"{role}: shard {whose[role]} had {_shown(found[role])}, shard {shard} had "
                    f"{_shown(model)}; shards of one run have one model"
                )
            _add_fingerprints(role, found[role], whose[role], model, shard)
    return found


def _scope(model: Model) -> list[str]:
    """See `ModelIdentity.scope`."""
    named = model.revision or model.served_as or model.endpoint
    return [model.backend, model.model, named, model.variant]


def _shown(model: Model) -> str:
    which = model.revision or model.served_as or model.endpoint
    return f"{model.backend} {model.model}" + (f" ({which})" if which else "")


def _add_fingerprints(role: str, known: Model, first: Shard, model: Model, shard: Shard) -> None:
    known.warning = known.warning or model.warning
    for given in filter(_legible, model.fingerprints):
        new = Fingerprint.from_dict(given)
        kept = filter(_legible, known.fingerprints)
        others = [(one, Fingerprint.from_dict(one)) for one in kept]
        for one, before in others:
            said = changed(before, new)
            if said is not None and another(before, new):
                raise DataError(
                    f"{role}: {_shown(model)} of shard {shard} is another model than that of shard "
                    f"{first}: {said} (fingerprints {one.get('digest')} of {one.get('taken')} and "
                    f"{given.get('digest')} of {given.get('taken')}); do one of them again with "
                    "the other's model"
                )
            if said is not None and not known.warning:
                known.warning = f"{_shown(model)} was not the same in all shards: {said}"
        if all(changed(before, new) is not None for _, before in others):
            known.fingerprints.append(dict(given))


def _legible(given: Mapping[str, Any]) -> bool:
    """Whether it is a fingerprint, and not what a careless hand left of one."""
    try:
        tops = Fingerprint.from_dict(given).tops.values()
    except (ValueError, TypeError):
        return False
    return all(isinstance(nats, int | float) for top in tops for nats in top.values())
