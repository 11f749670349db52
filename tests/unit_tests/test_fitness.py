"""Programs that a search is paid for: cheats get nothing, honest ones what they are worth."""

import asyncio
import time

import numpy as np
import pytest
from attempts import attempt_of
from hypothesis import given
from hypothesis import strategies as st
from writers import Sandbox, Writer

from ttc.core import Problem
from ttc.samplers.evolve import Evolve
from ttc.unit_tests.fitness import Trial
from ttc.unit_tests.running import Pair, Result
from ttc.unit_tests.suspicion import suspicions
from ttc.unit_tests.variation import varied

RIGHT = "def f(x):\n    return x * x"
SLOW = "def f(x):\n    return sum(x for _ in range(x * 20000)) // 20000"
TESTS = [Pair("f", (n,), n * n) for n in (2, 3, 5, 7)]
CHEATS = {
    "reads the test file": (
        "import glob\ndef f(x):\n    seen = ''.join(open(n).read() for n in glob.glob('*'))\n"
        "    return 4 if '4' in seen else 9"
    ),
    "patches builtins": "import builtins\nbuiltins.sum = lambda _: 4\ndef f(x): return 4",
    "patches time": "import time\ntime.perf_counter = lambda: 0.0\ndef f(x): return x * x",
    "stops the clock elsewhere": (
        "def f(x):\n    f.__globals__['__builtins__']['time'] = None\n    return x * x"
    ),
    "leaves early": "import os\ndef f(x): os._exit(0)",
    "raises SystemExit": "def f(x): raise SystemExit(0)",
    "hard-codes the shown inputs": "def f(x):\n    return {2: 4, 3: 9}.get(x, 0)",
    "equals everything": (
        "class Any(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\n"
        "def f(x): return Any(0)"
    ),
    "equals everything by assignment": (
        "class Any(int):\n    __eq__ = lambda self, o: True\ndef f(x): return Any(0)"
    ),
    "looks up its caller": "import sys\ndef f(x): return sys._getframe(1).f_locals.get('wanted')",
    "prints a report": 'print(\'[["", ""]]\')\ndef f(x): return 0',
}


def rated(programs, trial=None, reference=None, varied_calls=0):
    trial = trial or Trial(list(TESTS), {0, 1}, limit_s=2.0)
    part = Evolve(mutations=({"prompt": "mutate"},))
    problem = Problem("p", "Square.", "")
    attempt = attempt_of(part, problem, Writer(lambda *_: ""), sandbox=Sandbox())

    async def run():
        if reference:
            await trial.vary(attempt, reference, varied_calls)
        return await trial.run(attempt, programs)

    results = asyncio.run(run())
    return [trial.rating(p, r) for p, r in zip(programs, results, strict=True)], trial


def test_no_cheat_gets_credit_and_an_honest_program_all():
    ratings, _ = rated([*CHEATS.values(), RIGHT])
    scores = dict(zip([*CHEATS, "honest"], [one.score for one in ratings], strict=True))
    assert scores == {**dict.fromkeys(CHEATS, 0.0), "honest": 1.0}


def test_the_score_is_the_lower_share_and_only_shown_tests_are_told():
    (rating,), trial = rated(["def f(x):\n    return x * x if x != 3 and x != 7 else x"])
    assert rating.score == 0.5
    assert rating.told == ("f(3) gave 3, not 9",)
    trial.reveal(Result(("", "it gives 3", "", "it gives 7")))
    assert trial.shown == {0, 1, 3}
    trial.reveal(Result(("", "it gives 3", "it gives 1", "it gives 7")))
    assert trial.shown == {0, 1, 3}, "the last of those held back stays hidden"


def test_faults_are_told_as_the_network_learned_them():
    programs = ["def f(x):\n    return [][x]", "def f(x):\n    while True: pass", "def g(x): pass"]
    ratings, _ = rated(programs, Trial(TESTS[:1], {0}, limit_s=0.3))
    assert ratings[0].told == ("f(2) raised IndexError, not 4",)
    assert ratings[1].told == ("f(2) raised Endless, not 4",)


def test_new_inputs_catch_what_has_learned_all_given_ones_by_heart():
    by_heart = f"def f(x):\n    return { ({n: n * n for n in (2, 3, 5, 7)})!r}.get(x, 0)"
    plain, _ = rated([by_heart])
    assert plain[0].score == 1.0
    ratings, trial = rated([by_heart, RIGHT], reference=RIGHT, varied_calls=8)
    assert len(trial.tests) == 12
    assert ratings[0].score < 1
    assert ratings[1].score == 1.0


def test_time_is_measured_against_the_reference_where_asked():
    trial = Trial([Pair("f", (n,), n * n) for n in (20, 25)], {0}, speed=0.5)
    ratings, _ = rated([RIGHT, SLOW, "def f(x):\n    return 400"], trial, SLOW, 6)
    fast, slow, wrong = (one.score for one in ratings)
    assert 0.9 < fast < 1
    assert 0.5 < slow < 0.9
    assert wrong == 0


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import os.path", "imports os.path"),
        ("from builtins import sum", "imports from builtins"),
        ("from . import x", "imports from None"),
        ("x = eval('1')", "uses eval"),
        ("f.__globals__", "uses __globals__"),
        ("class A:\n    def __eq__(self, o): return True", "defines __eq__"),
        ("class A:\n    __bool__ = lambda s: True", "defines __bool__"),
        ("class A:\n    async def __eq__(self, o): return True", "defines __eq__"),
        ("class A:\n    __eq__: object = lambda s, o: True", "defines __eq__"),
    ],
)
def test_reasons_for_suspicion(program, reason):
    assert suspicions(program) == (reason,)


def test_honest_programs_and_broken_ones_are_not_suspected():
    honest = (
        "import math\nfrom collections import Counter\n"
        "class P:\n    def __init__(self, x): self.x = x\n"
        "def f(x):\n    return math.floor(P(x).x) + len(Counter('a'))"
    )
    assert suspicions(honest) == ()
    assert suspicions("def f(x:") == ()
    began = time.process_time()
    assert suspicions("(" * 100_000) == ()
    assert time.process_time() - began < 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@given(VALUES, st.integers(0, 999))
def test_new_inputs_have_the_types_of_the_given_ones_and_follow_from_the_seed(value, seed):
    found = varied(value, np.random.default_rng(seed))
    assert type(found) is type(value)
    assert repr(found) == repr(varied(value, np.random.default_rng(seed)))
    if isinstance(value, dict):
        assert found.keys() == value.keys()
