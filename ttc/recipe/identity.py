"""What a recipe is, written out in full, and the hash of what determines its results."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from ttc.listing import all_below
from ttc.named_files import is_prompt_key
from ttc.plugin_code import Code, code_of
from ttc.prompts import load_prompt
from ttc.recipe.model import Recipe
from ttc.registry import all_parts, parts

if TYPE_CHECKING:
    from ttc.policies import PolicyPart

_LATER_BUDGET = {"shares": None, "allocation": "equal", "pilot": 0.25, "rounds": 8}
LABELS = ("name", "description", "results", "engine")
"""Keys that change where and how fast a recipe runs and what it is called, not what comes out."""
_WHOLE_FILE = 64 * 2**20
_ENDS = 2**20


def resolve(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data with every default written out, in the order of the schema.

    It is a recipe itself, and the same one: loading it gives an equal hash.
    """
    data: dict[str, Any] = recipe.model_dump(mode="json", by_alias=True)
    if "prompt" in data["sampler"]:
        data["sampler"]["prompt"] = recipe.prompt
    for verifier in data["verifiers"]:
        if "backend" in verifier and verifier["backend"] is None:
            verifier["backend"] = data["backend"]
        if "solutions" in verifier and verifier["solutions"] is None:
            verifier["solutions"] = recipe.solutions
    data["grid"]["solutions"] = list(recipe.grid_solutions())
    if recipe.verifiers:
        data["grid"]["verifications"] = list(recipe.grid_verifications())
    return data


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 (hex) of what determines the results, the seed apart, which run ids show beside it.

    Files count by what they hold, not by where they are: prompts whole, data files whole up to
    64 MiB and by size and both ends beyond. Of a backend, what its class calls `incidental`
    (a set of field names: time-outs and the like) does not count. Of parts that are not ttc's own
    the code counts, by the digest of its files.
    """
    data = {k: v for k, v in resolve(recipe).items() if k not in (*LABELS, "seed")}
    data = _as_before(data, {"repeats": 1})
    data["grid"] = _as_before(
        data["grid"],
        {"verification_draws": "random", "invalid_verdict": "dropped", "tuning_problems": "refuse"},
    )
    data["budget"] = _as_before(data["budget"], _LATER_BUDGET)
    data["cost"] = _as_before(data["cost"], {"prefix": "cached"})
    data["dataset"] = _fingerprinted(data["dataset"])
    data["backend"] = _essence(data["backend"])
    data["policies"] = [_told(policy) for policy in recipe.policies]
    data["sampler"], *data["verifiers"] = map(_determining, (data["sampler"], *data["verifiers"]))
    if code := code_behind(recipe):
        data["code"] = {whose: one.known for whose, one in code.items()}
    text = json.dumps(_canonical(data), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def code_behind(recipe: Recipe) -> dict[str, Code]:
    """The code of a recipe's parts that are not ttc's own, by whose it is."""
    named = (recipe.dataset, recipe.backend, recipe.sampler, *recipe.verifiers, *recipe.policies)
    return code_of({type(one) for part in named for one in all_parts(part)})


def _told(policy: PolicyPart) -> dict[str, Any]:
    """A policy by what differs from its defaults, so that a new parameter leaves run ids alone."""
    told = {"type": type(policy).model_fields["type"].default} | policy.model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )
    return told | ({"tuned": _fingerprint(Path(policy.tuned))} if policy.tuned else {})


def run_id(recipe: Recipe) -> str:
    """Seed and hash in short: `s0-1f9c2ab4`."""
    return f"s{recipe.seed}-{recipe_hash(recipe)[:8]}"


def _as_before(data: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Without keys that 0.1 did not know, where they have their defaults: it is the same run."""
    return {k: v for k, v in data.items() if k not in later or v != later[k]}


def _determining(value: Any) -> Any:
    """A method's plain data with its models, and those of methods in it, by what determines them.

    Prompts are by their content.
    """
    if isinstance(value, list):
        return [_determining(one) for one in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in _without_later(value).items():
        if is_prompt_key(key) and isinstance(inner, str | None):
            out[key] = _content(inner)
        elif key == "tuned" and isinstance(inner, str) and inner:
            out[key] = _fingerprint(Path(inner))
        elif isinstance(inner, dict) and inner.get("type") in parts("backend"):
            out[key] = _essence(inner)
        else:
            out[key] = _determining(inner)
    return out


def _without_later(value: dict[str, Any]) -> dict[str, Any]:
    """A method's plain data as it was before fields were added that have their defaults here."""
    found = dict(value)
    for kind in ("sampler", "verifier", "policy", "backend"):
        cls = parts(kind).get(value.get("type", ""))
        fields = {} if cls is None else {name: cls.model_fields[name] for name in cls.later}
        for name, field in fields.items():
            default = field.get_default(call_default_factory=True)
            if name in found and found[name] == to_jsonable_python(default):
                del found[name]
    return found


def _essence(backend: dict[str, Any]) -> dict[str, Any]:
    kind = parts("backend")[backend["type"]]
    backend = _without_later(backend)
    incidental = set(getattr(kind, "incidental", ()))
    # The same weights at another address; without such a name they are a new run's.
    incidental |= set(getattr(kind, "addresses", ())) if backend.get("served_as") else {"served_as"}
    return {key: value for key, value in backend.items() if key not in incidental}


def _fingerprinted(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset by what its file holds; one that is made of another, by what that one's holds."""
    path = dataset.get("path")
    inner = {k: v for k, v in dataset.items() if isinstance(v, dict) and "type" in v}
    found = dataset | {k: _fingerprinted(v) for k, v in inner.items()}
    return {**found, "path": _fingerprint(Path(path))} if path else found


def _content(prompt: str | None) -> Any:
    if prompt is None:
        return None
    return load_prompt(prompt).model_dump(mode="json", exclude={"description"})


def _canonical(value: Any) -> Any:
    """1.0 and 1 are the same number, whichever a free-form field was given."""
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fingerprint(path: Path) -> str:
    """Hash of a file's content; its name where there is nothing to read."""
    if path.is_dir():
        return hashlib.sha256("".join(map(_fingerprint, all_below(path))).encode()).hexdigest()
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            if size > _WHOLE_FILE:
                digest.update(file.read(_ENDS))
                file.seek(size - _ENDS)
            while block := file.read(_ENDS):
                digest.update(block)
    except OSError:
        return str(path)
    return digest.hexdigest()
