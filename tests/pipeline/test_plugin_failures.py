"""What a plug-in raises is told with its method, the problem, and its own file and line."""

import re

import pytest
from processes import ttc

from ttc.plugins import failure, told

MODULE = """
import asyncio
from typing import Literal
from ttc.core import Program, Solution
from ttc.datasets import DatasetPart
from ttc.policies import PolicyPart, StoppingRule
from ttc.registry import register
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.verifiers import VerifierPart
from ttc_fails.deep import fail

@register
class Solves(SamplerPart):
    '''Fails.'''
    type: Literal["solves"] = "solves"
    how: str = "deep"

    async def solve(self, attempt):
        if self.how == "deep":
            return self._inside()
        if self.how == "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(self._waits())
        if self.how == "library":
            return sorted([1, "a"])  # library
        if self.how == "misuse":
            attempt.answer(Solution("p", 99, "", None, 0, 0, "stop"))  # misuse
        return []

    def _inside(self):
        return fail("inside")

    async def _waits(self):
        fail("in a group")

@register
class Verifies(VerifierPart):
    '''Fails.'''
    type: Literal["verifies"] = "verifies"

    async def verify(self, attempt, solutions):
        fail("judging")

@register
class Chooses(PolicyPart):
    '''Fails where there are more than three.'''
    type: Literal["chooses"] = "chooses"

    def choose(self, drawn):
        return fail("choosing") if len(drawn) > 3 else -1

@register
class Stops(StoppingRule):
    '''Fails where there are more than three.'''
    type: Literal["stops"] = "stops"

    def choose(self, drawn):
        return -1

    def enough(self, drawn):
        return fail("stopping") if len(drawn) > 3 else False

@register
class Tries(PolicyPart):
    '''Fails at once.'''
    type: Literal["tries"] = "tries"

    def choose(self, drawn):
        return fail("trying")

@register
class Loads(DatasetPart):
    '''Fails.'''
    type: Literal["loads"] = "loads"

    def load(self):
        return fail("loading")
"""
DEEP = '''
import os

def fail(what):
    """Line 6 it is."""
    raise ValueError(f"{what} \\x1b[31m[/red]\\nof {os.environ['OWN_API_KEY']}")
'''
SECRET = "correct-horse-battery-staple"
AT = r"\(ttc_fails/deep\.py, line 6\)$"
WORDS = r"ValueError: {} \?\[31m\[/red\] of \[hidden\] "
RECIPE = """
name: f
dataset: DATASET
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
VERIFIERS
policies: [POLICY]
"""
NANO = "{type: nano, family: arithmetic, levels: [1], problems: 1}"
DRAWS = "{type: independent, solutions: 4, max_tokens: 16}"
PROBLEM = "at problem 'arithmetic-1-0-0': "


@pytest.fixture
def failing(tmp_path):
    package, info = tmp_path / "ttc_fails", tmp_path / "ttc_fails-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(MODULE)
    (package / "deep.py").write_text(DEEP)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ttc-fails\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ttc.plugins]\nfails = ttc_fails\n")

    def run(dataset=NANO, sampler=DRAWS, verifiers="", policy="majority"):
        text = RECIPE.replace("DATASET", dataset).replace("SAMPLER", sampler)
        text = text.replace("VERIFIERS", verifiers).replace("POLICY", policy)
        (tmp_path / "f.yaml").write_text(text)
        return command(tmp_path, "run", "f.yaml", "--plain")

    return run


