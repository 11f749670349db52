"""What a shell offers when somebody presses the tab key: names of folders and of small files.

Nothing is imported that takes time, since each press is a process of its own, and no run is opened.
Names in data are foreign, and what is offered ends up on a command line: a name that a shell would
read as more than a word is not offered.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import typer

from ttc.shipped import shipped_files, shipped_sweeps

UNITS = ("tokens", "flops", "usd", "calls", "seconds", "c")
LATENCY = "latency"
KINDS = ("backend", "dataset", "sampler", "verifier", "policy")
_FOLDERS = {
    "backend": "backends",
    "dataset": "datasets",
    "sampler": "samplers",
    "verifier": "verifiers",
    "policy": "policies",
}
_USUAL: dict[str, Any] = {
    "seed": 1,
    "name": "mine",
    "results": "results",
    "backend": None,
    "sampler": None,
    "dataset": None,
    "budget.per_run.tokens": 100_000,
}
"""Keys that any recipe may have, with a value as an example."""
_PACKAGE = Path(__file__).parents[1]
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
_TYPE = re.compile(r'^    type: Literal\["([a-z0-9_-]+)"\]', re.MULTILINE)
_ALIASES = re.compile(r"^    aliases: [^=\n]*= \(([^)\n]*)\)", re.MULTILINE)
_MOST = 300  # names that are offered
_LARGEST = 2**22  # bytes of a manifest that is looked into
_BASH = "complete_bash"


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of recipes that have runs, then `recipe/id`; ids where one is begun."""
    there = _runs(_root(ctx))
    found = [name for name in there if name.startswith(incomplete)]
    named = [f"{name}/{id_}" for name, ids in there.items() for id_ in ids]
    if "/" in incomplete or len(found) == 1:
        found += [name for name in named if name.startswith(incomplete)]
    elif incomplete:
        ids = [id_ for own in there.values() for id_ in own]
        found += [id_ for id_ in ids if id_.startswith(incomplete)]
    return _offered(found, incomplete)


def recipes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Shipped recipes, and recipe files in the folder that is begun; the latter as files."""
    found = [*shipped_files(), *_files(incomplete)]
    return _offered(found, incomplete)


def sweeps(ctx: typer.Context, incomplete: str) -> list[str]:
    """Sweeps that were begun, shipped ones, recipes and files."""
    begun = sorted(path.name for path in _inside(_root(ctx) / "sweeps") if path.is_dir())
    return _offered([*begun, *shipped_sweeps(), *shipped_files(), *_files(incomplete)], incomplete)


def recipes_listed(ctx: typer.Context, incomplete: str) -> list[str]:
    """Shipped recipes and their folders."""
    names = list(shipped_files())
    folders = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
    return _offered([*folders, *names], incomplete)


def targets(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `ttc doctor` examines."""
    return _offered(["sandbox", *recipes(ctx, incomplete)], incomplete)


def policies(ctx: typer.Context, incomplete: str) -> list[str]:
    """Policies of the run's recipe, then all that there are; after a comma, too."""
    own = [name for recipe in _recipes_of(ctx) for name in _labels(recipe.get("policies"))]
    return _last_of_list([*own, *_types("policy"), *_aliases()], incomplete)


def verifiers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Verifiers of the run; of a recipe's, where there is no run."""
    own = [name for recipe in _recipes_of(ctx) for name in _labels(recipe.get("verifiers"))]
    judged = [
        name
        for manifest in _manifests_of(ctx)
        for name in _mapping(_mapping(manifest.get("evaluation")).get("verified"))
    ]
    return _last_of_list([*own, *judged], incomplete)


def problems(ctx: typer.Context, incomplete: str) -> list[str]:
    """Problems of the run, from its table."""
    found: list[str] = []
    for folder in _folders_of(ctx):
        with suppress(Exception):  # a table that can't be read offers nothing
            import pyarrow.parquet as pq

            table = pq.read_table((folder / "problems.parquet").absolute(), columns=["problem_id"])
            found += [str(name) for name in table.column(0).to_pylist()]
    return _offered(found, incomplete)


