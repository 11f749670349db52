"""The tab key: what a shell is offered, by the real protocol, and in a real bash."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer.main
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.cli import _complete
from ttc.cli._app import app
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=3, solutions=2, verified_solutions=2, verifications=1)
BASH = shutil.which("bash")
TTC = Path(sys.executable).with_name("ttc")
TAKES = {
    "run": "a run",
    "runs": "runs",
    "like": "a run",
    "patterns": "runs",
    "recipe": "a recipe",
    "target": "a recipe",
    "policy": "policies",
    "rule": "policies",
    "methods": "policies",
    "verifier": "verifiers",
    "unit": "units",
    "problem": "problems",
    "overrides": "keys",
    "kind": "kinds",
    "models": "models",
}
# Names for what is made, and keys of sections that are no recipe's.
FREE = {
    *(("import", name) for name in ("verifier", "overrides")),
    ("simulate", "overrides"),
    ("export", "kind"),
    *((name, "overrides") for name in ("adapt", "compare", "contrast", "curves")),
    *((name, "overrides") for name in ("fit-scaling", "recommend", "tune")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("complete")
    simulate_run(CONFIG, 0, place / "results" / "quickstart")
    simulate_run(CONFIG, 1, place / "results" / "quickstart")
    run = simulate_run(CONFIG, 2, place / "results" / "other")
    manifest = run.manifest()
    manifest.recipe |= {
        "policies": [{"type": "pessimistic", "name": "careful"}],
        "verifiers": [{"type": "genrm"}, {"type": "prm", "name": "steps"}, {"name": "$(reboot)"}],
    }
    manifest.write(run.manifest_path)
    (place / "mine.yaml").write_text("sampler: {type: beam, width: 4}\n")
    return place


def offered(folder, *words):
    """What bash gets for the last of these words."""
    line = {"COMP_WORDS": " ".join(("ttc", *words)), "COMP_CWORD": str(len(words))}
    done = ttc(folder, **line, _TTC_COMPLETE="complete_bash")
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("sho",), ["show"]),
        (("show", "o"), ["other"]),
        (("show", "nothing"), []),
        (("fit-scaling", "quickstart", "oth"), ["other"]),
        (("runs", "q"), ["quickstart"]),
        (("run", "verifiers/p"), ["verifiers/pairwise", "verifiers/prm"]),
        (("run", "min"), ["mine.yaml"]),
        (("plan", "x", "--like", "oth"), ["other"]),
        (("doctor", "sand"), ["sandbox"]),
        (("recipes", "sam"), ["samplers"]),
        (("list", "po"), ["policy"]),
        (("serve-model", "nano-so"), ["nano-solver"]),
        (("curves", "quickstart", "--unit", "f"), ["flops"]),
        (("curves", "quickstart", "--unit", "c,f"), ["c,flops"]),
        (("compare", "quickstart", "--unit", "l"), ["latency"]),
        (("curves", "other", "--policy", "car"), ["careful"]),
        (("curves", "other", "--policy", "pass"), ["pass@k", "pass_at_k"]),
        (("curves", "x", "--policy", "majority,best_of_n"), ["majority,best_of_n"]),
        (("eval-verifier", "other", "--verifier", ""), ["genrm", "steps"]),
        (("run", "mine.yaml", "--set", "sampler.w"), ["sampler.width=", "sampler.width=4"]),
        (
            ("run", "quickstart", "--set", "sampler.temp"),
            ["sampler.temperature=", "sampler.temperature=1.0"],
        ),
    ],
)
def test_by_the_protocol(folder, words, expected):
    found = offered(folder, *words)
    assert [one for one in found if one.startswith(words[-1])] == found
    if words[-1] in ("o", "q", "oth", "sam"):  # a name comes with what is in it
        assert found[0] == expected[0]
        assert all(one.startswith(f"{expected[0]}/") for one in found[1:])
    else:
        assert found == expected


def test_ids_and_problems(folder):
    ids = sorted(path.name for path in (folder / "results" / "quickstart").iterdir())
    assert offered(folder, "show", "quickstart/") == [f"quickstart/{one}" for one in ids]
    assert ids[0] in offered(folder, "show", ids[0][:4])
    problems = offered(folder, "show", "other", "--problem", "")
    assert len(problems) == CONFIG.problems
    assert "quickstart" not in offered(folder, "show", "--results", "results/other", "q")


def test_values_of_keys_in_bash_which_splits_them_and_elsewhere(folder):
    assert offered(folder, "run", "quickstart", "--set", "backend", "=", "na") == ["nano"]
    assert "beam" in offered(folder, "run", "quickstart", "--set", "sampler", "=")
    line = {
        "_TYPER_COMPLETE_ARGS": "ttc run quickstart --set backend=na",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = ttc(folder, **line, _TTC_COMPLETE="complete_fish")
    assert done.stdout.split() == ["backend=nano"]


def test_every_argument_that_takes_one_is_completed():
    every = typer.main.get_command(app).commands
    inside = {
        f"{name} {k}": v
        for name, one in every.items()
        for k, v in getattr(one, "commands", {}).items()
    }
    found = {
        (name, param.name): param._custom_shell_complete
        for name, command in (every | inside).items()
        for param in command.params
        if param.name in TAKES and (name, param.name) not in FREE
    }
    assert {place for place, how in found.items() if how is None} == set()
    assert len(found) > 30


def test_what_is_read_from_files_is_what_is_registered():
    from ttc.pipeline.comparing import LATENCY
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.policies import matching
    from ttc.registry import FOLDERS, parts

    assert set(_complete.KINDS) == set(FOLDERS)
    for kind in FOLDERS:
        ours = [name for name, cls in parts(kind).items() if cls.__module__.startswith("ttc.")]
        assert list(_complete._types(kind)) == sorted(ours)
    assert {"pass@k", "sc"} <= set(_complete._aliases())
    assert all(matching(word) for word in _complete._aliases())
    assert set(_complete.UNITS) == set(COST_UNITS)
    assert _complete.LATENCY == LATENCY


def test_a_name_that_a_shell_would_obey_is_not_offered(tmp_path):
    """Problems' names are data of anybody's; zsh and bash put what is offered on the line."""
    row = {"question": "?", "answer": "1", "solutions": ["1"]}
    names = ["fine-1", "$(touch harm)", "`touch harm`", "a b", "x;touch harm", "'quote", "\x1b[2J"]
    lines = (json.dumps({"problem_id": name, **row}) + "\n" for name in names)
    (tmp_path / "pool.jsonl").write_text("".join(lines))
    assert ttc(tmp_path, "import", "pool.jsonl").returncode == 0
    (tmp_path / "results" / "$(touch harm)" / "x").mkdir(parents=True)
    (tmp_path / "results" / "$(touch harm)" / "x" / "manifest.json").write_text("{}")
    assert offered(tmp_path, "show", "pool", "--problem", "") == ["fine-1"]
    assert "$(touch" not in "".join(offered(tmp_path, "show", ""))


def test_broken_files_offer_nothing(tmp_path):
    run = tmp_path / "results" / "broken" / "x"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("[" * 5000)
    (run / "problems.parquet").write_bytes(b"no table")
    (tmp_path / "deep.yaml").write_text("[" * 5000)
    assert offered(tmp_path, "show", "broken", "--problem", "") == []
    assert offered(tmp_path, "tune", "broken", "--verifier", "") == []
    assert "seed=" in offered(tmp_path, "run", "deep.yaml", "--set", "s")


def test_nothing_slow_is_imported():
    code = "import sys, ttc.cli._app; print(*sorted(set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "pandas", "pyarrow", "pydantic", "matplotlib", "ttc.registry"}


FISH = shutil.which("fish")


@pytest.mark.skipif(FISH is None or not TTC.exists(), reason="needs fish and an installed ttc")
def test_in_a_real_fish(folder):
    """What its own completion offers."""
    loads = f"set -x PATH {TTC.parent} $PATH; _TTC_COMPLETE=source_fish ttc | source"
    for line, wanted in (
        ("ttc curves other --policy car", ["careful"]),
        ("ttc run mine.yaml --set sampler.wi", ["sampler.width=", "sampler.width=4"]),
        ("ttc run mine.yaml --set backend=na", ["backend=nano"]),
    ):
        words = [FISH, "--no-config", "-c", f"{loads}; complete -C '{line}'"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
        assert done.stdout.split() == wanted, done.stderr


@pytest.mark.skipif(BASH is None or not TTC.exists(), reason="needs bash and an installed ttc")
def test_in_a_real_bash(folder):
    """Its own completion function, called as bash calls it."""
    script = f"""
        PATH={TTC.parent}:$PATH
        eval "$(_TTC_COMPLETE=source_bash ttc)"
        COMP_WORDS=(ttc curves other --policy car) COMP_CWORD=4
        _ttc_completion ttc
        printf '%s\\n' "${{COMPREPLY[@]}}"
        complete -p ttc
    """
    done = subprocess.run([BASH, "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "careful"
    assert "-F _ttc_completion ttc" in done.stdout


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ""),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; "),
}
LINES = (
    ("ttc eval-verifier other --verifier st", "", "--verifier steps"),
    ("ttc fit-scaling quickstart oth", "", "quickstart other"),
    ("ttc curves other --policy first,care", "", "--policy first,careful"),
    ("ttc run mine.yaml --set sampler.wi", "7", "--set sampler.width=7"),
)
"""What is typed before and after the tab key, and what stands on the line then."""


@pytest.mark.skipif(not TTC.exists(), reason="needs an installed ttc")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_itself(folder, shell):
    """A shell at a terminal: letters, the tab key, and what stands on the line then."""
    words, begin = SHELLS[shell]
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"needs {shell}")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        env = {**os.environ, "PATH": f"{TTC.parent}:{os.environ['PATH']}", "PS1": "> "}
        os.execve(program, words, env | {"TERM": "dumb", "ZDOTDIR": str(folder)})
    try:
        loads = f'{begin}eval "$(_TTC_COMPLETE=source_{shell} ttc)"; stty cols 200; echo rea""dy\n'
        os.write(terminal, loads.encode())
        read_until(terminal, "ready")
        for before, after, wanted in LINES:
            os.write(terminal, before.encode() + b"\t")
            seen = read_until(terminal, wanted.removesuffix(after))
            os.write(terminal, after.encode())
            seen += read_until(terminal, after)
            assert wanted in seen
            os.write(terminal, b"\x15")
    finally:
        os.write(terminal, b"\x15exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)


def read_until(terminal, text, seconds=60.0):
    seen, end = "", time.monotonic() + seconds
    while text not in seen:
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.2)[0]:
            letters = os.read(terminal, 4096).decode("utf-8", "replace")
            seen += letters.replace("\a", "")  # the bell
    return seen
