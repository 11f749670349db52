"""Whether shards are all there, each once, of one recipe, dataset and model, within the budget."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ttc.budget.allocation import SLACK
from ttc.core.shard import Shard
from ttc.errors import Busy, DataError
from ttc.pipeline.sharding.gather import Gathered
from ttc.pipeline.sharding.second_pass import parts_of, run_limits, totals
from ttc.pipeline.sharding.tables import same_rows
from ttc.recipe.shipped import shipped_files
from ttc.store.columns import RUN_TABLES, TableName
from ttc.store.lock import held
from ttc.store.manifest import Manifest
from ttc.store.read_status import look
from ttc.store.run_folder import RunFolder
from ttc.words import listed

Chosen = Mapping[Shard, tuple[RunFolder, Manifest]]


def choose(gathered: Gathered) -> dict[Shard, tuple[RunFolder, Manifest]]:
    """One folder for each shard.

    Raises `DataError` that names the shards which are missing or not done, with the command that
    does them, and for two different results of one shard.
    """
    chosen: dict[Shard, tuple[RunFolder, Manifest]] = {}
    lacking: dict[Shard, str] = {}
    for shard in (Shard(number, gathered.of) for number in range(1, gathered.of + 1)):
        folders = gathered.shards.get(shard, [])
        done = [one for one in folders if _is_done(one)]
        if done:
            chosen[shard] = done[0], _noted(done[0], shard)
            for other in done[1:]:
                _require_equal(shard, chosen[shard], other)
        else:
            lacking[shard] = _why_not(folders[0]) if folders else "missing"
    if lacking:
        raise DataError(_lacking(gathered, lacking))
    return chosen


def require_still(chosen: Chosen) -> None:
    """Raise `Busy` where a process works on one of these shards, or has since they were chosen."""
    for shard, (folder, manifest) in chosen.items():
        now = folder.earlier()
        if held(folder) or now is None or now.model_dump_json() != manifest.model_dump_json():
            raise Busy(
                f"shard {shard} began again meanwhile; merge when it has ended: ttc status "
                f"{folder.path}"
            )


def _is_done(folder: RunFolder) -> bool:
    return folder.complete() and not look(folder)[1]


def _noted(folder: RunFolder, shard: Shard) -> Manifest:
    manifest = folder.manifest()
    note = manifest.shard
    if note is None or (note.number, note.of) != (shard.number, shard.of):
        raise DataError(
            f"{folder.manifest_path} is not of shard {shard}, as the folder is called; was it "
            "renamed or copied over another?"
        )
    return manifest


def _why_not(folder: RunFolder) -> str:
    """In the words of `ttc status`; damaged: it ended as planned, but its files are not whole."""
    try:
        status, alive = look(folder)
        state = status.state if alive else folder.manifest().status
    except DataError:
        return "damaged"
    if state == "interrupted":
        return state if status.state in ("complete", "budget") else status.state
    return "running" if alive else "damaged"


def recipe_word(run: RunFolder) -> str:
    """What stands for a run's recipe in a command: its name, where that is a shipped recipe's."""
    return run.recipe_name if run.recipe_name in shipped_files() else "RECIPE"


def whole_command(run: RunFolder) -> str:
    """What does on one machine what its shards left."""
    return f"ttc run {recipe_word(run)}, as the shards were run but without --shard"


def _lacking(gathered: Gathered, lacking: Mapping[Shard, str]) -> str:
    """What tells which shards are to be done, with the command."""
    by_state: dict[str, list[Shard]] = {}
    for shard, state in lacking.items():
        by_state.setdefault(state, []).append(shard)
    told = "; ".join(
        f"{state}: {listed([str(shard) for shard in shards])}" for state, shards in by_state.items()
    )
    todo = [shard for shard, state in lacking.items() if state != "running"]
    name = recipe_word(gathered.run)
    mend = (
        ". Do them as the others were done, with the same recipe and --set: "
        f"ttc run {name} --shard {todo[0]}" + (" and so on" if len(todo) > 1 else "")
        if todo
        else ""
    )
    done = gathered.of - len(lacking)
    return f"{gathered.run.name}: {done} of {gathered.of} shards are done, {told}{mend}"


def _require_equal(shard: Shard, one: tuple[RunFolder, Manifest], other: RunFolder) -> None:
    folder, manifest = one
    theirs = _noted(other, shard)
    if manifest.tables == theirs.tables:
        return
    at = same_rows(folder, other, tables_of(manifest))
    if {*manifest.tables} != {*theirs.tables} or at:
        where = f", at problem {at!r} first" if at else ""
        raise DataError(
            f"{folder.path} and {other.path} are two different results of shard {shard}{where}: "
            "leave one of them out"
        )


def tables_of(manifest: Manifest) -> list[TableName]:
    """The tables that a shard has."""
    return [name for name in RUN_TABLES if name in manifest.tables and name != "curves"]


def digest_of(manifest: Manifest) -> str:
    """What tells a shard's tables from any others."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(manifest.tables.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def require_alike(chosen: Chosen) -> None:
    """Raise `DataError` unless all shards are of one recipe, code, dataset and set of tables."""
    (first, known), *others = chosen.values()
    for folder, manifest in others:
        both = f"{first.path} and {folder.path}"
        if (manifest.identity, manifest.seed) != (known.identity, known.seed):
            raise DataError(f"{both} are of different recipes: {_differing(known, manifest)}")
        if (manifest.dataset, manifest.shard and manifest.shard.problems) != (
            known.dataset,
            known.shard and known.shard.problems,
        ):
            raise DataError(f"{both} are of different datasets, though of one recipe")
        if manifest.code != known.code:
            raise DataError(f"{both} were made with different code of {_codes(known, manifest)}")
        if tables_of(manifest) != tables_of(known):
            raise DataError(f"{both} have different tables: was a version of ttc another one?")


def _differing(one: Manifest, other: Manifest) -> str:
    from ttc.recipe.differences import differences

    recipes = {
        "one": {**one.recipe, "seed": one.seed},
        "other": {**other.recipe, "seed": other.seed},
    }
    _, each = differences(recipes)
    told = [f"{key} is {each['one'][key]!r} and {each['other'][key]!r}" for key in each["one"]]
    return listed(told) if told else "in what their files hold"


def _codes(one: Manifest, other: Manifest) -> str:
    names = {*one.code, *other.code}
    return ", ".join(sorted(n for n in names if one.code.get(n) != other.code.get(n)))


def require_within_budget(manifests: Sequence[Manifest]) -> None:
    """Raise `DataError` where shards used more than the run may: they are no parts of one."""
    limits, parts = run_limits(manifests[0]), parts_of(manifests)
    if not limits:
        return
    for what in ("used", "billed"):
        spent = totals(parts, what)
        for unit, limit in limits.items():
            if spent[unit] > limit * (1 + SLACK):
                raise DataError(
                    f"the shards {what} {spent[unit]:,.6g} {unit} together, more than the run may "
                    f"(budget.per_run.{unit}: {limit:,.6g})"
                )
