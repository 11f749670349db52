"""What a command imports is what it needs: half of a small run's time is imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = {"scipy.stats", "scipy.optimize", "scipy.interpolate", "sympy", "litellm", "openai"}
SLOW |= {"matplotlib", "torch", "dask", "distributed", "ray", "fsspec", "z3", "treequest"}
SMALL = ["--set", "dataset.problems=2", "--set", "sampler.solutions=2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["run", "quickstart", "--quiet", *SMALL], ["plan", "quickstart"]]
)
def test_a_small_run_imports_nothing_slow_that_it_does_not_use(words, tmp_path):
    code = f"import sys, ttc.cli; sys.argv = {['ttc', *words]!r}\ntry: ttc.cli.main()\nfinally: "
    code += "print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert SLOW & set(done.stdout.splitlines()[-1].split()) == set()