def command(folder, *words, traceback=False, **environment):
    """The exit code and the last line of what it says."""
    own = {"PYTHONPATH": str(folder), "OWN_API_KEY": SECRET, **environment}
    done = ttc(folder, *words, timeout=90, **own)
    assert SECRET not in done.stdout + done.stderr
    assert "\x1b" not in done.stderr
    assert ("Traceback" in done.stderr) is traceback
    return done.returncode, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("recipe", "where", "words"),
    [
        ({"sampler": "solves"}, f"in Solves.solve {PROBLEM}", "inside"),
        ({"sampler": "{type: solves, how: group}"}, f"in Solves.solve {PROBLEM}", "in a group"),
        ({"verifiers": "verifiers: [verifies]"}, f"in Verifies.verify {PROBLEM}", "judging"),
        ({"policy": "chooses"}, f"in Chooses.choose {PROBLEM}", "choosing"),
        ({"policy": "stops"}, f"in Stops.enough {PROBLEM}", "stopping"),
        (
            {"sampler": "{type: adaptive, rule: stops, most: 8, draw: {max_tokens: 16}}"},
            f"in Stops.enough {PROBLEM}",
            "stopping",
        ),
        ({"dataset": "loads"}, "in Loads.load: ", "loading"),
    ],
)
def test_method_problem_file_and_line_are_told(failing, tmp_path, recipe, where, words):
    code, said = failing(**recipe)
    assert code == 1
    assert said.startswith("Error: the plug-in 'fails' of ttc-fails 1")
    assert where in said
    assert re.search(WORDS.format(words) + AT, said), said
    for manifest in tmp_path.glob("results/f/*/manifest.json"):
        content = manifest.read_text()
        assert "ttc_fails/deep.py, line 6" in content
        assert SECRET not in content
        assert str(tmp_path) not in content


def test_the_whole_way_is_told_who_asks_for_it(failing, tmp_path):
    failing(sampler="solves")
    code, said = command(tmp_path, "run", "f.yaml", traceback=True, TTC_TRACEBACK="1")
    assert code == 1
    assert re.search(AT, said)


def line_of(comment):
    lines = MODULE.splitlines()
    return next(i for i, line in enumerate(lines, 1) if line.endswith(f"# {comment}"))


def test_the_line_is_the_plug_ins_where_others_raise(failing):
    code, said = failing(sampler="{type: solves, how: library}")
    assert code == 1
    assert f"in Solves.solve {PROBLEM}TypeError: '<' not supported" in said
    assert said.endswith(f"(ttc_fails/__init__.py, line {line_of('library')})")


def test_who_asks_an_attempt_for_what_it_must_not_is_told_where(failing):
    code, said = failing(sampler="{type: solves, how: misuse}")
    assert code == 2
    assert (
        f"in Solves.solve {PROBLEM}UsageError: an answer is a solution that `attempt.solution`"
        in said
    )
    assert said.endswith(f"(ttc_fails/__init__.py, line {line_of('misuse')})")


def test_a_policy_that_can_t_choose_is_told_with_its_line(failing):
    code, said = failing(policy="tries")
    assert code == 2
    assert re.search(r"can't choose of three solutions: " + WORDS.format("trying") + AT, said), said


def test_a_plug_in_that_can_t_be_loaded_is_told_with_its_line(failing, tmp_path):
    (tmp_path / "ttc_fails/__init__.py").write_text("from ttc_fails.deep import fail\nfail('x')\n")
    _, said = command(tmp_path, "list")
    assert re.search(r"can't be loaded: " + WORDS.format("x") + AT, said), said


def test_commands_that_ask_a_policy_again_tell_the_problem(failing, tmp_path):
    path = tmp_path / "ttc_fails/__init__.py"
    sound = MODULE.replace('fail("choosing") if len(drawn) > 3 else -1', "-1")
    path.write_text(sound)
    code, said = failing(policy="chooses")
    assert code == 0, said
    path.write_text(MODULE)
    code, said = command(tmp_path, "show", "f", "--problem", "arithmetic-1-0-0")
    assert code == 1
    assert f"in Chooses.choose {PROBLEM}" in said
    assert re.search(WORDS.format("choosing") + AT, said), said


def test_a_secret_is_hidden_before_words_are_cut(monkeypatch):
    monkeypatch.setenv("OWN_API_KEY", SECRET)
    text = told(ValueError("x" * 275 + SECRET))
    assert SECRET[:4] not in text
    assert len(text) <= 300


def test_what_hostile_names_hold_is_one_printable_line(monkeypatch):
    error = ValueError("a\u202eb\n\x07c")
    said = failure(error, "the plug-in 'x\n\x1b[2J'", problem="p\n\u2028" * 99)
    assert said.isprintable()
    assert len(said) < 300
