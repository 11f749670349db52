"""Plug-ins that break, lie, leave or never return: they are named, and the rest goes on."""

import re

import pytest
from processes import ttc as command

import ttc
from ttc.attempt.checking import check_solutions, check_verifications
from ttc.core import Problem, Solution, Verification
from ttc.errors import PluginError
from ttc.plugins import blamed
from ttc.verifiers.genrm import GenRM

PART = """
import asyncio, os, sys, time
from collections.abc import Sequence
from typing import Literal
from ttc.core import Model, Problem, Solution, Verification
from ttc.registry import register
from ttc.verifiers import VerifierPart

class Odd(BaseException):
    pass

@register
class Probe(VerifierPart):
    '''A probe.'''

    type: Literal["probe"] = "probe"

    async def verify(self, attempt, solutions):
        BODY
        return [
            Verification(problem_id=s.problem_id, solution_index=s.index, index=0,
                verifier=self.label, text="", verdict=True, p_yes=None,
                score=1.0, prompt_tokens=0, completion_tokens=0,
                finish_reason="stop")
            for s in solutions
        ]
"""
RECIPE = """
name: p
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 2, max_tokens: 16}
verifiers: [probe]
policies: [best_of_n]
engine: {finish_s: 0}
"""


def run(folder, *words, body="pass", module=None, timeout=60):
    package, info = folder / "ttc_probe", folder / "ttc_probe-1.dist-info"
    package.mkdir(exist_ok=True)
    info.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(module or PART.replace("BODY", body))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ttc-probe\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ttc.plugins]\nprobing = ttc_probe\n")
    (folder / "p.yaml").write_text(RECIPE)
    return command(folder, *words, timeout=timeout, PYTHONPATH=str(folder))


def named(done, *words):
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: the plug-in 'probing' of ttc-probe 1"), done.stderr
    assert "fault of ttc's" not in done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in last


@pytest.mark.parametrize(
    "module", ["import sys; sys.exit(0)", "raise RuntimeError('no\\n\\x1b[31m')", "x ="]
)
def test_a_plug_in_that_can_t_be_loaded_is_a_warning_unless_it_is_used(tmp_path, module):
    done = run(tmp_path, "list", module=module)
    assert done.returncode == 0
    assert "majority" in done.stdout
    (warning,) = done.stderr.strip().splitlines()
    assert warning.startswith("Warning: the plug-in 'probing' of ttc-probe 1 can't be loaded: ")
    assert "\x1b" not in warning
    done = run(tmp_path, "run", "p.yaml", module=module)
    assert done.returncode == 2
    error = done.stderr.strip().splitlines()[-1]
    assert "no verifier is called 'probe'" in error
    assert "'probing' of ttc-probe 1 can't be loaded" in error


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('bad\\n[/red]')", "ValueError: bad [/red]"),
        ("sys.exit(0)", "SystemExit: 0"),
        ("raise Odd('odd')", "Odd: odd"),
        ("return None", "gave nothing (None) instead of a list of Verifications"),
    ],
)
def test_what_a_verifier_raises_or_returns_is_its_own(tmp_path, body, why):
    named(run(tmp_path, "run", "p.yaml", body=body), why)


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "await asyncio.Event().wait()",
        "time.sleep(1000)",
        "\n        while True: pass",
        "\n        while True:\n            try: time.sleep(1)\n            except Exception: pass",
    ],
    ids=["awaits", "sleeps", "loops", "swallows"],
)
def test_a_verifier_that_never_returns_ends_with_the_run_s_time(tmp_path, body):
    words = ("run", "p.yaml", "--set", "budget.per_run.seconds=4")
    done = run(tmp_path, *words, body=body)
    assert done.returncode in (1, 75)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: the plug-in 'probing' of ttc-probe 1")
    assert "did not return, though the run's time (budget.per_run.seconds) is up" in last
    again = run(tmp_path, "run", "p.yaml", "--plain")
    assert again.returncode == 0, again.stderr
    # One that blocks the loop may have kept the other problem's from being drawn.
    assert re.search("[24] from the journal", again.stdout + again.stderr)


def judged(**changed):
    made = {
        "problem_id": "p",
        "solution_index": 0,
        "index": 0,
        "verifier": "genrm",
        "text": "",
        "verdict": True,
        "p_yes": None,
        "score": 1.0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "finish_reason": "stop",
    }
    return Verification(**{**made, **changed})


PROBLEM = Problem("p", "q", "1")
SOLVED = [Solution("p", 0, "t", "1", 1, 1, "stop")]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "nothing"),
        ("text", "a str instead"),
        ([1], "a int among"),
        ([judged(problem_id="other")], "which it was not given"),
        ([judged(solution_index=1)], "which it was not given"),
        ([judged(), judged()], "two verifications"),
        ([judged(index=-1)], "two verifications with the index -1, or none"),
        ([judged(index="a")], "index"),
        ([judged(verifier="me")], "a verification by 'me', not by 'genrm'"),
        ([judged(score=float("nan"))], "the score nan"),
        ([judged(score=1.5)], "the score 1.5"),
        ([judged(score="1")], "the score '1'"),
        ([judged(p_yes=-0.1)], "the p_yes -0.1"),
        ([judged(verdict="yes")], "a verdict"),
        ([judged(text=None)], "a text"),
        ([judged(step_scores=(0.5, 2.0))], "a step score"),
        ([judged(prompt_tokens=-1)], "-1 tokens"),
        ([judged(completion_tokens=1.5)], "1.5 tokens"),
    ],
)
def test_verifications_that_can_t_be_are_told(found, why):
    with pytest.raises(PluginError) as caught:
        check_verifications(GenRM(), PROBLEM, SOLVED, found)
    assert why in str(caught.value)


def test_what_is_right_passes():
    assert check_verifications(GenRM(), PROBLEM, SOLVED, (judged(), judged(index=1)))
    assert check_verifications(GenRM(), PROBLEM, SOLVED, []) == []
    assert check_solutions(GenRM(), PROBLEM, SOLVED) == SOLVED
    with pytest.raises(PluginError, match="solution 0 twice"):
        check_solutions(GenRM(), PROBLEM, SOLVED * 2)


def test_our_own_faults_stay_ours():
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ttc.plugins.named(None)
    assert blamed(caught.value) is None
