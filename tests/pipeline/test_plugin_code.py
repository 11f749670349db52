"""A plug-in's code belongs to a run's identity: other code is another run, from one journal."""

import importlib
import json
import sys
import types

import pytest
from processes import ttc

from ttc import plugin_code
from ttc.recipe import parse_recipe, recipe_hash

SAMPLER = """
from typing import Literal
from ttc.registry import register
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
HELP

@register
class Own(SamplerPart):
    '''Draws some and returns some.'''
    type: Literal["own"] = "own"
    draw: Independent = Independent(max_tokens=32)

    async def solve(self, attempt):
        return (await self.draw.some(attempt, 4))[:KEPT]
"""
POLICY = """
from typing import Literal
from ttc.registry import register
from ttc.policies import PolicyPart

@register
class Last(PolicyPart):
    '''The answer at a place.'''
    type: Literal["last"] = "last"

    def choose(self, drawn):
        return int(drawn.classes[PLACE])
"""
RECIPE = """
name: own
dataset: {type: nano, family: arithmetic, levels: [1], problems: 3}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
policies: [POLICY]
"""


def installed(folder, code, name="ttc_own"):
    package, info = folder / name, folder / f"{name}-1.dist-info"
    package.mkdir(exist_ok=True)
    info.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(code)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[ttc.plugins]\nown = {name}\n")


def command(folder, *words):
    """Without files of bytecode: a plug-in that is written anew within a second may look old."""
    return ttc(folder, *words, timeout=90, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")


def ran(folder, sampler="own", policy="majority"):
    """What was said, and the manifests of all runs by age."""
    recipe = RECIPE.replace("SAMPLER", sampler).replace("POLICY", policy)
    (folder / "own.yaml").write_text(recipe)
    done = command(folder, "run", "own.yaml", "--plain")
    assert done.returncode == 0, done.stderr
    found = [json.loads(p.read_text()) for p in folder.glob("results/own/*/manifest.json")]
    return " ".join((done.stdout + done.stderr).split()), sorted(found, key=lambda m: m["started"])


def paid(manifest):
    return manifest["ledger"]["roles"]["solver"]["paid_samples"]


def test_other_code_of_a_sampler_is_another_run_that_pays_for_nothing_again(tmp_path):
    installed(tmp_path, SAMPLER.replace("HELP", "").replace("KEPT", "2"))
    _, (first,) = ran(tmp_path)
    _, (again,) = ran(tmp_path)
    assert again == first
    assert paid(first) == 12
    assert first["plugins"]["ttc_own"]["version"] == "ttc_own 1"
    installed(tmp_path, SAMPLER.replace("HELP", "").replace("KEPT", "3"))
    said, (old, new) = ran(tmp_path)
    assert old == first
    assert new["run_id"] != first["run_id"]
    assert paid(new) == 0
    assert new["plugins"]["ttc_own"]["digest"] != first["plugins"]["ttc_own"]["digest"]
    assert f"the code of ttc_own is not that of own/{first['run_id']}, so this is a new run" in said
    installed(tmp_path, SAMPLER.replace("HELP", "").replace("KEPT", "2"))
    assert len(ran(tmp_path)[1]) == 2


@pytest.mark.slow
def test_other_code_of_a_policy_is_another_run_and_older_ones_are_read_with_a_warning(tmp_path):
    installed(tmp_path, POLICY.replace("PLACE", "-1"))
    sampler = "{type: independent, solutions: 4, max_tokens: 32}"
    _, (first,) = ran(tmp_path, sampler, "last")
    installed(tmp_path, POLICY.replace("PLACE", "0"))
    for words in (["show"], ["curves"], ["show", "--problem", "arithmetic-1-0-0"]):
        shown = command(tmp_path, words[0], f"own/{first['run_id']}", *words[1:])
        assert shown.returncode == 0, shown.stderr
    assert "Warning: the code of ttc_own is not what the run was made with" in shown.stderr
    assert len(ran(tmp_path, sampler, "last")[1]) == 2


def test_what_no_plug_in_is_part_of_keeps_its_identity(tmp_path):
    recipe = parse_recipe(RECIPE.replace("SAMPLER", "independent").replace("POLICY", "majority"))
    before = recipe_hash(recipe)
    installed(tmp_path, SAMPLER.replace("HELP", "").replace("KEPT", "2"))
    assert recipe_hash(recipe) == before
    _, (made,) = ran(tmp_path, "{type: independent, solutions: 2, max_tokens: 32}")
    assert made["plugins"] == {}


def test_runs_that_noted_no_code_are_read(tmp_path):
    installed(tmp_path, SAMPLER.replace("HELP", "").replace("KEPT", "2"))
    _, (first,) = ran(tmp_path)
    (path,) = tmp_path.glob("results/own/*/manifest.json")
    first.pop("plugins")
    older = path.parent.with_name("s0-00000000")
    path.write_text(json.dumps(first | {"run_id": older.name}))
    path.parent.rename(older)
    assert command(tmp_path, "show", "own/s0-0").returncode == 0
    said, manifests = ran(tmp_path)
    assert len(manifests) == 2
    assert "the code of ttc_own was not noted by own/s0-00000000" in said


def digest(folder, name):
    """Of a module that is imported anew."""
    sys.modules.pop(name, None)
    importlib.invalidate_caches()
    module = importlib.import_module(name)
    part = type("Part", (), {"__module__": module.__name__})
    plugin_code._known.pop(name, None)
    return plugin_code.code_of([part])[name].digest


def test_modules_beside_one_count_as_far_as_it_imports_them(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugin_code, "_known", {})
    (tmp_path / "alone_part.py").write_text("def late():\n    import alone_help\n")
    (tmp_path / "alone_help.py").write_text("import alone_more\n")
    (tmp_path / "alone_more").mkdir()
    (tmp_path / "alone_more/__init__.py").write_text("")
    (tmp_path / "alone_more/deep.py").write_text("x = 1")
    (tmp_path / "unrelated.py").write_text("x = 1")
    first = digest(tmp_path, "alone_part")
    assert first
    for file, counts in (
        ("unrelated.py", False),
        ("alone_help.py", True),
        ("alone_more/deep.py", True),
        ("alone_part.py", True),
    ):
        text = (tmp_path / file).read_text()
        (tmp_path / file).write_text(text + "\ny = 2")
        assert (digest(tmp_path, "alone_part") != first) is counts, file
        (tmp_path / file).write_text(text)
    assert digest(tmp_path, "alone_part") == first


def test_the_digest_is_of_what_was_loaded(tmp_path, monkeypatch, own_parts):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugin_code, "_known", {})
    monkeypatch.setattr(plugin_code, "_registered", {})
    code = SAMPLER.replace("HELP", "").replace("@register", "")
    (tmp_path / "loaded_part.py").write_text(code.replace("KEPT", "1"))
    module = importlib.import_module("loaded_part")
    own_parts(module.Own)
    before = plugin_code.code_of([module.Own])
    (tmp_path / "loaded_part.py").write_text(code.replace("KEPT", "22"))
    assert plugin_code.code_of([module.Own]) == before
    own_parts(importlib.reload(module).Own)
    assert plugin_code.code_of([module.Own]) != before


