"""Programs that try to pass without being right; what values and errors cross over."""

import asyncio

import pytest

from ttc.sandbox import FULL, SandboxError, execute
from ttc.sandbox.choosing import settled
from ttc.unit_tests.running import Pair, Script, of_program, of_texts, result, results_of_texts

MARK = "m4rk"
SQUARE = [Pair("f", (2,), 4), Script("def check(c):\n    assert c(3) == 9\ncheck(f)")]


def reason_against(level):
    try:
        asyncio.run(settled(level))
    except SandboxError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module", params=FULL)
def level(request):
    if reason := reason_against(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="module")
def passes(level):
    """passes(program, tests): which tests pass, and why others fail."""

    def passes(program, tests=SQUARE, limit_s=0.5, stop=False):
        made = of_program(program, tests, MARK, limit_s, 256, stop)
        return result(asyncio.run(execute(made, level)), MARK, tests)

    return passes


RIGHT = "def f(x):\n    return x * x\n"


def test_a_right_program_passes_and_a_wrong_one_tells_what_it_gives(passes):
    assert passes(RIGHT).passed == (True, True)
    wrong = passes("def f(x):\n    return 4")
    assert wrong.passed == (True, False)
    assert wrong.faults[1].startswith("AssertionError")
    assert passes("def f(x): return 5").faults[0] == "it gives 5"
    assert passes("def g(x): return 4").faults[0] == "it has no function f"