def units(ctx: typer.Context, incomplete: str) -> list[str]:
    """Units of compute."""
    return _last_of_list(UNITS, incomplete)


def units_and_latency(ctx: typer.Context, incomplete: str) -> list[str]:
    """Units of compute, and the time until the answer."""
    return _last_of_list((*UNITS, LATENCY), incomplete)


def steering(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a live run can be told."""
    return _offered(["pause", "resume", "set", "retry", "stop"], incomplete)


def kinds(ctx: typer.Context, incomplete: str) -> list[str]:
    """Kinds of parts."""
    return _offered((*KINDS, "prompt"), incomplete)


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """The embedded models."""
    names = sorted(path.stem for path in (_PACKAGE / "nano" / "weights").glob("*.safetensors"))
    return _offered(["nano", *names], incomplete)


def overrides(ctx: typer.Context, incomplete: str) -> list[str]:
    """Keys of the recipe, and behind `backend=` and the like the types that there are.

    A key that is alone comes with its value in the recipe as well, so that the shell ends no word
    at `=` with a space.
    """
    key, equals, value = incomplete.partition("=")
    if not equals:
        keys = _USUAL | {k: value for one in _recipes_of(ctx) for k, value in _keys(one)}
        found = _offered([f"{name}=" for name in keys], incomplete)
        return found if len(found) != 1 else [*found, *_values(found[0], keys)]
    kind = _kind_of(key)
    found = _offered(_types(kind) if kind else (), value)
    if os.environ.get("_TTC_COMPLETE") == _BASH:
        return [_Behind(word) for word in found]
    return [f"{key}={word}" for word in found]


def _values(begun: str, keys: Mapping[str, Any]) -> list[str]:
    """The word that a key begins, with its value; of a part, with each of its types."""
    key = begun.removesuffix("=")
    kind, value = _kind_of(key), keys[key]
    words = _types(kind) if kind else () if value is None else (json.dumps(value).strip('"'),)
    return _offered([begun + word for word in words], begun)


class _Behind(str):
    """What stands behind `=`: bash takes that for the end of a word, and replaces the rest alone.

    Typer keeps what begins like the whole word.
    """

    __slots__ = ()

    def startswith(self, *_: Any) -> bool:
        return True


def join_words(environ: MutableMapping[str, str]) -> None:
    """Bash gives `a=b` as three words; make them the one that they are."""
    if environ.get("_TTC_COMPLETE") != _BASH or "=" not in environ.get("COMP_WORDS", ""):
        return
    words = environ["COMP_WORDS"].split(" ")
    try:
        place = int(environ.get("COMP_CWORD", ""))
    except ValueError:
        return
    if 0 < place < len(words) and "=" in (words[place], words[place - 1]):
        start = place - 1 if words[place] == "=" else place - 2
        value = "" if words[place] == "=" else words[place]
        if start > 0:
            environ["COMP_WORDS"] = " ".join([*words[:start], f"{words[start]}={value}"])
            environ["COMP_CWORD"] = str(start)


def _offered(names: Iterable[str], incomplete: str) -> list[str]:
    fitting = (name for name in names if name.startswith(incomplete) and _PLAIN.match(name))
    return list(dict.fromkeys(fitting))[:_MOST]


def _last_of_list(names: Iterable[str], incomplete: str) -> list[str]:
    """Names after the last comma of a list."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _offered(names, last)]


def _root(ctx: typer.Context) -> Path:
    return Path(ctx.params.get("results") or "results")


def _runs(root: Path) -> dict[str, list[str]]:
    """Ids of runs by recipe's name, as folders have them."""
    found: dict[str, list[str]] = {}
    for path in sorted(_inside(root)):
        ids = sorted(one.name for one in _inside(path) if _is_run(one) or _has_shards(one))
        if ids or _is_run(path):
            found[path.name] = ids
    return found


def _inside(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (one for one in folder.iterdir() if not one.name.startswith("."))


def _is_run(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()


def _has_shards(folder: Path) -> bool:
    return (folder / "shards").is_dir()


def _files(incomplete: str) -> Iterator[str]:
    folder, slash, _ = incomplete.rpartition("/")
    for path in sorted(_inside(Path(folder + slash or "."))):
        if path.suffix in (".yaml", ".yml"):
            yield f"{folder}{slash}{path.name}"


def _folders_of(ctx: typer.Context) -> Iterator[Path]:
    """Folders of the runs that the command line names so far."""
    given = ctx.params.get("runs") or ctx.params.get("run") or ctx.params.get("like") or ()
    for word in [given] if isinstance(given, str) else given:
        yield from _folder(str(word), _root(ctx))


def _folder(word: str, root: Path) -> list[Path]:
    for place in (Path(word), root / word):
        if _is_run(place):
            return [place]
        latest = sorted(filter(_is_run, _inside(place)), key=_changed)
        if latest:
            return latest[-1:]
    ids = [root / name / id_ for name, own in _runs(root).items() for id_ in own]
    return [path for path in ids if path.name.startswith(word)][:1]


def _changed(folder: Path) -> float:
    with suppress(OSError):
        return (folder / "manifest.json").stat().st_mtime
    return 0.0


def _manifests_of(ctx: typer.Context) -> Iterator[dict[str, Any]]:
    for folder in _folders_of(ctx):
        with suppress(OSError, ValueError, RecursionError):
            path = folder / "manifest.json"
            if path.stat().st_size <= _LARGEST:
                yield _mapping(json.loads(path.read_bytes()))


def _recipes_of(ctx: typer.Context) -> Iterator[dict[str, Any]]:
    """Recipes of the runs, or the one, that the command line names so far, as plain data."""
    for manifest in _manifests_of(ctx):
        yield _mapping(manifest.get("recipe"))
    word = ctx.params.get("recipe") or ctx.params.get("target") or ctx.params.get("sweep")
    for one in [word] if isinstance(word, str) else word or ():
        yield from _recipe(str(one))


def _recipe(word: str) -> Iterator[dict[str, Any]]:
    import yaml

    path = Path(word) if os.path.isfile(word) else shipped_files().get(word)
    with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
        if path is not None and path.stat().st_size <= 2**18:
            text = path.read_text(encoding="utf-8")
            if "*" not in text:  # an alias could make much of little
                yield _mapping(yaml.safe_load(text))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _labels(parts: Any) -> Iterator[str]:
    for one in parts if isinstance(parts, list) else ():
        name = one.get("name") or one.get("type") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name


def _keys(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Dotted keys of a recipe that hold single values, and what they hold."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        at = f"{path}.{key}" if path else str(key)
        parts = isinstance(inner, list) and any(isinstance(one, dict) for one in inner)
        if depth < 6 and (isinstance(inner, dict) or parts):
            yield from _keys(inner, at, depth + 1)
        elif at.partition(".")[0] != "x-":
            yield at, inner


def _kind_of(key: str) -> str | None:
    """The kind of part that stands at a recipe's key."""
    words = key.removesuffix(".type").split(".")
    if words[-1].isdecimal() and len(words) > 1:
        return {"verifiers": "verifier", "policies": "policy"}.get(words[-2])
    return words[-1] if words[-1] in KINDS else None


@cache
def _types(kind: str) -> tuple[str, ...]:
    """Types of a kind's parts, read from their files, which would take a second to import."""
    found = (name for text in _sources(kind) for name in _TYPE.findall(text))
    return tuple(sorted(set(found)))


@cache
def _aliases() -> tuple[str, ...]:
    found = (words for text in _sources("policy") for words in _ALIASES.findall(text))
    return tuple(sorted({word for words in found for word in re.findall(r'"([^"]+)"', words)}))


def _sources(kind: str) -> Iterator[str]:
    folder = _PACKAGE / _FOLDERS[kind]
    for path in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
        with suppress(OSError, ValueError):
            yield path.read_text(encoding="utf-8")