def test_a_distribution_that_is_known_only_later_counts(tmp_path, own_parts, monkeypatch):
    """As where a script imports a plug-in before ttc looks for plug-ins."""
    monkeypatch.syspath_prepend(tmp_path)
    code = SAMPLER.replace("HELP", "").replace("@register", "").replace("KEPT", "1")
    (tmp_path / "early_part.py").write_text(code)
    own_parts(importlib.import_module("early_part").Own)
    cls = sys.modules["early_part"].Own
    before = plugin_code.code_of([cls])["early_part"]

    class Dist:
        name, version, files = "early", "1.0", ()

    monkeypatch.setattr(plugin_code, "distribution", lambda whose: Dist)
    after = plugin_code.code_of([cls])["early_part"]
    assert (before.version, after.version) == ("", "early 1.0")
    plugin_code._known.pop("early_part")


def test_a_class_without_a_file_is_known_by_what_it_does(own_parts, monkeypatch):
    """As one of a notebook's cell, or typed in."""
    code = SAMPLER.replace("HELP", "").replace("@register", "")

    def digest(kept: str) -> str:
        monkeypatch.setitem(sys.modules, "cell", types.ModuleType("cell"))
        space = {"__name__": "cell"}
        exec(code.replace("KEPT", kept), space)
        own_parts(space["Own"])
        plugin_code._known.pop("cell", None)
        return plugin_code.code_of([space["Own"]])["cell"].digest

    assert digest("1") == digest("1")
    assert digest("1") != digest("2")
    plugin_code._known.pop("cell", None)