REPORT = f'["{MARK}", ["", ""]]'
CHEATS = {
    "leaves": "import os\ndef f(x): os._exit(0)",
    "leaves when loaded": "import os; os._exit(0)",
    "says goodbye": "import sys\ndef f(x): sys.exit(0)",
    "prints a report": f"print('{REPORT}', flush=True)\nimport os; os._exit(0)",
    "equals everything": (
        "class Any(int):\n"
        "    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 1\n"
        "def f(x): return Any(7)"
    ),
    "patches what asserts are made of": (
        "import builtins, operator\n"
        "builtins.AssertionError = KeyboardInterrupt\n"
        "class Yes(dict):\n    def __eq__(self, o): return True\n"
        "def f(x): return Yes()"
    ),
    "brings a check of its own": (
        "def f(x): return 0\ndef check(c): pass\ndef isinstance(*a): return True"
    ),
    "looks for the tests": (
        "import os, glob\n"
        "def f(x):\n"
        "    seen = ''\n"
        "    for name in glob.glob('**', recursive=True) + ['/proc/self/environ']:\n"
        "        try: seen += open(name).read()\n"
        "        except Exception: pass\n"
        "    return 4 if 'assert c(3)' in seen else seen[:50]"
    ),
    "writes over the harness's report": (
        "import os\n"
        "def f(x):\n"
        "    parent = os.getppid()\n"
        "    for fd in (1, 2):\n"
        "        try:\n"
        "            with open(f'/proc/{parent}/fd/{fd}', 'w') as out:\n"
        f"                out.write('{REPORT}\\n')\n"
        "        except Exception: pass\n"
        "    os.kill(parent, 9)"
    ),
    "reads the harness's memory": (
        "import os, re\n"
        "def f(x):\n"
        "    parent = os.getppid()\n"
        "    try:\n"
        "        spans = open(f'/proc/{parent}/maps').read()\n"
        "        open(f'/proc/{parent}/mem', 'rb').close()\n"
        "        return x * x\n"
        "    except Exception:\n"
        "        return -1"
    ),
    "plants a module": (
        "open('json.py', 'w').write('raise SystemExit')\n"
        "open('math.py', 'w').write('raise SystemExit')\n"
        "open('random.py', 'w').write('raise SystemExit')\n"
        "def f(x): return 0"
    ),
    "stops the harness": "import os, signal\ndef f(x):\n    os.kill(os.getppid(), signal.SIGSTOP)",
    "never ends": "def f(x):\n    while True: pass",
    "floods": "def f(x): return 'x' * (1 << 26)",
    "gives no data": "def f(x): return object()",
    "gives without end": "def f(x):\n    while True: yield x",
    "nests": "def f(x):\n    a = []\n    for _ in range(100000): a = [a]\n    return a",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_no_program_passes_what_it_does_not_solve(passes, cheat):
    found = passes(CHEATS[cheat], [*SQUARE, Script("import random\nassert f(1) == 1")])
    assert not any(found.passed), found


def test_tests_after_a_fault_start_the_program_anew(passes):
    program = "def f(x):\n    if x == 2:\n        while True: pass\n    return x * x"
    assert passes(program).passed == (False, True)
    stopped = passes(program, stop=True)
    assert stopped.faults[1] == "not run: one has failed"


def test_a_program_can_not_make_the_tests_import_its_modules(passes):
    program = "open('random.py', 'w').write('seed = None')\n" + RIGHT
    found = passes(program, [Script("import random\nrandom.seed(1)\nassert f(2) == 4")])
    assert found.passed == (True,)


def test_values_keep_their_types_both_ways(passes):
    echo = "def f(*args, **named):\n    return [type(a).__name__ for a in args], args, named"
    values = "(1, 2.5, 'é', None, True, [1], (2,), {3}, {(1, 2): b'x'}, 1j, float('inf'), 10**30)"
    test = (
        f"names, args, named = f(*{values}, key=[{{}}])\n"
        f"assert args == {values} and named == {{'key': [{{}}]}}\n"
        "assert names[5:8] == ['list', 'tuple', 'set']\n"
        "assert type(args) is tuple and type(args[6]) is tuple"
    )
    assert passes(echo, [Script(test)]).faults == ("",)


def test_errors_constants_helpers_and_changed_lists_cross_over(passes):
    program = (
        "LIMIT = 3\n"
        "def helper(x): return x + 1\n"
        "def f(xs):\n"
        "    if not xs: raise ValueError('empty')\n"
        "    xs.append(LIMIT)\n"
    )
    test = (
        "xs = [1]\nassert f(xs) is None and xs == [1, 3] and LIMIT == 3 and helper(1) == 2\n"
        "try:\n    f([])\nexcept ValueError as error:\n    assert 'empty' in str(error)\n"
        "else:\n    assert False"
    )
    assert passes(program, [Script(test)]).faults == ("",)


def test_pairs_are_exact_or_as_json_can_say(passes):
    program = "def f(x):\n    return (x, 1 / 3)"
    loose, near = Pair("f", (1,), [1, 0.33333333]), Pair("f", (1,), [1, 0.3], within=0.05)
    exact, far = Pair("f", (1,), [1, 1 / 3], exact=True), Pair("f", (1,), [1, 0.3])
    same = Pair("f", (1,), (1, 1 / 3), exact=True)
    assert passes(program, [loose, near, exact, far, same]).passed == (
        *(True, True, False, False, True),
    )


def test_floats_are_near_wherever_they_stand(passes):
    program = "def f(x):\n    return {'mean': 0.1 + 0.2, 'all': [float('nan'), {'b': 0.1 + 0.2}]}"
    nan = float("nan")
    wanted = [
        {"mean": 0.3, "all": [nan, {"b": 0.3}]},
        {"mean": 0.3, "all": [nan, {"b": 0.31}]},
        {"mean": 0.3, "all": [0.0, {"b": 0.3}]},
        {"mean": 0.3},
    ]
    found = passes(program, [Pair("f", (1,), one) for one in wanted])
    assert found.passed == (True, False, False, False)


def test_a_number_beyond_all_floats_is_wrong_and_stops_nothing(passes):
    program = "def f(x):\n    return 10**400 if x else [0.5]"
    found = passes(
        program, [Pair("f", (1,), 0.5), Pair("f", (0,), [10**400]), Pair("f", (0,), [0.5])]
    )
    assert found.passed == (False, False, True)


def test_a_script_is_called_with_each_text(level):
    script = "def test_has(text, question):\n    assert question in text\ndef test_any(t, q): pass"
    done = asyncio.run(execute(of_texts(script, ["1+1=2", "3"], "1+1", MARK, 1.0), level))
    rows = results_of_texts(done, MARK, 2)
    assert [row.passed for row in rows] == [(True, True), (False, True)]
    broken = asyncio.run(execute(of_texts("def test_(", ["1"], "", MARK, 1.0), level))
    assert results_of_texts(broken, MARK, 1) is None
