"""The manifests of shards as one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ttc.budget.cost import UNITS
from ttc.core.shard import Shard
from ttc.pipeline.sharding.checks import Chosen, digest_of
from ttc.pipeline.sharding.models import merged_models
from ttc.pipeline.sharding.second_pass import note_left
from ttc.store.failures import Failure
from ttc.store.manifest import Manifest, Try


def merged_manifest(chosen: Chosen, earlier: Sequence[Try] = ()) -> Manifest:
    """Of the whole run, but for what is known once its tables are there. earlier: tries of the
    whole run before. Raises `DataError` for shards that had different models.
    """
    manifests = [manifest for _, manifest in chosen.values()]
    whole = manifests[0].model_copy(deep=True)
    whole.shard = None
    whole.models = merged_models(chosen)
    whole.ledger = merged_ledger([one.ledger for one in manifests])
    whole.failures = merged_failures([one.failures for one in manifests])
    whole.timing = _timing([one.timing for one in manifests])
    whole.tries = _tries(chosen, earlier)
    whole.started = min([one.started for one in manifests] + [one.started for one in earlier])
    whole.ended = max((one.ended for one in manifests if one.ended is not None), default=None)
    whole.note = "; ".join(dict.fromkeys(one.note for one in manifests if one.note))
    whole.status = "budget" if whole.ledger["exhausted_problems"] else "complete"
    whole.merged = note_left(manifests)
    whole.merged.shards = {str(shard): digest_of(one) for shard, (_, one) in chosen.items()}
    return whole


def merged_ledger(ledgers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum of what shards used and paid for, by role."""
    roles = dict.fromkeys(role for one in ledgers for role in one.get("roles", {}))
    return {
        "rounds": max(int(one.get("rounds", 1)) for one in ledgers),
        "exhausted_problems": sum(int(one.get("exhausted_problems", 0)) for one in ledgers),
        "roles": {
            role: _sums(one["roles"][role] for one in ledgers if role in one.get("roles", {}))
            for role in roles
        },
        "fingerprint": _sums(one.get("fingerprint", {}) for one in ledgers),
        "lost": {
            u: math.fsum(float(one.get("lost", {}).get(u, 0)) for one in ledgers) for u in UNITS
        },
    }


def _sums(counters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for one in counters:
        for name, value in one.items():
            found.setdefault(name, []).append(value)
    whole = {name: all(isinstance(v, int) for v in values) for name, values in found.items()}
    return {name: sum(v) if whole[name] else math.fsum(v) for name, v in found.items()}


def merged_failures(each: Sequence[Mapping[str, Failure]]) -> dict[str, Failure]:
    """By reason: how many of all shards, and the words of the first."""
    found: dict[str, Failure] = {}
    for reason, one in (pair for failures in each for pair in failures.items()):
        known = found.setdefault(reason, Failure(example=one.example, fix=one.fix))
        known.samples += one.samples
        known.from_journal += one.from_journal
    return found


def _timing(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """All shards' time, and that of the slowest, which is what their user waited for at least."""
    seconds = [float(one.get("sampling_seconds", 0.0)) for one in each]
    return {
        "sampling_seconds": math.fsum(seconds),
        "slowest_shard_seconds": max(seconds),
    }


def _tries(chosen: Chosen, earlier: Sequence[Try]) -> list[Try]:
    tries = [*earlier]
    for shard, (_, manifest) in chosen.items():
        tries += [_of_shard(one, shard) for one in manifest.tries]
    return sorted(tries, key=lambda one: one.started)


def _of_shard(one: Try, shard: Shard) -> Try:
    return one.model_copy(update={"shard": str(shard)})
